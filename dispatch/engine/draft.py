"""A plan being worked on: sequences per shift with their prices, cheap to change and to take back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from dispatch.engine.cost import separation_cost
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.insertion import Fit, best_fit, fit_of, sequence_in, without
from dispatch.engine.network import Network, Sequence, network_of
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Problem
from dispatch.engine.schedule import Broken, route_of, timing_of
from dispatch.enums import Rule

REMEMBERED_FITS = 200_000  # about 100 MB at most; forgotten all at once


@dataclass
class Memory:
    """What was already found out about (shift, sequence, trip); true for as long as the problem lives."""

    fits: dict[tuple[int, int, tuple[int, ...]], Fit | None] = field(default_factory=dict)

    def best_fit(self, network: Network, s: int, sequence: Sequence, trip: int) -> Fit | None:
        key = (s, trip, tuple(sequence))
        if key in self.fits:
            return self.fits[key]
        if len(self.fits) >= REMEMBERED_FITS:
            self.fits.clear()
        found = self.fits[key] = best_fit(network, s, sequence, trip)
        return found


@dataclass
class Draft:
    """Sequences, their costs, who drives what, and the trips left over."""

    network: Network
    memory: Memory
    sequences: list[Sequence]
    costs: list[int]
    shift_of: dict[int, int]
    left: set[int]

    @classmethod
    def of(cls, problem: Problem, plan: Plan | None) -> Self:
        """From a plan; trips it does not name are left over. Raises InvalidPlanError for a broken route."""
        network = network_of(problem)
        start = plan if plan is not None else Plan(routes=())
        sequences = [sequence_in(network, start, s) for s in range(len(problem.shifts))]
        shift_of = {node >> 1: s for s, seq in enumerate(sequences) for node in seq if node >= 0}
        costs = []
        for s, sequence in enumerate(sequences):
            fit = fit_of(network, s, sequence)
            if fit is None:
                raise InvalidPlanError(f"The route of shift {problem.shifts[s].id} breaks a rule.")
            sequences[s] = fit.sequence
            costs.append(fit.cost)
        left = set(range(len(problem.trips))) - set(shift_of)
        return cls(network, Memory(), sequences, costs, shift_of, left)

    def copy(self) -> Draft:
        return Draft(
            self.network,
            self.memory,
            list(self.sequences),
            list(self.costs),
            dict(self.shift_of),
            set(self.left),
        )

    @property
    def total(self) -> int:
        """Equals `cost.score(problem, plan).total` of the finished plan."""
        weights, trips = self.network.problem.settings.weights, self.network.problem.trips
        unserved = sum(weights.unserved(trips[trip].priority) for trip in self.left)
        separated = sum(self.separation(trip, s) for trip, s in self.shift_of.items())
        return sum(self.costs) + unserved + separated // 2

    def separation(self, trip: int, s: int) -> int:
        if not self.network.companions[trip]:
            return 0
        shifts = self.network.problem.shifts
        driver_of = {
            other: shifts[self.shift_of[other]].driver
            for other in self.network.companions[trip]
            if other in self.shift_of
        }
        return separation_cost(self.network, trip, shifts[s].driver, driver_of)

    def offer(self, trip: int, s: int) -> tuple[int, Fit] | None:
        """(what the trip adds to the total in this shift, how), or None when it does not fit."""
        fit = self.memory.best_fit(self.network, s, self.sequences[s], trip)
        if fit is None:
            return None
        return fit.cost - self.costs[s] + self.separation(trip, s), fit

    def insert(self, trip: int, s: int, fit: Fit) -> None:
        self.sequences[s], self.costs[s] = fit.sequence, fit.cost
        self.shift_of[trip] = s
        self.left.discard(trip)

    def remove(self, trip: int) -> None:
        """Take a trip out; with driving times that break the triangle a route may refuse to shrink."""
        s = self.shift_of[trip]
        shrunk = without(self.sequences[s], trip)
        fit = fit_of(self.network, s, shrunk)
        if fit is None:
            return
        self.sequences[s], self.costs[s] = fit.sequence, fit.cost
        del self.shift_of[trip]
        self.left.add(trip)

    def is_movable(self, trip: int) -> bool:
        """Committed trips stay where they are."""
        problem = self.network.problem
        return problem.trips[trip].id not in problem.committed_shift

    def plan(self) -> Plan:
        """The finished plan; leftovers carry COVERAGE until `explain` has found their true reason."""
        problem = self.network.problem
        routes = []
        for s, sequence in enumerate(self.sequences):
            timing = timing_of(self.network, s, sequence)
            if isinstance(timing, Broken):
                raise InvalidPlanError(f"The route of shift {problem.shifts[s].id} breaks a rule.")
            routes.append(route_of(self.network, s, sequence, timing))
        left = (problem.trips[trip].id for trip in sorted(self.left))
        unassigned = tuple(Unassigned(trip=trip, reason=Rule.COVERAGE) for trip in left)
        return Plan(routes=tuple(routes), unassigned=unassigned)


