"""A company's days as the KPI dictionary sees them: recorded from the rows, predicted from a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from random import Random
from typing import Any

from dispatch.engine.kpi import Kpi, KpiValue
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.engine.quality import QualitySettings, QualityWeights, kpis
from dispatch.engine.records import DayRecord, Promise, TripRecord, predicted_day
from dispatch.enums import BookingStatus, Priority
from dispatch.models import Booking, Company
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.references import row_id, trip_ref

BOOTSTRAP_SEED = "kpi"  # the same days give the same interval, whoever looks


def recorded_kpis(*, company: Company, days: Iterable[date]) -> tuple[KpiValue, ...]:
    """Every KPI of these local days, from what was recorded."""
    records = [_recorded_day(company, day) for day in days]
    return kpis(records, rng=Random(BOOTSTRAP_SEED), settings=quality_settings(company))


def predicted_kpis(
    *, company: Company, day: date, problem: Problem, plan: Plan, unplannable: Iterable[str]
) -> tuple[KpiValue, ...]:
    """Every KPI of this day if it goes as planned; each value says that it is predicted.

    `unplannable`: trips that had to stay outside the problem; they were asked for and count as unmet.
    """
    promises = _promises(company, day, problem)
    record = predicted_day(problem, plan, day=day.isoformat(), promises=promises)
    unmet = (
        TripRecord(trip=trip, status=BookingStatus.UNMET, is_assigned=False) for trip in unplannable
    )
    record = replace(record, trips=(*record.trips, *unmet))
    return kpis([record], rng=Random(BOOTSTRAP_SEED), settings=quality_settings(company))


def quality_settings(company: Company) -> QualitySettings:
    rules = company.rules
    return QualitySettings(
        return_wait_s=rules.return_wait_target_min * 60,
        weights=QualityWeights(**rules.quality_weights.model_dump()),
    )


def kpi_json(value: KpiValue) -> dict[str, Any]:
    """One KPI as plain data: value, parts, n, interval and whether it may be shown."""
    return {
        "key": value.key.value,
        "group": value.group,
        "value": value.value,
        "numerator": value.numerator,
        "denominator": value.denominator,
        "counted": value.counted,
        "excluded": value.excluded,
        "coverage": value.coverage,
        "interval": None if value.interval is None else list(value.interval),
        "is_predicted": value.is_predicted,
    }


def kpi_from_json(data: Mapping[str, Any]) -> KpiValue:
    """The value that kpi_json() wrote."""
    interval = data["interval"]
    fields = {**data, "key": Kpi(data["key"])}
    return KpiValue(**fields | {"interval": None if interval is None else tuple(interval)})


def _recorded_day(company: Company, day: date) -> DayRecord:
    clock = DayClock.of(company, day)
    rows = Booking.objects.filter(company=company).on_day(day).with_plan_relations().order_by("pk")
    trips = tuple(_record(row, clock, company) for row in rows if row.status != BookingStatus.DRAFT)
    return DayRecord(day=day.isoformat(), trips=trips)


def _record(row: Booking, clock: DayClock, company: Company) -> TripRecord:
    held = assignment_of(row)
    limit_min = row.patient.max_ride_min or company.rules.default_max_ride_min
    return TripRecord(
        trip=trip_ref(row.pk),
        status=BookingStatus(row.status),
        is_assigned=held is not None,
        is_on_call=row.is_will_call,
        requested_s=_second(clock, row.requested_at),
        promised_from_s=_second(clock, row.promised_from),
        promised_to_s=_second(clock, row.promised_to),
        planned_s=None if held is None else _second(clock, held.planned_pickup_at),
        ready_s=_second(clock, row.ready_at),
        arrived_pickup_s=_second(clock, row.arrived_pickup_at),
        boarded_s=_second(clock, row.boarded_at),
        arrived_dropoff_s=_second(clock, row.arrived_dropoff_at),
        alighted_s=_second(clock, row.alighted_at),
        appointment_s=_second(clock, row.appointment_at),
        appointment_early_s=company.rules.appointment_early_max(Priority(row.priority)) * 60,
        max_ride_s=(limit_min + row.patient.alighting_min) * 60,
    )


def _promises(company: Company, day: date, problem: Problem) -> dict[str, Promise]:
    clock = DayClock.of(company, day)
    rows = Booking.objects.filter(company=company, pk__in=[row_id(t.id) for t in problem.trips])
    return {trip_ref(row.pk): _promise(row, clock, company) for row in rows}


def _promise(row: Booking, clock: DayClock, company: Company) -> Promise:
    window = None
    if row.promised_from is not None and row.promised_to is not None:
        window = (clock.second(row.promised_from), clock.second(row.promised_to))
    return Promise(
        window=window,
        appointment_s=_second(clock, row.appointment_at),
        appointment_early_s=company.rules.appointment_early_max(Priority(row.priority)) * 60,
        ready_s=_second(clock, row.ready_at),
        requested_s=_second(clock, row.requested_at),
        is_on_call=row.is_will_call,
    )


def _second(clock: DayClock, moment: datetime | None) -> int | None:
    return None if moment is None else clock.second(moment)
