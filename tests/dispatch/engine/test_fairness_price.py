from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest

from dispatch.engine.fairness_price import fairness_price, without_fairness
from dispatch.engine.pipeline import make_plan
from dispatch.engine.problem import Problem, Weights
from dispatch.engine.search import Limits, improve
from tests.dispatch.engine.builders import PLAIN, plan, problem, shift, trip


def day(weight: int) -> Problem:
    """One driver lives where the two trips are, the other 800 s away.

    The first alone drives 100 out, 100 back, 100 out, 100 home. One trip each is 200, and 800 + 100 + 700.
    """
    return problem(
        trip("a", 1, 2),
        trip("b", 1, 2),
        shift("near", start_location=1, end_location=1),
        shift("far", start_location=9, end_location=9),
        settings=replace(PLAIN, weights=Weights(fairness_per_trip_squared=weight)),
    )


def found(world: Problem, **texts: str):
    limits = Limits(rounds=50)
    return improve(without_fairness(world), plan(world, **texts), seed=1, limits=limits).plan


def test_the_price_is_the_way_that_an_even_share_takes_more():
    world = day(1_000)
    even = {"near": "+a -a", "far": "+b -b"}
    unfair = found(world, **even)
    assert [len(route.trip_ids) for route in unfair.routes if route.visits] == [2]
    assert fairness_price(world, plan(world, **even), unfair) == 1_800 - 400


def test_a_plan_that_shares_nothing_pays_nothing():
    world = day(1_000)
    alone = plan(world, near="+a -a +b -b")
    assert fairness_price(world, alone, found(world, near="+a -a +b -b")) == 0
    dearer = plan(world, near="+a -a", far="+b -b")
    assert fairness_price(world, alone, dearer) == 0  # never less than nothing


@pytest.mark.parametrize(("weight", "price"), [(1_000, 1_400), (60, 0), (0, 0)])
def test_a_run_says_what_its_fairness_costs(weight, price):
    """Weighed at 60 an even share is not worth the way; at 1 000 it is, and the way is its price."""
    result = make_plan(
        day(weight),
        time_limit_s=1.0,
        rng=random.Random(1),
        clock=lambda: 0.0,
        max_iterations=50,
    )
    assert result.fairness_price == price


@pytest.mark.parametrize(("tick_s", "price"), [(0.0, 1_400), (0.05, None)])
def test_a_price_is_told_only_when_the_searches_ended_by_themselves(tick_s, price):
    """Each look at the second clock takes a twentieth of a second: every search is cut."""
    ticks = itertools.count()
    result = make_plan(
        day(1_000), time_limit_s=10.0, rng=random.Random(1), clock=lambda: tick_s * next(ticks)
    )
    assert result.fairness_price == price
