""" "I am ready": a return on call gets its promised window from the moment the patient says so."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus
from dispatch.models import Booking
from dispatch.models.labels import label
from dispatch.models.statuses import DID_NOT_GO, NOT_SET_OFF
from dispatch.usecases.day_changed import tell_of_change
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.errors import NotFoundError, StaleBookingError, UseCaseError


class NotOnCallError(UseCaseError):
    """The booking is not a return on call that is still waiting for its patient."""


class NotThereError(UseCaseError):
    """The outbound journey is still to come, or did not take place: who calls came another way."""


@transaction.atomic
def trigger_return(
    *,
    booking_id: int,
    ready_at: datetime,
    expected_version: int | None,
    is_urgent: bool = False,
    came_another_way: bool = False,
) -> Booking:
    """The return, ready, promised within the company's longest wait (or its urgent window) from `ready_at`.

    `came_another_way`: a person has asked, and the patient is there although we did not bring them. Raises
    NotFoundError, StaleBookingError, NotOnCallError or NotThereError; nothing is written then.
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
    if not came_another_way:
        _refuse_absent(booking, ready_at)
    rules = booking.company.rules
    wait = rules.urgent_return_window_min if is_urgent else rules.return_wait_target_min
    Booking.objects.filter(pk=booking.pk).update(
        ready_at=ready_at,
        promised_from=ready_at,
        promised_to=ready_at + timedelta(minutes=wait),
        is_urgent=is_urgent,
        version=F("version") + 1,
    )
    tell_of_change(company_id=booking.company_id, day=booking.service_on)
    return Booking.objects.select_related("company").get(pk=booking.pk)


def _refuse_absent(booking: Booking, ready_at: datetime) -> None:
    """Once the outbound pickup is due, it may have been driven unrecorded; before that it was not."""
    outbound = booking.outbound
    if outbound is None:
        return
    is_to_come = outbound.promised_from is not None and ready_at < outbound.promised_from
    if (outbound.status in NOT_SET_OFF and is_to_come) or outbound.status in DID_NOT_GO:
        said = _(
            "The outbound journey %(booking)s is “%(status)s”: we have not brought the patient there. Confirm"
            " that the patient came another way, or wait for the outbound journey."
        )
        status = label(BookingStatus(outbound.status))
        raise NotThereError(said % {"booking": outbound.reference, "status": status})
