"""Rounds of the compiled search: prices are the engine's own, and what is taken back is as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.engine.construct import construct
from dispatch.engine.cost import score
from dispatch.engine.draft import finished
from dispatch.engine.kernel.anneal import BEST, CURRENT, anneal, complete, return_to_best
from dispatch.engine.kernel.recreate import recreate
from dispatch.engine.kernel.routes import Routes, refresh, total_price
from dispatch.engine.kernel.ruin import Dials, ruin
from dispatch.engine.kernel.tables import FAR
from dispatch.engine.kernel.trial import REMOVED, begin, take_back
from dispatch.engine.network import network_of
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from tests.dispatch.engine.builders import (
    PLAIN,
    large_day,
    plan,
    problem,
    shift,
    stop,
    trip,
    visits,
)
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.kernel.arrays import search_from, search_on, sequences_of
from tests.dispatch.engine.kernel.test_places import priced_by_driving
from tests.dispatch.engine.strategies import law, problems


def state(plan: Routes) -> list[object]:
    """All that a round may change, but for the counter of versions."""
    rows = []
    for s, size in enumerate(plan.size.tolist()):
        known = (plan.seq, plan.starts, plan.gaps, plan.latest)
        positions = (plan.aboard, plan.before, plan.after, plan.load, plan.ready, plan.leg)
        rows.append([array[s, :size].tolist() for array in known])
        rows.append([array[s, : size + 1].tolist() for array in positions])
    sums = (plan.home, plan.trips, plan.price, plan.comfort, plan.shift_of, plan.resting)
    return [rows, [array.tolist() for array in sums], plan.stamp[:-1].tolist()]


@law
@given(problems().map(priced_by_driving), st.integers(0, 9))
def test_the_price_of_the_arrays_is_the_score_of_the_plan(day: Problem, seed: int) -> None:
    search = search_on(day, construct(day), seed=seed)
    anneal(search, Dials(), 5, 500)
    assert search.prices[CURRENT] == total_price(search.day, search.plan)
    made = finished(network_of(day), sequences_of(day, search))
    assert not faults(day, made)
    assert search.prices[BEST] == score(day, made).total


@law
@given(problems(), st.integers(0, 9))
def test_a_round_taken_back_leaves_nothing_behind(day: Problem, seed: int) -> None:
    search = search_on(day, construct(day), seed=seed)
    before = state(search.plan)
    begin(search.trial)
    parts = search.day, search.plan, search.trial, search.near, Dials(), 0
    ruin(*parts, search.stream, search.work)
    take_back(search.day, search.plan, search.trial)
    assert state(search.plan) == before


@settings(
    deadline=None, max_examples=300
)  # rare: a stop left out of account shows on the next visit only
@given(problems(), st.integers(0, 9))
def test_every_route_says_of_itself_what_a_fresh_look_says(day: Problem, seed: int) -> None:
    search = search_on(day, construct(day), seed=seed)
    anneal(search, Dials(), 10, 300)
    before = state(search.plan)
    for s in range(len(day.shifts)):
        assert refresh(search.day, search.plan, s, search.work)
    assert state(search.plan)[:2] == before[:2]


def test_a_round_that_can_no_longer_be_taken_is_given_up() -> None:
    """Both trips are out; the first costs 400 s of driving and the rest is not looked at."""
    day = problem(trip("a", 1, 2), trip("b", 8, 9), shift(), settings=PLAIN)
    search = search_on(day, plan(day))
    search.trial.removed[:2] = 0, 1
    search.trial.counts[REMOVED] = 2
    parts = search.day, search.plan, search.trial, search.known, search.offers, search.near, 0.0
    assert not recreate(*parts, 300, search.stream, search.work)
    assert search.plan.shift_of.tolist() == [-1, -1]
    assert recreate(*parts, FAR, search.stream, search.work)
    assert search.plan.shift_of.tolist() == [0, 0]


def test_what_lies_behind_can_be_returned_to() -> None:
    day = large_day(trips=30, shifts=4)
    search = search_on(day, construct(day))
    anneal(search, Dials(), 100, 3_000)
    assert search.prices[CURRENT] > search.prices[BEST]
    return_to_best(search)
    assert search.prices[CURRENT] == search.prices[BEST] == total_price(search.day, search.plan)


def test_one_seed_one_plan() -> None:
    day = large_day(trips=40, shifts=6)

    def found(seed: int) -> list[list[int]]:
        search = search_on(day, Plan(routes=()), seed=seed)
        anneal(search, Dials(), 100, 300)
        return sequences_of(day, search)

    assert found(1) == found(1)
    assert found(1) != found(2)


def test_what_every_round_overlooked_is_taken_in_at_the_end() -> None:
    day = problem(trip("a", 1, 2), trip("b", 8, 9), shift())
    search = search_on(day, plan(day, s="+a -a"))
    anneal(search, Dials(blink=1.0), 3, 0)
    assert search.plan.shift_of.tolist() == [0, -1]
    complete(search)
    assert len(sequences_of(day, search)[0]) == 4
    complete(search)
    assert len(sequences_of(day, search)[0]) == 4


def test_of_equal_empty_shifts_one_is_asked() -> None:
    day = problem(trip("a", 1, 2), shift("s"), shift("t"), shift("u", start_location=9))
    search = search_on(day, Plan(routes=()))
    assert search.day.kind.tolist() == [0, 0, 2]
    complete(search)
    assert sequences_of(day, search) == [[0, 1], [], []]


def test_a_route_that_cannot_be_driven_is_refused() -> None:
    day = problem(trip("a", stop(1, 0, 50), 2), shift())
    with pytest.raises(ValueError, match="Route 0 cannot be driven"):
        search_from(day, [[0, 1]])


def test_a_trip_that_what_has_begun_cannot_do_without_stays() -> None:
    """Two committed pickups; nothing of them moves, whatever string is asked for."""
    day = problem(trip("a", 1, 2), trip("b", 1, 3), shift(committed=visits("+a -a")))
    search = search_on(day, construct(day))
    begin(search.trial)
    ruin(
        search.day,
        search.plan,
        search.trial,
        search.near,
        Dials(),
        0,
        search.stream,
        search.work,
    )
    assert search.plan.shift_of[0] == 0
    assert 0 not in search.trial.removed[: search.trial.counts[REMOVED]]


def test_nothing_is_taken_from_an_empty_plan() -> None:
    day = problem(trip("a", 1, 2), shift())
    search = search_on(day, Plan(routes=()))
    begin(search.trial)
    ruin(
        search.day,
        search.plan,
        search.trial,
        search.near,
        Dials(),
        0,
        search.stream,
        search.work,
    )
    assert search.trial.counts[REMOVED] == 0


def test_rounds_find_the_better_of_two_drivers() -> None:
    day = problem(trip("a", 1, 2), trip("b", 8, 9), shift(), shift("r", start_location=9))
    search = search_on(day, plan(day, s="+b -b", r="+a -a"))
    assert anneal(search, Dials(), 50, 10) > 0
    assert np.array_equal(search.plan.shift_of, [0, 1])
