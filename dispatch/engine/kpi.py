"""A measured number: what it is called, how it is counted, how sure it is and whether it may be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from statistics import median
from typing import NamedTuple

from dispatch.engine.intervals import Interval, bootstrap, wilson
from dispatch.engine.sentences import Language, Sentence

LEAST_COVERAGE = 0.8  # KPI.md, rule 2
SHORT, LONG = 10, 100  # numbers below and from here on are shown with more and with no decimals


class Kpi(StrEnum):
    """The rows of the dictionary."""

    QUALITY_SCORE = "quality_score"
    PICKUP_ON_TIME = "pickup_on_time"
    APPOINTMENT_ON_TIME = "appointment_on_time"
    RETURN_WAIT = "return_wait"
    RETURN_WAIT_LONG = "return_wait_long"
    RETURN_WAIT_MEDIAN = "return_wait_median"
    MEAN_DELAY = "mean_delay"
    RIDE_TIME = "ride_time"
    RIDE_COMPLIANCE = "ride_compliance"
    EXCESS_RIDE = "excess_ride"
    ASSIGNMENT_RATE = "assignment_rate"
    NO_SHOW = "no_show"
    PRODUCTIVITY = "productivity"
    EMPTY_KM = "empty_km"
    OVERTIME = "overtime"
    FAIRNESS_GAP = "fairness_gap"
    FAIRNESS_DRIVING_GAP = "fairness_driving_gap"
    FAIRNESS_HEAVY_GAP = "fairness_heavy_gap"
    FAIRNESS_GINI = "fairness_gini"
    FAIRNESS_PRICE = "fairness_price"
    STABILITY = "stability"
    LATE_STABILITY = "late_stability"
    ALARM_RATE = "alarm_rate"
    AUTONOMY = "autonomy"
    ACCEPTANCE = "acceptance"
    EDITED = "edited"
    UNDO = "undo"
    DECISION_TIME = "decision_time"
    REGRET = "regret"


class Unit(StrEnum):
    SHARE = "share"
    MINUTES = "minutes"
    SECONDS = "seconds"
    TRIPS = "trips"
    PER_HOUR = "per_hour"
    NUMBER = "number"
    POINTS = "points"


class Target(NamedTuple):
    """The bound a value is held against, in the value's own unit."""

    bound: float
    is_least: bool = True

    def is_met_by(self, value: float) -> bool:
        return value >= self.bound if self.is_least else value <= self.bound


class Definition(NamedTuple):
    name: Sentence
    unit: Unit
    target: Target | None = None


