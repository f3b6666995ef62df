"""Finds a driver for one booking at once: the cheapest place in the plan in force, nothing else re-planned."""

from __future__ import annotations

from datetime import datetime

from dispatch.engine.best_fits import best_fits
from dispatch.engine.change import Refused
from dispatch.engine.explain import unassigned_reason
from dispatch.engine.insertion import Openings
from dispatch.models import Assignment, User
from dispatch.usecases.assign_booking import cannot, place
from dispatch.usecases.open_day import NobodyFitsError, NotFeasibleError, OpenDay, open_day


def dispatch_now(
    *, booking_id: int, by: User | None, now: datetime, expected_version: int | None
) -> Assignment:
    """The booking's new assignment. Raises NobodyFitsError with the true reason when no shift can take it."""
    day = open_day(booking_id=booking_id, now=now, expected_version=expected_version)
    found = best_fits(day.problem, day.plan, day.trip_id, n=1, told=day.told)
    if not found.fits:
        raise _nobody(day, found.asked)
    return place(day, found.fits[0].impact, by=by, pin=False)


def _nobody(day: OpenDay, asked: Openings | Refused) -> NotFeasibleError:
    if isinstance(asked, Openings):
        item = unassigned_reason(day.problem, asked.plan, day.trip_id)
        return NobodyFitsError(item, day.clock)
    return cannot(day, asked)
