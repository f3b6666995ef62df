"""What no booking may be, whichever way it came to be so; each verdict names the field a person has to mend."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from dispatch.models import Booking
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.keep_row import InvalidRowError

LONGEST_LEAD = timedelta(hours=12)  # between the promise and the appointment it is meant for


def refuse_the_past(booking: Booking, now: datetime) -> None:
    """A day that is over takes no more journeys; today's may be written down late."""
    if booking.service_on < local_day(booking.company, now):
        raise InvalidRowError({"requested_at": [_("This day is over.")]})


def refuse_the_senseless(booking: Booking) -> None:
    """An appointment of another day, or a way back that begins before the way there."""
    if booking.promised_from is None:
        return
    appointment = booking.appointment_at
    if appointment is not None and appointment - booking.promised_from > LONGEST_LEAD:
        raise InvalidRowError(
            {"appointment_at": [_("The appointment is more than 12 hours after the pickup.")]}
        )
    there, back = _there_and_back(booking)
    if there is not None and back is not None and back <= there:
        raise InvalidRowError(
            {"promised_from": [_("The return would begin before the outbound journey.")]}
        )


def _there_and_back(booking: Booking) -> tuple[datetime | None, datetime | None]:
    """When the outbound journey and the return are promised from; None where that is not known."""
    if booking.outbound is not None:
        return booking.outbound.promised_from, booking.promised_from
    back: Booking | None = getattr(booking, "return_booking", None)
    return booking.promised_from, None if back is None else back.promised_from
