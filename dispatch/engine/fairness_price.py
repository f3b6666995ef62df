"""What a plan pays for fairness: its cost without that concern, less that of a plan which does not share evenly.

KPI.md shows the gap between drivers with its price. The cheapest unfair plan is not known, only the best one
that a short search finds: the true price is this or more.
"""

from __future__ import annotations

from dataclasses import replace

from dispatch.engine.cost import score
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem


def fairness_price(problem: Problem, plan: Plan, unfair: Plan) -> int:
    """The least that `plan` pays for fairness (currency of `Weights`); 0 when the other plan is no cheaper."""
    free = without_fairness(problem)
    return max(0, score(free, plan).total - score(free, unfair).total)


def without_fairness(problem: Problem) -> Problem:
    """The same day where it costs nothing who carries how much."""
    return with_fairness(problem, 0)


def with_fairness(problem: Problem, weight: int) -> Problem:
    """The same day where uneven loads are priced so; `weight` as `fairness_per_trip_squared`."""
    weights = replace(problem.settings.weights, fairness_per_trip_squared=weight)
    return replace(problem, settings=replace(problem.settings, weights=weights))
