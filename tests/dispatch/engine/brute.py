"""Answers nobody can doubt because nothing clever finds them: Bellman–Ford, and trying every order.

Everything is counted from `Problem` alone (its legs, limits and sharing rules), none of it from the tables
or the schedules of the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dispatch.engine.problem import Load, Problem, Shift, Stop, Visit
from dispatch.enums import VisitKind

ZERO, LEAVE, FIRST = (
    0,
    1,
    2,
)  # variables: the clock's zero, leaving the base, the visits …, the return


class Edge(NamedTuple):
    """`later >= earlier + by`."""

    earlier: int
    later: int
    by: int


class Times(NamedTuple):
    starts: list[int]
    leave: int
    back: int


def edges(problem: Problem, shift: Shift, visits: tuple[Visit, ...]) -> list[Edge]:
    """The whole system of difference constraints of visits in this order."""
    found = [Edge(ZERO, LEAVE, shift.start_s)]
    here: Stop | None = None
    leaving, lasts = LEAVE, 0
    aboard: dict[str, int] = {}
    for node, visit in enumerate(visits, start=FIRST):
        if visit.kind is VisitKind.BREAK:
            pause = next(pause for pause in shift.breaks if pause.id == visit.id)
            found += _within(node, pause.earliest_s, pause.latest_s)
            way, after = 0, pause.duration_s
        else:
            stop = _stop(problem, visit)
            found += _within(node, stop.earliest_s, stop.latest_s)
            way, after = _leg(problem, shift, here, visit, bool(aboard)), stop.service_s
            here = stop
        found.append(Edge(leaving, node, lasts + way))
        if leaving == LEAVE:
            found.append(Edge(node, LEAVE, -way))  # nobody loiters on the way to the first stop
        if visit.kind is VisitKind.PICKUP:
            aboard[visit.id] = node
        if visit.kind is VisitKind.DROPOFF:
            trip = problem.trip_by_id[visit.id]
            longest = trip.pickup.service_s + problem.ride_limit_s(trip)
            found.append(Edge(node, aboard.pop(visit.id), -longest))
        leaving, lasts = node, after
    back = FIRST + len(visits)
    way = 0 if here is None else problem.leg_s(here, None, shift)
    found += [Edge(leaving, back, lasts + way), Edge(back, leaving, -lasts - way)]
    found.append(Edge(back, ZERO, -shift.end_s))
    if shift.max_duration_s is not None:
        found.append(Edge(back, LEAVE, -shift.max_duration_s))
    return found


def _within(node: int, low: int, high: int) -> list[Edge]:
    return [Edge(ZERO, node, low), Edge(node, ZERO, -high)]


def _stop(problem: Problem, visit: Visit) -> Stop:
    trip = problem.trip_by_id[visit.id]
    return trip.pickup if visit.kind is VisitKind.PICKUP else trip.dropoff


def _leg(problem: Problem, shift: Shift, here: Stop | None, visit: Visit, is_loaded: bool) -> int:
    there = _stop(problem, visit)
    way = problem.leg_s(here, there, shift)
    is_next_trip = here is not None and visit.kind is VisitKind.PICKUP and not is_loaded
    if is_next_trip and here is not None and here.location != there.location:
        way += problem.settings.transition_margin_s
    return way


def least_times(problem: Problem, shift: Shift, visits: tuple[Visit, ...]) -> Times | None:
    """The least solution by Bellman–Ford (longest paths from zero), or None when there is none."""
    found = edges(problem, shift, visits)
    size = len(visits) + 3
    least = [0] + [-(10**15)] * (size - 1)
    for _ in range(size + 1):
        changed = False
        for edge in found:
            if least[edge.earlier] + edge.by > least[edge.later]:
                least[edge.later] = least[edge.earlier] + edge.by
                changed = True
        if least[ZERO] > 0:
            return None
        if not changed:
            return Times(least[FIRST:-1], least[LEAVE], least[-1])
    return None


def solves(problem: Problem, shift: Shift, visits: tuple[Visit, ...], times: Times) -> bool:
    values = [0, times.leave, *times.starts, times.back]
    return all(
        values[edge.later] >= values[edge.earlier] + edge.by
        for edge in edges(problem, shift, visits)
    )


def may_carry(problem: Problem, shift: Shift, visits: tuple[Visit, ...]) -> bool:
    """Every rule that needs no clock: order, places, pooling, skills, drivers, caps, breaks, what is committed."""
    if visits[: len(shift.committed)] != shift.committed:
        return False
    aboard: list[str] = []
    carried = 0
    for visit in visits:
        if visit.kind is VisitKind.BREAK:
            if aboard:
                return False
        elif visit.kind is VisitKind.DROPOFF:
            if visit.id not in aboard:
                return False
            aboard.remove(visit.id)
        else:
            carried += 1
            if not _may_board(problem, shift, visit.id, aboard):
                return False
            aboard.append(visit.id)
    rested = {visit.id for visit in visits if visit.kind is VisitKind.BREAK}
    owed = {pause.id for pause in shift.breaks if pause.mandatory}
    return (
        not aboard
        and (shift.max_trips is None or carried <= shift.max_trips)
        and (not carried or owed <= rested)
    )


def _may_board(problem: Problem, shift: Shift, name: str, aboard: list[str]) -> bool:
    trip = problem.trip_by_id[name]
    others = [problem.trip_by_id[other] for other in aboard]
    taken = [trip.load, *(other.load for other in others)]
    total = Load(*(sum(places) for places in zip(*taken, strict=True)))
    fits = any(
        all(t <= offered for t, offered in zip(total, places, strict=True))
        for places in shift.configurations
    )
    begun_by = problem.committed_shift.get(name)
    welcome = begun_by == shift.id or (
        begun_by is None
        and trip.pinned_shift in {None, shift.id}
        and shift.driver not in trip.excluded_drivers
        and trip.needs <= shift.capabilities
    )
    return fits and welcome and all(problem.may_share(trip, other) for other in others)


def feasible(problem: Problem, shift: Shift, visits: tuple[Visit, ...]) -> bool:
    return may_carry(problem, shift, visits) and least_times(problem, shift, visits) is not None


def insertions(
    problem: Problem, shift: Shift, visits: tuple[Visit, ...], name: str
) -> Iterator[tuple[Visit, ...]]:
    """Every feasible route with one trip more: the others in their order, the breaks anywhere or nowhere."""
    done = len(shift.committed)
    rest = [visit for visit in visits[done:] if visit.kind is not VisitKind.BREAK]
    for stops in _orders_with(visits[:done], tuple(rest), name):
        for full in with_breaks(shift, stops):
            if feasible(problem, shift, full):
                yield full


def _orders_with(
    done: tuple[Visit, ...], rest: tuple[Visit, ...], name: str
) -> Iterator[tuple[Visit, ...]]:
    on, off = Visit(name, VisitKind.PICKUP), Visit(name, VisitKind.DROPOFF)
    for i in range(len(rest) + 1):
        for j in range(i, len(rest) + 1):
            yield (*done, *rest[:i], on, *rest[i:j], off, *rest[j:])


def with_breaks(shift: Shift, visits: tuple[Visit, ...]) -> Iterator[tuple[Visit, ...]]:
    """Every way to put any of the breaks that are not yet there behind what is committed."""
    missing = [pause for pause in shift.breaks if Visit(pause.id, VisitKind.BREAK) not in visits]
    found = {visits}
    for pause in missing:
        rest = Visit(pause.id, VisitKind.BREAK)
        found |= {
            (*order[:k], rest, *order[k:])
            for order in found
            for k in range(len(shift.committed), len(order) + 1)
        }
    yield from sorted(found)
