"""What each driver has carried and been on duty for before the part of the day that is still to be planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from dispatch.engine import problem as engine
from dispatch.models import Shift
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.fairness_window import recent_duty_s, recent_trips
from dispatch.usecases.references import row_id


def with_loads(
    shifts: Iterable[engine.Shift],
    *,
    rows: Iterable[Shift],
    trips_done: Mapping[int, int],
    clock: DayClock,
    day: date,
    now_s: int,
) -> list[engine.Shift]:
    """The shifts with the trips and the duty of the window so far: its earlier days and today until now.

    `rows`: the day's shifts, `trips_done`: shift → its trips that are over. All shifts of a driver carry the
    same figures, those of shifts that are over or left out included.
    """
    planned = {row_id(shift.id): shift for shift in shifts}
    trips, duty = recent_trips(clock.company, day), recent_duty_s(clock.company, day)
    for row in rows:
        done = trips_done.get(row.pk, 0)
        trips[row.driver_id] += done
        if row.pk in planned or done:
            until_s = min(planned[row.pk].start_s, now_s) if row.pk in planned else now_s
            duty[row.driver_id] += _elapsed_s(row, clock, until_s)
    return [
        replace(
            shift,
            recent_trips=trips[row_id(shift.driver)],
            recent_duty_s=duty[row_id(shift.driver)],
        )
        for shift in planned.values()
    ]


def _elapsed_s(row: Shift, clock: DayClock, until_s: int) -> int:
    """Duty of this day up to then; what a shift did before midnight counts among the earlier days."""
    start_s, end_s = max(0, clock.second(row.starts_at)), clock.second(row.ends_at)
    return max(0, min(until_s, end_s) - start_s)
