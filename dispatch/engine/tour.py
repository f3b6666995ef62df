"""A shift's way of the day as its rides stand: the hours people keep, not the earlier ones an order could offer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import NamedTuple

from dispatch.engine.legs import Leg, break_of, legs, stop_of
from dispatch.engine.plan import Route, TimedVisit
from dispatch.engine.problem import Problem, Shift
from dispatch.enums import VisitKind


class Ride(NamedTuple):
    """The planned pickup and drop-off of a trip that people know of (seconds of the day).

    `noticed_s`: the pickup that the waiting patient last took note of; None when nobody waits any more.
    """

    pickup_s: int
    dropoff_s: int
    noticed_s: int | None


class Tour(NamedTuple):
    """Seconds of leaving the base and being back, the sums, and how much lies after duty.

    Seconds are 0 for a shift that does not drive.
    """

    trips: int
    leave_s: int
    back_s: int
    overtime_s: int
    driving_s: int
    metres: int
    empty_metres: int


NO_TOUR = Tour(trips=0, leave_s=0, back_s=0, overtime_s=0, driving_s=0, metres=0, empty_metres=0)


def tour_of(problem: Problem, route: Route, rides: Mapping[str, Ride]) -> Tour:
    """The route with its stops at the times of these rides; a vehicle that is late comes as soon as it can.

    Rides do not say when the driver rests: a break between two of them gives way, one at either end does not.
    """
    if not route.trip_ids:
        return NO_TOUR
    shift = problem.shift_by_id[route.shift]
    ways = legs(problem, shift, route)
    leave_s, free_s = _way(problem, shift, ways, rides)
    early, late = _rests(route.visits), _rests(route.visits[::-1])
    if early:
        leave_s -= sum(break_of(shift, visit).duration_s for visit in early)
        leave_s = min(leave_s, route.leave_s)
    for visit in reversed(late):
        pause = break_of(shift, visit)
        free_s = max(free_s, pause.earliest_s) + pause.duration_s
    back_s = free_s + ways[-1].driving_s
    return Tour(
        trips=len(route.trip_ids),
        leave_s=leave_s,
        back_s=back_s,
        overtime_s=shift.overtime_s(back_s),
        driving_s=sum(leg.driving_s for leg in ways),
        metres=sum(leg.metres for leg in ways),
        empty_metres=sum(leg.metres for leg in ways if not leg.riders),
    )


def _way(
    problem: Problem, shift: Shift, ways: Iterable[Leg], rides: Mapping[str, Ride]
) -> tuple[int, int]:
    """When to leave for the first stop, and when the last one is over."""
    free_s, leaving_s = shift.start_s, []
    for leg in ways:
        if leg.visit is None or leg.visit.kind is VisitKind.BREAK:
            continue
        reached_s = free_s + leg.driving_s + leg.margin_s
        start_s = max(reached_s, _told_s(leg.visit, rides[leg.visit.id]))
        leaving_s.append(start_s - leg.driving_s)
        free_s = start_s + stop_of(problem, leg.visit).service_s
    return leaving_s[0], free_s


def _told_s(visit: TimedVisit, ride: Ride) -> int:
    """A pickup that has begun is where the plan has it, whatever had been planned."""
    if visit.kind is VisitKind.DROPOFF:
        return ride.dropoff_s
    return visit.start_s if ride.noticed_s is None else ride.pickup_s


def _rests(visits: Iterable[TimedVisit]) -> list[TimedVisit]:
    """The breaks before the first stop."""
    return list(takewhile(lambda visit: visit.kind is VisitKind.BREAK, visits))
