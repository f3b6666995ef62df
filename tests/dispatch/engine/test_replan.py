from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.budget import BrokenPromise, InForce, Promise
from dispatch.engine.draft import resume
from dispatch.engine.pipeline import UnfitPlanError
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem, Settings, Trip, Visit, Weights
from dispatch.engine.replan import HeldBack, Replanned, _Run, replan
from dispatch.enums import Priority, Rule
from tests.dispatch.engine.builders import line, problem, shift, spell, stop, trip, visits
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.noticed import times_known, told_of_a_change
from tests.dispatch.engine.strategies import begun_problems, law

ROADS = Settings(
    pooling=None,
    transition_margin_s=0,
    weights=Weights(fairness_per_trip_squared=0, moved_to_other_driver=0),
)


def day_of(of: Problem, orders: dict[str, tuple[Visit, ...]], **rest: Any) -> InForce:
    """The routes in force timed anew; the driver of the route is that of its trips."""
    drivers = tuple(
        (trip, f"D{shift}") for shift, order in orders.items() for trip in {v.id: 0 for v in order}
    )
    known = {t.id for t in of.trips}
    of = replace(of, drivers_in_force=tuple(pair for pair in drivers if pair[0] in known))
    held = {shift: order for shift, order in orders.items() if shift in of.shift_by_id}
    return InForce(problem=of, plan=resume(of, held), **rest)


def replanned(day: InForce, *, rounds: int = 200, seed: int = 1) -> Replanned:
    return replan(
        day,
        time_limit_s=1,
        rng=random.Random(seed),
        clock=lambda: 0.0,
        max_iterations=rounds,
    )


def routes(made: Replanned) -> dict[str, str]:
    return {route.shift: spell(route) for route in made.result.plan.routes}


class TestSomebodyNew:
    """a is driven from town 1 to town 2, b from 8 to 9; n calls."""

    towns = (trip("a", stop(1, 100, 700), 2), trip("b", stop(8, 800, 1_600), 9))
    in_force = {"s": visits("+a -a +b -b")}

    def test_gets_a_place_and_nothing_else_happens(self):
        of = problem(*self.towns, trip("n", 2, 8), shift(), settings=ROADS)
        made = replanned(day_of(of, self.in_force))
        assert routes(made) == {"s": "+a -a +n -n +b -b"}
        assert (made.changes, made.unavoidable, made.broken) == ((), (), ())
        assert made.held_back is None
        assert made.gain == 2_000_000

    def test_nobody_changes_driver_for_a_shorter_way_without_a_budget(self):
        of = problem(*self.towns, shift(), shift("r", start_location=9), settings=ROADS)
        made = replanned(day_of(of, self.in_force))
        assert routes(made) == {"s": "+a -a +b -b", "r": ""}

    @pytest.mark.parametrize("budget", [1, 5])
    def test_one_does_where_one_may(self, budget):
        """With b by the driver of town 9, s drives 4 towns instead of 18, and r 9 home and 1 there."""
        of = problem(
            *self.towns, shift(), shift("r", start_location=9, end_location=9), settings=ROADS
        )
        made = replanned(day_of(of, self.in_force, budget=budget))
        assert routes(made) == {"s": "+a -a", "r": "+b -b"}
        assert (made.changes, made.held_back) == (("b",), None)
        assert made.gain == 1_200

    def test_who_would_push_others_waits_for_a_person(self):
        """n at town 1 is ready at 100 and must be in town 6 by 600: a, told 100, comes 1 000 s later."""
        a = trip("a", stop(1, 100, 1_500), 2)
        n = trip("n", stop(1, 100, 100), stop(6, 0, 600))
        of = problem(a, n, shift(), settings=ROADS)
        made = replanned(day_of(of, {"s": visits("+a -a")}))
        assert routes(made) == {"s": "+a -a"}
        assert [left.trip for left in made.result.plan.unassigned] == ["n"]
        assert made.held_back == HeldBack(gain=2_000_000 - 1_000, changes=1, served=("n",))

    def test_and_is_driven_where_the_budget_allows_it(self):
        a = trip("a", stop(1, 100, 1_500), 2)
        n = trip("n", stop(1, 100, 100), stop(6, 0, 600))
        of = problem(a, n, shift(), settings=ROADS)
        made = replanned(day_of(of, {"s": visits("+a -a")}, budget=1))
        assert routes(made) == {"s": "+n -n +a -a"}
        assert (made.changes, made.held_back) == (("a",), None)

    def test_nobody_is_brought_forward_into_the_freeze_time(self):
        """a was told 900, r could take it from 100 on; not before 800, when the freeze time ends."""
        a = trip("a", stop(1, 100, 1_500), 2)
        b = trip("b", stop(8, 0, 800), stop(8, 0, 800))
        of = problem(a, b, shift(), shift("r", start_location=1), settings=ROADS)
        day = day_of(of, {"s": visits("+b -b +a -a")}, budget=9, frozen_until_s=800)
        assert day.plan.pickup_start_s["a"] == 1_500
        made = replanned(day)
        assert made.result.plan.pickup_start_s["a"] >= 800

    def test_not_even_to_keep_a_promise(self):
        """a stands behind b at 2 150, promised until 1 900; r is free, and times are open from 2 000 on."""
        b = trip("b", stop(1, 0, 100), stop(1, 2_150, 9_000))
        a = trip("a", stop(1, 0, 9_000), stop(2, 0, 9_000))
        of = problem(b, a, shift(), shift("r"), settings=ROADS)
        day = day_of(of, {"s": visits("+b -b +a -a")}, budget=3, frozen_until_s=2_000)
        assert day.plan.pickup_start_s["a"] == 2_150
        made = replanned(replace(day, promised={"a": Promise(1_900, 9_000)}))
        assert made.result.plan.pickup_start_s["a"] >= 2_000


