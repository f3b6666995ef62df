"""The problem as flat tables of integers: what scheduling, pricing and insertion count with.

Trip i has node 2i (pickup) and 2i + 1 (drop-off); break k of the shift at hand is ~k, a negative number.
A *sequence* is the list of nodes and breaks of one shift's route, in order.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from typing import Any

from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.problem import Load, Problem, Shift, Stop, Trip, Visit, middle_s
from dispatch.engine.travel import FREE_FLOW_PERMILLE
from dispatch.enums import Rule, VisitKind

Sequence = list[int]
NO_LOAD = Load()


class Network:
    """Read-only tables of one problem; `network_of` keeps one per problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.trip_index = {trip.id: i for i, trip in enumerate(problem.trips)}
        self.shift_index = {shift.id: s for s, shift in enumerate(problem.shifts)}
        self.stops: list[Stop] = [
            stop for trip in problem.trips for stop in (trip.pickup, trip.dropoff)
        ]
        self.location = [stop.location for stop in self.stops]
        self.earliest = [stop.earliest_s for stop in self.stops]
        self.latest = [stop.latest_s for stop in self.stops]
        self.service = [stop.service_s for stop in self.stops]
        self.permille = [problem.travel.traffic_at(middle_s(stop)) for stop in self.stops]
        self.drive = [self._legs_from(node) for node in range(len(self.stops))]
        self.empty_drive = [self._empty_legs_from(node) for node in range(len(self.stops))]
        self.ride_limit = [problem.ride_limit_s(trip) for trip in problem.trips]
        self.direct = [problem.direct_s(trip) for trip in problem.trips]
        self.from_base = [self._legs_from_base(shift) for shift in problem.shifts]
        self.to_base = [self._legs_to_base(shift) for shift in problem.shifts]
        self.share_mask = self._share_masks()
        self.refused = [
            [_unfit(problem, trip, shift) for trip in problem.trips] for shift in problem.shifts
        ]
        self.not_preferred = [self._not_preferred(shift) for shift in problem.shifts]
        self.moved = [self._moved(shift) for shift in problem.shifts]
        self.companions = self._companions()
        self.paired = [trip for trip, others in enumerate(self.companions) if others]
        self._room: dict[tuple[int, Load, Load], bool] = {}

    def _legs_from(self, node: int) -> list[int]:
        row, permille = self.problem.travel.seconds[self.location[node]], self.permille[node]
        return [_stretched(row[place], permille) for place in self.location]

    def _legs_from_base(self, shift: Shift) -> list[int]:
        row = self.problem.travel.seconds[shift.start_location]
        return [
            _stretched(row[place], permille)
            for place, permille in zip(self.location, self.permille, strict=True)
        ]

    def _legs_to_base(self, shift: Shift) -> list[int]:
        table, end = self.problem.travel.seconds, shift.end_location
        return [
            _stretched(table[place][end], permille)
            for place, permille in zip(self.location, self.permille, strict=True)
        ]

    def _empty_legs_from(self, origin: int) -> list[int]:
        """Legs of an empty vehicle: between two trips at different places the margin is added."""
        margin, places = self.problem.settings.transition_margin_s, self.location
        row = self.drive[origin]
        if not origin & 1:
            return row
        return [
            leg + margin * (not node & 1 and place != places[origin])
            for node, (leg, place) in enumerate(zip(row, places, strict=True))
        ]

    def with_trip(self, i: int, trip: Trip) -> Network:
        """The tables as if trip i were this one, which differs in its times or its pin alone.

        What does not change is shared, so that this is cheap; `problem` stays the day as it was asked for.
        """
        other = copy(self)
        for table in ("stops", "earliest", "latest", "permille", "drive", "empty_drive"):
            setattr(other, table, list(getattr(self, table)))
        other.ride_limit, other.direct = list(self.ride_limit), list(self.direct)
        other.refused = [list(refused) for refused in self.refused]
        other._replace(i, trip)
        other.share_mask = self._share_masks_with(i, trip)
        return other

    def with_shifts(self, shifts: tuple[Shift, ...]) -> Network:
        """The tables as if the shifts were these, which differ in their hours and limits alone."""
        other = copy(self)
        other.problem = replace(self.problem, shifts=shifts)
        return other

    def _replace(self, i: int, trip: Trip) -> None:
        problem = self.problem
        for node, stop in ((2 * i, trip.pickup), (2 * i + 1, trip.dropoff)):
            self.stops[node] = stop
            self.earliest[node], self.latest[node] = stop.earliest_s, stop.latest_s
            permille = problem.travel.traffic_at(middle_s(stop))
            if permille != self.permille[node]:  # another hour: other ways from it and to the bases
                self.permille[node] = permille
                self.drive[node] = self._legs_from(node)
                self.empty_drive[node] = self._empty_legs_from(node)
                self._replace_base_legs(node, stop)
        self.ride_limit[i], self.direct[i] = problem.ride_limit_s(trip), problem.direct_s(trip)
        for refused, shift in zip(self.refused, problem.shifts, strict=True):
            refused[i] = _unfit(problem, trip, shift)

    def _replace_base_legs(self, node: int, stop: Stop) -> None:
        self.from_base, self.to_base = (
            list(map(list, self.from_base)),
            list(map(list, self.to_base)),
        )
        legs = zip(self.problem.shifts, self.from_base, self.to_base, strict=True)
        for shift, out, home in legs:
            out[node] = self.problem.leg_s(None, stop, shift)
            home[node] = self.problem.leg_s(stop, None, shift)

    def _share_masks_with(self, i: int, trip: Trip) -> list[int]:
        masks = [mask & ~(1 << i) for mask in self.share_mask]
        masks[i] = 1 << i
        for j, other in enumerate(self.problem.trips):
            if j != i and self.problem.may_share(trip, other):
                masks[i] |= 1 << j
                masks[j] |= 1 << i
        return masks

    def _not_preferred(self, shift: Shift) -> list[int]:
        """For each trip what it costs that this shift's driver is not one of those it prefers."""
        weight = self.problem.settings.weights.not_preferred_driver
        wished = (trip.preferred_drivers for trip in self.problem.trips)
        return [weight * (bool(wish) and shift.driver not in wish) for wish in wished]

    def _moved(self, shift: Shift) -> list[int]:
        """For each trip what it costs that this shift's driver is not the one in force."""
        weight = self.problem.settings.weights.moved_to_other_driver
        in_force = self.problem.driver_in_force
        drivers = (in_force.get(trip.id, shift.driver) for trip in self.problem.trips)
        return [weight * (driver != shift.driver) for driver in drivers]

    def _share_masks(self) -> list[int]:
        """For each trip the set, as bits, of the trips it may be on board with (itself included)."""
        trips = self.problem.trips
        masks = [1 << i for i in range(len(trips))]
        if self.problem.settings.pooling is None:
            return masks
        for i, a in enumerate(trips):
            for j in range(i):
                if self.problem.may_share(a, trips[j]):
                    masks[i] |= 1 << j
                    masks[j] |= 1 << i
        return masks

    def _companions(self) -> list[tuple[int, ...]]:
        """Trips that ask to share a driver with trip i, in either direction."""
        found: list[set[int]] = [set() for _ in self.problem.trips]
        for i, trip in enumerate(self.problem.trips):
            other = self.trip_index.get(trip.same_driver_as or "")
            if other is not None:
                found[i].add(other)
                found[other].add(i)
        return [tuple(sorted(others)) for others in found]

    def has_room(self, s: int, on_board: Load, extra: Load) -> bool:
        """Whether the shift's vehicle holds both loads at once; remembered, there are few different ones."""
        key = (s, on_board, extra)
        if key not in self._room:
            self._room[key] = self.problem.shifts[s].can_hold(on_board.plus(extra))
        return self._room[key]

    def node(self, visit: Visit, shift: Shift) -> int:
        """The number of a visit; raises InvalidPlanError for a stranger."""
        if visit.kind is VisitKind.BREAK:
            for k, pause in enumerate(shift.breaks):
                if pause.id == visit.id:
                    return ~k
            raise InvalidPlanError(f"Shift {shift.id} has no break {visit.id}.")
        if visit.id not in self.trip_index:
            raise InvalidPlanError(f"The plan holds an unknown trip: {visit.id}.")
        return 2 * self.trip_index[visit.id] + (visit.kind is VisitKind.DROPOFF)

    def sequence(self, shift: Shift, visits: Iterable[Visit]) -> Sequence:
        return [self.node(visit, shift) for visit in visits]

    def visit(self, shift: Shift, node: int) -> Visit:
        if node < 0:
            return Visit(shift.breaks[~node].id, VisitKind.BREAK)
        kind = VisitKind.DROPOFF if node & 1 else VisitKind.PICKUP
        return Visit(self.problem.trips[node >> 1].id, kind)


