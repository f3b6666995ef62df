"""Shifts over HTTP: what overlaps is refused in words, what journeys need stays."""

from __future__ import annotations

from typing import Any

import pytest

from dispatch.enums import Mobility, Role
from dispatch.models import Assignment, Company, Shift
from tests.dispatch.api.caller import Caller, member
from tests.factories import (
    DAY,
    at,
    make_assignment,
    make_booking,
    make_break,
    make_company,
    make_driver,
    make_patient,
    make_place,
    make_shift,
    make_vehicle,
)

pytestmark = pytest.mark.django_db

LUNCH = {
    "earliest_at": "2026-06-17T11:30:00",
    "latest_at": "2026-06-17T13:00:00",
    "duration_min": 30,
}


def new_body(company: Company, **fields: Any) -> dict[str, Any]:
    return {
        "driver": make_driver(company).pk,
        "vehicle": make_vehicle(company).pk,
        "starts_at": "2026-06-17T07:00:00",
        "ends_at": "2026-06-17T19:00:00",
    } | fields


def test_a_shift_with_its_break(office: Caller, company: Company) -> None:
    answer = office.post("shifts/", new_body(company, breaks=[LUNCH]))
    assert (answer.status, answer.headers["ETag"]) == (201, '"1"')
    assert answer.body["starts_at"] == "2026-06-17T05:00:00Z"
    assert answer.body["breaks"] == [
        {
            "earliest_at": "2026-06-17T09:30:00Z",
            "latest_at": "2026-06-17T11:00:00Z",
            "duration_min": 30,
            "mandatory": True,
        }
    ]


def test_nobody_is_in_two_shifts_at_once(office: Caller, company: Company) -> None:
    held = make_shift(company)
    again = office.post("shifts/", new_body(company, driver=held.driver_id))
    assert (again.status, again.fields) == (400, {"": "The driver already has a shift then."})
    van = office.post("shifts/", new_body(company, vehicle=held.vehicle_id))
    assert van.fields == {"": "The vehicle already has a shift then."}
    later = new_body(company, driver=held.driver_id, starts_at="2026-06-17T19:00:00")
    assert office.post("shifts/", later | {"ends_at": "2026-06-17T23:00:00"}).status == 201


def test_what_makes_no_shift(office: Caller, company: Company) -> None:
    def fields(**changes: Any) -> dict[str, str]:
        return office.post("shifts/", new_body(company, **changes)).fields

    assert set(fields(ends_at="2026-06-17T07:00:00")) == {"ends_at"}
    assert set(fields(driver=make_driver(make_company()).pk)) == {"driver"}
    assert set(fields(start_place=make_place(make_company()).pk)) == {"start_place"}
    assert set(fields(breaks=[LUNCH | {"earliest_at": "2026-06-17T06:00:00"}])) == {"breaks.0"}
    assert set(fields(breaks=[LUNCH, LUNCH | {"duration_min": 0}])) == {"breaks.1.duration_min"}
    backwards = LUNCH | {"earliest_at": "2026-06-17T13:30:00"}
    assert fields(breaks=[LUNCH, backwards]) == {
        "breaks.1": "The latest start is before the earliest one."
    }
    bus = make_vehicle(company, required_licences=["D"])
    assert fields(vehicle=bus.pk) == {"driver": "The driver has no valid licence for this vehicle."}
    assert not Shift.objects.exists()


def test_a_change_keeps_what_it_does_not_name(office: Caller, company: Company) -> None:
    shift = make_shift(company, max_trips=5)
    make_break(shift)
    path = f"shifts/{shift.pk}/"
    longer = office.patch(path, {"ends_at": "2026-06-17T20:00:00"}, match=1)
    assert (longer.body["version"], longer.body["max_trips"]) == (2, 5)
    assert len(longer.body["breaks"]) == 1
    assert office.patch(path, {"breaks": []}, match=2).body["breaks"] == []
    assert office.patch(path, {"max_trips": None}, match=2).status == 412
    assert office.patch(path, {"max_trips": None}).status == 428


def test_journeys_go_along_with_the_vehicle_they_fit(office: Caller, company: Company) -> None:
    shift, van = make_shift(company), make_vehicle(company)
    fixed = make_patient(company, mobility=Mobility.WHEELCHAIR_FIXED)
    booking = make_booking(company, pickup_at=at(9), patient=fixed)
    make_assignment(booking, shift)
    path = f"shifts/{shift.pk}/"
    car = make_vehicle(company, wheelchairs=0)
    small = office.patch(path, {"vehicle": car.pk}, match=1)
    assert (small.status, small.problem) == (409, "unfit-crew")
    assert small.body["bookings"] == [booking.reference]
    assert booking.reference in small.body["detail"]
    assert office.patch(path, {"vehicle": van.pk}, match=1).body["vehicle"]["id"] == van.pk
    assert Assignment.objects.get().vehicle == van


def test_journeys_keep_their_hours(office: Caller, company: Company) -> None:
    shift = make_shift(company)
    make_assignment(make_booking(company, pickup_at=at(9)), shift)
    path = f"shifts/{shift.pk}/"
    shorter = office.patch(path, {"starts_at": "2026-06-17T10:00:00"}, match=1)
    assert (shorter.status, shorter.problem) == (409, "shift-in-use")
    assert office("DELETE", path, match=1).status == 409
    fits = office.patch(path, {"starts_at": "2026-06-17T08:00:00"}, match=1)
    assert fits.status == 200


def test_a_cancelled_shift_stays_on_record(office: Caller, company: Company) -> None:
    shift = make_shift(company)
    path = f"shifts/{shift.pk}/"
    gone = office("DELETE", path, match=1)
    assert (gone.body["status"], gone.body["version"]) == ("cancelled", 2)
    late = office.patch(path, {"max_trips": 3}, match=2)
    assert (late.status, late.problem) == (409, "shift-cancelled")
    rows = office.get("shifts/?status=cancelled").body["results"]
    assert [row["id"] for row in rows] == [shift.pk]


def test_shifts_of_a_day_are_those_that_touch_it(office: Caller, company: Company) -> None:
    night = make_shift(company, start=at(22), end=at(6, day=DAY.replace(day=18)))
    make_shift(company, start=at(8, day=DAY.replace(day=19)), end=at(9, day=DAY.replace(day=19)))
    for day in (DAY, DAY.replace(day=18)):
        assert [row["id"] for row in office.get(f"shifts/?day={day}").body["results"]] == [night.pk]
    by_driver = office.get(f"shifts/?driver={night.driver_id}&vehicle={night.vehicle_id}")
    assert len(by_driver.body["results"]) == 1


def test_shifts_are_paged_by_their_start(office: Caller, company: Company) -> None:
    shifts = [make_shift(company, start=at(hour)) for hour in (9, 7, 8)]
    first = office.get("shifts/?limit=2").body
    second = office.get(first["next"]).body
    seen = [row["id"] for page in (first, second) for row in page["results"]]
    assert seen == [shifts[n].pk for n in (1, 2, 0)]


def test_a_list_costs_the_same_whatever_its_length(
    office: Caller, company: Company, django_assert_num_queries: Any
) -> None:
    for count in (1, 3):
        for _number in range(count):
            make_break(make_shift(company))
        with django_assert_num_queries(4):  # token, membership, shifts, breaks
            office.get("shifts/")


def test_a_driver_sees_own_shifts(company: Company) -> None:
    driver = member(company, Role.DRIVER)
    mine = make_shift(company, driver=make_driver(company, user=driver.user))
    make_shift(company)
    assert [row["id"] for row in driver.get("shifts/").body["results"]] == [mine.pk]
