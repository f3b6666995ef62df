"""A company's days as the KPI dictionary sees them: recorded from the rows, predicted from a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

from dispatch.engine.kpi import Kpi, KpiValue, Missing
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.engine.quality import QualitySettings, QualityWeights, kpis
from dispatch.engine.records import Promise, TripRecord, predicted_day
from dispatch.enums import BookingStatus, Priority
from dispatch.models import Booking, Company
from dispatch.models.statuses import NOT_YET_THERE
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.recorded_day import recorded_day
from dispatch.usecases.references import row_id, trip_ref

BOOTSTRAP_SEED = "kpi"  # the same days give the same interval, whoever looks


def recorded_kpis(*, company: Company, days: Iterable[date]) -> tuple[KpiValue, ...]:
    """Every KPI of these local days, from what was recorded."""
    records = [recorded_day(company, day) for day in days]
    return kpis(records, rng=Random(BOOTSTRAP_SEED), settings=quality_settings(company))


def predicted_kpis(
    *,
    company: Company,
    day: date,
    problem: Problem,
    plan: Plan,
    unplannable: Iterable[str],
    fairness_price: int | None = None,
) -> tuple[KpiValue, ...]:
    """Every KPI of this day if it goes as planned; each value says that it is predicted.

    `unplannable`: trips that had to stay outside the problem; they were asked for and count as unmet.
    `fairness_price`: the least that the plan pays for fairness, when it is known.
    """
    promises = _promises(company, day, problem)
    record = predicted_day(problem, plan, day=day.isoformat(), promises=promises)
    unmet = (
        TripRecord(trip=trip, status=BookingStatus.UNMET, is_assigned=False) for trip in unplannable
    )
    trips = (*record.trips, *unmet)
    record = replace(record, trips=trips, fairness_price=fairness_price)
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
        "missing": value.missing.value,
        "term": None if value.term is None else value.term.value,
    }


def kpi_from_json(data: Mapping[str, Any]) -> KpiValue:
    """The value that kpi_json() wrote; older runs do not say what a number lacks."""
    interval, term = data["interval"], data.get("term")
    read = {
        "key": Kpi(data["key"]),
        "interval": None if interval is None else tuple(interval),
        "missing": Missing(data.get("missing", Missing.TIMESTAMPS)),
        "term": None if term is None else Kpi(term),
    }
    return KpiValue(**{**data, **read})


def _promises(company: Company, day: date, problem: Problem) -> dict[str, Promise]:
    clock = DayClock.of(company, day)
    rows = Booking.objects.filter(company=company, pk__in=[row_id(t.id) for t in problem.trips])
    rows = rows.select_related("assignment")
    return {trip_ref(row.pk): _promise(row, clock, company) for row in rows}


def _promise(row: Booking, clock: DayClock, company: Company) -> Promise:
    window, held = None, assignment_of(row)
    if row.promised_from is not None and row.promised_to is not None:
        window = (clock.second(row.promised_from), clock.second(row.promised_to))
    return Promise(
        window=window,
        appointment_s=clock.second_if(row.appointment_at),
        appointment_early_s=company.rules.appointment_early_max(Priority(row.priority)) * 60,
        ready_s=clock.second_if(row.ready_at),
        requested_s=clock.second_if(row.requested_at),
        is_on_call=row.is_will_call,
        changes=row.plan_changes,
        noted_pickup_s=(
            None
            if held is None or row.status not in NOT_YET_THERE
            else clock.second(held.noted_pickup_at or held.planned_pickup_at)
        ),
    )
