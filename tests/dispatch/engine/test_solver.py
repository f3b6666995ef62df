"""OR-Tools on days a person can plan: towns lie 100 s apart, vehicles start in town 0."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.engine.construct import construct
from dispatch.engine.cost import score
from dispatch.engine.network import network_of
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Load, Pooling, Problem, Settings, Weights
from dispatch.engine.solver import NoPlanFoundError, _Model, solve
from dispatch.enums import Priority
from tests.dispatch.engine.builders import (
    large_day,
    line,
    pause,
    plan,
    problem,
    shift,
    spell,
    stop,
    trip,
    visits,
)
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.strategies import begun_problems, problems

LIMIT_S = 0.2
SHARED = Settings(pooling=Pooling.unrestricted(), transition_margin_s=0)
SEPARATE = Settings(pooling=None, transition_margin_s=0)


def solved(day: Problem, *, warm_start: Plan | None = None) -> Plan:
    """A plan without fault, by the judge that shares no code with the engine."""
    found = solve(day, warm_start=warm_start, time_limit_s=LIMIT_S)
    assert faults(day, found) == []
    return found


def ways(found: Plan) -> dict[str, str]:
    return {route.shift: spell(route) for route in found.routes if route.visits}


def left(found: Plan) -> list[str]:
    return [item.trip for item in found.unassigned]


def at(town: int, opens: int, **rest: Any) -> Any:
    """A stop open for 100 s."""
    return stop(town, opens, opens + 100, **rest)


def test_two_trips_in_the_order_of_their_times() -> None:
    day = problem(trip("b", at(3, 2000), 4), trip("a", at(1, 500), 2), shift())
    assert ways(solved(day)) == {"s": "+a -a +b -b"}


def test_two_patients_share_a_way_where_they_may() -> None:
    day = problem(trip("a", 1, 4), trip("b", 2, 3, max_ride_s=100), shift(), settings=SHARED)
    assert ways(solved(day)) == {"s": "+a +b -b -a"}


def test_nobody_shares_without_pooling() -> None:
    day = problem(trip("a", 1, 4), trip("b", 2, 3), shift(), settings=SEPARATE)
    assert ways(solved(day))["s"] in ("+a -a +b -b", "+b -b +a -a")


def test_a_patient_who_rides_alone_shares_with_nobody() -> None:
    day = problem(
        trip("a", 1, 4),
        trip("b", 2, 3, may_pool=False),
        trip("c", 2, 3, max_ride_s=100),
        shift(),
        settings=SHARED,
    )
    assert ways(solved(day))["s"] in ("+a +c -c -a +b -b", "+b -b +a +c -c -a")


def test_places_hold_one_seat_and_one_chair_or_two_seats() -> None:
    ways_to_set = (Load(seats=2), Load(seats=1, wheelchairs=1))
    day = problem(
        *(trip(name, stop(1, 0, 100), stop(4, 0, 500)) for name in "ab"),
        trip("c", stop(1, 0, 100), stop(4, 0, 500), load=Load(wheelchairs=1)),
        shift(configurations=ways_to_set),
        settings=SHARED,
    )
    found = solved(day)  # all three at once would need two seats beside the chair
    assert len(left(found)) == 1


def test_a_seat_is_not_a_place_for_a_chair() -> None:
    day = problem(
        trip("a", 1, 2, load=Load(wheelchairs=1)),
        shift("s"),
        shift("ramp", configurations=(Load(seats=3), Load(wheelchairs=1))),
    )
    assert ways(solved(day)) == {"ramp": "+a -a"}


@pytest.mark.parametrize(
    "wish",
    [
        {"needs": frozenset({"oxygen"})},
        {"excluded_drivers": frozenset({"Ds"})},
        {"pinned_shift": "t"},
        {"preferred_drivers": frozenset({"Dt"})},
    ],
    ids=["skill", "excluded", "pinned", "preferred"],
)
def test_a_trip_goes_to_the_shift_that_may_or_should_drive_it(wish: dict[str, Any]) -> None:
    day = problem(trip("a", 1, 2, **wish), shift("s"), shift("t", capabilities={"oxygen"}))
    assert ways(solved(day)) == {"t": "+a -a"}


def test_who_need_not_work_over_drives() -> None:
    """Back at 1700 either way; r drives 100 s more than the 800 of s, but s should be home at 1000."""
    weights = Weights(overtime_per_s=5, excess_ride_per_s=0, fairness_per_trip_squared=0)
    for weight, driven_by in ((5, "r"), (0, "s")):
        day = problem(
            trip("a", at(3, 1_200), 4),
            shift("s", rostered_end_s=1_000),
            shift("r", start_location=7, rostered_end_s=9_000),
            settings=replace(SEPARATE, weights=replace(weights, overtime_per_s=weight)),
        )
        assert list(ways(solved(day))) == [driven_by]


def test_who_is_ready_is_fetched_soon() -> None:
    """s drives 800 s from town 0 and is there after 400; r, 300 s nearer, begins at 2 000."""
    for weight, driven_by in ((2, "s"), (0, "r")):
        weights = Weights(patient_wait_per_s=weight, fairness_per_trip_squared=0)
        day = problem(
            trip("a", stop(4, 0, 5_000), 5, ready_s=0),
            shift("s"),
            shift("r", start_location=4, end_location=5, start_s=2_000),
            settings=replace(SEPARATE, weights=weights),
        )
        assert list(ways(solved(day))) == [driven_by]


def test_the_driver_in_force_keeps_the_trip() -> None:
    for driver in ("Ds", "Dt"):
        day = problem(trip("a", 1, 2), shift("s"), shift("t"), drivers_in_force=(("a", driver),))
        assert list(ways(solved(day))) == [driver[1:]]


def test_the_way_back_with_the_driver_of_the_way_there() -> None:
    """Town 9's shift is 1 600 s nearer to the way back; the wish for one driver is worth 5 000."""
    weights = Weights(not_same_driver=5_000, excess_ride_per_s=0, fairness_per_trip_squared=0)
    day = problem(
        trip("out", at(1, 100), 2),
        trip("back", at(9, 3000), 8, same_driver_as="out"),
        shift("s"),
        shift("t", start_location=9, end_location=9),
        settings=replace(SEPARATE, weights=weights),
    )
    assert len(ways(solved(day))) == 1


