"""Finds a driver for one booking at once: the cheapest place in the plan in force, nothing else re-planned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from dispatch.engine.best_fits import best_fits
from dispatch.engine.change import Refused
from dispatch.engine.explain import unassigned_reason
from dispatch.engine.insertion import Openings
from dispatch.models import Assignment, User
from dispatch.usecases.assign_booking import cannot, place
from dispatch.usecases.open_day import NobodyFitsError, NotFeasibleError, OpenDay, open_day
from dispatch.usecases.untimed_tours import untimed_tours


def dispatch_now(
    *, booking_id: int, by: User | None, now: datetime, expected_version: int | None
) -> Assignment:
    """The booking's new assignment. Raises NobodyFitsError with the true reason when no shift can take it."""
    day = open_day(booking_id=booking_id, now=now, expected_version=expected_version)
    untimed = untimed_tours(day)
    found = best_fits(day.problem, day.plan, day.trip_id, n=1, told=day.told, barred=untimed)
    if not found.fits:
        raise _nobody(day, found.asked, untimed)
    return place(day, found.fits[0].impact, by=by, pin=False)


def _nobody(
    day: OpenDay, asked: Openings | Refused, untimed: Mapping[str, NotFeasibleError]
) -> NotFeasibleError:
    if isinstance(asked, Refused):
        return cannot(day, asked)
    open_to_it = (shift for shift in untimed if asked.ask(day.trip_id, shift) is not None)
    shift = next(open_to_it, None)
    if shift is not None:
        return untimed[shift]
    return NobodyFitsError(unassigned_reason(day.problem, asked.plan, day.trip_id), day.clock)
