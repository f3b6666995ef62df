"""What another plan changes for the people of the plan in force, and the best part of it that changes no more than it may.

Two plans of one day differ in groups of routes: routes that exchange trips can only change together, and every
other group can come true by itself. Which groups do is a knapsack, solved exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Self

from dispatch.engine.cost import score
from dispatch.engine.plan import Plan, Route, Unassigned
from dispatch.engine.problem import Problem
from dispatch.engine.stability import is_change
from dispatch.enums import Rule, VisitKind

# Between the price of an unserved trip and that of anything a trip can cost: serve, then keep promises, then comfort.
BROKEN_PROMISE = 100_000
LATE_PER_S = 10  # of two late trips, five minutes each are worse than ten at one


class Promise(NamedTuple):
    """The last seconds at which boarding and alighting may begin."""

    pickup_s: int
    dropoff_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPromise:
    """A trip that is `late_s` later than promised, at its pickup or at its drop-off, whichever is worse."""

    trip: str
    late_s: int


@dataclass(frozen=True, kw_only=True)
class InForce:
    """What people know of the day, and how much of it may change.

    `plan`: the routes in force, timed anew; it must be valid and list whom nobody drives, be it that they are new
    or that their driver is gone. Who drove whom is `problem.drivers_in_force`. `told_s`: trip → second of the
    pickup that a slide counts from; that of `plan` where it is not named. `promised`: trip → its promise, where
    the windows of `problem` were stretched beyond it. At most `budget` trips change by choice (`changes`). No
    pickup that is known is brought forward to before `frozen_until_s`, not even to keep a promise (`wall_s`).
    """

    problem: Problem
    plan: Plan
    told_s: Mapping[str, int] = field(default_factory=dict)
    promised: Mapping[str, Promise] = field(default_factory=dict)
    budget: int = 0
    frozen_until_s: int = 0

    def known_json(self) -> dict[str, Any]:
        """All but the problem and the plan, as plain JSON data."""
        return {
            "told_s": dict(self.told_s),
            "promised": {trip: list(promise) for trip, promise in self.promised.items()},
            "budget": self.budget,
            "frozen_until_s": self.frozen_until_s,
        }

    @classmethod
    def from_json(cls, problem: Problem, plan: Plan, known: dict[str, Any]) -> Self:
        return cls(
            problem=problem,
            plan=plan,
            told_s=known["told_s"],
            promised={trip: Promise(*ends) for trip, ends in known["promised"].items()},
            budget=known["budget"],
            frozen_until_s=known["frozen_until_s"],
        )

    @cached_property
    def told(self) -> Mapping[str, int]:
        return self.plan.pickup_start_s | dict(self.told_s)

    @cached_property
    def lost(self) -> frozenset[str]:
        """Trips whose driver is gone: somebody else has to tell them who comes, so who and when is open."""
        return frozenset(trip for trip in self._free() if trip not in self.plan.shift_of)

    @cached_property
    def unavoidable(self) -> frozenset[str]:
        """Trips that have lost their driver, or slid noticeably, before anything was chosen."""
        starts = self.plan.pickup_start_s
        return self.lost | {
            trip
            for trip in self._free()
            if trip in starts
            and is_change(
                same_driver=self._driver(self.plan, trip) == self.problem.driver_in_force[trip],
                slide_s=starts[trip] - self.told[trip],
            )
        }

    def changes(self, plan: Plan) -> frozenset[str]:
        """The trips that `plan` changes by choice; what has begun is a fact and changes nothing.

        What was forced is free only as far as it was forced: who is late anyway may be met less late, but a driver
        who is late is still the driver, and five minutes more are five minutes.
        """
        return frozenset(trip for trip in self._free() if self._is_changed(plan, trip))

    def expected_s(self, trip: str) -> tuple[int, int]:
        """The pickup as told and as forced, the earlier first: between the two nobody hears anything worse.

        A slide that nobody notices forces nothing.
        """
        told_s = self.told[trip]
        forced_s = self.plan.pickup_start_s.get(trip, told_s)
        if not is_change(same_driver=True, slide_s=forced_s - told_s):
            return told_s, told_s
        return min(told_s, forced_s), max(told_s, forced_s)

    def wall_s(self, trip: str) -> int:
        """Before this second the pickup is not brought forward, whatever that would mend."""
        return min(self.frozen_until_s, self.plan.pickup_start_s.get(trip, self.told[trip]))

    def _free(self) -> Iterator[str]:
        begun = self.problem.committed_shift
        return (trip for trip, _ in self.problem.drivers_in_force if trip not in begun)

    def _is_changed(self, plan: Plan, trip: str) -> bool:
        if trip in self.lost or trip not in plan.shift_of:
            return trip not in self.lost
        first_s, last_s = self.expected_s(trip)
        start_s = plan.pickup_start_s[trip]
        known = (self.problem.driver_in_force[trip], self._driver(self.plan, trip))
        return is_change(
            same_driver=self._driver(plan, trip) in known,
            slide_s=max(first_s - start_s, start_s - last_s, 0),
        )

    def _driver(self, plan: Plan, trip: str) -> str:
        return self.problem.shift_by_id[plan.shift_of[trip]].driver

    def broken(self, plan: Plan) -> tuple[BrokenPromise, ...]:
        """The promises that the plan breaks, in the order of trips."""
        late: dict[str, int] = {}
        for route in plan.routes:
            for visit in route.visits:
                promise = self.promised.get(visit.id)
                if promise is None or visit.kind is VisitKind.BREAK:
                    continue
                is_pickup = visit.kind is VisitKind.PICKUP
                due_s = promise.pickup_s if is_pickup else promise.dropoff_s
                late[visit.id] = max(late.get(visit.id, 0), visit.start_s - due_s)
        return tuple(
            BrokenPromise(trip=trip, late_s=late_s)
            for trip, late_s in sorted(late.items())
            if late_s
        )

    def price(self, plan: Plan) -> int:
        """`cost.score` and what broken promises are worth."""
        broken = self.broken(plan)
        late_s = sum(promise.late_s for promise in broken)
        return score(self.problem, plan).total + BROKEN_PROMISE * len(broken) + LATE_PER_S * late_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Routes that come true together: what they gain, and how many trips more (or fewer) they change."""

    shifts: frozenset[str]
    gain: int
    changes: int


