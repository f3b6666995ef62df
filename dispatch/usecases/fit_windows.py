"""Windows that only the travel times can settle: how late a ride may end, and how late the plan in force is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dispatch.engine.fitting import begun, route_for, valid_fit
from dispatch.engine.misfits import most_kept
from dispatch.engine.network import Network, network_of
from dispatch.engine.plan import Route
from dispatch.engine.problem import DAY_S, Problem, Shift, Stop, Trip, Visit
from dispatch.engine.schedule import timed
from dispatch.enums import VisitKind

FAR_S = 3 * DAY_S


def fit_windows(
    problem: Problem, orders: Mapping[str, tuple[Visit, ...]], *, now_s: int
) -> Problem:
    """`orders`: shift → the visits of the plan in force that are still to be made, in their order."""
    trips = tuple(fitted(problem, trip, now_s=now_s) for trip in problem.trips)
    return _restless(_stretched(replace(problem, trips=trips), orders))


def fitted(problem: Problem, trip: Trip, *, now_s: int) -> Trip:
    """The drop-off ends with the longest ride; it may be early if the promised window leaves no choice, but not over."""
    boarded_s = trip.pickup.latest_s + trip.pickup.service_s
    latest = min(trip.dropoff.latest_s, boarded_s + problem.ride_limit_s(trip))
    reachable = boarded_s + problem.direct_s(trip)
    earliest = min(trip.dropoff.earliest_s, max(reachable, trip.pickup.earliest_s, now_s))
    return replace(
        trip,
        pickup=_clocked(trip.pickup, trip.pickup.earliest_s, trip.pickup.latest_s),
        dropoff=_clocked(trip.dropoff, earliest, max(latest, earliest)),
    )


def _clocked(stop: Stop, earliest_s: int, latest_s: int) -> Stop:
    """From here on the window may be stretched: driving keeps the traffic of the hour it was meant for."""
    clock_s = (earliest_s + latest_s) // 2 if stop.clock_s is None else stop.clock_s
    return replace(stop, earliest_s=earliest_s, latest_s=latest_s, clock_s=clock_s)


def _stretched(problem: Problem, held: Mapping[str, tuple[Visit, ...]]) -> Problem:
    """The windows of held trips reach to the times at which their vehicle can still come."""
    everyone = {visit.id for order in held.values() for visit in order}
    # Counted from now, which on the page of a journey nobody ever ended is years behind its day.
    far_s = FAR_S + max((trip.dropoff.earliest_s for trip in problem.trips), default=0)
    relaxed = network_of(problem).unhurried(everyone, held, until_s=far_s)
    trips, shifts = dict(problem.trip_by_id), dict(problem.shift_by_id)
    for shift_id, order in held.items():
        committed = shifts[shift_id].committed
        # What has begun first: the rest may break a rule.
        for visits in dict.fromkeys((committed, order)):
            route = _still_driven(relaxed, shift_id, visits)
            if route is None:
                continue  # what no clock can mend is for the planner to undo, and for the rules to name
            for timed_visit in route.visits:
                reached = trips[timed_visit.id]
                trips[reached.id] = _reaching(reached, timed_visit.kind, timed_visit.start_s)
            if visits == committed:
                shifts[shift_id] = _overtime(shifts[shift_id], route)
                trips |= {i: _riding(trips[i], route) for i in route.trip_ids}
    return _with(problem, tuple(trips.values()), tuple(shifts.values()))


def _still_driven(relaxed: Network, shift_id: str, visits: tuple[Visit, ...]) -> Route | None:
    """Without those whom another rule takes out of the order (a seat that is gone): the others are as late without them."""
    s = relaxed.shift_index[shift_id]
    shift = relaxed.problem.shifts[s]
    sequence = relaxed.sequence(shift, visits)
    route = timed(relaxed, s, sequence)
    if isinstance(route, Route):
        return route
    kept = None if visits == shift.committed else most_kept(relaxed, s, sequence)
    return None if kept is None else route_for(relaxed, s, kept)


def _with(problem: Problem, trips: tuple[Trip, ...], shifts: tuple[Shift, ...]) -> Problem:
    """The same problem, with the tables that are known of it, where nothing has to change."""
    if trips == problem.trips and shifts == problem.shifts:
        return problem
    return replace(problem, trips=trips, shifts=shifts)


def _reaching(trip: Trip, kind: VisitKind, start_s: int) -> Trip:
    is_pickup = kind is VisitKind.PICKUP
    stop = trip.pickup if is_pickup else trip.dropoff
    if stop.latest_s >= start_s:
        return trip
    later = replace(stop, latest_s=start_s)
    return replace(trip, pickup=later) if is_pickup else replace(trip, dropoff=later)


def _restless(problem: Problem) -> Problem:
    """Committed work may have swallowed a pause: it is asked for, and no longer demanded."""
    network = network_of(problem)
    shifts = []
    for s, shift in enumerate(problem.shifts):
        if shift.committed and shift.breaks and begun(network, s) is None:
            pauses = tuple(replace(pause, mandatory=False) for pause in shift.breaks)
            shift = replace(shift, breaks=pauses)  # noqa: PLW2901
        shifts.append(shift)
    return _with(problem, problem.trips, tuple(shifts))


def _riding(trip: Trip, route: Route) -> Trip:
    """A ride that has begun takes as long as it takes."""
    starts = {visit.kind: visit.start_s for visit in route.visits if visit.id == trip.id}
    boarded_s = starts[VisitKind.PICKUP] + trip.pickup.service_s
    return replace(trip, max_ride_s=max(trip.max_ride_s, starts[VisitKind.DROPOFF] - boarded_s))


def _overtime(shift: Shift, route: Route) -> Shift:
    """Only what is committed may keep a driver past the end of the shift."""
    return replace(shift, end_s=max(shift.end_s, route.return_s))


def stuck_shifts(problem: Problem) -> frozenset[str]:
    """Shifts whose recorded beginning breaks a rule that no clock can mend: two strangers on board, say."""
    network = network_of(problem)
    return frozenset(
        shift.id
        for s, shift in enumerate(problem.shifts)
        if shift.committed and not _can_go_on(network, s)
    )


def _can_go_on(network: Network, s: int) -> bool:
    sequence = begun(network, s)
    return sequence is not None and valid_fit(network, s, sequence) is not None


def without_shifts(
    problem: Problem, shifts: frozenset[str], orders: Mapping[str, tuple[Visit, ...]]
) -> Problem:
    """The problem of the others: these shifts and everything they hold is nobody's to change."""
    if not shifts:
        return problem
    held = {visit.id for shift in shifts for visit in orders[shift]}
    return replace(
        problem,
        shifts=tuple(shift for shift in problem.shifts if shift.id not in shifts),
        trips=tuple(trip for trip in problem.trips if trip.id not in held),
    )
