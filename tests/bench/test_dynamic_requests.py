"""The day of requests that arrive: what is fixed when, on a road a person can walk."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.engine.problem import Visit
from dispatch.enums import VisitKind
from dispatch.instances import TICKS
from tests.bench.dynamic_requests import (
    Arrivals,
    best_fit,
    day,
    departures,
    first_fit,
    frozen,
    lived,
    main,
    planned_anew,
    too_early,
)
from tests.bench.verdict import CANNOT, HELD
from tests.dispatch.engine.builders import plan

FACTS = {
    "number_of_vehicles": 1,
    "vehicle_capacity": 3,
    "max_ride_time": 30,
    "max_route_time": 480,
    "planing_horizon": 1440,
    "depot_location": {"x_coord": 0, "y_coord": 0},
}


def request(number: int, *, known: int, at: float, to: float, ready: int) -> dict[str, object]:
    """Along the x axis: met within ten minutes of `ready`, no service time."""
    return {
        "id": number,
        "pickup_location": {"x_coord": at, "y_coord": 0},
        "delivery_location": {"x_coord": to, "y_coord": 0},
        "pickup_lower_tw": ready,
        "pickup_upper_tw": ready + 10,
        "pickup_service_time": 0,
        "delivery_lower_tw": 0,
        "delivery_upper_tw": 1440,
        "delivery_service_time": 0,
        "load": 1,
        "arrival_time": known,
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The first request is known at once: met at 100 in town 10, left at 110 in town 20. The second comes at 105."""
    listed = [
        request(1, known=0, at=10, to=20, ready=100),
        request(2, known=105, at=20, to=30, ready=150),
    ]
    (tmp_path / "darp_dynamic").mkdir()
    (tmp_path / "darp").mkdir()
    (tmp_path / "darp" / "optima.csv").write_text("instance,optimum\na1-2,60\n")
    found = tmp_path / "darp_dynamic" / "a1-2.json"
    found.write_text(json.dumps({"static_info": FACTS, "requests": listed}))
    return found


def test_a_vehicle_sets_off_just_in_time_and_is_fixed_from_then_on(path: Path) -> None:
    problem = Arrivals.read(path).instance.problem
    made = plan(problem, **{"001": "+1 -1 +2 -2"})
    route = made.route_of["001"]
    assert route.visits[0].start_s == 100 * TICKS
    assert list(departures(problem, route))[:2] == [90 * TICKS, 100 * TICKS]
    assert frozen(problem, made, 90 * TICKS).shifts[0].committed == ()
    (shift,) = frozen(problem, made, 95 * TICKS).shifts
    assert shift.committed == (Visit("1", VisitKind.PICKUP),)


def test_it_stays_where_it_is_at_least_until_now(path: Path) -> None:
    """Dropped off at 110, the vehicle waits in town 20; at 130 it has stood there for 20 minutes."""
    problem = Arrivals.read(path).instance.problem
    made = plan(problem, **{"001": "+1 -1"})
    now = frozen(problem, made, 130 * TICKS)
    ended = now.trip_by_id["1"].dropoff
    assert (ended.earliest_s, ended.latest_s) == (110 * TICKS, 110 * TICKS)
    assert ended.service_s == 20 * TICKS
    earlier = frozen(problem, made, 105 * TICKS).trip_by_id["1"]
    assert earlier.pickup.service_s == 0  # on its way already
    assert frozen(problem, plan(problem), 130 * TICKS).shifts[0].start_s == 130 * TICKS


def test_the_ride_of_who_waits_on_board_is_cut_by_the_wait(path: Path) -> None:
    problem = Arrivals.read(path).instance.problem
    trip = problem.trip_by_id["1"]
    late = replace(trip, dropoff=replace(trip.dropoff, earliest_s=140 * TICKS))
    problem = replace(problem, trips=(late, problem.trips[1]))
    made = plan(problem, **{"001": "+1 -1"})
    boarded = made.pickup_start_s["1"]
    now = frozen(problem, made, boarded + 4 * TICKS).trip_by_id["1"]
    assert now.pickup.service_s == 4 * TICKS
    assert now.max_ride_s == trip.max_ride_s - 4 * TICKS


@pytest.mark.parametrize("planner", [first_fit, best_fit, planned_anew(20)])
def test_the_day_that_was_lived_serves_both(path: Path, planner) -> None:
    arrivals = Arrivals.read(path)
    made = lived(arrivals, planner, random.Random(1))
    assert made.shift_of == {"1": "001", "2": "001"}
    assert too_early(arrivals, made) == []
    assert day(arrivals, planner, 1, None)["cost"] == 60.0


def test_who_sets_off_for_a_request_nobody_has_made_is_found(path: Path) -> None:
    arrivals = Arrivals.read(path)
    made = plan(arrivals.instance.problem, **{"001": "+1 -1 +2 -2"})
    late = replace(arrivals, known_s={"1": 105 * TICKS, "2": 0})
    assert set(too_early(late, made)) == {"1"}


def test_the_table_is_written_and_the_bar_judged(path: Path, tmp_path: Path) -> None:
    data = path.parent.parent
    assert main(["--data", str(data), "--rounds", "20"], folder=tmp_path) == HELD
    (row,) = json.loads((tmp_path / "dynamic_requests.json").read_text())["rows"]
    assert (row["replan_served"], row["replan_cost"], row["faults"]) == (2, 60.0, 0)
    assert main(["--data", str(tmp_path / "nowhere")], folder=tmp_path) == CANNOT
