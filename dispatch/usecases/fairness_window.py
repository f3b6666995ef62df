"""What the drivers did on the earlier days of the window that fairness looks at."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from django.db.models import Count

from dispatch.models import Assignment, Company, Shift
from dispatch.models.statuses import CANCELLATIONS


def recent_trips(company: Company, day: date) -> Counter[int]:
    """Trips of each driver over the days of the window before this one."""
    cancelled = [status.value for status in CANCELLATIONS]
    counted = (
        Assignment.objects.filter(
            company=company,
            booking__service_on__gte=_first_day(company, day),
            booking__service_on__lt=day,
        )
        .exclude(booking__status__in=cancelled)
        .order_by()
        .values_list("driver")
        .annotate(trips=Count("pk"))
    )
    return Counter(dict(counted))


def recent_duty_s(company: Company, day: date) -> Counter[int]:
    """Seconds on duty of each driver over the same days; of a shift that reaches beyond them, the part inside."""
    since, _next_day = company.day_bounds(_first_day(company, day))
    until, _next_day = company.day_bounds(day)
    earlier = Shift.objects.filter(company=company, period__overlap=(since, until))
    found: Counter[int] = Counter()
    for driver, period in earlier.planned().values_list("driver", "period"):
        inside = min(period.upper, until) - max(period.lower, since)
        found[driver] += int(inside.total_seconds())
    return found


def _first_day(company: Company, day: date) -> date:
    return day - timedelta(days=company.rules.fairness_window_days - 1)
