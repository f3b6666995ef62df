"""Gives a booking to a shift as a person was shown it beforehand, or not at all."""

from __future__ import annotations

from datetime import datetime

from dispatch.models import Assignment, User
from dispatch.usecases.assign_booking import given, place
from dispatch.usecases.change_token import refuse_other_outcome
from dispatch.usecases.open_day import open_day


def give_as_shown(
    *, booking_id: int, shift_id: int, shown: str, by: User | None, now: datetime, pin: bool = True
) -> Assignment:
    """As `assign_booking`; `shown`: the token of the preview that the person decided on.

    Raises StaleDayError when it would do something else by now, and what `assign_booking` raises.
    """
    day = open_day(booking_id=booking_id, now=now, expected_version=None)
    answer = given(day, shift_id)
    refuse_other_outcome(day, answer, shown)
    return place(day, answer, by=by, pin=pin)
