"""Plans a day up to three times between fair and cheap, and keeps each plan as a proposal of its own.

Each is a run like any other: it is looked at, applied by `apply_plan` with all its checks, or discarded.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime

from django.db import transaction

from dispatch.engine.cost import score
from dispatch.engine.draft import resume
from dispatch.engine.fairness import fairness
from dispatch.engine.fairness_price import without_fairness
from dispatch.engine.pareto import Choice, Choices, fair_choices
from dispatch.engine.pipeline import Result, make_plan, make_ready
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.enums import RunStatus, RunTrigger
from dispatch.models import Company, DispatchRun, User
from dispatch.notes import Note, NoteKey
from dispatch.usecases.apply_plan import BESIDE
from dispatch.usecases.build_problem import BuiltProblem, build_problem
from dispatch.usecases.day_content import refuse_past_day
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import keep_result, lease_run, told_if_failed
from dispatch.usecases.think import Thought

EACH_S = 3.0  # of search for each plan, unless the company plans quicker; there are up to six


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """What a choice goes by: `cost` by the company's weights with fairness priced at nothing, and without the price of who
    is left over; over the fairness window the `gap` in trips per eight hours, and the `gini` of the loads.
    """

    cost: int
    gap: float
    gini: float
    served: int
    unserved: int


@dataclass(frozen=True, kw_only=True)
class Offered(Weighed):
    """A plan between fair and cheap.

    `price`: what it costs more than the cheapest beside it, `evens` and `evens_gini`: that one's gap and Gini; `weight`: of fairness, as it was
    planned with.
    """

    run: DispatchRun
    weight: int
    price: int
    evens: float
    evens_gini: float


def offer_choices(
    *,
    company: Company,
    day: date,
    trigger: RunTrigger,
    by: User | None,
    clock: Callable[[], datetime],
) -> list[int]:
    """The numbers of the runs, the cheapest first: one to three; nothing in force changes.

    Raises what `run_dispatch` raises, and NothingToPlanError.
    """
    make_ready()
    run = lease_run(request_run(company=company, day=day, trigger=trigger, by=by).pk, clock())
    with told_if_failed(run, clock):
        refuse_past_day(company=company, day=day, now=clock())
        built = build_problem(company=company, day=day, now=clock())
        start = resume(built.problem, built.in_force) if built.in_force else None
        found = fair_choices(built.problem, plan=_planner(run), start=start)
        return _kept(run, built, start, found, clock())


def _planner(run: DispatchRun) -> Callable[[Problem, Plan | None], Result]:
    def planned(problem: Problem, start: Plan | None) -> Result:
        return make_plan(
            problem,
            start=start,
            time_limit_s=min(EACH_S, float(run.company.rules.solver_time_limit_s)),
            rng=random.Random(run.seed),
            clock=time.monotonic,
        )

    return planned


@transaction.atomic
def _kept(
    run: DispatchRun, built: BuiltProblem, start: Plan | None, found: Choices, now: datetime
) -> list[int]:
    """The run that was leased has the cheapest; the others get runs of their own, or none of them is there."""
    rows = [run, *(_one_more(run) for _another in found.choices[1:])]
    beside = {BESIDE: [row.pk for row in rows]}
    for row, choice in zip(rows, found.choices, strict=True):
        leased = run if row is run else lease_run(row.pk, run.started_at or now)
        thought = Thought(result=_priced(choice), start=start)
        keep_result(leased, _as_planned(built, choice, len(rows)), thought, now, seen=beside)
    return [row.pk for row in rows]


def _one_more(run: DispatchRun) -> DispatchRun:
    return request_run(
        company=run.company,
        day=run.service_on,
        trigger=RunTrigger(run.trigger),
        by=run.requested_by,
    )


def _as_planned(built: BuiltProblem, choice: Choice, count: int) -> BuiltProblem:
    usual = built.problem.settings.weights.fairness_per_trip_squared
    note = Note.of(NoteKey.FAIRNESS_WEIGHED, count=count, weight=choice.weight, usual=usual)
    return replace(built, problem=choice.problem, notes=(*built.notes, note))


def _priced(choice: Choice) -> Result:
    """What it costs more than a plan beside it is a price of fairness, too: the larger bound is the nearer one."""
    return replace(
        choice.result, fairness_price=max(choice.price, choice.result.fairness_price or 0)
    )


def offered_choices(company: Company, day: date, runs: list[int]) -> list[Offered]:
    """Those of these runs that wait for an answer, the cheapest first, measured from what they keep."""
    rows = DispatchRun.objects.filter(company=company, pk__in=runs).on_day(day)
    rows = rows.filter(status=RunStatus.DONE, applied_at=None).select_related("company")
    found = sorted((_measured(row) for row in rows), key=lambda one: (one.cost, one.run.pk))
    return [
        replace(
            one,
            price=one.cost - found[0].cost,
            evens=found[0].gap,
            evens_gini=found[0].gini,
        )
        for one in found
    ]


def standing_beside(offered: list[Offered]) -> Weighed | None:
    """The plan in force as these began from it, as far as it can be driven; None where there was none."""
    run = offered[0].run if offered else None
    if run is None or run.start is None:
        return None
    return _weighed(run.company, Problem.from_json(run.problem), Plan.from_json(run.start))


def chosen_of(company: Company, day: date, runs: list[int]) -> DispatchRun | None:
    """The one of these runs that is in force."""
    rows = DispatchRun.objects.filter(company=company, pk__in=runs).on_day(day).in_force()
    return rows.without_documents().first()


def _measured(run: DispatchRun) -> Offered:
    problem = Problem.from_json(run.problem)
    weighed = _weighed(run.company, problem, Plan.from_json(run.plan))
    return Offered(
        run=run,
        weight=problem.settings.weights.fairness_per_trip_squared,
        price=0,
        evens=weighed.gap,
        evens_gini=weighed.gini,
        **{part.name: getattr(weighed, part.name) for part in fields(Weighed)},
    )


def _weighed(company: Company, problem: Problem, plan: Plan) -> Weighed:
    inside = tuple(item for item in plan.unassigned if item.trip in problem.trip_by_id)
    priced = score(_by_the_company(company, problem), replace(plan, unassigned=inside))
    loads = fairness(problem, plan)
    return Weighed(
        cost=priced.total - priced.unserved,
        gap=loads.gap,
        gini=loads.gini,
        served=len(plan.shift_of),
        unserved=len(plan.unassigned),
    )


def _by_the_company(company: Company, problem: Problem) -> Problem:
    """One currency for all: with strong fairness emergency drivers were made dearer, too (see `pareto`)."""
    usual = replace(problem.settings.weights, emergency_shift=company.rules.weights.emergency)
    return without_fairness(replace(problem, settings=replace(problem.settings, weights=usual)))
