"""Counts what plans and people do to a promised trip: another driver, another time, no driver any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import F

from dispatch.engine.stability import is_late
from dispatch.models import Assignment, Booking


def count_changes(planned: Mapping[int, datetime], now: datetime) -> None:
    """One change more for each of these bookings; `planned`: the pickup that had been planned, by booking."""
    late = [pk for pk, at in planned.items() if is_late((at - now).total_seconds())]
    Booking.objects.filter(pk__in=planned).update(plan_changes=F("plan_changes") + 1)
    Booking.objects.filter(pk__in=late).update(late_plan_changes=F("late_plan_changes") + 1)


def lose_driver(bookings: Iterable[int], now: datetime) -> None:
    """Takes these bookings out of the plan in force. Each loss is one change; the next driver is none."""
    rides = Assignment.objects.filter(booking_id__in=list(bookings))
    count_changes(dict(rides.order_by().values_list("booking_id", "planned_pickup_at")), now)
    rides.delete()
