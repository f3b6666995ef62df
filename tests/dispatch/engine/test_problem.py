from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.errors import InvalidProblemError
from dispatch.engine.problem import (
    Break,
    Load,
    Pooling,
    Problem,
    Settings,
    Shift,
    Stop,
    Trip,
    Visit,
    Weights,
    middle_s,
)
from dispatch.enums import Priority, VisitKind
from tests.dispatch.engine.builders import (
    PLAIN,
    large_day,
    line,
    pause,
    problem,
    shift,
    stop,
    trip,
    visits,
)

loads = st.builds(Load, *[st.integers(0, 5)] * 4)


@given(loads, loads)
def test_what_is_loaded_and_unloaded_leaves_the_vehicle_as_it_was(a, b):
    assert a.plus(b).minus(b) == a
    assert a.fits(a.plus(b))


@given(loads, loads)
def test_a_load_fits_exactly_when_every_kind_of_place_suffices(load, offered):
    assert load.fits(offered) == (min(offered.minus(load)) >= 0)


@pytest.mark.parametrize(
    ("build", "what"),
    [
        (lambda: stop(1, 100, 99), "window ends before"),
        (lambda: stop(1, service=-1), "negative service"),
        (lambda: Stop(location=-1, earliest_s=0, latest_s=1, service_s=0), "negative"),
        (lambda: trip("", 1, 2), "needs a reference"),
        (lambda: trip("a", 1, 2, max_ride_s=-1), "longest ride is negative"),
        (lambda: trip("a", 1, 2, load=Load()), "no place"),
        (lambda: trip("a", 1, 2, load=Load(seats=-1, wheelchairs=1)), "no place"),
        (lambda: trip("a", 1, 2, same_driver_as="a"), "its own driver"),
        (lambda: pause("p", 5, 4), "empty"),
        (lambda: pause("p", 4, 5, lasts=0), "empty"),
        (lambda: shift(""), "needs a reference"),
        (lambda: shift(start_s=10, end_s=10), "ends before it starts"),
        (lambda: shift(configurations=()), "no place for anybody"),
        (lambda: shift(breaks=(pause("p", 1, 2), pause("p", 3, 4))), "share a reference"),
        (lambda: Weights(driving_per_s=-1), "weight is negative"),
        (lambda: Settings(transition_margin_s=-1), "margin between two trips"),
        (lambda: problem(trip("a", 1, 2), trip("a", 2, 3)), "Two trips share"),
        (lambda: problem(shift("s"), shift("s")), "Two shifts share"),
        (lambda: problem(trip("a", 1, 2, pinned_shift="x"), shift("s")), "unknown shift"),
        (lambda: problem(trip("a", 1, 99)), "outside the travel table"),
        (lambda: problem(shift(end_location=99)), "outside the travel table"),
        (lambda: problem(shift(committed=visits("+ghost"))), "committed to unknown ghost"),
        (lambda: problem(shift(committed=visits("~ghost"))), "committed to unknown ghost"),
        (
            lambda: problem(
                trip("a", 1, 2),
                shift("s", committed=visits("+a")),
                shift("r", committed=visits("+a")),
            ),
            "committed twice",
        ),
        (lambda: problem(trip("a", 1, 2), shift(committed=visits("-a +a"))), "before pickup"),
    ],
)
def test_what_describes_no_real_day_is_refused(build, what):
    with pytest.raises(InvalidProblemError, match=what):
        build()


def test_committed_visits_bind_their_trips_to_the_shift_but_breaks_bind_nobody():
    day = problem(trip("a", 1, 2), shift(breaks=(pause("p", 0, 9),), committed=visits("+a ~p -a")))
    assert day.committed_shift == {"a": "s"}


def test_an_empty_day_is_a_problem_too():
    assert problem().trips == ()


