"""The page of a breakdown: shown in one click from the driver's row, applied with one button, or line by line."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from dispatch.engine.plan import Unassigned
from dispatch.enums import BookingStatus, DriverKind, Loss, Means, Role, Rule
from dispatch.models import (
    Assignment,
    Booking,
    Company,
    Driver,
    Handover,
    Patient,
    Shift,
    User,
    VehicleUnavailability,
)
from dispatch.pages.breakdown_board import breakdown_board, way_of
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.price_rescue import Way
from dispatch.usecases.propose_rescue import propose_rescue, reason_sentence
from dispatch.usecases.references import trip_ref
from dispatch.usecases.stranded_shift import Lost
from tests.dispatch.pages.conftest import SignIn
from tests.dispatch.pages.test_actions import said
from tests.factories import (
    bring,
    make_assignment,
    make_booking,
    make_driver,
    make_member,
    make_patient,
    make_place,
    make_shift,
    make_vehicle,
)

pytestmark = pytest.mark.django_db

TAXI = {"rescue": {"partner_enabled": True}}


def on_duty(company: Company, **fields: Any) -> Shift:
    now = timezone.now()
    start, end = now - timedelta(hours=2), now + timedelta(hours=6)
    return make_shift(company, start=start, end=end, **fields)


@pytest.fixture
def lost(company: Company) -> Shift:
    return on_duty(company, driver=make_driver(company, last_name="Rey", first_name="Anna"))


@pytest.fixture
def other(company: Company) -> Shift:
    return on_duty(company, driver=make_driver(company, last_name="Blanc", first_name="Marc"))


def journey(shift: Shift, minutes: int, patient: Patient | None = None) -> Booking:
    begins = timezone.now() + timedelta(minutes=minutes)
    who = patient or make_patient(shift.company)
    day = local_day(shift.company, timezone.now())  # shortly before midnight as well
    booking = make_booking(shift.company, pickup_at=begins, patient=who, service_on=day)
    make_assignment(booking, shift, start=begins)
    return booking


@pytest.fixture
def aboard(lost: Shift) -> Booking:
    booking = journey(lost, -10)
    bring(booking, BookingStatus.ON_BOARD, boarded_at=timezone.now() - timedelta(minutes=10))
    booking.refresh_from_db()
    return booking


def fields(text: str) -> dict[str, str]:
    """What a browser would send: hidden fields, and the ways that are chosen."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text)
    chosen = re.findall(r'<input type="radio" name="([\w-]+)" value="([^"]*)" checked>', text)
    return dict(hidden) | dict(chosen)


