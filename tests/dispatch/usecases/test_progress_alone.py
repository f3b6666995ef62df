"""Buttons are pressed while a run thinks: that makes no plan stale which still fits around them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.enums import BookingStatus as S
from dispatch.enums import CoordinatesQuality, DispatchMode, RunStatus
from dispatch.models import Absence, Assignment, Booking, Company, DispatchRun, Place, Shift
from dispatch.usecases.apply_auto_run import apply_auto_run
from dispatch.usecases.apply_plan import StalePlanError, apply_plan
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.retime_plan import retime_plan
from tests.dispatch.usecases.replan_world import SETTINGS, driver_of, goes, planned, put_in_force
from tests.factories import DAY, at, make_booking, make_company, make_shift

pytestmark = pytest.mark.django_db

NOW = at(9, 40)
SOON = NOW + timedelta(seconds=3)


@pytest.fixture
def company() -> Company:
    """One vehicle drives at 10:00 and at 14:00, a second one is free; somebody calls for four."""
    company = make_company(mode=DispatchMode.FULLY_AUTO.value, settings=SETTINGS)
    make_shift(company)
    make_booking(company, pickup_at=at(10))
    make_booking(company, pickup_at=at(14))
    put_in_force(company)
    make_shift(company)
    make_booking(company, pickup_at=at(16))
    return company


def first(company: Company) -> Booking:
    return Booking.objects.filter(company=company).order_by("promised_from")[0]


def last(company: Company) -> Booking:
    return Booking.objects.filter(company=company).order_by("-promised_from")[0]


@pytest.mark.parametrize("step", [S.EN_ROUTE, S.ON_BOARD, S.COMPLETED])
def test_a_journey_that_goes_on_makes_no_plan_stale(company: Company, step: S) -> None:
    run, held = planned(company, now=NOW), driver_of(first(company))
    goes(first(company), step, at=at(10, 5))
    assert apply_auto_run(run_id=run.pk, now=at(10, 5)) is not None
    assert driver_of(last(company)) is not None
    assert (first(company).status, driver_of(first(company))) == (step, held)


def test_it_counts_as_no_change_of_the_plan() -> None:
    """Ten minutes late on the way, and nothing may be changed by choice: nothing was."""
    company = make_company(
        mode=DispatchMode.FULLY_AUTO.value, settings=SETTINGS | {"stability_budget": 0}
    )
    make_shift(company)
    make_booking(company, pickup_at=at(10, 20))
    put_in_force(company)
    make_booking(company, pickup_at=at(16))
    run = planned(company, now=NOW)
    goes(first(company), S.COMPLETED, at=at(10, 40))
    assert apply_auto_run(run_id=run.pk, now=at(10, 40)) is not None


def other_driver(company: Company) -> DispatchRun:
    """A plan that gives the first journey to the second driver, because the first one was ill when it was made."""
    driver = Shift.objects.order_by("pk")[0].driver
    ill = Absence.objects.create(driver=driver, first_on=DAY, last_on=DAY)
    run = planned(company, now=at(8))
    ill.delete()
    return run


def test_one_that_the_plan_gives_to_somebody_else_does(company: Company) -> None:
    run = other_driver(company)
    goes(first(company), S.EN_ROUTE, at=NOW)
    with pytest.raises(StalePlanError) as refusal:
        apply_plan(run_id=run.pk, by=None, now=NOW)
    assert refusal.value.references == (first(company).reference,)


def typed(booking: Booking) -> None:
    Booking.objects.filter(pk=booking.pk).update(notes="Ring twice", version=F("version") + 1)


def pinned(booking: Booking) -> None:
    Assignment.objects.filter(booking=booking).update(is_pinned=True)


@pytest.mark.parametrize("change", [typed, pinned])
def test_what_else_was_changed_along_with_it_does(
    company: Company, change: Callable[[Booking], None]
) -> None:
    run = planned(company, now=NOW)
    change(first(company))
    goes(first(company), S.EN_ROUTE, at=SOON)
    assert apply_auto_run(run_id=run.pk, now=SOON) is None
    run.refresh_from_db()
    assert (run.status, run.error["key"]) == (RunStatus.FAILED, "bookings_changed")


def test_runs_that_kept_no_fingerprints_are_as_before(company: Company) -> None:
    run = planned(company, now=NOW)
    del run.based_on["content"]
    run.save(update_fields=["based_on"])
    goes(first(company), S.EN_ROUTE, at=SOON)
    assert apply_auto_run(run_id=run.pk, now=SOON) is None


def test_a_journey_outside_the_problem_is_nobodys_to_move(company: Company) -> None:
    """Its address was lost; the driver knows the way."""
    Place.objects.filter(pk=first(company).pickup_id).update(
        lat=None, lon=None, coordinates_quality=CoordinatesQuality.UNKNOWN
    )
    run = planned(company, now=NOW)
    goes(first(company), S.EN_ROUTE, at=SOON)
    assert apply_auto_run(run_id=run.pk, now=SOON) is not None
    assert first(company).status == S.EN_ROUTE


@pytest.mark.parametrize(("presses", "is_applied"), [(1, True), (3, False)])
def test_a_button_pressed_while_the_plan_is_judged_has_it_judged_again(
    company: Company, monkeypatch: pytest.MonkeyPatch, presses: int, is_applied: bool
) -> None:
    """Three times, then somebody else may try."""
    run = planned(company, now=NOW)
    steps = iter([S.EN_ROUTE, S.ARRIVED, S.EN_ROUTE][:presses])

    def pressing(**asked: Any) -> tuple[Problem, Plan]:
        found = retime_plan(**asked)
        step = next(steps, None)
        if step is not None:
            record_progress(
                booking_id=first(company).pk, to=step, at=SOON, reason="", expected_version=None
            )
        return found

    monkeypatch.setattr("dispatch.usecases.apply_plan.retime_plan", pressing)
    assert (apply_auto_run(run_id=run.pk, now=SOON) is not None) is is_applied
