"""Another vehicle or driver takes the journeys of a shift over, all of them or none; what does not fit is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatch.enums import BookingStatus, Equipment, LicenceKind, Mobility, Stance
from dispatch.models import (
    Absence,
    Assignment,
    Booking,
    Company,
    DriverLicence,
    DriverWish,
    Place,
    SeatConfiguration,
    Shift,
    ShiftBreak,
    VehicleUnavailability,
)
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.edit_shift import edit_shift
from dispatch.usecases.judge_crew import UnfitCrewError, judge_crew
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.shift_content import (
    BreakContent,
    ShiftContent,
    ShiftInUseError,
    StaleShiftError,
)
from dispatch.usecases.write_rides import OverlapError
from tests.factories import (
    DAY,
    at,
    between,
    make_assignment,
    make_booking,
    make_driver,
    make_patient,
    make_place,
    make_shift,
    make_vehicle,
)

pytestmark = pytest.mark.django_db

NOW = at(6)


def journey(shift: Shift, hour: int = 9, minute: int = 0, **fields: Any) -> Booking:
    """A booking on this shift, where the engine put it."""
    patient = {name: fields.pop(name) for name in ("mobility", "needs_oxygen") if name in fields}
    if patient:
        fields["patient"] = make_patient(shift.company, **patient)
    booking = make_booking(shift.company, pickup_at=at(hour, minute), **fields)
    assign_booking(
        booking_id=booking.pk, shift_id=shift.pk, by=None, now=NOW, expected_version=None
    )
    booking.refresh_from_db()
    return booking


def swapped(shift: Shift, *, now: Any = NOW, **changes: Any) -> Shift:
    shift.refresh_from_db()
    content = replace(ShiftContent.of(shift), **changes)
    return edit_shift(shift_id=shift.pk, content=content, now=now, expected_version=shift.version)


def refused(shift: Shift, **changes: Any) -> UnfitCrewError:
    before = list(Assignment.objects.order_by("pk").values())
    with pytest.raises(UnfitCrewError) as refusal:
        swapped(shift, **changes)
    assert list(Assignment.objects.order_by("pk").values()) == before
    assert Shift.objects.get(pk=shift.pk).version == shift.version
    return refusal.value


def test_another_vehicle_takes_all_journeys_over(company: Company, shift: Shift) -> None:
    one, two = journey(shift, 9), journey(shift, 11, mobility=Mobility.WHEELCHAIR_FIXED)
    van = make_vehicle(company)
    times = Assignment.objects.order_by("pk").values_list("period", "position", "ride_group")
    before = list(times)
    after = swapped(shift, vehicle_id=van.pk)
    assert (after.version, after.vehicle) == (2, van)
    assert set(Assignment.objects.values_list("vehicle", "driver")) == {(van.pk, shift.driver_id)}
    assert list(times) == before
    for booking in (one, two):
        version = booking.version
        booking.refresh_from_db()
        assert (booking.version, booking.status) == (version + 1, BookingStatus.ASSIGNED)
    assert set(Assignment.objects.values_list("is_pinned", flat=True)) == {True}


def test_another_driver_takes_all_journeys_over(company: Company, shift: Shift) -> None:
    journey(shift)
    driver = make_driver(company)
    assert swapped(shift, driver_id=driver.pk).driver == driver
    row = Assignment.objects.get()
    assert (row.driver, row.vehicle, row.assigned_by) == (driver, shift.vehicle, "person")


def test_what_is_over_stays_with_who_drove_it(company: Company, shift: Shift) -> None:
    done, coming = journey(shift, 9), journey(shift, 14)
    for to, minute in ((BookingStatus.EN_ROUTE, 0), (BookingStatus.ARRIVED, 5),
                       (BookingStatus.ON_BOARD, 10), (BookingStatus.COMPLETED, 30)):  # fmt: skip
        record_progress(booking_id=done.pk, to=to, at=at(9, minute), expected_version=None)
    old, van = shift.vehicle, make_vehicle(company)
    swapped(shift, now=at(10), vehicle_id=van.pk)
    assert Assignment.objects.get(booking=done).vehicle == old
    assert Assignment.objects.get(booking=coming).vehicle == van


def test_every_journey_without_a_place_is_named(company: Company, shift: Shift) -> None:
    journey(shift, 8)
    chair = journey(shift, 9, mobility=Mobility.WHEELCHAIR_FIXED)
    other = journey(shift, 14, mobility=Mobility.WHEELCHAIR_FIXED, escort_seats=1)
    car = make_vehicle(company, name="Car", wheelchairs=0)
    refusal = refused(shift, vehicle_id=car.pk)
    assert str(refusal) == (
        f"Journey {chair.reference} takes 1 wheelchair: Car has no room for that then. "
        f"Journey {other.reference} takes 1 seat + 1 wheelchair: Car has no room for that then."
    )
    assert refusal.references == (chair.reference, other.reference)


def test_places_are_counted_along_a_shared_ride(company: Company, shift: Shift) -> None:
    """Two neighbours to one clinic at one hour: one after the other is too late for the second."""
    home, clinic = make_place(company), make_place(company, lat=46.25)
    ends = {"pickup": home, "dropoff": clinic}
    both = {journey(shift, 9, minute, **ends).reference for minute in (0, 1)}
    Booking.objects.update(promised_to=at(9, 2))
    assert len(set(Assignment.objects.values_list("ride_group", flat=True))) == 1
    taxi = make_vehicle(company, seats=1, wheelchairs=0)
    (left,) = refused(shift, vehicle_id=taxi.pk).references
    assert left in both
    SeatConfiguration.objects.create(vehicle=taxi, seats=2)
    swapped(shift, vehicle_id=taxi.pk)


def test_equipment_and_skills_are_named(company: Company) -> None:
    van = make_vehicle(company, name="Van", equipment=[Equipment.RAMP, Equipment.OXYGEN])
    shift = make_shift(company, vehicle=van, driver=make_driver(company, skills=("oxygen",)))
    booking = journey(shift, needs_oxygen=True)
    bare = make_vehicle(company, name="Bare")
    assert str(refused(shift, vehicle_id=bare.pk)) == (
        f"Journey {booking.reference} needs oxygen: {shift.driver} / Bare cannot offer that."
    )
    unskilled = make_driver(company)
    assert "needs oxygen" in str(refused(shift, driver_id=unskilled.pk))


def test_an_excluded_driver_takes_nothing_over(company: Company, shift: Shift) -> None:
    booking, driver = journey(shift), make_driver(company, last_name="Nope", first_name="N.")
    DriverWish.objects.create(patient=booking.patient, driver=driver, stance=Stance.EXCLUDED)
    said = str(refused(shift, driver_id=driver.pk))
    assert said == f"Journey {booking.reference}: its patient is not driven by Nope N.."


def test_licence_absence_and_service_are_told_by_field(company: Company, shift: Shift) -> None:
    journey(shift)
    bus = make_vehicle(company, required_licences=[LicenceKind.D1])
    broken, away = make_vehicle(company), make_driver(company)
    VehicleUnavailability.objects.create(vehicle=broken, period=between(at(8), at(10)))
    Absence.objects.create(driver=away, first_on=DAY, last_on=DAY)
    for changes, field in (
        ({"vehicle_id": bus.pk}, "driver"),
        ({"vehicle_id": broken.pk}, "vehicle"),
        ({"driver_id": away.pk}, "driver"),
    ):
        with pytest.raises(InvalidRowError) as refusal:
            swapped(shift, **changes)
        assert set(refusal.value.errors) == {field}
    DriverLicence.objects.create(driver=shift.driver, kind=LicenceKind.D1, expires_on=DAY)
    swapped(shift, vehicle_id=bus.pk)


def test_a_vehicle_that_broke_down_is_replaced(company: Company, shift: Shift) -> None:
    """The planner leaves such a shift out; its journeys are handed over all the same."""
    journey(shift)
    VehicleUnavailability.objects.create(vehicle=shift.vehicle, period=between(at(5), at(20)))
    van = make_vehicle(company)
    swapped(shift, vehicle_id=van.pk)
    assert Assignment.objects.get().vehicle == van


def test_a_vehicle_on_another_shift_is_refused(company: Company, shift: Shift) -> None:
    journey(shift)
    other = make_shift(company)
    with pytest.raises(InvalidRowError, match="vehicle already has a shift"):
        swapped(shift, vehicle_id=other.vehicle_id)


def test_overtime_of_the_vehicles_other_shift_counts(company: Company, shift: Shift) -> None:
    journey(shift)
    early = make_shift(company, start=at(1), end=at(7))
    late = make_booking(company, pickup_at=at(8, 55))
    make_assignment(late, early, start=at(8, 50), end=at(9, 30))
    with pytest.raises(OverlapError):
        swapped(shift, vehicle_id=early.vehicle_id)
    assert Shift.objects.get(pk=shift.pk).vehicle == shift.vehicle


def test_a_vehicle_from_too_far_away_is_told_by_the_minute(company: Company, shift: Shift) -> None:
    booking = journey(shift, 7, 20)
    far = make_place(company, lat=47.37, lon=8.54)
    remote = make_vehicle(company, base=far)
    refusal = refused(shift, vehicle_id=remote.pk)
    assert refusal.references == (booking.reference,)
    assert "min" in str(refusal)


def test_a_base_without_a_position_is_no_base(company: Company, shift: Shift) -> None:
    journey(shift)
    lost = make_vehicle(company, base=make_place(company, lat=None))
    assert str(refused(shift, vehicle_id=lost.pk)) == (
        f"Left out: {shift.driver}, 07:00–19:00. The base has no coordinates."
    )


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_nobody_under_way_changes_vehicles(company: Company, shift: Shift, steps: int) -> None:
    booking = journey(shift)
    way = (BookingStatus.EN_ROUTE, BookingStatus.ARRIVED, BookingStatus.ON_BOARD)
    for to in way[:steps]:
        record_progress(booking_id=booking.pk, to=to, at=at(9), expected_version=None)
    refusal = refused(shift, now=at(9, 1), vehicle_id=make_vehicle(company).pk)
    assert str(refusal) == (
        f"Journey {booking.reference} is under way: driver and vehicle change when it is over."
    )


def test_within_the_freeze_time_needs_still_count(company: Company, shift: Shift) -> None:
    """The planner takes what is about to begin as a fact; a person who swaps the van may not."""
    chair = journey(shift, mobility=Mobility.WHEELCHAIR_FIXED)
    car = make_vehicle(company, wheelchairs=0)
    assert refused(shift, now=at(8, 50), vehicle_id=car.pk).references == (chair.reference,)
    swapped(shift, now=at(8, 50), vehicle_id=make_vehicle(company).pk)


def test_a_journey_with_a_lost_address_is_named(company: Company, shift: Shift) -> None:
    booking = journey(shift)
    type(booking.pickup).objects.filter(pk=booking.pickup_id).update(
        lat=None, lon=None, coordinates_quality="unknown"
    )
    said = str(refused(shift, vehicle_id=make_vehicle(company).pk))
    assert said == f"Journey {booking.reference}: the position of a place is unknown."


def test_a_night_shift_hands_both_of_its_days_over(company: Company) -> None:
    tomorrow = DAY + timedelta(days=1)
    shift = make_shift(company, start=at(20), end=at(6, day=tomorrow))
    journey(shift, 22)
    booking = make_booking(company, pickup_at=at(2, day=tomorrow))
    assign_booking(
        booking_id=booking.pk, shift_id=shift.pk, by=None, now=NOW, expected_version=None
    )
    van = make_vehicle(company)
    swapped(shift, vehicle_id=van.pk)
    assert set(Assignment.objects.values_list("vehicle", flat=True)) == {van.pk}


def test_a_shift_that_is_over_can_be_put_right(company: Company, shift: Shift) -> None:
    """Nobody recorded the journey; who was to drive it can still be corrected the day after."""
    journey(shift)
    van = make_vehicle(company)
    swapped(shift, now=at(6, day=DAY + timedelta(days=1)), vehicle_id=van.pk)
    assert Assignment.objects.get().vehicle == van


def test_crew_and_hours_change_one_after_the_other(company: Company, shift: Shift) -> None:
    journey(shift)
    with pytest.raises(ShiftInUseError, match="second step"):
        swapped(shift, vehicle_id=make_vehicle(company).pk, ends_at=at(20))


def test_a_journey_changed_meanwhile_stops_the_swap(
    company: Company, shift: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between judging and writing somebody edits the booking."""
    booking = journey(shift)

    def judged(**options: Any) -> Any:
        answer = judge_crew(**options)
        Booking.objects.filter(pk=booking.pk).update(version=booking.version + 1)
        return answer

    monkeypatch.setattr("dispatch.usecases.edit_shift.judge_crew", judged)
    with pytest.raises(StaleShiftError, match="changed meanwhile"):
        swapped(shift, vehicle_id=make_vehicle(company).pk)


