"""The KPI dictionary: each number of the console, the files and the reports has its name and formula here.

Formulas and rules are those of KPI.md: numerator, denominator, excluded and a 95 % interval beside each
value; nothing shown with fewer than 80 % of the timestamps it needs; recorded and predicted never mixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from random import Random
from typing import TypeVar

from dispatch.engine.fairness import Fairness
from dispatch.engine.kpi import (
    DailyCase,
    Kpi,
    KpiValue,
    Missing,
    Parts,
    daily,
    mean,
    middle,
    rate,
    ratio,
)
from dispatch.engine.records import (
    DayRecord,
    DecisionRecord,
    InvalidRecordsError,
    TourRecord,
    TripRecord,
)
from dispatch.enums import BookingStatus

T = TypeVar("T")
Cases = Sequence[Sequence[float | None]]

TEN_MINUTES_S = 600
EXCESS_RIDE_S = 900
LONG_WAIT_PERCENT = 150  # the second threshold of the return wait: 90 min where the first is 60
FAIRNESS_RANGE_TRIPS = 4  # a gap of four trips takes the whole fairness term

CARRIED = frozenset({BookingStatus.COMPLETED, BookingStatus.MISSED})
PICKUPS = CARRIED | {BookingStatus.NO_SHOW}
CANCELLED = frozenset(
    {BookingStatus.CANCELLED, BookingStatus.SAME_DAY_CANCEL, BookingStatus.LATE_CANCEL}
)
ASKED = frozenset(BookingStatus) - CANCELLED - {BookingStatus.DRAFT, BookingStatus.REFUSED}


class Population(StrEnum):
    """Which trips are counted: returns on call are never hidden among scheduled trips."""

    ALL = "all"
    SCHEDULED = "scheduled"
    ON_CALL = "on_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityWeights:
    """Shares of the quality score in percent; together 100, else InvalidRecordsError."""

    pickup_on_time: int = 35
    appointment_on_time: int = 20
    return_wait: int = 15
    ride_time: int = 10
    assignment_rate: int = 15
    fairness: int = 5

    def __post_init__(self) -> None:
        shares = [getattr(self, share.name) for share in fields(self)]
        if min(shares) < 0 or sum(shares) != 100:
            raise InvalidRecordsError("The shares of the quality score do not make 100 percent.")


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySettings:
    """What a company may set about its KPIs; `return_wait_s`: the wait after a call that still is good."""

    return_wait_s: int = 3_600
    weights: QualityWeights = field(default_factory=QualityWeights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The days that are measured together, and how."""

    days: tuple[DayRecord, ...]
    settings: QualitySettings
    rng: Random

    @property
    def is_predicted(self) -> bool:
        return any(day.is_predicted for day in self.days)

    def trips(self, statuses: Iterable[BookingStatus]) -> list[list[TripRecord]]:
        """Day by day, the trips that ended in one of these ways."""
        wanted = frozenset(statuses)
        return [[trip for trip in day.trips if trip.outcome in wanted] for day in self.days]

    def scheduled(self, statuses: Iterable[BookingStatus]) -> list[list[TripRecord]]:
        return [[t for t in day if not t.is_on_call] for day in self.trips(statuses)]

    def on_call(self, statuses: Iterable[BookingStatus]) -> list[list[TripRecord]]:
        return [[t for t in day if t.is_on_call] for day in self.trips(statuses)]

    def each_day(self) -> Iterator[Scope]:
        return (replace(self, days=(day,)) for day in self.days)

    def rate(self, key: Kpi, verdicts: Iterable[bool | None], *, group: str = "") -> KpiValue:
        return rate(key, verdicts, is_predicted=self.is_predicted, group=group)

    def mean(self, key: Kpi, days: Cases) -> KpiValue:
        return mean(key, days, rng=self.rng, is_predicted=self.is_predicted)

    def daily(self, key: Kpi, days: Sequence[DailyCase]) -> KpiValue:
        return daily(key, days, rng=self.rng, is_predicted=self.is_predicted)

    def middle(self, key: Kpi, days: Cases) -> KpiValue:
        return middle(key, days, rng=self.rng, is_predicted=self.is_predicted)

    def ratio(self, key: Kpi, days: Sequence[Sequence[Parts | None]]) -> KpiValue:
        return ratio(key, days, rng=self.rng, is_predicted=self.is_predicted)


