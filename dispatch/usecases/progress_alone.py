"""Tells progress from other changes: a driver who sets off while a run thinks has changed nothing that it rests on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.enums import BookingStatus
from dispatch.models import Assignment, Booking, DispatchRun
from dispatch.models.statuses import UNDER_WAY
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.record_progress import MOMENTS
from dispatch.usecases.references import shift_ref, trip_ref

CONTENT = (
    "content"  # in `based_on` of a run: booking → what it and its ride said when they were read
)
GOES_ON = frozenset({BookingStatus.ASSIGNED, *UNDER_WAY, BookingStatus.COMPLETED})
_OF_PROGRESS = frozenset({
    "version", "status", "status_reason", *MOMENTS, "absent_at", "plan_changes", "late_plan_changes",
})  # fmt: skip
_OF_A_RIDE = (
    "shift_id", "driver_id", "vehicle_id", "planned_pickup_at", "planned_dropoff_at", "ride_group",
    "is_pinned",
)  # fmt: skip


def contents(bookings: Iterable[Booking]) -> dict[str, str]:
    """Booking's number as text → a fingerprint of it and of its ride without what progress writes; rides only."""
    rows = ((str(booking.pk), booking, assignment_of(booking)) for booking in bookings)
    return {pk: _fingerprint(booking, row) for pk, booking, row in rows if row is not None}


def only_moved_along(run: DispatchRun, bookings: Iterable[int]) -> frozenset[int]:
    """Of these, which have changed since the run read them, those that only went on, with the shift it has for them.

    Whether the plan still fits around them is judged by the day as it is. None for runs that kept no fingerprints.
    """
    read: dict[str, str] = run.based_on.get(CONTENT, {})
    rows = Booking.objects.filter(pk__in=bookings, status__in=[s.value for s in GOES_ON])
    found = list(rows.select_related("assignment"))
    same = {pk for pk, now in contents(found).items() if read.get(pk) == now}
    if not same:
        return frozenset()
    decided, shift_of = Problem.from_json(run.problem).trip_by_id, Plan.from_json(run.plan).shift_of
    return frozenset(
        row.booking_id
        for row in Assignment.objects.filter(booking_id__in=[int(pk) for pk in same])
        if trip_ref(row.booking_id) not in decided
        or shift_of.get(trip_ref(row.booking_id)) == shift_ref(row.shift_id)
    )


def _fingerprint(booking: Booking, row: Assignment) -> str:
    names = (field.attname for field in Booking._meta.concrete_fields)
    said = [(name, getattr(booking, name)) for name in names if name not in _OF_PROGRESS]
    said += [(name, getattr(row, name)) for name in _OF_A_RIDE]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
