"""Days of KPI tests, made so that a person can compute what comes out."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from dispatch.engine.fairness import DriverLoad, Fairness
from dispatch.engine.kpi import Kpi, KpiValue
from dispatch.engine.quality import kpis
from dispatch.engine.records import DayRecord, TripRecord
from dispatch.enums import BookingStatus

DONE, NO_SHOW, MISSED = BookingStatus.COMPLETED, BookingStatus.NO_SHOW, BookingStatus.MISSED
MIN = 60


def record(status: BookingStatus = DONE, **rest) -> TripRecord:
    usual: dict[str, Any] = {"trip": "t", "status": status, "is_assigned": True}
    return TripRecord(**usual | rest)


def came(offset_min: float | None, status: BookingStatus = DONE) -> TripRecord:
    """Promised 10:00 with the usual window of −5/+15 min; the vehicle came this many minutes after 10:00."""
    promised = 36_000
    arrived = None if offset_min is None else promised + round(offset_min * MIN)
    waited = arrived is not None and status is NO_SHOW
    return record(
        status,
        promised_from_s=promised - 5 * MIN,
        promised_to_s=promised + 15 * MIN,
        arrived_pickup_s=arrived,
        absent_s=promised + 60 * MIN if waited else None,
    )


def day(*trips: TripRecord, name: str = "2026-03-02", **rest) -> DayRecord:
    return DayRecord(day=name, trips=trips, **rest)


def measured(*days: DayRecord, seed: int = 1, **rest) -> dict[Kpi, KpiValue]:
    """All rows that are not split by complexity."""
    rows = kpis(days, rng=Random(seed), **rest)
    return {row.key: row for row in rows if not row.group}


def counts(value: KpiValue) -> tuple[float, float, int]:
    return value.numerator, value.denominator, value.excluded


def called(wait_min: float | None, status: BookingStatus = DONE, **rest) -> TripRecord:
    boarded = None if wait_min is None else round(36_000 + wait_min * MIN)
    return record(status, **{"is_on_call": True, "ready_s": 36_000, "boarded_s": boarded} | rest)


def gaps(gap: float, trips: int = 10, untold: int = 0, untimed: int = 0) -> Fairness:
    load = DriverLoad(
        driver="d",
        on_duty_s=1,
        recent_duty_s=0,
        recent_trips=0,
        trips=trips,
        driving_s=0,
        heavy_trips=0,
        untold_trips=untold,
        untimed_trips=untimed,
        normalised=0,
    )
    idle = replace(load, driver="e", trips=0, untold_trips=0, untimed_trips=0)
    return Fairness(loads=(load, idle), gap=gap, driving_gap_s=1_800, heavy_gap=2, gini=0.1)
