from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.budget import (
    BROKEN_PROMISE,
    LATE_PER_S,
    BrokenPromise,
    InForce,
    Part,
    Promise,
    chosen_parts,
    mixed,
    parts,
    within_budget,
)
from dispatch.engine.cost import score
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Problem, Settings, Weights
from dispatch.enums import Rule
from tests.dispatch.engine.builders import plan, problem, shift, stop, trip, visits

ROADS = Settings(
    pooling=None,
    transition_margin_s=0,
    weights=Weights(fairness_per_trip_squared=0, moved_to_other_driver=0),
)


def day_of(of: Problem, base: Plan, **rest: Any) -> InForce:
    """Who drives whom in `base` is in force."""
    drivers = tuple((trip, of.shift_by_id[s].driver) for trip, s in base.shift_of.items())
    return InForce(problem=replace(of, drivers_in_force=drivers), plan=base, **rest)


def left_out(of: Problem, base: Plan) -> Plan:
    left = (t.id for t in of.trips if t.id not in base.shift_of)
    return replace(base, unassigned=tuple(Unassigned(trip=t, reason=Rule.COVERAGE) for t in left))


class TestChanges:
    two = problem(trip("a", 1, 2), trip("b", 8, 9), shift(), shift("r"), settings=ROADS)

    def test_another_driver_is_one_and_so_is_none(self):
        base = plan(self.two, s="+a -a +b -b")
        day = day_of(self.two, base)
        assert day.changes(base) == frozenset()
        assert day.changes(plan(self.two, s="+a -a", r="+b -b")) == {"b"}
        assert day.changes(plan(self.two, s="+b -b")) == {"a"}

    @pytest.mark.parametrize(("told", "changed"), [(301, set()), (400, {"a"}), (-199, set())])
    def test_five_minutes_from_what_was_told_are_one(self, told, changed):
        """The pickup is at second 100 of the plan in force, and at that of the other."""
        base = plan(self.two, s="+a -a")
        day = day_of(self.two, base, told_s={"a": told})
        assert day.unavoidable == changed
        assert day.changes(base) == frozenset()

    @pytest.mark.parametrize(
        ("start", "changed"),
        [(1_100, {"b"}), (1_101, set()), (1_700, set()), (2_299, set()), (2_300, {"b"})],
    )
    def test_what_was_forced_is_free_only_as_far_as_it_was_forced(self, start, changed):
        """b was told 1 400 and is met at 2 000 now: between the two it is met less late."""

        def met_at(second: int) -> Plan:
            of = problem(trip("a", 1, 2), trip("b", stop(8, second), 9), shift(), shift("r"))
            return plan(of, s="+a -a +b -b")

        day = day_of(self.two, met_at(2_000), told_s={"b": 1_400})
        assert day.unavoidable == {"b"}
        assert day.changes(met_at(start)) == changed

    def test_who_is_late_still_has_a_driver(self):
        base = plan(self.two, s="+a -a +b -b")
        day = day_of(self.two, base, told_s={"b": 400})
        assert day.unavoidable == {"b"}
        assert day.changes(plan(self.two, s="+a -a", r="+b -b")) == {"b"}

    def test_whose_driver_is_gone_may_have_any_at_any_time(self):
        of = replace(self.two, drivers_in_force=(("b", "gone"),))
        day = InForce(problem=of, plan=left_out(of, plan(of, s="+a -a")), told_s={"b": 9_000})
        assert day.unavoidable == {"b"}
        for other in (plan(of, s="+a -a", r="+b -b"), day.plan):
            assert day.changes(other) == frozenset()

    def test_who_has_the_shift_by_now_is_forced_and_who_had_it_is_known(self):
        """b was told of the driver of t, whose place on s somebody else has taken."""
        of = problem(*self.two.trips, shift(), shift("r"), shift("t"), settings=ROADS)
        of = replace(of, drivers_in_force=(("b", "Dt"),))
        day = InForce(problem=of, plan=plan(of, s="+b -b"))
        assert day.unavoidable == {"b"}
        assert day.changes(plan(of, t="+b -b")) == frozenset()
        assert day.changes(plan(of, r="+b -b")) == {"b"}

    def test_a_slide_by_choice_is_one(self):
        base = plan(self.two, s="+a -a +b -b")
        slid = plan(self.two, s="+b -b +a -a")
        assert day_of(self.two, base).changes(slid) == {"a"}

    def test_what_has_begun_is_a_fact(self):
        base = plan(self.two, s="+a -a")
        begun = problem(*self.two.trips, shift(committed=visits("+a -a")), settings=ROADS)
        assert day_of(begun, base, told_s={"a": 9_000}).unavoidable == frozenset()


class TestPromises:
    def test_the_later_of_both_ends_counts(self):
        one = problem(trip("a", stop(1, 100), 3), trip("b", 1, 2), shift(), settings=ROADS)
        base = plan(one, s="+a -a")
        day = day_of(one, base, promised={"a": Promise(90, 250), "b": Promise(0, 0)})
        assert day.broken(base) == (BrokenPromise(trip="a", late_s=50),)
        assert day.price(base) == score(one, base).total + BROKEN_PROMISE + 50 * LATE_PER_S

    def test_one_that_is_kept_costs_nothing(self):
        one = problem(trip("a", 1, 3), shift(), settings=ROADS)
        base = plan(one, s="+a -a")
        day = day_of(one, base, promised={"a": Promise(100, 300)})
        assert day.broken(base) == ()
        assert day.price(base) == score(one, base).total