def test_when_not_all_can_be_driven_the_vital_trip_is() -> None:
    at_once = {"pickup": stop(5, 500, 500), "dropoff": stop(9, 900, 900)}
    day = problem(
        trip("a", **at_once, priority=Priority.LOW),
        trip("b", **at_once, priority=Priority.VITAL),
        trip("c", **at_once),
        shift(),
    )
    found = solved(day)
    assert ways(found) == {"s": "+b -b"}
    assert left(found) == ["a", "c"]


def test_no_more_trips_than_the_cap() -> None:
    day = problem(*(trip(name, 1, 2) for name in "abc"), shift(max_trips=2))
    assert len(left(solved(day))) == 1


def test_the_emergency_driver_stays_at_home() -> None:
    day = problem(trip("a", 5, 6), shift("e", is_emergency=True, start_location=5), shift("s"))
    assert list(ways(solved(day))) == ["s"]


def test_one_vehicle_is_enough_when_each_has_a_price() -> None:
    weights = Weights(used_shift=100_000, fairness_per_trip_squared=0)
    day = problem(
        trip("a", at(1, 100), 2),
        trip("b", at(9, 3000), 8),
        shift("s"),
        shift("t", start_location=9, end_location=9),
        settings=replace(SEPARATE, weights=weights),
    )
    assert len(ways(solved(day))) == 1


def test_a_tour_no_longer_than_it_may_be() -> None:
    """Trips at the two ends of the day take two tours of 400 s, not one that waits between them."""
    day = problem(
        trip("a", at(1, 100), 2),
        trip("b", at(1, 8000), 2),
        shift("s", max_duration_s=500),
        shift("t", max_duration_s=500),
    )
    assert sorted(ways(solved(day)).values()) == ["+a -a", "+b -b"]


def test_a_ride_no_longer_than_it_may_be() -> None:
    """Boarding a at 100 and riding on to 5 for b would keep a on board for 700 s."""
    a = trip("a", stop(1, 100, 100), 2, max_ride_s=100)
    day = problem(a, trip("b", 5, 6), shift(), settings=SHARED)
    assert ways(solved(day)) == {"s": "+a -a +b -b"}


def test_the_pause_is_taken_between_two_trips() -> None:
    day = problem(
        trip("a", at(1, 500), 2),
        trip("b", at(1, 4000), 2),
        shift(breaks=(pause("lunch", 1000, 3000),)),
    )
    assert ways(solved(day)) == {"s": "+a -a ~lunch +b -b"}


def test_a_trip_that_leaves_no_time_for_the_pause_is_left() -> None:
    """From 600 on a patient is on board until 2 000; the pause must begin before 1 900."""
    slow = trip("slow", stop(5, 600, 700), stop(9, 2000, 2100))
    day = problem(
        trip("a", at(1, 3000), 2), slow, shift(breaks=(pause("lunch", 700, 1900),), start_s=100)
    )
    found = solved(day)
    assert ways(found) == {"s": "~lunch +a -a"}
    assert left(found) == ["slow"]


def test_traffic_makes_the_far_trip_too_late() -> None:
    """900 s in free flow reach town 9 by 900; at 1.5 times that the window has closed."""
    trips = trip("a", 1, 2), trip("far", stop(9, 0, 1000), 8)
    assert not left(solved(problem(trips[1], shift())))
    jam = problem(*trips, shift(), travel=line(traffic=(1500,)))
    assert left(solved(jam)) == ["far"]


