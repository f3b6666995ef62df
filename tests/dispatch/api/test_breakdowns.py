"""Breakdowns over the API: report, look, choose, apply; on board again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dispatch.enums import BookingStatus, DriverKind, Role
from dispatch.models import Absence, Assignment, Booking, Company, Shift, VehicleUnavailability
from dispatch.usecases.day_clock import local_day
from tests.dispatch.api.caller import Caller, member
from tests.factories import (
    bring,
    make_assignment,
    make_booking,
    make_company,
    make_driver,
    make_shift,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return make_company(settings={"rescue": {"partner_enabled": True}})


@pytest.fixture
def office(company: Company) -> Caller:
    return member(company, Role.DISPATCHER)


def on_duty(company: Company) -> Shift:
    now = timezone.now()
    return make_shift(company, start=now - timedelta(hours=2), end=now + timedelta(hours=6))


@pytest.fixture
def lost(company: Company) -> Shift:
    return on_duty(company)


@pytest.fixture
def aboard(lost: Shift) -> Booking:
    """Boarded ten minutes ago."""
    began = timezone.now() - timedelta(minutes=10)
    day = local_day(lost.company, timezone.now())  # shortly after midnight as well
    booking = make_booking(lost.company, pickup_at=began, service_on=day)
    make_assignment(booking, lost, start=began)
    bring(booking, BookingStatus.ON_BOARD, boarded_at=began)
    booking.refresh_from_db()
    return booking


def test_a_proposal_is_applied_with_the_ways_that_were_chosen(
    office: Caller, lost: Shift, aboard: Booking
) -> None:
    other = on_duty(lost.company)
    shown = office("GET", f"shifts/{lost.pk}/rescue/").body
    assert (shown["shift"], shown["lost"], shown["place"]) == (
        lost.pk,
        "vehicle",
        aboard.pickup_id,
    )
    (journey,) = shown["journeys"]
    assert (journey["booking"], journey["urgency"], journey["reason"]) == (aboard.pk, "aboard", "")
    own = next(way for way in journey["ways"] if way["shift"] == other.pk)
    taxi = next(way for way in journey["ways"] if way["means"] == "partner")
    assert (own["means"], taxi["shift"], taxi["extra_m"]) == ("new_run", None, 0)
    body = {
        "lost": "vehicle",
        "as_of": shown["as_of"],
        "seen": shown["seen"],
        "ways": [
            {
                "booking": aboard.pk,
                "means": own["means"],
                "shift": other.pk,
                "stamp": own["stamp"],
            }
        ],
    }
    before = office("GET", f"bookings/{aboard.pk}/").body
    assert (before["waits_at"], before["handovers"]) == (None, [])
    applied = office("POST", f"shifts/{lost.pk}/apply-rescue/", body)
    price = own["cost_c"]
    assert applied.body == {
        "moved": 1,
        "partner": 0,
        "relief": None,
        "cost_c": price,
        "prices_c": {str(aboard.pk): price},
    }
    waiting = office("GET", f"bookings/{aboard.pk}/").body
    assert waiting["waits_at"]["id"] == aboard.pickup_id
    (handover,) = waiting["handovers"]
    assert (handover["shift"], handover["is_waiting"]) == (lost.pk, True)
    assert handover["driver"]["name"] == str(lost.driver)
    assert (handover["place"]["id"], handover["price_c"]) == (aboard.pickup_id, None)
    row = Assignment.objects.get(booking=aboard)
    assert row.shift == other
    again = office("POST", f"shifts/{lost.pk}/apply-rescue/", body)
    assert again.status == 409
    aboard.refresh_from_db()
    resumed = office("POST", f"bookings/{aboard.pk}/resumed/", {}, match=aboard.version)
    assert resumed.body["status"] == "on_board"


def test_other_ways_are_priced_before_they_are_applied(
    office: Caller, lost: Shift, aboard: Booking
) -> None:
    """The total, and a stamp for each way: with another one nothing is applied."""
    on_duty(lost.company)
    shown = office("GET", f"shifts/{lost.pk}/rescue/").body
    body = {
        "lost": "vehicle",
        "as_of": shown["as_of"],
        "seen": shown["seen"],
        "ways": [{"booking": aboard.pk, "means": "partner"}],
    }
    priced = office("POST", f"shifts/{lost.pk}/price-rescue/", body).body
    (journey,) = priced["journeys"]
    taxi = journey["ways"][0]
    assert (taxi["means"], journey["is_left"], priced["cost_c"]) == (
        "partner",
        False,
        taxi["cost_c"],
    )
    assert taxi["overtime_s"] == 0
    path, way = f"shifts/{lost.pk}/apply-rescue/", body["ways"][0]
    other = office("POST", path, body | {"ways": [way | {"stamp": "other"}]})
    assert other.status == 409
    applied = office("POST", path, body | {"ways": [way | {"stamp": taxi["stamp"]}]})
    assert (applied.status, applied.body["cost_c"]) == (200, priced["cost_c"])


def test_another_day_is_named_and_asked_for(
    office: Caller, lost: Shift, aboard: Booking, company: Company
) -> None:
    now = timezone.now()
    begins = now + timedelta(hours=20)
    tomorrow = make_shift(
        company, start=begins, end=begins + timedelta(hours=9), vehicle=lost.vehicle
    )
    pickup = begins + timedelta(hours=5)
    day = local_day(company, pickup)
    booking = make_booking(company, pickup_at=pickup, service_on=day)
    make_assignment(booking, tomorrow, start=pickup)
    until = (now + timedelta(days=2)).isoformat().replace("+", "%2B")
    shown = office("GET", f"shifts/{lost.pk}/rescue/?until={until}").body
    assert shown["day"] == str(local_day(company, now))
    assert shown["other_days"] == [{"day": str(day), "shift": tomorrow.pk, "journeys": 1}]
    path = f"shifts/{tomorrow.pk}/rescue/?until={until}&on={day}"
    (journey,) = office("GET", path).body["journeys"]
    assert journey["booking"] == booking.pk


def test_what_does_not_fit_is_named(office: Caller, lost: Shift, aboard: Booking) -> None:
    shown = office("GET", f"shifts/{lost.pk}/rescue/?lost=driver&place={aboard.pickup_id}").body
    assert shown["lost"] == "driver"
    body = {
        "lost": "driver",
        "place": aboard.pickup_id,
        "as_of": shown["as_of"],
        "seen": shown["seen"],
        "ways": [{"booking": aboard.pk, "means": "insert", "shift": lost.pk, "stamp": "x"}],
    }
    refused = office("POST", f"shifts/{lost.pk}/apply-rescue/", body)
    assert (refused.status, refused.body["bookings"]) == (409, [aboard.reference])


def test_nobody_can_take_a_patient_and_it_is_said_why(
    office: Caller, lost: Shift, aboard: Booking
) -> None:
    Company.objects.filter(pk=lost.company_id).update(settings={})
    (journey,) = office("GET", f"shifts/{lost.pk}/rescue/").body["journeys"]
    assert journey["ways"] == []
    assert journey["reason"]


@pytest.mark.parametrize("query", ["lost=both", "place=x", "place=²", "on=x", "where=1"])
def test_a_question_that_is_none_is_refused(office: Caller, lost: Shift, query: str) -> None:
    assert office("GET", f"shifts/{lost.pk}/rescue/?{query}").status == 400


def test_a_breakdown_is_reported_without_a_rescue(office: Caller, lost: Shift) -> None:
    back_at = timezone.now() + timedelta(hours=2)
    path = f"shifts/{lost.pk}/breakdown/"
    said = office("POST", path, {"lost": "vehicle", "until": back_at.isoformat()})
    assert said.status == 200
    assert VehicleUnavailability.objects.get().period.upper == back_at
    past = timezone.now() - timedelta(hours=1)
    refused = office("POST", path, {"lost": "vehicle", "until": past.isoformat()})
    assert refused.status == 409


def test_a_shift_that_has_not_begun_goes_to_another_crew_as_a_whole(
    office: Caller, company: Company
) -> None:
    now = timezone.now()
    shift = make_shift(company, start=now + timedelta(hours=1), end=now + timedelta(hours=8))
    begins = now + timedelta(hours=2)
    day = local_day(company, begins)
    booking = make_booking(company, pickup_at=begins, service_on=day)
    make_assignment(booking, shift, start=begins)
    address = f"shifts/{shift.pk}/rescue/?lost=driver"
    assert office("GET", address).body["stand_in"] is None
    driver = make_driver(company, kind=DriverKind.EMERGENCY)
    shown = office("GET", address).body["stand_in"]
    assert shown == {"driver": driver.pk, "vehicle": shift.vehicle_id, "refusal": ""}
    body = {"lost": "driver", "driver": driver.pk, "vehicle": shift.vehicle_id}
    answer = office("POST", f"shifts/{shift.pk}/hand-over/", body, match=shift.version)
    assert answer.body["driver"]["id"] == driver.pk
    assert Assignment.objects.get(booking=booking).driver == driver
    assert Absence.objects.get().driver == shift.driver