def kpis(
    days: Sequence[DayRecord],
    *,
    rng: Random,
    settings: QualitySettings | None = None,
    population: Population = Population.ALL,
) -> tuple[KpiValue, ...]:
    """Every row of the dictionary over these days; `rng` draws the bootstrap.

    `population` chooses the trips; rows of tours, drivers, alarms and decisions are the same for each.
    Raises InvalidRecordsError when recorded and predicted days are mixed or a day stands twice.
    """
    _refuse_mixture(days)
    chosen = tuple(_only(day, population) for day in days)
    scope = Scope(days=chosen, settings=settings or QualitySettings(), rng=rng)
    return tuple(value for row in ROWS for value in row(scope))


def pickup_on_time(scope: Scope) -> tuple[KpiValue, ...]:
    """On-time pickups ÷ (completed + no-shows with the vehicle on time + missed); scheduled trips.

    A missed trip is off whether or not anybody noted when the vehicle came.
    """
    verdicts = map(_was_there_in_time, _flat(scope.scheduled(PICKUPS)))
    return (scope.rate(Kpi.PICKUP_ON_TIME, verdicts),)


def appointment_on_time(scope: Scope) -> tuple[KpiValue, ...]:
    """Arrivals in [appointment − X, appointment] ÷ trips with an appointment; too early counts as off.

    Trips that did not take place for the patient's reasons have no arrival to judge; a missed trip is off.
    """
    verdicts = (
        _is_in_time(trip, appointment_s)
        for trip in _flat(scope.scheduled(CARRIED))
        if (appointment_s := trip.appointment_s) is not None
    )
    return (scope.rate(Kpi.APPOINTMENT_ON_TIME, verdicts),)


def return_wait(scope: Scope) -> tuple[KpiValue, ...]:
    """Boarded − ready of returns on call: within the limit, within one and a half times it, and the median."""
    limit = scope.settings.return_wait_s
    long = limit * LONG_WAIT_PERCENT // 100
    returns = _flat(scope.on_call(CARRIED))
    completed = scope.on_call({BookingStatus.COMPLETED})
    waits = [[_minutes(_wait_s(trip)) for trip in day] for day in completed]
    return (
        scope.rate(Kpi.RETURN_WAIT, [_waited_within(trip, limit) for trip in returns]),
        scope.rate(Kpi.RETURN_WAIT_LONG, [_waited_within(trip, long) for trip in returns]),
        scope.middle(Kpi.RETURN_WAIT_MEDIAN, waits),
    )


def mean_delay(scope: Scope) -> tuple[KpiValue, ...]:
    """Mean of max(0, arrived at the pickup − end of the promised window), in minutes; scheduled trips.

    A missed trip counts when the vehicle did come; one where it never came has no delay, and is off elsewhere.
    """
    came = [
        [t for t in day if t.outcome is not BookingStatus.MISSED or t.arrived_pickup_s is not None]
        for day in scope.scheduled(PICKUPS)
    ]
    return (scope.mean(Kpi.MEAN_DELAY, [[_minutes(_delay_s(t)) for t in day] for day in came]),)


def ride_time(scope: Scope) -> tuple[KpiValue, ...]:
    """Alighted − boarded of completed trips: mean, share within the patient's limit, share of small excess."""
    completed = scope.trips({BookingStatus.COMPLETED})
    rides = _flat(completed)
    return (
        scope.mean(Kpi.RIDE_TIME, [[_minutes(t.ride_s) for t in day] for day in completed]),
        scope.rate(Kpi.RIDE_COMPLIANCE, [_at_most(t.ride_s, t.max_ride_s) for t in rides]),
        scope.rate(Kpi.EXCESS_RIDE, [_at_most(_excess_s(t), EXCESS_RIDE_S) for t in rides]),
    )


