"""A pin holds a journey on its shift for as long as that shift takes part; then it goes, and the run says so."""

from __future__ import annotations

import pytest

from dispatch.enums import BookingStatus, RunTrigger
from dispatch.models import Absence, Assignment, Booking, Company, DispatchRun, Shift
from dispatch.notes import Note, NoteKey
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from tests.factories import (
    DAY,
    at,
    make_assignment,
    make_booking,
    make_company,
    make_shift,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return make_company(settings={"solver_time_limit_s": 1})


def pinned_to(shift: Shift) -> Assignment:
    booking = make_booking(shift.company, pickup_at=at(9))
    ride = make_assignment(booking, shift, is_pinned=True, pinned_by=make_user())
    Booking.objects.filter(pk=booking.pk).update(status=BookingStatus.ASSIGNED)
    return ride


def planned_and_applied(company: Company) -> DispatchRun:
    run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    run_dispatch(run_id=run.pk, clock=lambda: at(5))
    return apply_plan(run_id=run.pk, by=None, now=at(5)).run


def test_a_plan_that_keeps_the_journey_keeps_the_pin(company: Company) -> None:
    ride = pinned_to(make_shift(company))
    make_shift(company)
    run = planned_and_applied(company)
    after = Assignment.objects.get(pk=ride.pk)
    assert (after.shift_id, after.is_pinned, after.pinned_by_id) == (
        ride.shift_id,
        True,
        ride.pinned_by_id,
    )
    assert [note["key"] for note in run.notes] == ["no_road_server"]


def test_a_pin_to_a_shift_that_is_out_goes_and_the_run_says_so(company: Company) -> None:
    ride = pinned_to(make_shift(company))
    other = make_shift(company)
    Absence.objects.create(driver=ride.driver, first_on=DAY, last_on=DAY)
    run = planned_and_applied(company)
    after = Assignment.objects.get(booking=ride.booking_id)
    assert (after.shift, after.is_pinned, after.pinned_by) == (other, False, None)
    assert Note.of(NoteKey.PIN_RELEASED, trip=f"b{ride.booking_id}").to_json() in run.notes
