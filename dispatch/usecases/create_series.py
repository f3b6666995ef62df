"""Takes a new series and books its first journeys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from dispatch.models import Company, Patient, StandingOrder
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.expand_series import expand_series
from dispatch.usecases.keep_row import InvalidRowError, check_row, keep_row
from dispatch.usecases.own_rows import own_rows
from dispatch.usecases.series_change import SeriesChange
from dispatch.usecases.series_legs import legs_on
from dispatch.usecases.series_rows import SeriesContent

LONGEST_RHYTHM_DAYS = 52 * 7


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSeries:
    patient_id: int
    starts_on: date
    content: SeriesContent


def create_series(*, company: Company, wanted: NewSeries, now: datetime) -> SeriesChange:
    """What was booked, with the number of the new series; its hours are tried on its first day before.

    A first day that is past gives the rhythm of the weeks, and a note says so. Raises InvalidRowError; nothing
    is written then.
    """
    today = local_day(company, now)
    if wanted.content.ends_on is not None and wanted.content.ends_on < today:
        raise InvalidRowError({"ends_on": [_("This day is over.")]})
    if wanted.starts_on < today - timedelta(days=LONGEST_RHYTHM_DAYS):
        raise InvalidRowError(
            {"starts_on": [_("This day is more than a year ago: no rhythm begins that far back.")]}
        )
    found = own_rows(company, {"patient": (Patient, wanted.patient_id)})
    order = StandingOrder(company=company, starts_on=wanted.starts_on, **found)
    wanted.content.fill(order)
    check_row(order)
    legs_on(order, _first_day(order, today))  # may ask the road server: outside the transaction
    keep_row(order)
    made = expand_series(order_id=order.pk, now=now)
    if wanted.starts_on >= today:
        return made
    said = _("The first day is past: it gives the rhythm, journeys are booked from today on.")
    return replace(made, notes=(said, *made.notes))


def _first_day(order: StandingOrder, today: date) -> date:
    """The first day still to come that the series asks for; its own first day if there is none."""
    first = max(order.starts_on, today)
    days = (first + timedelta(days=n) for n in range(LONGEST_RHYTHM_DAYS + 7))
    return next((day for day in days if order.falls_on(day)), order.starts_on)
