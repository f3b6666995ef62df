from __future__ import annotations

import pytest
from hypothesis import given

from dispatch.engine.construct import construct
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.insertion import best_insertions
from dispatch.engine.plan import Plan, Route
from dispatch.engine.problem import Load, Problem
from dispatch.engine.schedule import time_route
from dispatch.engine.search import Limits, improve
from dispatch.engine.travel import TravelTimes
from tests.dispatch.engine.brute import insertions
from tests.dispatch.engine.builders import (
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


class TestOnTheLine:
    def test_no_shift_no_plan(self):
        assert [left.trip for left in construct(problem(trip("a", 2, 5))).unassigned] == ["a"]

    def test_no_trip(self):
        assert construct(problem(shift())).routes == (Route(shift="s"),)

    def test_who_has_one_place_only_goes_first(self):
        """Only van takes the chair; first come, the walker (cheaper there) would have taken its hour."""
        hour = {"pickup": stop(1, 100, 110), "dropoff": stop(2, 200, 300)}
        chair = trip("z", **hour, load=Load(wheelchairs=1))
        day = problem(
            trip("a", **hour),
            chair,
            shift("car", start_location=9, start_s=-900),
            shift("van", configurations=(Load(seats=1, wheelchairs=1),)),
        )
        made = construct(day)
        assert made.shift_of == {"a": "car", "z": "van"}

    def test_routes_of_a_start_are_kept(self):
        day = problem(trip("a", 5, 6), trip("b", 1, 2), shift(), shift("r", start_location=5))
        made = construct(day, start=plan(day, s="+a -a"))
        assert made.shift_of["a"] == "s"
        assert made.shift_of["b"] in {"s", "r"}

    def test_what_has_begun_is_gone_on_with(self):
        day = problem(trip("a", 2, 5), trip("b", 3, 4), shift(committed=visits("+a")))
        assert spell(construct(day).route_of["s"]).startswith("+a -a")

    def test_companions_stay_together(self):
        """s would be as near to b; a comes by r's base, and b wants a's driver."""
        a = trip("a", stop(9, 0, 2000), 8)
        b = trip("b", stop(4, 5000, 6000), 5, same_driver_as="a")
        day = problem(a, b, shift("r", start_location=9), shift("s", start_location=3))
        assert construct(day).shift_of == {"a": "r", "b": "r"}

    def test_one_trip_may_open_the_way_for_another(self):
        """Place 2 is reached in time over 3 only, and 3 over 1 only: a table of odd roads."""
        far = 90_000
        table = (
            (0, 100, far, far),
            (far, 0, far, 10),
            (10, far, 0, far),
            (far, far, 10, 0),
        )
        odd = TravelTimes(seconds=table, metres=table)
        day = problem(
            trip("b", stop(2, 0, 5000), 2),
            trip("c", stop(3, 0, 5000), 3),
            trip("a", stop(1, 0, 5000), 1),
            shift(end_s=2 * far),
            travel=odd,
        )
        assert spell(construct(day).route_of["s"]) == "+a -a +c -c +b -b"

    def test_a_promise_that_cannot_be_kept(self):
        day = problem(trip("a", 2, stop(5, 0, 10)), shift(committed=visits("+a")))
        with pytest.raises(InvalidPlanError, match="begun"):
            construct(day)


class TestLaws:
    @law
    @given(begun_problems(max_trips=4))
    def test_the_plan_is_valid_and_leaves_nobody_who_would_fit(self, begun):
        day, routes = begun
        answers = [time_route(day, day.shift_by_id[name], order) for name, order in routes.items()]
        start = Plan(routes=tuple(answer for answer in answers if isinstance(answer, Route)))
        made = construct(day, start=start)
        assert not faults(day, made)
        for name, order in routes.items():
            kept = [visit.id for visit in order if visit.id in day.trip_by_id]
            now = [visit.id for visit in made.route_of[name].visits if visit.id in kept]
            assert now == kept
        for left in made.unassigned:
            for worker in day.shifts:
                order = tuple(visit.visit for visit in made.route_of[worker.id].visits)
                assert next(insertions(day, worker, order, left.trip), None) is None

    def test_the_same_problem_has_the_same_plan(self):
        assert construct(large_day(trips=40, shifts=5)) == construct(large_day(trips=40, shifts=5))

    def test_a_day_of_forty_trips_is_valid(self):
        day = large_day(seed=3, trips=40, shifts=6)
        made = construct(day)
        assert not faults(day, made)
        assert len(made.unassigned) < 10


class TestRough:
    """A faster first plan is asked for on a large day alone; what it leaves is tried exactly."""

    def test_a_small_day_is_done_exactly(self):
        def never(day: Problem, start: Plan) -> Plan:
            raise AssertionError

        day = large_day(trips=40, shifts=5)
        assert construct(day, rough=never) == construct(day)

    def test_what_it_leaves_is_tried_exactly(self):
        """It gives every trip back: all the work is left, and the plan is that of the exact construction."""
        day = large_day(trips=80, shifts=8)
        assert construct(day, rough=lambda _day, start: start) == construct(day)

    def test_it_begins_from_the_plan_in_force(self):
        day = large_day(trips=100, shifts=8)
        start = construct(day)
        given: list[Plan] = []

        def same(_day: Problem, plan: Plan) -> Plan:
            given.append(plan)
            return plan

        kept = Plan(routes=start.routes[:1])
        made = construct(day, start=kept, rough=same)
        assert [plan.routes[:1] for plan in given] == [kept.routes]
        assert {**made.shift_of, **kept.shift_of} == made.shift_of

    def test_the_compiled_one_gives_a_valid_plan_that_leaves_nobody_who_would_fit(self):
        day = large_day(seed=5, trips=100, shifts=7)

        def compiled(problem: Problem, start: Plan) -> Plan:
            return improve(problem, start, seed=0, limits=Limits(rounds=0)).plan

        made = construct(day, rough=compiled)
        assert not faults(day, made)
        assert made.unassigned
        for left in made.unassigned:
            assert best_insertions(day, made, left.trip) == ()