KPIS: Mapping[Kpi, Definition] = {
    Kpi.QUALITY_SCORE: Definition(
        Sentence("quality score", "score de qualité"), Unit.NUMBER, Target(92)
    ),
    Kpi.PICKUP_ON_TIME: Definition(
        Sentence("pickup on-time rate", "ponctualité prise en charge"), Unit.SHARE, Target(0.95)
    ),
    Kpi.APPOINTMENT_ON_TIME: Definition(
        Sentence("appointment on-time rate", "ponctualité rendez-vous"), Unit.SHARE, Target(0.95)
    ),
    Kpi.RETURN_WAIT: Definition(
        Sentence("short return waits", "attentes retour courtes"), Unit.SHARE, Target(0.85)
    ),
    Kpi.RETURN_WAIT_LONG: Definition(
        Sentence("bearable return waits", "attentes retour supportables"), Unit.SHARE, Target(0.95)
    ),
    Kpi.RETURN_WAIT_MEDIAN: Definition(
        Sentence("return wait (median)", "attente retour (médiane)"), Unit.MINUTES
    ),
    Kpi.MEAN_DELAY: Definition(
        Sentence("mean delay", "retard moyen"), Unit.MINUTES, Target(3, is_least=False)
    ),
    Kpi.RIDE_TIME: Definition(Sentence("ride time (mean)", "temps à bord (moyen)"), Unit.MINUTES),
    Kpi.RIDE_COMPLIANCE: Definition(
        Sentence("ride times kept", "temps à bord respectés"), Unit.SHARE, Target(1)
    ),
    Kpi.EXCESS_RIDE: Definition(
        Sentence("rides with ≤ 15 min of detour", "trajets avec ≤ 15 min de détour"),
        Unit.SHARE,
        Target(0.95),
    ),
    Kpi.ASSIGNMENT_RATE: Definition(
        Sentence("assignment rate", "taux d’affectation"), Unit.SHARE, Target(0.99)
    ),
    Kpi.NO_SHOW: Definition(Sentence("no-shows", "absences"), Unit.SHARE),
    Kpi.PRODUCTIVITY: Definition(Sentence("productivity", "productivité"), Unit.PER_HOUR),
    Kpi.EMPTY_KM: Definition(Sentence("empty kilometres", "kilomètres haut-le-pied"), Unit.SHARE),
    Kpi.OVERTIME: Definition(
        Sentence("overtime a day", "heures supplémentaires par jour"), Unit.MINUTES
    ),
    Kpi.FAIRNESS_GAP: Definition(
        Sentence("fairness gap", "écart entre chauffeurs"), Unit.TRIPS, Target(1, is_least=False)
    ),
    Kpi.FAIRNESS_DRIVING_GAP: Definition(
        Sentence("gap of driving time", "écart de temps de conduite"), Unit.MINUTES
    ),
    Kpi.FAIRNESS_HEAVY_GAP: Definition(
        Sentence("gap of heavy trips", "écart de courses lourdes"), Unit.TRIPS
    ),
    Kpi.FAIRNESS_GINI: Definition(
        Sentence("Gini of the loads", "indice de Gini des charges"), Unit.NUMBER
    ),
    Kpi.FAIRNESS_PRICE: Definition(
        Sentence("price of fairness, at least", "prix de l’équité, au moins"), Unit.POINTS
    ),
    Kpi.STABILITY: Definition(
        Sentence("changes per trip after the promise", "changements par course après la promesse"),
        Unit.NUMBER,
    ),
    Kpi.LATE_STABILITY: Definition(
        Sentence(
            "changes per trip in the last hour", "changements par course dans la dernière heure"
        ),
        Unit.NUMBER,
    ),
    Kpi.ALARM_RATE: Definition(
        Sentence(
            "alarm rate (per dispatcher, 10 min)", "charge d’alarmes (par régulateur, 10 min)"
        ),
        Unit.NUMBER,
        Target(1, is_least=False),
    ),
    Kpi.AUTONOMY: Definition(Sentence("autonomy", "autonomie"), Unit.SHARE),
    Kpi.ACCEPTANCE: Definition(
        Sentence("suggestions accepted", "suggestions acceptées"), Unit.SHARE
    ),
    Kpi.EDITED: Definition(
        Sentence("edited before accepted", "modifiées avant acceptation"), Unit.SHARE
    ),
    Kpi.UNDO: Definition(Sentence("undone", "annulées après coup"), Unit.SHARE),
    Kpi.DECISION_TIME: Definition(
        Sentence("time to decide (median)", "temps de décision (médiane)"), Unit.SECONDS
    ),
    Kpi.REGRET: Definition(Sentence("regret of overrides", "regret des refus"), Unit.NUMBER),
}

PREDICTED = Sentence("predicted", "prévu")
NOTHING_TO_COUNT = Sentence("nothing to count", "rien à compter")


class Missing(StrEnum):
    """What a number that cannot be shown lacks."""

    TIMESTAMPS = "timestamps"
    TERM = "term"
    BREAKS = "breaks"
    KILOMETRES = "kilometres"
    RETURNS = "returns"
    ROSTER = "roster"
    ENDS = "ends"
    COUNTS = "counts"
    LAST_HOUR = "last_hour"
    CHANGED = "changed"
    UNFINISHED = "unfinished"


