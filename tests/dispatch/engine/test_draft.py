from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.cost import score
from dispatch.engine.draft import Draft, resume
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.plan import Plan, Route, Unassigned
from dispatch.engine.problem import Problem, Visit
from dispatch.engine.schedule import time_route
from dispatch.enums import Rule
from tests.dispatch.engine.builders import pause, plan, problem, shift, spell, stop, trip, visits
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.strategies import begun_problems, law


def plan_of(day: Problem, routes: dict[str, tuple[Visit, ...]]) -> Plan:
    answers = [time_route(day, day.shift_by_id[name], order) for name, order in routes.items()]
    return Plan(routes=tuple(answer for answer in answers if isinstance(answer, Route)))


def spelled(answer: Plan) -> dict[str, str]:
    return {route.shift: spell(route) for route in answer.routes}


class TestDraft:
    DAY = problem(trip("a", 2, 5), trip("b", 5, 2, same_driver_as="a"), shift(), shift("r"))

    def test_what_a_plan_leaves_out_is_left_over(self):
        started = Draft.of(self.DAY, plan(self.DAY, s="+a -a"))
        assert (started.shift_of, started.left) == ({0: 0}, {1})
        assert started.plan().unassigned == (Unassigned(trip="b", reason=Rule.COVERAGE),)
        assert spelled(started.plan()) == {"s": "+a -a", "r": ""}

    def test_without_a_plan_nobody_drives(self):
        assert Draft.of(self.DAY, None).left == {0, 1}

    def test_of_two_offers_that_of_the_same_driver_is_cheaper(self):
        started = Draft.of(self.DAY, plan(self.DAY, s="+a -a"))
        offers = [started.offer(1, s) for s in range(2)]
        assert offers[0] is not None
        assert offers[1] is not None
        assert offers[0][0] < offers[1][0]

    def test_who_cannot_be_there_in_time_offers_nothing(self):
        day = problem(trip("a", stop(5, 0, 10), 6), shift(), shift("r"))
        assert [Draft.of(day, None).offer(0, s) for s in range(2)] == [None, None]

    def test_a_broken_route_is_no_start(self):
        wrong = Plan(
            routes=(Route(shift="s", visits=plan(self.DAY, s="+a -a").routes[0].visits[:1]),)
        )
        with pytest.raises(InvalidPlanError, match="shift s"):
            Draft.of(self.DAY, wrong)

    @law
    @given(begun_problems(max_trips=4), st.data())
    def test_an_offer_is_what_the_score_grows_by(self, begun, data):
        """Beside what the trip costs while nobody drives it."""
        day, routes = begun
        started = Draft.of(day, plan_of(day, routes))
        for number in data.draw(st.permutations(sorted(started.left))):
            s = data.draw(st.sampled_from(range(len(day.shifts))))
            before = score(day, started.plan()).total - started.unserved_cost(number)
            offered = started.offer(number, s)
            if offered is None:
                continue
            added, fit = offered
            started.insert(number, s, fit)
            made = started.plan()
            assert score(day, made).total == before + added
            assert made.shift_of[day.trips[number].id] == day.shifts[s].id
            assert not faults(day, made)


class TestResume:
    def test_orders_are_timed_anew_and_rested(self):
        day = problem(trip("a", 2, 5), trip("b", 5, 2), shift(breaks=(pause("rest", 0, 100),)))
        found = resume(day, {"s": visits("+a -a +b -b")})
        assert spelled(found) == {"s": "~rest +a -a +b -b"}
        assert found.unassigned == ()

    def test_a_shift_without_orders_does_what_it_has_begun(self):
        day = problem(trip("a", 2, 5), trip("b", 5, 2), shift(committed=visits("+a")))
        found = resume(day, {})
        assert spelled(found) == {"s": "+a -a"}
        assert [item.trip for item in found.unassigned] == ["b"]

    def test_an_order_that_no_longer_works_is_given_up(self):
        late = trip("b", stop(5, 0, 450), 2)
        day = problem(trip("a", 2, 5), late, shift(committed=visits("+a")))
        found = resume(day, {"s": visits("+a -a +b -b")})
        assert spelled(found) == {"s": "+a -a"}
        assert [item.trip for item in found.unassigned] == ["b"]

    def test_a_promise_that_cannot_be_kept(self):
        day = problem(trip("a", 2, stop(5, 0, 10)), shift(committed=visits("+a")))
        with pytest.raises(InvalidPlanError, match="shift s has begun"):
            resume(day, {})

    @law
    @given(begun_problems(max_trips=3))
    def test_a_plan_that_works_is_kept_as_it_is(self, begun):
        day, routes = begun
        found = resume(day, routes)
        assert not faults(day, found)
        for name, order in routes.items():
            planned = {visit.id for visit in order}
            assert set(found.route_of[name].trip_ids) == planned & set(day.trip_by_id)
