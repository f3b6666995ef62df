from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.engine.cost import score
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.insertion import (
    Insertion,
    best_insertions,
    try_insertion,
    with_insertion,
    without_trip,
)
from dispatch.engine.plan import Plan, Route, Unassigned
from dispatch.engine.problem import Load, Pooling, Problem, Settings, Visit
from dispatch.engine.schedule import Refusal, time_route
from dispatch.enums import Rule
from tests.dispatch.engine.brute import insertions
from tests.dispatch.engine.builders import (
    pause,
    plan,
    problem,
    shift,
    spell,
    stop,
    trip,
    visits,
)
from tests.dispatch.engine.strategies import begun_problems, law

SHARED = Settings(pooling=Pooling.unrestricted(), transition_margin_s=0)
EMPTY = Plan(routes=())


def inserted(day: Problem, kept: Plan, name: str, *, into: str = "s") -> Insertion:
    answer = try_insertion(day, kept, name, into)
    assert isinstance(answer, Insertion), answer
    return answer


def refused(day: Problem, name: str, *, kept: Plan = EMPTY, by: str = "s") -> tuple[Rule, str, int]:
    answer = try_insertion(day, kept, name, by)
    assert isinstance(answer, Refusal), answer
    return answer.rule, answer.visit, answer.amount


class TestWhereATripFits:
    def test_the_place_and_the_price_are_told(self):
        """Out to town 2, on to 5 and home: 1000 s of driving; fairness 60 · 1² for one of 10 000 s."""
        day = problem(trip("a", 2, 5), shift())
        answer = inserted(day, EMPTY, "a")
        assert (answer.pickup_at, answer.dropoff_at) == (0, 1)
        assert answer.added_cost == 1000 + 60 * 28_800 // 10_000
        assert spell(answer.route) == "+a -a"

    def test_among_others(self):
        day = problem(trip("a", 2, 8), trip("b", 3, 5), shift(), settings=SHARED)
        answer = inserted(day, plan(day, s="+a -a"), "b")
        assert (answer.pickup_at, answer.dropoff_at) == (1, 2)
        assert answer.added_cost == 60 * 28_800 * 4 // 10_000 - 60 * 28_800 // 10_000

    def test_the_cheapest_shifts_come_first(self):
        day = problem(trip("a", 4, 5), shift("far"), shift("near", start_location=4))
        assert [way.shift for way in best_insertions(day, EMPTY, "a")] == ["near", "far"]
        assert [way.shift for way in best_insertions(day, EMPTY, "a", limit=1)] == ["near"]

    def test_shifts_that_cannot_are_left_out(self):
        day = problem(trip("a", 4, 5), shift("weak", max_trips=0), shift("able"))
        assert [way.shift for way in best_insertions(day, EMPTY, "a")] == ["able"]

    def test_another_driver_than_asked_for_costs(self):
        """The outbound trip is with r: the return with s costs 900 more than with r, from the same town."""
        day = problem(trip("a", 2, 5), trip("b", 5, 2, same_driver_as="a"), shift(), shift("r"))
        kept = plan(day, r="+a -a")
        with_s = inserted(day, kept, "b", into="s")
        assert with_s.added_cost == 1000 + 172 + 900

    def test_what_a_shift_has_begun_is_kept_though_the_plan_forgot_it(self):
        day = problem(trip("a", 2, 5), trip("b", 5, 6), shift(committed=visits("+a")))
        answer = inserted(day, EMPTY, "b")
        assert spell(answer.route) == "+a -a +b -b"
        assert answer.added_cost == 200 + 60 * 28_800 * 4 // 10_000 - 60 * 28_800 // 10_000

    def test_a_promise_that_is_already_broken_is_no_start(self):
        late = trip("a", 2, stop(5, 0, 10))
        day = problem(late, trip("b", 5, 6), shift(committed=visits("+a")))
        with pytest.raises(InvalidPlanError, match="begun"):
            try_insertion(day, EMPTY, "b", "s")


