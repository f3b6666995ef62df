"""Judges a plan that a person made: every rule it breaks with its amount, its times, its price. Nothing is refused.

The rules are those of `rules.check`, on the plan exactly as it is written; a plan of the planner is judged as the
planner's own check judges it. (The plan mode of VROOM follows the same idea.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dispatch.engine.cost import Score, score
from dispatch.engine.handmade import HandPlan, HandRoute, Oddity, written
from dispatch.engine.least_late import HandVisit
from dispatch.engine.plan import Plan, Route, TimedVisit, Unassigned
from dispatch.engine.problem import Problem
from dispatch.engine.rules import Violation, check
from dispatch.enums import Rule, Severity, VisitKind


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """`plan`: as it was written, with the least times it can be driven at.

    `served`: the same without the journeys that do not go from their pickup to their drop-off in one vehicle;
    those count as unserved, and by it `score` prices. `violations`: hard ones first.
    """

    plan: Plan
    served: Plan
    violations: tuple[Violation, ...]
    oddities: tuple[Oddity, ...]
    score: Score

    @property
    def is_valid(self) -> bool:
        """Whether the plan could be put in force as it is written."""
        hard = any(violation.severity is Severity.HARD for violation in self.violations)
        return not hard and not self.oddities


def judge(problem: Problem, hand: HandPlan) -> Judgement:
    """Every violation of a plan made by hand; never raises for what a person wrote.

    A trip that is neither driven nor left out knowingly breaks COVERAGE.
    """
    read = written(problem, hand)
    listed = tuple(Unassigned(trip=trip, reason=Rule.COVERAGE) for trip in read.left)
    plan = Plan(routes=read.routes, unassigned=listed)
    served = _served(problem, plan)
    return Judgement(
        plan=plan,
        served=served,
        violations=check(problem, plan),
        oddities=read.oddities,
        score=score(problem, served),
    )


def by_hand(plan: Plan, *, keeps_times: bool = False) -> HandPlan:
    """A plan as if a person had written it: in its order, and at its times if `keeps_times`."""
    return HandPlan(
        routes=tuple(
            HandRoute(
                shift=route.shift,
                visits=tuple(
                    HandVisit(visit=timed.visit, at_s=timed.start_s if keeps_times else None)
                    for timed in route.visits
                ),
            )
            for route in plan.routes
        ),
        left=tuple(item.trip for item in plan.unassigned),
    )


def _served(problem: Problem, plan: Plan) -> Plan:
    routes = tuple(_in_order(route) for route in plan.routes)
    driven = {trip for route in routes for trip in route.trip_ids}
    left = (trip.id for trip in problem.trips if trip.id not in driven)
    return Plan(
        routes=routes,
        unassigned=tuple(Unassigned(trip=trip, reason=Rule.COVERAGE) for trip in left),
    )


def _in_order(route: Route) -> Route:
    """Without the ends that have no other end where it belongs."""
    aboard: set[str] = set()
    whole: set[str] = set()
    for visit in route.visits:
        if visit.kind is VisitKind.PICKUP:
            aboard.add(visit.id)
        elif visit.kind is VisitKind.DROPOFF and visit.id in aboard:
            whole.add(visit.id)
    kept = tuple(visit for visit in route.visits if _is_kept(visit, whole))
    return replace(route, visits=kept)


def _is_kept(visit: TimedVisit, whole: set[str]) -> bool:
    return visit.kind is VisitKind.BREAK or visit.id in whole
