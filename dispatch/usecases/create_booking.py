"""Takes a booking, with its way back when one is wanted: what is promised follows from the company's rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from dispatch.enums import BookingStatus, Leg, Priority
from dispatch.models import Booking, Company, Patient, Place
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.own_rows import own_rows
from dispatch.usecases.promise import Window, complete_promise
from dispatch.usecases.take_booking import take_booking
from dispatch.usecases.way_back import NewReturn, add_return


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBooking:
    """What a caller says of a journey; times that are not given follow from those that are."""

    patient_id: int
    pickup_id: int
    dropoff_id: int
    requested_at: datetime | None = None
    appointment_at: datetime | None = None
    promised: Window | None = None
    priority: Priority = Priority.NORMAL
    pooling_allowed: bool = True
    escort_seats: int | None = None
    notes: str = ""
    is_draft: bool = False
    way_back: NewReturn | None = None


def create_booking(*, company: Company, wanted: NewBooking, now: datetime) -> Booking:
    """The new booking, confirmed unless it is a draft; its return is linked to it.

    Raises InvalidRowError; nothing is written then.
    """
    booking = _row(company, wanted)
    _promise(booking, wanted)  # may ask the road server: outside the transaction
    with transaction.atomic():
        take_booking(booking=booking, now=now)
        if wanted.way_back is not None:
            _add_return(booking, wanted.way_back, now)
    return booking


def _add_return(outbound: Booking, wanted: NewReturn, now: datetime) -> None:
    try:
        add_return(outbound=outbound, wanted=wanted, now=now)
    except InvalidRowError as error:
        raise error.inside("way_back") from error


def _row(company: Company, wanted: NewBooking) -> Booking:
    found = own_rows(
        company,
        {
            "patient": (Patient, wanted.patient_id),
            "pickup": (Place, wanted.pickup_id),
            "dropoff": (Place, wanted.dropoff_id),
        },
    )
    return Booking(
        company=company,
        **found,
        leg=(Leg.SINGLE if wanted.way_back is None else Leg.OUTBOUND).value,
        appointment_at=wanted.appointment_at,
        priority=wanted.priority.value,
        pooling_allowed=wanted.pooling_allowed,
        escort_seats=wanted.escort_seats,
        notes=wanted.notes,
        status=(BookingStatus.DRAFT if wanted.is_draft else BookingStatus.CONFIRMED).value,
    )


def _promise(booking: Booking, wanted: NewBooking) -> None:
    """The pickup asked for, the window promised, and the local day it begins on."""
    booking.requested_at = wanted.requested_at
    if wanted.promised is not None:
        booking.promised_from, booking.promised_to = wanted.promised
    window = complete_promise(booking)
    booking.service_on = local_day(booking.company, window.begins_at)
