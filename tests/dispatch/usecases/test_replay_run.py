"""A stored run is planned again from its own documents, which are believed only as far as their hash goes."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import transaction

from dispatch.engine.kpi import Kpi
from dispatch.engine.rules import hard_violations
from dispatch.enums import BookingStatus, Mobility, RunTrigger
from dispatch.models import Assignment, Booking, Company, DispatchRun
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.replay_run import Kept, NotReplayableError, Replay, _hash, replay_run
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from tests.factories import (
    DAY,
    at,
    make_booking,
    make_company,
    make_patient,
    make_place,
    make_run,
    make_shift,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    """One car, three journeys that it can drive, a stretcher that it cannot, and a home nobody knows."""
    company = make_company(settings={"solver_time_limit_s": 1})
    make_shift(company)
    for hour in (9, 11, 15):
        make_booking(company, pickup_at=at(hour))
    make_booking(company, patient=make_patient(company, mobility=Mobility.STRETCHER))
    make_booking(company, pickup=make_place(company, lat=None))
    return company


def planned(company: Company) -> DispatchRun:
    run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    return run_dispatch(run_id=run.pk, clock=lambda: at(5))


def replayed(run: DispatchRun, time_limit_s: float | None = None) -> Replay:
    return replay_run(run_id=run.pk, clock=time.monotonic, time_limit_s=time_limit_s)


def test_the_same_problem_gives_the_same_plan_and_writes_nothing(company: Company) -> None:
    run = planned(company)
    row = DispatchRun.objects.filter(pk=run.pk).values()
    before = list(row)
    replay = replayed(run)
    assert (replay.kept, replay.has_draft, replay.time_limit_s) == (Kept.WHOLE, True, 1.0)
    assert replay.after == replay.before
    assert replay.moves == ()
    assert len(replay.after.unassigned) == 2  # with the journey that never was in the problem
    assert hard_violations(replay.problem, replay.result.plan) == replay.before_violations == ()
    assert replay.before_kpis == replay.after_kpis
    rate = next(v for v in replay.after_kpis if v.key is Kpi.ASSIGNMENT_RATE and not v.group)
    assert (rate.numerator, rate.denominator) == (3, 5)
    assert list(row.all()) == before
    assert not Assignment.objects.exists()


def test_a_run_begins_again_from_the_plan_that_was_in_force(company: Company) -> None:
    apply_plan(run_id=planned(company).pk, by=None, now=at(5))
    run = planned(company)
    assert run.start is not None
    with transaction.atomic():
        Assignment.objects.all().delete()
        Booking.objects.update(status=BookingStatus.CONFIRMED)
    replay = replayed(run)
    assert replay.has_draft
    assert replay.result.stages[0].name == "construct on the plan in force"
    DispatchRun.objects.filter(pk=run.pk).update(start=None)  # as older versions kept it
    assert not replayed(run).has_draft


def test_a_stored_plan_that_breaks_a_rule_is_told(company: Company) -> None:
    run = planned(company)
    plan: dict[str, Any] = run.plan
    visits = plan["routes"][0]["visits"]
    visits[0][3] += 7200  # the first patient waits for two hours
    DispatchRun.objects.filter(pk=run.pk).update(plan=plan)
    replay = replayed(run)
    assert replay.before_violations
    assert [move.minutes for move in replay.moves] == [-120]


class TestWhatCannotBeReplayed:
    def refusal(self, run: DispatchRun) -> str:
        with pytest.raises(NotReplayableError) as refused:
            replayed(run)
        return str(refused.value)

    def test_a_problem_that_was_changed(self, company: Company) -> None:
        run = planned(company)
        run.problem["trips"][0]["max_ride_s"] += 1
        DispatchRun.objects.filter(pk=run.pk).update(problem=run.problem)
        assert "is not the one that was planned" in self.refusal(run)

    def test_a_problem_or_plan_of_another_format(self, company: Company) -> None:
        run = planned(company)
        old = run.problem | {"travel": {"minutes": []}}
        DispatchRun.objects.filter(pk=run.pk).update(problem=old, problem_hash=_hash(old))
        assert "a format that this version does not read" in self.refusal(run)
        DispatchRun.objects.filter(pk=run.pk).update(plan={"tours": []})
        assert "a format that this version does not read" in self.refusal(run)

    def test_a_run_without_a_plan_or_without_its_seconds(self, company: Company) -> None:
        assert "has no plan" in self.refusal(make_run(company))
        run = planned(company)
        DispatchRun.objects.filter(pk=run.pk).update(settings={})
        assert "give a time limit" in self.refusal(run)
        assert replayed(run, time_limit_s=0.5).time_limit_s == 0.5

    def test_a_run_that_is_not_there(self) -> None:
        with pytest.raises(NotFoundError, match="no planning run 0"):
            replay_run(run_id=0, clock=time.monotonic)


def test_what_an_older_format_does_not_say_has_todays_defaults(company: Company) -> None:
    run = planned(company)
    for trip in run.problem["trips"]:
        del trip["may_pool"]
    DispatchRun.objects.filter(pk=run.pk).update(
        problem=run.problem, problem_hash=_hash(run.problem)
    )
    replay = replayed(run)
    assert replay.kept is Kept.OLDER_FORMAT
    assert replay.moves == ()


def test_a_journey_deleted_since_is_planned_as_it_was(company: Company) -> None:
    run = planned(company)
    Booking.objects.all().delete()
    assert replayed(run).after == replayed(run).before
