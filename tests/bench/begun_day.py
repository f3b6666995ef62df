"""A day under way for benchmarks of re-planning: what happened until now is fixed, and then something changes."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from dispatch.engine.budget import InForce, Promise
from dispatch.engine.notice import going_on
from dispatch.engine.plan import Plan, Route
from dispatch.engine.problem import Problem, Shift, Trip, Visit, middle_s
from dispatch.engine.schedule import Refusal, time_route
from dispatch.enums import VisitKind
from dispatch.usecases.fit_windows import fit_windows

FREEZE_S, HOUR_S = 1_800, 3_600
Orders = Mapping[str, tuple[Visit, ...]]
Event = Callable[[random.Random, Problem, Plan, int], tuple[Problem, Orders]]


def done(route: Route, until_s: int) -> tuple[Visit, ...]:
    """Up to the last pickup before this second, and on until nobody is on board; a pause on the way is over."""
    stops = [visit for visit in route.visits if visit.kind is not VisitKind.BREAK]
    pickups = [k for k, v in enumerate(stops) if v.kind is VisitKind.PICKUP and v.start_s < until_s]
    on_board: set[str] = set()
    for k, visit in enumerate(stops if pickups else []):
        (on_board.add if visit.kind is VisitKind.PICKUP else on_board.discard)(visit.id)
        if k >= pickups[-1] and not on_board:
            return tuple(stop.visit for stop in stops[: k + 1])
    return ()


def under_way(problem: Problem, plan: Plan, now_s: int) -> Problem:
    """The problem with everything fixed that has happened or is about to; who drives whom is in force."""
    shifts = tuple(_begun(shift, plan.route_of[shift.id], now_s) for shift in problem.shifts)
    drivers = tuple(
        (trip, problem.shift_by_id[shift].driver) for trip, shift in sorted(plan.shift_of.items())
    )
    return replace(problem, shifts=shifts, drivers_in_force=drivers)


def _begun(shift: Shift, route: Route, now_s: int) -> Shift:
    """Pauses that came before what is fixed are over, as in `day_shifts`."""
    fixed = done(route, now_s + FREEZE_S)
    last = max((k for k, visit in enumerate(route.visits) if visit.visit in fixed), default=-1)
    over = {visit.id for visit in route.visits[: last + 1] if visit.kind is VisitKind.BREAK}
    return replace(
        shift,
        committed=fixed,
        breaks=tuple(pause for pause in shift.breaks if pause.id not in over),
    )


def orders(plan: Plan) -> dict[str, tuple[Visit, ...]]:
    """Without pauses, as rows have them."""
    return {
        route.shift: tuple(v.visit for v in route.visits if v.kind is not VisitKind.BREAK)
        for route in plan.routes
    }


def booked(rng: random.Random, problem: Problem, plan: Plan, now_s: int) -> tuple[Problem, Orders]:
    """A patient calls: a trip like another of the rest of the day."""
    like = rng.choice([t for t in problem.trips if t.pickup.earliest_s > now_s + 2 * FREEZE_S])
    new = replace(like, id="new", same_driver_as=None)
    return replace(problem, trips=(*problem.trips, new)), orders(plan)


def cancelled(
    rng: random.Random, problem: Problem, plan: Plan, now_s: int
) -> tuple[Problem, Orders]:
    return _without(problem, plan, {rng.choice(free_trips(problem, plan)).id})


def absent(rng: random.Random, problem: Problem, plan: Plan, now_s: int) -> tuple[Problem, Orders]:
    """A patient whom a vehicle is to fetch next is not there: the rest of its tour stays."""
    starts = plan.pickup_start_s
    due = [trip for trip in problem.committed_shift if starts[trip] > now_s]
    return _without(problem, plan, {rng.choice(sorted(due))})


def called(rng: random.Random, problem: Problem, plan: Plan, now_s: int) -> tuple[Problem, Orders]:
    """A patient who was brought to a clinic is ready, and waits for an hour at most."""
    there = [trip for trip in problem.trips if _is_over(plan, trip.id, now_s)]
    like = rng.choice(there)
    pickup = replace(like.dropoff, earliest_s=now_s, latest_s=now_s + HOUR_S, clock_s=None)
    dropoff = replace(like.pickup, earliest_s=now_s, latest_s=now_s + 3 * HOUR_S, clock_s=None)
    back = replace(like, id="back", pickup=pickup, dropoff=dropoff, same_driver_as=None)
    return replace(problem, trips=(*problem.trips, back)), orders(plan)


def ill(rng: random.Random, problem: Problem, plan: Plan, now_s: int) -> tuple[Problem, Orders]:
    """A driver who is under way goes home after what is fixed; the rest of the tour needs another."""
    shift = rng.choice(_under_way(problem, plan))
    fixed = _fixed(problem, shift)
    assert isinstance(fixed, Route)
    going = replace(shift, end_s=fixed.return_s, breaks=())
    return _with_shift(problem, going), orders(plan) | {shift.id: shift.committed}


def broken_down(
    rng: random.Random, problem: Problem, plan: Plan, now_s: int
) -> tuple[Problem, Orders]:
    """A vehicle with somebody on board stops where it fetched them: they and all who wait for it need another."""
    starts = plan.pickup_start_s
    aboard = {
        trip: shift
        for trip, shift in plan.shift_of.items()
        if starts[trip] <= now_s and not _is_over(plan, trip, now_s)
    }
    lost = aboard[rng.choice(sorted(aboard))]
    over = {trip for trip in plan.route_of[lost].trip_ids if _is_over(plan, trip, now_s)}
    left, order = _without(problem, plan, over)
    trips = tuple(
        _fetched_again(trip, now_s) if aboard.get(trip.id) == lost else trip for trip in left.trips
    )
    shifts = tuple(shift for shift in left.shifts if shift.id != lost)
    still = {shift: visits for shift, visits in order.items() if shift != lost}
    return replace(left, trips=trips, shifts=shifts), still


def _fetched_again(trip: Trip, now_s: int) -> Trip:
    """From where the vehicle stands, within two hours."""
    pickup = replace(trip.pickup, earliest_s=now_s, latest_s=now_s + 2 * HOUR_S)
    dropoff = replace(trip.dropoff, latest_s=max(trip.dropoff.latest_s, now_s + 4 * HOUR_S))
    return replace(trip, pickup=pickup, dropoff=dropoff)


def swapped(rng: random.Random, problem: Problem, plan: Plan, now_s: int) -> tuple[Problem, Orders]:
    """A driver goes on with a vehicle of other places, in which those who are fixed can sit."""
    begun = _under_way(problem, plan)
    others = {shift.configurations for shift in problem.shifts}
    swaps = [
        replace(shift, configurations=places)
        for shift in begun
        for places in sorted(others - {shift.configurations})
    ]
    fit = [shift for shift in swaps if isinstance(_fixed(problem, shift), Route)]
    return _with_shift(problem, rng.choice(fit)), orders(plan)


def _fixed(problem: Problem, shift: Shift) -> Route | Refusal:
    """What is committed, without the pauses that are still to come."""
    alone = replace(shift, breaks=())
    return time_route(_with_shift(problem, alone), alone, shift.committed)


def _under_way(problem: Problem, plan: Plan) -> list[Shift]:
    """Shifts that have begun and have somebody left to fetch."""
    free = {plan.shift_of[trip.id] for trip in free_trips(problem, plan)}
    return [shift for shift in problem.shifts if shift.committed and shift.id in free]


def _is_over(plan: Plan, trip: str, now_s: int) -> bool:
    shift = plan.shift_of.get(trip)
    visits = () if shift is None else plan.route_of[shift].visits
    return any(v.id == trip and v.kind is VisitKind.DROPOFF and v.start_s < now_s for v in visits)


def _with_shift(problem: Problem, shift: Shift) -> Problem:
    shifts = tuple(shift if one.id == shift.id else one for one in problem.shifts)
    return replace(problem, shifts=shifts)


def _without(problem: Problem, plan: Plan, gone: set[str]) -> tuple[Problem, Orders]:
    trips = tuple(
        replace(t, same_driver_as=None) if t.same_driver_as in gone else t
        for t in problem.trips
        if t.id not in gone
    )
    shifts = tuple(replace(s, committed=_rest(s.committed, gone)) for s in problem.shifts)
    in_force = tuple(pair for pair in problem.drivers_in_force if pair[0] not in gone)
    left = {shift: _rest(order, gone) for shift, order in orders(plan).items()}
    return replace(problem, trips=trips, shifts=shifts, drivers_in_force=in_force), left


def _rest(order: tuple[Visit, ...], gone: set[str]) -> tuple[Visit, ...]:
    return tuple(visit for visit in order if visit.id not in gone)


def late(rng: random.Random, problem: Problem, plan: Plan, now_s: int) -> tuple[Problem, Orders]:
    """A vehicle that is under way loses 20 minutes at the last stop that is fixed."""
    begun = [s for s in problem.shifts if s.committed and len(plan.route_of[s.id].visits) > 2]
    shift = rng.choice(begun)
    last = shift.committed[-1]
    stop = next(v for v in plan.route_of[shift.id].visits if v.visit == last)
    trip = problem.trip_by_id[last.id]
    held = replace(
        trip.dropoff,
        earliest_s=stop.start_s + 1_200,
        latest_s=stop.start_s + 1_200,
        clock_s=middle_s(trip.dropoff),
    )
    slow = replace(trip, dropoff=held, max_ride_s=trip.max_ride_s + 1_200)
    trips = tuple(slow if t.id == trip.id else t for t in problem.trips)
    return replace(problem, trips=trips), orders(plan)


def free_trips(problem: Problem, plan: Plan) -> list[Trip]:
    return [
        t for t in problem.trips if t.id in plan.shift_of and t.id not in problem.committed_shift
    ]


EVENTS: Mapping[str, Event] = {
    "booked": booked,
    "cancelled": cancelled,
    "absent": absent,
    "called": called,
    "late": late,
    "ill": ill,
    "broken down": broken_down,
    "swapped": swapped,
}


def in_force(problem: Problem, orders: Orders, told: Plan, *, now_s: int, budget: int) -> InForce:
    """What the use case makes of the rows: windows stretched for who is late, and the promises beside them."""
    promised = {
        trip.id: Promise(trip.pickup.latest_s, trip.dropoff.latest_s) for trip in problem.trips
    }
    stretched = fit_windows(problem, orders, now_s=now_s)
    told_s = told.pickup_start_s
    frozen_until_s = now_s + FREEZE_S
    return InForce(
        problem=stretched,
        plan=going_on(stretched, orders, told_s=told_s, frozen_until_s=frozen_until_s),
        told_s=told_s,
        promised=promised,
        budget=budget,
        frozen_until_s=frozen_until_s,
    )
