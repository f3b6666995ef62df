from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.construct import construct
from dispatch.engine.cost import score
from dispatch.engine.kernel.ruin import Dials
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Break, Problem, Settings, Weights
from dispatch.engine.search import (
    COOL,
    LARGE,
    LONGEST_ROUTE,
    MANY,
    MELLOW,
    MILD,
    MILD_REHEAT,
    SHORT,
    WARM,
    Limits,
    by_hour,
    enough_rounds,
    improve,
    suited,
)
from dispatch.enums import Priority
from tests.dispatch.engine.builders import (
    PLAIN,
    large_day,
    plan,
    problem,
    shift,
    spell,
    stop,
    trip,
    visits,
)
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.strategies import begun_problems, law


def searched(day: Problem, start: Plan, *, rounds: int = 100, seed: int = 1) -> Plan:
    return improve(day, start, seed=seed, limits=Limits(rounds=rounds)).plan


class TestOnTheLine:
    def test_trips_change_to_the_driver_who_is_near(self):
        day = problem(trip("a", 1, 2), trip("b", 8, 9), shift(), shift("r", start_location=9))
        crossed = plan(day, s="+b -b", r="+a -a")
        assert searched(day, crossed).shift_of == {"a": "s", "b": "r"}

    def test_a_trip_that_was_left_out_is_taken_in(self):
        day = problem(trip("a", 1, 2), trip("b", 8, 9), shift())
        assert searched(day, plan(day, s="+a -a")).unassigned == ()

    def test_one_that_nobody_can_take_stays_out(self):
        day = problem(trip("a", stop(9, 0, 10), 8), trip("b", 1, 2), shift())
        made = searched(day, construct(day))
        assert [left.trip for left in made.unassigned] == ["a"]

    def test_one_that_costs_more_than_it_is_worth_stays_out(self):
        cheap = Settings(pooling=None, weights=Weights(unserved_normal=10))
        day = problem(trip("a", 5, 6), shift(), settings=cheap)
        assert searched(day, Plan(routes=())).shift_of == {}

    def test_pinned_and_begun_trips_stay_where_they_are(self):
        """Both would be cheaper the other way round."""
        a, b = trip("a", 1, 2, pinned_shift="r"), trip("b", 8, 9)
        day = problem(a, b, shift(committed=visits("+b")), shift("r", start_location=9))
        made = searched(day, construct(day))
        assert made.shift_of == {"a": "r", "b": "s"}
        assert spell(made.route_of["s"]) == "+b -b"

    def test_nothing_to_move(self):
        day = problem(trip("a", 1, 2), shift(committed=visits("+a")))
        start = construct(day)
        assert searched(day, start) is start
        empty = Plan(routes=())
        assert searched(problem(trip("a", 1, 2)), empty) is empty

    def test_it_stops_when_time_is_up(self):
        """Each look at the clock takes a second: one when it begins, then one after each chunk of rounds."""
        ticks = itertools.count()
        day = problem(trip("a", 1, 2), trip("b", 8, 9), shift())
        limits = Limits(rounds=1_000, clock=lambda: float(next(ticks)), ends=3.0)
        assert improve(day, construct(day), seed=1, limits=limits).is_cut
        assert next(ticks) == 4

    def test_it_stops_when_its_rounds_are_done(self):
        day = problem(trip("a", 1, 2), trip("b", 8, 9), shift())
        limits = Limits(rounds=10, clock=lambda: 0.0, ends=3.0)
        assert not improve(day, construct(day), seed=1, limits=limits).is_cut

    def test_patient_it_goes_on_until_nothing_was_found(self):
        """The clock stands still, so that nothing else ends it."""
        day = large_day(seed=2, trips=40, shifts=5)
        start = Plan(routes=())
        once = Limits(rounds=1, clock=lambda: 0.0, ends=3.0)
        first = improve(day, start, seed=1, limits=once)
        found = improve(day, start, seed=1, limits=replace(once, patience=50))
        assert score(day, found.plan).total < score(day, first.plan).total
        assert not found.is_cut

    def test_patient_it_stops_when_time_is_up(self):
        ticks = itertools.count()
        day = problem(trip("a", 1, 2), trip("b", 8, 9), shift())
        clock = lambda: float(next(ticks))  # noqa: E731 - as short as a clock can be
        limits = Limits(rounds=1, clock=clock, ends=30.0, patience=1_000)
        assert not improve(day, construct(day), seed=1, limits=limits).is_cut
        assert next(ticks) < 40


