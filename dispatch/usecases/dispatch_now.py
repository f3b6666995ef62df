"""Finds a driver for one booking at once: the cheapest place in the plan in force, nothing else re-planned."""

from __future__ import annotations

from datetime import datetime

from dispatch.engine.explain import unassigned_reason
from dispatch.engine.insertion import best_insertions
from dispatch.models import Assignment, User
from dispatch.usecases.assign_booking import NobodyFitsError, open_day, place


def dispatch_now(
    *, booking_id: int, by: User | None, now: datetime, expected_version: int | None
) -> Assignment:
    """The booking's new assignment. Raises NobodyFitsError with the true reason when no shift can take it."""
    day = open_day(booking_id=booking_id, now=now, expected_version=expected_version)
    best = best_insertions(day.problem, day.plan, day.trip_id, limit=1)
    if not best:
        raise NobodyFitsError(unassigned_reason(day.problem, day.plan, day.trip_id), day.clock)
    return place(day, best[0], by=by, pin=False)
