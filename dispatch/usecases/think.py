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
from dispatch.engine.stability import is_change
from dispatch.models import DispatchRun
from dispatch.notes import Note, NoteKey
from dispatch.usecases.build_problem import BuiltProblem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_rows import MIN_S
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.in_force import in_force
from dispatch.usecases.references import trip_ref

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
    on_the_road = tuple(_moved_on_the_road(built, made.result.plan, clock))
    is_nothing_new = not made.gain and not made.unavoidable and not on_the_road
    notes = _notes(made, day.budget, len(on_the_road), is_nothing_new=is_nothing_new)
    return Thought(
        result=made.result,
        start=day.plan,
        notes=(*notes, *on_the_road),
        known=day.known_json(),
        is_nothing_new=is_nothing_new,
    )


def _moved_on_the_road(built: BuiltProblem, plan: Plan, clock: DayClock) -> Iterator[Note]:
    """Who waits for a second vehicle and is fetched noticeably earlier or later than planned: committed, so forced."""
    for booking in built.bookings:
        row, start_s = assignment_of(booking), plan.pickup_start_s.get(trip_ref(booking.pk))
        if booking.waits_at is None or row is None or start_s is None:
            continue
        before_s = clock.second(row.planned_pickup_at)
        if is_change(same_driver=True, slide_s=start_s - before_s):
            yield Note.of(
                NoteKey.ROAD_PICKUP_MOVED,
                trip=trip_ref(booking.pk),
                at=clock.shown(start_s),
                before=clock.shown(before_s),
            )


def _notes(
    made: Replanned, budget: int, on_the_road: int, *, is_nothing_new: bool
) -> Iterator[Note]:
    """`on_the_road`: how many of those who wait there are fetched at another time."""
    if is_nothing_new:
        yield Note.of(NoteKey.NOTHING_BETTER)
    elif made.changes:
        yield Note.of(NoteKey.REPLAN_CHANGES, count=len(made.changes), budget=budget)
    else:
        yield Note.of(NoteKey.REPLAN_KEEPS)
    if forced := len(made.unavoidable) + on_the_road:
        yield Note.of(NoteKey.REPLAN_UNAVOIDABLE, count=forced)
    if made.held_back is not None:
        served = len(made.held_back.served)
        yield Note.of(NoteKey.REPLAN_HELD_BACK, count=made.held_back.changes, served=served)
    for broken in made.broken:
        minutes = -(-broken.late_s // MIN_S)
        yield Note.of(NoteKey.PROMISE_BROKEN, trip=broken.trip, minutes=minutes)
