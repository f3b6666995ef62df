"""A plan that grows: sequences per shift with their prices, and what another trip would add to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from dispatch.engine.cost import separation_cost
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.fitting import Fit, best_fit, route_for, valid_fit
from dispatch.engine.insertion import sequence_in
from dispatch.engine.misfits import most_kept
from dispatch.engine.network import Network, Sequence, boarding, network_of
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Problem, Visit
from dispatch.engine.room import Room
from dispatch.enums import Rule


class Course:
    """One shift's sequence, its price, and what was found out about adding trips to it."""

    def __init__(self, network: Network, s: int, fit: Fit) -> None:
        self.sequence, self.cost = fit
        self._network, self._s = network, s
        self._room: Room | None = None
        self._fits: dict[int, Fit | None] = {}

    def best_fit(self, trip: int) -> Fit | None:
        if trip not in self._fits:
            if self._room is None:
                self._room = Room(self._network, self._s, self.sequence)
            self._fits[trip] = best_fit(self._room, trip)
        return self._fits[trip]


@dataclass
class Draft:
    """A course for each shift, who drives what, and the trips left over."""

    network: Network
    courses: list[Course]
    shift_of: dict[int, int]
    left: set[int]

    @classmethod
    def of(cls, problem: Problem, plan: Plan | None) -> Self:
        """From a plan; trips it does not name are left over. Raises InvalidPlanError for a broken route."""
        network = network_of(problem)
        start = plan if plan is not None else Plan(routes=())
        courses: list[Course] = []
        shift_of: dict[int, int] = {}
        for s, shift in enumerate(problem.shifts):
            fit = valid_fit(network, s, sequence_in(network, start, s))
            if fit is None:
                raise InvalidPlanError(f"The route of shift {shift.id} breaks a rule.")
            courses.append(Course(network, s, fit))
            shift_of |= dict.fromkeys(boarding(fit.sequence), s)
        left = set(range(len(problem.trips))) - set(shift_of)
        return cls(network, courses, shift_of, left)

    def unserved_cost(self, trip: int) -> int:
        problem = self.network.problem
        return problem.settings.weights.unserved(problem.trips[trip].priority)

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
        course = self.courses[s]
        fit = course.best_fit(trip)
        if fit is None:
            return None
        return fit.cost - course.cost + self.separation(trip, s), fit

    def insert(self, trip: int, s: int, fit: Fit) -> None:
        self.courses[s] = Course(self.network, s, fit)
        self.shift_of[trip] = s
        self.left.discard(trip)

    def plan(self) -> Plan:
        """The finished plan; leftovers carry COVERAGE until `explain` has found their true reason."""
        return finished(self.network, [course.sequence for course in self.courses])


def resume(problem: Problem, orders: Mapping[str, tuple[Visit, ...]]) -> Plan:
    """The plan in force from the order of each shift's visits, timed anew and with breaks placed.

    A shift whose order no longer works keeps as many of its trips as it can (`misfits.most_kept`); the others are
    left unassigned. Raises InvalidPlanError when even the committed visits break a rule.
    """
    network = network_of(problem)
    sequences: list[Sequence] = []
    for s, shift in enumerate(problem.shifts):
        ordered = network.sequence(shift, orders.get(shift.id, shift.committed))
        sequence = most_kept(network, s, ordered)
        if sequence is None:
            raise InvalidPlanError(f"What shift {shift.id} has begun breaks a rule.")
        sequences.append(sequence)
    return finished(network, sequences)


def finished(network: Network, sequences: list[Sequence]) -> Plan:
    problem = network.problem
    routes = tuple(route_for(network, s, sequence) for s, sequence in enumerate(sequences))
    planned = {trip for sequence in sequences for trip in boarding(sequence)}
    left = (trip.id for i, trip in enumerate(problem.trips) if i not in planned)
    unassigned = tuple(Unassigned(trip=trip, reason=Rule.COVERAGE) for trip in left)
    return Plan(routes=routes, unassigned=unassigned)
