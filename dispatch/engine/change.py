"""Carries out a change of the plan in force: a trip given to a shift, taken off, swapped, or promised for another time.

One function decides what a change does to the plan, whoever asks: a person who drags a trip, a suggestion, an
autonomous action, and the card that says beforehand what would happen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.fitting import route_for, valid_fit
from dispatch.engine.insertion import Insertion, sequence_in, try_insertion, without
from dispatch.engine.network import Network, Sequence, network_of, retimed
from dispatch.engine.plan import Plan, Route, Unassigned
from dispatch.engine.problem import Problem, Trip
from dispatch.engine.schedule import Refusal
from dispatch.enums import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Give:
    """The trip goes to this shift, at its best place there, wherever it was before."""

    trip: str
    shift: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOff:
    """The trip loses its driver."""

    trip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Two planned trips change shifts."""

    trip: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retime:
    """The trip as it would be: other windows, all else the same. Its driver keeps it, at its best place."""

    trip: Trip


Change = Give | TakeOff | Swap | Retime


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The plan after the changes, valid for `problem` (another one only after a Retime).

    `written`: shifts that took a trip in, whose rides all get the times of `plan`; one that only loses trips keeps
    its rides at the times people know, whatever earlier times `plan` could offer them. `promised_anew`: trips
    that were given other windows.
    """

    problem: Problem
    plan: Plan
    written: frozenset[str] = frozenset()
    promised_anew: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """This trip cannot go to this shift, or leave it; `at` is the plan it was asked of, without the trip."""

    trip: str
    shift: str
    refusal: Refusal
    problem: Problem
    at: Plan


def carry_out(problem: Problem, plan: Plan, changes: Iterable[Change]) -> Carried | Refused:
    """All changes in their order, or the first one that a rule forbids.

    The plan must be valid, and list whom nobody drives. Every route that changes gets its breaks where they suit it
    best, as if it were read from its order alone (`draft.resume`): so the plan read back from the rides is this one.
    Raises InvalidPlanError for a trip or a shift the problem does not know, or a trip to swap that nobody drives.
    """
    return _each(Carried(problem=problem, plan=plan), changes)


def taken_off(problem: Problem, plan: Plan, trip_id: str) -> Plan | Refused:
    """The plan with nobody driving the trip; refused for what has begun, or where the rest cannot go on."""
    shift_id = plan.shift_of.get(trip_id)
    if shift_id is None:
        return plan
    if trip_id in problem.committed_shift:
        refusal = Refusal(rule=Rule.FREEZE_TIME, visit=trip_id)
        return Refused(trip=trip_id, shift=shift_id, refusal=refusal, problem=problem, at=plan)
    network = network_of(problem)
    s = network.shift_index[shift_id]
    rest = without(sequence_in(network, plan, s), network.trip_index[trip_id])
    route = _settled(network, s, rest)
    if route is None:
        refusal = Refusal(rule=Rule.BREAK, visit=trip_id)
        return Refused(trip=trip_id, shift=shift_id, refusal=refusal, problem=problem, at=plan)
    left = Unassigned(trip=trip_id, reason=Rule.COVERAGE)
    return Plan(routes=_with(plan, route), unassigned=(*plan.unassigned, left))


def taken_in(problem: Problem, rest: Plan, insertion: Insertion) -> Plan:
    """The plan with an insertion that was found for it, its breaks set anew where that is better."""
    network = network_of(problem)
    s = network.shift_index[insertion.shift]
    order = network.sequence(network.problem.shifts[s], (v.visit for v in insertion.route.visits))
    route = _settled(network, s, order) or insertion.route
    left = tuple(item for item in rest.unassigned if item.trip != insertion.trip)
    return Plan(routes=_with(rest, route), unassigned=left)


def _each(day: Carried, changes: Iterable[Change]) -> Carried | Refused:
    for change in changes:
        answer = _one(day, change)
        if isinstance(answer, Refused):
            return answer
        day = answer
    return day


def _one(day: Carried, change: Change) -> Carried | Refused:
    if isinstance(change, Give):
        return _given(day, change.trip, change.shift)
    if isinstance(change, TakeOff):
        return _lost(day, change.trip)
    if isinstance(change, Swap):
        return _swapped(day, change)
    return _retimed(day, change.trip)


def _lost(day: Carried, trip_id: str) -> Carried | Refused:
    _refuse_strangers(day.problem, trip_id)
    rest = taken_off(day.problem, day.plan, trip_id)
    return rest if isinstance(rest, Refused) else replace(day, plan=rest)


def _given(day: Carried, trip_id: str, shift_id: str) -> Carried | Refused:
    _refuse_strangers(day.problem, trip_id, shift_id)
    lost = _lost(day, trip_id)
    if isinstance(lost, Refused):
        return replace(lost, shift=shift_id)
    answer = try_insertion(day.problem, lost.plan, trip_id, shift_id)
    if isinstance(answer, Refusal):
        return Refused(
            trip=trip_id, shift=shift_id, refusal=answer, problem=day.problem, at=lost.plan
        )
    plan = taken_in(day.problem, lost.plan, answer)
    return replace(day, plan=plan, written=day.written | {shift_id})


def _swapped(day: Carried, swap: Swap) -> Carried | Refused:
    """Both leave before either comes: each finds the place that the other has left."""
    shift_of = day.plan.shift_of
    if not {swap.trip, swap.other} <= shift_of.keys():
        raise InvalidPlanError(f"Trips {swap.trip} and {swap.other} cannot change places.")
    to, back = shift_of[swap.other], shift_of[swap.trip]
    steps = (
        TakeOff(trip=swap.trip),
        TakeOff(trip=swap.other),
        Give(trip=swap.trip, shift=to),
        Give(trip=swap.other, shift=back),
    )
    return _each(day, steps)


def _retimed(day: Carried, trip: Trip) -> Carried | Refused:
    lost = _lost(day, trip.id)
    if isinstance(lost, Refused):
        return lost
    problem, held_by = retimed(day.problem, trip), day.plan.shift_of.get(trip.id)
    moved = replace(lost, problem=problem, promised_anew=day.promised_anew | {trip.id})
    return moved if held_by is None else _given(moved, trip.id, held_by)


def _settled(network: Network, s: int, sequence: Sequence) -> Route | None:
    """The order with the breaks that have not begun set anew; None when the order does not work."""
    fixed = len(network.problem.shifts[s].committed)
    bare = [node for k, node in enumerate(sequence) if node >= 0 or k < fixed]
    fit = valid_fit(network, s, bare)
    return None if fit is None else route_for(network, s, fit.sequence)


def _with(plan: Plan, route: Route) -> tuple[Route, ...]:
    others = (one for one in plan.routes if one.shift != route.shift)
    return (*others, route)


def _refuse_strangers(problem: Problem, trip_id: str, shift_id: str | None = None) -> None:
    is_known = shift_id is None or shift_id in problem.shift_by_id
    if trip_id not in problem.trip_by_id or not is_known:
        raise InvalidPlanError(f"Trip {trip_id} or shift {shift_id} is unknown.")
