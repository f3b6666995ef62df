from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dispatch.engine.recorded import driven_s, is_timed, recorded_tour
from dispatch.engine.records import TripRecord
from dispatch.enums import BookingStatus

DONE, NO_SHOW, MISSED = BookingStatus.COMPLETED, BookingStatus.NO_SHOW, BookingStatus.MISSED


def ride(*moments: int | None, status: BookingStatus = DONE, **rest: Any) -> TripRecord:
    """En route, at the pickup, boarded, at the drop-off, alighted."""
    names = ("en_route_s", "arrived_pickup_s", "boarded_s", "arrived_dropoff_s", "alighted_s")
    known = dict(zip(names, moments, strict=False))
    return TripRecord(trip="t", status=status, is_assigned=True, **known | rest)


ALONE = ride(0, 600, 700, 1_900, 2_000)


def test_driving_is_the_way_to_a_patient_and_the_way_with_one():
    assert driven_s([ALONE]) == 600 + 1_200
    assert driven_s([]) == 0


def test_shared_seconds_are_driven_once_and_a_door_is_no_road():
    # With the first on board the driver goes for the second (700 to 1 000), who takes 200 s to board.
    second = ride(700, 1_000, 1_200, 1_800, 1_850)
    # Way there 600, on to the second 300, then 600 together; 50 s at the first door; 50 s more; 0 s after.
    assert driven_s([ALONE, second]) == 600 + 300 + 600 + 50


def test_waiting_for_somebody_absent_with_another_on_board_is_no_driving():
    absent = ride(700, 1_000, status=NO_SHOW, absent_s=1_300)
    assert driven_s([ALONE, absent]) == 600 + 1_200 - 300


@pytest.mark.parametrize(
    ("trip", "known"),
    [
        (ALONE, True),
        (replace(ALONE, alighted_s=None), True),  # no driving in it
        (replace(ALONE, en_route_s=None), False),
        (replace(ALONE, boarded_s=None), False),
        (replace(ALONE, arrived_dropoff_s=None), False),
        (ride(0, 600, status=NO_SHOW), True),
        (ride(None, 600, status=NO_SHOW), False),
        (ride(None, None, status=NO_SHOW), False),
        (ride(0, 600, status=MISSED), True),
        (ride(0, None, status=MISSED), False),
        (ride(None, None, status=MISSED), True),  # nobody set off
    ],
)
def test_when_the_driving_for_a_trip_is_known(trip, known):
    assert is_timed(trip) is known


def test_a_tour_by_hand():
    # 600 s to the first door, before the tour; 500 s empty to the second; 400 s to an absent patient.
    second = ride(2_500, 3_000, 3_100, 4_000, 4_100)
    absent = ride(4_100, 4_500, status=NO_SHOW, absent_s=4_800)
    third = ride(4_800, 5_000, 5_050, 6_000, 6_100)
    seen = recorded_tour("s1", [ALONE, second, absent, third])
    assert (seen.shift, seen.passenger_trips) == ("s1", 3)
    assert (seen.first_pickup_s, seen.last_dropoff_s) == (600, 6_100)
    assert seen.empty_driving_s == 500 + 400 + 200
    assert (seen.pauses_s, seen.metres, seen.empty_metres, seen.revenue_s) == (None,) * 4


def test_driving_to_the_last_absent_patient_is_after_the_tour():
    absent = ride(2_000, 2_900, status=NO_SHOW, absent_s=3_200)
    assert recorded_tour("s1", [ALONE, absent]).empty_driving_s == 0


@pytest.mark.parametrize(
    ("missing", "known"),
    [
        ("arrived_pickup_s", (None, 2_000, None)),
        ("alighted_s", (600, None, None)),
        ("en_route_s", (600, 2_000, None)),
    ],
)
def test_what_is_missing_of_a_tour_is_unknown(missing, known):
    gone: dict[str, Any] = {missing: None}
    seen = recorded_tour("s1", [replace(ALONE, **gone)])
    assert (seen.first_pickup_s, seen.last_dropoff_s, seen.empty_driving_s) == known