class TestDriverIll:
    def test_the_trips_go_to_others_and_cost_no_budget(self):
        a, b = trip("a", 1, 2), trip("b", 8, 9)
        of = problem(a, b, shift(), settings=ROADS)
        made = replanned(day_of(of, {"s": visits("+a -a"), "gone": visits("+b -b")}))
        assert routes(made) == {"s": "+a -a +b -b"}
        assert (made.changes, made.unavoidable) == ((), ("b",))

    def test_they_are_met_at_the_time_that_was_told(self):
        """b, told 2 000, may be met from 0 on: r, who stands there, would save nothing by coming sooner."""
        b = trip("b", stop(8, 0, 5_000), stop(9, 0, 9_000))
        of = problem(b, shift("r", start_location=8, end_location=9), settings=ROADS)
        made = replanned(day_of(of, {"gone": visits("+b -b")}, told_s={"b": 2_000}))
        assert 1_700 < made.result.plan.pickup_start_s["b"] < 2_300

    def test_and_at_another_where_nobody_can_come_then(self):
        b = trip("b", stop(8, 0, 5_000), stop(9, 0, 9_000))
        of = problem(b, shift("r", start_s=3_000), settings=ROADS)
        made = replanned(day_of(of, {"gone": visits("+b -b")}, told_s={"b": 2_000}))
        assert made.result.plan.pickup_start_s["b"] == 3_800
        assert (made.changes, made.unavoidable) == ((), ("b",))

    def test_whom_nobody_can_take_is_left_with_a_reason(self):
        b = trip("b", stop(9, 0, 100), 9)
        made = replanned(day_of(problem(b, shift(), settings=ROADS), {"gone": visits("+b -b")}))
        assert [(u.trip, u.reason) for u in made.result.plan.unassigned] == [
            ("b", Rule.TIME_WINDOW)
        ]


