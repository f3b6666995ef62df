"""Writes down that a vehicle broke down, or that a driver cannot go on: nothing more is planned with them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from dispatch.enums import AbsenceReason, Loss, UnavailabilityReason
from dispatch.models import Absence, Driver, Shift, Vehicle, VehicleUnavailability
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.lost_shifts import LAST_MOMENT, back_again
from dispatch.usecases.stranded_shift import Lost


@transaction.atomic
def report_breakdown(*, lost: Lost, now: datetime) -> None:
    """The vehicle of this shift is unavailable from now on `until` then, the driver absent up to that day.

    Not told, it is until the day ends, and the shift. What is written down already stays as it is. The
    journeys of the shift stay on it: `apply_rescue` gives them to others. Raises NotFoundError or
    BackBeforeError; nothing is written then.
    """
    shift = Shift.objects.select_related("company").filter(pk=lost.shift_id).first()
    if shift is None:
        raise NotFoundError(_("This shift does not exist."))
    report_loss(shift, lost.what, now=now, back_at=back_again(shift, until=lost.until, now=now))


@transaction.atomic
def report_loss(shift: Shift, what: Loss, *, now: datetime, back_at: datetime) -> None:
    """The same of the crew that `shift` says, whoever its row has by now."""
    if what is Loss.VEHICLE:
        _vehicle_away(shift, now, back_at)
    else:
        _driver_away(shift, now, back_at)


def _vehicle_away(shift: Shift, now: datetime, back_at: datetime) -> None:
    Vehicle.objects.select_for_update().get(pk=shift.vehicle_id)
    known = VehicleUnavailability.objects.filter(
        vehicle=shift.vehicle_id, period__overlap=DateTimeTZRange(now, back_at)
    )
    first = known.order_by("period").first()
    if first is not None and first.period.lower <= now:
        return
    VehicleUnavailability.objects.create(
        vehicle_id=shift.vehicle_id,
        period=DateTimeTZRange(now, back_at if first is None else first.period.lower),
        reason=UnavailabilityReason.BREAKDOWN.value,
    )


def _driver_away(shift: Shift, now: datetime, back_at: datetime) -> None:
    Driver.objects.select_for_update().get(pk=shift.driver_id)
    first_on = local_day(shift.company, now)
    last_on = max(first_on, local_day(shift.company, back_at - LAST_MOMENT))
    known = Absence.objects.filter(
        driver=shift.driver_id, first_on__lte=last_on, last_on__gte=first_on
    )
    first = known.order_by("first_on").first()
    if first is not None and first.first_on <= first_on:
        return
    Absence.objects.create(
        driver_id=shift.driver_id,
        first_on=first_on,
        last_on=last_on if first is None else first.first_on - timedelta(days=1),
        reason=AbsenceReason.ILLNESS.value,
    )
