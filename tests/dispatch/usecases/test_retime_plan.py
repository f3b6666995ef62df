"""A plan is judged once more when it is put in force: by the day as it is then, and by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from dispatch.enums import Mobility, RunTrigger
from dispatch.models import Absence, Assignment, Booking, Company, DispatchRun, Shift
from dispatch.usecases.apply_plan import StalePlanError, apply_plan, refusal_now
from dispatch.usecases.day_content import DayOverError
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from tests.factories import DAY, at, make_booking, make_break, make_company, make_shift

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return make_company(settings={"solver_time_limit_s": 1})


@pytest.fixture
def booking(company: Company, shift: Shift) -> Booking:
    return make_booking(company)  # 09:00


def planned(company: Company, now: datetime | None = None) -> DispatchRun:
    run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    return run_dispatch(run_id=run.pk, clock=lambda: now or at(5))


def put_in_force(run: DispatchRun, now: datetime) -> None:
    apply_plan(run_id=run.pk, by=None, now=now)


def refused(run: DispatchRun, now: datetime) -> StalePlanError:
    with pytest.raises(StalePlanError) as refusal:
        put_in_force(run, now)
    assert not Assignment.objects.filter(run=run).exists()
    return refusal.value


def lies_down(booking: Booking, _shift: Shift) -> None:
    booking.patient.mobility = Mobility.STRETCHER.value
    booking.patient.save()


def is_absent(_booking: Booking, shift: Shift) -> None:
    Absence.objects.create(driver=shift.driver, first_on=DAY, last_on=DAY)


def is_away(_booking: Booking, shift: Shift) -> None:
    shift.vehicle.unavailabilities.create(period=DateTimeTZRange(at(6), at(20)))


def loses_its_seats(_booking: Booking, shift: Shift) -> None:
    shift.vehicle.configurations.update(seats=0)


@pytest.mark.parametrize("change", [lies_down, is_absent, is_away, loses_its_seats])
def test_what_no_version_tells_is_seen_all_the_same(
    company: Company, shift: Shift, booking: Booking, change: Callable[[Booking, Shift], None]
) -> None:
    run = planned(company)
    change(booking, shift)
    refusal = refused(run, at(5, 5))
    assert refusal.references == (booking.reference,)
    assert "1 journey can no longer be driven as planned" in str(refusal)
    assert f"{booking.reference}: " in str(refusal)
    seen = refusal_now(run_id=run.pk, now=at(5, 5))
    assert str(seen) == str(refusal)


@pytest.mark.parametrize("now", [at(16), at(16) + timedelta(days=9)])
def test_a_plan_whose_hour_has_passed_is_refused(
    company: Company, booking: Booking, now: datetime
) -> None:
    assert refused(planned(company), now).references == (booking.reference,)


def test_a_plan_that_still_holds_is_not_refused_nor_one_in_force(
    company: Company, booking: Booking
) -> None:
    run = planned(company)
    assert refusal_now(run_id=run.pk, now=at(5, 5)) is None
    put_in_force(run, at(5, 5))
    assert refusal_now(run_id=run.pk, now=at(5, 5)) is None


def test_only_the_journey_that_comes_too_late_is_named(company: Company, shift: Shift) -> None:
    """Two rides of one tour: a minute is no time to get to the first, promised until 9:15; that of eleven stands."""
    early, _later = make_booking(company), make_booking(company, pickup_at=at(11))
    run = planned(company)
    refusal = refused(run, at(9, 14))
    assert refusal.references == (early.reference,)
    assert f"{early.reference}: " in str(refusal)


def test_each_journey_that_no_longer_fits_is_named_with_its_reason(
    company: Company, shift: Shift
) -> None:
    """Both lie down, and the van has no place for that; who walks stays."""
    rows = [make_booking(company, pickup_at=at(hour)) for hour in (9, 11, 13)]
    run = planned(company)
    for row in rows[:2]:
        lies_down(row, shift)
    refusal = refused(run, at(5, 5))
    assert refusal.references == tuple(sorted(row.reference for row in rows[:2]))
    assert all(f"{row.reference}: " in str(refusal) for row in rows[:2])


def test_a_day_that_is_over_is_not_planned(company: Company, booking: Booking) -> None:
    over = at(0) + timedelta(days=1)
    with pytest.raises(DayOverError):
        planned(company, over)
    run = DispatchRun.objects.get()
    assert (run.status, run.error) == ("failed", {"key": "day_over", "figures": {}})


def test_a_day_lasts_as_long_as_its_night_shift(company: Company) -> None:
    midnight = at(0) + timedelta(days=1)
    make_shift(company, period=DateTimeTZRange(at(20), midnight + timedelta(hours=6)))
    assert planned(company, midnight + timedelta(hours=5)).status == "done"


def test_nobody_is_given_another_driver_inside_the_freeze_time(
    company: Company, shift: Shift, booking: Booking
) -> None:
    put_in_force(planned(company), at(5))
    absence = Absence.objects.create(driver=shift.driver, first_on=DAY, last_on=DAY)
    make_shift(company)
    run = planned(company, at(5, 30))
    absence.delete()
    refused(run, at(8, 45))
    assert Assignment.objects.get(booking=booking).shift_id == shift.pk


def test_minutes_between_planning_and_applying_are_made_up_by_leaving_later(
    company: Company, booking: Booking
) -> None:
    """The vehicle should have left by now, and still is at the door inside the promised window."""
    run = planned(company)
    put_in_force(run, at(8, 50))
    ride = Assignment.objects.get(booking=booking)
    assert booking.promised_to is not None
    assert at(8, 50) < ride.planned_pickup_at <= booking.promised_to


def test_a_break_whose_hour_has_passed_holds_nothing_up(
    company: Company, shift: Shift, booking: Booking
) -> None:
    make_break(shift, earliest_at=at(7), latest_at=at(7, 10), duration_min=20)
    later = make_booking(company, pickup_at=at(15))
    put_in_force(planned(company), at(8, 30))
    assert set(Assignment.objects.values_list("booking", flat=True)) == {booking.pk, later.pk}


def test_a_day_that_lost_its_shifts_and_bookings_is_not_what_was_planned(
    company: Company, shift: Shift
) -> None:
    run = planned(company)
    Shift.objects.filter(pk=shift.pk).update(status="cancelled")
    refused(run, at(5, 5))
