"""KPIs as people read them: value, parts, n, interval, target; a predicted one says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dispatch.engine.kpi import KPIS, UNITS, Kpi, KpiValue, Unit
from dispatch.usecases.wording import language

STRIP = (
    Kpi.QUALITY_SCORE,
    Kpi.PICKUP_ON_TIME,
    Kpi.APPOINTMENT_ON_TIME,
    Kpi.RETURN_WAIT,
    Kpi.ASSIGNMENT_RATE,
    Kpi.MEAN_DELAY,
    Kpi.FAIRNESS_GAP,
    Kpi.EMPTY_KM,
)
NO_BREAK = "\u00a0"
_MEDIANS = frozenset({Kpi.RETURN_WAIT_MEDIAN, Kpi.DECISION_TIME})


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiLine:
    """`verdict`: "met", "missed", or "" without a target or a value; `before`: the value it would replace."""

    key: str
    name: str
    value: str
    is_shown: bool  # a number stands there, not a sentence that says why there is none
    parts: str
    interval: str
    target: str
    verdict: str
    is_predicted: bool
    before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiGroup:
    """Figures that are all recorded, or all predicted; the few of the strip and every one that counts something."""

    strip: tuple[KpiLine, ...]
    kpis: tuple[KpiLine, ...]


def kpi_lines(values: Iterable[KpiValue], before: Iterable[KpiValue] = ()) -> list[KpiLine]:
    """In the dictionary's order; rows about which nothing happened stay away."""
    known = _by_key(before)
    return [_line(value, known.get(_key(value))) for value in values if not value.is_empty]


def strip_of(values: Iterable[KpiValue], before: Iterable[KpiValue] = ()) -> list[KpiLine]:
    """The few that a day is judged by, with those that have nothing to count."""
    by_key, known = _by_key(values), _by_key(before)
    return [_line(by_key[key, ""], known.get((key, ""))) for key in STRIP if (key, "") in by_key]


def _key(value: KpiValue) -> tuple[Kpi, str]:
    return value.key, value.group


def _by_key(values: Iterable[KpiValue]) -> dict[tuple[Kpi, str], KpiValue]:
    return {_key(value): value for value in values}


def _line(value: KpiValue, before: KpiValue | None = None) -> KpiLine:
    name = KPIS[value.key].name.said(language())
    met = value.is_on_target
    return KpiLine(
        key=value.key.value,
        name=f"{name} ({value.group})" if value.group else name,
        value=value.text(language()),
        is_shown=value.value is not None,
        parts="" if value.is_empty else _parts(value),
        interval=_interval(value),
        target=_target(value),
        verdict="" if met is None else "met" if met else "missed",
        is_predicted=value.is_predicted,
        before="" if before is None or before.value is None else before.text(language()),
    )


def _parts(value: KpiValue) -> str:
    """ "37 / 42 · n = 42", and how many had to be left out."""
    words = [_("n = %(n)d") % {"n": value.counted}]
    if value.value is not None and not _is_whole(value):
        words.insert(0, _fraction(value))
    if value.excluded:
        excluded = ngettext("%(n)d without data", "%(n)d without data", value.excluded)
        words.append(excluded % {"n": value.excluded})
    return " · ".join(word.replace(" ", NO_BREAK) for word in words)


def _is_whole(value: KpiValue) -> bool:
    """A median, or the mean of a single number: its parts would say nothing more."""
    is_share = KPIS[value.key].unit is Unit.SHARE
    return value.key in _MEDIANS or (value.denominator == 1 and not is_share)


def _fraction(value: KpiValue) -> str:
    if value.key is Kpi.EMPTY_KM:  # counted in metres
        top, bottom = (_number(metres / 1000) for metres in (value.numerator, value.denominator))
        return f"{top} / {bottom} km"
    return f"{_number(value.numerator)} / {_number(value.denominator)}"


def _number(amount: float) -> str:
    shown = round(amount, 1)
    return number_format(shown, decimal_pos=0 if float(shown).is_integer() else 1)


def _interval(value: KpiValue) -> str:
    if value.interval is None or value.value is None:
        return ""
    low, high = (replace(value, value=bound).text(language()) for bound in value.interval)
    unit = UNITS[KPIS[value.key].unit].said(language())
    return _("95 %%: %(low)s–%(high)s") % {"low": low.removesuffix(unit), "high": high}


def _target(value: KpiValue) -> str:
    if value.target is None:
        return ""
    bound = value.target.bound
    sign = "≥" if value.target.is_least else "≤"
    is_share = KPIS[value.key].unit is Unit.SHARE
    return f"{sign} {_number(100 * bound if is_share else bound)}{' %' if is_share else ''}"
