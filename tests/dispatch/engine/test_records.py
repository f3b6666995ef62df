from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dispatch.engine.fairness import fairness
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Pooling
from dispatch.engine.records import (
    DecisionRecord,
    InvalidRecordsError,
    Promise,
    TourRecord,
    TripRecord,
    predicted_day,
    tour,
)
from dispatch.enums import BookingStatus, VisitKind
from tests.dispatch.engine.builders import PLAIN, pause, plan, problem, route, shift, stop, trip


def record(**rest) -> TripRecord:
    usual: dict[str, Any] = {"trip": "a", "status": BookingStatus.COMPLETED, "is_assigned": True}
    return TripRecord(**usual | rest)


PROMISED = {"promised_from_s": 100, "promised_to_s": 200}


def test_a_promised_window_that_ends_before_it_starts_is_refused():
    with pytest.raises(InvalidRecordsError, match="window ends before"):
        record(promised_from_s=200, promised_to_s=199)
    assert record(promised_from_s=200).promised_to_s is None


@pytest.mark.parametrize(
    ("times", "ride_s"),
    [
        ({"boarded_s": 100, "alighted_s": 400}, 300),
        ({"boarded_s": 100}, None),
        ({"alighted_s": 400}, None),
        ({"boarded_s": 400, "alighted_s": 100}, None),  # clocks that run backwards tell nothing
        ({"boarded_s": 0, "alighted_s": 0}, 0),
    ],
)
def test_seconds_on_board(times, ride_s):
    assert record(**times).ride_s == ride_s


@pytest.mark.parametrize(
    ("arrived", "on_time"),
    [(99, False), (100, True), (200, True), (201, False), (None, None)],
)
def test_on_time_is_inside_the_promised_window(arrived, on_time):
    assert record(**PROMISED, arrived_pickup_s=arrived).is_pickup_on_time is on_time


def test_no_promise_is_no_verdict():
    assert record(arrived_pickup_s=100).is_pickup_on_time is None
    assert record(promised_from_s=1, arrived_pickup_s=100).is_pickup_on_time is None


@pytest.mark.parametrize(
    ("times", "outcome", "proven"),
    [
        ({"arrived_pickup_s": 150, "absent_s": 450}, BookingStatus.NO_SHOW, True),
        ({"arrived_pickup_s": 150}, BookingStatus.NO_SHOW, None),
        ({"arrived_pickup_s": 150, "absent_s": 449}, BookingStatus.MISSED, False),
        ({"arrived_pickup_s": 201, "absent_s": 999}, BookingStatus.MISSED, False),
        ({"arrived_pickup_s": 201}, BookingStatus.MISSED, False),
        # Early, and still there five minutes into the promise.
        ({"arrived_pickup_s": 50, "absent_s": 400}, BookingStatus.NO_SHOW, True),
        ({"arrived_pickup_s": 50, "absent_s": 399}, BookingStatus.MISSED, False),
        ({"absent_s": 900}, BookingStatus.NO_SHOW, None),
        ({}, BookingStatus.NO_SHOW, None),
    ],
)
def test_an_absence_found_by_a_late_or_hasty_vehicle_is_the_carriers(times, outcome, proven):
    seen = record(status=BookingStatus.NO_SHOW, **PROMISED | times)
    assert (seen.outcome, seen.is_absence_proven) == (outcome, proven)


def test_an_absence_without_a_promise_is_not_proven():
    times = {"arrived_pickup_s": 150, "absent_s": 999}
    assert record(status=BookingStatus.NO_SHOW, **times).waited_s is None
    half = record(status=BookingStatus.NO_SHOW, promised_from_s=100, **times)
    assert (half.waited_s, half.is_absence_proven) == (849, None)


def test_other_outcomes_stand_as_noted():
    late = record(status=BookingStatus.COMPLETED, **PROMISED, arrived_pickup_s=999)
    assert late.outcome is BookingStatus.COMPLETED


@pytest.mark.parametrize(
    "missing", ["first_pickup_s", "last_dropoff_s", "pauses_s", "empty_driving_s"]
)
def test_revenue_time_needs_all_its_parts(missing):
    whole = TourRecord(
        shift="s",
        passenger_trips=2,
        first_pickup_s=1_000,
        last_dropoff_s=5_000,
        pauses_s=600,
        empty_driving_s=400,
    )
    assert whole.revenue_s == 3_000
    gone: dict[str, Any] = {missing: None}
    assert replace(whole, **gone).revenue_s is None


@pytest.mark.parametrize(
    ("decision", "applied"),
    [
        ({"is_automatic": True}, True),
        ({"is_accepted": True}, True),
        ({"is_accepted": False}, False),
        ({}, False),
    ],
)
def test_a_suggestion_is_applied_by_the_machine_or_by_a_yes(decision, applied):
    assert DecisionRecord(complexity="simple", **decision).is_applied is applied


