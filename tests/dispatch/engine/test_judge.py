"""Plans made by a person: every rule they break, with its amount; and the planner's own, judged alike."""

from __future__ import annotations

import random
import time

from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.cost import score
from dispatch.engine.handmade import HandPlan, HandRoute, HandTrips
from dispatch.engine.judge import Judgement, by_hand, judge
from dispatch.engine.least_late import HandVisit
from dispatch.engine.pipeline import make_plan
from dispatch.engine.problem import Break, Problem, Visit
from dispatch.engine.rules import Violation, check
from dispatch.enums import Rule, VisitKind
from tests.dispatch.engine.builders import pause, plan, problem, shift, stop, trip, visits
from tests.dispatch.engine.strategies import begun_problems, law, problems


def judged(day: Problem, text: str, *times: int | None, left: tuple[str, ...] = ()) -> Judgement:
    at = times or (None,) * len(visits(text))
    written = tuple(
        HandVisit(visit=visit, at_s=at_s) for visit, at_s in zip(visits(text), at, strict=True)
    )
    return judge(day, HandPlan(routes=(HandRoute(shift="s", visits=written),), left=left))


def off_window(name, end=VisitKind.PICKUP):
    """A stop of the shift that is 100 seconds late."""
    return Violation(rule=Rule.TIME_WINDOW, amount=100, trip=name, shift="s", other=name, end=end)


class TestAPlanOfAPerson:
    def test_that_keeps_every_rule_is_valid(self):
        day = problem(trip("a", 1, 2), shift())
        found = judged(day, "+a -a")
        assert (found.is_valid, found.violations, found.plan) == (
            True,
            (),
            plan(day, s="+a -a"),
        )
        assert found.score == score(day, found.plan)

    def test_says_by_how_much_each_window_and_the_shift_are_missed(self):
        day = problem(
            trip("a", stop(5, 0, 400), 6), trip("b", stop(2, 0, 900), 3), shift(end_s=1200)
        )
        found = judged(day, "+a -a +b -b")
        assert found.violations == (
            off_window("a"),
            off_window("b"),
            Violation(rule=Rule.SHIFT, amount=200, shift="s"),
        )
        assert not found.is_valid

    def test_with_times_of_a_person_says_what_no_vehicle_can_do(self):
        day = problem(trip("a", 1, 3), shift())
        found = judged(day, "+a -a", 50, 200)
        assert found.violations == (
            Violation(rule=Rule.SEQUENCE, amount=50, trip="a", shift="s", other="a"),
            Violation(rule=Rule.SHIFT, amount=50, shift="s"),
        )

    def test_breaks_of_all_kinds_of_rules_are_all_told(self):
        """Two strangers at once in a vehicle of one seat, one of them fixed elsewhere, and no rest."""
        day = problem(
            trip("a", stop(1, 0, 100), stop(3, 0, 300), pinned_shift="r"),
            trip("b", 2, 3, excluded_drivers=frozenset({"Ds"})),
            trip(
                "c",
                stop(4, 0, 400),
                stop(5, 0, 500),
                needs=frozenset({"oxygen"}),
                load=shift().configurations[0],
            ),
            shift(max_trips=2, max_duration_s=100, breaks=(pause("lunch", 350, 360),)),
            shift("r"),
        )
        found = judged(day, "+a +b -b -a +c -c")
        assert {violation.rule for violation in found.violations} == {
            Rule.POOLING,
            Rule.PINNED,
            Rule.EXCLUDED_DRIVER,
            Rule.SKILLS,
            Rule.WORKLOAD_CAP,
            Rule.DURATION,
            Rule.BREAK,
            Rule.FAIRNESS,
        }

    def test_a_trip_that_it_forgets_is_told_and_one_left_knowingly_is_not(self):
        day = problem(trip("a", 1, 2), trip("b", 2, 3), shift())
        forgotten = judged(day, "+a -a")
        assert forgotten.violations == (Violation(rule=Rule.COVERAGE, trip="b"),)
        left = judged(day, "+a -a", left=("b",))
        assert left.violations == ()
        assert forgotten.score == left.score
        assert left.score.unserved == day.settings.weights.unserved_normal

    def test_half_a_journey_counts_as_unserved(self):
        day = problem(trip("a", 1, 2), trip("b", 2, 3), shift())
        found = judged(day, "-b +b +a")
        assert {violation.rule for violation in found.violations} == {Rule.SEQUENCE, Rule.POOLING}
        assert [item.trip for item in found.served.unassigned] == ["a", "b"]
        assert found.score.unserved == 2 * day.settings.weights.unserved_normal

    def test_what_is_odd_makes_it_no_plan_of_this_day(self):
        day = problem(trip("a", 1, 2), shift())
        parts = (HandTrips(shift="s", trips=("a", "x")),)
        found = judge(day, HandPlan(routes=parts))
        assert (found.violations, len(found.oddities), found.is_valid) == ((), 1, False)


def _anything(day: Problem, data: st.DataObject) -> HandPlan:
    """Visits in any order, of trips and breaks known and unknown, twice or never, with times or without."""
    breaks: list[Break] = [rest for crew in day.shifts for rest in crew.breaks]
    names = st.sampled_from([trip.id for trip in day.trips] + ["nobody"])
    ends = st.builds(Visit, names, st.sampled_from((VisitKind.PICKUP, VisitKind.DROPOFF)))
    rests = st.sampled_from(["tea", *(rest.id for rest in breaks)])
    visit = st.one_of(ends, ends, st.builds(Visit, rests, st.just(VisitKind.BREAK)))
    hand = st.builds(HandVisit, visit=visit, at_s=st.none() | st.integers(-500, 9_000))
    crew = st.sampled_from([*(crew.id for crew in day.shifts), "ghost"])
    stops = st.lists(hand, max_size=8).map(tuple)
    route = st.builds(HandRoute, shift=crew, visits=stops)
    trips = st.builds(HandTrips, shift=crew, trips=st.lists(names, max_size=4).map(tuple))
    parts = st.lists(route | trips, max_size=4).map(tuple)
    return data.draw(st.builds(HandPlan, routes=parts, left=st.lists(names, max_size=3).map(tuple)))


class TestLaws:
    @law
    @given(begun_problems(max_trips=4), st.data())
    def test_it_never_refuses_and_tells_what_the_checker_tells(self, begun, data):
        day, _routes = begun
        found = judge(day, _anything(day, data))
        assert found.violations == check(day, found.plan)
        assert all(violation.sentence("fr") for violation in found.violations)
        assert len(found.served.shift_of) + len(found.served.unassigned) == len(day.trips)

    @law
    @given(problems(max_trips=4), st.integers(0, 99))
    def test_a_plan_of_the_planner_is_judged_as_its_own_check_judges_it(self, day, seed):
        result = make_plan(
            day,
            time_limit_s=1,
            rng=random.Random(seed),
            clock=time.monotonic,
            max_iterations=5,
        )
        found = judge(day, by_hand(result.plan, keeps_times=True))
        assert found.is_valid
        assert found.plan.routes == result.plan.routes
        assert found.violations == result.violations
        assert found.score == result.score
        again = judge(day, by_hand(result.plan))
        assert again.is_valid
        assert again.score.unserved == result.score.unserved
