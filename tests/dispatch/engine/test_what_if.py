"""Questions to a day: what each makes of its problem, and what none of them may think away."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.draft import resume
from dispatch.engine.errors import InvalidProblemError
from dispatch.engine.pipeline import Result, make_plan
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem, Weights
from dispatch.engine.what_if import (
    ExtraShift,
    ExtraTrip,
    HasBegunError,
    NoSuchPartError,
    OtherHours,
    OtherWeights,
    Question,
    UnanswerableError,
    WithoutShift,
    WithoutTrips,
    WithoutVehicle,
    ask,
    orders_left,
)
from tests.dispatch.engine.builders import pause, problem, shift, stop, trip, visits
from tests.dispatch.engine.strategies import begun_problems, law, problems

LUNCH, TEA = pause("lunch", 1_000, 2_000), pause("tea", 6_000, 7_000)
DAY = problem(
    trip("a", stop(1, 0, 500), 2, pinned_shift="s"),
    trip("b", stop(5, 0, 600), 6, same_driver_as="a"),
    shift(end_location=3, breaks=(LUNCH, TEA), recent_trips=4),
    shift("r", vehicle="Vs"),
    shift("q"),
    drivers_in_force=(("a", "Ds"), ("b", "Dr")),
)


def planned(day: Problem, *, seed: int = 0, start: Plan | None = None) -> Result:
    return make_plan(
        day,
        start=start,
        time_limit_s=1,
        rng=random.Random(seed),
        clock=time.monotonic,
        max_iterations=10,
    )


class TestQuestions:
    def test_none_leaves_the_day_as_it_is(self):
        assert ask(DAY) is DAY

    def test_without_a_shift_what_was_fixed_on_it_is_free(self):
        asked = ask(DAY, WithoutShift(shift="s"))
        assert [one.id for one in asked.shifts] == ["r", "q"]
        assert [one.pinned_shift for one in asked.trips] == [None, None]

    def test_without_another_shift_it_stays_fixed(self):
        assert ask(DAY, WithoutShift(shift="r")).trips == DAY.trips

    def test_without_a_vehicle_all_its_shifts_stay_at_home(self):
        assert [one.id for one in ask(DAY, WithoutVehicle(vehicle="Vs")).shifts] == ["q"]

    def test_other_hours_keep_the_breaks_that_have_room(self):
        asked = ask(DAY, OtherHours(shift="s", start_s=1_500, end_s=6_200)).shifts[0]
        assert (asked.start_s, asked.end_s) == (1_500, 6_200)
        assert asked.breaks == (replace(LUNCH, earliest_s=1_500),)
        late = ask(DAY, OtherHours(shift="s", start_s=2_001, end_s=9_000)).shifts[0]
        assert late.breaks == (TEA,)

    def test_other_hours_end_by_a_roster_of_their_own(self):
        hours = {"start_s": 1_500, "end_s": 6_200, "rostered_end_s": 5_000}
        assert ask(DAY, OtherHours(shift="s", **hours)).shifts[0].rostered_end_s == 5_000
        extra = ExtraShift(like="s", shift="s2", driver="d2", vehicle="v2", **hours)
        assert ask(DAY, extra).shifts[-1].rostered_end_s == 5_000

    def test_hours_that_end_before_they_begin_are_none(self):
        with pytest.raises(InvalidProblemError, match="ends before"):
            ask(DAY, OtherHours(shift="s", start_s=500, end_s=400))

    def test_one_more_shift_begins_where_the_other_ends_and_rests_as_long_after(self):
        extra = ExtraShift(
            like="s", shift="s2", driver="d2", vehicle="v2", start_s=3_000, end_s=9_000
        )
        asked = ask(DAY, extra).shifts[-1]
        assert (asked.id, asked.driver, asked.vehicle) == ("s2", "d2", "v2")
        assert (asked.start_location, asked.end_location, asked.recent_trips) == (3, 3, 4)
        assert asked.breaks == (pause("lunch", 4_000, 5_000),)
        assert asked.configurations == DAY.shifts[0].configurations

    def test_one_more_shift_has_begun_nothing(self):
        begun = problem(trip("a", 1, 2), shift(committed=visits("+a -a")))
        extra = ExtraShift(like="s", shift="t", driver="e", vehicle="v", start_s=0, end_s=9)
        assert ask(begun, extra).shifts[-1].committed == ()

    def test_other_weights_change_nothing_else(self):
        weights = Weights(fairness_per_trip_squared=7)
        asked = ask(DAY, OtherWeights(weights=weights))
        assert asked.settings == replace(DAY.settings, weights=weights)
        assert replace(asked, settings=DAY.settings) == DAY

    def test_journeys_that_nobody_asks_for_any_more_are_gone(self):
        asked = ask(DAY, WithoutTrips(trips=frozenset({"a"})))
        assert [one.id for one in asked.trips] == ["b"]
        assert asked.drivers_in_force == (("b", "Dr"),)

    def test_one_more_journey_is_somebody_elses(self):
        asked = ask(DAY, ExtraTrip(like="b", trip="b2"))
        assert asked.trips[-1] == replace(DAY.trips[1], id="b2", same_driver_as=None)
        assert ask(DAY, ExtraTrip(like="a", trip="a2")).trips[-1].pinned_shift is None

    def test_several_are_asked_one_after_the_other(self):
        asked = ask(DAY, WithoutShift(shift="q"), WithoutVehicle(vehicle="Vs"))
        assert asked.shifts == ()

    @pytest.mark.parametrize(
        "question",
        [
            WithoutShift(shift="x"),
            WithoutVehicle(vehicle="x"),
            OtherHours(shift="x", start_s=0, end_s=9),
            ExtraShift(like="x", shift="t", driver="e", vehicle="v", start_s=0, end_s=9),
            WithoutTrips(trips=frozenset({"x"})),
            ExtraTrip(like="x", trip="y"),
        ],
    )
    def test_of_what_the_day_does_not_have_nothing_can_be_asked(self, question: Question):
        with pytest.raises(NoSuchPartError) as refusal:
            ask(DAY, question)
        assert refusal.value.reference == "x"

    @pytest.mark.parametrize(
        ("question", "reference"),
        [
            (WithoutShift(shift="s"), "s"),
            (WithoutVehicle(vehicle="Vs"), "s"),
            (OtherHours(shift="s", start_s=0, end_s=9_000), "s"),
            (WithoutTrips(trips=frozenset({"a"})), "a"),
        ],
    )
    def test_what_has_begun_cannot_be_thought_away(self, question: Question, reference: str):
        begun = problem(trip("a", 1, 2), trip("b", 3, 4), shift(committed=visits("+a")))
        with pytest.raises(HasBegunError) as refusal:
            ask(begun, question)
        assert isinstance(refusal.value, UnanswerableError)
        assert refusal.value.reference == reference


class TestWhereThePlanBegins:
    def test_orders_keep_what_is_still_there(self):
        orders = {"s": visits("+a -a ~lunch +b -b ~tea"), "r": ()}
        asked = ask(
            DAY,
            WithoutTrips(trips=frozenset({"b"})),
            OtherHours(shift="s", start_s=0, end_s=5_000),
            WithoutShift(shift="r"),
        )
        assert orders_left(asked, orders) == {"s": visits("+a -a ~lunch")}


class TestLaws:
    @law
    @given(begun_problems(max_trips=4), st.integers(0, 99))
    def test_no_change_gives_the_plan_of_the_day(self, begun, seed):
        day, orders = begun
        same = ask(day, OtherWeights(weights=day.settings.weights))
        start = resume(day, orders_left(day, orders))
        assert same.hash == day.hash
        assert planned(same, seed=seed, start=start).plan == (
            planned(day, seed=seed, start=start).plan
        )

    @law
    @given(problems(max_trips=4, max_shifts=3), st.data())
    def test_every_answer_is_a_day_that_can_be_planned(self, day, data):
        crew, one = data.draw(st.sampled_from(day.shifts)), data.draw(st.sampled_from(day.trips))
        hours = {"start_s": crew.start_s + 600, "end_s": crew.end_s + 600}
        extra = ExtraShift(like=crew.id, shift="S", driver="D", vehicle="V", **hours)
        questions: list[Question] = [
            WithoutShift(shift=crew.id),
            WithoutVehicle(vehicle=crew.vehicle),
            OtherHours(shift=crew.id, **hours),
            extra,
            WithoutTrips(trips=frozenset({one.id})),
            ExtraTrip(like=one.id, trip="T"),
        ]
        asked = ask(day, data.draw(st.sampled_from(questions)))
        found = planned(asked).plan
        assert len(found.shift_of) + len(found.unassigned) == len(asked.trips)
