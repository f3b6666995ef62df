"""Fairness against cost: up to three plans of which none is both dearer and less even than another.

Serving comes first: a plan that leaves more over than the best found, by the prices of serving, is no choice but
unfinished search, and its weight is asked once more, from the plan that serves most. Each weight of fairness gives a
plan; what counts is not the weight but what came of it: the price without that concern, and how far apart the drivers'
loads are (where that is alike, for one driver may be stuck at an end, the Gini of all loads decides). Plans that
another one beats in one and does not lose to in the other are dropped, and weights between those whose plans differ are
tried until three are left or the tries are over (the weighted-sum method with refinement: Das & Dennis 1997 say what it
can miss, plans in a dent of the front).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isqrt

from dispatch.engine.cost import score
from dispatch.engine.fairness import fairness
from dispatch.engine.fairness_price import with_fairness, without_fairness
from dispatch.engine.pipeline import Result
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem, Weights

WANTED = 3
MOST_TRIES = 6
USUAL = Weights().fairness_per_trip_squared
STRONG = 500  # as much as a company may set: more would weigh against serving
MOST_EMERGENCY = 200_000  # as much as a company may set, for the same reason

Planner = Callable[[Problem, Plan | None], Result]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A plan with its `cost` (fairness priced at nothing, and no price of who is left over: that is the same for all) and
    the `gap` between drivers, in trips per eight hours, and the `gini` of their loads, both over the fairness window.

    `problem`: the day with the `weight` of fairness that the plan was made with (see `_weighed`). `price`: what the plan costs
    more than the cheapest of the choices, for being more even; 0 for that one.
    """

    weight: int
    problem: Problem
    result: Result
    cost: int
    gap: float
    gini: float
    price: int


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The cheapest first, each more even than the one before; all leave equally little over. `tried`: the weights asked, in
    their order; one asked twice had left more over than another.
    """

    choices: tuple[Choice, ...]
    tried: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """False when fewer than three were found: the day offers no more, or the search saw no more."""
        return len(self.choices) == WANTED


@dataclass(frozen=True, kw_only=True)
class _Found:
    weight: int
    problem: Problem
    result: Result
    unserved: int  # the price of who is left over
    cost: int  # of all the rest, without fairness
    evenness: tuple[float, float]  # gap, then Gini: the smaller the more even


def fair_choices(problem: Problem, *, plan: Planner, start: Plan | None = None) -> Choices:
    """One to three plans, none beaten by another; `plan` makes one of a problem, from a draft if given one.

    At most `MOST_TRIES` plans are made. Each starts from the best plan so far by its own prices, so that no later
    plan is worse by them than one that is known. Raises what `plan` raises.
    """
    found: list[_Found] = []
    ladder = _ladder(problem.settings.weights.fairness_per_trip_squared)
    while (weight := _next(ladder, found)) is not None:
        day = _weighed(problem, weight)
        known = [item.result.plan for item in found]
        draft = min(known, key=lambda made: score(day, made).total) if known else start
        found.append(_measured(problem, day, weight, plan(day, draft)))
    return Choices(
        choices=tuple(_priced(_unbeaten(found))), tried=tuple(item.weight for item in found)
    )


def _weighed(problem: Problem, weight: int) -> Problem:
    """The day with this weight of fairness; no emergency driver is called to even out loads.

    Measured on a demo day of 207 trips: at eight times the usual weight alone, one emergency driver took 20 of them.
    """
    day, usual = with_fairness(problem, weight), problem.settings.weights
    risen = usual.emergency_shift * weight // (usual.fairness_per_trip_squared or USUAL)
    emergency = max(usual.emergency_shift, min(MOST_EMERGENCY, risen))
    weights = replace(day.settings.weights, emergency_shift=emergency)
    return replace(day, settings=replace(day.settings, weights=weights))


def _ladder(company: int) -> tuple[int, ...]:
    """Nothing, the company's own weight, a strong one."""
    return 0, company if 0 < company < STRONG else USUAL, STRONG


def _next(ladder: tuple[int, ...], found: list[_Found]) -> int | None:
    """The next weight of the ladder, then one whose plan serves less, then one between the two neighbours whose plans
    cost most unlike sums.
    """
    if len(found) < len(ladder):
        return ladder[len(found)]
    if len(found) >= MOST_TRIES or len(_unbeaten(found)) >= WANTED:
        return None
    tried = [item.weight for item in found]
    serving = {item.weight: item for item in _serving(found)}
    lagging = [weight for weight in tried if weight not in serving and tried.count(weight) == 1]
    if lagging:
        return lagging[0]
    by_weight = sorted(serving.values(), key=lambda item: item.weight)
    between = {
        _between(low.weight, high.weight): abs(high.cost - low.cost)
        for low, high in pairwise(by_weight)
        if low.evenness != high.evenness
    }
    untried = between.keys() - tried
    return max(untried, key=lambda weight: (between[weight], weight), default=None)


def _serving(found: list[_Found]) -> list[_Found]:
    """Those that leave the least over, by the prices of serving."""
    least = min(item.unserved for item in found)
    return [item for item in found if item.unserved == least]


def _between(low: int, high: int) -> int:
    return isqrt(low * high) if low else high // 4


def _measured(problem: Problem, day: Problem, weight: int, result: Result) -> _Found:
    loads, priced = fairness(problem, result.plan), score(without_fairness(problem), result.plan)
    return _Found(
        weight=weight,
        problem=day,
        result=result,
        unserved=priced.unserved,
        cost=priced.total - priced.unserved,
        evenness=(loads.gap, round(loads.gini, 6)),
    )


def _unbeaten(found: list[_Found]) -> list[_Found]:
    """Of those that serve most, the cheapest first; of plans alike in both the first that was found."""
    kept: list[_Found] = []
    for item in sorted(_serving(found), key=lambda item: (item.cost, item.evenness)):
        if not kept or item.evenness < kept[-1].evenness:
            kept.append(item)
    return kept


def _priced(front: list[_Found]) -> Iterator[Choice]:
    for item in front:
        yield Choice(
            weight=item.weight,
            problem=item.problem,
            result=item.result,
            cost=item.cost,
            gap=item.evenness[0],
            gini=item.evenness[1],
            price=item.cost - front[0].cost,
        )
