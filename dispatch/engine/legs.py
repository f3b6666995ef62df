"""What a vehicle does between its stops: the way it drives, how far, and who is on board."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.plan import Plan, Route, TimedVisit
from dispatch.engine.problem import Break, Problem, Shift, Stop
from dispatch.enums import VisitKind


class Leg(NamedTuple):
    """The way to one visit of a route; the last leg (`visit` None) goes back to the base.

    Seconds and metres; `leaving_s` is when the vehicle may set off, `margin_s` the slack it must keep
    between two trips, `riders` the trips on board on the way. A break is taken where the vehicle stands.
    """

    visit: TimedVisit | None
    leaving_s: int
    driving_s: int
    metres: int
    margin_s: int
    riders: tuple[str, ...]

    @property
    def reached_s(self) -> int:
        """The earliest second at which the visit can be reached, with no margin."""
        return self.leaving_s + self.driving_s


def duty(problem: Problem, plan: Plan) -> Iterator[tuple[Shift, Route]]:
    """Each route of the plan with its shift."""
    for route in plan.routes:
        yield problem.shift_by_id[route.shift], route


def stop_of(problem: Problem, visit: TimedVisit) -> Stop:
    """Where a pickup or a drop-off happens (not for breaks)."""
    trip = problem.trip_by_id[visit.id]
    return trip.pickup if visit.kind is VisitKind.PICKUP else trip.dropoff


def break_of(shift: Shift, visit: TimedVisit) -> Break:
    return next(pause for pause in shift.breaks if pause.id == visit.id)


def end_s(problem: Problem, shift: Shift, visit: TimedVisit) -> int:
    """When the service (or the break) of a visit is over."""
    if visit.kind is VisitKind.BREAK:
        return visit.start_s + break_of(shift, visit).duration_s
    return visit.start_s + stop_of(problem, visit).service_s


def refuse_strangers(problem: Problem, plan: Plan) -> None:
    """Raises InvalidPlanError when the plan names a trip, a shift or a break its problem does not know."""
    for route in plan.routes:
        if route.shift not in problem.shift_by_id:
            raise InvalidPlanError(f"The plan holds an unknown shift: {route.shift}.")
        shift = problem.shift_by_id[route.shift]
        pauses = {pause.id for pause in shift.breaks}
        for visit in route.visits:
            known = pauses if visit.kind is VisitKind.BREAK else problem.trip_by_id
            if visit.id not in known:
                raise InvalidPlanError(f"Shift {shift.id} visits an unknown {visit.id}.")
    for item in plan.unassigned:
        if item.trip not in problem.trip_by_id:
            raise InvalidPlanError(f"The plan holds an unknown trip: {item.trip}.")


def legs(problem: Problem, shift: Shift, route: Route) -> tuple[Leg, ...]:
    """The route leg by leg; () when it does not drive. Tolerates routes that break the rules."""
    if not route.visits:
        return ()
    walk = _Walk(problem, shift, route.leave_s)
    ways = [walk.step(visit) for visit in route.visits]
    return (*ways, walk.home())


def driving_s(problem: Problem, shift: Shift, route: Route) -> int:
    """All driving seconds of a route, from its base and back to it."""
    return sum(leg.driving_s for leg in legs(problem, shift, route))


class _Walk:
    """The vehicle as it goes: when it may leave, the last real stop, who is on board."""

    def __init__(self, problem: Problem, shift: Shift, leave_s: int) -> None:
        self.problem, self.shift = problem, shift
        self.leaving_s = leave_s
        self.last: TimedVisit | None = None
        self.riders: list[str] = []

    def step(self, visit: TimedVisit) -> Leg:
        leg = self._leg(visit)
        self.leaving_s = end_s(self.problem, self.shift, visit)
        if visit.kind is VisitKind.PICKUP:
            self.riders.append(visit.id)
        elif visit.kind is VisitKind.DROPOFF and visit.id in self.riders:
            self.riders.remove(visit.id)
        if visit.kind is not VisitKind.BREAK:
            self.last = visit
        return leg

    def home(self) -> Leg:
        """Back to the base; who has rested and served nobody is not on a tour, wherever the shift ends."""
        if self.last is None:
            return Leg(None, self.leaving_s, 0, 0, 0, tuple(self.riders))
        return self._leg(None)

    def _leg(self, visit: TimedVisit | None) -> Leg:
        if visit is not None and visit.kind is VisitKind.BREAK:
            return Leg(visit, self.leaving_s, 0, 0, 0, tuple(self.riders))
        origin = None if self.last is None else stop_of(self.problem, self.last)
        target = None if visit is None else stop_of(self.problem, visit)
        return Leg(
            visit,
            self.leaving_s,
            self.problem.leg_s(origin, target, self.shift),
            self.problem.leg_m(origin, target, self.shift),
            self._margin_s(visit),
            tuple(self.riders),
        )

    def _margin_s(self, visit: TimedVisit | None) -> int:
        """The margin applies from a drop-off that empties the vehicle to a pickup elsewhere."""
        if visit is None or self.last is None or self.riders:
            return 0
        here, there = stop_of(self.problem, self.last), stop_of(self.problem, visit)
        is_change = self.last.kind is VisitKind.DROPOFF and visit.kind is VisitKind.PICKUP
        if not is_change or here.location == there.location:
            return 0
        return self.problem.settings.transition_margin_s
