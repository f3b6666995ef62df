"""Which plan a question about a journey is answered from: the one that decided it, or the day as it stands now.

While nothing of the day has moved since a run was put in force, its own problem holds the true reasons. So it
does for a journey that has begun or is about to: nobody weighs that one anew. In every other case what can be
done now is what the question is about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from dispatch.engine.draft import resume
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Problem
from dispatch.enums import BookingStatus
from dispatch.models import Assignment, Booking, DispatchRun
from dispatch.models.statuses import OPEN, UNDER_WAY
from dispatch.notes import Note
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.day_versions import day_versions
from dispatch.usecases.note_sentences import Stored, notes_of_shifts
from dispatch.usecases.references import shift_ref, trip_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBehind:
    """`run`: the run in force, if any. `is_run`: whether problem and plan are its own; else they are of now.

    `has_moved`: whether the day has changed since the run was put in force, or parts of it are frozen by now.
    """

    problem: Problem
    plan: Plan
    run: DispatchRun | None
    is_run: bool
    has_moved: bool
    outside: dict[str, Unassigned]  # trips that are not in the problem, and why
    left_out: dict[int, Note]  # shifts that are not, and why where that is known
    notes: tuple[Stored, ...]


def plan_behind(booking: Booking, now: datetime) -> PlanBehind | None:
    """None for a journey that is over and that the run in force did not decide."""
    runs = DispatchRun.objects.filter(company=booking.company).on_day(booking.service_on)
    run = runs.in_force().order_by("-version").first()
    if run is not None:
        run.company = booking.company
        kept = _of_run(booking, run, now)
        if kept is not None:
            return kept
    if BookingStatus(booking.status) not in OPEN | UNDER_WAY:
        return None
    built = build_problem(company=booking.company, day=booking.service_on, now=now)
    return PlanBehind(
        problem=built.problem,
        plan=resume(built.problem, built.in_force),
        run=run,
        is_run=False,
        has_moved=run is not None,
        outside={item.trip: item for item in built.unplannable},
        left_out=built.left_out,
        notes=tuple(note.to_json() for note in built.notes),
    )


def _of_run(booking: Booking, run: DispatchRun, now: datetime) -> PlanBehind | None:
    """The run's own documents, where they answer."""
    problem, plan = Problem.from_json(run.problem), Plan.from_json(run.plan)
    ride = assignment_of(booking)
    if not _decided(problem, plan, booking, ride):
        return None
    frozen_s = DayClock.of(booking.company, booking.service_on).second(now)
    frozen_s += booking.company.rules.freeze_min * 60
    has_moved = _has_moved(run, problem, plan, frozen_s)
    has_begun = BookingStatus(booking.status) not in OPEN
    is_near = plan.pickup_start_s.get(trip_ref(booking.pk), frozen_s) < frozen_s
    if has_moved and not has_begun and not is_near:
        return None
    known = tuple(item for item in plan.unassigned if item.trip in problem.trip_by_id)
    return PlanBehind(
        problem=problem,
        plan=replace(plan, unassigned=known),
        run=run,
        is_run=True,
        has_moved=has_moved,
        outside={i.trip: i for i in plan.unassigned if i.trip not in problem.trip_by_id},
        left_out=notes_of_shifts(run.notes),
        notes=tuple(run.notes),
    )


def _decided(problem: Problem, plan: Plan, booking: Booking, ride: Assignment | None) -> bool:
    """Whether this run put the journey where it is, and no person has pinned it since."""
    trip_id = trip_ref(booking.pk)
    if ride is None:
        return any(item.trip == trip_id for item in plan.unassigned)
    trip = problem.trip_by_id.get(trip_id)
    was_pinned = trip is not None and trip.pinned_shift is not None
    return plan.shift_of.get(trip_id) == shift_ref(ride.shift_id) and ride.is_pinned == was_pinned


def _has_moved(run: DispatchRun, problem: Problem, plan: Plan, frozen_s: int) -> bool:
    """Rows or rules changed since the run was put in force, or the next pickup is too close to change."""
    pickups = (s for trip, s in plan.pickup_start_s.items() if trip not in problem.committed_shift)
    if min(pickups, default=frozen_s) < frozen_s:
        return True
    if run.settings != run.company.rules.model_dump(mode="json"):
        return True
    return bool(run.based_on.get("left") != day_versions(run.company, run.service_on))
