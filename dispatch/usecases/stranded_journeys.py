"""Names the coming journeys that a driver or a vehicle can no longer drive, day by day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch
from django.utils.formats import date_format
from django.utils.translation import ngettext

from dispatch.enums import BookingStatus
from dispatch.models import Assignment, Driver, Shift, Vehicle
from dispatch.usecases.shift_faults import FAULT_WORDS, Fault, journey_fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranded:
    """The journeys of one day that one fault stands in the way of, and a sentence that says so."""

    day: date
    references: tuple[str, ...]
    sentence: str


def stranded_journeys(of: Driver | Vehicle, *, now: datetime) -> tuple[Stranded, ...]:
    """By day. What is under way is in the driver's hands; what is over is history."""
    found: dict[tuple[date, Fault], list[str]] = {}
    for ride in _coming(of, now):
        day = ride.booking.service_on
        fault = journey_fault(ride, ride.shift, day)
        if fault is not None:
            found.setdefault((day, fault), []).append(ride.booking.reference)
    return tuple(
        Stranded(
            day=day,
            references=tuple(references),
            sentence=_sentence(of, day, fault, references),
        )
        for (day, fault), references in found.items()
    )


def _coming(of: Driver | Vehicle, now: datetime) -> Iterable[Assignment]:
    whose = {"driver": of.pk} if isinstance(of, Driver) else {"vehicle": of.pk}
    shifts = Prefetch("shift", Shift.objects.with_plan_relations())
    rows = Assignment.objects.filter(
        **whose, period__endswith__gt=now, booking__status=BookingStatus.ASSIGNED.value
    )
    return rows.select_related("booking__patient").prefetch_related(shifts).order_by("period", "pk")


def _sentence(of: Driver | Vehicle, day: date, fault: Fault, references: list[str]) -> str:
    said = ngettext(
        "%(count)d journey on %(day)s is planned with %(who)s (%(why)s): plan the day again or give it to "
        "somebody else: %(journeys)s.",
        "%(count)d journeys on %(day)s are planned with %(who)s (%(why)s): plan the day again or give them to "
        "somebody else: %(journeys)s.",
        len(references),
    )
    return said % {
        "count": len(references),
        "day": date_format(day),
        "who": str(of) if isinstance(of, Driver) else of.name,
        "why": FAULT_WORDS[fault],
        "journeys": ", ".join(references),
    }
