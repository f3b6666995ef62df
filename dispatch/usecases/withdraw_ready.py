""" "Not ready after all": takes a patient's call back, until a driver has set off."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus
from dispatch.models import Assignment, Booking
from dispatch.models.statuses import OPEN
from dispatch.usecases.errors import NotFoundError, StaleBookingError, UseCaseError


class NotWithdrawableError(UseCaseError):
    """The booking is no return whose patient called, or its driver has set off."""


@transaction.atomic
def withdraw_ready(*, booking_id: int, expected_version: int | None) -> Booking:
    """The return, on call again: without promise and without the driver it had got since the call.

    Raises NotFoundError, StaleBookingError or NotWithdrawableError; nothing is written then.
    """
    booking = Booking.objects.select_for_update(of=("self",)).filter(pk=booking_id).first()
    if booking is None:
        raise NotFoundError(_("This booking does not exist."))
    if expected_version is not None and booking.version != expected_version:
        raise StaleBookingError(_("This booking was changed by somebody else."))
    if booking.ready_at is None:
        raise NotWithdrawableError(_("Nobody said of this booking that the patient is ready."))
    if booking.status not in OPEN:
        raise NotWithdrawableError(_("The driver has set off: this can no longer be taken back."))
    Assignment.objects.filter(
        booking=booking
    ).delete()  # no promise any more, so no broken plan to count
    Booking.objects.filter(pk=booking.pk).update(
        ready_at=None,
        requested_at=None,
        promised_from=None,
        promised_to=None,
        is_urgent=False,
        status=BookingStatus.CONFIRMED,
        version=F("version") + 1,
    )
    return Booking.objects.select_related("company").get(pk=booking.pk)