def within_budget(day: InForce, base: Plan, found: Plan) -> Plan:
    """The best plan between the two: groups of routes as in `found` that gain something, the others as in `base`.

    Never dearer than `base`, takes nobody's driver away whom `base` drives, and changes no more than the budget if
    `base` does not. Exact over the groups; of equal ones the earlier stay.
    """
    chosen = chosen_parts(parts(day, base, found), day.budget - len(day.changes(base)))
    shifts = frozenset(shift for part in chosen for shift in part.shifts)
    return mixed(day.problem, base, found, shifts)


def parts(day: InForce, base: Plan, found: Plan) -> list[Part]:
    """The groups in which `found` is better than `base` and leaves nobody behind."""
    price, changes = day.price(base), len(day.changes(base))
    useful = []
    for shifts in _groups(day.problem, base, found):
        plan = mixed(day.problem, base, found, shifts)
        gain = price - day.price(plan)
        if gain > 0 and base.shift_of.keys() <= plan.shift_of.keys():
            more = len(day.changes(plan)) - changes
            useful.append(Part(shifts=shifts, gain=gain, changes=more))
    return useful


def chosen_parts(useful: Iterable[Part], allowed: int) -> tuple[Part, ...]:
    """Those that gain the most together and change at most `allowed` trips more; of equal ones the fewest."""
    best: dict[int, tuple[int, tuple[Part, ...]]] = {0: (0, ())}
    # First those that give changes back: from then on the sum only grows, and what is over the limit stays so.
    for part in sorted(useful, key=lambda part: part.changes):
        grown = dict(best)
        for used, (gain, taken) in best.items():
            now = used + part.changes
            if now <= allowed and gain + part.gain > grown.get(now, (-1, ()))[0]:
                grown[now] = gain + part.gain, (*taken, part)
        best = grown
    _, (_, taken) = min(best.items(), key=lambda item: (-item[1][0], item[0]))
    return taken


def mixed(problem: Problem, base: Plan, found: Plan, shifts: frozenset[str]) -> Plan:
    """`found` on these shifts and `base` on the others: whole groups, so that no trip is lost or doubled."""
    routes = tuple(
        (found if shift.id in shifts else base).route_of.get(shift.id, Route(shift=shift.id))
        for shift in problem.shifts
    )
    driven = {trip for route in routes for trip in route.trip_ids}
    left = (trip.id for trip in problem.trips if trip.id not in driven)
    return Plan(
        routes=routes, unassigned=tuple(Unassigned(trip=t, reason=Rule.COVERAGE) for t in left)
    )


def _groups(problem: Problem, base: Plan, found: Plan) -> Iterator[frozenset[str]]:
    """Shifts whose routes differ, together with those that exchange trips with them or share a wish for one driver."""
    leader = {shift.id: shift.id for shift in problem.shifts}
    for together in _bonds(problem, base, found):
        first = min(_leader(leader, shift) for shift in together)
        for shift in together:
            leader[_leader(leader, shift)] = first
    groups: dict[str, set[str]] = {}
    for shift in leader:
        groups.setdefault(_leader(leader, shift), set()).add(shift)
    for shifts in groups.values():
        if any(_visits(base, shift) != _visits(found, shift) for shift in shifts):
            yield frozenset(shifts)


def _bonds(problem: Problem, base: Plan, found: Plan) -> Iterator[set[str]]:
    for trip in problem.trips:
        one = _ends(base, found, trip.id)
        if len(one) > 1:
            yield one
        if trip.same_driver_as is not None:
            other = _ends(base, found, trip.same_driver_as)
            if one and other:
                yield one | other


def _ends(base: Plan, found: Plan, trip: str) -> set[str]:
    """The shifts that drive the trip in either plan."""
    both = (base.shift_of.get(trip), found.shift_of.get(trip))
    return {shift for shift in both if shift is not None}


def _leader(leader: dict[str, str], shift: str) -> str:
    while leader[shift] != shift:
        shift = leader[shift]
    return shift


def _visits(plan: Plan, shift: str) -> object:
    route = plan.route_of.get(shift)
    return () if route is None else route.visits