NOT_MEASURABLE: Mapping[Missing, Sentence] = {
    Missing.TIMESTAMPS: Sentence(
        "not measurable, {amount} % of timestamps", "non mesurable, {amount} % des horodatages"
    ),
    Missing.TERM: Sentence(
        "not measurable: “{term}” has {amount} % of its timestamps",
        "non mesurable : « {term} » n’a que {amount} % de ses horodatages",
    ),
    Missing.BREAKS: Sentence(
        "not measurable: nobody records when breaks are taken",
        "non mesurable : personne ne note quand les pauses sont prises",
    ),
    Missing.KILOMETRES: Sentence(
        "not measurable: nobody records kilometres",
        "non mesurable : personne ne relève les kilomètres",
    ),
    Missing.RETURNS: Sentence(
        "not measurable: nobody records when drivers are back",
        "non mesurable : personne ne note quand les chauffeurs sont de retour",
    ),
    Missing.ROSTER: Sentence(
        "not measurable: the plan does not say when shifts end by the roster",
        "non mesurable : le plan ne dit pas quand les services finissent selon l’horaire",
    ),
    Missing.ENDS: Sentence(
        "not measurable, the end of {amount} % of the trips is recorded",
        "non mesurable, la fin de {amount} % des courses est notée",
    ),
    Missing.COUNTS: Sentence(
        "not measurable, changes were counted for {amount} % of the trips",
        "non mesurable, changements comptés pour {amount} % des courses",
    ),
    Missing.LAST_HOUR: Sentence(
        "not known before the last hour", "inconnu avant la dernière heure"
    ),
    Missing.CHANGED: Sentence(
        "not measurable: the day has changed since it was planned",
        "non mesurable : la journée a changé depuis sa planification",
    ),
    Missing.UNFINISHED: Sentence(
        "not measurable: the search was still improving when its time was over",
        "non mesurable : la recherche progressait encore à la fin de son temps",
    ),
}
UNITS: Mapping[Unit, Sentence] = {
    Unit.SHARE: Sentence(" %", " %"),
    Unit.MINUTES: Sentence(" min", " min"),
    Unit.SECONDS: Sentence(" s", " s"),
    Unit.TRIPS: Sentence(" trips", " courses"),
    Unit.PER_HOUR: Sentence(" trips/h", " courses/h"),
    Unit.NUMBER: Sentence("", ""),
    Unit.POINTS: Sentence(" points", " points"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiValue:
    """One row: a share in [0, 1], a mean in the row's unit, or None when it must not or cannot be shown.

    `counted` cases had their timestamps, `excluded` had not; `value` = numerator ÷ denominator, but for
    medians (denominator: the cases). `interval`: 95 %, None where one day alone cannot give it. `group`: the
    class of complexity, where the row is split by it. `missing`: what it lacks when it cannot be shown;
    `term`: the row that a score lacks.
    """

    key: Kpi
    value: float | None
    numerator: float
    denominator: float
    counted: int
    excluded: int
    coverage: float
    interval: Interval | None
    is_predicted: bool
    group: str = ""
    missing: Missing = Missing.TIMESTAMPS
    term: Kpi | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing of the kind happened: no number is due, and none is missing."""
        return self.counted + self.excluded == 0

    @property
    def is_measurable(self) -> bool:
        return not self.is_empty and self.coverage >= LEAST_COVERAGE

    @property
    def is_lacking(self) -> bool:
        """Something happened, but too little of it was recorded for a number."""
        return self.value is None and not self.is_empty

    @property
    def target(self) -> Target | None:
        return KPIS[self.key].target

    @property
    def is_on_target(self) -> bool | None:
        """None without a target or a value."""
        if self.target is None or self.value is None:
            return None
        return self.target.is_met_by(self.value)

    def name(self, language: Language = "en") -> str:
        """The row's name; a number of predicted times says so."""
        plain = KPIS[self.key].name.said(language)
        return f"{plain} ({PREDICTED.said(language)})" if self.is_predicted else plain

    def text(self, language: Language = "en") -> str:
        """The value in words: "96.2 %", "not measurable, 63 % of timestamps", "nothing to count"."""
        if self.value is None:
            if self.is_empty:
                return NOTHING_TO_COUNT.said(language)
            percent = int(100 * self.coverage)  # rounded down: 79.9 % is not 80 %
            term = "" if self.term is None else KPIS[self.term].name.said(language)
            return NOT_MEASURABLE[self.missing].said(language).format(amount=percent, term=term)
        unit = KPIS[self.key].unit
        shown = 100 * self.value if unit is Unit.SHARE else self.value
        number = f"{shown:.{_digits(shown, unit)}f}"
        spoken = number.replace(".", ",") if language == "fr" else number
        return spoken + UNITS[unit].said(language)


def _digits(shown: float, unit: Unit) -> int:
    """As many as a person compares: 0.17, 94.1, 256; shares keep one, so that 99.6 % is not 100 %."""
    if unit is Unit.SHARE:
        return 1
    if abs(shown) >= LONG:
        return 0
    return 2 if unit is Unit.NUMBER and abs(shown) < SHORT else 1


def rate(
    key: Kpi, verdicts: Iterable[bool | None], *, is_predicted: bool, group: str = ""
) -> KpiValue:
    """The share of True among the verdicts that are known (None: a timestamp is missing); Wilson interval."""
    listed = list(verdicts)
    known = [verdict for verdict in listed if verdict is not None]
    successes = sum(known)
    value = KpiValue(
        key=key,
        value=successes / len(known) if known else None,
        numerator=successes,
        denominator=len(known),
        counted=len(known),
        excluded=len(listed) - len(known),
        coverage=_coverage(len(known), len(listed)),
        interval=wilson(successes, len(known)) if known else None,
        is_predicted=is_predicted,
        group=group,
    )
    return _shown(value)


Parts = tuple[float, float]


def ratio(
    key: Kpi, days: Sequence[Sequence[Parts | None]], *, rng: Random, is_predicted: bool
) -> KpiValue:
    """Sum of numerators ÷ sum of denominators; interval by bootstrap of the days that have any."""
    cases = [case for day in days for case in day]
    sums = [_sum(day) for day in days]
    with_any = [parts for parts in sums if parts[1] > 0]
    top, bottom = _sum(with_any)
    counted = sum(case is not None for case in cases) if bottom > 0 else 0
    value = KpiValue(
        key=key,
        value=top / bottom if bottom > 0 else None,
        numerator=top,
        denominator=bottom,
        counted=counted,
        excluded=sum(case is None for case in cases),
        coverage=_coverage(counted, counted + sum(case is None for case in cases)),
        interval=bootstrap(with_any, _quotient, rng),
        is_predicted=is_predicted,
    )
    return _shown(value)


def mean(
    key: Kpi, days: Sequence[Sequence[float | None]], *, rng: Random, is_predicted: bool
) -> KpiValue:
    """The mean over all known cases of all days (None: a timestamp is missing)."""
    parts = [[None if case is None else (case, 1.0) for case in day] for day in days]
    return ratio(key, parts, rng=rng, is_predicted=is_predicted)


class DailyCase(NamedTuple):
    """One day's number that is made of many cases, of which some were left out for a missing timestamp."""

    value: float
    counted: int
    excluded: int

    @property
    def is_measurable(self) -> bool:
        return _coverage(self.counted, self.counted + self.excluded) >= LEAST_COVERAGE


def daily(key: Kpi, days: Sequence[DailyCase], *, rng: Random, is_predicted: bool) -> KpiValue:
    """The mean of the days' numbers; n are the cases behind them, and days with too few of them stay out."""
    cases = [day for day in days if day.counted + day.excluded]
    kept = [day for day in cases if day.is_measurable]
    dropped = sum(day.counted for day in cases) - sum(day.counted for day in kept)
    excluded = sum(day.excluded for day in cases) + dropped
    counted = sum(day.counted for day in kept)
    parts = [(day.value, 1.0) for day in kept]
    top, bottom = _sum(parts)
    value = KpiValue(
        key=key,
        value=top / bottom if kept else None,
        numerator=top,
        denominator=bottom,
        counted=counted,
        excluded=excluded,
        coverage=_coverage(sum(day.counted for day in cases), counted + excluded),
        interval=bootstrap(parts, _quotient, rng),
        is_predicted=is_predicted,
    )
    return _shown(value)


def middle(
    key: Kpi, days: Sequence[Sequence[float | None]], *, rng: Random, is_predicted: bool
) -> KpiValue:
    """The median over all known cases of all days; interval by bootstrap of the days that have any."""
    known = [[case for case in day if case is not None] for day in days]
    with_any = [day for day in known if day]
    counted, total = sum(map(len, known)), sum(map(len, days))
    value = KpiValue(
        key=key,
        value=_median(with_any) if with_any else None,
        numerator=counted,
        denominator=counted,
        counted=counted,
        excluded=total - counted,
        coverage=_coverage(counted, total),
        interval=bootstrap(with_any, _median, rng),
        is_predicted=is_predicted,
    )
    return _shown(value)


def _shown(value: KpiValue) -> KpiValue:
    """Rule 2 of KPI.md: a number without its timestamps is not shown at all."""
    return value if value.is_measurable else replace(value, value=None, interval=None)


def _coverage(counted: int, total: int) -> float:
    return counted / total if total else 0.0


def _sum(parts: Sequence[Parts | None]) -> Parts:
    known = [part for part in parts if part is not None]
    return sum(top for top, _ in known), sum(bottom for _, bottom in known)


def _quotient(parts: Sequence[Parts]) -> float:
    top, bottom = _sum(parts)
    return top / bottom


def _median(days: Sequence[Sequence[float]]) -> float:
    return float(median(case for day in days for case in day))