class TestWhyATripDoesNotFit:
    def test_seconds_are_missing_for_its_window(self):
        day = problem(trip("a", stop(5, 0, 450), 6), shift())
        assert refused(day, "a") == (Rule.TIME_WINDOW, "a", 50)

    def test_the_position_that_misses_least_is_told(self):
        """Behind a (in town 1 at 500) town 5 is reached at 900; before it, a would board 700 s late."""
        a = trip("a", stop(3, 300, 300), stop(1, 0, 1000))
        day = problem(a, trip("b", stop(5, 0, 780), 6), shift())
        found = refused(day, "b", kept=plan(day, s="+a -a"))
        assert found == (Rule.TIME_WINDOW, "b", 120)

    def test_the_shift_ends(self):
        day = problem(trip("a", 5, 6), shift(end_s=1150))
        assert refused(day, "a") == (Rule.SHIFT, "s", 50)

    def test_the_duty_is_too_long(self):
        day = problem(trip("a", 5, 6), shift(max_duration_s=1100))
        assert refused(day, "a") == (Rule.DURATION, "s", 100)

    def test_no_room_for_the_rest(self):
        day = problem(trip("a", stop(2, 0, 250), 5), shift(breaks=(pause("rest", 100, 250),)))
        assert refused(day, "a") == (Rule.BREAK, "rest", 0)

    def test_no_place_in_the_vehicle(self):
        day = problem(trip("a", 2, 5, load=Load(stretchers=1)), shift())
        assert refused(day, "a") == (Rule.CAPACITY, "a", 0)

    def test_what_stands_in_the_way_for_good(self):
        needy = trip("a", 2, 5, needs=frozenset({"oxygen"}))
        unwanted = trip("b", 2, 5, excluded_drivers=frozenset({"Ds"}))
        bound = trip("c", 2, 5, pinned_shift="r")
        day = problem(needy, unwanted, bound, shift(), shift("r"))
        assert refused(day, "a") == (Rule.SKILLS, "a", 0)
        assert refused(day, "b") == (Rule.EXCLUDED_DRIVER, "b", 0)
        assert refused(day, "c") == (Rule.PINNED, "c", 0)

    def test_the_driver_has_enough_to_do(self):
        day = problem(trip("a", 2, 5), trip("b", 2, 5), shift(max_trips=1))
        assert refused(day, "b", kept=plan(day, s="+a -a")) == (Rule.WORKLOAD_CAP, "s", 1)

    def test_sharing_would_do_but_is_not_allowed(self):
        """Both must board in town 2 at about 200, for town 9: there and back the vehicle is 1390 s late."""
        a = trip("a", stop(2, 200, 200), stop(9, 900, 900))
        day = problem(a, trip("b", stop(2, 200, 210), stop(9, 900, 910)), shift())
        rule, where, amount = refused(day, "b", kept=plan(day, s="+a -a"))
        assert (rule, where) == (Rule.TIME_WINDOW, "b")
        assert amount == 900 + 700 - 210

    def test_who_is_in_the_vehicle_is_told_where_hours_are_missing(self):
        """a is on board until 9000; b, waiting beside the road until 300, would find no seat."""
        a = trip("a", 2, stop(9, 9000, 9000))
        b = trip("b", stop(2, 200, 300), stop(9, 0, 9000))
        van = shift(configurations=(Load(seats=1),), committed=visits("+a"), end_s=20_000)
        assert refused(problem(a, b, van, settings=SHARED), "b") == (Rule.CAPACITY, "b", 0)
        bus = shift(committed=visits("+a"), end_s=20_000)
        assert refused(problem(a, b, bus), "b") == (Rule.POOLING, "b", 0)


