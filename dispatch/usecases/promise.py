"""What a patient may be promised: the window around a pickup, and the pickup that makes an appointment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.conf import settings as django_settings

from dispatch import roads
from dispatch.engine.travel import Point
from dispatch.models import Company, Patient, Place
from dispatch.usecases.day_clock import DayClock, local_day

ROUND_TO = timedelta(minutes=5)  # nobody is promised 08:37


class Window(NamedTuple):
    begins_at: datetime
    ends_at: datetime


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
