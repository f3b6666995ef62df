"""A day under way for benchmarks of re-planning: what happened until now is fixed, and then something changes."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from dispatch.engine.budget import InForce, Promise
from dispatch.engine.draft import resume
from dispatch.engine.plan import Plan, Route
from dispatch.engine.problem import Problem, Shift, Trip, Visit, middle_s
from dispatch.enums import VisitKind
from dispatch.usecases.fit_windows import fit_windows

FREEZE_S = 1_800
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
    gone = rng.choice(free_trips(problem, plan)).id
    trips = tuple(
        replace(t, same_driver_as=None) if t.same_driver_as == gone else t
        for t in problem.trips
        if t.id != gone
    )
    in_force = tuple(pair for pair in problem.drivers_in_force if pair[0] != gone)
    left = {
        shift: tuple(visit for visit in order if visit.id != gone)
        for shift, order in orders(plan).items()
    }
    return replace(problem, trips=trips, drivers_in_force=in_force), left


def ill(rng: random.Random, problem: Problem, plan: Plan, now_s: int) -> tuple[Problem, Orders]:
    """A driver who has not begun yet, or who has nothing fixed any more, does not come."""
    waiting = [s for s in problem.shifts if not s.committed and plan.route_of[s.id].trip_ids]
    gone = rng.choice(waiting or [problem.shifts[-1]]).id
    shifts = tuple(shift for shift in problem.shifts if shift.id != gone)
    left = {shift: order for shift, order in orders(plan).items() if shift != gone}
    return replace(problem, shifts=shifts), left


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


EVENTS: Mapping[str, Event] = {"booked": booked, "cancelled": cancelled, "ill": ill, "late": late}


def in_force(problem: Problem, orders: Orders, told: Plan, *, now_s: int, budget: int) -> InForce:
    """What the use case makes of the rows: windows stretched for who is late, and the promises beside them."""
    promised = {
        trip.id: Promise(trip.pickup.latest_s, trip.dropoff.latest_s) for trip in problem.trips
    }
    stretched = fit_windows(problem, orders, now_s=now_s)
    return InForce(
        problem=stretched,
        plan=resume(stretched, orders),
        told_s=told.pickup_start_s,
        promised=promised,
        budget=budget,
        frozen_until_s=now_s + FREEZE_S,
    )
