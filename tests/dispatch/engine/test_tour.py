"""The hours of a tour at the times of its rides: a ride of 300 s from 2 to 5, ten seconds of driving a step of 0.1."""

from __future__ import annotations

from dispatch.engine.plan import Plan, Route
from dispatch.engine.problem import Break, Problem
from dispatch.engine.tour import NO_TOUR, Ride, Tour, tour_of
from dispatch.enums import VisitKind
from tests.dispatch.engine.builders import problem, shift, stop, trip
from tests.dispatch.engine.impact_days import in_force

A = trip("a", stop(2, 1_000, 1_300), 5)
B = trip("b", stop(5, 1_300, 2_500), 6)


def tour(day: Problem, plan: Plan, **rides: Ride) -> Tour:
    return tour_of(day, plan.route_of["s"], rides)


def test_who_drives_nobody_has_no_tour():
    day = problem(A, shift(end_s=28_800))
    assert tour(day, in_force(day)) == NO_TOUR == tour_of(day, Route(shift="s"), {})


def test_the_first_pickup_and_the_last_drop_off_make_the_hours():
    """200 s to town 2; 600 s home from town 6; 200 + 300 + 0 + 100 + 600 driven, 400 of them with somebody."""
    day = problem(A, B, shift(end_s=28_800, rostered_end_s=4_000))
    kept = in_force(day, s="+a -a +b -b")
    seen = tour(day, kept, a=Ride(1_100, 1_400, 1_100), b=Ride(4_000, 4_100, 4_000))
    assert (seen.trips, seen.leave_s, seen.back_s, seen.overtime_s) == (2, 900, 4_700, 700)
    assert (seen.driving_s, seen.metres, seen.empty_metres) == (1_200, 12_000, 8_000)


def test_a_vehicle_that_is_late_comes_as_soon_as_it_can():
    """Free from 1500 on: in town 2 at 1700, in 5 at 2000, where b was told 1900; 100 to 6 and 600 home."""
    day = problem(trip("a", stop(2, 1_000, 9_000), 5), B, shift(start_s=1_500, end_s=28_800))
    kept = in_force(day, s="+a -a +b -b")
    seen = tour(day, kept, a=Ride(1_000, 1_300, 1_000), b=Ride(1_900, 2_000, 1_900))
    assert (seen.leave_s, seen.back_s) == (1_500, 2_700)


def test_a_pickup_that_has_begun_is_where_the_plan_has_it():
    day = problem(A, shift(end_s=28_800))
    seen = tour(day, in_force(day, s="+a -a"), a=Ride(400, 1_350, None))
    assert (seen.leave_s, seen.back_s) == (800, 1_850)


def rested(earliest_s: int, latest_s: int) -> tuple[Problem, Plan]:
    pause = Break(id="p", earliest_s=earliest_s, latest_s=latest_s, duration_s=100)
    day = problem(A, B, shift(end_s=28_800, breaks=(pause,)))
    return day, in_force(day, s="+a -a +b -b")


def kinds(plan: Plan) -> list[VisitKind]:
    return [visit.kind for visit in plan.route_of["s"].visits]


def test_a_break_before_setting_off_is_part_of_the_tour():
    """The plan rests from 100 on; who is fetched at 250 has to be left for at 50, and the break begins before that."""
    day, plan = rested(100, 150)
    assert kinds(plan)[0] is VisitKind.BREAK
    b = Ride(1_400, 1_500, 1_400)
    seen = tour(day, plan, a=Ride(1_000, 1_300, 1_000), b=b)
    assert seen.leave_s == plan.route_of["s"].leave_s == 100
    assert tour(day, plan, a=Ride(250, 550, 250), b=b).leave_s == -50


def test_a_break_in_between_gives_way_to_the_rides():
    day, plan = rested(1_300, 1_350)
    assert kinds(plan)[2] is VisitKind.BREAK
    seen = tour(day, plan, a=Ride(1_000, 1_300, 1_000), b=Ride(1_310, 1_410, 1_310))
    assert seen.back_s == 2_010


def test_a_break_after_the_last_ride_keeps_the_driver():
    """It begins at 3000, or when b is brought, if that is later; 100 s, and 600 home."""
    day, plan = rested(3_000, 9_000)
    assert kinds(plan)[-1] is VisitKind.BREAK
    a = Ride(1_000, 1_300, 1_000)
    assert tour(day, plan, a=a, b=Ride(1_400, 1_500, 1_400)).back_s == 3_700
    assert tour(day, plan, a=a, b=Ride(4_000, 4_100, 4_000)).back_s == 4_800