def test_what_is_committed_stays_the_beginning() -> None:
    """Left free, b at 500 would come first; a has been boarded and the driver has rested."""
    day = problem(
        trip("a", stop(1, 100, 5000), 9),
        trip("b", 2, 3),
        shift(
            committed=visits("~rest +a"), breaks=(pause("rest", 0, 600), pause("tea", 900, 9000))
        ),
        settings=SHARED,
    )
    found = solved(day)
    assert spell(found.routes[0]).startswith("~rest +a")
    assert not left(found)


def test_a_warm_start_is_never_made_worse_on_a_day_it_fits() -> None:
    day = large_day(trips=40, shifts=6)
    start = construct(day)
    found = solve(day, warm_start=start, time_limit_s=2.0)
    assert faults(day, found) == []
    assert len(found.unassigned) <= len(start.unassigned)
    assert score(day, found).driving <= score(day, start).driving


def test_a_day_that_begins_before_midnight() -> None:
    day = problem(trip("a", stop(1, -500, -400), 2), shift(start_s=-1000))
    assert ways(solved(day)) == {"s": "+a -a"}


@pytest.mark.parametrize(
    "impossible",
    [
        trip("a", 1, 2, needs=frozenset({"oxygen"})),
        trip("a", stop(1, 500), stop(2, 0, 400)),
        trip("a", stop(1, 0, 100), stop(2, 5000), max_ride_s=100),
        trip("a", stop(1, 20_000), 2),
        trip("a", stop(1, 0, 50), stop(2, -50, -10)),
        trip("a", stop(1, 9_950), 2),
    ],
    ids=[
        "skills",
        "drop-off closes first",
        "ride limit",
        "after the shift",
        "before it",
        "out of its end",
    ],
)
def test_a_day_without_a_possible_trip_is_said_to_be_one(impossible: Any) -> None:
    with pytest.raises(NoPlanFoundError):
        solve(problem(impossible, shift()), warm_start=None, time_limit_s=LIMIT_S)


def test_a_plan_of_an_impossible_trip_beside_a_possible_one() -> None:
    day = problem(trip("a", stop(1, 500), stop(2, 0, 400)), trip("b", 1, 2), shift())
    found = solved(day, warm_start=plan(day, s="+b -b"))
    assert ways(found) == {"s": "+b -b"}
    assert left(found) == ["a"]


def test_what_has_begun_outside_its_own_hours_is_said() -> None:
    """a is on board, and its drop-off had to be before its pickup."""
    day = problem(
        trip("a", stop(1, 500), stop(2, 0, 400)), trip("b", 1, 2), shift(committed=visits("+a"))
    )
    with pytest.raises(NoPlanFoundError, match="does not fit its own hours"):
        solve(day, warm_start=None, time_limit_s=LIMIT_S)


def test_a_beginning_the_model_cannot_hold_leaves_no_plan() -> None:
    """Two strangers have been boarded together."""
    day = problem(
        trip("a", 1, 4), trip("b", 2, 3), shift(committed=visits("+a +b")), settings=SEPARATE
    )
    with pytest.raises(NoPlanFoundError, match="OR-Tools found no plan"):
        solve(day, warm_start=None, time_limit_s=LIMIT_S)


def test_a_start_that_no_longer_works_is_left_aside() -> None:
    """In the old order b would be reached after its window."""
    old = problem(trip("a", at(1, 1500), 2), trip("b", 3, 4), shift())
    day = problem(trip("a", at(1, 1500), 2), trip("b", stop(3, 300, 400), 4), shift())
    assert ways(solved(day, warm_start=plan(old, s="+a -a +b -b"))) == {"s": "+b -b +a -a"}


def test_a_start_without_a_trip_whose_preferred_driver_is_away_is_taken() -> None:
    """OR-Tools leaves a out as the start does: at the same minute b is worth more, and Dx is not on duty."""
    at_once = {"pickup": stop(5, 500, 500), "dropoff": stop(9, 900, 900)}
    day = problem(
        trip("a", **at_once, preferred_drivers=frozenset({"Dx"})),
        trip("b", **at_once, priority=Priority.VITAL),
        shift(),
    )
    model, start = _Model(network_of(day)), plan(day, s="+b -b")
    sequences, _ = model.attempt(start, LIMIT_S, 0)
    assert sequences == [[2, 3]]


@settings(max_examples=25, deadline=None)
@given(st.one_of(problems(), begun_problems().map(lambda pair: pair[0])), st.booleans())
def test_whatever_the_day_the_plan_is_valid(day: Problem, is_warm: bool) -> None:
    start = construct(day) if is_warm else None
    try:
        found = solve(day, warm_start=start, time_limit_s=0.05)
    except NoPlanFoundError:
        return
    assert faults(day, found) == []
