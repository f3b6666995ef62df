"""Says whose shifts are silent: a planned pickup is long past, and nobody has recorded anything of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.enums import BookingStatus
from dispatch.models import Booking, Company
from dispatch.notes import Note, NoteKey
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.record_progress import MOMENTS
from dispatch.usecases.references import shift_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """`due_at`: the first planned pickup that nobody recorded. `since`: the last thing recorded of the shift, if any."""

    due_at: datetime
    since: datetime | None


def silent_shifts(
    company: Company, bookings: Iterable[Booking], *, now: datetime
) -> dict[int, Silence]:
    """Shift → its silence. `bookings`: of one day, with their rows in the plan in force and their handovers."""
    latest = now - timedelta(minutes=company.rules.silent_after_min)
    due: dict[int, datetime] = {}
    heard: dict[int, datetime] = {}
    for booking in bookings:
        row = assignment_of(booking)
        if row is None:
            continue
        if row.planned_pickup_at <= latest and _waits(booking):
            first = due.get(row.shift_id, row.planned_pickup_at)
            due[row.shift_id] = min(first, row.planned_pickup_at)
        for moment in _recorded(booking):
            heard[row.shift_id] = max(moment, heard.get(row.shift_id, moment))
    return {pk: Silence(due_at=at, since=heard.get(pk)) for pk, at in due.items()}


def silence_notes(found: dict[int, Silence], clock: DayClock) -> Iterator[Note]:
    for shift, silence in sorted(found.items()):
        due = clock.shown(clock.second(silence.due_at))
        if silence.since is None:
            yield Note.of(NoteKey.SHIFT_UNHEARD, shift=shift_ref(shift), due=due)
        else:
            since = clock.shown(clock.second(silence.since))
            yield Note.of(NoteKey.SHIFT_SILENT, shift=shift_ref(shift), due=due, since=since)


def _waits(booking: Booking) -> bool:
    """For a vehicle of which nothing is recorded; on the road as well as at home."""
    return booking.status == BookingStatus.ASSIGNED or booking.waits_at is not None


def _recorded(booking: Booking) -> Iterator[datetime]:
    """Of the vehicle that has the journey now."""
    moments = () if booking.waits_at is not None else (*MOMENTS, "absent_at")
    for name in moments:
        moment: datetime | None = getattr(booking, name)
        if moment is not None:
            yield moment
