"""The same trips with fewer shifts, where sending one out has a price."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.construct import construct
from dispatch.engine.cost import score
from dispatch.engine.fleet import fewer_shifts
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem, Settings, Trip, Weights
from dispatch.engine.search import Found, Limits
from tests.dispatch.engine.builders import (
    PLAIN,
    large_day,
    pause,
    plan,
    problem,
    shift,
    stop,
    trip,
    visits,
)
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.strategies import begun_problems, law

DEAR = 10_000


def priced(price: int = DEAR) -> Settings:
    weights = Weights(used_shift=price, fairness_per_trip_squared=0)
    return replace(PLAIN, weights=weights)


def fewer(day: Problem, start: Plan, *, rounds: int = 3_000, seed: int = 1) -> Plan:
    return fewer_shifts(day, start, seed=seed, limits=Limits(rounds=rounds)).plan


def driving(made: Plan) -> list[str]:
    return [route.shift for route in made.routes if route.trip_ids]


def at(name: str, begins: int, ends: int) -> Trip:
    """In the base's town for these hundreds of seconds exactly."""
    lasts = 100 * (ends - begins)
    here = stop(0, 100 * begins, 100 * begins, service=lasts)
    return trip(name, here, stop(0, 100 * ends, 100 * ends))


class TestOnTheLine:
    def test_two_that_one_can_drive_are_driven_by_one(self):
        day = problem(trip("a", 1, 2), trip("b", 3, 4), shift(), shift("r"), settings=priced())
        made = fewer(day, plan(day, s="+a -a", r="+b -b"))
        assert len(driving(made)) == 1
        assert score(day, made).total == DEAR + 800  # out to town 4 and back

    def test_one_that_costs_less_than_the_longer_way_stays(self):
        """Alone each drives 200 s; together one drives from one end of the line to the other and back."""
        near, far = shift(), shift("r", start_location=9, end_location=9)
        day = problem(trip("a", 0, 1), trip("b", 9, 8), near, far, settings=priced(100))
        start = plan(day, s="+a -a", r="+b -b")
        assert fewer(day, start) is start

    def test_trips_make_room_for_one_that_fits_nowhere(self):
        """e fits between a and d alone; b then goes behind c."""
        five = at("a", 0, 20), at("b", 40, 60), at("c", 0, 30), at("d", 50, 60), at("e", 25, 45)
        day = problem(*five, *(shift(name) for name in "srq"), settings=priced())
        start = plan(day, s="+a -a +b -b", r="+c -c +d -d", q="+e -e")
        assert len(driving(fewer(day, start))) == 2

    def test_a_shift_that_has_begun_or_alone_can_drive_a_trip_goes_out(self):
        a, b = trip("a", 1, 2), trip("b", 3, 4, pinned_shift="r")
        day = problem(a, b, shift(committed=visits("+a")), shift("r"), settings=priced())
        start = plan(day, s="+a -a", r="+b -b")
        assert fewer_shifts(day, start, seed=1, limits=Limits(rounds=100)).plan == start

    def test_nobody_loses_a_mandatory_break(self):
        """b is at the hour of r's pause, and r must go out for the trip that is pinned to it."""
        a, b = trip("a", 1, 2, pinned_shift="r"), at("b", 30, 32)
        rested = shift("r", breaks=(pause("L", 3_000, 3_000),))
        day = problem(a, b, shift(), rested, settings=priced())
        start = plan(day, s="+b -b", r="+a -a ~L")
        assert fewer(day, start) is start

    def test_who_was_left_out_does_not_come_into_it(self):
        impossible = trip("c", stop(9, 0, 10), 8)
        day = problem(
            trip("a", 1, 2), impossible, trip("b", 3, 4), shift(), shift("r"), settings=priced()
        )
        made = fewer(day, plan(day, s="+a -a", r="+b -b"))
        assert len(driving(made)) == 1
        assert [left.trip for left in made.unassigned] == ["c"]

    def test_nothing_to_move(self):
        day = problem(trip("a", 1, 2), shift(committed=visits("+a")), settings=priced())
        start = construct(day)
        assert fewer(day, start) is start
        empty = Plan(routes=())
        assert fewer(problem(shift()), empty) is empty


class TestItsEnd:
    def day(self) -> tuple[Problem, Plan]:
        """Both at the same moment: no shift can be spared."""
        day = problem(at("a", 0, 2), at("b", 0, 2), shift(), shift("r"), settings=priced())
        return day, plan(day, s="+a -a", r="+b -b")

    def found(self, limits: Limits) -> Found:
        day, start = self.day()
        found = fewer_shifts(day, start, seed=1, limits=limits)
        assert found.plan is start
        return found

    def test_rounds_run_out_after_each_shift_was_closed_more_than_once(self):
        assert not self.found(Limits(rounds=3_000)).is_cut  # patience: 500 rounds a shift

    def test_seconds_run_out(self):
        ticks = itertools.count()
        limits = Limits(rounds=3_000, clock=lambda: float(next(ticks)), ends=10.0)
        assert self.found(limits).is_cut


class TestLaws:
    @law
    @given(begun_problems(max_trips=4), st.integers(0, 5))
    def test_the_same_trips_are_served_and_it_is_never_dearer(self, begun, seed):
        day, _ = begun
        start = construct(day)
        made = fewer(day, start, rounds=500, seed=seed)
        assert not faults(day, made)
        assert made.shift_of.keys() == start.shift_of.keys()
        assert score(day, made).total <= score(day, start).total

    def test_one_seed_one_plan(self):
        """A day that was shared out fairly among all, and is asked how many it needs."""
        shared = large_day(seed=2, trips=30, shifts=12)
        day = replace(shared, settings=Settings(weights=priced().weights))
        start = construct(shared)
        made = fewer(day, start)
        assert made.shift_of.keys() == start.shift_of.keys()
        assert len(driving(made)) < len(driving(start))
        assert not faults(day, made)
        assert made == fewer(day, start)
