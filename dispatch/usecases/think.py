"""Decides how the day of a run is planned: as a whole, or as a change of what is in force that stays within its budget."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dispatch.engine.draft import resume
from dispatch.engine.pipeline import Result, make_plan
from dispatch.engine.plan import Plan
from dispatch.engine.replan import Replanned, replan
from dispatch.models import DispatchRun
from dispatch.notes import Note, NoteKey
from dispatch.usecases.build_problem import BuiltProblem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_rows import MIN_S
from dispatch.usecases.in_force import in_force

if TYPE_CHECKING:
    from dispatch.engine.decompose import Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """`start`: the plan it began from. `known`: what a re-plan knew of the plan in force beside it, as JSON.

    `is_nothing_new`: the plan in force is as good as it gets, and stands as it is.
    """

    result: Result
    start: Plan | None
    notes: tuple[Note, ...] = ()
    known: dict[str, Any] = field(default_factory=dict)
    is_nothing_new: bool = False


def think(
    run: DispatchRun, built: BuiltProblem, now: datetime, run_slices: Runner | None = None
) -> Thought:
    """The best plan in the time the company gives. Raises InvalidPlanError and UnfitPlanError.

    `run_slices`: who searches the slices of a very large day; here, one after the other, if None.
    """
    if run.is_continuous:
        return _replanned(run, built, now)
    start = resume(built.problem, built.in_force) if built.in_force else None
    result = make_plan(
        built.problem,
        start=start,
        time_limit_s=float(run.company.rules.solver_time_limit_s),
        rng=random.Random(run.seed),
        clock=time.monotonic,
        run_slices=run_slices,
    )
    return Thought(result=result, start=start)


def _replanned(run: DispatchRun, built: BuiltProblem, now: datetime) -> Thought:
    rules, clock = run.company.rules, DayClock.of(run.company, run.service_on)
    day = in_force(built, clock=clock, rules=rules, now=now)
    made = replan(
        day,
        time_limit_s=float(rules.replan_time_limit_s),
        rng=random.Random(run.seed),
        clock=time.monotonic,
    )
    is_nothing_new = not made.gain and not made.unavoidable
    return Thought(
        result=made.result,
        start=day.plan,
        notes=tuple(_notes(made, day.budget, is_nothing_new=is_nothing_new)),
        known=day.known_json(),
        is_nothing_new=is_nothing_new,
    )


def _notes(made: Replanned, budget: int, *, is_nothing_new: bool) -> Iterator[Note]:
    if is_nothing_new:
        yield Note.of(NoteKey.NOTHING_BETTER)
    else:
        yield Note.of(NoteKey.REPLAN_CHANGES, count=len(made.changes), budget=budget)
    if made.unavoidable:
        yield Note.of(NoteKey.REPLAN_UNAVOIDABLE, count=len(made.unavoidable))
    if made.held_back is not None:
        served = len(made.held_back.served)
        yield Note.of(NoteKey.REPLAN_HELD_BACK, count=made.held_back.changes, served=served)
    for broken in made.broken:
        minutes = -(-broken.late_s // MIN_S)
        yield Note.of(NoteKey.PROMISE_BROKEN, trip=broken.trip, minutes=minutes)
