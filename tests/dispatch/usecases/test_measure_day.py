"""The predicted day hangs on what was promised and planned so far."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.engine.draft import resume
from dispatch.engine.kpi import Kpi, KpiValue, Missing
from dispatch.enums import BookingStatus
from dispatch.models import Assignment, Booking, Company
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.measure_day import kpi_from_json, kpi_json, predicted_kpis
from dispatch.usecases.record_progress import record_progress
from tests.factories import DAY, at, make_booking, make_shift

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(company: Company) -> Booking:
    booking, shift = make_booking(company, pickup_at=at(10)), make_shift(company)
    assign_booking(
        booking_id=booking.pk, shift_id=shift.pk, by=None, now=at(5), expected_version=None
    )
    return booking


def stability(company: Company) -> KpiValue:
    """Of the plan in force as it stands."""
    built = build_problem(company=company, day=DAY, now=at(6))
    values = predicted_kpis(
        company=company,
        day=DAY,
        problem=built.problem,
        plan=resume(built.problem, built.in_force),
        unplannable=(),
    )
    return next(value for value in values if value.key is Kpi.STABILITY)


def slide(minutes: int) -> None:
    """The plan that is judged brings the pickup that much later than where changes count from."""
    planned = Assignment.objects.get().planned_pickup_at
    Assignment.objects.update(noted_pickup_at=planned - timedelta(minutes=minutes))


def test_a_plan_that_keeps_driver_and_time_changes_nothing(
    company: Company, booking: Booking
) -> None:
    assert stability(company).value == 0
    slide(4)
    assert stability(company).value == 0
    Assignment.objects.update(noted_pickup_at=None)  # a ride from before this was kept
    assert stability(company).value == 0


def test_changes_so_far_and_a_slide_of_five_minutes_add_up(
    company: Company, booking: Booking
) -> None:
    Booking.objects.update(plan_changes=2, late_plan_changes=0)
    slide(5)
    assert stability(company).value == 3


def test_at_the_door_no_slide_counts_any_more(company: Company, booking: Booking) -> None:
    slide(30)
    for status in (BookingStatus.EN_ROUTE, BookingStatus.ARRIVED):
        record_progress(booking_id=booking.pk, to=status, at=at(6), expected_version=None)
    assert stability(company).value == 0


def test_a_value_kept_with_a_run_is_read_as_it_was(company: Company, booking: Booking) -> None:
    value = stability(company)
    assert kpi_from_json(kpi_json(value)) == value
    older = {k: v for k, v in kpi_json(value).items() if k not in {"missing", "term"}}
    assert kpi_from_json(older).missing is Missing.TIMESTAMPS
