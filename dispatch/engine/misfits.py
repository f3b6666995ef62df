"""Which trips a tour must give up when it can no longer be driven as it stands: the fewest, the others keep their driver.

A shift was cut, its vehicle was swapped, a break was added: what does not fit is a hitting set of the *conflicts*, sets of
trips of which not all can stay (Reiter 1987). Sets of dropped trips are looked at from the cheapest on, the fewest first; one
that works is the answer, and each that does not tells one conflict more. So the answer is exact where a tour that
works still works with fewer trips: always but for ways that are shorter by a detour, and for breaks on such ways.
"""

from __future__ import annotations

from heapq import heappop, heappush

from dispatch.engine.fitting import begun, valid_fit
from dispatch.engine.network import Network, Sequence, boarding

MOST_TRIES = 2_000  # some tenths of a second; after these trips stay one by one, the dearest and then the soonest first

Trips = frozenset[int]
_Key = tuple[int, int, tuple[int, ...]]


def most_kept(network: Network, s: int, order: Sequence) -> Sequence | None:
    """The order with as many of its trips as can stay, timed by the hard rules, its breaks placed; None when what
    the shift has begun breaks a rule by itself.

    Committed visits stay where they are, and all others in their order. Of equally many trips those go whose stay
    weighs least, then the later ones. None of those that went fits alone in what stayed. Deterministic.
    """
    fit = valid_fit(network, s, order)
    return fit.sequence if fit is not None else _Tour(network, s, order).kept()


class _Tour:
    def __init__(self, network: Network, s: int, order: Sequence) -> None:
        self.network, self.s, self.shift = network, s, network.problem.shifts[s]
        done = network.sequence(self.shift, self.shift.committed)
        self.bound = frozenset(boarding(done))
        # Breaks are placed anew: nobody goes because of one that could have moved.
        self.order = [*done, *(node for node in order if node >= 0 and node not in done)]
        self.free = [trip for trip in _trips(self.order) if trip not in self.bound]
        self.place = {trip: k for k, trip in enumerate(self.free)}
        self.conflicts: list[Trips] = []
        self.tried: dict[Trips, Sequence | None] = {}
        self.looks = 0

    def kept(self) -> Sequence | None:
        if self._timed(frozenset()) is None:
            owed = begun(self.network, self.s)
            if owed is None:
                return None
            self.order = [*owed, *(node for node in self.order if node not in owed)]
            self.tried.clear()
            if self._timed(frozenset()) is None:
                return None
        return self._timed(self._filled(self._most()))

    def _timed(self, kept: Trips) -> Sequence | None:
        """These trips beside what has begun, in the order; None when that breaks a rule."""
        if kept not in self.tried:
            self.looks += 1
            stays = kept | self.bound
            nodes = [node for node in self.order if node < 0 or node >> 1 in stays]
            fit = valid_fit(self.network, self.s, nodes)
            self.tried[kept] = None if fit is None else fit.sequence
        return self.tried[kept]

    def _works(self, kept: Trips) -> bool:
        return self._timed(kept) is not None

    def _most(self) -> Trips:
        everyone = frozenset(self.free)
        alone = frozenset(trip for trip in self.free if not self._works(frozenset({trip})))
        waiting: list[tuple[_Key, Trips]] = [(self._key(alone), alone)]
        known = {alone}
        while self.looks < MOST_TRIES:
            self.looks += 1
            _, dropped = heappop(waiting)
            kept = everyone - dropped
            conflict = next((one for one in self.conflicts if one <= kept), None)
            if conflict is None:
                if self._works(kept):
                    return kept
                conflict = self._conflict(kept)
                self.conflicts.append(conflict)
            for trip in conflict:
                if (more := dropped | {trip}) not in known:
                    known.add(more)
                    heappush(waiting, (self._key(more), more))
        return frozenset()

    def _key(self, dropped: Trips) -> _Key:
        later = sorted(-self.place[trip] for trip in dropped)
        return len(dropped), sum(map(self._weight, dropped)), tuple(later)

    def _weight(self, trip: int) -> int:
        problem = self.network.problem
        return problem.settings.weights.unserved(problem.trips[trip].priority)

    def _conflict(self, kept: Trips) -> Trips:
        """Trips of these that cannot all stay; each of them could go for the rest to work, unless too many is all it is."""
        most = self.shift.max_trips
        if most is not None and len(kept) + len(self.bound) > most:
            return kept
        for trip in self.free:
            if trip in kept and not self._works(kept - {trip}):
                kept -= {trip}
        return kept

    def _filled(self, kept: Trips) -> Trips:
        """With everybody who fits alone in it, as long as there is somebody."""
        by_weight = sorted(self.free, key=lambda trip: (-self._weight(trip), self.place[trip]))
        while True:
            left = (trip for trip in by_weight if trip not in kept)
            fits = next((trip for trip in left if self._works(kept | {trip})), None)
            if fits is None:
                return kept
            kept |= {fits}


def _trips(order: Sequence) -> list[int]:
    """In the order of their first visit."""
    return list(dict.fromkeys(node >> 1 for node in order if node >= 0))
