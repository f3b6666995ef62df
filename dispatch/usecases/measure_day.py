"""A company's days as the KPI dictionary sees them: recorded and expected from the rows, predicted from a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from random import Random
from types import MappingProxyType
from typing import Any

from dispatch.engine.fairness import Fairness, compared, planned_work
from dispatch.engine.kpi import Kpi, KpiValue, Missing
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.engine.quality import QualitySettings, QualityWeights, kpis
from dispatch.engine.records import DayRecord, Promise, TripRecord, predicted_day
from dispatch.enums import BookingStatus, Priority
from dispatch.models import Booking, Company, DispatchRun
from dispatch.models.statuses import NOT_YET_THERE
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.expected_day import expected_day
from dispatch.usecases.measured_rows import MeasuredRows, measured_rows
from dispatch.usecases.recorded_day import recorded_day
from dispatch.usecases.references import row_id, trip_ref

BOOTSTRAP_SEED = "kpi"  # the same days give the same interval, whoever looks


# What only the run behind the plan knows: its ways, its breaks and what it looked for.
OF_THE_RUN = frozenset(
    {Kpi.PRODUCTIVITY, Kpi.EMPTY_KM, Kpi.OVERTIME, Kpi.FAIRNESS_DRIVING_GAP, Kpi.FAIRNESS_PRICE}
)
NO_LONGER: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A day's KPIs: of what is over, and of what is still to come; each trip is in one of them."""

    recorded: tuple[KpiValue, ...]
    predicted: tuple[KpiValue, ...]


def measured_day(
    *, company: Company, day: date, now: datetime, in_force: DispatchRun | None
) -> Measured:
    """Neither is made where it has no trip: a past day predicts nothing, a day to come has no record."""
    rows = measured_rows(company, day, now)
    return Measured(
        recorded=_kpis([recorded_day(rows)], company) if any(True for _row in rows.over) else (),
        predicted=_expected(rows, in_force),
    )


def recorded_kpis(*, company: Company, days: Iterable[date], now: datetime) -> tuple[KpiValue, ...]:
    """Every KPI of these local days, from what was recorded of what is over."""
    return _kpis([recorded_day(measured_rows(company, day, now)) for day in days], company)


def expected_kpis(
    *, company: Company, day: date, now: datetime, in_force: DispatchRun | None
) -> tuple[KpiValue, ...]:
    """Every KPI of what is still to come that day, of the plan in force as its rows stand now.

    What only the run in force (its `quality`) knows is shown while the day is as the run left it. Empty when
    nothing is to come, or nothing is planned.
    """
    return _expected(measured_rows(company, day, now), in_force)


def _expected(rows: MeasuredRows, in_force: DispatchRun | None) -> tuple[KpiValue, ...]:
    record = expected_day(rows)
    if not record.trips or (in_force is None and not any(t.is_assigned for t in record.trips)):
        return ()
    kept = {} if in_force is None else {row["key"]: row for row in in_force.quality.get("kpis", ())}
    stands = in_force is not None and in_force.based_on.get("left") == rows.versions
    return tuple(
        _of_the_run(value, kept.get(value.key.value), stands=stands)
        if value.key in OF_THE_RUN
        else value
        for value in _kpis([record], rows.clock.company)
    )


def _of_the_run(value: KpiValue, kept: Mapping[str, Any] | None, *, stands: bool) -> KpiValue:
    """The value the run kept while it stands; else that it cannot be known, where there was one."""
    if kept is None:
        return _lacking(value, cases=0)
    known = kpi_from_json(kept)
    return known if stands else _lacking(known, cases=known.counted + known.excluded)


def _lacking(value: KpiValue, *, cases: int) -> KpiValue:
    return replace(
        value,
        value=None,
        numerator=0,
        denominator=0,
        counted=0,
        excluded=cases,
        coverage=0,
        interval=None,
        missing=Missing.CHANGED,
    )


def _kpis(records: Sequence[DayRecord], company: Company) -> tuple[KpiValue, ...]:
    return kpis(records, rng=Random(BOOTSTRAP_SEED), settings=quality_settings(company))


def predicted_kpis(  # noqa: PLR0913 - a plan, its day, and the two words on its price
    *,
    company: Company,
    day: date,
    problem: Problem,
    plan: Plan,
    unplannable: Iterable[str],
    fairness_price: int | None = None,
    is_price_open: bool = False,
    longer_s: Mapping[str, int] = NO_LONGER,
) -> tuple[KpiValue, ...]:
    """Every KPI of this day if it goes as planned; each value says that it is predicted.

    `unplannable`: trips that had to stay outside the problem; they were asked for and count as unmet.
    `fairness_price`: the least that the plan pays for fairness, when it is known;
    `is_price_open`: it was looked for, and the search was cut short. `longer_s`: driver → seconds on duty that a day
    thought of has more than its rows.
    """
    promises = _promises(company, day, problem)
    record = predicted_day(problem, plan, day=day.isoformat(), promises=promises)
    unmet = (
        TripRecord(trip=trip, status=BookingStatus.UNMET, is_assigned=False) for trip in unplannable
    )
    trips = (*record.trips, *unmet)
    record = replace(
        record,
        trips=trips,
        fairness=_by_whole_duty(company, day, problem, plan, longer_s),
        fairness_price=fairness_price,
        is_price_open=is_price_open,
    )
    return _kpis([record], company)


def _by_whole_duty(
    company: Company, day: date, problem: Problem, plan: Plan, longer_s: Mapping[str, int]
) -> Fairness:
    """As `expected_day` compares: a shift that is nearly over is no short one."""
    rows = measured_rows(company, day, DayClock.of(company, day).starts_at)
    duty_s = rows.on_duty_s(lambda _shift: True)
    work = (
        replace(
            one,
            recent_duty_s=0,
            recent_trips=0,
            on_duty_s=duty_s.get(row_id(one.driver), one.on_duty_s) + longer_s.get(one.driver, 0),
        )
        for one in planned_work(problem, plan)
    )
    return compared(tuple(work))


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


def kpis_of(quality: Mapping[str, Any]) -> tuple[KpiValue, ...]:
    """The values that a run keeps."""
    return tuple(kpi_from_json(item) for item in quality.get("kpis", ()))


def _promises(company: Company, day: date, problem: Problem) -> dict[str, Promise]:
    clock = DayClock.of(company, day)
    rows = Booking.objects.filter(company=company, pk__in=[row_id(t.id) for t in problem.trips])
    rows = rows.select_related("assignment").prefetch_related("handovers")
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
            if held is None or not (row.status in NOT_YET_THERE or row.waits_at is not None)
            else clock.second(held.noted_pickup_at or held.planned_pickup_at)
        ),
    )
