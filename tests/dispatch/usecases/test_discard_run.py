"""A proposal that nobody wants is put aside, and stays for the record."""

from __future__ import annotations

import pytest

from dispatch.enums import RunStatus, RunTrigger
from dispatch.models import Company, DispatchRun
from dispatch.usecases.apply_plan import RunNotReadyError, apply_plan
from dispatch.usecases.discard_run import discard_run
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from tests.factories import DAY, at, make_company, make_shift

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    company = make_company(settings={"solver_time_limit_s": 1})
    make_shift(company)
    return company


def proposed(company: Company) -> DispatchRun:
    run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    return run_dispatch(run_id=run.pk, clock=lambda: at(5))


def test_the_run_keeps_its_plan_and_cannot_be_applied(company: Company) -> None:
    run = discard_run(run_id=proposed(company).pk)
    assert run.status == RunStatus.SUPERSEDED
    assert run.plan is not None
    with pytest.raises(RunNotReadyError):
        apply_plan(run_id=run.pk, by=None, now=at(6))


def test_what_is_in_force_stays_so(company: Company) -> None:
    run = proposed(company)
    apply_plan(run_id=run.pk, by=None, now=at(6))
    with pytest.raises(RunNotReadyError, match="not a proposal"):
        discard_run(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.DONE


def test_a_run_that_still_waits_is_no_proposal(company: Company) -> None:
    run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    with pytest.raises(RunNotReadyError):
        discard_run(run_id=run.pk)
    with pytest.raises(NotFoundError):
        discard_run(run_id=run.pk + 1)
