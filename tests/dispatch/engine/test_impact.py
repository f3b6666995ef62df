from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.engine.change import Change, Give, Retime, Swap, TakeOff
from dispatch.engine.cost import score
from dispatch.engine.fairness import fairness
from dispatch.engine.impact import (
    Breach,
    Impact,
    Impossible,
    LongerRide,
    Pledge,
    Promise,
    Span,
    Told,
    impact,
    slide_s,
)
from dispatch.engine.plan import Move, Plan
from dispatch.engine.problem import Pooling, Problem, Settings
from dispatch.engine.remedies import advice_sentence
from dispatch.engine.tour import NO_TOUR, Ride
from dispatch.enums import Rule
from tests.dispatch.engine.builders import problem, shift, stop, trip, visits
from tests.dispatch.engine.impact_days import days_in_force, in_force
from tests.dispatch.engine.strategies import law

SHARED = Settings(pooling=Pooling.unrestricted(), transition_margin_s=0)
A = trip("a", stop(2, 1_000, 1_300), 5)
B = trip("b", stop(5, 1_300, 2_000), 6)
DAY = problem(A, B, shift(end_s=28_800), shift("r", end_s=28_800))

WITH_C = problem(A, trip("c", stop(4, 1_000, 1_000), 2), shift(end_s=28_800))


def told(day: Problem, kept: Plan, *changes: Change, known: Told | None = None) -> Impact:
    answer = impact(day, kept, changes, told=known)
    assert isinstance(answer, Impact), answer
    return answer


def move(name: str, way: str, before: int | None, after: int | None) -> Move:
    """`way`: `"s r"`, with `-` for nobody."""
    from_shift, to_shift = (None if end == "-" else end for end in way.split())
    return Move(
        trip=name,
        from_shift=from_shift,
        to_shift=to_shift,
        from_start_s=before,
        to_start_s=after,
    )


class TestWhoMoves:
    def test_a_trip_that_gets_a_driver(self):
        """r drives 500 to town 5, 100 with the patient, 600 home; nobody else is concerned."""
        seen = told(DAY, in_force(DAY, s="+a -a"), Give(trip="b", shift="r"))
        assert seen.moves == (move("b", "- r", None, 1_300),)
        assert (seen.patients, seen.drivers) == ((), ("r",))
        assert (seen.driving_s, seen.metres, seen.empty_metres) == (1_200, 12_000, 11_000)
        assert seen.moved_s == 0
        (tour,) = seen.tours
        assert (tour.shift, tour.before) == ("r", NO_TOUR)
        assert (tour.after.leave_s, tour.after.back_s, tour.after.trips) == (800, 2_000, 1)

    def test_another_one_waits_for_it(self):
        """C must board in town 4 at 1000 and is in town 2 at 1200: only then does a board there, not at 1000."""
        day, kept = WITH_C, in_force(WITH_C, s="+a -a")
        seen = told(day, kept, Give(trip="c", shift="s"))
        assert seen.moves == (move("a", "s s", 1_000, 1_200), move("c", "- s", None, 1_000))
        assert [slide_s(one) for one in seen.moves] == [200, 0]
        assert (seen.moved_s, seen.patients, seen.drivers) == (200, (), ("s",))

    def test_slides_count_from_what_was_last_noticed(self):
        known = Told(rides={"a": Ride(1_000, 1_300, 900)})
        kept = in_force(WITH_C, s="+a -a")
        seen = told(WITH_C, kept, Give(trip="c", shift="s"), known=known)
        assert seen.patients == ("a",)

    def test_nobody_waits_who_is_on_board(self):
        day = problem(A, B, shift(end_s=28_800, committed=visits("+a -a")))
        people = Told(rides={"a": Ride(600, 900, None)})
        seen = told(day, in_force(day, s="+a -a"), Give(trip="b", shift="s"), known=people)
        assert seen.patients == ()
        assert "a" in {one.trip for one in seen.moves}

    def test_a_trip_that_loses_its_driver(self):
        seen = told(DAY, in_force(DAY, s="+a -a +b -b"), TakeOff(trip="b"))
        (lost,) = seen.moves
        assert (lost.trip, lost.from_shift, lost.to_shift, lost.to_start_s) == (
            "b",
            "s",
            None,
            None,
        )
        assert (seen.drivers, seen.patients) == (("s",), ("b",))
        assert seen.driving_s == -200

    def test_of_two_that_change_places_both_drivers_are_told(self):
        kept = in_force(DAY, s="+a -a", r="+b -b")
        seen = told(DAY, kept, Swap(trip="a", other="b"))
        assert {(m.trip, m.from_shift, m.to_shift) for m in seen.moves} == {
            ("a", "s", "r"),
            ("b", "r", "s"),
        }
        assert (seen.drivers, seen.patients) == (("r", "s"), ("a", "b"))
        assert seen.points == 0

    def test_another_shift_of_the_same_driver_is_no_other_driver(self):
        day = problem(A, shift(end_s=28_800), shift("r", driver="Ds", end_s=28_800))
        seen = told(day, in_force(day, s="+a -a"), Give(trip="a", shift="r"))
        assert (seen.drivers, seen.patients) == (("r", "s"), ())

    def test_only_a_drop_off_that_moves_is_told_to_its_driver(self):
        """With b on board from town 3 to 4, a is brought to 5 as late as told or later, and fetched as before."""
        a, b = (
            trip("a", stop(2, 1_000, 1_000), 5),
            trip("b", stop(3, 0, 5_000), stop(3), max_ride_s=0),
        )
        day = problem(a, b, shift(end_s=28_800), settings=SHARED)
        people = Told(rides={"a": Ride(1_000, 1_250, 1_000)})
        seen = told(day, in_force(day, s="+a -a"), Give(trip="a", shift="s"), known=people)
        assert (seen.moves, seen.drivers) == ((), ("s",))

    def test_who_is_promised_another_time_is_told(self):
        later = trip("a", stop(2, 1_100, 1_300), 5)
        seen = told(DAY, in_force(DAY, s="+a -a"), Retime(trip=later))
        assert seen.patients == ("a",)

    def test_what_changes_nothing_tells_nobody(self):
        seen = told(DAY, in_force(DAY, s="+a -a"), Give(trip="a", shift="s"))
        assert (seen.moves, seen.tours, seen.drivers, seen.points) == ((), (), (), 0)


