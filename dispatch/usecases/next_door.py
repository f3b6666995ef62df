"""What the days before and after already use of a shift that passes midnight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from dispatch.models import Assignment, Place, Shift
from dispatch.models.among import among


@dataclass(frozen=True, slots=True, kw_only=True)
class NextDoor:
    """The part of a shift that belongs to its other day: busy `until` then, left `at` that place; busy
    again `since`, starting from `to`; with this many of its trips."""

    until: datetime | None = None
    at: Place | None = None
    since: datetime | None = None
    to: Place | None = None
    trips: int = 0

    def joined_by(self, row: Assignment, day: date) -> NextDoor:
        trips = self.trips + 1
        if row.booking.service_on < day:
            if self.until is not None and self.until >= row.period.upper:
                return replace(self, trips=trips)
            return replace(self, until=row.period.upper, at=row.booking.dropoff, trips=trips)
        if self.since is not None and self.since <= row.period.lower:
            return replace(self, trips=trips)
        return replace(self, since=row.period.lower, to=row.booking.pickup, trips=trips)


ALONE = NextDoor()


def next_door(shifts: Iterable[Shift], day: date) -> dict[int, NextDoor]:
    """shift → its other day's part; shifts that have none are not named."""
    rows = Assignment.objects.filter(among("shift", (shift.pk for shift in shifts)))
    others = list(rows.exclude(booking__service_on=day).order_by().values_list("pk", flat=True))
    found: dict[int, NextDoor] = {}
    if not others:  # as on most days: their places need not be asked for
        return found
    whole = Assignment.objects.filter(pk__in=others).order_by("period")
    for row in whole.select_related("booking__pickup__parent", "booking__dropoff__parent"):
        found[row.shift_id] = found.get(row.shift_id, ALONE).joined_by(row, day)
    return found
