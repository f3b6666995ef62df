"""A morning under way: today is DAY, one driver drives one patient soon and one later, and a second driver is free."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dispatch.enums import BookingStatus as S
from dispatch.enums import DispatchMode, RunTrigger
from dispatch.models import Booking, Company, DispatchRun, Shift
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.replan_today import replan_today
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from tests.factories import DAY, at, make_booking, make_company, make_shift

DAWN, MORNING = at(5), at(8)
SETTINGS = {"solver_time_limit_s": 1, "replan_time_limit_s": 1, "freeze_min": 30}


def morning(mode: DispatchMode = DispatchMode.SEMI_AUTO, **settings: Any) -> Company:
    """With a plan in force, made at dawn."""
    company = make_company(mode=mode.value, settings=SETTINGS | settings)
    make_shift(company)
    make_booking(company, pickup_at=at(10))
    make_booking(company, pickup_at=at(14))
    put_in_force(company)
    return company


def put_in_force(company: Company, *, now: datetime = DAWN) -> DispatchRun:
    run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    run_dispatch(run_id=run.pk, clock=lambda: now)
    return apply_plan(run_id=run.pk, by=None, now=now).run


def asked(company: Company, *, now: datetime = MORNING) -> DispatchRun | None:
    """The re-plan that the day as it is asks for now."""
    found = replan_today(now=now, company_id=company.pk)
    return DispatchRun.objects.get(pk=found[0]) if found else None


def planned(company: Company, *, now: datetime = MORNING) -> DispatchRun:
    run = asked(company, now=now)
    assert run is not None
    return run_dispatch(run_id=run.pk, clock=lambda: now)


def driver_of(booking: Booking) -> Shift | None:
    booking = Booking.objects.select_related("assignment__shift").get(pk=booking.pk)
    return booking.assignment.shift if hasattr(booking, "assignment") else None


STEPS = {
    S.EN_ROUTE: [S.EN_ROUTE],
    S.ON_BOARD: [S.EN_ROUTE, S.ARRIVED, S.ON_BOARD],
    S.COMPLETED: [S.EN_ROUTE, S.ARRIVED, S.ON_BOARD, S.COMPLETED],
    S.NO_SHOW: [S.EN_ROUTE, S.ARRIVED, S.NO_SHOW],
}


def goes(booking: Booking, to: S, *, at: datetime) -> None:
    """The vehicle set off half an hour ago, has been there for ten minutes, and now this."""
    ago = {S.EN_ROUTE: 30, S.ARRIVED: 10}
    for step in STEPS[to]:
        moment = at - timedelta(minutes=0 if step is to else ago.get(step, 5))
        reason = "patient_absent" if step is S.NO_SHOW else ""
        record_progress(
            booking_id=booking.pk, to=step, at=moment, reason=reason, expected_version=None
        )