class TestPromises:
    def test_a_pickup_leaves_its_window_and_an_appointment_is_missed(self):
        """The problem's window is stretched for a late day; what was promised is 1000 to 1100, and town 5 at 1450."""
        known = Told(promises={"a": Promise(1_000, 1_100, 1_450)})
        kept = in_force(WITH_C, s="+a -a")
        seen = told(WITH_C, kept, Give(trip="c", shift="s"), known=known)
        assert seen.breaches == (
            Breach("a", Pledge.PICKUP, Span(0, 100)),
            Breach("a", Pledge.APPOINTMENT, Span(0, 50)),
        )
        assert [one.off_s.added for one in seen.breaches] == [100, 50]
        assert seen.patients == ("a",)

    def test_what_was_as_late_before_is_not_broken_by_this(self):
        known = Told(promises={"a": Promise(1_000, 1_100, 1_250)})
        seen = told(DAY, in_force(DAY, s="+a -a"), Give(trip="b", shift="s"), known=known)
        assert seen.breaches == ()

    def test_too_early_is_outside_too(self):
        known = Told(promises={"b": Promise(1_400, 1_500)})
        seen = told(DAY, in_force(DAY), Give(trip="b", shift="r"), known=known)
        assert seen.breaches == (Breach("b", Pledge.PICKUP, Span(0, 100)),)

    def test_a_promise_that_is_made_anew_is_kept(self):
        known = Told(promises={"a": Promise(0, 10)})
        seen = told(
            DAY, in_force(DAY, s="+a -a"), Retime(trip=trip("a", stop(2, 3_000), 5)), known=known
        )
        assert seen.breaches == ()

    def test_an_appointment_stays_what_it_was_whatever_pickup_is_promised(self):
        """Fetched at 3000 and in town 5 at 3300, for 1450."""
        known = Told(promises={"a": Promise(0, 10, 1_450)})
        seen = told(
            DAY, in_force(DAY, s="+a -a"), Retime(trip=trip("a", stop(2, 3_000), 5)), known=known
        )
        assert seen.breaches == (Breach("a", Pledge.APPOINTMENT, Span(0, 1_850)),)


