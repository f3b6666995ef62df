"""Decides whether the plan of a finished run can still be driven, by the day as it is at this moment.

Versions of bookings and shifts tell what people changed there; absences, vehicles, patients and the clock
have none, and a plan that stands until noon may be impossible by then. So every plan is judged once more, by the
engine's rules on a problem built anew, before it is put in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from dispatch.engine.draft import resume
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Problem, Visit
from dispatch.engine.rules import hard_violations
from dispatch.engine.schedule import Refusal, time_route
from dispatch.enums import BookingStatus, Rule, VisitKind
from dispatch.models import Booking, DispatchRun
from dispatch.usecases.build_problem import BuiltProblem, build_problem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.freeze_wall import Wall, behind_walls, brought_forward, noticed, walls
from dispatch.usecases.note_sentences import note_sentence
from dispatch.usecases.references import row_id, trip_ref
from dispatch.usecases.wording import refusal_sentence, unassigned_sentences


class UnfitNowError(UseCaseError):
    """These trips (references such as `b12`) can no longer be driven as the run has them; `why`: a sentence for each of
    which it is known.
    """

    def __init__(self, trips: frozenset[str], why: Mapping[str, str]) -> None:
        super().__init__(" ".join(sorted(trips)))
        self.trips, self.why = trips, why


def retime_plan(*, run: DispatchRun, now: datetime) -> tuple[Problem, Plan]:
    """The day as it is, and the run's routes in it: as they were, or in the same order at the times left.

    May ask the road server: not to be called in a transaction. Raises UnfitNowError; NothingToPlanError when
    the day has become empty. Nobody who was told a time is brought forward into the freeze time of this moment, and
    what was driven to its end meanwhile is left out.
    """
    built = build_problem(company=run.company, day=run.service_on, now=now)
    problem, plan = built.problem, _still_to_drive(Plan.from_json(run.plan), built.problem)
    clock = DayClock.of(run.company, run.service_on)
    gone = frozenset(
        trip
        for trip, shift in plan.shift_of.items()
        if trip not in problem.trip_by_id or shift not in problem.shift_by_id
    )
    if gone:
        raise UnfitNowError(gone, dict(_why_gone(built, plan, gone, clock)))
    found = _judged(problem, plan, clock)
    return problem, _behind_walls(problem, found, walls(built, clock=clock, now=now), clock)


def _still_to_drive(plan: Plan, problem: Problem) -> Plan:
    missing = [row_id(trip) for trip in plan.shift_of if trip not in problem.trip_by_id]
    driven = Booking.objects.filter(pk__in=missing, status=BookingStatus.COMPLETED)
    over = {trip_ref(pk) for pk in driven.values_list("pk", flat=True)}
    routes = (
        replace(route, visits=tuple(visit for visit in route.visits if visit.id not in over))
        for route in plan.routes
    )
    return replace(plan, routes=tuple(routes))


def _behind_walls(problem: Problem, found: Plan, known: dict[str, Wall], clock: DayClock) -> Plan:
    """The plan, timed anew where it would bring somebody forward into the freeze time; some seconds nobody notices
    pass where that does not work.
    """
    if not brought_forward(found, known):
        return found
    try:
        return _in_order(behind_walls(problem, known), found, clock)
    except UnfitNowError as error:
        why = noticed(found, known, clock=clock)
        if why:
            raise UnfitNowError(frozenset(why), why) from error
        return found


def _judged(problem: Problem, plan: Plan, clock: DayClock) -> Plan:
    standing = _with_the_rest(problem, plan)
    if _knows_all_breaks(problem, plan) and not hard_violations(problem, standing):
        return standing
    return _in_order(problem, plan, clock)


def _why_gone(
    built: BuiltProblem, plan: Plan, gone: frozenset[str], clock: DayClock
) -> Iterator[tuple[str, str]]:
    unplannable = {item.trip: item for item in built.unplannable}
    for trip in sorted(gone):
        note = built.left_out.get(row_id(plan.shift_of[trip]))
        if note is not None:
            yield trip, note_sentence(note)
        elif trip in unplannable:
            yield trip, unassigned_sentences(unplannable[trip], clock)


def _with_the_rest(problem: Problem, plan: Plan) -> Plan:
    """The plan as one of this problem: what it does not drive stays unassigned."""
    driven = plan.shift_of.keys()
    left = (trip.id for trip in problem.trips if trip.id not in driven)
    routes = tuple(route for route in plan.routes if route.shift in problem.shift_by_id)
    return Plan(
        routes=routes,
        unassigned=tuple(Unassigned(trip=trip, reason=Rule.COVERAGE) for trip in left),
    )


def _knows_all_breaks(problem: Problem, plan: Plan) -> bool:
    """A break whose hour has passed is in no problem any more."""
    known = {pause.id for shift in problem.shifts for pause in shift.breaks}
    return all(
        visit.id in known
        for route in plan.routes
        for visit in route.visits
        if visit.kind is VisitKind.BREAK
    )


def _in_order(problem: Problem, plan: Plan, clock: DayClock) -> Plan:
    """Every route in its order, timed anew with its breaks. Raises UnfitNowError for what is left behind."""
    known = {pause.id for shift in problem.shifts for pause in shift.breaks}
    orders: dict[str, tuple[Visit, ...]] = {
        route.shift: tuple(
            visit.visit
            for visit in route.visits
            if visit.kind is not VisitKind.BREAK or visit.id in known
        )
        for route in plan.routes
        if route.shift in problem.shift_by_id
    }
    try:
        found = resume(problem, orders)
    except InvalidPlanError as error:
        raise UnfitNowError(frozenset(plan.shift_of), {}) from error
    lost = frozenset(
        trip for trip, shift in plan.shift_of.items() if found.shift_of.get(trip) != shift
    )
    if lost:
        raise UnfitNowError(lost, dict(_why_lost(problem, found, orders, lost, clock)))
    return found


def _why_lost(
    problem: Problem,
    found: Plan,
    orders: Mapping[str, tuple[Visit, ...]],
    lost: frozenset[str],
    clock: DayClock,
) -> Iterator[tuple[str, str]]:
    """The rule that each of them breaks in its place beside those of its tour that stay."""
    for shift, order in orders.items():
        stay = found.route_of[shift].trip_ids
        for trip in sorted(lost & {visit.id for visit in order}):
            beside = tuple(
                visit
                for visit in order
                if visit.kind is VisitKind.BREAK or visit.id in {*stay, trip}
            )
            answer = time_route(problem, problem.shift_by_id[shift], beside)
            if isinstance(answer, Refusal):
                yield trip, refusal_sentence(problem, answer, trip, shift, clock=clock)