def pause(earliest: Any, latest: Any, minutes: int, **fields: Any) -> BreakContent:
    return BreakContent(earliest_at=earliest, latest_at=latest, duration_min=minutes, **fields)


def test_a_break_over_a_planned_pickup_is_refused(company: Company, shift: Shift) -> None:
    """From 08:00 to 12:00 nobody drives: the journeys of 09:00 and 10:30 are named, that of 14:00 is not."""
    one, two, late = journey(shift, 9), journey(shift, 10, 30), journey(shift, 14)
    refusal = refused(shift, breaks=(pause(at(8), at(8), 240),))
    assert refusal.references == (one.reference, two.reference)
    assert late.reference not in str(refusal)
    swapped(shift, breaks=(pause(at(15), at(15), 120), pause(at(8), at(8), 30)))
    assert ShiftBreak.objects.count() == 2


def test_a_break_that_fits_moves_the_journey(company: Company, shift: Shift) -> None:
    """Promised 08:55 to 09:15; the pause ends at 09:00 at the base, so the pickup is later than it was."""
    booking = journey(shift)
    before = Assignment.objects.get().planned_pickup_at
    swapped(shift, breaks=(pause(at(8, 30), at(8, 30), 30),))
    row = Assignment.objects.get()
    assert booking.promised_to is not None
    assert before <= at(9) < row.planned_pickup_at <= booking.promised_to
    booking.refresh_from_db()
    assert booking.version == 3


