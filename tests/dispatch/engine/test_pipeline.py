"""The whole way from a day to its plan, and what it says about itself."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.engine import pipeline
from dispatch.engine.construct import construct
from dispatch.engine.cost import score
from dispatch.engine.decompose import Slice, in_process
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.insertion import best_insertions
from dispatch.engine.pipeline import Result, UnfitPlanError, _Run, make_plan
from dispatch.engine.plan import Plan, Route, TimedVisit, Unassigned
from dispatch.engine.problem import Problem, Weights
from dispatch.enums import Rule, Severity, VisitKind
from tests.dispatch.engine.builders import (
    PLAIN,
    large_day,
    plan,
    problem,
    shift,
    spell,
    stop,
    trip,
    visits,
)
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.strategies import begun_problems, problems

STAGES = ["construct", "solver", "search", "price of fairness", "check"]


def made(day: Problem, *, seed: int = 0, rounds: int | None = 20, **rest: Any) -> Result:
    usual: dict[str, Any] = {"time_limit_s": 1.0, "clock": time.monotonic}
    return make_plan(day, rng=random.Random(seed), max_iterations=rounds, **{**usual, **rest})


def outcomes(result: Result) -> dict[str, str]:
    return {stage.name: stage.outcome for stage in result.stages}


def unshared(day: Problem) -> Problem:
    """The day where fair loads have no price, as OR-Tools sees it."""
    weights = replace(day.settings.weights, fairness_per_trip_squared=0)
    return replace(day, settings=replace(day.settings, weights=weights))


def ticking(step_s: float) -> Callable[[], float]:
    """A clock that moves on by `step_s` each time somebody looks."""
    ticks = count()
    return lambda: next(ticks) * step_s


def test_a_day_is_planned_and_each_stage_accounts_for_itself() -> None:
    day = problem(trip("a", 1, 2), trip("b", 3, 4), shift("s"), shift("t"))
    result = made(day, rounds=None, time_limit_s=20.0)
    assert [stage.name for stage in result.stages] == STAGES
    assert outcomes(result).pop("solver") == "skipped"
    ran = [stage for stage in result.stages if stage.name != "solver"]
    assert {stage.outcome for stage in ran} <= {"taken", "kept"}
    assert all(stage.cost is not None and stage.unserved == 0 for stage in ran)
    assert result.plan.unassigned == ()
    assert result.score == score(day, result.plan)
    assert faults(day, result.plan) == []


def three_at_once() -> Problem:
    """Three patients at the same time and one vehicle that carries one of them."""
    at_once = [trip(name, stop(1, 100, 200), stop(9, 900, 1000)) for name in "abc"]
    return problem(*at_once, shift())


def test_the_best_plan_of_all_stages_is_the_one_that_leaves() -> None:
    day = large_day(trips=12, shifts=2)
    result = made(day, rounds=None, time_limit_s=20.0)
    costs = [stage.cost for stage in result.stages if stage.cost is not None]
    assert result.score.total == min(costs)
    assert faults(day, result.plan) == []


def test_the_same_seed_gives_the_same_plan_when_rounds_are_counted() -> None:
    day = large_day(trips=30, shifts=4)
    one, two = made(day, seed=3), made(day, seed=3, clock=ticking(1000.0))
    assert one.plan == two.plan
    assert outcomes(one)["solver"] == "skipped"
    assert {s.name: s.note for s in one.stages}["solver"] == "rounds_counted"


def test_a_trip_nobody_can_drive_carries_its_reason() -> None:
    day = problem(trip("a", 1, 2, needs=frozenset({"oxygen"})), trip("b", 1, 2), shift())
    result = made(day)
    assert [(item.trip, item.reason) for item in result.plan.unassigned] == [("a", Rule.SKILLS)]


def test_a_stage_that_fails_is_named_and_the_plan_before_it_stays() -> None:
    """OR-Tools has nothing to plan where no trip is possible; the run goes on."""
    day = problem(trip("a", stop(1, 500), stop(2, 0, 400)), shift())
    result = made(day, rounds=None, time_limit_s=4.0)
    failed = next(stage for stage in result.stages if stage.name == "solver")
    assert (failed.outcome, failed.cost, failed.unserved) == ("failed", None, None)
    assert failed.note == "NoPlanFoundError: No trip can be carried by any shift."
    assert len(result.plan.unassigned) == 1


def test_without_time_the_construction_alone_is_the_plan() -> None:
    day = problem(trip("a", 1, 2), shift("s"), shift("t"))
    result = made(day, rounds=None, clock=ticking(10.0))
    assert outcomes(result) == {
        "construct": "taken",
        "search": "skipped",
        "solver": "skipped",
        "price of fairness": "skipped",
        "check": "taken",
    }
    assert result.plan.unassigned == ()
    assert result.fairness_price is None


def test_where_sending_out_a_shift_has_a_price_fewer_go() -> None:
    weights = Weights(used_shift=10_000, fairness_per_trip_squared=0)
    parts = trip("a", 1, 2), trip("b", 3, 4), shift(), shift("r")
    day = problem(*parts, settings=replace(PLAIN, weights=weights))
    start = plan(day, s="+a -a", r="+b -b")
    result = made(day, start=start, rounds=100)
    assert outcomes(result)["fewer shifts"] == "taken"
    assert sum(bool(route.trip_ids) for route in result.plan.routes) == 1
    assert "fewer shifts" not in outcomes(made(problem(*parts)))
    late = made(day, start=start, rounds=None, time_limit_s=0.0)
    assert {s.name: s.note for s in late.stages}["fewer shifts"] == "no_time_left"


def test_or_tools_is_asked_for_places_where_trips_are_left() -> None:
    result = made(three_at_once(), rounds=None, time_limit_s=4.0)
    names = [stage.name for stage in result.stages[1:4]]
    assert names == ["search for places", "solver", "search"]
    assert outcomes(result)["solver"] in {"taken", "kept"}
    assert len(result.plan.unassigned) == 2


def test_or_tools_is_not_asked_where_every_trip_has_a_place() -> None:
    """Its plans are dearer than those of the search; what it may know better is where a last trip fits."""
    day = problem(trip("a", 1, 2), shift("s"), shift("t"))
    result = made(unshared(day), rounds=None, time_limit_s=20.0)
    assert result.stages[1].name == "solver"
    assert result.stages[1].note == "every_trip_placed"


def test_or_tools_is_not_asked_where_fair_loads_have_a_price_it_does_not_see() -> None:
    day = problem(trip("a", 1, 2), shift("s"), shift("t"))
    result = made(day, rounds=None, time_limit_s=20.0)
    note = {stage.name: stage.note for stage in result.stages}["solver"]
    assert note == "fair_loads_priced"


@pytest.mark.parametrize("shifts", [1, 2])
def test_where_nobody_shares_or_sharing_is_free_no_time_is_kept_for_its_price(shifts: int) -> None:
    """The second day would have a price if its weights had one, the first has one driver for everything."""
    day = problem(trip("a", 1, 2), *(shift(f"s{k}") for k in range(shifts)))
    result = made(day if shifts == 1 else unshared(day))
    assert {s.name: s.note for s in result.stages}["price of fairness"] == "fairness_is_free"
    assert result.fairness_price == 0


def test_or_tools_gets_no_moment_too_short_to_state_the_day() -> None:
    """Each look at the clock takes 0.2 s of the second that there is."""
    result = made(three_at_once(), rounds=None, clock=ticking(0.2))
    assert {s.name: s.note for s in result.stages}["solver"] == "no_time_left"


def test_or_tools_can_be_switched_off() -> None:
    result = made(problem(trip("a", 1, 2), shift()), rounds=None, use_solver=False)
    assert outcomes(result)["solver"] == "skipped"


def test_the_time_limit_is_kept() -> None:
    began = time.monotonic()
    made(large_day(trips=30, shifts=4), rounds=None, time_limit_s=1.0)
    assert time.monotonic() - began < 6.0  # far off only where a stage forgets its limit


def test_time_for_the_reasons_and_the_last_check_is_kept_free() -> None:
    """Ten patients at once and one vehicle. Each look at the clock takes 0.1 s, so the five reasons sought
    early take 0.1 s together; all nine are given 1.3 × 0.02 s each. A check takes 0.1 s too, and the end four of them.
    """
    at_once = [trip(name, stop(1, 100, 200), stop(9, 900, 1000)) for name in "abcdefghij"]
    run = _Run(problem(*at_once, shift()), ticking(0.1), random.Random(0), 100.0, None)
    run.construct(None)
    run.rehearse()
    assert len(run.best.unassigned) == 9
    assert run.reason_s == pytest.approx(1.3 * 0.1 / 5)
    now = run.clock()
    assert run._left_s() == pytest.approx(100.0 - (now + 0.1) - 9 * run.reason_s - 4 * 0.1)


@pytest.mark.parametrize("parts", [(), (shift(),), (trip("a", 1, 2),)])
def test_days_without_trips_or_without_shifts_have_plans_too(parts: tuple[Any, ...]) -> None:
    result = made(problem(*parts), rounds=None)
    assert outcomes(result)["solver"] == "skipped"
    assert [item.trip for item in result.plan.unassigned] == [
        part.id for part in parts if part.id == "a"
    ]


def test_the_plan_in_force_is_the_first_draft() -> None:
    """Nothing tells the two shifts apart but the plan there is."""
    day = problem(trip("a", 1, 2), shift("s"), shift("t"))
    for name in ("s", "t"):
        result = made(day, start=plan(day, **{name: "+a -a"}), rounds=0)
        assert result.plan.shift_of == {"a": name}
        assert outcomes(result)["construct on the plan in force"] == "taken"


def test_a_plan_in_force_that_no_longer_works_is_said_and_left() -> None:
    old = problem(trip("a", 1, 2), shift())
    new = problem(trip("a", stop(1, 0, 50), 2), trip("b", 1, 2), shift())
    result = made(new, start=plan(old, s="+a -a"))
    assert outcomes(result)["construct on the plan in force"] == "failed"
    assert outcomes(result)["construct"] == "taken"
    assert result.plan.shift_of == {"b": "s"}


def test_what_is_committed_and_cannot_be_kept_is_an_error() -> None:
    day = problem(trip("a", stop(1, 0, 50), 2), shift(committed=visits("+a -a")))
    with pytest.raises(InvalidPlanError):
        made(day)


def test_a_plan_that_breaks_a_hard_rule_never_leaves() -> None:
    """No stage makes one; this is the last door, tried with a plan made by hand: 100 s driven in 1 s."""
    day = problem(trip("a", 1, 2), shift())
    there = TimedVisit(id="a", kind=VisitKind.PICKUP, arrive_s=1, start_s=1)
    back = TimedVisit(id="a", kind=VisitKind.DROPOFF, arrive_s=101, start_s=101)
    broken = Plan(routes=(Route(shift="s", visits=(there, back), leave_s=0, return_s=301),))
    run = _Run(day, time.monotonic, random.Random(0), 0.0, None, best=broken)
    with pytest.raises(UnfitPlanError) as refused:
        run.result()
    assert [violation.rule for violation in refused.value.violations] == [Rule.SEQUENCE]


def test_a_stage_that_errs_does_not_cost_the_plan_before_it() -> None:
    """100 s driven in 1 s: cheaper than what is right, and not taken."""
    day = problem(trip("a", 1, 2), shift())
    there = TimedVisit(id="a", kind=VisitKind.PICKUP, arrive_s=1, start_s=1)
    back = TimedVisit(id="a", kind=VisitKind.DROPOFF, arrive_s=101, start_s=101)
    broken = Plan(routes=(Route(shift="s", visits=(there, back), leave_s=0, return_s=301),))
    run = _Run(day, time.monotonic, random.Random(0), 0.0, None)
    left = Unassigned(trip="a", reason=Rule.COVERAGE)
    run._keep_best("construct", 0.0, Plan(routes=(), unassigned=(left,)))
    run._keep_best("search", 0.0, broken)
    assert run.stages[-1].outcome == "failed"
    assert run.stages[-1].note.startswith("UnfitPlanError: ")
    assert run.best.shift_of == {}


def test_a_committed_beginning_stays_through_all_stages() -> None:
    day = problem(trip("a", stop(1, 100, 5000), 9), trip("b", 2, 3), shift(committed=visits("+a")))
    result = made(day, rounds=None)
    assert spell(result.plan.routes[0]).startswith("+a")
    assert faults(day, result.plan) == []


@settings(max_examples=20, deadline=None)
@given(st.one_of(problems(), begun_problems().map(lambda pair: pair[0])), st.booleans())
def test_whatever_the_day_its_plan_is_without_fault(day: Problem, is_timed: bool) -> None:
    result = made(day, rounds=None if is_timed else 5, time_limit_s=0.2)
    assert faults(day, result.plan) == []
    assert all(v.severity is Severity.SOFT for v in result.violations)
    assert result.score.total <= score(day, construct(day)).total
    assert all(item.reason is not Rule.COVERAGE for item in result.plan.unassigned)


def test_reading_the_pipeline_loads_no_solver() -> None:
    """Web processes import it, and must stay light."""
    code = "import sys, dispatch.engine.pipeline; sys.exit(bool({'ortools', 'numba'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_first_plan_of_a_large_day_is_compiled() -> None:
    """80 trips in 8 shifts are too many questions for the exact insertion; it is asked about what is left over."""
    day = large_day(trips=80, shifts=8)
    first = construct(day, rough=pipeline._rough)
    assert not faults(day, first)
    assert first.routes != construct(day).routes
    left = [item.trip for item in first.unassigned]
    assert left
    assert not any(list(best_insertions(day, first, trip, limit=1)) for trip in left)
    assert made(day, rounds=1).stages[0].unserved == len(left)


class TestVeryLarge:
    """A very large day is searched in slices; here 30 trips count as one."""

    @pytest.fixture(autouse=True)
    def few_are_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pipeline, "VERY_LARGE", 30)

    def test_it_is_searched_in_slices_where_they_run(self) -> None:
        day, sent = large_day(trips=30, shifts=4), []

        def run(parts: Iterable[Slice]) -> Iterator[Plan]:
            sent.append(parts)
            return in_process(parts)

        result = made(day, rounds=None, time_limit_s=5.0, run_slices=run)
        assert sent
        assert outcomes(result)["search"] in {"taken", "kept"}
        assert faults(day, result.plan) == []

    def test_the_same_seed_gives_the_same_plan_when_rounds_are_counted(self) -> None:
        day = large_day(trips=30, shifts=4)
        assert made(day, seed=3).plan == made(day, seed=3, run_slices=in_process).plan

    def test_or_tools_is_not_asked(self) -> None:
        day = unshared(large_day(trips=30, shifts=1))
        result = made(day, rounds=None, time_limit_s=5.0)
        assert {s.name: s.note for s in result.stages}["solver"] == "day_very_large"
