"""The freeze time at the moment a plan is put in force: no pickup that people were told is brought forward into it.

The planner keeps to the freeze time of its own moment (`committed` visits, `InForce.wall_s`). Between that and the
write minutes pass, or hours: a proposal that waited for a person, an evening plan, a worker that died.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem, Trip, middle_s
from dispatch.engine.stability import is_change
from dispatch.enums import BookingStatus
from dispatch.usecases.build_problem import BuiltProblem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_rows import MIN_S
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.references import trip_ref


class Wall(NamedTuple):
    """`told_s`: the pickup that people know; `from_s`: before this second nobody comes."""

    told_s: int
    from_s: int


def walls(built: BuiltProblem, *, clock: DayClock, now: datetime) -> dict[str, Wall]:
    """trip → its wall, of journeys that have a driver who has not set off."""
    frozen_until_s = clock.second(now) + clock.company.rules.freeze_min * MIN_S
    found: dict[str, Wall] = {}
    for booking in built.bookings:
        row, trip = assignment_of(booking), built.problem.trip_by_id.get(trip_ref(booking.pk))
        if row is None or trip is None or booking.status != BookingStatus.ASSIGNED:
            continue
        told_s = clock.second(row.noted_pickup_at or row.planned_pickup_at)
        known_s = min(told_s, clock.second(row.planned_pickup_at))
        # Who was promised another time since is fetched within that.
        found[trip.id] = Wall(told_s, min(known_s, frozen_until_s, trip.pickup.latest_s))
    return found


def brought_forward(plan: Plan, known: Mapping[str, Wall]) -> frozenset[str]:
    """The trips that would be fetched before their wall."""
    starts = plan.pickup_start_s
    return frozenset(t for t, wall in known.items() if starts.get(t, wall.from_s) < wall.from_s)


def behind_walls(problem: Problem, known: Mapping[str, Wall]) -> Problem:
    """The problem with windows in which nobody is fetched before the wall, and the traffic of the old ones."""
    return replace(
        problem, trips=tuple(_behind(trip, known.get(trip.id)) for trip in problem.trips)
    )


def noticed(plan: Plan, known: Mapping[str, Wall], *, clock: DayClock) -> dict[str, str]:
    """Of those brought forward who would notice, and what it would be, as sentences."""
    said = _(
        "told %(told)s, it would be fetched at %(planned)s, and that is within the freeze time."
    )
    starts = plan.pickup_start_s
    return {
        trip: said % {"told": clock.shown(known[trip].told_s), "planned": clock.shown(starts[trip])}
        for trip in sorted(brought_forward(plan, known))
        if is_change(same_driver=True, slide_s=starts[trip] - known[trip].told_s)
    }


def _behind(trip: Trip, wall: Wall | None) -> Trip:
    stop = trip.pickup
    if wall is None or wall.from_s <= stop.earliest_s:
        return trip
    return replace(trip, pickup=replace(stop, earliest_s=wall.from_s, clock_s=middle_s(stop)))