class TestTours:
    def test_overtime_counts_from_the_rostered_end(self):
        day = problem(A, B, shift("r", rostered_end_s=1_900))
        seen = told(day, in_force(day), Give(trip="b", shift="r"))
        assert seen.tours[0].after.overtime_s == 100

    def test_a_shift_that_only_loses_a_trip_keeps_the_times_of_the_others(self):
        """Without a, b could be fetched at 1300; its driver and its patient were told 1900, and 600 s home from 6."""
        day = problem(A, B, shift(end_s=28_800, rostered_end_s=2_500), shift("r", end_s=28_800))
        known = Told(rides={"a": Ride(1_000, 1_300, 1_000), "b": Ride(1_900, 2_000, 1_900)})
        kept = in_force(day, s="+a -a +b -b")
        for change in (TakeOff(trip="a"), Give(trip="a", shift="r")):
            seen = told(day, kept, change, known=known)
            (tour,) = (one for one in seen.tours if one.shift == "s")
            assert (tour.before.leave_s, tour.before.back_s) == (800, 2_600)
            assert (tour.after.leave_s, tour.after.back_s) == (1_400, 2_600)
            assert (tour.before.overtime_s, tour.after.overtime_s) == (100, 100)

    def test_who_gets_the_times_of_the_plan_changes_hours(self):
        """Given to the same shift once more: b is fetched when the plan has it."""
        known = Told(rides={"b": Ride(1_900, 2_000, 1_900)})
        seen = told(DAY, in_force(DAY, s="+b -b"), Give(trip="b", shift="s"), known=known)
        (tour,) = seen.tours
        assert (tour.before.back_s, tour.after.back_s) == (2_600, 2_000)

    def test_who_sits_longer(self):
        """Fetching b in town 1 on the way from 2 to 5 takes 200 s more: 500 on board instead of 300."""
        a = trip("a", stop(2, 1_000, 1_000), stop(5, 0, 9_000))
        b = trip("b", stop(1, 1_100, 1_100), stop(2, 0, 9_000))
        day = problem(a, b, shift(end_s=28_800), settings=SHARED)
        seen = told(day, in_force(day, s="+a -a"), Give(trip="b", shift="s"))
        assert seen.longer_rides == (LongerRide("a", Span(300, 500)),)

    def test_another_drivers_ride_is_a_new_one(self):
        kept = in_force(DAY, s="+a -a")
        known = Told(rides={"a": Ride(1_000, 1_000, None)})
        seen = told(DAY, kept, Give(trip="a", shift="r"), known=known)
        assert seen.longer_rides == ()

    def test_the_gap_and_the_price(self):
        """Two trips against none; then one each. 60 points · trips²; driving 1200 against 1000 + 1200."""
        kept = in_force(DAY, s="+a -a +b -b")
        seen = told(DAY, kept, Give(trip="b", shift="r"))
        assert seen.gap == (2, 0)
        before, after = seen.price
        assert (before.driving, after.driving) == (1_200, 2_200)
        assert (before.fairness, after.fairness) == (240, 120)
        assert seen.points == 1_000 - 120

    def test_serving_somebody_is_not_a_matter_of_points(self):
        seen = told(DAY, in_force(DAY), Give(trip="b", shift="r"))
        assert seen.price[0].unserved - seen.price[1].unserved == 2_000_000
        assert seen.points == 1_200 + 60


class TestImpossible:
    def test_the_rule_the_amount_and_what_would_help(self):
        day = problem(trip("a", stop(5, 0, 450), 6), shift())
        answer = impact(day, in_force(day), [Give(trip="a", shift="s")])
        assert isinstance(answer, Impossible)
        assert (answer.refusal.rule, answer.refusal.amount) == (Rule.TIME_WINDOW, 50)
        assert advice_sentence(answer.unassigned) == (
            "With a pickup up to 1 min later it can be planned."
        )

    def test_what_cannot_leave_has_no_remedy(self):
        day = problem(A, shift(committed=visits("+a -a")), shift("r"))
        answer = impact(day, in_force(day, s="+a -a"), [TakeOff(trip="a")])
        assert isinstance(answer, Impossible)
        assert (answer.refusal.rule, answer.shift, answer.advice) == (Rule.FREEZE_TIME, "s", "")


@law
@given(days_in_force(), st.data())
def test_the_figures_are_those_of_the_two_plans(started, data):
    day, kept = started
    name = data.draw(st.sampled_from(sorted(day.trip_by_id)))
    to = data.draw(st.sampled_from(sorted(day.shift_by_id)))
    seen = impact(day, kept, [Give(trip=name, shift=to)])
    assume(isinstance(seen, Impact))
    assert isinstance(seen, Impact)
    after = seen.carried.plan
    assert seen.price == (score(day, kept), score(day, after))
    assert seen.gap == pytest.approx((fairness(day, kept).gap, fairness(day, after).gap))
    weights = day.settings.weights
    if weights.driving_per_s and not weights.driving_per_km:
        spent = score(day, after).driving - score(day, kept).driving
        assert seen.driving_s * weights.driving_per_s == spent
    assert {m.trip: m.to_shift for m in seen.moves}.get(name, to) == to
