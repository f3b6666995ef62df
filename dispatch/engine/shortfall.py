"""By how much a trip that nobody can take is missed: the least widening of one limit with which it fits, proved.

The bound that refused a trip first is not all that it lacks: behind a window overrun by a minute another may
be overrun by ten. So the limit is widened by whole minutes until the trip really finds a place in the route.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from dispatch.engine.fitting import best_fit
from dispatch.engine.insertion import Openings
from dispatch.engine.network import Network
from dispatch.engine.problem import Shift, Stop, Trip
from dispatch.engine.room import Room
from dispatch.engine.schedule import Refusal
from dispatch.enums import Rule

LONGEST_MIN = 60  # what an hour does not help is told without a number
FAR_S = (
    2 * LONGEST_MIN * 60
)  # both ends of a limit give way: what lacks more than twice an hour is far

# The limits that can be widened by minutes.
LIMITS = frozenset({Rule.TIME_WINDOW, Rule.SHIFT, Rule.DURATION, Rule.MAX_RIDE_TIME})


class Shortfall(NamedTuple):
    """The shift, its refusal, and how many minutes more of the refusing limit make the trip fit there."""

    shift: str
    refusal: Refusal
    minutes: int


class Widening:
    """One trip that was refused, asked again of the same routes with wider limits; the tables of each are kept.

    Both windows open at both ends, a shift begins earlier and ends later: more minutes never help less, so
    the least number can be found by halving.
    """

    def __init__(self, openings: Openings, trip: Trip) -> None:
        self.openings, self.trip = openings, trip
        self._i = openings.network.trip_index[trip.id]
        self._networks: dict[tuple[Rule, int, str], Network] = {}

    def least(self, refusals: Mapping[str, Refusal]) -> Shortfall | None:
        """The shift that needs the fewest minutes; None when an hour helps none of them."""
        best, most = None, LONGEST_MIN
        near = [asked for asked in refusals.items() if asked[1].amount <= FAR_S]
        for shift, refusal in sorted(near, key=lambda asked: (asked[1].amount, asked[0])):
            minutes = self._minutes(shift, refusal, most) if most else None
            if minutes is not None:
                best, most = Shortfall(shift, refusal, minutes), minutes - 1
        return best

    def _minutes(self, shift: str, refusal: Refusal, most: int) -> int | None:
        patient = refusal.visit if refusal.rule is Rule.MAX_RIDE_TIME else ""

        def fits(minutes: int) -> bool:
            return self._has_place(refusal.rule, shift, minutes, patient)

        return 1 + bisect_left(range(1, most), True, key=fits) if fits(most) else None

    def _has_place(self, rule: Rule, shift: str, minutes: int, patient: str = "") -> bool:
        room, network = self.openings.room(shift), self._network(rule, minutes, patient)
        is_own = rule is Rule.TIME_WINDOW  # the route itself is what it was
        wider = room.beside(network) if is_own else Room(network, room.s, room.sequence)
        return best_fit(wider, self._i) is not None

    def _network(self, rule: Rule, minutes: int, patient: str) -> Network:
        """The tables of the day with this limit wider."""
        key = (rule, minutes, patient)
        if key not in self._networks:
            self._networks[key] = self._widened(rule, minutes * 60, patient)
        return self._networks[key]

    def _widened(self, rule: Rule, by_s: int, patient: str) -> Network:
        network, problem = self.openings.network, self.openings.problem
        if rule is Rule.TIME_WINDOW:
            return network.with_trip(self._i, with_wider_windows(self.trip, by_s))
        if rule is Rule.MAX_RIDE_TIME:
            rider = self.trip if patient == self.trip.id else problem.trip_by_id[patient]
            longer = with_longer_ride(rider, problem.direct_s(rider), by_s)
            return network.with_trip(network.trip_index[patient], longer)
        widen = on_duty_longer if rule is Rule.SHIFT else with_longer_tour
        return network.with_shifts(tuple(widen(shift, by_s) for shift in problem.shifts))


def with_wider_windows(trip: Trip, by_s: int) -> Trip:
    """The trip with both its windows wider at both ends: their middles, and so the traffic, stay."""
    return replace(trip, pickup=_wider(trip.pickup, by_s), dropoff=_wider(trip.dropoff, by_s))


def on_duty_longer(shift: Shift, by_s: int) -> Shift:
    """The shift with that much more at both ends."""
    return replace(shift, start_s=shift.start_s - by_s, end_s=shift.end_s + by_s)


def with_longer_tour(shift: Shift, by_s: int) -> Shift:
    """The shift with a longer limit on its tour, if it has one."""
    limit_s = shift.max_duration_s
    return shift if limit_s is None else replace(shift, max_duration_s=limit_s + by_s)


def with_longer_ride(trip: Trip, direct_s: int, by_s: int) -> Trip:
    """The patient on board longer than the limit, or than the direct way where that is longer anyway."""
    return replace(trip, max_ride_s=max(trip.max_ride_s, direct_s) + by_s)


def _wider(stop: Stop, by_s: int) -> Stop:
    return replace(stop, earliest_s=stop.earliest_s - by_s, latest_s=stop.latest_s + by_s)