class TestLateVehicle:
    """s is held up at town 5 until 2 000; b, promised for 800 at town 8, would be met at 2 300."""

    held_up = trip("a", 5, stop(5, 2_000, 2_000))
    b = trip("b", stop(8, 800, 2_300), 9)
    orders = {"s": visits("+a -a +b -b")}
    promise = {"b": Promise(900, 5_000)}
    begun = shift(committed=visits("+a -a"))

    def test_the_next_trip_goes_to_who_is_in_time(self):
        of = problem(self.held_up, self.b, self.begun, shift("r", start_location=9), settings=ROADS)
        day = day_of(of, self.orders, told_s={"b": 800}, promised=self.promise, budget=1)
        assert day.broken(day.plan) == (BrokenPromise(trip="b", late_s=1_400),)
        made = replanned(day)
        assert routes(made) == {"s": "+a -a", "r": "+b -b"}
        assert (made.broken, made.unavoidable, made.changes) == ((), ("b",), ("b",))
        assert made.result.plan.pickup_start_s["b"] <= 900

    def test_and_waits_for_a_person_where_nothing_may_change(self):
        of = problem(self.held_up, self.b, self.begun, shift("r", start_location=9), settings=ROADS)
        made = replanned(day_of(of, self.orders, told_s={"b": 800}, promised=self.promise))
        assert routes(made) == {"s": "+a -a +b -b", "r": ""}
        assert made.broken == (BrokenPromise(trip="b", late_s=1_400),)
        assert made.held_back is not None
        assert (made.held_back.changes, made.held_back.served) == (1, ())

    def test_a_promise_is_not_kept_inside_the_freeze_time(self):
        """b is promised until 900; from 1 000 on times are open, and r could be there at 100."""
        of = problem(self.held_up, self.b, self.begun, shift("r", start_location=9), settings=ROADS)
        day = day_of(of, self.orders, told_s={"b": 800}, promised=self.promise, budget=1)
        made = replanned(replace(day, frozen_until_s=1_000))
        assert routes(made) == {"s": "+a -a", "r": "+b -b"}
        assert made.result.plan.pickup_start_s["b"] == 1_000
        assert made.broken == (BrokenPromise(trip="b", late_s=100),)

    @pytest.mark.parametrize(("budget", "driver"), [(0, "s"), (3, "r")])
    def test_who_is_late_within_the_promise_keeps_driver_and_time(self, budget, driver):
        """Six minutes late for a, b and c in town 4, all promised for long; r waits there and would be cheaper."""
        x = trip("x", stop(1, 0, 100), stop(1, 1_400, 1_400))
        waiting = [
            trip(name, stop(4, ready, 6_000), stop(5, 0, 9_000))
            for name, ready in (("a", 1_000), ("b", 2_000), ("c", 3_000))
        ]
        begun = shift(committed=visits("+x -x"))
        free = shift("r", start_location=4, end_location=5)
        of = problem(x, *waiting, begun, free, settings=ROADS)
        day = day_of(of, {"s": visits("+x -x +a -a +b -b +c -c")}, budget=budget)
        starts = day.plan.pickup_start_s
        day = replace(
            day,
            told_s={name: starts[name] - 360 for name in "abc"},
            promised={name: Promise(6_000, 9_000) for name in "abc"},
        )
        made = replanned(day)
        assert made.unavoidable == ("a", "b", "c")
        assert {made.result.plan.shift_of[name] for name in "abc"} == {driver}
        assert len(made.changes) == budget
        for name in "abc" if not budget else "":
            assert abs(made.result.plan.pickup_start_s[name] - starts[name]) < 300

    def test_nobody_in_time_is_said(self):
        of = problem(self.held_up, self.b, self.begun, settings=ROADS)
        made = replanned(day_of(of, self.orders, told_s={"b": 800}, promised=self.promise))
        assert routes(made) == {"s": "+a -a +b -b"}
        assert made.broken == (BrokenPromise(trip="b", late_s=1_400),)

    def test_what_has_begun_stays_late(self):
        made = replanned(
            day_of(
                problem(self.held_up, self.begun, shift("r"), settings=ROADS),
                {"s": visits("+a -a")},
                promised={"a": Promise(5_000, 1_900)},
            )
        )
        assert made.broken == (BrokenPromise(trip="a", late_s=100),)

    def test_who_follows_is_in_time_again(self):
        """b and c follow a; without b, s is at c (town 5) in time, so c needs nobody else."""
        c = trip("c", stop(5, 2_000, 2_800), 5)
        of = problem(
            self.held_up, self.b, c, self.begun, shift("r", start_location=9), settings=ROADS
        )
        day = day_of(
            of,
            {"s": visits("+a -a +b -b +c -c")},
            told_s={"b": 800, "c": 2_000},
            promised=self.promise | {"c": Promise(2_100, 9_000)},
            budget=1,
        )
        assert [promise.trip for promise in day.broken(day.plan)] == ["b", "c"]
        made = replanned(day)
        assert routes(made) == {"s": "+a -a +c -c", "r": "+b -b"}
        assert (made.broken, made.changes) == ((), ("b",))

    def test_a_way_home_that_is_only_open_by_way_of_the_trip_keeps_it_where_it_is(self):
        """From town 5 straight to the base is a day of driving; by way of towns 8 and 9 it is not."""
        roads = [list(row) for row in line().seconds]
        roads[5][0] = 90_000
        travel = replace(line(), seconds=tuple(map(tuple, roads)))
        of = problem(
            self.held_up,
            self.b,
            self.begun,
            shift("r", start_location=9),
            settings=ROADS,
            travel=travel,
        )
        day = day_of(of, self.orders, told_s={"b": 800}, promised=self.promise)
        made = replanned(day)
        assert routes(made) == {"s": "+a -a +b -b", "r": ""}
        assert made.broken == (BrokenPromise(trip="b", late_s=1_400),)


