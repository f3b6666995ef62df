"""Takes a booking's driver away: it waits for one again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus
from dispatch.models import Booking, User
from dispatch.usecases.change_as_shown import change_as_shown
from dispatch.usecases.count_changes import lose_driver
from dispatch.usecases.errors import NotFoundError, StaleBookingError, UseCaseError
from dispatch.usecases.wanted_changes import TakeAway, WantedChange


class NotAssignedError(UseCaseError):
    """The booking has no driver, or the driver is on the way already."""


def unassign(
    *,
    booking_id: int,
    now: datetime,
    expected_version: int | None,
    shown: str | None = None,
    by: User | None = None,
) -> Booking:
    """The booking, confirmed and without a driver; its neighbours keep their times.

    `shown`: the token of the preview a person decided on; it does that then, or nothing. Losing the driver is a
    change after the promise, and counted as one. Raises NotFoundError, StaleBookingError or NotAssignedError, and with `shown` what
    `change_as_shown` raises; nothing is written then.
    """
    if shown is None:
        return _let_go(booking_id, now, expected_version)
    _refuse(Booking.objects.filter(pk=booking_id).first(), expected_version)
    asked = [WantedChange(booking_id, TakeAway())]
    change_as_shown(asked=asked, shown=shown, by=by, now=now)
    return Booking.objects.get(pk=booking_id)


@transaction.atomic
def _let_go(booking_id: int, now: datetime, expected_version: int | None) -> Booking:
    rows = Booking.objects.select_for_update(of=("self",))
    booking = _refuse(rows.filter(pk=booking_id).first(), expected_version)
    lose_driver([booking.pk], now)
    Booking.objects.filter(pk=booking.pk).update(
        status=BookingStatus.CONFIRMED, version=F("version") + 1
    )
    return Booking.objects.get(pk=booking.pk)


def _refuse(booking: Booking | None, expected_version: int | None) -> Booking:
    """The booking, where it may be taken away."""
    if booking is None:
        raise NotFoundError(_("This booking does not exist."))
    if expected_version is not None and booking.version != expected_version:
        raise StaleBookingError(_("This booking was changed by somebody else."))
    if booking.status != BookingStatus.ASSIGNED:
        raise NotAssignedError(_("Only a booking whose driver has not set off can be taken away."))
    return booking