def assignment_rate(scope: Scope) -> tuple[KpiValue, ...]:
    """Assigned ÷ (requested − refused by rule); a refusal for want of a driver or a vehicle is unmet demand.

    Cancelled trips are left out: the request was withdrawn, and whether it had a driver is not kept, so that
    counting it as unserved would blame the carrier for the patient's decision.
    """
    asked = scope.trips(ASKED)
    return (scope.rate(Kpi.ASSIGNMENT_RATE, [trip.is_assigned for trip in _flat(asked)]),)


def no_show(scope: Scope) -> tuple[KpiValue, ...]:
    """No-shows ÷ (completed + no-shows + missed); an absence the vehicle came late for is missed."""
    verdicts = [
        None if _is_unproven(trip) else trip.outcome is BookingStatus.NO_SHOW
        for trip in _flat(scope.trips(PICKUPS))
    ]
    return (scope.rate(Kpi.NO_SHOW, verdicts),)


def productivity(scope: Scope) -> tuple[KpiValue, ...]:
    """Passenger trips ÷ revenue hours; without the breaks nobody knows how long they were."""
    tours = _flat(day.tours for day in scope.days)
    parts = [
        [_over(tour.passenger_trips, tour.revenue_s, 3_600) for tour in day.tours]
        for day in scope.days
    ]
    value = scope.ratio(Kpi.PRODUCTIVITY, parts)
    has_breaks = any(tour.pauses_s is not None for tour in tours)
    return (value if has_breaks else replace(value, missing=Missing.BREAKS),)


def empty_kilometres(scope: Scope) -> tuple[KpiValue, ...]:
    """Kilometres with no passenger ÷ all kilometres."""
    parts = [[_over(t.empty_metres, t.metres, 1) for t in day.tours] for day in scope.days]
    return (replace(scope.ratio(Kpi.EMPTY_KM, parts), missing=Missing.KILOMETRES),)


def overtime(scope: Scope) -> tuple[KpiValue, ...]:
    """Minutes after the rostered end until the vehicle is back, of all tours of a day together; n are the tours."""
    value = scope.daily(Kpi.OVERTIME, [_worked_over(day.tours) for day in scope.days])
    why = Missing.ROSTER if scope.is_predicted else Missing.RETURNS
    return (replace(value, missing=why),)


def fairness_gap(scope: Scope) -> tuple[KpiValue, ...]:
    """Gaps between drivers (mean of the days), Gini, and the extra cost paid for fairness; n are trips.

    A day with fewer than two drivers has nothing to compare, and no case. A price whose search was cut short
    says more about the search than about fairness: it is not measurable.
    """
    compared = [d for d in scope.days if d.fairness is not None and len(d.fairness.loads) > 1]
    known = [day.fairness for day in compared if day.fairness is not None]
    prices = [
        [_number(day.fairness_price)]
        for day in scope.days
        if day.is_price_open or day.fairness_price is not None
    ]
    gaps = (
        scope.daily(Kpi.FAIRNESS_GAP, [_told(f, f.gap) for f in known]),
        scope.daily(Kpi.FAIRNESS_HEAVY_GAP, [_told(f, f.heavy_gap) for f in known]),
        scope.daily(Kpi.FAIRNESS_GINI, [_told(f, f.gini) for f in known]),
    )
    gap, heavy, gini = (replace(value, missing=Missing.ENDS) for value in gaps)
    driving = scope.daily(Kpi.FAIRNESS_DRIVING_GAP, [_timed(f, f.driving_gap_s) for f in known])
    price = replace(scope.mean(Kpi.FAIRNESS_PRICE, prices), missing=Missing.UNFINISHED)
    return gap, driving, heavy, gini, price


def plan_stability(scope: Scope) -> tuple[KpiValue, ...]:
    """Changes of driver or time after the promise ÷ trips, and those in the last hour before pickup."""
    days = scope.trips(ASKED)
    changes = scope.mean(Kpi.STABILITY, [[_number(trip.changes) for trip in day] for day in days])
    late = scope.mean(
        Kpi.LATE_STABILITY, [[_number(trip.late_changes) for trip in day] for day in days]
    )
    why_late = Missing.LAST_HOUR if scope.is_predicted else Missing.COUNTS
    return replace(changes, missing=Missing.COUNTS), replace(late, missing=why_late)


