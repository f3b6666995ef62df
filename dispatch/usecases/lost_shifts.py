"""Until when a driver or a vehicle that drops out is away, and which shifts are lost with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from dispatch.enums import Loss
from dispatch.models import Shift
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.errors import UseCaseError

AT_LEAST = timedelta(hours=1)
LAST_MOMENT = timedelta(
    microseconds=1
)  # who is back at midnight is not absent on the day that begins then


class BackBeforeError(UseCaseError):
    """The vehicle would be back before it broke down."""


def back_again(shift: Shift, *, until: datetime | None, now: datetime) -> datetime:
    """Not told: when the day is over, and the shift. Raises BackBeforeError."""
    if until is not None and until <= now:
        raise BackBeforeError(_("This is over already: say until when it lasts."))
    day_ends_at = shift.company.day_bounds(local_day(shift.company, now))[1]
    return until or max(shift.ends_at, day_ends_at, now + AT_LEAST)


def lost_shifts(shift: Shift, what: Loss, *, now: datetime, back_at: datetime) -> list[Shift]:
    """This one first; then the others of its vehicle until it is back, or of its driver on the days of the absence."""
    whose = {"vehicle": shift.vehicle_id}
    ends_at = back_at
    if what is Loss.DRIVER:
        whose = {"driver": shift.driver_id}
        last_on = local_day(shift.company, back_at - LAST_MOMENT)
        ends_at = shift.company.day_bounds(last_on)[1]
    rows = Shift.objects.planned().with_plan_relations().filter(**whose).exclude(pk=shift.pk)
    others = rows.filter(period__overlap=DateTimeTZRange(now, ends_at))
    return [shift, *others.order_by("period", "pk")]