def test_the_tour_of_a_route_by_hand():
    # out 1 → 3, rest 300 s, empty 3 → 5, back 5 → 2 (60 s to board), home: 100 + 200 + 200 + 300 + 200.
    day = problem(
        trip("a", stop(1, service=50), stop(3, service=40)),
        trip("b", stop(5, service=60), 2),
        shift(breaks=(pause("p", 0, 9_000),)),
    )
    way = route(day, "+a -a ~p +b -b")
    begin = way.visits[0].start_s
    seen = tour(day, day.shifts[0], way)
    assert seen.passenger_trips == 2
    assert seen.first_pickup_s == begin
    assert seen.pauses_s == 300
    assert seen.empty_driving_s == 200
    assert (seen.metres, seen.empty_metres) == (10_000, 5_000)
    assert seen.last_dropoff_s == way.visits[-1].start_s
    assert seen.revenue_s == seen.last_dropoff_s - begin - 500


def test_a_break_before_the_first_patient_is_no_revenue_time_anyway():
    day = problem(trip("a", 1, 3), shift(breaks=(pause("p", 0, 0),)))
    seen = tour(day, day.shifts[0], route(day, "~p +a -a"))
    assert (seen.pauses_s, seen.empty_driving_s, seen.revenue_s) == (0, 0, 200)


def test_a_plan_as_a_predicted_day():
    day = problem(
        trip("a", stop(1, 500, 900, service=50), stop(3, service=40), max_ride_s=300),
        trip("b", 1, 3),
        trip("c", 1, 3),
        shift("s"),
        shift("r"),
        drivers_in_force=(("a", "Ds"), ("b", "Ds"), ("c", "Ds")),
    )
    going = plan(day, s="+a -a", r="+b -b")
    seen = predicted_day(
        day,
        going,
        day="2026-03-02",
        promises={
            "a": Promise(
                window=(550, 650), appointment_s=1_000, requested_s=7, ready_s=500, is_on_call=True
            )
        },
    )
    assert seen.is_predicted
    assert seen.fairness == fairness(day, going)
    assert [t.shift for t in seen.tours] == ["s", "r"]
    a, b, c = seen.trips
    start = going.pickup_start_s["a"]
    end = next(
        visit.start_s
        for visit in going.routes[0].visits
        if (visit.id, visit.kind) == ("a", VisitKind.DROPOFF)
    )
    assert a == TripRecord(
        trip="a",
        status=BookingStatus.COMPLETED,
        is_assigned=True,
        is_on_call=True,
        requested_s=7,
        promised_from_s=550,
        promised_to_s=650,
        planned_s=start,
        ready_s=500,
        arrived_pickup_s=start,
        boarded_s=start + 50,
        arrived_dropoff_s=end,
        alighted_s=end + 40,
        appointment_s=1_000,
        direct_s=240,
        max_ride_s=340,
        changes=0,
    )
    assert a.ride_s == 240  # the direct way and the unloading: no excess
    assert (b.promised_from_s, b.promised_to_s, b.changes) == (0, 1_000_000, 1)
    assert (c.status, c.is_assigned, c.planned_s, c.changes) == (
        BookingStatus.UNMET,
        False,
        None,
        1,
    )


def test_a_limit_shorter_than_the_road_is_measured_by_the_road():
    day = problem(trip("a", 1, 5, max_ride_s=100), shift())
    (seen,) = predicted_day(day, plan(day, s="+a -a"), day="2026-03-02").trips
    assert (seen.ride_s, seen.max_ride_s) == (400, 400)


def test_a_vehicle_that_waits_at_the_drop_off_arrived_when_it_came():
    day = problem(trip("a", stop(1, 0, 100), stop(3, 800, 900)), shift())
    (seen,) = predicted_day(day, plan(day, s="+a -a"), day="2026-03-02").trips
    assert seen.arrived_pickup_s == 100
    assert seen.arrived_dropoff_s == 300
    assert seen.alighted_s == 800


def test_a_day_without_plan_has_no_tours():
    day = problem(trip("a", 1, 3), shift(), settings=replace(PLAIN, pooling=Pooling()))
    seen = predicted_day(day, Plan(routes=()), day="2026-03-02")
    assert seen.tours == ()
    assert seen.trips[0].changes == 0


@pytest.mark.parametrize(
    ("noted_s", "start_s", "so_far", "changes"),
    [
        (None, 900, 0, 0),  # no plan in force yet
        (601, 900, 0, 0),
        (600, 900, 0, 1),
        (1_200, 900, 2, 3),  # on top of what changed before
        (600, 900, None, None),  # nobody counted until now
    ],
)
def test_a_plan_changes_what_moves_by_five_minutes(noted_s, start_s, so_far, changes):
    day = problem(trip("a", stop(1, start_s), 3), shift(), drivers_in_force=(("a", "Ds"),))
    (seen,) = predicted_day(
        day,
        plan(day, s="+a -a"),
        day="2026-03-02",
        promises={"a": Promise(changes=so_far, noted_pickup_s=noted_s)},
    ).trips
    assert (seen.planned_s, seen.changes, seen.late_changes) == (start_s, changes, None)
