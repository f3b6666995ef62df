"""The smallest move of a trip's times with which it finds a place: exact to the minute, also where the hour counts.

A wider window never helps less, but its middle moves with it, and with the middle the traffic and who may share the
ride: what a quarter of an hour does not help, a minute may. So minutes are taken together as long as neither changes;
the least of such a stretch is found by halving, and the stretches are tried in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import NamedTuple

from dispatch.engine.fitting import best_fit
from dispatch.engine.insertion import Openings
from dispatch.engine.network import Network
from dispatch.engine.problem import Problem, Shift, Stop, Trip, middle_s

LONGEST_MIN = 60  # other times than within an hour are another booking


class Move(NamedTuple):
    """Which windows open further, and at which end."""

    pickup: bool
    dropoff: bool
    is_earlier: bool


# An appointment is kept where it can be: the pickup alone moves before both ends do.
MOVES: Mapping[str, Move] = {
    "later": Move(pickup=True, dropoff=False, is_earlier=False),
    "earlier": Move(pickup=True, dropoff=False, is_earlier=True),
    "arrival_later": Move(pickup=False, dropoff=True, is_earlier=False),
    "all_later": Move(pickup=True, dropoff=True, is_earlier=False),
    "all_earlier": Move(pickup=True, dropoff=True, is_earlier=True),
}


def least_move(openings: Openings, trip: Trip, shifts: Sequence[Shift]) -> str:
    """ "key:minutes" of the smallest move with which one of the shifts has a place; "" when an hour helps none.

    Of equal ones the first of `MOVES`. Every smaller number of minutes, of any move, helps none of the shifts.
    """
    network, i = openings.network, openings.network.trip_index[trip.id]
    loosest = network.with_best_within(i, trip, 60 * LONGEST_MIN)
    near = list(_takers(openings, shifts, loosest, i))
    if not near:
        return ""
    alike = partial(_hour_of, openings.problem, _companions(openings, near, loosest.share_mask[i]))
    best, most = "", LONGEST_MIN
    for key in _moves_of(openings.problem, trip):
        moved = [moved_by(openings.problem, trip, key, 1 + k) for k in range(most)]
        minutes = _least_minutes(openings, near, moved, alike)
        if minutes:
            best, most = f"{key}:{minutes}", minutes - 1
    return best


def that_take(openings: Openings, shifts: Sequence[Shift], changed: Trip) -> Iterator[Shift]:
    """The shifts in whose route the trip finds a place with other times, or without its pin."""
    i = openings.network.trip_index[changed.id]
    yield from _takers(openings, shifts, openings.network.with_trip(i, changed), i)


def _takers(
    openings: Openings, shifts: Sequence[Shift], network: Network, i: int
) -> Iterator[Shift]:
    for shift in shifts:
        if best_fit(openings.room(shift.id).beside(network), i) is not None:
            yield shift


def _moves_of(problem: Problem, trip: Trip) -> list[str]:
    """Nobody can move an arrival that nobody named: it goes with the pickup."""
    is_free = _has_no_appointment(problem, trip)
    return [key for key, move in MOVES.items() if not (is_free and move.dropoff)]


def moved_by(problem: Problem, trip: Trip, key: str, minutes: int) -> Trip:
    """The trip moved so far: as the day would be read had a person given it these windows."""
    changed = _changed(trip, MOVES[key], 60 * minutes)
    return _ending(problem, changed) if _has_no_appointment(problem, trip) else changed


def _has_no_appointment(problem: Problem, trip: Trip) -> bool:
    """Whether the drop-off follows from the pickup: open from its beginning on, until the longest ride is over."""
    pickup, dropoff = trip.pickup, trip.dropoff
    return dropoff.earliest_s == pickup.earliest_s and dropoff.latest_s == _ride_ends(problem, trip)


def _ride_ends(problem: Problem, trip: Trip) -> int:
    return trip.pickup.latest_s + trip.pickup.service_s + problem.ride_limit_s(trip)


def _changed(trip: Trip, move: Move, by_s: int) -> Trip:
    before_s, after_s = (by_s, 0) if move.is_earlier else (0, by_s)

    def wider(stop: Stop) -> Stop:
        return _spanning(stop, stop.earliest_s - before_s, stop.latest_s + after_s)

    return replace(
        trip,
        pickup=wider(trip.pickup) if move.pickup else trip.pickup,
        dropoff=wider(trip.dropoff) if move.dropoff else trip.dropoff,
    )


def _ending(problem: Problem, trip: Trip) -> Trip:
    """The trip with the drop-off that follows from its pickup."""
    window = trip.pickup.earliest_s, _ride_ends(problem, trip)
    return replace(trip, dropoff=_spanning(trip.dropoff, *window))


def _spanning(stop: Stop, earliest_s: int, latest_s: int) -> Stop:
    """The stop with this window; a clock goes along with the middle, as when a person had given that window."""
    clock_s = stop.clock_s
    if clock_s is not None:
        clock_s += (earliest_s + latest_s) // 2 - (stop.earliest_s + stop.latest_s) // 2
    return replace(stop, earliest_s=earliest_s, latest_s=latest_s, clock_s=clock_s)


def _companions(openings: Openings, near: Sequence[Shift], mask: int) -> list[Trip]:
    """The trips on these routes that may share the ride at one hour or another; `mask`: of all such trips."""
    trips = openings.problem.trips
    on_route = (i for shift in near for i in openings.room(shift.id).trips)
    return [trips[i] for i in on_route if mask >> i & 1]


def _hour_of(
    problem: Problem, companions: Sequence[Trip], trip: Trip
) -> tuple[int, int, tuple[bool, ...]]:
    """What of these times counts beside the windows: the traffic at both ends, and who may share the ride."""
    traffic = problem.travel.traffic_at
    together = tuple(problem.may_share(trip, other) for other in companions)
    return traffic(middle_s(trip.pickup)), traffic(middle_s(trip.dropoff)), together


def _least_minutes(
    openings: Openings,
    near: Sequence[Shift],
    moved: Sequence[Trip],
    alike: Callable[[Trip], object],
) -> int:
    """With how many of these moves, a minute each, one of the shifts has a place; 0: with none of them."""
    for _hour, stretch in groupby(range(len(moved)), key=lambda k: alike(moved[k])):
        found = _first_that_helps(openings, near, moved, list(stretch))
        if found is not None:
            return found + 1
    return 0


def _first_that_helps(
    openings: Openings, near: Sequence[Shift], moved: Sequence[Trip], stretch: list[int]
) -> int | None:
    """The first of a stretch in which more never helps less."""
    first, last = stretch[0], stretch[-1]
    likely = list(that_take(openings, near, moved[last]))
    while likely and first < last:
        middle = (first + last) // 2
        helped = list(that_take(openings, likely, moved[middle]))
        if helped:
            likely, last = helped, middle
        else:
            first = middle + 1
    return last if likely else None
