""" "I am ready": a return on call gets its promised window from the moment the patient says so."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus
from dispatch.models import Booking
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.errors import NotFoundError, StaleBookingError, UseCaseError


class NotOnCallError(UseCaseError):
    """The booking is not a return on call that is still waiting for its patient."""


@transaction.atomic
def trigger_return(
    *, booking_id: int, ready_at: datetime, expected_version: int | None, is_urgent: bool = False
) -> Booking:
    """The return, ready, promised within the company's longest wait (or its urgent window) from `ready_at`.

    Raises NotFoundError, StaleBookingError or NotOnCallError; nothing is written then.
    """
    rows = Booking.objects.select_related("company").select_for_update(of=("self",))
    booking = rows.filter(pk=booking_id).first()
    if booking is None:
        raise NotFoundError(_("This booking does not exist."))
    if expected_version is not None and booking.version != expected_version:
        raise StaleBookingError(_("This booking was changed by somebody else."))
    if not booking.is_will_call or booking.ready_at or booking.status != BookingStatus.CONFIRMED:
        raise NotOnCallError(_("This booking is not a return that waits for the patient's call."))
    if local_day(booking.company, ready_at) != booking.service_on:
        raise NotOnCallError(_("This return is booked for another day."))
    rules = booking.company.rules
    wait = rules.urgent_return_window_min if is_urgent else rules.return_wait_target_min
    Booking.objects.filter(pk=booking.pk).update(
        ready_at=ready_at,
        promised_from=ready_at,
        promised_to=ready_at + timedelta(minutes=wait),
        is_urgent=is_urgent,
        version=F("version") + 1,
    )
    return Booking.objects.select_related("company").get(pk=booking.pk)
