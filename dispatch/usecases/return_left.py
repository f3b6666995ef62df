"""Names the return that still stands when its outbound journey does not take place; takes it off when asked to."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus as S
from dispatch.enums import Leg, StatusReason
from dispatch.models import Booking
from dispatch.models.labels import label
from dispatch.models.statuses import MOVES, OUTCOMES, REASONS
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.record_progress import record_progress

DOES_NOT_GO = OUTCOMES - {S.COMPLETED}


def standing_return(booking: Booking) -> Booking | None:
    """The return of an outbound journey, as long as it can be cancelled."""
    if booking.leg != Leg.OUTBOUND:
        return None
    back = Booking.objects.select_related("company").filter(outbound=booking).first()
    if back is None or not MOVES[S(back.status)] & {S.CANCELLED, S.LATE_CANCEL}:
        return None
    return back


def return_left(booking: Booking) -> Booking | None:
    """The return that nobody called off, of a journey that does not take place."""
    return standing_return(booking) if booking.status in DOES_NOT_GO else None


def left_sentence(back: Booking) -> str:
    said = _(
        "Its return %(booking)s is still “%(status)s”: who does not go does not come back. Cancel it too,"
        " unless the patient went another way."
    )
    return said % {"booking": back.reference, "status": label(S(back.status))}


def cancel_return(
    *, outbound_id: int, at: datetime, reason: str, expected_version: int | None
) -> Booking:
    """The return, cancelled with its outbound journey's reason, or with “other” where that is none of its own.

    Raises NotFoundError and what record_progress raises; nothing is written then.
    """
    back = Booking.objects.select_related("company").filter(outbound_id=outbound_id).first()
    if back is None:
        raise NotFoundError(_("This journey has no return."))
    is_own = reason in {known.value for known in REASONS[S.CANCELLED]}
    return record_progress(
        booking_id=back.pk,
        to=S.CANCELLED,
        at=at,
        reason=reason if is_own else StatusReason.OTHER.value,
        expected_version=expected_version,
    )