def test_ways_start_and_end_at_the_bases():
    day = problem(trip("a", 2, 5), shift(start_location=1, end_location=9))
    pickup, dropoff, s = day.trips[0].pickup, day.trips[0].dropoff, day.shifts[0]
    assert day.leg_s(None, pickup, s) == 100
    assert day.leg_s(pickup, dropoff, s) == 300
    assert day.leg_s(dropoff, None, s) == 400
    assert day.leg_s(None, None, s) == 800
    assert day.leg_m(None, pickup, s) == 1_000
    assert day.leg_m(dropoff, None, s) == 4_000


def test_traffic_is_that_of_the_stop_left_and_seconds_are_rounded_up():
    day = problem(
        trip("a", stop(1, 3600, 3600), stop(3, 0, 0)), shift(), travel=line(traffic=(1000, 1001))
    )
    pickup, dropoff, s = day.trips[0].pickup, day.trips[0].dropoff, day.shifts[0]
    assert day.leg_s(None, pickup, s) == 101  # from the base: of the stop reached
    assert day.leg_s(pickup, dropoff, s) == 201
    assert day.leg_s(dropoff, pickup, s) == 200
    assert day.direct_s(day.trips[0]) == 201


@pytest.mark.parametrize(
    ("max_ride_s", "pooling", "limit"),
    [
        (1_000, None, 1_000),
        (100, None, 400),  # shorter than the road: the direct way is allowed
        (1_000, Pooling(max_detour_s=None), 1_000),
        (1_000, Pooling(max_detour_s=250), 650),
        (500, Pooling(max_detour_s=250), 500),
        (100, Pooling(max_detour_s=250), 400),
    ],
)
def test_the_longest_ride_is_the_tighter_of_the_patients_and_the_detours(
    max_ride_s, pooling, limit
):
    day = problem(trip("a", 1, 5, max_ride_s=max_ride_s), settings=replace(PLAIN, pooling=pooling))
    assert day.ride_limit_s(day.trips[0]) == limit


def test_a_trip_that_has_begun_has_no_detour_limit_any_more():
    day = problem(
        trip("a", 1, 5),
        shift(committed=visits("+a")),
        settings=replace(PLAIN, pooling=Pooling(max_detour_s=1)),
    )
    assert day.ride_limit_s(day.trips[0]) == 1_000_000


@pytest.mark.parametrize(
    ("pooling", "other", "shared"),
    [
        (None, {}, False),
        (Pooling(), {}, True),
        (Pooling(), {"may_pool": False}, False),
        (Pooling(), {"area": "east"}, False),
        (Pooling(), {"area": None}, False),
        (Pooling(same_area=False), {"area": "east"}, True),
        (Pooling(), {"pickup": stop(1, 600, 800)}, True),  # middles 600 s apart
        (Pooling(), {"pickup": stop(1, 602, 802)}, False),  # and 602
        (Pooling(max_pickup_gap_s=None), {"pickup": stop(1, 5_000, 5_200)}, True),
        (Pooling.unrestricted(), {"area": None, "pickup": stop(1, 5_000, 5_200)}, True),
    ],
)
def test_who_may_share_the_vehicle(pooling, other, shared):
    first = trip("a", stop(1, 0, 200), 3, area="west")
    second = trip("b", **{"pickup": stop(1, 0, 200), "dropoff": 3, "area": "west"} | other)
    day = problem(first, second, settings=replace(PLAIN, pooling=pooling))
    assert day.may_share(first, second) is shared
    assert day.may_share(second, first) is shared


def test_nobody_shares_with_a_patient_of_no_area():
    nobody = trip("a", 1, 3)
    assert not problem(settings=Settings()).may_share(nobody, replace(nobody, id="b"))


def test_the_middle_of_a_window():
    assert middle_s(stop(1, 100, 201)) == 150


@pytest.mark.parametrize("priority", list(Priority))
def test_a_more_urgent_trip_never_costs_less_to_leave(priority):
    weights = Weights(unserved_low=1, unserved_normal=2, unserved_high=3, unserved_vital=4)
    assert weights.unserved(priority) == list(Priority).index(priority) + 1


