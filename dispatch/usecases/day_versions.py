"""The versions of a day's bookings and shifts: what people changed there; other rows have none."""

from __future__ import annotations

from datetime import date

from dispatch.models import Booking, Company, Shift
from dispatch.models.statuses import OPEN, UNDER_WAY

Versions = dict[str, dict[str, int]]


def day_versions(company: Company, day: date) -> Versions:
    """Kind of row → its number (as JSON has it: text) → version; of journeys promised and shifts on duty."""
    alive = [status.value for status in OPEN | UNDER_WAY]
    bookings = Booking.objects.filter(
        company=company, promised_from__isnull=False, status__in=alive
    ).on_day(day)
    shifts = Shift.objects.on_day(company, day).planned()
    return {
        "bookings": {str(pk): version for pk, version in bookings.values_list("pk", "version")},
        "shifts": {str(pk): version for pk, version in shifts.values_list("pk", "version")},
    }
