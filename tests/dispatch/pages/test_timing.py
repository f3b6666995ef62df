"""The badge beside a trip: how much room its promise leaves, or how late it is."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.utils import translation

from dispatch.enums import BookingStatus
from dispatch.models import Assignment, Booking
from dispatch.pages.timing import Grade, Timing, timing_of
from tests.factories import at

EARLY = at(5)


def ride(pickup: datetime, dropoff: datetime, **fields: object) -> Assignment:
    return Assignment(planned_pickup_at=pickup, planned_dropoff_at=dropoff, **fields)


def booking(**fields: object) -> Booking:
    """Promised 08:55–09:15."""
    defaults = {
        "promised_from": at(8, 55),
        "promised_to": at(9, 15),
        "status": BookingStatus.ASSIGNED,
    }
    return Booking(**defaults | fields)


def timing(row: Booking, planned: Assignment, now: datetime = EARLY) -> Timing:
    found = timing_of(row, planned, now)
    assert found is not None
    return found


def test_a_planned_pickup_in_the_window_has_its_slack() -> None:
    found = timing(booking(), ride(at(9), at(9, 20)))
    assert (found.slack_min, found.grade, found.text) == (15, Grade.GOOD, "15 min of slack")


def test_the_promise_nearest_to_being_broken_counts() -> None:
    row = booking(appointment_at=at(9, 22))
    found = timing(row, ride(at(9), at(9, 20)))
    assert (found.slack_min, found.is_appointment, found.grade) == (2, True, Grade.TIGHT)


@pytest.mark.parametrize(
    ("pickup", "slack", "words"),
    [
        (at(9, 15), 0, "0 min of slack"),
        (at(9, 16), -1, "1 min late"),
    ],
)
def test_the_end_of_the_window_is_still_in_time(pickup: datetime, slack: int, words: str) -> None:
    found = timing(booking(), ride(pickup, at(9, 40)))
    assert (found.slack_min, found.text) == (slack, words)


def test_what_has_not_happened_cannot_happen_in_the_past() -> None:
    found = timing(booking(), ride(at(9), at(9, 20)), now=at(9, 25))
    assert (found.slack_min, found.grade) == (-10, Grade.LATE)


def test_a_recorded_arrival_is_judged_and_not_the_plan() -> None:
    row = booking(status=BookingStatus.ARRIVED, arrived_pickup_at=at(9, 14))
    found = timing(row, ride(at(9, 30), at(9, 50)), now=at(10))
    assert (found.grade, found.text) == (Grade.GOOD, "on time")


def test_one_second_late_is_late() -> None:
    row = booking(arrived_pickup_at=at(9, 15).replace(second=1))
    assert timing(row, ride(at(9), at(9, 20))).text == "1 min late"


def test_arriving_after_the_appointment_says_so() -> None:
    row = booking(
        status=BookingStatus.COMPLETED,
        appointment_at=at(9, 30),
        arrived_pickup_at=at(9),
        boarded_at=at(9, 3),
        arrived_dropoff_at=at(9, 37),
        alighted_at=at(9, 40),
    )
    found = timing(row, ride(at(9), at(9, 20)))
    assert found.text == "7 min late for the appointment"
    with translation.override("fr"):
        assert found.text == "7 min de retard au rendez-vous"


def test_a_journey_that_is_over_grows_no_later() -> None:
    row = booking(status=BookingStatus.MISSED)
    found = timing(row, ride(at(9), at(9, 20), is_over=True), now=at(18))
    assert found.slack_min == 15


def test_without_a_promise_there_is_nothing_to_keep() -> None:
    row = booking(promised_from=None, promised_to=None)
    assert timing_of(row, ride(at(9), at(9, 20)), EARLY) is None
