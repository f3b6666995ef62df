"""What a day holds for the planner: bookings with a promised window and shifts; one with neither is not planned."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus
from dispatch.models import Booking, Company, Shift
from dispatch.models.booking import BookingQuerySet
from dispatch.models.statuses import OPEN, UNDER_WAY
from dispatch.usecases.errors import UseCaseError

# What ended where its vehicle was sent: it needs no driver any more, and says where that driver is.
ENDED_ON_THE_ROAD = frozenset(
    {BookingStatus.COMPLETED, BookingStatus.NO_SHOW, BookingStatus.MISSED}
)


class NothingToPlanError(UseCaseError):
    """The day has neither a shift nor a booking."""

    def __init__(self) -> None:
        super().__init__(_("There is neither a shift nor a booking on this day."))


class DayOverError(UseCaseError):
    """The day has passed: what was driven is recorded, and nothing is planned into it any more."""

    def __init__(self) -> None:
        super().__init__(_("This day is over: it is not planned any more."))


def refuse_past_day(*, company: Company, day: date, now: datetime) -> None:
    """A day lasts as long as one of its shifts is on duty. Raises DayOverError."""
    _midnight, ends_at = company.day_bounds(day)
    on_duty = Shift.objects.on_day(company, day).planned().filter(period__endswith__gt=now)
    if ends_at <= now and not on_duty.exists():
        raise DayOverError


def promised_bookings(company: Company, day: date) -> BookingQuerySet:
    """Those that are driven, or were: on call and cancelled ones are not among them."""
    wanted = [status.value for status in OPEN | UNDER_WAY | ENDED_ON_THE_ROAD]
    promised = Booking.objects.filter(
        company=company, promised_from__isnull=False, status__in=wanted
    )
    return promised.on_day(day)


def refuse_empty_day(*, company: Company, day: date) -> None:
    """Raises NothingToPlanError."""
    shifts = Shift.objects.on_day(company, day).planned()
    if not promised_bookings(company, day).exists() and not shifts.exists():
        raise NothingToPlanError
