"""Books the way back of a journey that was booked without one."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus, Leg
from dispatch.models import Booking
from dispatch.models.statuses import OPEN, UNDER_WAY
from dispatch.usecases.errors import NotFoundError, StaleBookingError, UseCaseError
from dispatch.usecases.way_back import NewReturn, add_return

RETURNABLE = OPEN | UNDER_WAY | {BookingStatus.DRAFT, BookingStatus.COMPLETED}


class NoReturnError(UseCaseError):
    """The journey is a return itself, has one already, or did not take place."""


@transaction.atomic
def book_return(
    *, outbound_id: int, wanted: NewReturn, now: datetime, expected_version: int | None
) -> Booking:
    """The return; its outbound journey is one from now on.

    Raises NotFoundError, StaleBookingError, NoReturnError or InvalidRowError; nothing is written then.
    """
    rows = Booking.objects.select_related("company", "patient", "pickup", "dropoff")
    outbound = rows.select_for_update(of=("self",)).filter(pk=outbound_id).first()
    if outbound is None:
        raise NotFoundError(_("This booking does not exist."))
    if expected_version is not None and outbound.version != expected_version:
        raise StaleBookingError(_("This booking was changed by somebody else."))
    if outbound.leg == Leg.RETURN:
        raise NoReturnError(_("A return has no return of its own."))
    if outbound.status not in RETURNABLE:
        raise NoReturnError(_("This journey does not take place: there is nothing to return from."))
    if getattr(outbound, "return_booking", None) is not None:
        raise NoReturnError(_("This journey has its return already."))
    outbound.leg = Leg.OUTBOUND.value
    Booking.objects.filter(pk=outbound.pk).update(leg=outbound.leg, version=F("version") + 1)
    return add_return(outbound=outbound, wanted=wanted, now=now)
