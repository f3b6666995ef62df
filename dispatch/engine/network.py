"""The problem as flat tables of integers: what scheduling, pricing and insertion count with.

Trip i has node 2i (pickup) and 2i + 1 (drop-off); break k of the shift at hand is ~k, a negative number.
A *sequence* is the list of nodes and breaks of one shift's route, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import replace
from functools import cache, partial
from math import inf
from operator import itemgetter
from typing import Any

from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.problem import Load, Problem, Shift, Stop, Trip, Visit, Weights, middle_s
from dispatch.engine.travel import FREE_FLOW_PERMILLE
from dispatch.enums import Rule, VisitKind

Sequence = list[int]
Row = tuple[int, ...]
NO_LOAD = Load()
HOUR_S = 3_600


class Rows(dict[int, Row]):
    """Rows of a table by node, each made when it is first asked for: a large day never needs them all at once."""

    def __init__(self, make: Callable[[int], Row]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, node: int) -> Row:
        row = self[node] = self._make(node)
        return row


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
        self._shared = _rows_of(self.location, problem)
        self.drive = Rows(self._legs_from)
        self.empty_drive = Rows(self._empty_legs_from)
        self.ride_limit = [problem.ride_limit_s(trip) for trip in problem.trips]
        self.direct = [problem.direct_s(trip) for trip in problem.trips]
        out = {place: self._legs_out(place) for place in _places(problem, "start_location")}
        home = {place: self._legs_home(place) for place in _places(problem, "end_location")}
        self.from_base = [out[shift.start_location] for shift in problem.shifts]
        self.to_base = [home[shift.end_location] for shift in problem.shifts]
        self.share_mask = self._share_masks()
        self.refused = self._refusals()
        self.set_prices()
        self.companions = self._companions()
        self.paired = [trip for trip, others in enumerate(self.companions) if others]
        self._room: dict[tuple[int, Load, Load], bool] = {}

    def ready_at(self, node: int) -> int | None:
        """Since when somebody waits there for the vehicle: at pickups of patients who are ready, nowhere else."""
        return None if node < 0 or node & 1 else self.problem.trips[node >> 1].ready_s

    def set_prices(self) -> None:
        """What each driver costs for each trip, by the prices of the problem."""
        self.not_preferred, self.moved = self._not_preferred(), self._moved()

    def _legs_from(self, node: int) -> Row:
        return self._shared.full(self.location[node], self.permille[node])

    def _empty_legs_from(self, node: int) -> Row:
        """Legs of an empty vehicle: between two trips at different places the margin is added."""
        if not node & 1:
            return self.drive[node]
        return self._shared.empty(self.location[node], self.permille[node])

    def _legs_out(self, start: int) -> Row:
        row = self.problem.travel.seconds[start]
        return tuple(
            _stretched(row[place], permille)
            for place, permille in zip(self.location, self.permille, strict=True)
        )

    def _legs_home(self, end: int) -> Row:
        table = self.problem.travel.seconds
        return tuple(
            _stretched(table[place][end], permille)
            for place, permille in zip(self.location, self.permille, strict=True)
        )

    def with_trip(self, i: int, trip: Trip) -> Network:
        """The tables as if trip i were this one, which differs in its times or its pin alone.

        What does not change is shared, so that this is cheap; `problem` stays the day as it was asked for.
        """
        other = copy(self)
        for table in ("stops", "earliest", "latest", "permille", "ride_limit", "direct"):
            setattr(other, table, list(getattr(self, table)))
        other.refused = [list(refused) for refused in self.refused]
        other._replace(i, trip)
        other.share_mask = self._share_masks_with(i, partial(self.problem.may_share, trip))
        return other

    def with_best_within(self, i: int, trip: Trip, by_s: int) -> Network:
        """The tables as if trip i had the best of all the times it gets by opening its windows by up to `by_s`, at one
        end or at both: who has a place with one of them has one here, and wider never helps less.

        Wide windows, the least traffic and the longest ride of the hours in reach, and whoever may share it then.
        """
        problem, half_s = self.problem, by_s // 2  # so far goes the middle of a window
        first, last = middle_s(trip.pickup) - half_s, middle_s(trip.pickup) + half_s
        rides = [problem.ride_limit_s(_at(trip, second)) for second in _hours(first, last)]
        # An end that follows from the longest ride moves with that, too.
        less, more = self.ride_limit[i] - min(rides), max(rides) - self.ride_limit[i]
        pickup, dropoff = self._best(trip.pickup, by_s), self._best(trip.dropoff, by_s, less, more)
        best = replace(trip, pickup=pickup, dropoff=dropoff)
        other = self.with_trip(i, best)
        other.ride_limit[i] = max(rides)
        if problem.settings.pooling is not None:
            then = cache(
                partial(_at, best)
            )  # most others are far: these come at the first or the last hour
            other.share_mask = self._share_masks_with(
                i,
                lambda one: problem.may_share(
                    then(min(max(middle_s(one.pickup), first), last)), one
                ),
            )
        return other

    def _best(self, stop: Stop, by_s: int, less_s: int = 0, more_s: int = 0) -> Stop:
        at, half_s = middle_s(stop), by_s // 2
        hours = _hours(at - half_s - less_s, at + half_s + more_s)
        return replace(
            stop,
            earliest_s=stop.earliest_s - by_s,
            latest_s=stop.latest_s + by_s + more_s,
            clock_s=min(hours, key=self.problem.travel.traffic_at),
        )

    def with_shifts(self, shifts: tuple[Shift, ...]) -> Network:
        """The tables as if the shifts were these, which differ in their hours and limits alone."""
        other = copy(self)
        other.problem = replace(self.problem, shifts=shifts)
        return other

    def unhurried(self, trips: Iterable[str], shifts: Iterable[str], *, until_s: int) -> Network:
        """The tables as if these trips might begin and end as late as that, and these shifts went on for as long
        again, without breaks: when can everybody still be driven?

        A clock stands on each stop. What does not change is shared; of the trips `problem` keeps what it says.
        """
        late, long = {self.trip_index[trip] for trip in trips}, frozenset(shifts)
        other = self.with_shifts(
            tuple(
                replace(shift, end_s=shift.end_s + until_s, breaks=())
                if shift.id in long
                else shift
                for shift in self.problem.shifts
            )
        )
        other.latest, other.ride_limit = list(self.latest), list(self.ride_limit)
        for i in late:
            trip = replace(self.problem.trips[i], max_ride_s=until_s)
            other.latest[2 * i] = other.latest[2 * i + 1] = until_s
            other.ride_limit[i] = self.problem.ride_limit_s(trip)
        return other

    def _replace(self, i: int, trip: Trip) -> None:
        problem = self.problem
        self.drive, self.empty_drive = Rows(self._legs_from), Rows(self._empty_legs_from)
        for node, stop in ((2 * i, trip.pickup), (2 * i + 1, trip.dropoff)):
            self.stops[node] = stop
            self.earliest[node], self.latest[node] = stop.earliest_s, stop.latest_s
            permille = problem.travel.traffic_at(middle_s(stop))
            if permille != self.permille[node]:  # another hour: other ways from it and to the bases
                self.permille[node] = permille
                self._replace_base_legs(node, stop)
        self.ride_limit[i], self.direct[i] = problem.ride_limit_s(trip), problem.direct_s(trip)
        for refused, shift in zip(self.refused, problem.shifts, strict=True):
            refused[i] = _unfit(problem, trip, shift)

    def _replace_base_legs(self, node: int, stop: Stop) -> None:
        problem, shifts = self.problem, self.problem.shifts
        out = {shift.start_location: problem.leg_s(None, stop, shift) for shift in shifts}
        home = {shift.end_location: problem.leg_s(stop, None, shift) for shift in shifts}
        self.from_base = [
            (*row[:node], out[shift.start_location], *row[node + 1 :])
            for row, shift in zip(self.from_base, shifts, strict=True)
        ]
        self.to_base = [
            (*row[:node], home[shift.end_location], *row[node + 1 :])
            for row, shift in zip(self.to_base, shifts, strict=True)
        ]

    def _share_masks_with(self, i: int, may_share: Callable[[Trip], bool]) -> list[int]:
        masks = [mask & ~(1 << i) for mask in self.share_mask]
        masks[i] = 1 << i
        for j, other in enumerate(self.problem.trips):
            if j != i and may_share(other):
                masks[i] |= 1 << j
                masks[j] |= 1 << i
        return masks

    def _refusals(self) -> list[list[Rule | None]]:
        """For each shift why it can never carry each trip; trips that ask for the same are judged once."""
        problem = self.problem
        asked = [(trip.needs, trip.load) for trip in problem.trips]
        one_of = dict(zip(asked, problem.trips, strict=True))
        kinds = {kind: number for number, kind in enumerate(one_of)}
        kind_of = [kinds[kind] for kind in asked]
        bound = [
            (i, trip)
            for i, trip in enumerate(problem.trips)
            if trip.id in problem.committed_shift
            or trip.pinned_shift is not None
            or trip.excluded_drivers
        ]
        found: list[list[Rule | None]] = []
        for shift in problem.shifts:
            lacking = [_lacking(trip, shift) for trip in one_of.values()]
            row = [lacking[kind] for kind in kind_of]
            for i, trip in bound:
                row[i] = _unfit(problem, trip, shift)
            found.append(row)
        return found

    def _not_preferred(self) -> list[list[int]]:
        """For each shift and trip what it costs that this driver is not one of those the trip prefers."""
        weight, trips = self.problem.settings.weights.not_preferred_driver, self.problem.trips
        wished = [(i, trip.preferred_drivers) for i, trip in enumerate(trips)]
        wished = [(i, drivers) for i, drivers in wished if drivers]
        found = []
        for shift in self.problem.shifts:
            row = [0] * len(trips)
            for i, drivers in wished:
                row[i] = 0 if shift.driver in drivers else weight
            found.append(row)
        return found

    def _moved(self) -> list[list[int]]:
        """For each shift and trip what it costs that this driver is not the one in force."""
        weight = self.problem.settings.weights.moved_to_other_driver
        away = [0] * len(self.problem.trips)
        own: dict[str, list[int]] = {}
        for trip, driver in self.problem.driver_in_force.items():
            if trip in self.trip_index:
                away[self.trip_index[trip]] = weight
                own.setdefault(driver, []).append(self.trip_index[trip])
        found = []
        for shift in self.problem.shifts:
            row = list(away)
            for i in own.get(shift.driver, ()):
                row[i] = 0
            found.append(row)
        return found

    def _share_masks(self) -> list[int]:
        """For each trip the set, as bits, of the trips it may be on board with (itself included).

        As `Problem.may_share` has it, found by a window that slides over the trips in the order of their hour.
        """
        trips, pooling = self.problem.trips, self.problem.settings.pooling
        masks = [1 << i for i in range(len(trips))]
        if pooling is None:
            return masks
        widest = inf if pooling.max_pickup_gap_s is None else pooling.max_pickup_gap_s
        at = [middle_s(trip.pickup) for trip in trips]
        for group in self._pools(same_area=pooling.same_area):
            group.sort(key=at.__getitem__)
            window, first, last = 0, 0, 0
            for i in group:
                while last < len(group) and at[group[last]] - at[i] <= widest:
                    window |= 1 << group[last]
                    last += 1
                while at[i] - at[group[first]] > widest:
                    window ^= 1 << group[first]
                    first += 1
                masks[i] |= window
        return masks

    def _pools(self, *, same_area: bool) -> list[list[int]]:
        """Trips that may share at all, by neighbourhood where that counts."""
        pools: dict[str | None, list[int]] = {}
        for i, trip in enumerate(self.problem.trips):
            if trip.may_pool and (trip.area is not None or not same_area):
                pools.setdefault(trip.area if same_area else None, []).append(i)
        return list(pools.values())

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


def retimed(problem: Problem, trip: Trip) -> Problem:
    """The problem with this trip of it at other times; the tables of what stays are shared."""
    trips = tuple(trip if one.id == trip.id else one for one in problem.trips)
    other = replace(problem, trips=trips)
    known = network_of(problem)
    tables = known.with_trip(known.trip_index[trip.id], trip)
    tables.problem = other
    other.__dict__["_network"] = tables
    return other


def narrowed(problem: Problem, trips: tuple[Trip, ...], *, weights: Weights) -> Problem:
    """The problem with these trips, which differ in their windows and pins alone, and with these prices.

    A clock must stand on each stop whose window changed. Most tables are shared, so that this is cheap.
    """
    settings = replace(problem.settings, weights=weights)
    other = replace(problem, trips=trips, settings=settings)
    tables = copy(network_of(problem))
    tables.problem = other
    tables.stops = [stop for trip in trips for stop in (trip.pickup, trip.dropoff)]
    tables.earliest = [stop.earliest_s for stop in tables.stops]
    tables.latest = [stop.latest_s for stop in tables.stops]
    tables.refused = [list(refused) for refused in tables.refused]
    for i, (trip, before) in enumerate(zip(trips, problem.trips, strict=True)):
        if trip.pinned_shift != before.pinned_shift:
            for refused, shift in zip(tables.refused, problem.shifts, strict=True):
                refused[i] = _unfit(other, trip, shift)
    tables.set_prices()
    other.__dict__["_network"] = tables
    return other


def boarding(sequence: Sequence) -> list[int]:
    """The trips of a sequence in the order of their pickups."""
    return [node >> 1 for node in sequence if node >= 0 and not node & 1]


def _rows_of(location: list[int], problem: Problem) -> _SharedRows:
    """Kept with the travel times, for the stops asked last: a day is read many times with the same ones."""
    memo, margin = problem.travel.memo, problem.settings.transition_margin_s
    key = (tuple(location), margin)
    rows: _SharedRows | None = memo.get(key)
    if rows is None:
        rows = _SharedRows(location, problem)
        memo.clear()
        memo[key] = rows
    return rows


class _SharedRows:
    """Ways from one place at one hour to every node: the same for all who leave there and then."""

    def __init__(self, location: list[int], problem: Problem) -> None:
        # Not the travel times, which hold these rows.
        self._table, self._margin = problem.travel.seconds, problem.settings.transition_margin_s
        self._known: dict[tuple[int, int, bool], Row] = {}
        self._seconds: dict[
            int, dict[int, int]
        ] = {}  # one object a duration, however often it is met
        if location:
            # Behind the ways to all places stand those with the margin: to pickups, for an empty vehicle.
            behind = problem.travel.size
            self._pick = itemgetter(*location)
            self._pick_empty = itemgetter(
                *(place + behind * (not node & 1) for node, place in enumerate(location))
            )

    def full(self, place: int, permille: int) -> Row:
        key = (place, permille, False)
        if key not in self._known:
            self._known[key] = self._pick(self._ways(place, permille))
        return self._known[key]

    def empty(self, place: int, permille: int) -> Row:
        key = (place, permille, True)
        if key not in self._known:
            ways = self._ways(place, permille)
            later = [way + self._margin for way in ways]
            later[place] = ways[place]
            self._known[key] = self._pick_empty((*ways, *later))
        return self._known[key]

    def _ways(self, place: int, permille: int) -> Row:
        row = self._table[place]
        if permille == FREE_FLOW_PERMILLE:
            return row
        known = self._seconds.setdefault(permille, _Stretched(permille))
        return tuple(map(known.__getitem__, row))


class _Stretched(dict[int, int]):
    """Free-flow seconds → seconds in one hour's traffic."""

    def __init__(self, permille: int) -> None:
        super().__init__()
        self._permille = permille

    def __missing__(self, seconds: int) -> int:
        stretched = self[seconds] = _stretched(seconds, self._permille)
        return stretched


def _places(problem: Problem, end: str) -> set[int]:
    return {getattr(shift, end) for shift in problem.shifts}


def _at(trip: Trip, second: int) -> Trip:
    """The trip as if it were fetched at this hour."""
    return replace(trip, pickup=replace(trip.pickup, clock_s=second))


def _hours(first: int, last: int) -> tuple[int, ...]:
    """A second of each hour from the one of `first` to the one of `last`."""
    return (*range(first, last, HOUR_S), last)


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
    )
    if committed == shift.id and trip.id in problem.committed_shift:
        return None  # what has begun is a fact
    return next((rule for is_broken, rule in verdicts if is_broken), _lacking(trip, shift))


def _lacking(trip: Trip, shift: Shift) -> Rule | None:
    """What the crew or the vehicle lacks for the trip."""
    if not trip.needs <= shift.capabilities:
        return Rule.SKILLS
    return None if shift.can_hold(trip.load) else Rule.CAPACITY