def test_a_vehicle_holds_a_load_when_one_configuration_does():
    van = shift(configurations=(Load(seats=4), Load(seats=2, wheelchairs=1)))
    assert van.can_hold(Load(seats=2, wheelchairs=1))
    assert not van.can_hold(Load(seats=3, wheelchairs=1))
    assert van.places_missing(Load(seats=2, wheelchairs=1)) == 0
    assert van.places_missing(Load(seats=3, wheelchairs=1)) == 1
    assert van.places_missing(Load(seats=3, wheelchairs=1, stretchers=2)) == 3


def full_of_everything() -> Problem:
    return Problem(
        trips=(
            Trip(
                id="a",
                pickup=stop(1, 10, 20, service=30),
                dropoff=stop(2, 40, 50, service=60),
                max_ride_s=70,
                load=Load(1, 2, 3, 4),
                needs=frozenset({"stairs", "oxygen"}),
                priority=Priority.VITAL,
                area="west",
                may_pool=False,
                same_driver_as="b",
                preferred_drivers=frozenset({"d2", "d1"}),
                excluded_drivers=frozenset({"d3"}),
                pinned_shift="s",
            ),
            trip("b", 3, 4),
        ),
        shifts=(
            Shift(
                id="s",
                driver="d1",
                vehicle="v1",
                start_location=0,
                end_location=1,
                start_s=0,
                end_s=999,
                configurations=(Load(4), Load(1, 1)),
                capabilities=frozenset({"oxygen", "ramp"}),
                breaks=(Break(id="p", earliest_s=1, latest_s=2, duration_s=3, mandatory=False),),
                max_duration_s=900,
                max_trips=8,
                is_emergency=True,
                recent_trips=5,
                committed=(Visit("a", VisitKind.PICKUP),),
            ),
        ),
        travel=line(traffic=(1000, 1300)),
        settings=Settings(pooling=Pooling(max_detour_s=None), weights=Weights(driving_per_km=7)),
        drivers_in_force=(("a", "d1"),),
    )


@pytest.mark.parametrize(
    "day", [full_of_everything(), problem(), problem(trip("a", 1, 2), shift())]
)
def test_json_text_gives_the_same_problem_back(day):
    again = Problem.from_json(json.loads(json.dumps(day.to_json())))
    assert again == day
    assert again.hash == day.hash


def test_a_problem_kept_before_overtime_had_a_price_knows_of_none():
    kept = problem(trip("a", 1, 2), shift(end_s=9_000)).to_json()
    del kept["shifts"][0]["rostered_end_s"], kept["settings"]["weights"]["overtime_per_s"]
    (read,) = Problem.from_json(kept).shifts
    assert (read.rostered_end_s, read.overtime_s(9_000), read.most_overtime_s) == (None, 0, 0)


def test_overtime_is_the_time_after_the_rostered_end():
    late = shift(end_s=9_000, rostered_end_s=7_000)
    assert [late.overtime_s(back_s) for back_s in (6_000, 7_000, 7_060)] == [0, 0, 60]
    assert late.most_overtime_s == 2_000


def test_the_hash_is_blind_to_the_order_of_sets_and_sees_every_other_change():
    day = full_of_everything()
    same = replace(
        day, trips=(replace(day.trips[0], needs=frozenset(["oxygen", "stairs"])), day.trips[1])
    )
    assert same.hash == day.hash
    assert replace(day, drivers_in_force=()).hash != day.hash
    assert replace(day, settings=replace(day.settings, transition_margin_s=1)).hash != day.hash


def test_the_driver_in_force_of_each_trip():
    assert full_of_everything().driver_in_force == {"a": "d1"}


def test_a_large_day_survives_json():
    day = large_day(trips=40, shifts=6)
    assert Problem.from_json(day.to_json()).hash == day.hash
