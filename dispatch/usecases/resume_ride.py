"""Writes down that a patient who waited on the road is on board again, in another vehicle."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from dispatch.models import Booking, Handover
from dispatch.usecases.errors import NotFoundError, StaleBookingError, UseCaseError


class NotWaitingError(UseCaseError):
    """The patient does not wait for another vehicle, or did not yet at that moment."""


@transaction.atomic
def resume_ride(*, booking_id: int, at: datetime, expected_version: int | None) -> Booking:
    """The journey going on; its moments stay those of the whole journey.

    Raises NotFoundError, StaleBookingError or NotWaitingError; nothing is written then.
    """
    booking = Booking.objects.select_for_update(of=("self",)).filter(pk=booking_id).first()
    if booking is None:
        raise NotFoundError(_("This booking does not exist."))
    if expected_version is not None and booking.version != expected_version:
        raise StaleBookingError(_("This booking was changed by somebody else."))
    waiting = [row.pk for row in booking.handovers.all() if row.is_waiting]
    resumed = Handover.objects.filter(pk__in=waiting, at__lte=at)
    if booking.waits_at is None or not resumed.update(resumed_at=at):
        raise NotWaitingError(_("This patient does not wait for another vehicle."))
    Booking.objects.filter(pk=booking_id).update(version=F("version") + 1)
    return Booking.objects.get(pk=booking_id)
