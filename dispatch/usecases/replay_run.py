"""Plans a stored run once more from its own documents, and says how far they can still be trusted; writes nothing."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from dispatch.engine.budget import InForce
from dispatch.engine.errors import EngineError
from dispatch.engine.kpi import Kpi, KpiValue
from dispatch.engine.pipeline import Result, make_plan
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.engine.replan import replan
from dispatch.engine.rules import Violation, hard_violations
from dispatch.models import DispatchRun
from dispatch.usecases.compare_plans import Moved, compare_plans
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.errors import NotFoundError, UseCaseError
from dispatch.usecases.measure_day import predicted_kpis


class Kept(StrEnum):
    """How the stored problem compares with its hash."""

    WHOLE = "whole"
    OLDER_FORMAT = (
        "older_format"  # the document is what was hashed; what it does not say has defaults today
    )


class NotReplayableError(UseCaseError):
    """The run has no plan, or its documents are not what was planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """`before` is the plan the run kept, `after` that of the same problem today.

    The figures of both are measured by the promises as the rows have them now, so that they differ only where
    the plans do; the price of fairness is not among them, since it belongs to a search and not to a plan.
    `has_draft`: False where the run began from a plan in force that it did not keep.
    """

    run: DispatchRun
    kept: Kept
    has_draft: bool
    time_limit_s: float
    problem: Problem
    before: Plan
    before_violations: tuple[Violation, ...]
    result: Result
    after: Plan
    moves: tuple[Moved, ...]
    before_kpis: tuple[KpiValue, ...]
    after_kpis: tuple[KpiValue, ...]


def replay_run(
    *, run_id: int, clock: Callable[[], float], time_limit_s: float | None = None
) -> Replay:
    """The run planned again: its problem, its first draft, its seed, and its seconds if no others are given.

    A search ends by the clock: another machine, or the same one under another load, may find another plan.
    Raises NotFoundError, NotReplayableError, and UnfitPlanError when today's engine errs.
    """
    run = stored_run(run_id)
    before = stored_plan(run)
    problem, kept = _problem(run)
    limit_s = _limit_s(run) if time_limit_s is None else time_limit_s
    result = _planned_again(run, problem, limit_s, clock)
    outside = tuple(item for item in before.unassigned if item.trip not in problem.trip_by_id)
    inside = tuple(item for item in before.unassigned if item.trip in problem.trip_by_id)
    after = replace(result.plan, unassigned=(*result.plan.unassigned, *outside))
    planned = replace(before, unassigned=inside)
    return Replay(
        run=run,
        kept=kept,
        has_draft=run.start is not None or not problem.drivers_in_force,
        time_limit_s=limit_s,
        problem=problem,
        before=before,
        before_violations=hard_violations(problem, planned),
        result=result,
        after=after,
        moves=tuple(compare_plans(before, after, clock=DayClock.of(run.company, run.service_on))),
        before_kpis=_kpis(run, problem, planned, [item.trip for item in outside]),
        after_kpis=_kpis(run, problem, result.plan, [item.trip for item in outside]),
    )


def _planned_again(
    run: DispatchRun, problem: Problem, limit_s: float, clock: Callable[[], float]
) -> Result:
    start = None if run.start is None else Plan.from_json(run.start)
    rng = random.Random(run.seed)
    known = run.based_on.get("known")
    if known is not None and start is not None:
        day = InForce.from_json(problem, start, known)
        return replan(day, time_limit_s=limit_s, rng=rng, clock=clock).result
    return make_plan(problem, start=start, time_limit_s=limit_s, rng=rng, clock=clock)


def stored_run(run_id: int) -> DispatchRun:
    run = DispatchRun.objects.select_related("company").filter(pk=run_id).first()
    if run is None:
        raise NotFoundError(_("There is no planning run %(run)d.") % {"run": run_id})
    return run


def stored_plan(run: DispatchRun) -> Plan:
    """What the run planned; raises NotReplayableError where it planned nothing that can be read."""
    if run.plan is None:
        said = _("Run %(run)d has no plan: its status is “%(status)s”.")
        raise NotReplayableError(said % {"run": run.pk, "status": run.get_status_display()})
    try:
        return Plan.from_json(run.plan)
    except (EngineError, LookupError, TypeError, ValueError) as error:
        raise _unreadable(run) from error


def _problem(run: DispatchRun) -> tuple[Problem, Kept]:
    if _hash(run.problem) != run.problem_hash:
        said = _(
            "The problem of run %(run)d is not the one that was planned: its hash is not the stored one "
            "(%(hash)s…). The row was changed since."
        )
        raise NotReplayableError(said % {"run": run.pk, "hash": run.problem_hash[:12]})
    try:
        problem = Problem.from_json(run.problem)
    except (EngineError, LookupError, TypeError, ValueError) as error:
        raise _unreadable(run) from error
    return problem, Kept.WHOLE if problem.hash == run.problem_hash else Kept.OLDER_FORMAT


def _hash(document: Any) -> str:
    """Of the stored text itself, as `Problem.hash` writes it: today's reader may fill in what it lacks."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _unreadable(run: DispatchRun) -> NotReplayableError:
    said = _("Run %(run)d was kept in a format that this version does not read.")
    return NotReplayableError(said % {"run": run.pk})


def _limit_s(run: DispatchRun) -> float:
    try:
        is_replan = "known" in run.based_on
        return float(run.settings["replan_time_limit_s" if is_replan else "solver_time_limit_s"])
    except (LookupError, TypeError, ValueError) as error:
        said = _("Run %(run)d does not say how long it planned: give a time limit.")
        raise NotReplayableError(said % {"run": run.pk}) from error


def _kpis(
    run: DispatchRun, problem: Problem, plan: Plan, unplannable: list[str]
) -> tuple[KpiValue, ...]:
    values = predicted_kpis(
        company=run.company,
        day=run.service_on,
        problem=problem,
        plan=plan,
        unplannable=unplannable,
    )
    return tuple(value for value in values if value.key is not Kpi.FAIRNESS_PRICE)