def plain(text: str) -> str:
    """What is read, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def shown(client: Client, shift: Shift, query: str = "") -> str:
    answer = client.get(f"/shifts/{shift.pk}/breakdown/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_two_clicks_to_a_complete_proposal_and_a_third_applies_it(
    signed_in: SignIn, lost: Shift, other: Shift, aboard: Booking
) -> None:
    later = journey(lost, 60)
    client = signed_in()
    day = client.get("/", follow=True).content.decode()
    assert f'href="/shifts/{lost.pk}/breakdown/"' in day
    text = shown(client, lost)
    assert aboard.reference in text
    assert "Blanc Marc" in plain(text)
    answer = client.post(f"/shifts/{lost.pk}/rescue/", fields(text))
    assert answer.status_code == 302
    assert "2 journeys go on with other vehicles of ours. Price of what was chosen: CHF" in said(
        answer
    )
    rows = Assignment.objects.filter(booking__in=[aboard, later])
    assert set(rows.values_list("shift", flat=True)) == {other.pk}
    page = plain(client.get(answer["Location"]).content.decode())
    assert "waits on the road" in page


def test_one_line_is_applied_and_the_others_are_proposed_again(
    signed_in: SignIn, lost: Shift, other: Shift, aboard: Booking
) -> None:
    later = journey(lost, 60)
    client = signed_in()
    sent = fields(shown(client, lost)) | {"only": str(aboard.pk)}
    answer = client.post(f"/shifts/{lost.pk}/rescue/", sent)
    assert answer["Location"].startswith(f"/shifts/{lost.pk}/breakdown/?lost=vehicle")
    assert Assignment.objects.get(booking=aboard).shift == other
    assert Assignment.objects.get(booking=later).shift == lost
    text = shown(client, lost)
    assert later.reference in text
    assert f"way-{aboard.pk}" not in text


def test_another_way_for_one_is_priced_for_all_before_anything_is_applied(
    signed_in: SignIn, company: Company, lost: Shift, other: Shift, aboard: Booking
) -> None:
    """The proposal sends the one other crew out for both; with a taxi for the first the second pays for the crew."""
    company.settings = TAXI | {"rescue": {"partner_enabled": True, "partner_base": 500}}
    company.save()
    later = journey(lost, 60)
    client = signed_in()
    text = shown(client, lost)
    (taxi,) = re.findall(rf'name="way-{aboard.pk}" value="(partner::\w+)"', text)
    sent = fields(text) | {f"way-{aboard.pk}": taxi}
    asked = client.post(f"/shifts/{lost.pk}/rescue/", sent)
    assert asked.status_code == 200
    again = asked.content.decode()
    assert "some times or prices are others" in plain(again)
    assert "as chosen" in plain(again)
    assert not Handover.objects.exists()
    chosen = fields(again)
    assert chosen[f"way-{aboard.pk}"] == taxi
    assert chosen[f"way-{later.pk}"] != sent[f"way-{later.pk}"]
    same = client.post(f"/shifts/{lost.pk}/price-rescue/", sent).content.decode()
    assert fields(same)[f"way-{later.pk}"] == chosen[f"way-{later.pk}"]
    (total,) = re.findall(r"<li><b>(CHF [^<]+)</b> as chosen", again)
    answer = client.post(f"/shifts/{lost.pk}/rescue/", chosen)
    assert f"Price of what was chosen: {unescape(total)}" in said(answer)
    assert Handover.objects.get().booking == aboard
    assert Assignment.objects.get(booking=later).shift == other


def test_what_is_left_stays_left_and_what_is_old_is_shown_anew(
    signed_in: SignIn, lost: Shift, other: Shift, aboard: Booking
) -> None:
    client = signed_in()
    sent = fields(shown(client, lost))
    text = client.post(f"/shifts/{lost.pk}/price-rescue/", sent | {f"way-{aboard.pk}": ""})
    assert fields(text.content.decode())[f"way-{aboard.pk}"] == ""
    old = client.post(f"/shifts/{lost.pk}/price-rescue/", sent | {"seen": "another day"})
    assert "The day changed meanwhile" in said(old)
    gone = sent | {"place": "0"}
    assert client.post(f"/shifts/{lost.pk}/price-rescue/", gone)["Location"].startswith("/days/")


def test_journeys_of_another_day_are_named_and_proposed_next(
    signed_in: SignIn, company: Company, lost: Shift, other: Shift, aboard: Booking
) -> None:
    """The vehicle is away for two days: somebody is planned with it tomorrow, and another crew is there then."""
    now = timezone.now()
    begins, ends = now + timedelta(hours=20), now + timedelta(hours=30)
    tomorrow = make_shift(company, start=begins, end=ends, vehicle=lost.vehicle)
    make_shift(company, start=begins, end=ends)
    pickup = now + timedelta(hours=25)
    on = local_day(company, pickup)
    booking = make_booking(company, pickup_at=pickup, service_on=on)
    make_assignment(booking, tomorrow, start=pickup)
    until = (now + timedelta(days=2)).astimezone(company.tz)
    query = f"?until={until:%Y-%m-%dT%H:%M}"
    client = signed_in()
    text = shown(client, lost, query)
    assert "Left behind on other days as well: 1 journey on" in plain(text)
    assert f"/shifts/{tomorrow.pk}/breakdown/?lost=vehicle&amp;on={on}" in text
    answer = client.post(f"/shifts/{lost.pk}/rescue/", fields(text))
    assert answer["Location"].startswith(f"/shifts/{tomorrow.pk}/breakdown/?lost=vehicle&on={on}")
    text = client.get(answer["Location"]).content.decode()
    assert "Here is what is proposed for the first day." in plain(text)
    assert booking.reference in text
    assert aboard.reference not in text
    done = client.post(f"/shifts/{tomorrow.pk}/rescue/", fields(text))
    assert done["Location"].startswith("/days/")
    assert Assignment.objects.get(booking=booking).shift not in {tomorrow, lost}
    away = VehicleUnavailability.objects.get().period
    assert away.upper == until.replace(second=0, microsecond=0)


def test_nothing_chosen_changes_nothing(
    signed_in: SignIn, lost: Shift, other: Shift, aboard: Booking
) -> None:
    client = signed_in()
    sent = fields(shown(client, lost, "?lost=driver")) | {f"way-{aboard.pk}": ""}
    answer = client.post(f"/shifts/{lost.pk}/rescue/", sent | {"place": str(aboard.pickup_id)})
    assert "No journey is chosen" in said(answer)
    assert answer["Location"].endswith(f"?lost=driver&place={aboard.pickup_id}")


def test_a_stale_proposal_is_shown_anew(
    signed_in: SignIn, lost: Shift, other: Shift, aboard: Booking
) -> None:
    client = signed_in()
    sent = fields(shown(client, lost)) | {"seen": "another day"}
    answer = client.post(f"/shifts/{lost.pk}/rescue/", sent)
    assert "The day changed meanwhile" in said(answer)
    assert answer["Location"].startswith(f"/shifts/{lost.pk}/breakdown/")


def test_what_is_gone_meanwhile_leads_back_to_the_day(
    signed_in: SignIn, lost: Shift, other: Shift, aboard: Booking
) -> None:
    client = signed_in()
    sent = fields(shown(client, lost))
    Assignment.objects.filter(booking=aboard).update(
        shift=other, driver=other.driver, vehicle=other.vehicle
    )
    for answer in (
        client.post(f"/shifts/{lost.pk}/rescue/", sent),
        client.get(f"/shifts/{lost.pk}/breakdown/"),
    ):
        assert "Nobody waits for a journey of this shift any more." in said(answer)
        assert answer["Location"].startswith("/days/")


def test_a_taxi_is_rung_and_a_patient_nobody_can_take_is_told_with_its_reason(
    signed_in: SignIn, company: Company, lost: Shift, aboard: Booking
) -> None:
    company.settings = TAXI
    company.save()
    client = signed_in()
    text = shown(client, lost)
    assert "taxi partner" in plain(text)
    answer = client.post(f"/shifts/{lost.pk}/rescue/", fields(text))
    assert "1 journey goes to the taxi partner: ring them." in said(answer)
    assert Handover.objects.get().price_c
    company.settings = {}
    company.save()
    journey(lost, 60)
    unknown = make_patient(company, home=make_place(company, lat=None))
    journey(lost, 90, unknown)
    text = plain(shown(client, lost))
    assert "2 with no way on" in text
    assert "Apply all" not in text


def test_a_crew_that_can_stand_in_is_called_by_its_driver_in_reasons(
    company: Company, lost: Shift, aboard: Booking
) -> None:
    make_vehicle(company, name="Spare")
    proposal = propose_rescue(lost=Lost(shift_id=lost.pk, what=Loss.VEHICLE), now=timezone.now())
    item = Unassigned(trip=trip_ref(aboard.pk), reason=Rule.SHIFT, advice="one_more_shift:s0")
    assert "Rey Anna" in reason_sentence(proposal, item)


def test_a_crew_that_can_stand_in_is_named(
    signed_in: SignIn, company: Company, lost: Shift, aboard: Booking
) -> None:
    make_vehicle(company, name="Spare")
    assert "A crew can stand in: Rey Anna in Spare" in plain(shown(signed_in(), lost))


def test_what_each_way_does_to_others_and_to_the_patient_is_said(
    company: Company, lost: Shift, other: Shift
) -> None:
    first, second = journey(other, 40), journey(lost, 40)
    now = timezone.now()
    proposal = propose_rescue(lost=Lost(shift_id=lost.pk, what=Loss.VEHICLE), now=now)
    (line,) = proposal.rescue.lines
    way = replace(
        line.options[0],
        moved=((trip_ref(first.pk), 120),),
        wait_s=61,
        late_s=60,
        extra_m=-1_500,
        cost_c=1_250,
    )
    lines = (replace(line, options=(way,)),)
    rescue = replace(proposal.rescue, lines=lines)
    (shown_line,) = breakdown_board(replace(proposal, rescue=rescue), now).lines
    (option,) = shown_line.options
    assert shown_line.trip.booking == second
    assert option.moved == f"{first.reference} +2 min"
    assert (option.late, option.more) == ("waits 2 min, 1 min late", "-1.5 km")
    assert (option.price, option.is_chosen) == ("CHF 12.50", True)


def test_on_board_again_is_one_button_for_office_and_driver(
    signed_in: SignIn, lost: Shift, other: Shift, aboard: Booking
) -> None:
    user = make_member(lost.company, Role.DRIVER)
    other.driver.user = user
    other.driver.save()
    client = signed_in()
    client.post(f"/shifts/{lost.pk}/rescue/", fields(shown(client, lost)))
    aboard.refresh_from_db()
    driver = signed_in(user=user)
    address = f"/bookings/{aboard.pk}/resumed/"
    for browser, page in ((driver, "/"), (client, f"/bookings/{aboard.pk}/why/")):
        assert address in browser.get(page, follow=True).content.decode()
    assert signed_in(Role.AUDITOR).post(address, {"version": aboard.version}).status_code == 403
    assert driver.post(address, {"version": aboard.version}).status_code == 302
    aboard.refresh_from_db()
    assert aboard.waits_at is None
    answer = client.post(address, {"version": aboard.version})
    assert "does not wait for another vehicle" in said(answer)


def test_who_may_not_dispatch_sees_no_breakdown(
    signed_in: SignIn, lost: Shift, aboard: Booking
) -> None:
    for role in (Role.AUDITOR, Role.DRIVER):
        client = signed_in(role)
        assert client.get(f"/shifts/{lost.pk}/breakdown/").status_code == 403
        assert client.post(f"/shifts/{lost.pk}/rescue/").status_code == 403
        assert "/breakdown/" not in client.get("/", follow=True).content.decode()


@pytest.mark.parametrize("query", ["?lost=both", "?place=x"])
def test_an_address_that_nobody_wrote_is_not_found(
    signed_in: SignIn, lost: Shift, query: str
) -> None:
    assert signed_in().get(f"/shifts/{lost.pk}/breakdown/{query}").status_code == 404
    assert signed_in().get("/shifts/0/breakdown/").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"as_of": "noon"},
        {"as_of": "2026-06-17T09:00:00"},
        {"way-x": "partner::x"},
        {"way-1": "ship:1:x"},
        {"way-1": "insert:x:x"},
        {"way-1": "partner:"},
        {"on": "noon"},
    ],
)
def test_a_form_that_is_not_ours_is_not_found(
    signed_in: SignIn, lost: Shift, wrong: dict[str, str]
) -> None:
    sent = {"way-1": "partner::x", "as_of": timezone.now().isoformat(), "seen": "x"} | wrong
    assert signed_in().post(f"/shifts/{lost.pk}/rescue/", sent).status_code == 404


def test_a_line_says_its_way() -> None:
    assert way_of(7, "") is None
    assert way_of(7, "partner::5e") == Way(booking_id=7, means=Means.PARTNER, stamp="5e")
    new_run = Way(booking_id=7, means=Means.NEW_RUN, shift_id=0, stamp="5e")
    assert way_of(7, "new_run:0:5e") == new_run


class TestBeforeTheShift:
    """It begins in an hour, and a journey is planned in two."""

    @pytest.fixture
    def coming(self, company: Company) -> Shift:
        now = timezone.now()
        return make_shift(company, start=now + timedelta(hours=1), end=now + timedelta(hours=8))

    @pytest.fixture
    def on_call(self, company: Company) -> Driver:
        return make_driver(company, last_name="Noir", first_name="Eva", kind=DriverKind.EMERGENCY)

    def test_the_whole_of_it_goes_to_another_crew_with_one_button(
        self, signed_in: SignIn, coming: Shift, on_call: Driver
    ) -> None:
        booking = journey(coming, 120)
        client = signed_in()
        page = client.get(f"/shifts/{coming.pk}/breakdown/?lost=driver").content.decode()
        assert f"Give the whole shift to Noir Eva with {coming.vehicle.name}" in unescape(page)
        sent = {
            "lost": "driver",
            "driver": on_call.pk,
            "vehicle": coming.vehicle_id,
            "version": coming.version,
        }
        answer = client.post(f"/shifts/{coming.pk}/hand-over/", sent, follow=True)
        assert "drives the whole shift" in answer.content.decode()
        assert Assignment.objects.get(booking=booking).driver == on_call
        # Once more: the shift has another version by now.
        again = client.post(f"/shifts/{coming.pk}/hand-over/", sent, follow=True)
        assert "changed by somebody else" in again.content.decode()

    def test_what_does_not_fit_is_said_instead_of_the_button(
        self, signed_in: SignIn, coming: Shift, on_call: Driver
    ) -> None:
        booking = journey(coming, 120)
        booking.patient.wishes.create(driver=on_call, stance="excluded")
        page = signed_in().get(f"/shifts/{coming.pk}/breakdown/?lost=driver").content.decode()
        assert "could stand in, but not for all of it" in page
        assert "Give the whole shift" not in page

    def test_what_is_no_number_is_no_form_of_ours(self, signed_in: SignIn, coming: Shift) -> None:
        sent = {"lost": "driver", "driver": "x", "vehicle": "1", "version": "1"}
        assert signed_in().post(f"/shifts/{coming.pk}/hand-over/", sent).status_code == 404


class TestSilence:
    def test_the_row_of_a_driver_says_since_when_nothing_is_recorded(
        self, signed_in: SignIn, lost: Shift, other: Shift
    ) -> None:
        first = journey(lost, -60)
        journey(other, -30)
        bring(first, BookingStatus.COMPLETED, alighted_at=timezone.now() - timedelta(minutes=20))
        journey(lost, -16)
        day = local_day(lost.company, timezone.now())
        page = signed_in().get(f"/days/{day}/").content.decode()
        assert page.count("nothing recorded since") == 1
        assert page.count("nothing recorded yet") == 1
        assert (
            "nothing recorded" not in signed_in(Role.DRIVER).get(f"/days/{day}/").content.decode()
        )


def test_until_when_is_asked_and_what_is_written_down_is_said(
    signed_in: SignIn, lost: Shift, other: Shift, aboard: Booking
) -> None:
    """Nobody says it: until the day and the shift are over. Said, it is that, in the sentence and in the row."""
    client = signed_in()
    zone = lost.company.tz
    text = shown(client, lost)
    assert "Not there until" in text
    back_at = (timezone.now() + timedelta(hours=3)).replace(second=0, microsecond=0)
    wall = f"{back_at.astimezone(zone):%Y-%m-%dT%H:%M}"
    text = shown(client, lost, f"?lost=vehicle&until={wall}")
    assert f'type="datetime-local" value="{wall}"' in text
    assert f"{lost.vehicle.name} is not there until" in plain(text)
    answer = client.post(f"/shifts/{lost.pk}/rescue/", fields(text) | {"only": str(aboard.pk)})
    assert f"until={quote(wall, safe='')}" in answer["Location"]
    assert VehicleUnavailability.objects.get().period.upper == back_at
    journey(lost, 30)
    text = shown(client, lost, "?lost=driver")
    assert f"{lost.driver} is absent up to" in plain(text)


@pytest.mark.parametrize("until", ["soon", "0001-01-01T00:00", "2026-03-29T02:30"])
def test_an_until_that_no_clock_shows(
    signed_in: SignIn, lost: Shift, aboard: Booking, until: str
) -> None:
    assert signed_in().get(f"/shifts/{lost.pk}/breakdown/?until={until}").status_code == 404


def test_the_hour_that_comes_twice_is_the_later_one(
    signed_in: SignIn, lost: Shift, aboard: Booking
) -> None:
    text = shown(signed_in(), lost, "?until=2098-10-26T02:30")
    assert 'name="until" value="2098-10-26T01:30:00+00:00"' in text


def test_that_there_is_no_taxi_is_said_and_who_may_changes_it(
    signed_in: SignIn, lost: Shift, aboard: Booking
) -> None:
    said_so = "No taxi is proposed"
    settings = f"/admin/dispatch/company/{lost.company_id}/change/"
    text = shown(signed_in(), lost)
    assert said_so in text
    assert settings not in text
    client = signed_in(Role.ADMIN)
    User.objects.update(is_staff=True)
    assert settings in shown(client, lost)
    lost.company.settings |= TAXI
    lost.company.save()
    assert said_so not in shown(signed_in(), lost)


def test_a_second_shift_is_lost_with_the_first(
    signed_in: SignIn, company: Company, lost: Shift, aboard: Booking
) -> None:
    begins = lost.ends_at
    make_shift(company, driver=lost.driver, start=begins, end=begins + timedelta(hours=2))
    assert "2 shifts are lost with this" in shown(signed_in(), lost, "?lost=driver")
