"""A simulated day is recorded the way a carrier would: moments in order, nothing before its time."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dispatch.enums import BookingStatus, Leg, StatusReason
from dispatch.models.statuses import CANCELLATIONS, REASONS
from dispatch.twin.demand import SMALL, DemandDay, make_day
from dispatch.twin.history import Happened, Ride, make_history

MONDAY = date(2025, 1, 6)
days = st.builds(
    make_day,
    st.just(SMALL),
    st.integers(min_value=0, max_value=500),
    st.dates(min_value=date(2024, 1, 1), max_value=date(2027, 12, 31)),
)
UNDER_WAY = {BookingStatus.EN_ROUTE, BookingStatus.ARRIVED, BookingStatus.ON_BOARD}


def moments(seen: Happened) -> list[int]:
    every = (
        seen.en_route_s,
        seen.arrived_pickup_s,
        seen.boarded_s,
        seen.arrived_dropoff_s,
        seen.alighted_s,
    )
    return [second for second in every if second is not None]


def weeks_of_history(count: int) -> list[tuple[DemandDay, dict[int, Happened]]]:
    made = [make_day(SMALL, 7, MONDAY + timedelta(days=n)) for n in range(7 * count)]
    return [(day, make_history(day)) for day in made]


@given(day=days)
@hypothesis_settings(max_examples=30, deadline=None)
def test_when_the_day_is_over_every_request_has_an_outcome_with_a_reason_that_fits(day):
    history = make_history(day)
    assert set(history) == {request.index for request in day.requests}
    for seen in history.values():
        assert seen.status not in UNDER_WAY
        assert (seen.reason is None) == (seen.status not in REASONS)
        if seen.reason is not None:
            assert seen.reason in REASONS[seen.status]


@given(day=days, hour=st.integers(min_value=5, max_value=23))
@hypothesis_settings(max_examples=40, deadline=None)
def test_nothing_is_recorded_before_it_happens(day, hour):
    until_s = hour * 3600
    for index, seen in make_history(day, until_s=until_s).items():
        assert moments(seen) == sorted(moments(seen))
        assert all(second <= until_s for second in moments(seen))
        if seen.ride is not None:
            assert day.requests[index].plannable_s <= until_s
            assert moments(seen)
        if seen.status is BookingStatus.COMPLETED:
            assert seen.alighted_s is not None
        if seen.status is BookingStatus.ON_BOARD:
            assert seen.boarded_s is not None
            assert seen.alighted_s is None


@given(day=days)
@hypothesis_settings(max_examples=30, deadline=None)
def test_the_planned_rides_of_a_vehicle_overlap_only_within_a_shared_ride(day):
    rides = [seen.ride for seen in make_history(day).values() if seen.ride is not None]
    by_vehicle: dict[int, list[Ride]] = {}
    for ride in rides:
        by_vehicle.setdefault(day.duties[ride.duty].vehicle, []).append(ride)
    for own in by_vehicle.values():
        ordered = sorted(own, key=lambda ride: ride.pickup_s)
        for a, b in pairwise(ordered):
            assert b.pickup_s >= a.ends_s or a.group == b.group


def test_before_the_first_vehicle_leaves_nothing_has_happened_but_cancellations():
    for n in range(14):
        history = make_history(make_day(SMALL, 7, MONDAY + timedelta(days=n)), until_s=0)
        assert {seen.status for seen in history.values()} <= {BookingStatus.CANCELLED}


def test_who_cancels_the_way_there_needs_no_way_back():
    for day, history in weeks_of_history(10):
        for request in day.requests:
            if request.leg is Leg.OUTBOUND and history[request.index].status in CANCELLATIONS:
                assert request.partner is not None
                assert history[request.partner].status in CANCELLATIONS


def test_most_trips_are_completed_and_every_outcome_occurs():
    counts = Counter(
        seen.status for _day, history in weeks_of_history(40) for seen in history.values()
    )
    assert counts[BookingStatus.COMPLETED] / counts.total() > 0.9
    assert set(counts) >= CANCELLATIONS | {BookingStatus.NO_SHOW, BookingStatus.COMPLETED}


def test_an_absence_counts_only_when_the_vehicle_was_there_in_the_window():
    absences = [
        (day.requests[index], seen)
        for day, history in weeks_of_history(40)
        for index, seen in history.items()
        if seen.status in {BookingStatus.NO_SHOW, BookingStatus.MISSED}
    ]
    assert absences
    for request, seen in absences:
        latest_s = request.pickup_s + (30 if request.is_urgent else 15) * 60
        assert seen.arrived_pickup_s is not None
        in_time = seen.arrived_pickup_s <= latest_s
        assert in_time == (seen.status is BookingStatus.NO_SHOW)
        assert in_time or seen.reason is StatusReason.VEHICLE_LATE
        assert seen.absent_s == seen.arrived_pickup_s + 300


def test_the_same_day_goes_the_same_way_twice():
    day = make_day(SMALL, 7, MONDAY)
    assert make_history(day) == make_history(day)
