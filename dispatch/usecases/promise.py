"""What a patient may be promised: the window around a pickup, and the pickup that makes an appointment.

A promise that follows from an appointment follows it when it moves: `follow_appointment`, for every way in.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol, Self

from django.conf import settings as django_settings
from django.utils.translation import gettext as _

from dispatch import roads
from dispatch.engine.travel import Point
from dispatch.models import Booking, Company, Patient, Place
from dispatch.usecases.day_clock import DayClock, local_day
from dispatch.usecases.keep_row import InvalidRowError

ROUND_TO = timedelta(minutes=5)  # nobody is promised 08:37


class Window(NamedTuple):
    begins_at: datetime
    ends_at: datetime


class _WithTimes(Protocol):
    """A booking, or what somebody says of it."""

    @property
    def requested_at(self) -> datetime | None: ...
    @property
    def promised_from(self) -> datetime | None: ...
    @property
    def promised_to(self) -> datetime | None: ...
    @property
    def appointment_at(self) -> datetime | None: ...


class Agreed(NamedTuple):
    """The times of a booking as they were before a change."""

    requested_at: datetime | None
    promised_from: datetime | None
    promised_to: datetime | None
    appointment_at: datetime | None

    @classmethod
    def of(cls, row: _WithTimes) -> Self:
        return cls(row.requested_at, row.promised_from, row.promised_to, row.appointment_at)

    @property
    def window(self) -> Window | None:
        if self.promised_from is None or self.promised_to is None:
            return None
        return Window(self.promised_from, self.promised_to)


def follow_appointment(booking: Booking, was: Agreed) -> None:
    """Promise anew where a promised journey's appointment moved and nobody gave another window.

    As for a new booking: around the pickup asked for along with the new appointment, else around the one that
    makes it. An appointment that appears or goes leaves the promise: it had been made without it. Raises
    InvalidRowError. May ask the road server.
    """
    is_moved = None not in (booking.appointment_at, was.appointment_at) and (
        booking.appointment_at != was.appointment_at
    )
    is_given = (booking.promised_from, booking.promised_to) != was[1:3]
    if not is_moved or is_given or was.window is None or booking.is_will_call:
        return
    if booking.requested_at == was.requested_at:
        booking.requested_at = None
    booking.promised_from = booking.promised_to = None
    booking.service_on = local_day(booking.company, complete_promise(booking).begins_at)


def complete_promise(booking: Booking) -> Window:
    """What is promised, where nothing was: from the requested pickup, and that from the appointment.

    Raises InvalidRowError. May ask the road server.
    """
    if booking.promised_from is not None and booking.promised_to is not None:
        window = Window(booking.promised_from, booking.promised_to)
        booking.requested_at = booking.requested_at or window.begins_at
        return window
    if booking.requested_at is None:
        booking.requested_at = _pickup_for(booking)
    window = window_around(booking.company, booking.requested_at)
    booking.promised_from, booking.promised_to = window
    return window


def _pickup_for(booking: Booking) -> datetime:
    if booking.appointment_at is None:
        raise InvalidRowError(
            {"requested_at": [_("Say when to come, or when the appointment is.")]}
        )
    found = pickup_for(
        company=booking.company,
        patient=booking.patient,
        pickup=booking.pickup,
        dropoff=booking.dropoff,
        appointment_at=booking.appointment_at,
    )
    if found is None:
        raise InvalidRowError(
            {"requested_at": [_("The position of a place is unknown: say when to come.")]}
        )
    return found


def window_around(company: Company, pickup_at: datetime) -> Window:
    """The company's usual window around the pickup a patient asked for."""
    rules = company.rules
    return Window(
        pickup_at - timedelta(minutes=rules.pickup_window_before_min),
        pickup_at + timedelta(minutes=rules.pickup_window_after_min),
    )


def pickup_for(
    *, company: Company, patient: Patient, pickup: Place, dropoff: Place, appointment_at: datetime
) -> datetime | None:
    """The latest round pickup whose whole window still makes the appointment, boarding and margin included.

    None when one of the places has no position: then only a person can say when to come.
    """
    driving = driving_s(company, pickup, dropoff, appointment_at)
    if driving is None:
        return None
    rules = company.rules
    spare_min = rules.pickup_window_after_min + patient.boarding_min + rules.transition_margin_min
    latest = appointment_at - timedelta(minutes=spare_min, seconds=driving)
    return latest - (latest - datetime.min.replace(tzinfo=UTC)) % ROUND_TO


def driving_s(company: Company, start: Place, end: Place, around: datetime) -> int | None:
    """Seconds on the direct way at that hour; None when one of the places has no position."""
    if start.position is None or end.position is None:
        return None
    clock = DayClock.of(company, local_day(company, around))
    ends = tuple(Point(lat=lat, lon=lon) for lat, lon in (start.position, end.position))
    rules = company.rules
    times = roads.travel_times(
        ends,
        traffic_permille=clock.traffic_permille(),
        detour_factor=rules.detour_factor,
        speed_kmh=rules.speed_kmh,
        osrm_url=django_settings.OSRM_URL,
    ).times
    hour_before_s = clock.second(around) - 3600
    return times.seconds[0][1] * times.traffic_at(hour_before_s) // 1000
