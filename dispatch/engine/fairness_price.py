"""What a plan pays for fairness: its cost without that concern, less that of a plan which does not share evenly.

KPI.md shows the gap between drivers with its price. The cheapest unfair plan is not known, only the best one
that a short search finds: the true price is this or more.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from dispatch.engine.cost import score
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.engine.search import improve


def unfair_plan(
    problem: Problem,
    plan: Plan,
    *,
    should_stop: Callable[[], bool],
    rng: random.Random,
    max_iterations: int | None,
    patience: int,
) -> Plan:
    """The best plan found from `plan` when it costs nothing who carries how much; limits as for `improve`."""
    return improve(
        _without_fairness(problem),
        plan,
        should_stop=should_stop,
        rng=rng,
        max_iterations=max_iterations,
        patience=patience,
    )


def fairness_price(problem: Problem, plan: Plan, unfair: Plan) -> int:
    """The least that `plan` pays for fairness (currency of `Weights`); 0 when the other plan is no cheaper."""
    free = _without_fairness(problem)
    return max(0, score(free, plan).total - score(free, unfair).total)


def _without_fairness(problem: Problem) -> Problem:
    weights = replace(problem.settings.weights, fairness_per_trip_squared=0)
    return replace(problem, settings=replace(problem.settings, weights=weights))