class TestParts:
    """Two pairs of drivers, each with the trips of the other: a and b cross by 7 towns, c and d by 2."""

    four = problem(
        trip("a", 1, 1),
        trip("b", 8, 8),
        trip("c", 1, 1),
        trip("d", 3, 3),
        shift("s1", start_location=1, end_location=1),
        shift("s2", start_location=8, end_location=8),
        shift("s3", start_location=1, end_location=1),
        shift("s4", start_location=3, end_location=3),
        settings=ROADS,
    )
    crossed = plan(four, s1="+b -b", s2="+a -a", s3="+d -d", s4="+c -c")
    straight = plan(four, s1="+a -a", s2="+b -b", s3="+c -c", s4="+d -d")

    def test_routes_that_exchange_trips_are_one(self):
        day = day_of(self.four, self.crossed)
        assert parts(day, self.crossed, self.straight) == [
            Part(shifts=frozenset({"s1", "s2"}), gain=2_800, changes=2),
            Part(shifts=frozenset({"s3", "s4"}), gain=800, changes=2),
        ]

    @pytest.mark.parametrize(
        ("budget", "exchanged"), [(0, ""), (1, ""), (2, "ab"), (3, "ab"), (4, "abcd")]
    )
    def test_the_best_that_the_budget_allows(self, budget, exchanged):
        day = day_of(self.four, self.crossed, budget=budget)
        made = within_budget(day, self.crossed, self.straight)
        for name in "abcd":
            like = self.straight if name in exchanged else self.crossed
            assert made.shift_of[name] == like.shift_of[name]

    def test_what_gains_nothing_stays(self):
        day = day_of(self.four, self.straight, budget=9)
        assert within_budget(day, self.straight, self.crossed).shift_of == self.straight.shift_of

    def test_trips_that_ask_for_one_driver_go_together(self):
        """c asks for the driver of a: who has a next is part of the question who has c."""
        asks = replace(
            self.four,
            trips=tuple(
                replace(t, same_driver_as="a") if t.id == "c" else t for t in self.four.trips
            ),
        )
        day = day_of(asks, self.crossed)
        (found,) = parts(day, self.crossed, self.straight)
        assert found.shifts == {"s1", "s2", "s3", "s4"}

    def test_a_wish_between_trips_that_nobody_drives_joins_nothing(self):
        lone = problem(
            trip("a", 1, 1), trip("b", 2, 2, same_driver_as="a"), shift(), settings=ROADS
        )
        base, found = left_out(lone, plan(lone)), left_out(lone, plan(lone, s="+b -b"))
        assert [part.shifts for part in parts(day_of(lone, base), base, found)] == [{"s"}]

    def test_nobody_loses_a_driver_for_somebody_dearer(self):
        """One hour, two trips that exclude each other; b is vital, and a is driven already."""
        weights = Weights(unserved_low=1_000_000)
        one = problem(
            trip("a", stop(1, 100, 100), 9),
            trip("b", stop(9, 900, 900), 9, priority="vital"),
            shift(),
            settings=replace(ROADS, weights=weights),
        )
        base = left_out(one, plan(one, s="+a -a"))
        found = left_out(one, plan(one, s="+b -b"))
        day = day_of(one, base, budget=9)
        assert day.price(found) < day.price(base)
        assert within_budget(day, base, found).shift_of == {"a": "s"}

    def test_a_budget_that_is_spent_is_spent(self):
        """c and d have changed drivers already: a and b would be four in all."""
        day = day_of(self.four, self.crossed, budget=2)
        base = mixed(day.problem, self.crossed, self.straight, frozenset({"s3", "s4"}))
        assert day.changes(base) == {"c", "d"}
        assert within_budget(day, base, self.straight).shift_of == base.shift_of


def test_what_is_known_can_be_kept():
    of = TestChanges.two
    day = day_of(
        of,
        plan(of, s="+a -a"),
        told_s={"a": 90},
        promised={"a": Promise(100, 300)},
        budget=3,
        frozen_until_s=50,
    )
    assert InForce.from_json(day.problem, day.plan, day.known_json()) == day


def test_no_route_is_an_empty_route():
    two = TestChanges.two
    made = mixed(two, Plan(routes=()), plan(two, s="+a -a"), frozenset({"s"}))
    assert [route.shift for route in made.routes] == ["s", "r"]
    assert [item.trip for item in made.unassigned] == ["b"]


@st.composite
def some_parts(draw: st.DrawFn) -> list[Part]:
    drawn = draw(st.lists(st.tuples(st.integers(1, 50), st.integers(-2, 4)), max_size=7))
    return [
        Part(shifts=frozenset({f"s{k}"}), gain=gain, changes=changes)
        for k, (gain, changes) in enumerate(drawn)
    ]


@given(some_parts(), st.integers(0, 6))
def test_no_other_choice_gains_more(useful, allowed):
    chosen = chosen_parts(useful, allowed)
    assert sum(part.changes for part in chosen) <= allowed
    every = (c for n in range(len(useful) + 1) for c in combinations(useful, n))
    best = max(
        sum(part.gain for part in some)
        for some in every
        if sum(part.changes for part in some) <= allowed
    )
    assert sum(part.gain for part in chosen) == best
