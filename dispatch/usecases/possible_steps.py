"""What can be true of a journey at a moment: no step before its time, and one class of cancellation only."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatch.enums import BookingStatus as S
from dispatch.models import Booking
from dispatch.models.statuses import CANCELLATIONS
from dispatch.usecases.day_clock import local_day

# A driver who fetches somebody at the other end of the country sets off this long before the pickup.
EARLIEST_START = timedelta(hours=4)

MOMENT_OF = {
    S.EN_ROUTE: "en_route_at",
    S.ARRIVED: "arrived_pickup_at",
    S.ON_BOARD: "boarded_at",
    S.COMPLETED: "alighted_at",
    S.NO_SHOW: "absent_at",
}


def possible_from(booking: Booking, to: S) -> datetime | None:
    """The moment from which this step can be true; None when that is at any time.

    Ways back are: what they lead to has been recorded already. So are refusals and cancellations.
    """
    if booking.promised_from is None:
        return None
    if to is S.MISSED and booking.arrived_pickup_at is None:
        return booking.promised_from  # before that, nobody waits for the vehicle
    name = MOMENT_OF.get(to)
    if name is None or getattr(booking, name) is not None:
        return None
    return booking.promised_from - EARLIEST_START


def is_possible(booking: Booking, to: S, at: datetime) -> bool:
    """Whether this step can be true then; of the cancellations, the one of that moment."""
    if to in CANCELLATIONS:
        return to is cancellation_at(booking, at)
    begins = possible_from(booking, to)
    return begins is None or at >= begins


def cancellation_at(booking: Booking, at: datetime) -> S:
    """Late when the driver had set off or the freeze time had begun; else on the day, or in advance."""
    status = S(booking.status)
    if status in {S.EN_ROUTE, S.ARRIVED}:
        return S.LATE_CANCEL
    if status is S.DRAFT:
        return S.CANCELLED  # nobody had been promised anything
    freeze = timedelta(minutes=booking.company.rules.freeze_min)
    if booking.promised_from is not None and at >= booking.promised_from - freeze:
        return S.LATE_CANCEL
    is_in_advance = local_day(booking.company, at) < booking.service_on
    return S.CANCELLED if is_in_advance else S.SAME_DAY_CANCEL