class TestAsWarmAsPays:
    limits = Limits(rounds=7)

    def day(self, trips: int) -> Problem:
        return problem(*(trip(f"t{k}", 1, 2) for k in range(trips)), shift())

    def test_mild_where_ways_alone_are_to_be_found(self):
        mild = replace(self.limits, hot=MILD, cold=COOL, reheat=MILD_REHEAT)
        assert suited(self.day(MANY - 1), self.limits) == mild

    def test_as_ever_with_many_trips(self):
        assert suited(self.day(MANY), self.limits) is self.limits
        assert suited(self.day(LARGE - 1), self.limits) is self.limits

    def test_warmer_and_with_short_strings_on_a_large_day(self):
        warm = replace(self.limits, hot=WARM, cold=MELLOW, dials=SHORT)
        assert suited(self.day(LARGE), self.limits) == warm

    @pytest.mark.parametrize("trips", [1, LARGE])
    def test_as_ever_where_shifts_have_a_price(self, trips):
        day = self.day(trips)
        weights = replace(day.settings.weights, used_shift=1)
        priced = replace(day, settings=replace(day.settings, weights=weights))
        assert suited(priced, self.limits) is self.limits


def test_a_search_goes_about_it_as_the_dials_say():
    """Where every route is overlooked nothing is put back: the plan stays as it was."""
    day = problem(trip("a", 1, 2), trip("b", 8, 9), shift(), shift("r", start_location=9))
    crossed = plan(day, s="+b -b", r="+a -a")
    limits = Limits(rounds=100, dials=Dials(blink=1.0, cross=0.0))
    assert improve(day, crossed, seed=1, limits=limits).plan.shift_of == crossed.shift_of


class TestBreaks:
    def noon(self, **rest: Any) -> Break:
        return Break(id="L", earliest_s=3_000, latest_s=3_000, duration_s=1_000, **rest)

    def test_no_number_of_trips_is_worth_a_mandatory_one(self):
        """Seven vital trips want the hour of the pause; the five before it are all that can be driven."""
        early = [trip(f"e{k}", stop(1, 0, 2_000), stop(1, 0, 2_500)) for k in range(5)]
        at_noon = [
            trip(f"n{k}", stop(1, 3_001, 3_900), stop(1, 3_001, 3_950), priority=Priority.VITAL)
            for k in range(7)
        ]
        day = problem(*early, *at_noon, shift(breaks=(self.noon(),)), settings=PLAIN)
        made = searched(day, construct(day), rounds=300)
        assert not faults(day, made)
        assert len(made.unassigned) == 7

    def test_an_optional_one_is_not_taken_when_it_costs_more_than_it_is_worth(self):
        """On the way all the time but for the break: 1 000 s idle, at 5 each, against 1 800."""
        weights = Weights(waiting_per_s=5)
        settings = replace(PLAIN, weights=weights)
        a = trip("a", stop(0, 0, 0), stop(9, 900, 900))
        b = trip("b", stop(9, 5_000, 5_000), stop(0, 5_900, 5_900))
        day = problem(a, b, shift(breaks=(self.noon(mandatory=False),)), settings=settings)
        start = plan(day, s="+a -a +b -b")
        made = searched(day, start)
        assert score(day, made).total <= score(day, start).total


def test_a_shift_of_more_trips_than_the_search_would_give_it():
    many = [
        trip(f"t{k}", stop(1, k, 100_000), stop(1, k, 100_000)) for k in range(LONGEST_ROUTE + 5)
    ]
    day = problem(*many, shift(start_location=1, end_location=1), settings=PLAIN)
    start = plan(day, s=" ".join(f"+t{k} -t{k}" for k in range(len(many))))
    assert searched(day, start, rounds=5).unassigned == ()


class TestLaws:
    @law
    @given(begun_problems(max_trips=4), st.integers(0, 5))
    def test_it_is_valid_and_never_worse(self, begun, seed):
        day, _ = begun
        start = construct(day)
        limits = Limits(rounds=50, clock=lambda: 0.0, ends=1.0, patience=1)
        made = improve(day, start, seed=seed, limits=limits).plan
        assert not faults(day, made)
        assert score(day, made).total <= score(day, start).total

    def test_one_seed_one_plan(self):
        day = large_day(trips=40, shifts=6)
        start = construct(day)
        assert searched(day, start) == searched(day, start)

    def test_a_day_of_forty_trips_gets_better(self):
        day = large_day(seed=2, trips=40, shifts=5)
        start = construct(day)
        made = searched(day, start, rounds=80)
        assert not faults(day, made)
        assert score(day, made).total < score(day, start).total


def test_trips_lie_in_the_order_of_the_day():
    day = problem(trip("late", stop(1, 900, 1000), 2), trip("early", stop(1, 0, 50), 2), shift())
    ordered = by_hour(day)
    assert [one.id for one in ordered.trips] == ["early", "late"]
    assert by_hour(day) is ordered
    assert by_hour(ordered) is ordered


def test_a_larger_day_is_given_more_rounds():
    small, large = problem(trip("a", 1, 2), shift()), large_day(trips=40, shifts=5)
    assert enough_rounds(small) < enough_rounds(large)
    dear = replace(small, settings=Settings(weights=Weights(used_shift=1)))
    assert enough_rounds(small) < enough_rounds(dear)  # fewer shifts are harder to find
