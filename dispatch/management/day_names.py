"""What a person calls a journey, a shift or a vehicle of a day, and the number it has in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from django.core.management.base import CommandError

from dispatch.models import Booking, Company, Shift


class DayNames:
    """A number stands for itself; a name must be that of one part of the day. Raises CommandError."""

    def __init__(self, company: Company, day: date) -> None:
        rows = Shift.objects.on_day(company, day).planned().select_related("driver", "vehicle")
        shifts = list(rows)
        self.shifts = _named((str(row.driver), row.pk) for row in shifts)
        self.vehicles = _named(
            (name, row.vehicle_id)
            for row in shifts
            for name in (row.vehicle.name, row.vehicle.plate, str(row.vehicle))
        )
        bookings = Booking.objects.filter(company=company).on_day(day)
        self.bookings = _named(
            (reference, pk) for pk, reference in bookings.values_list("pk", "reference")
        )

    def shift(self, word: str) -> int:
        return _meant(word, self.shifts, "shift")

    def vehicle(self, word: str) -> int:
        return _meant(word, self.vehicles, "vehicle")

    def booking(self, word: str) -> int:
        return _meant(word, self.bookings, "journey")


def _named(pairs: Iterable[tuple[str, int]]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for name, pk in pairs:
        found.setdefault(name.casefold(), set()).add(pk)
    return found


def _meant(word: str, known: Mapping[str, set[int]], what: str) -> int:
    found = known.get(word.strip().casefold(), set())
    if len(found) == 1:
        return next(iter(found))
    if found:
        numbers = ", ".join(map(str, sorted(found)))
        raise CommandError(f"“{word}” is more than one {what} of this day: {numbers}.")
    if word.isascii() and word.isdigit():
        return int(word)
    raise CommandError(f"No {what} of this day is called “{word}”.")
