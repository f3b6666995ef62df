"""A driver's load: trips of the window over the duty of the window, today's past part included in both."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from django.db import connection

from dispatch.engine.problem import Shift as EngineShift
from dispatch.enums import BookingStatus
from dispatch.models import Company, Shift
from dispatch.usecases.build_problem import build_problem
from tests.factories import (
    DAY,
    at,
    bring,
    make_assignment,
    make_booking,
    make_driver,
    make_shift,
)

pytestmark = pytest.mark.django_db

HOUR = 3600
EVE = DAY - timedelta(days=1)


def done(shift: Shift, hour: int) -> None:
    booking = make_booking(shift.company, pickup_at=at(hour))
    make_assignment(booking, shift, is_over=True)
    bring(
        booking,
        BookingStatus.COMPLETED,
        arrived_pickup_at=at(hour),
        boarded_at=at(hour, 5),
        arrived_dropoff_at=at(hour, 20),
        alighted_at=at(hour, 25),
    )


def shifts_at(company: Company, now: datetime) -> dict[str, EngineShift]:
    return build_problem(company=company, day=DAY, now=now).problem.shift_by_id


def loads(company: Company, now: datetime) -> dict[str, tuple[int, float]]:
    found = shifts_at(company, now).values()
    return {shift.id: (shift.recent_trips, shift.recent_duty_s / HOUR) for shift in found}


def test_before_the_day_begins_only_earlier_days_count(company: Company) -> None:
    shift = make_shift(company)
    make_shift(
        company,
        driver=shift.driver,
        vehicle=shift.vehicle,
        start=at(8, day=EVE),
        end=at(12, day=EVE),
    )
    assert loads(company, at(20, day=EVE)) == {f"s{shift.pk}": (0, 4)}


def test_trips_done_and_duty_done_go_together(company: Company) -> None:
    """On duty since 07:00; at ten two trips are done: two trips in three hours, nine hours to come."""
    shift = make_shift(company)
    done(shift, 8)
    done(shift, 9)
    assert loads(company, at(10)) == {f"s{shift.pk}": (2, 3)}
    (found,) = shifts_at(company, at(10)).values()
    assert found.end_s - found.start_s + found.recent_duty_s == 12 * HOUR


def test_both_shifts_of_a_driver_carry_the_driver_s_whole_load(company: Company) -> None:
    """07–11 with two trips done, 13–19 to come: at noon that is two trips in four hours."""
    driver = make_driver(company)
    morning = make_shift(company, driver=driver, end=at(11))
    evening = make_shift(company, driver=driver, start=at(13))
    done(morning, 8)
    done(morning, 9)
    make_booking(company, pickup_at=at(15))
    assert loads(company, at(12))[f"s{evening.pk}"] == (2, 4)


def test_a_night_shift_counts_until_now_and_the_rest_once(company: Company) -> None:
    """22–06: at 02:00 four hours are over and four are planned; eight in all, not twelve."""
    night = make_shift(company, start=at(22, day=EVE), end=at(6))
    make_booking(company, pickup_at=at(4))
    (found,) = shifts_at(company, at(2)).values()
    assert found.id == f"s{night.pk}"
    assert (found.recent_duty_s, found.end_s - found.start_s) == (4 * HOUR, 4 * HOUR)
    (evening_before,) = shifts_at(company, at(20, day=EVE)).values()
    assert evening_before.recent_duty_s == 2 * HOUR  # yesterday's part of it


def test_a_window_of_one_day_begins_at_midnight(company: Company) -> None:
    company.settings = {"fairness_window_days": 1}
    company.save()
    make_shift(company, start=at(22, day=EVE), end=at(6))
    make_booking(company, pickup_at=at(4))
    (found,) = shifts_at(company, at(2)).values()
    assert found.recent_duty_s == 2 * HOUR


@pytest.mark.parametrize("window_days", [1, 2, 7])
@pytest.mark.parametrize("seed", [1, 2])
def test_duty_is_what_lies_in_the_window_and_is_over(
    company: Company, window_days: int, seed: int
) -> None:
    """Counted minute by minute, whenever a shift began: before the window, before midnight or today."""
    rng = Random(seed)
    company.settings = {"fairness_window_days": window_days}
    company.save()
    since, now = at(0, day=DAY - timedelta(days=window_days - 1)), at(9)
    on_duty: dict[str, set[int]] = {}
    for _driver in range(6):
        driver = make_driver(company)
        for day in range(-8, 1, 2):
            start = at(0, day=DAY + timedelta(days=day)) + timedelta(minutes=rng.randrange(1440))
            end = start + timedelta(minutes=rng.randrange(60, 1441))
            make_shift(company, driver=driver, start=start, end=end)
            minutes = range(_minute(start), _minute(end))
            on_duty.setdefault(f"d{driver.pk}", set()).update(minutes)
    whole = range(_minute(since), _minute(now))
    for found in shifts_at(company, now).values():
        begun = _minute(at(0)) + found.start_s // 60
        over = [m for m in on_duty[found.driver] if m in whole and m < begun]
        assert found.recent_duty_s == len(over) * 60


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def test_a_shift_longer_than_the_window_is_no_negative_duty(company: Company) -> None:
    """Ten days in one row, as older versions let them be: its last day is planned like any other."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE dispatch_shift DROP CONSTRAINT shift_within_a_day")
    make_shift(company, start=at(8, day=DAY - timedelta(days=10)), end=at(12))
    (found,) = shifts_at(company, at(2)).values()
    assert found.recent_duty_s == (6 * 24 + 2) * HOUR
