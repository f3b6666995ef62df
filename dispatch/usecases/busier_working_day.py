"""Finds the day that a quiet one makes room for: what its dispatcher would rather look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q

from dispatch.models import Booking, Company, DispatchRun
from dispatch.models.statuses import OPEN

FRIDAY = 4
QUIET = (3, 4)  # a day is quiet with less than three quarters of the next working day's trips


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingDay:
    """`trips` as its own page counts them; `is_planned`: a plan is in force there."""

    day: date
    trips: int
    is_planned: bool


def busier_working_day(company: Company, day: date) -> WorkingDay | None:
    """The next day from Monday to Friday; None when `day` is not quiet beside it."""
    after = day + timedelta(days=1)
    while after.weekday() > FRIDAY:
        after += timedelta(days=1)
    trips = _trips(company, day, after)
    part, whole = QUIET
    if whole * trips.get(day, 0) >= part * trips.get(after, 0):
        return None
    in_force = DispatchRun.objects.filter(company=company).on_day(after).in_force()
    return WorkingDay(day=after, trips=trips[after], is_planned=in_force.exists())


def _trips(company: Company, *days: date) -> dict[date, int]:
    """What is to be driven or was given to a driver."""
    wanted = Q(status__in=[status.value for status in OPEN]) | Q(assignment__isnull=False)
    rows = Booking.objects.filter(wanted, company=company, service_on__in=days).order_by()
    return dict(rows.values_list("service_on").annotate(n=Count("pk")))
