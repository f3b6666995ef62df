"""Another promised time for a journey that keeps its day: judged before it is shown, written with the ride that keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from django.db.models import F
from django.utils.translation import gettext as _

from dispatch.engine.problem import Problem, Trip
from dispatch.models import Booking
from dispatch.usecases.day_clock import DayClock, local_day
from dispatch.usecases.day_trips import dropoff_stop, pickup_stop, promise_of
from dispatch.usecases.fit_windows import fitted
from dispatch.usecases.judge_booking import refuse_the_senseless, refuse_two_vehicles
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.promise import Window
from dispatch.usecases.references import trip_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseAt:
    """Another promised window on the same day; the driver stays. `requested_at`: None leaves what was asked for."""

    window: Window
    requested_at: datetime | None = None

    @classmethod
    def of(cls, booking: Booking) -> Self:
        """What it is promised now."""
        return cls(window=Window(*promise_of(booking)), requested_at=booking.requested_at)

    def as_if(self, booking: Booking) -> Booking:
        """The row as it would be; the one given stays as it is."""
        row = copy(booking)
        row.promised_from, row.promised_to = self.window
        row.requested_at = self.requested_at or booking.requested_at
        return row


def judge_promise(booking: Booking, wanted: PromiseAt, now: datetime) -> None:
    """Raises InvalidRowError for a promise nobody could mean, one of another day, or one that has passed."""
    row = wanted.as_if(booking)
    if local_day(row.company, wanted.window.begins_at) != booking.service_on:
        raise InvalidRowError(
            {"promised_from": [_("This is another day: change the booking itself.")]}
        )
    refuse_the_senseless(row)
    if wanted.window.ends_at < now:
        raise InvalidRowError({"promised_to": [_("This lies in the past.")]})
    refuse_two_vehicles(row)


def trip_promised(problem: Problem, row: Booking, *, clock: DayClock, now: datetime) -> Trip:
    """The trip of `problem` with the windows of this row: those the day would be read with."""
    trip, now_s = problem.trip_by_id[trip_ref(row.pk)], clock.second(now)
    pickup = pickup_stop(row, trip.pickup.location, clock=clock, now_s=now_s)
    rules = clock.company.rules
    dropoff = dropoff_stop(row, trip.dropoff.location, clock=clock, now_s=now_s, rules=rules)
    return fitted(problem, replace(trip, pickup=pickup, dropoff=dropoff), now_s=now_s)


def write_promises(promises: Mapping[int, PromiseAt], now: datetime) -> None:
    """On bookings that the caller has locked. Raises InvalidRowError."""
    rows = Booking.objects.select_related("company", "outbound").filter(pk__in=promises)
    for row in rows:
        judge_promise(row, promises[row.pk], now)
        as_if = promises[row.pk].as_if(row)
        Booking.objects.filter(pk=row.pk).update(
            promised_from=as_if.promised_from,
            promised_to=as_if.promised_to,
            requested_at=as_if.requested_at,
            version=F("version") + 1,
        )
