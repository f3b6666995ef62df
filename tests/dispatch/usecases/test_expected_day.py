"""Figures of today and of days to come are those of the plan as it stands, each trip in one group."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from dispatch.engine.kpi import Kpi, KpiValue, Missing
from dispatch.enums import BookingStatus, RunTrigger
from dispatch.models import Booking, Company, DispatchRun, Shift
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.measure_day import Measured, kpi_json, measured_day
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from dispatch.usecases.unassign import unassign
from tests.factories import DAY, at, make_assignment, make_booking, make_company, make_shift

pytestmark = pytest.mark.django_db

YESTERDAY = at(12) - timedelta(days=1)


@pytest.fixture
def company() -> Company:
    return make_company(settings={"solver_time_limit_s": 1})


@pytest.fixture
def bookings(company: Company) -> list[Booking]:
    make_shift(company)
    return [make_booking(company, pickup_at=at(9 + number)) for number in range(3)]


@pytest.fixture
def run(company: Company, bookings: list[Booking]) -> DispatchRun:
    asked = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    done = run_dispatch(run_id=asked.pk, clock=lambda: YESTERDAY)
    return apply_plan(run_id=done.pk, by=None, now=YESTERDAY).run


def seen(company: Company, run: DispatchRun | None, now=YESTERDAY) -> Measured:
    return measured_day(company=company, day=DAY, now=now, in_force=run)


def of(values: Iterable[KpiValue], key: Kpi) -> KpiValue:
    return next(value for value in values if value.key is key)


def parts(values: Iterable[KpiValue], key: Kpi) -> tuple[float, float]:
    value = of(values, key)
    return value.numerator, value.denominator


def test_a_plan_that_stands_is_measured_as_its_run_measured_it(
    company: Company, run: DispatchRun
) -> None:
    predicted = seen(company, run).predicted
    kept = {row["key"]: row for row in run.quality["kpis"]}
    for key in (Kpi.QUALITY_SCORE, Kpi.PICKUP_ON_TIME, Kpi.ASSIGNMENT_RATE, Kpi.EMPTY_KM):
        assert kpi_json(of(predicted, key)) == kept[key.value], key
    assert seen(company, run).recorded == ()


def test_trips_that_lost_their_driver_since_are_not_assigned(
    company: Company, bookings: list[Booking], run: DispatchRun
) -> None:
    for booking in bookings:
        unassign(booking_id=booking.pk, now=YESTERDAY, expected_version=None)
    predicted = seen(company, run).predicted
    assert parts(predicted, Kpi.ASSIGNMENT_RATE) == (0, 3)
    ways = of(predicted, Kpi.EMPTY_KM)
    assert (ways.value, ways.missing) == (None, Missing.CHANGED)


def test_what_people_assigned_is_predicted_without_a_run(
    company: Company, bookings: list[Booking]
) -> None:
    assert seen(company, None).predicted == ()
    shift = Shift.objects.get()
    assign_booking(
        booking_id=bookings[0].pk, shift_id=shift.pk, by=None, now=YESTERDAY, expected_version=None
    )
    assert parts(seen(company, None).predicted, Kpi.ASSIGNMENT_RATE) == (1, 3)


def test_the_mornings_missed_trip_stays_recorded_beside_what_is_to_come(
    company: Company, bookings: list[Booking], run: DispatchRun
) -> None:
    record_progress(
        booking_id=bookings[0].pk,
        to=BookingStatus.MISSED,
        reason="vehicle_breakdown",
        at=at(9, 30),
        expected_version=None,
    )
    found = seen(company, run, now=at(9, 45))
    assert parts(found.recorded, Kpi.PICKUP_ON_TIME) == (0, 1)
    assert parts(found.predicted, Kpi.PICKUP_ON_TIME) == (2, 2)
    assert not any(value.is_predicted for value in found.recorded)
    assert all(value.is_predicted for value in found.predicted)


def test_who_has_not_come_yet_comes_now_at_the_earliest(company: Company, run: DispatchRun) -> None:
    """Nobody set off for the trip of nine, which could be fetched until a quarter past."""
    assert parts(seen(company, run, now=at(9, 40)).predicted, Kpi.PICKUP_ON_TIME) == (2, 3)


def test_a_day_that_is_over_predicts_nothing(company: Company, run: DispatchRun) -> None:
    found = seen(company, run, now=at(12) + timedelta(days=1))
    assert found.predicted == ()
    assert parts(found.recorded, Kpi.ASSIGNMENT_RATE) == (3, 3)


def test_drivers_are_compared_by_the_trips_of_the_day_alone(company: Company) -> None:
    """Both drove yesterday; today one has three trips in twelve hours, two in eight, and the other none."""
    busy, idle = make_shift(company), make_shift(company)
    for number in range(3):
        make_assignment(make_booking(company, pickup_at=at(8 + 2 * number)), busy)
    for shift in (busy, idle):
        before = at(7) - timedelta(days=1)
        make_shift(company, driver=shift.driver, start=before, end=before + timedelta(hours=12))
    assert of(seen(company, None).predicted, Kpi.FAIRNESS_GAP).value == pytest.approx(2)
