"""A weekend leads to the working day after it, as long as it is the quieter of the two."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dispatch.enums import RunTrigger
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.busier_working_day import WorkingDay, busier_working_day
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from tests.factories import (
    at,
    make_assignment,
    make_booking,
    make_company,
    make_outbound,
    make_return,
    make_shift,
)

pytestmark = pytest.mark.django_db

FRIDAY, SATURDAY, MONDAY = date(2026, 6, 19), date(2026, 6, 20), date(2026, 6, 22)


def test_a_quiet_day_leads_to_the_next_working_day() -> None:
    company = make_company()
    assert busier_working_day(company, SATURDAY) is None
    there = make_outbound(company, pickup_at=at(9, day=MONDAY))
    make_assignment(there, make_shift(company, start=at(7, day=MONDAY), end=at(17, day=MONDAY)))
    make_return(there, is_will_call=True)
    make_booking(company, pickup_at=at(10, day=MONDAY), status="draft")
    make_booking(company, pickup_at=at(11, day=MONDAY), status="cancelled", status_reason="weather")
    make_booking(make_company(), pickup_at=at(9, day=MONDAY))
    found = WorkingDay(day=MONDAY, trips=2, is_planned=False)
    assert busier_working_day(company, FRIDAY) == found
    assert busier_working_day(company, SATURDAY) == found
    assert busier_working_day(company, MONDAY - timedelta(days=1)) == found
    assert busier_working_day(company, MONDAY) is None  # Tuesday has none


def test_it_is_planned_when_a_plan_is_in_force() -> None:
    company = make_company(settings={"solver_time_limit_s": 1})
    make_booking(company, pickup_at=at(9, day=MONDAY))
    found = busier_working_day(company, SATURDAY)
    assert found is not None
    assert not found.is_planned
    make_shift(company, start=at(7, day=MONDAY), end=at(17, day=MONDAY))
    run = request_run(company=company, day=MONDAY, trigger=RunTrigger.MANUAL, by=None)
    run_dispatch(run_id=run.pk, clock=lambda: at(6))
    apply_plan(run_id=run.pk, by=None, now=at(6))
    found = busier_working_day(company, SATURDAY)
    assert found is not None
    assert found.is_planned


def test_a_day_with_three_quarters_of_the_trips_is_not_quiet() -> None:
    company = make_company()
    for hour in (9, 11, 13, 15):
        make_booking(company, pickup_at=at(hour, day=MONDAY))
    for hour in (9, 11, 13):
        make_booking(company, pickup_at=at(hour, day=SATURDAY))
    assert busier_working_day(company, SATURDAY) is None
    make_booking(company, pickup_at=at(17, day=MONDAY))
    assert busier_working_day(company, SATURDAY) is not None