class TestTakingOut:
    def test_the_trip_is_listed_with_its_reason(self):
        day = problem(trip("a", 2, 8), trip("b", 3, 5), shift(), shift("r"))
        kept = plan(day, s="+a -a +b -b", r="")
        left = without_trip(day, kept, "a", reason=Rule.PINNED)
        assert spell(left.route_of["s"]) == "+b -b"
        assert left.route_of["r"] == kept.route_of["r"]
        assert left.unassigned == (Unassigned(trip="a", reason=Rule.PINNED),)

    def test_the_last_one_takes_the_rest_along(self):
        day = problem(trip("a", 2, 5), shift(breaks=(pause("rest", 0, 900),)))
        left = without_trip(day, plan(day, s="+a -a ~rest"), "a", reason=Rule.COVERAGE)
        assert left.route_of["s"].visits == ()

    def test_an_optional_rest_comes_back_when_there_is_time_for_it_again(self):
        rest = (pause("rest", 0, 100, mandatory=False),)
        hurried, easy = trip("a", stop(1, 0, 150), 2), trip("b", 2, 3)
        day = problem(hurried, easy, shift(breaks=rest))
        left = without_trip(day, plan(day, s="+a -a +b -b"), "a", reason=Rule.COVERAGE)
        assert spell(left.route_of["s"]) == "~rest +b -b"

    def test_a_way_that_a_rest_had_cut_in_two_may_be_too_long_for_one_stretch(self):
        """Driving to town 9 before the rest was p's errand; without it b there is 800 s away."""
        a = trip("a", stop(1, 0, 100), stop(1, 0, 100))
        p, b = trip("p", 5, 9), trip("b", stop(9, 1300, 1300), 9)
        day = problem(a, p, b, shift(breaks=(pause("rest", 1000, 1100),)))
        kept = plan(day, s="+a -a +p -p ~rest +b -b")
        with pytest.raises(InvalidPlanError, match="Without trip p"):
            without_trip(day, kept, "p", reason=Rule.COVERAGE)


def started_plan(day: Problem, routes: dict[str, tuple[Visit, ...]]) -> Plan:
    """Routes timed, everything else unassigned; a shift without visits has no route at all."""
    timed = [
        time_route(day, worker, routes[worker.id]) for worker in day.shifts if routes[worker.id]
    ]
    kept = tuple(answer for answer in timed if isinstance(answer, Route))
    planned = {name for answer in kept for name in answer.trip_ids}
    left = tuple(
        Unassigned(trip=asked.id, reason=Rule.COVERAGE)
        for asked in day.trips
        if asked.id not in planned
    )
    return Plan(routes=kept, unassigned=left)


class TestLaws:
    @law
    @given(begun_problems(max_trips=4, max_breaks=1), st.data())
    def test_an_insertion_costs_what_it_says_and_can_be_taken_back(self, started, data):
        day, routes = started
        before = started_plan(day, routes)
        assume(before.unassigned)
        name = data.draw(st.sampled_from(before.unassigned)).trip
        for way in best_insertions(day, before, name):
            after = with_insertion(before, way)
            saved = day.settings.weights.unserved(day.trip_by_id[name].priority)
            assert score(day, after).total == score(day, before).total + way.added_cost - saved
            if not day.shift_by_id[way.shift].breaks:
                undone = without_trip(day, after, name, reason=Rule.COVERAGE)
                assert score(day, undone).total == score(day, before).total

    @law
    @given(begun_problems(max_trips=4, max_breaks=2), st.data())
    def test_a_shift_takes_a_trip_or_says_why_not(self, started, data):
        day, routes = started
        before = started_plan(day, routes)
        assume(before.unassigned)
        name = data.draw(st.sampled_from(before.unassigned)).trip
        worker = data.draw(st.sampled_from(day.shifts))
        answer = try_insertion(day, before, name, worker.id)
        ways = list(insertions(day, worker, routes[worker.id], name))
        assert isinstance(answer, Insertion) == bool(ways)
        if isinstance(answer, Insertion):
            assert tuple(visit.visit for visit in answer.route.visits) in ways
        else:
            assert answer.rule not in {Rule.SEQUENCE, Rule.COVERAGE}


def test_a_shift_on_duty_at_another_hour_is_refused_for_its_hours():
    """Wanted at 100, on duty from 9 000: whatever else would be in the way, nobody is there."""
    day = problem(
        trip("a", stop(1, 0, 100), stop(2)),
        trip("b", stop(1, 9_000, 9_900), stop(2)),
        shift(start_s=9_000, end_s=20_000),
    )
    refusal = try_insertion(day, plan(day, s="+b -b"), "a", "s")
    assert isinstance(refusal, Refusal)
    assert refusal.rule is Rule.SHIFT
