"""An independent judge of plans: the rules of a day, counted anew from the words of their definition.

It shares nothing with the engine but the value classes of a problem and of a plan: legs, traffic, ride
limits, loads and pooling are worked out here, second by second along each route, so that a mistake in
`rules`, `schedule` or `network` cannot hide behind itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from dispatch.engine.plan import Plan, Route, TimedVisit
from dispatch.engine.problem import Break, Problem, Shift, Stop, Trip
from dispatch.enums import Rule, VisitKind


@dataclass(frozen=True)
class Fault:
    """A hard rule that the plan breaks; `where` names the trip, shift or break."""

    rule: Rule
    where: str
    detail: str


def faults(problem: Problem, plan: Plan) -> list[Fault]:
    """Everything that is wrong with a plan; [] for a valid one. Preferences are not judged."""
    found = _coverage(problem, plan)
    shifts = {shift.id: shift for shift in problem.shifts}
    for route in plan.routes:
        if route.shift in shifts:
            found += _Drive(problem, shifts[route.shift]).faults(route)
        else:
            found.append(Fault(Rule.COVERAGE, route.shift, "a route of an unknown shift"))
    found += _frozen(problem, plan)
    return found


def _coverage(problem: Problem, plan: Plan) -> list[Fault]:
    planned = Counter(
        visit.id
        for route in plan.routes
        for visit in route.visits
        if visit.kind is VisitKind.PICKUP
    )
    listed = planned + Counter(item.trip for item in plan.unassigned)
    known = {trip.id for trip in problem.trips}
    found = [
        Fault(Rule.COVERAGE, trip, f"stands {listed[trip]} times in the plan")
        for trip in sorted(known | set(listed))
        if listed[trip] != (trip in known)
    ]
    begun = _begun(problem)
    found += [
        Fault(Rule.FREEZE_TIME, item.trip, "has begun and is left unassigned")
        for item in plan.unassigned
        if item.trip in begun
    ]
    return found


def _begun(problem: Problem) -> set[str]:
    return {v.id for s in problem.shifts for v in s.committed if v.kind is not VisitKind.BREAK}


def _frozen(problem: Problem, plan: Plan) -> list[Fault]:
    found = []
    for shift in problem.shifts:
        visits = [
            (visit.id, visit.kind)
            for route in plan.routes
            if route.shift == shift.id
            for visit in route.visits
        ]
        frozen = [(visit.id, visit.kind) for visit in shift.committed]
        if visits[: len(frozen)] != frozen:
            found.append(Fault(Rule.FREEZE_TIME, shift.id, "does not begin with what is committed"))
    return found


@dataclass
class _Drive:
    """One vehicle followed along its route."""

    problem: Problem
    shift: Shift
    found: list[Fault] = field(default_factory=list)
    place: int = 0
    last_stop: Stop | None = None
    last_kind: VisitKind | None = None
    free_s: int = 0  # when the vehicle may go on
    on_board: dict[str, int] = field(default_factory=dict)  # trip → end of boarding
    carried: Counter[str] = field(default_factory=Counter)
    rested: Counter[str] = field(default_factory=Counter)

    def faults(self, route: Route) -> list[Fault]:
        if not route.visits:
            return []
        self.place, self.free_s = self.shift.start_location, route.leave_s
        for visit in route.visits:
            if visit.kind is VisitKind.BREAK:
                self._rest(visit)
            else:
                self._serve(visit)
        self._come_home(route)
        self._judge_whole(route)
        return self.found

    def _fault(self, rule: Rule, where: str, detail: str) -> None:
        self.found.append(Fault(rule, where, f"{self.shift.id}: {detail}"))

    def _rest(self, visit: TimedVisit) -> None:
        pause = next((p for p in self.shift.breaks if p.id == visit.id), None)
        if pause is None:
            self._fault(Rule.BREAK, visit.id, "unknown break")
            return
        if self.on_board:
            self._fault(Rule.BREAK, visit.id, f"rests with {sorted(self.on_board)} on board")
        if not pause.earliest_s <= visit.start_s <= pause.latest_s:
            self._fault(Rule.BREAK, visit.id, f"begins at {visit.start_s}")
        if visit.arrive_s < self.free_s or visit.start_s < visit.arrive_s:
            self._fault(Rule.SEQUENCE, visit.id, f"rests at {visit.start_s}, free {self.free_s}")
        self.rested[visit.id] += 1
        self.free_s = visit.start_s + pause.duration_s

    def _serve(self, visit: TimedVisit) -> None:
        trip = next((t for t in self.problem.trips if t.id == visit.id), None)
        if trip is None:
            self._fault(Rule.COVERAGE, visit.id, "unknown trip")
            return
        stop = trip.pickup if visit.kind is VisitKind.PICKUP else trip.dropoff
        self._arrive(visit, stop)
        if not stop.earliest_s <= visit.start_s <= stop.latest_s:
            self._fault(Rule.TIME_WINDOW, trip.id, f"{visit.kind} begins at {visit.start_s}")
        if visit.kind is VisitKind.PICKUP:
            self._board(trip, visit.start_s + stop.service_s)
        else:
            self._alight(trip, visit.start_s)
        self.place, self.last_stop, self.last_kind = stop.location, stop, visit.kind
        self.free_s = visit.start_s + stop.service_s

    def _arrive(self, visit: TimedVisit, stop: Stop) -> None:
        reached = self.free_s + self._driving_s(self.place, stop.location, self.last_stop or stop)
        changes = (
            visit.kind is VisitKind.PICKUP
            and self.last_kind is VisitKind.DROPOFF
            and not self.on_board
            and stop.location != self.place
        )
        margin = self.problem.settings.transition_margin_s if changes else 0
        if visit.arrive_s < reached or visit.start_s < visit.arrive_s:
            self._fault(
                Rule.SEQUENCE,
                visit.id,
                f"{visit.kind} reached at {reached}, said {visit.arrive_s}, begun {visit.start_s}",
            )
        elif visit.arrive_s < reached + margin:
            self._fault(Rule.TRANSITION_MARGIN, visit.id, f"reached at {reached} of {margin} s")

    def _driving_s(self, here: int, there: int, clock_stop: Stop) -> int:
        """Free-flow seconds stretched by the traffic of the hour in the middle of the window."""
        travel = self.problem.travel
        hour = max(0, _clock_s(clock_stop)) // 3600
        permille = travel.traffic_permille[min(hour, len(travel.traffic_permille) - 1)]
        product = travel.seconds[here][there] * permille
        return product // 1000 + (product % 1000 > 0)

    def _board(self, trip: Trip, seated_s: int) -> None:
        self.carried[trip.id] += 1
        if trip.id in self.on_board:
            self._fault(Rule.SEQUENCE, trip.id, "boards twice")
        for other in self.on_board:
            companion = next(t for t in self.problem.trips if t.id == other)
            if not self._may_share(trip, companion):
                self._fault(Rule.POOLING, trip.id, f"shares with {other}")
        self.on_board[trip.id] = seated_s
        self._judge_load(trip)
        if any(trip.id == v.id for v in self.shift.committed if v.kind is not VisitKind.BREAK):
            return  # who has begun to drive whom is a fact, no choice of the plan
        if not trip.needs <= self.shift.capabilities:
            self._fault(Rule.SKILLS, trip.id, f"lacks {trip.needs - self.shift.capabilities}")
        if self.shift.driver in trip.excluded_drivers:
            self._fault(Rule.EXCLUDED_DRIVER, trip.id, self.shift.driver)
        if trip.pinned_shift not in (None, self.shift.id):
            self._fault(Rule.PINNED, trip.id, f"belongs to {trip.pinned_shift}")

    def _judge_load(self, trip: Trip) -> None:
        riders = [t for t in self.problem.trips if t.id in self.on_board]
        places = [sum(kind) for kind in zip(*(t.load for t in riders), strict=True)]
        fits = any(
            all(taken <= offered for taken, offered in zip(places, configuration, strict=True))
            for configuration in self.shift.configurations
        )
        if not fits:
            self._fault(Rule.CAPACITY, trip.id, f"{places} in {self.shift.configurations}")

    def _may_share(self, a: Trip, b: Trip) -> bool:
        pooling = self.problem.settings.pooling
        if pooling is None or not a.may_pool or not b.may_pool:
            return False
        if pooling.same_area and (a.area != b.area or a.area is None):
            return False
        middles = [_clock_s(t.pickup) for t in (a, b)]
        gap = max(middles) - min(middles)
        return pooling.max_pickup_gap_s is None or gap <= pooling.max_pickup_gap_s

    def _alight(self, trip: Trip, start_s: int) -> None:
        if trip.id not in self.on_board:
            self._fault(Rule.SEQUENCE, trip.id, "is dropped off without being on board")
            return
        ride = start_s - self.on_board.pop(trip.id)
        direct = self._driving_s(trip.pickup.location, trip.dropoff.location, trip.pickup)
        own_limit = max(trip.max_ride_s, direct)
        if ride > own_limit:
            self._fault(Rule.MAX_RIDE_TIME, trip.id, f"rides {ride} s of {own_limit}")
            return
        pooling = self.problem.settings.pooling
        if pooling is None or pooling.max_detour_s is None or trip.id in _begun(self.problem):
            return
        if ride > direct + pooling.max_detour_s:
            self._fault(Rule.POOLING, trip.id, f"rides {ride} s, direct {direct} s")

    def _come_home(self, route: Route) -> None:
        back = self.free_s
        if self.last_stop is not None:
            back += self._driving_s(self.place, self.shift.end_location, self.last_stop)
        if route.return_s < back:
            self._fault(Rule.SEQUENCE, self.shift.id, f"back at {back}, said {route.return_s}")
        for trip in self.on_board:
            self._fault(Rule.SEQUENCE, trip, "is never dropped off")

    def _judge_whole(self, route: Route) -> None:
        shift = self.shift
        if route.leave_s < shift.start_s or route.return_s > shift.end_s:
            self._fault(Rule.SHIFT, shift.id, f"out from {route.leave_s} to {route.return_s}")
        limit = shift.max_duration_s
        if limit is not None and route.return_s - route.leave_s > limit:
            self._fault(Rule.DURATION, shift.id, f"{route.return_s - route.leave_s} s of {limit}")
        if shift.max_trips is not None and self.carried.total() > shift.max_trips:
            self._fault(Rule.WORKLOAD_CAP, shift.id, f"{self.carried.total()} trips")
        for name, times in self.rested.items():
            if times > 1:
                self._fault(Rule.BREAK, name, f"taken {times} times")
        for pause in shift.breaks:
            self._judge_break(pause)

    def _judge_break(self, pause: Break) -> None:
        if pause.mandatory and self.carried and not self.rested[pause.id]:
            self._fault(Rule.BREAK, pause.id, "is missing")


def _clock_s(stop: Stop) -> int:
    middle = (stop.earliest_s + stop.latest_s) // 2
    return middle if stop.clock_s is None else stop.clock_s