def test_fewer_journeys_than_planned_are_refused(company: Company, shift: Shift) -> None:
    kept, other = journey(shift, 9), journey(shift, 11)
    refusal = refused(shift, max_trips=1)
    assert refusal.references == (other.reference,)
    assert kept.reference not in str(refusal)
    before = list(Assignment.objects.order_by("pk").values())
    assert swapped(shift, max_trips=2).max_trips == 2
    assert list(Assignment.objects.order_by("pk").values()) == before


def test_what_is_under_way_counts_and_stays(company: Company, shift: Shift) -> None:
    """On the way to the first patient: no pause begins before it, and two journeys stay two."""
    first = journey(shift, 9)
    journey(shift, 14)
    record_progress(
        booking_id=first.pk, to=BookingStatus.EN_ROUTE, at=at(8, 50), expected_version=None
    )
    assert len(refused(shift, now=at(8, 50), max_trips=1).references) == 1
    long = pause(at(8, 51), at(8, 51), 240)
    assert refused(shift, now=at(8, 50), breaks=(long,)).references
    swapped(shift, now=at(8, 50), breaks=(pause(at(11), at(13), 30),))
    first.refresh_from_db()
    assert first.status == BookingStatus.EN_ROUTE


def test_a_tour_that_does_not_hold_anyway_bars_nothing(company: Company, shift: Shift) -> None:
    """The base lost its position: nothing is planned with this shift, with one journey or with two."""
    journey(shift, 9), journey(shift, 11)
    Place.objects.filter(pk=shift.starts_where.pk).update(
        lat=None, lon=None, coordinates_quality="unknown"
    )
    assert swapped(shift, max_trips=1).max_trips == 1
    assert Assignment.objects.count() == 2


def test_the_day_after_breaks_are_put_right(company: Company, shift: Shift) -> None:
    journey(shift)
    late = at(6, day=DAY + timedelta(days=1))
    swapped(shift, now=late, breaks=(pause(at(8), at(8), 240),), max_trips=1)
    assert ShiftBreak.objects.count() == 1
