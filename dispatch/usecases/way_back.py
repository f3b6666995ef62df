"""Writes the return of an outbound journey: the same patient the other way, at an hour or on call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus, Leg
from dispatch.models import Booking
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.promise import Window, window_around
from dispatch.usecases.take_booking import take_booking


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReturn:
    """A way back: at a time, or on call (the patient says when)."""

    is_on_call: bool = False
    requested_at: datetime | None = None
    promised: Window | None = None
    same_driver: bool = False
    notes: str = ""


def add_return(*, outbound: Booking, wanted: NewReturn, now: datetime) -> Booking:
    """The return, as firm as its outbound journey. Raises InvalidRowError.

    Runs inside the caller's transaction, which has made `outbound` an outbound journey.
    """
    is_draft = outbound.status == BookingStatus.DRAFT
    booking = Booking(
        company=outbound.company,
        patient=outbound.patient,
        pickup=outbound.dropoff,
        dropoff=outbound.pickup,
        leg=Leg.RETURN.value,
        outbound=outbound,
        is_will_call=wanted.is_on_call,
        same_driver_as_outbound=wanted.same_driver,
        priority=outbound.priority,
        pooling_allowed=outbound.pooling_allowed,
        escort_seats=outbound.escort_seats,
        notes=wanted.notes,
        status=(BookingStatus.DRAFT if is_draft else BookingStatus.CONFIRMED).value,
    )
    _promise(booking, outbound, wanted)
    take_booking(booking=booking, now=now)
    return booking


def _promise(booking: Booking, outbound: Booking, wanted: NewReturn) -> None:
    window = wanted.promised
    if window is None and wanted.requested_at is not None:
        window = window_around(outbound.company, wanted.requested_at)
    if wanted.is_on_call == (window is not None):
        raise InvalidRowError(
            {"requested_at": [_("A return has its time, or it is on call: one of the two.")]}
        )
    booking.service_on = outbound.service_on  # on call: promised when the patient is ready
    if window is not None:
        booking.requested_at = wanted.requested_at or window.begins_at
        booking.promised_from, booking.promised_to = window
        booking.service_on = local_day(outbound.company, window.begins_at)
