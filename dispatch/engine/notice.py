"""The day with windows so narrow that nobody notices what a plan changes, and with the price that a change has."""

from __future__ import annotations

from dataclasses import replace

from dispatch.engine.budget import InForce
from dispatch.engine.network import narrowed
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem, Stop, Trip, middle_s
from dispatch.engine.stability import NOTICED_S
from dispatch.enums import VisitKind

UNNOTICED_S = NOTICED_S - 1
LEAST_CHANGE = 100  # where the company has no price for it: a change for nothing is no improvement


def unnoticed(day: InForce, plan: Plan, *, dearer: int = 1, is_pinned: bool = False) -> Problem:
    """Pickups that people know stay within five minutes, promises that `plan` keeps stay kept, and no trip gets later
    than `plan` has it where it breaks one.

    `plan` is valid in it. Another driver costs `dearer` times what the company says; with `is_pinned` it is out of
    the question, but for trips that had lost their driver or their time before.
    """
    return _clipped(day, plan, tells=True, dearer=dearer, is_pinned=is_pinned)


def as_promised(day: InForce, plan: Plan, *, in_time: str | None = None) -> Problem:
    """Promises that `plan` keeps stay kept, and so is that of the trip `in_time`; who waits may notice."""
    return _clipped(day, plan, tells=False, in_time=in_time)


def _clipped(
    day: InForce,
    plan: Plan,
    *,
    tells: bool,
    dearer: int = 1,
    is_pinned: bool = False,
    in_time: str | None = None,
) -> Problem:
    starts = _starts(plan)
    trips = []
    for trip in day.problem.trips:
        if trip.id not in day.problem.committed_shift:
            is_promised = trip.id == in_time
            trip = _kept(day, trip, {} if is_promised else starts)  # noqa: PLW2901
            trip = _told(day, trip, plan, is_close=tells)  # noqa: PLW2901
            if is_pinned and trip.id not in day.unavoidable:
                trip = _pinned(day, trip, plan)  # noqa: PLW2901
        trips.append(trip)
    weights = day.problem.settings.weights
    price = dearer * max(weights.moved_to_other_driver, LEAST_CHANGE)
    return narrowed(
        day.problem, tuple(trips), weights=replace(weights, moved_to_other_driver=price)
    )


def _starts(plan: Plan) -> dict[tuple[str, VisitKind], int]:
    return {(v.id, v.kind): v.start_s for route in plan.routes for v in route.visits}


def _kept(day: InForce, trip: Trip, starts: dict[tuple[str, VisitKind], int]) -> Trip:
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


def _told(day: InForce, trip: Trip, plan: Plan, *, is_close: bool) -> Trip:
    """About when people were told, and never brought forward into the freeze time."""
    told_s = day.told.get(trip.id)
    if told_s is None or trip.id not in day.problem.driver_in_force:
        return trip
    now_s = plan.pickup_start_s.get(trip.id, told_s)
    pickup = _from(trip.pickup, min(day.frozen_until_s, now_s))
    if is_close and abs(now_s - told_s) <= UNNOTICED_S and trip.id not in day.unavoidable:
        pickup = _until(_from(pickup, told_s - UNNOTICED_S), told_s + UNNOTICED_S)
    return replace(trip, pickup=pickup)


def _pinned(day: InForce, trip: Trip, plan: Plan) -> Trip:
    if trip.id not in day.problem.driver_in_force or trip.id not in plan.shift_of:
        return trip
    return replace(trip, pinned_shift=plan.shift_of[trip.id])


def _until(stop: Stop, second: int) -> Stop:
    latest = max(min(stop.latest_s, second), stop.earliest_s)
    return replace(stop, latest_s=latest, clock_s=middle_s(stop))


def _from(stop: Stop, second: int) -> Stop:
    earliest = min(max(stop.earliest_s, second), stop.latest_s)
    return replace(stop, earliest_s=earliest, clock_s=middle_s(stop))
