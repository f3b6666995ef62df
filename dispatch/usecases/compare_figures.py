"""The KPIs of one plan or of several beside each other, each with its parts, its n and how sure it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from dispatch.engine.kpi import KPIS, UNITS, Kpi, KpiValue, Unit
from dispatch.usecases.wording import language


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the KPI dictionary, for one run or several beside each other."""

    name: str
    shown: tuple[str, ...]
    details: tuple[str, ...]
    is_on_target: bool | None

    @property
    def columns(self) -> list[tuple[str, str]]:
        return list(zip(self.shown, self.details, strict=True))


def compare_figures(*plans: Iterable[KpiValue]) -> list[Figure]:
    """In the dictionary's order; what none of the plans can say anything about is left out."""
    by_plan = [{(value.key.value, value.group): value for value in values} for values in plans]
    rows = []
    for key in dict.fromkeys(key for values in by_plan for key in values):
        values = [known.get(key) for known in by_plan]
        known = [value for value in values if value is not None and not value.is_empty]
        if not known:
            continue
        rows.append(
            Figure(
                name=known[-1].name(language()) + (f" – {key[1]}" if key[1] else ""),
                shown=tuple("–" if v is None else v.text(language()) for v in values),
                details=tuple("" if v is None else _detail(v) for v in values),
                is_on_target=None if values[-1] is None else values[-1].is_on_target,
            )
        )
    return rows


def _detail(value: KpiValue) -> str:
    """The parts of a share, how many cases, and how sure."""
    said = [_("n = %d") % value.counted]
    if value.value is not None and KPIS[value.key].unit is Unit.SHARE:
        said.insert(0, _parts(value))
    if value.excluded:
        said.append(_("%d left out") % value.excluded)
    if value.interval is not None and value.value is not None:
        low, high = (_as(value, end) for end in value.interval)
        unit = UNITS[KPIS[value.key].unit].said(language())
        said.append(_("95 %%: %(low)s–%(high)s") % {"low": low.removesuffix(unit), "high": high})
    return ", ".join(said)


def _parts(value: KpiValue) -> str:
    top, bottom = value.numerator, value.denominator
    if value.key is Kpi.EMPTY_KM:  # counted in metres
        return f"{top / 1000:.0f} / {bottom / 1000:.0f} km"
    return f"{top:g} / {bottom:g}"


def _as(value: KpiValue, end: float) -> str:
    """An end of the interval, written as the value is."""
    return replace(value, value=end).text(language())
