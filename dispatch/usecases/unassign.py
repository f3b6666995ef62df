"""Takes a booking's driver away: it waits for one again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus
from dispatch.models import Booking
from dispatch.usecases.count_changes import lose_driver
from dispatch.usecases.errors import NotFoundError, StaleBookingError, UseCaseError


class NotAssignedError(UseCaseError):
    """The booking has no driver, or the driver is on the way already."""


@transaction.atomic
def unassign(*, booking_id: int, now: datetime, expected_version: int | None) -> Booking:
    """The booking, confirmed and without a driver; its neighbours keep their times.

    Losing the driver is a change after the promise, and counted as one. Raises NotFoundError, StaleBookingError or NotAssignedError; nothing is written then.
    """
    booking = Booking.objects.select_for_update(of=("self",)).filter(pk=booking_id).first()
    if booking is None:
        raise NotFoundError(_("This booking does not exist."))
    if expected_version is not None and booking.version != expected_version:
        raise StaleBookingError(_("This booking was changed by somebody else."))
    if booking.status != BookingStatus.ASSIGNED:
        raise NotAssignedError(_("Only a booking whose driver has not set off can be taken away."))
    lose_driver([booking.pk], now)
    Booking.objects.filter(pk=booking.pk).update(
        status=BookingStatus.CONFIRMED, version=F("version") + 1
    )
    return Booking.objects.get(pk=booking.pk)
