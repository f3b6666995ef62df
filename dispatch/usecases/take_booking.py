"""Takes a new journey whose promise is complete: judged as every other, whoever wrote it down."""

from __future__ import annotations

from datetime import datetime

from dispatch.models import Booking
from dispatch.usecases.day_changed import tell_of_change
from dispatch.usecases.judge_booking import (
    refuse_the_past,
    refuse_the_senseless,
    refuse_two_vehicles,
)
from dispatch.usecases.keep_row import check_values, refusals_explained


def take_booking(*, booking: Booking, now: datetime, day_field: str = "requested_at") -> None:
    """Inserts it; its links were looked up in its company. `day_field` is what said the day.

    Raises InvalidRowError; nothing is written then.
    """
    refuse_the_past(booking, now, field=day_field)
    refuse_the_senseless(booking)
    refuse_two_vehicles(booking)
    check_values(booking)
    with refusals_explained():
        booking.save(force_insert=True)
    tell_of_change(company_id=booking.company_id, day=booking.service_on)
