"""Where in a route one more trip might go: bounds that every schedule keeps, counted without scheduling.

The bounds hold for any driving times, also where a way round is quicker than the straight one (traffic
changes with the hour, and the margin between trips falls away inside a shared ride): forward times come
from windows and driving alone, and what lies between a new pickup and its drop-off is walked anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from copy import copy
from functools import cached_property
from itertools import accumulate, pairwise

from dispatch.engine.network import NO_LOAD, Network, Row, Sequence, boarding
from dispatch.engine.problem import Load, Shift
from dispatch.engine.schedule import lay_out

Place = tuple[int, int, int]  # (driven seconds added, pickup goes before i, drop-off before j >= i)


class Room:
    """One shift's sequence prepared for insertions; positions 0 … n are the gaps between its n visits.

    `ready[k]`: no vehicle sets off for position k earlier. `latest[k]`: visit k cannot start later when
    nothing is put behind it. `ceiling[k]`: neither visit k nor any behind it starts before this second in
    vain (the smallest end of a window from k on). `before` and `after`: the real stops around a position
    (-1: the base). `loads`, `on_board`: what is in the vehicle when it comes to a position.
    """

    def __init__(self, network: Network, s: int, sequence: Sequence) -> None:
        self.network, self.s, self.sequence = network, s, sequence
        self.shift = network.problem.shifts[s]
        self.fixed = len(self.shift.committed)
        self.trips = boarding(sequence)
        self._bound_times()
        self._follow_vehicle()

    def _bound_times(self) -> None:
        layout = lay_out(self.network, self.s, self.sequence)
        breaks, service = self.shift.breaks, self.network.service
        self.ready = [self.shift.start_s]
        start = self.shift.start_s
        for node, gap, low in zip(self.sequence, layout.gaps, layout.low, strict=True):
            start = max(start + gap, low)
            self.ready.append(start + (service[node] if node >= 0 else breaks[~node].duration_s))
        self.ceiling = list(accumulate(reversed(layout.high), min))[::-1]
        self.latest = layout.high
        bound, gap = self.shift.end_s, layout.last_gap
        for k in range(len(self.sequence) - 1, -1, -1):
            bound = self.latest[k] = min(self.latest[k], bound - gap)
            gap = layout.gaps[k]

    def _follow_vehicle(self) -> None:
        network = self.network
        self.before, self.loads, self.on_board = [-1], [NO_LOAD], [0]
        for node in self.sequence:
            load, mask = self.loads[-1], self.on_board[-1]
            if node >= 0:
                carried = network.problem.trips[node >> 1].load
                load = load.minus(carried) if node & 1 else load.plus(carried)
                mask ^= 1 << (node >> 1)
            self.before.append(node if node >= 0 else self.before[-1])
            self.loads.append(load)
            self.on_board.append(mask)
        self.after = [-1]
        for node in reversed(self.sequence):
            self.after.append(node if node >= 0 else self.after[-1])
        self.after.reverse()
        self.ways = [
            self._ways_from(node, load)
            for node, load in zip(self.before, self.on_board, strict=True)
        ]

    def _ways_from(self, before: int, on_board: int) -> Row:
        """Seconds from the real stop before a position to any node put there, margin included."""
        if before < 0:
            return self.network.from_base[self.s]
        return (self.network.drive if on_board else self.network.empty_drive)[before]

    def beside(self, network: Network, *, shift: Shift | None = None) -> Room:
        """The same route beside other tables, or for another cap of its shift.

        `network` differs from this room's in trips that are not in its sequence (`Network.with_trip`).
        """
        other = copy(self)
        other.network = network
        other.shift = self.shift if shift is None else shift
        other.ways = [
            network.from_base[self.s] if node < 0 else way
            for node, way in zip(self.before, self.ways, strict=True)
        ]
        if self.bare is self:
            other.bare = other
        else:
            other.bare = self.bare.beside(network, shift=shift)
        return other

    @cached_property
    def driven(self) -> int:
        """Driving seconds of the sequence as it stands."""
        nodes = [-1, *(node for node in self.sequence if node >= 0), -1]
        return sum(self._drive(a, b) for a, b in pairwise(nodes))

    @cached_property
    def bare(self) -> Room:
        """The same route without the breaks that may still be moved; itself when it has none."""
        fixed, rest = self.sequence[: self.fixed], self.sequence[self.fixed :]
        stops = [node for node in rest if node >= 0]
        return Room(self.network, self.s, fixed + stops) if len(stops) < len(rest) else self

    def with_trip(self, trip: int, i: int, j: int) -> Sequence:
        old = self.sequence
        return [*old[:i], 2 * trip, *old[i:j], 2 * trip + 1, *old[j:]]

    def places(self, trip: int) -> list[Place]:
        """The places that the bounds allow, from the shortest added drive on; no feasible one is missed."""
        network, pickup = self.network, 2 * trip
        boarded = network.earliest[pickup] + network.service[pickup]
        first = max(self.fixed, bisect_left(self.ceiling, boarded))
        last = bisect_right(self.ready, network.latest[pickup])
        earliest, latest = network.earliest[pickup], network.latest[pickup]
        found: list[Place] = []
        for i in range(first, last):
            start = max(self.ready[i] + self.ways[i][pickup], earliest)
            if start <= latest:
                found.extend(self._places_from(trip, i, start))
        found.sort()
        return found

    def _places_from(self, trip: int, i: int, start: int) -> Iterator[Place]:
        """Places with the pickup, at `start`, before position i: followed until the vehicle must be empty."""
        network, sequence, pickup, dropoff = self.network, self.sequence, 2 * trip, 2 * trip + 1
        end, previous = start + network.service[pickup], pickup
        detour = self._drive(self.before[i], pickup) - self._drive(self.before[i], self.after[i])
        limit = network.latest[pickup] + network.service[pickup] + network.ride_limit[trip]
        limit = min(limit, network.latest[dropoff])
        for j in range(i, len(sequence) + 1):
            if j > i:
                node = sequence[j - 1]
                if node < 0:
                    return  # nobody rests with a patient on board
                start = max(end + network.drive[previous][node], network.earliest[node])
                if start > network.latest[node]:
                    return
                if previous == pickup:
                    detour += network.drive[pickup][node]
                end, previous = start + network.service[node], node
            if end > limit or not self._can_carry(trip, j):
                return
            if self._can_drop(previous, end, dropoff, j):
                yield detour + self._way_round(previous, dropoff, j, is_first=i == j), i, j

    def _way_round(self, previous: int, dropoff: int, j: int, *, is_first: bool) -> int:
        """Driving added by the drop-off before position j."""
        added = self.network.drive[previous][dropoff] + self._drive(dropoff, self.after[j])
        return added if is_first else added - self._drive(previous, self.after[j])

    def _drive(self, a: int, b: int) -> int:
        network = self.network
        if a < 0:
            return network.from_base[self.s][b] if b >= 0 else 0
        return network.drive[a][b] if b >= 0 else network.to_base[self.s][a]

    def _can_carry(self, trip: int, j: int) -> bool:
        """Whether the trip may be on board with those that are there when position j is reached."""
        if not self.on_board[j]:
            return True
        if self.on_board[j] & ~self.network.share_mask[trip]:
            return False
        extra: Load = self.network.problem.trips[trip].load
        return self.network.has_room(self.s, self.loads[j], extra)

    def _can_drop(self, previous: int, end: int, dropoff: int, j: int) -> bool:
        """Whether the drop-off keeps its window and leaves time for what follows position j."""
        network = self.network
        start = max(end + network.drive[previous][dropoff], network.earliest[dropoff])
        if start > network.latest[dropoff]:
            return False
        end = start + network.service[dropoff]
        if j == len(self.sequence):
            return end + network.to_base[self.s][dropoff] <= self.shift.end_s
        node = self.sequence[j]
        if node < 0:
            return end <= self.latest[j]
        legs = network.drive if self.on_board[j] else network.empty_drive
        return end + legs[dropoff][node] <= self.latest[j]
