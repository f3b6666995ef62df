from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.engine.explain import unassigned_reason, unassigned_sentence, why_not
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Pooling, Problem
from dispatch.enums import Rule
from tests.dispatch.engine.builders import PLAIN, pause, plan, problem, shift, stop, trip

EMPTY = Plan(routes=())
SHARED = replace(PLAIN, pooling=Pooling.unrestricted())


def missed(day: Problem, going: Plan = EMPTY) -> tuple[Rule, int, str]:
    item = unassigned_reason(day, going, "a")
    return item.reason, item.amount, item.shift


@pytest.mark.parametrize(
    ("late_s", "lacks_s"), [(1, 60), (60, 60), (61, 120), (899, 900), (3_600, 3_600), (3_601, 0)]
)
def test_windows_are_widened_by_whole_minutes_up_to_an_hour(late_s, lacks_s):
    # The pickup is reached at 5 000.
    day = problem(trip("a", stop(1, 0, 5_000 - late_s), 2), shift(start_s=4_900))
    assert missed(day)[:2] == ((Rule.TIME_WINDOW if lacks_s else Rule.SHIFT), lacks_s)


def test_what_lies_behind_the_first_window_is_counted_too():
    # 100 s late at the pickup; there is 900 s of road to an appointment that is then 700 s too early.
    day = problem(trip("a", stop(0, 0, 4_900), stop(9, 0, 5_200)), shift(start_s=5_000))
    assert missed(day) == (Rule.TIME_WINDOW, 720, "s")


def test_a_window_that_opens_late_counts_as_much_as_one_that_closes_early():
    # Ready at 1 000 in town 1, due at 1 100 in town 3, 200 s away: 50 s at each end, so one minute.
    day = problem(trip("a", stop(1, 1_000, 1_100), stop(3, 0, 1_100)), shift())
    assert missed(day) == (Rule.TIME_WINDOW, 60, "s")


def test_the_nearest_shift_is_the_one_that_needs_the_fewest_minutes():
    # s would be 100 s late if it did not drive b first: after b it is 700 s late; r is 300 s late.
    day = problem(
        trip("a", stop(5, 0, 4_900), stop(6, 0, 5_000)),
        trip("b", stop(5, 5_000, 5_000), stop(2, 5_300, 5_300)),
        shift("s", start_location=5, start_s=5_000),
        shift("r", start_location=5, start_s=5_200),
    )
    assert missed(day, plan(day, s="+b -b")) == (Rule.TIME_WINDOW, 300, "r")


def test_a_shift_gives_way_at_both_ends():
    # 600 s from the base and back: of 590 s on duty 10 are lacking, 5 at each end.
    assert missed(problem(trip("a", 1, 3), shift(end_s=590))) == (Rule.SHIFT, 60, "s")
    # From 0 on, but there at 300 only by leaving at 0: nothing is won in the morning.
    day = problem(trip("a", stop(3, 300, 300), 3), shift(end_s=400))
    assert missed(day) == (Rule.SHIFT, 240, "s")


def test_a_tour_too_long_is_counted_by_its_own_limit():
    day = problem(trip("a", 1, 3), shift(max_duration_s=500))
    assert missed(day) == (Rule.DURATION, 120, "s")
    (said,) = {unassigned_sentence(unassigned_reason(day, EMPTY, "a"))}
    assert said == (
        "On the nearest shift the tour would become too long. With s, a tour 2 min longer would do."
    )


def test_a_ride_too_long_is_counted_for_the_patient_who_suffers_it():
    # b is taken from town 1 at 100 to town 6, 500 s of road; a rides along from town 2 to town 5.
    day = problem(
        trip("a", stop(2, 150, 250), stop(5, 450, 550)),
        trip("b", stop(1, 100, 100), stop(6, 0, 900), max_ride_s=500),
        shift(),
        settings=SHARED,
    )
    assert unassigned_reason(day, plan(day, s="+b -b"), "a").reason is Rule.COVERAGE
    held = replace(day, trips=(replace(day.trips[0], dropoff=stop(5, 550, 650)), day.trips[1]))
    # With a dropped at 550, b is at town 6 at 650: 550 s on board, 50 s over its limit.
    assert missed(held, plan(held, s="+b -b")) == (Rule.MAX_RIDE_TIME, 60, "s")


def test_a_limit_shorter_than_the_way_is_counted_from_the_way_on():
    # Nobody can bring a from 1 to 3 in less than 200 s; waiting for town 3 to open takes 300 s.
    day = problem(trip("a", stop(1, 100, 100), stop(3, 400, 400), max_ride_s=50), shift())
    assert missed(day) == (Rule.MAX_RIDE_TIME, 120, "s")


def test_no_number_is_told_where_the_limit_alone_would_not_do():
    # 100 s late at the pickup; wider windows do not help, for the break leaves no time before 4 000.
    day = problem(
        trip("a", stop(1, 0, 100), 2),
        shift(start_s=100, breaks=(pause("p", 100, 100, lasts=3_900),)),
    )
    rule, amount, name = missed(day)
    assert (amount, name) == (0, "s")
    item = Unassigned(trip="a", reason=rule, shift=name)
    assert "would do" not in unassigned_sentence(item)


def test_who_is_there_and_has_no_room_for_the_break_is_nearer_than_who_went_home_hours_before():
    day = problem(
        trip("a", stop(1, 5_000, 5_100), 3),
        shift("r", end_s=1_000),  # home again at 5000 + 200 + 300: 75 min too late
        shift("s", breaks=(pause("p", 5_000, 5_000),)),
    )
    item = unassigned_reason(day, EMPTY, "a")
    assert (item.reason, item.shift) == (Rule.BREAK, "s")
    assert unassigned_sentence(item) == (
        "On the nearest shift it would leave no room for the driver’s break."
    )
    (reason,) = why_not(day, EMPTY, "a", "s").reasons  # the table says the same
    assert reason.sentence() == "With this trip, s would have no room left for the break."