class TestRoomForOne:
    """z has lost the driver, and a, booked since, wants the only place that is left and is nearer to the base."""

    def made(self, z: Trip, a: Trip, **of: Any) -> dict[str, str]:
        day = problem(z, a, shift(**of), settings=ROADS)
        return routes(replanned(day_of(day, {"gone": visits("+z -z")}, told_s={"z": 100})))

    def test_who_was_promised_a_driver_has_it(self):
        z, a = trip("z", stop(2, 300, 300), 9), trip("a", stop(1, 300, 300), 2)
        assert self.made(z, a) == {"s": "+z -z"}

    def test_at_another_time_rather_than_not_at_all(self):
        """s begins at 600 in town 0: z, told 100, is met in town 1 at 700, and a would be met there at 1 000."""
        z, a = trip("z", stop(1, 100, 1_000), 9), trip("a", stop(1, 1_000, 1_000), 2)
        assert self.made(z, a, start_s=600) == {"s": "+z -z"}

    def test_but_not_before_who_weighs_more(self):
        z = trip("z", stop(2, 300, 300), 9)
        a = trip("a", stop(1, 300, 300), 2, priority=Priority.VITAL)
        assert self.made(z, a) == {"s": "+a -a"}


def test_time_ends_the_search():
    """The clock goes on by a tenth of a second at each look: there is none left after the second search."""
    ticks = itertools.count()
    of = problem(trip("a", 1, 2), trip("b", 8, 9), shift(), shift("r"), settings=ROADS)
    day = day_of(of, {"s": visits("+a -a +b -b")}, budget=5)
    made = replan(day, time_limit_s=1, rng=random.Random(1), clock=lambda: 0.1 * next(ticks))
    names = [stage.name for stage in made.result.stages]
    assert 1 <= names.count("search") < 4


def test_a_plan_that_breaks_a_rule_never_leaves():
    of = problem(trip("a", stop(9, 0, 100), 9), shift(), settings=ROADS)
    day = day_of(of, {"s": ()})
    run = _Run(day, random.Random(1), lambda: 0.0, 0.0, 1.0, 1)
    wide = problem(trip("a", 9, 9), shift(), settings=ROADS)
    run.plan = resume(wide, {"s": visits("+a -a")})
    with pytest.raises(UnfitPlanError):
        run.replanned()


