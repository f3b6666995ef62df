"""The day with windows so narrow that nobody notices what a plan changes, and with the price that a change has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dispatch.engine.budget import InForce
from dispatch.engine.draft import resume
from dispatch.engine.fitting import route_for, valid_fit
from dispatch.engine.network import Network, narrowed, network_of
from dispatch.engine.plan import Plan, Route
from dispatch.engine.problem import Problem, Stop, Trip, Visit, middle_s
from dispatch.engine.stability import NOTICED_S
from dispatch.enums import VisitKind

UNNOTICED_S = NOTICED_S - 1
Starts = dict[tuple[str, VisitKind], int]
LEAST_CHANGE = 100  # where the company has no price for it: a change for nothing is no improvement


def going_on(
    problem: Problem,
    orders: Mapping[str, tuple[Visit, ...]],
    *,
    told_s: Mapping[str, int],
    frozen_until_s: int,
) -> Plan:
    """The routes in force timed anew (`draft.resume`), nobody noticeably sooner than was told where that can wait.

    A journey that falls out before them makes room: a clock alone would bring everybody behind it forward, and what
    nobody chose would look as if it could not be helped.
    """
    trips = tuple(
        replace(trip, pickup=_from(trip.pickup, _soonest(told_s[trip.id], frozen_until_s)))
        if trip.id in told_s and trip.id not in problem.committed_shift
        else trip
        for trip in problem.trips
    )
    waiting = network_of(narrowed(problem, trips, weights=problem.settings.weights))
    plain = resume(problem, orders)
    routes = (_as_told(waiting, route) or route for route in plain.routes)
    return replace(plain, routes=tuple(routes))


def _as_told(waiting: Network, route: Route) -> Route | None:
    s = waiting.shift_index[route.shift]
    order = (timed.visit for timed in route.visits if timed.kind is not VisitKind.BREAK)
    fit = valid_fit(waiting, s, waiting.sequence(waiting.problem.shifts[s], order))
    return None if fit is None else route_for(waiting, s, fit.sequence)


def _soonest(told_s: int, frozen_until_s: int) -> int:
    return max(told_s - UNNOTICED_S, min(told_s, frozen_until_s))


def unnoticed(
    day: InForce,
    plan: Plan,
    *,
    dearer: int = 1,
    is_pinned: bool = False,
    holds_lost: bool = True,
) -> Problem:
    """Pickups that people know stay within five minutes of what was told or forced, promises that `plan` keeps stay
    kept, and no trip gets later than `plan` has it where it breaks one.

    `plan` is valid in it. Another driver costs `dearer` times what the company says; with `is_pinned` it is out of
    the question. Who has lost the driver may have any, at about the time that was told; without `holds_lost` at any.
    """
    told = frozenset(day.told) - (frozenset() if holds_lost else day.lost)
    return _clipped(day, plan, told, dearer=dearer, is_pinned=is_pinned)


def as_promised(day: InForce, plan: Plan, *, in_time: str | None = None) -> Problem:
    """Promises that `plan` keeps stay kept, and so is that of the trip `in_time`; who waits may notice."""
    return _clipped(day, plan, frozenset(), in_time=in_time)


def _clipped(
    day: InForce,
    plan: Plan,
    told: frozenset[str],
    *,
    dearer: int = 1,
    is_pinned: bool = False,
    in_time: str | None = None,
) -> Problem:
    """`told`: the trips that stay near the time that people know."""
    starts, begun = _starts(plan), _begun(day)
    trips = []
    for trip in day.problem.trips:
        is_promised = trip.id == in_time
        trip = _walled(day, trip)  # noqa: PLW2901
        trip = _kept(day, trip, {} if is_promised else starts)  # noqa: PLW2901
        if trip.id in day.problem.committed_shift:
            trip = _fixed(trip, begun, starts)  # noqa: PLW2901
        elif trip.id in day.problem.driver_in_force:
            trip = _told(day, trip, plan) if trip.id in told else trip  # noqa: PLW2901
            trip = _pinned(day, trip, plan) if is_pinned else trip  # noqa: PLW2901
        trips.append(trip)
    weights = day.problem.settings.weights
    price = dearer * max(weights.moved_to_other_driver, LEAST_CHANGE)
    return narrowed(
        day.problem, tuple(trips), weights=replace(weights, moved_to_other_driver=price)
    )


def _starts(plan: Plan) -> Starts:
    return {(v.id, v.kind): v.start_s for route in plan.routes for v in route.visits}


def _begun(day: InForce) -> frozenset[Visit]:
    return frozenset(visit for shift in day.problem.shifts for visit in shift.committed)


def _walled(day: InForce, trip: Trip) -> Trip:
    """Never brought forward into the freeze time: the wall stands before promises, which give way to it."""
    is_known = trip.id in day.problem.driver_in_force and trip.id in day.told
    if not is_known or trip.id in day.problem.committed_shift:
        return trip
    return replace(trip, pickup=_from(trip.pickup, day.wall_s(trip.id)))


def _kept(day: InForce, trip: Trip, starts: Starts) -> Trip:
    """No later than promised, or than now where the promise is broken already."""
    promise = day.promised.get(trip.id)
    if promise is None:
        return trip
    pickup = starts.get((trip.id, VisitKind.PICKUP), promise.pickup_s)
    dropoff = starts.get((trip.id, VisitKind.DROPOFF), promise.dropoff_s)
    return replace(
        trip,
        pickup=_until(trip.pickup, max(promise.pickup_s, pickup)),
        dropoff=_until(trip.dropoff, max(promise.dropoff_s, dropoff)),
    )


def _fixed(trip: Trip, begun: frozenset[Visit], starts: Starts) -> Trip:
    """What is committed begins when it did; who is on board may still be driven on in another order."""
    ends = {}
    for kind, stop in ((VisitKind.PICKUP, trip.pickup), (VisitKind.DROPOFF, trip.dropoff)):
        if Visit(trip.id, kind) in begun:
            second = starts[trip.id, kind]
            stop = replace(stop, earliest_s=second, latest_s=second, clock_s=middle_s(stop))  # noqa: PLW2901
        ends[kind] = stop
    return replace(trip, pickup=ends[VisitKind.PICKUP], dropoff=ends[VisitKind.DROPOFF])


def _told(day: InForce, trip: Trip, plan: Plan) -> Trip:
    """About when people were told, or as late as was forced; who comes at another time by choice is free."""
    first_s, last_s = day.expected_s(trip.id)
    first_s, last_s = first_s - UNNOTICED_S, last_s + UNNOTICED_S
    stop = trip.pickup
    start_s = plan.pickup_start_s.get(trip.id, max(first_s, stop.earliest_s))
    if not first_s <= start_s <= min(last_s, stop.latest_s):
        return trip
    return replace(trip, pickup=_until(_from(stop, first_s), last_s))


def _pinned(day: InForce, trip: Trip, plan: Plan) -> Trip:
    if trip.id in day.lost:
        return trip
    return replace(trip, pinned_shift=plan.shift_of[trip.id])


def _until(stop: Stop, second: int) -> Stop:
    latest = max(min(stop.latest_s, second), stop.earliest_s)
    return replace(stop, latest_s=latest, clock_s=middle_s(stop))


def _from(stop: Stop, second: int) -> Stop:
    earliest = min(max(stop.earliest_s, second), stop.latest_s)
    return replace(stop, earliest_s=earliest, clock_s=middle_s(stop))
