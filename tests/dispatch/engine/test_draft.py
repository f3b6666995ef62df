from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine import draft as draft_module
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

    def test_an_offer_is_what_the_total_grows_by(self):
        started = Draft.of(self.DAY, plan(self.DAY, s="+a -a"))
        before = started.total - started.unserved_cost(1)
        offered = started.offer(1, 1)
        assert offered is not None
        added, fit = offered
        started.insert(1, 1, fit)
        assert started.total == before + added
        assert started.plan().shift_of == {"a": "s", "b": "r"}

    def test_the_cheapest_offer_is_that_of_the_same_driver(self):
        started = Draft.of(self.DAY, plan(self.DAY, s="+a -a"))
        best = started.cheapest_offer(1, range(2))
        assert best is not None
        assert best[1] == 0

    def test_nobody_offers(self):
        day = problem(trip("a", stop(5, 0, 10), 6), shift(), shift("r"))
        assert Draft.of(day, None).cheapest_offer(0, range(2)) is None

    def test_a_copy_goes_its_own_way(self):
        started = Draft.of(self.DAY, plan(self.DAY, s="+a -a"))
        other = started.copy()
        other.remove(0)
        assert (other.left, started.left) == ({0, 1}, {1})
        assert spelled(started.plan())["s"] == "+a -a"

    def test_removing_brings_an_optional_rest_back(self):
        rest = (pause("rest", 0, 100, mandatory=False),)
        hurried, easy = trip("a", stop(1, 0, 150), 2), trip("b", 2, 3)
        day = problem(hurried, easy, shift(breaks=rest))
        started = Draft.of(day, plan(day, s="+a -a +b -b"))
        started.remove(0)
        assert spelled(started.plan()) == {"s": "~rest +b -b"}

    def test_a_trip_the_route_cannot_do_without_stays(self):
        """See `test_a_way_that_a_rest_had_cut_in_two…`: the way to b is too long after the rest."""
        a = trip("a", stop(1, 0, 100), stop(1, 0, 100))
        p, b = trip("p", 5, 9), trip("b", stop(9, 1300, 1300), 9)
        day = problem(a, p, b, shift(breaks=(pause("rest", 1000, 1100),)))
        started = Draft.of(day, plan(day, s="+a -a +p -p ~rest +b -b"))
        started.remove(1)
        assert started.left == set()

    def test_a_broken_route_is_no_start(self):
        wrong = Plan(
            routes=(Route(shift="s", visits=plan(self.DAY, s="+a -a").routes[0].visits[:1]),)
        )
        with pytest.raises(InvalidPlanError, match="shift s"):
            Draft.of(self.DAY, wrong)

    def test_what_was_found_out_may_be_forgotten(self, monkeypatch):
        monkeypatch.setattr(draft_module, "REMEMBERED_COURSES", 2)
        started = Draft.of(self.DAY, None)
        for trip_number in (0, 1):
            offered = started.offer(trip_number, 0)
            assert offered is not None
            started.insert(trip_number, 0, offered[1])
        assert started.left == set()
        assert started.total == score(self.DAY, started.plan()).total

    @law
    @given(begun_problems(max_trips=4), st.data())
    def test_its_total_is_the_score_of_its_plan(self, begun, data):
        day, routes = begun
        started = Draft.of(day, plan_of(day, routes))
        for _ in range(4):
            number = data.draw(st.sampled_from(range(len(day.trips))))
            if number in started.left:
                best = started.cheapest_offer(number, range(len(day.shifts)))
                if best is not None:
                    started.insert(number, best[1], best[2])
            elif started.is_movable(number):
                started.remove(number)
            made = started.plan()
            assert started.total == score(day, made).total
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