def alarm_rate(scope: Scope) -> tuple[KpiValue, ...]:
    """Alerts per dispatcher and ten minutes, over the days on which they were counted."""
    parts = [
        [_over(day.alerts, day.dispatcher_s, TEN_MINUTES_S)]
        for day in scope.days
        if day.alerts is not None and day.dispatcher_s is not None
    ]
    return (scope.ratio(Kpi.ALARM_RATE, parts),)


def autonomy(scope: Scope) -> tuple[KpiValue, ...]:
    """What machine and people made of suggestions; acceptance and edits for each class of complexity."""
    days = [day.decisions for day in scope.days]
    every = _flat(days)
    answered = [[d for d in day if d.is_accepted is not None] for day in days]
    overruled = [[d for d in day if d.is_accepted is False] for day in days]
    seconds = [[_number(d.decided_in_s) for d in day] for day in answered]
    regrets = [[_number(d.regret) for d in day] for day in overruled]
    applied = [d for d in every if d.is_applied]
    return (
        scope.rate(Kpi.AUTONOMY, [d.is_automatic for d in applied]),
        *_by_complexity(scope, _flat(answered)),
        scope.rate(Kpi.UNDO, [d.is_undone for d in applied]),
        scope.middle(Kpi.DECISION_TIME, seconds),
        scope.mean(Kpi.REGRET, regrets),
    )


def quality_score(scope: Scope) -> tuple[KpiValue, ...]:
    """Mean of the days' scores, 0–100. A term with no trips gives its weight to the others in proportion.

    A day with a term that is not measurable has no score: leaving a bad number unrecorded must not raise it.
    """
    days = [terms for terms in map(_terms, scope.each_day()) if terms]
    value = scope.mean(Kpi.QUALITY_SCORE, [[_score(terms)] for terms in days])
    if value.is_measurable or value.is_empty:
        return (value,)
    unknown = [term for terms in days for _, term in terms if term.value is None]
    worst = min(unknown, key=lambda term: term.coverage)
    return (replace(value, coverage=worst.coverage, missing=Missing.TERM, term=worst.key),)


ROWS: tuple[Callable[[Scope], tuple[KpiValue, ...]], ...] = (
    quality_score,
    pickup_on_time,
    appointment_on_time,
    return_wait,
    mean_delay,
    ride_time,
    assignment_rate,
    no_show,
    productivity,
    empty_kilometres,
    overtime,
    fairness_gap,
    plan_stability,
    alarm_rate,
    autonomy,
)


def _terms(day: Scope) -> list[tuple[int, KpiValue]]:
    """The terms of one day's score that have something to count, with their weights."""
    weights = day.settings.weights
    terms = (
        (weights.pickup_on_time, pickup_on_time(day)[0]),
        (weights.appointment_on_time, appointment_on_time(day)[0]),
        (weights.return_wait, return_wait(day)[0]),
        (weights.ride_time, ride_time(day)[1]),
        (weights.assignment_rate, assignment_rate(day)[0]),
        (weights.fairness, fairness_gap(day)[0]),
    )
    return [(weight, value) for weight, value in terms if weight and not value.is_empty]


def _score(terms: list[tuple[int, KpiValue]]) -> float | None:
    points = 0.0
    for weight, term in terms:
        if term.value is None:
            return None
        is_gap = term.key is Kpi.FAIRNESS_GAP
        share = max(0.0, 1 - term.value / FAIRNESS_RANGE_TRIPS) if is_gap else term.value
        points += weight * share
    return 100 * points / sum(weight for weight, _ in terms)


