"""Files of three published formats become problems, and plans come back in the files' own numbers."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import permutations
from math import hypot

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.plan import Plan, Route, Unassigned
from dispatch.engine.problem import Visit
from dispatch.engine.schedule import time_route
from dispatch.enums import Rule, VisitKind
from dispatch.instances import (
    TICKS,
    BestKnown,
    Family,
    Instance,
    InstanceError,
    Place,
    answer,
    parse,
    parse_best_known,
    ticks_between,
)
from tests.dispatch.engine.builders import visits
from tests.dispatch.small_instances import DARP, DYNAMIC, PDPTW


def planned(instance: Instance, *texts: str) -> Plan:
    """`"+1 +2 -2 -1"` for each vehicle; the other requests are unassigned."""
    routes = []
    for shift, text in zip(instance.problem.shifts, texts, strict=False):
        route = time_route(instance.problem, shift, visits(text))
        assert isinstance(route, Route)
        routes.append(route)
    done = {trip for route in routes for trip in route.trip_ids}
    left = (trip.id for trip in instance.problem.trips if trip.id not in done)
    return Plan(
        routes=tuple(routes),
        unassigned=tuple(Unassigned(trip=name, reason=Rule.COVERAGE) for name in left),
    )


def test_a_dial_a_ride_file_in_ticks() -> None:
    problem = parse("street", DARP).problem
    first, shift = problem.trips[0], problem.shifts[0]
    assert (first.id, first.load.seats, first.max_ride_s) == ("1", 1, 6 * TICKS)
    assert (first.pickup.earliest_s, first.pickup.latest_s) == (0, 50 * TICKS)
    assert first.pickup.service_s == TICKS
    assert problem.direct_s(first) == 3 * TICKS
    assert (shift.start_s, shift.end_s, shift.max_duration_s) == (0, 100 * TICKS, 100 * TICKS)
    assert shift.configurations[0].seats == 2
    assert problem.travel.source == "euclidean"


def test_a_goods_file_has_no_limits_on_rides_and_tours_and_a_price_on_vehicles() -> None:
    instance = parse("goods", PDPTW)
    problem, weights = instance.problem, instance.problem.settings.weights
    assert problem.shifts[0].max_duration_s is None
    assert all(problem.ride_limit_s(trip) >= 100 * TICKS for trip in problem.trips)
    longest = sum(map(sum, problem.travel.seconds))
    assert weights.used_shift > longest
    assert weights.unserved_low > weights.used_shift * len(problem.shifts)
    assert instance.nodes[Visit("2", VisitKind.DROPOFF)] == 5


def test_a_dynamic_file_is_the_static_one_and_says_so() -> None:
    dynamic, static = parse("later", DYNAMIC), parse("street", DARP)
    assert dynamic.family is Family.DARP_DYNAMIC
    assert "known from the start" in dynamic.note
    assert dynamic.problem.trips == static.problem.trips
    assert dynamic.nodes == static.nodes


def test_an_answer_speaks_the_numbers_of_the_file() -> None:
    instance = parse("street", DARP)
    found = answer(
        instance, planned(instance, "+1 +2 -2 -1"), seconds=1.234, best_known=BestKnown(10.0)
    )
    assert found.to_json() == {
        "instance": "street",
        "status": "served",
        "served": 2,
        "unserved": 0,
        "vehicles": 1,
        "cost": 12.0,
        "gap": 20.0,
        "vehicles_above": None,
        "seconds": 1.23,
        "routes": [[1, 2, 4, 3]],
        "starts": {"1": 3.0, "2": 5.0, "4": 7.0, "3": 9.0},
        "note": "",
    }


def test_a_plan_that_leaves_a_request_compares_with_nothing() -> None:
    instance = parse("street", DARP)
    found = answer(instance, planned(instance, "+1 -1"), seconds=0, best_known=BestKnown(12.0))
    assert (found.status, found.served, found.unserved) == ("partial", 1, 1)
    assert found.gap is None


def test_ways_compare_only_for_the_same_number_of_vehicles() -> None:
    instance = parse("goods", PDPTW)
    one = answer(
        instance, planned(instance, "+1 -1 +2 -2 +3 -3"), seconds=0, best_known=BestKnown(24.0, 1)
    )
    assert (one.cost, one.vehicles, one.vehicles_above, one.gap) == (24.0, 1, 0, 0.0)
    two = answer(
        instance,
        planned(instance, "+1 -1 +3 -3", "+2 -2"),
        seconds=0,
        best_known=BestKnown(24.0, 1),
    )
    assert (two.cost, two.vehicles, two.vehicles_above, two.gap) == (18.0, 2, 1, None)


def test_best_known_costs() -> None:
    assert parse_best_known("instance,optimum\na2-16,294.25\n") == {"a2-16": BestKnown(294.25)}
    assert parse_best_known("instance,vehicles,cost\nlc101,10,828.94\n\n") == {
        "lc101": BestKnown(828.94, 10)
    }
    with pytest.raises(InstanceError, match="Line 2"):
        parse_best_known("instance,optimum\na2-16,soon\n")
    with pytest.raises(InstanceError, match="Line 2"):
        parse_best_known("instance,optimum\na2-16,0\n")


coordinates = st.decimals(-1000, 1000, places=3, allow_nan=False)


@given(coordinates, coordinates, coordinates, coordinates)
def test_driving_is_rounded_up_by_less_than_a_tick(
    ax: Decimal, ay: Decimal, bx: Decimal, by: Decimal
) -> None:
    ticks = ticks_between(Place(ax, ay), Place(bx, by))
    square = ((ax - bx) ** 2 + (ay - by) ** 2) * TICKS**2
    assert ticks**2 >= square
    assert ticks == 0 or (ticks - 1) ** 2 < square


def test_whole_distances_stay_whole() -> None:
    for x, y in permutations((Decimal("0.3"), Decimal("0.4"))):
        assert ticks_between(Place(Decimal(0), Decimal(0)), Place(x, y)) == TICKS // 2
    assert hypot(0.1, 0.2) * TICKS > 2236
    assert (
        ticks_between(Place(Decimal(0), Decimal(0)), Place(Decimal("0.1"), Decimal("0.2"))) == 2237
    )


def test_windows_are_rounded_inwards() -> None:
    text = DARP.replace("1 3.0 0.0 1  1 0  50", "1 3.0 0.0 1  1 0.00005  50.00005")
    pickup = parse("fine", text).problem.trips[0].pickup
    assert (pickup.earliest_s, pickup.latest_s) == (1, 50 * TICKS)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Line 1"),
        ("1 2 3 4\n", "Line 1: neither"),
        ("1 2 100 2 six\n", "Line 1: not a row of numbers"),
        ("1 2 100 2 nan\n", "Line 1: not a row of finite numbers"),
        ("1e999999 2 100 2 6\n", "Line 1: not a row of numbers up to 1000000000"),
        (DARP.replace("3.0", "-1e999999"), "Line 3: not a row of numbers up to 1000000000"),
        (DARP.replace("1 2 100 2 6", "999999999 2 100 2 6"), "999999999 vehicles are too many"),
        (DARP.replace("2 4.0 0.0 1", "7 4.0 0.0 1"), "Line 4: node 2 is due"),
        (DARP.replace(" 1 0  50\n", "\n", 1), "Line 3: 7 fields are due"),
        ("\n".join(DARP.splitlines()[:-2]), "2 requests need 6 rows"),
        (DARP.replace("1 3.0 0.0 1  1", "1 3.0 0.0 1  0.5"), "Line 3: 0.5 is not a whole number"),
        (DARP.replace(" 0  50", " 60 50"), "street describes no problem: A stop's window ends"),
        (PDPTW.replace("2\t10\t1", "2\t10\t7"), "Line 1: only speed 1"),
        (PDPTW.replace("\t1\t0\t4\n", "\t1\t0\t5\n"), "Line 3: node 5 is not the delivery of 1"),
        (PDPTW + "7\t1\t1\t0\t0\t9\t0\t0\t0\n", "neither the depot nor an end of a request"),
        ("2\t10\t1\n", "no depot"),
        ('{"requests": []}', "street is no dynamic instance"),
        ("{", "street is no dynamic instance"),
        (DYNAMIC.replace('"id": 2', '"id": 7'), "street is no dynamic instance"),
        (DYNAMIC.replace('"load": 1', '"load": "much"'), "street is no dynamic instance"),
        (DYNAMIC.replace('"load": 1', '"load": 1e999999'), "not a number up to 1000000000"),
        (DYNAMIC.replace(": 100", ": Infinity", 1), "not a number up to 1000000000"),
        (DYNAMIC.replace(": 100", ': "1e999999"', 1), "not a number up to 1000000000"),
        (json.dumps({"requests": 3, "static_info": 4}), "street is no dynamic instance"),
    ],
)
def test_a_file_of_no_known_format_is_refused_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(InstanceError) as refused:
        parse("street", text)
    assert sentence in str(refused.value)