@st.composite
def days_that_changed(draw: st.DrawFn) -> InForce:
    """Routes in force, a driver who may be gone, trips nobody drives yet, and what was told and promised."""
    of, orders = draw(begun_problems(max_trips=4))
    gone = draw(st.sampled_from((None, *(s.id for s in of.shifts if not s.committed))))
    if gone is not None and len(of.shifts) > 1:
        trips = tuple(
            replace(t, pinned_shift=None) if t.pinned_shift == gone else t for t in of.trips
        )
        left = tuple(s for s in of.shifts if s.id != gone)
        of = replace(of, trips=trips, shifts=left)
    day = day_of(of, orders, budget=draw(st.integers(0, 3)))
    slid = draw(st.sampled_from((0, 0, 200, -400, 500)))
    late = draw(st.sampled_from((0, 0, 300)))
    starts = day.plan.pickup_start_s
    ends = {v.id: v.start_s for r in day.plan.routes for v in r.visits}
    return replace(
        day,
        told_s={trip: start + slid for trip, start in starts.items()},
        promised={trip: Promise(start - late, ends[trip] + 600) for trip, start in starts.items()},
        frozen_until_s=draw(st.sampled_from((0, 2_000))),
    )


class TestLaws:
    @law
    @given(days_that_changed())
    def test_the_plan_is_one_and_no_worse_and_nobody_is_lost(self, day):
        made = replanned(day, rounds=40)
        plan = made.result.plan
        assert faults(day.problem, plan) == []
        assert day.price(plan) == day.price(day.plan) - made.gain
        assert made.gain >= 0
        assert day.plan.shift_of.keys() <= plan.shift_of.keys()

    @law
    @given(days_that_changed())
    def test_what_is_committed_never_moves(self, day):
        plan = replanned(day, rounds=40).result.plan
        for one in day.problem.shifts:
            begun = len(one.committed)
            before, after = (p.route_of[one.id].visits[:begun] for p in (day.plan, plan))
            assert tuple(visit.visit for visit in after) == one.committed
            assert [visit.start_s for visit in after] == [visit.start_s for visit in before]

    @law
    @given(days_that_changed())
    def test_nobody_is_brought_forward_into_the_freeze_time(self, day):
        plan = replanned(day, rounds=40).result.plan
        for one, before in day.plan.pickup_start_s.items():
            assert plan.pickup_start_s[one] >= min(day.frozen_until_s, before)

    @law
    @given(days_that_changed())
    def test_changes_stay_within_the_budget(self, day):
        made = replanned(day, rounds=40)
        assert set(made.changes) == told_of_a_change(day, made.result.plan)
        assert len(made.changes) <= day.budget
        if made.held_back is not None:
            assert made.held_back.gain > 0
            assert made.held_back.changes > len(made.changes)

    @law
    @given(days_that_changed())
    def test_without_a_budget_only_who_has_no_driver_gets_one(self, day):
        day = replace(day, budget=0)
        plan = replanned(day, rounds=40).result.plan
        known = dict(day.problem.drivers_in_force)
        for one in day.plan.shift_of.keys() & known.keys() - day.problem.committed_shift.keys():
            assert plan.shift_of[one] == day.plan.shift_of[one]
            times = times_known(day, one)
            assert min(times) - 300 < plan.pickup_start_s[one] < max(times) + 300

    @law
    @given(days_that_changed(), st.integers(0, 9))
    def test_the_same_seed_gives_the_same_plan(self, day, seed):
        one, other = (replanned(day, rounds=40, seed=seed).result.plan for _ in range(2))
        assert one == other


def test_a_plan_in_force_that_is_empty():
    day = InForce(problem=problem(shift(), settings=ROADS), plan=Plan(routes=()))
    assert replanned(day).gain == 0