def _by_complexity(scope: Scope, answered: list[DecisionRecord]) -> Iterator[KpiValue]:
    """Acceptance, and edits before acceptance, for each class of complexity."""
    for group in sorted({decision.complexity for decision in answered}):
        of_group = [decision for decision in answered if decision.complexity == group]
        accepted = [decision for decision in of_group if decision.is_accepted]
        yield scope.rate(Kpi.ACCEPTANCE, [d.is_accepted for d in of_group], group=group)
        yield scope.rate(Kpi.EDITED, [d.is_edited for d in accepted], group=group)


def _refuse_mixture(days: Sequence[DayRecord]) -> None:
    if len({day.is_predicted for day in days}) > 1:
        raise InvalidRecordsError("Recorded and predicted days cannot be measured together.")
    if len({day.day for day in days}) != len(days):
        raise InvalidRecordsError("A day stands twice.")


def _only(day: DayRecord, population: Population) -> DayRecord:
    if population is Population.ALL:
        return day
    wanted = population is Population.ON_CALL
    return replace(day, trips=tuple(t for t in day.trips if t.is_on_call is wanted))


def _flat(days: Iterable[Iterable[T]]) -> list[T]:
    return [case for day in days for case in day]


def _number(value: int | None) -> float | None:
    return None if value is None else float(value)


def _minutes(seconds: int | None) -> float | None:
    return None if seconds is None else seconds / 60


def _over(top: int | None, bottom: int | None, unit: int) -> Parts | None:
    """A numerator and a denominator in its unit, where both are known."""
    return None if top is None or bottom is None else (float(top), bottom / unit)


def _at_most(value: int | None, limit: int | None) -> bool | None:
    return None if value is None or limit is None else value <= limit


def _is_in_time(trip: TripRecord, appointment_s: int) -> bool | None:
    if trip.outcome is BookingStatus.MISSED:
        return False
    arrived = trip.arrived_dropoff_s
    if arrived is None:
        return None
    return appointment_s - trip.appointment_early_s <= arrived <= appointment_s


def _was_there_in_time(trip: TripRecord) -> bool | None:
    """For an absence the vehicle has to be there in the window and to wait: an early one that waits is there."""
    if trip.outcome is BookingStatus.MISSED:
        return False
    is_absence = trip.outcome is BookingStatus.NO_SHOW
    return trip.is_absence_proven if is_absence else trip.is_pickup_on_time


def _is_unproven(trip: TripRecord) -> bool:
    """An absence of which nobody knows whether the vehicle was there in time and waited."""
    return trip.outcome is BookingStatus.NO_SHOW and trip.is_absence_proven is None


def _told(day: Fairness, value: float) -> DailyCase:
    """A number made of the trips whose end is recorded."""
    counted = sum(load.trips for load in day.loads)
    excluded = sum(load.untold_trips for load in day.loads)
    return DailyCase(value, counted, excluded)


def _timed(day: Fairness, seconds: int) -> DailyCase:
    """Minutes made of the trips whose driving is recorded."""
    total = sum(load.trips + load.untold_trips for load in day.loads)
    excluded = sum(load.untimed_trips + load.untold_trips for load in day.loads)
    return DailyCase(seconds / 60, total - excluded, excluded)


def _worked_over(tours: Sequence[TourRecord]) -> DailyCase:
    known = [tour.overtime_s for tour in tours if tour.overtime_s is not None]
    return DailyCase(sum(known) / 60, len(known), len(tours) - len(known))


def _wait_s(trip: TripRecord) -> int | None:
    if trip.ready_s is None or trip.boarded_s is None:
        return None
    return max(0, trip.boarded_s - trip.ready_s)


def _waited_within(trip: TripRecord, limit_s: int) -> bool | None:
    if trip.outcome is BookingStatus.MISSED:
        return False  # nobody came for this patient
    return _at_most(_wait_s(trip), limit_s)


def _delay_s(trip: TripRecord) -> int | None:
    if trip.arrived_pickup_s is None or trip.promised_to_s is None:
        return None
    return max(0, trip.arrived_pickup_s - trip.promised_to_s)


def _excess_s(trip: TripRecord) -> int | None:
    if trip.ride_s is None or trip.direct_s is None:
        return None
    return trip.ride_s - trip.direct_s
