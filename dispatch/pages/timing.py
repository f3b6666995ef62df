"""How much room a journey's times leave, or how late they are: the badge beside each trip."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from dispatch.models import Assignment, Booking

TIGHT_MIN = 5


class Grade(StrEnum):
    LATE = "late"
    TIGHT = "tight"
    GOOD = "good"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """`slack_min`: whole minutes to the end of the promise, negative when it is broken."""

    slack_min: int
    is_appointment: bool = False
    is_recorded: bool = False

    @property
    def grade(self) -> Grade:
        if self.slack_min < 0:
            return Grade.LATE
        is_tight = self.slack_min < TIGHT_MIN and not self.is_recorded
        return Grade.TIGHT if is_tight else Grade.GOOD

    @property
    def text(self) -> str:
        if self.slack_min < 0 and self.is_appointment:
            return _("%(minutes)d min late for the appointment") % {"minutes": -self.slack_min}
        if self.slack_min < 0:
            return _("%(minutes)d min late") % {"minutes": -self.slack_min}
        if self.is_recorded:
            return _("on time")
        return _("%(minutes)d min of slack") % {"minutes": self.slack_min}


def timing_of(booking: Booking, ride: Assignment, now: datetime) -> Timing | None:
    """The promise that is nearest to being broken: recorded times first, then planned ones.

    A pickup that has not happened cannot happen before `now`. None for a booking without any promise.
    """
    found = [pickup for pickup in (_pickup(booking, ride, now),) if pickup]
    found += [arrival for arrival in (_arrival(booking, ride),) if arrival]
    return min(found, key=lambda timing: timing.slack_min, default=None)


def _pickup(booking: Booking, ride: Assignment, now: datetime) -> Timing | None:
    if booking.promised_to is None or booking.waits_at is not None:
        return None  # on the road: the first pickup is no answer, and of the second nothing was promised
    arrived = booking.arrived_pickup_at or booking.boarded_at
    if arrived is not None:
        return Timing(slack_min=_minutes(booking.promised_to - arrived), is_recorded=True)
    expected = ride.planned_pickup_at if ride.is_over else max(ride.planned_pickup_at, now)
    return Timing(slack_min=_minutes(booking.promised_to - expected))


def _arrival(booking: Booking, ride: Assignment) -> Timing | None:
    if booking.appointment_at is None:
        return None
    arrived = booking.arrived_dropoff_at or booking.alighted_at
    return Timing(
        slack_min=_minutes(booking.appointment_at - (arrived or ride.planned_dropoff_at)),
        is_appointment=True,
        is_recorded=arrived is not None,
    )


def _minutes(gap: timedelta) -> int:
    """Rounded down: one second late is one minute late."""
    return int(gap.total_seconds() // 60)