def network_of(problem: Problem) -> Network:
    """The tables of this problem, made once and kept with it."""
    kept: dict[str, Any] = problem.__dict__
    if "_network" not in kept:
        kept["_network"] = Network(problem)
    network: Network = kept["_network"]
    return network


def boarding(sequence: Sequence) -> list[int]:
    """The trips of a sequence in the order of their pickups."""
    return [node >> 1 for node in sequence if node >= 0 and not node & 1]


def _stretched(seconds: int, permille: int) -> int:
    return -(-seconds * permille // FREE_FLOW_PERMILLE)


def _unfit(problem: Problem, trip: Trip, shift: Shift) -> Rule | None:
    """Why this shift can never carry this trip, whatever else it does; None when it might."""
    committed = problem.committed_shift.get(trip.id, shift.id)
    pinned = trip.pinned_shift if trip.pinned_shift is not None else shift.id
    verdicts = (
        (committed != shift.id, Rule.FREEZE_TIME),
        (pinned != shift.id, Rule.PINNED),
        (shift.driver in trip.excluded_drivers, Rule.EXCLUDED_DRIVER),
        (not trip.needs <= shift.capabilities, Rule.SKILLS),
        (not shift.can_hold(trip.load), Rule.CAPACITY),
    )
    if committed == shift.id and trip.id in problem.committed_shift:
        return None  # what has begun is a fact
    return next((rule for is_broken, rule in verdicts if is_broken), None)
