from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.fairness import DriverWork, compared, fairness, gini, trips_gap
from dispatch.engine.plan import Plan, Route
from dispatch.engine.problem import Load
from tests.dispatch.engine.builders import plan, problem, shift, trip
from tests.dispatch.engine.impact_days import days_in_force
from tests.dispatch.engine.strategies import law

EIGHT_HOURS = 28_800
ROOMY = (Load(seats=4, wheelchairs=1, stretchers=1),)
loads = st.lists(st.floats(0, 1_000, allow_subnormal=False), min_size=1, max_size=12)


def test_loads_are_the_windows_trips_and_todays_work():
    day = problem(
        trip("a", 1, 3),
        trip("b", 3, 5, load=Load(wheelchairs=1)),
        trip("c", 1, 2, load=Load(stretchers=1, seats=1)),
        shift("s", end_s=EIGHT_HOURS, recent_trips=4, configurations=ROOMY),
        shift("r", end_s=EIGHT_HOURS, recent_trips=1, configurations=ROOMY),
    )
    one, two = fairness(day, plan(day, s="+a -a +b -b", r="+c -c")).loads
    assert (one.driver, two.driver) == ("Dr", "Ds")
    assert (two.recent_trips, two.trips, two.heavy_trips) == (4, 2, 1)
    assert two.driving_s == 100 + 200 + 0 + 200  # and 500 home, which nobody records
    assert two.normalised == 6
    assert (one.trips, one.heavy_trips, one.driving_s, one.normalised) == (1, 1, 200, 2)


def test_gaps_are_the_most_loaded_less_the_least():
    day = problem(
        trip("a", 1, 3),
        trip("b", 3, 5, load=Load(wheelchairs=1)),
        shift("s", end_s=EIGHT_HOURS, configurations=ROOMY),
        shift("r", end_s=EIGHT_HOURS),
    )
    seen = fairness(day, plan(day, s="+a -a +b -b"))
    assert (seen.gap, seen.driving_gap_s, seen.heavy_gap) == (2, 500, 1)
    assert seen.gini == pytest.approx(0.5)  # one of two carries all


def test_half_a_shift_is_expected_to_carry_half_the_trips():
    day = problem(
        *(trip(f"t{i}", 1, 1) for i in range(3)), shift("s", end_s=28_800), shift("r", end_s=14_400)
    )
    seen = fairness(day, plan(day, s="+t0 -t0 +t1 -t1", r="+t2 -t2"))
    assert seen.gap == 0
    assert [load.normalised for load in seen.loads] == [2, 2]  # per eight hours


def test_a_driver_of_two_shifts_is_one_driver():
    day = problem(
        trip("a", 1, 2),
        trip("b", 1, 2),
        shift("s", driver="d", end_s=4_000, recent_trips=3),
        shift("r", driver="d", start_s=6_000, end_s=10_000, recent_trips=3),
    )
    (load,) = fairness(day, plan(day, s="+a -a", r="+b -b")).loads
    assert (load.trips, load.recent_trips, load.on_duty_s) == (2, 3, 8_000)


def test_emergency_drivers_are_not_compared():
    day = problem(trip("a", 1, 2), shift("s", recent_trips=9), shift("r", is_emergency=True))
    seen = fairness(day, plan(day, r="+a -a"))
    assert [load.driver for load in seen.loads] == ["Ds"]
    assert (seen.gap, seen.gini) == (0, 0)


@pytest.mark.parametrize("day", [problem(), problem(shift("r", is_emergency=True))])
def test_nobody_on_duty_is_fair(day):
    seen = fairness(day, Plan(routes=()))
    assert (seen.loads, seen.gap, seen.driving_gap_s, seen.heavy_gap, seen.gini) == ((), 0, 0, 0, 0)


def test_a_driver_with_an_empty_route_counts():
    day = problem(trip("a", 1, 2), shift("s", end_s=EIGHT_HOURS), shift("r", end_s=EIGHT_HOURS))
    empty = Plan(routes=(*plan(day, s="+a -a").routes, Route(shift="r")))
    assert fairness(day, empty).gap == 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [([5, 5, 5], 0), ([0, 0, 0, 8], 0.75), ([1, 3], 0.25), ([0, 0], 0), ([7], 0)],
)
def test_gini_by_hand(values, expected):
    assert gini(values) == pytest.approx(expected)


@given(loads)
def test_gini_is_the_mean_difference_over_twice_the_mean(values):
    n, total = len(values), sum(values)
    differences = sum(abs(a - b) for a in values for b in values)
    expected = differences / (2 * n * total) if total else 0
    assert gini(values) == pytest.approx(expected, abs=1e-9)
    assert -1e-9 <= gini(values) <= 1 - 1 / n + 1e-9


def test_who_worked_half_the_time_is_expected_to_carry_half_the_trips():
    """Six trips in two duties and three in one are the same load."""
    day = problem(
        shift("s", end_s=1_000, recent_trips=6, recent_duty_s=1_000),
        shift("r", end_s=1_000, recent_trips=3, recent_duty_s=0),
    )
    assert fairness(day, plan(day)).gap == 0


def test_what_was_recorded_is_compared_by_the_same_formula():
    """Three trips in four hours on duty are as many as six in eight."""

    def work(driver: str, hours: int, trips: int, recent: int = 0, heavy: int = 0) -> DriverWork:
        return DriverWork(
            driver=driver,
            on_duty_s=hours * 3_600,
            recent_duty_s=0,
            recent_trips=recent,
            trips=trips,
            driving_s=trips * 600,
            heavy_trips=heavy,
        )

    seen = compared([work("d1", 4, 3, heavy=1), work("d2", 8, 4, recent=2)])
    assert [load.normalised for load in seen.loads] == [6, 6]
    assert (seen.gap, seen.driving_gap_s, seen.heavy_gap) == (0, 600, 1)


@law
@given(days_in_force())
def test_the_gap_alone_is_that_of_the_whole_comparison(in_force):
    day, kept = in_force
    assert trips_gap(day, kept) == fairness(day, kept).gap
