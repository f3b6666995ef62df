"""Finding rows by day: today, tomorrow, this week, or from one day to another."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dispatch.usecases.wall_time import is_in_reach

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from django.db.models import QuerySet
    from django.http import HttpRequest

ONE = timedelta(days=1)


class DayFilter(admin.ListFilter):
    """`path` is a column of days. No stock date hierarchy: it counts the whole table for its links."""

    template = "admin/dispatch/day_filter.html"
    title = _("day")
    path = "service_on"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.others: list[tuple[str, str]] = []
        for name in ("from", "to"):
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]
        self.first = self._day("from")
        self.last = self._day("to")

    def _day(self, name: str) -> date | None:
        text = str(self.used_parameters.get(name) or "")
        try:
            found = date.fromisoformat(text) if text else None
        except ValueError as error:
            raise IncorrectLookupParameters from error
        if found is not None and not is_in_reach(found):
            raise IncorrectLookupParameters
        return found

    def expected_parameters(self) -> list[str | None]:
        return ["from", "to"]

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        self.others = [
            (name, value)
            for name, values in changelist.filter_params.items()
            for value in (values if isinstance(values, list) else [values])
            if name not in {"from", "to", "p"}
        ]
        if changelist.query:
            self.others.append(("q", changelist.query))
        for label, first, last in self._presets():
            # Any day is said too: a desk may open on another filter when nothing is.
            wanted = {"from": ""}
            if first and last:
                wanted = {"from": first.isoformat(), "to": last.isoformat()}
            yield {
                "selected": (first, last) == (self.first, self.last),
                "query_string": changelist.get_query_string(wanted, ["from", "to", "p"]),
                "display": label,
            }

    @staticmethod
    def _presets() -> list[tuple[Any, date | None, date | None]]:
        today = timezone.localdate()
        monday = today - today.weekday() * ONE
        return [
            (_("Any day"), None, None),
            (_("Yesterday"), today - ONE, today - ONE),
            (_("Today"), today, today),
            (_("Tomorrow"), today + ONE, today + ONE),
            (_("This week"), monday, monday + 6 * ONE),
            (_("Next week"), monday + 7 * ONE, monday + 13 * ONE),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.first:
            queryset = queryset.filter(**{f"{self.path}__gte": self.first})
        if self.last:
            queryset = queryset.filter(**{f"{self.path}__lte": self.last})
        return queryset


class PeriodFilter(DayFilter):
    """`path` is a column of periods: those that touch the days."""

    path = "period"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.first:
            queryset = queryset.filter(**{f"{self.path}__endswith__gt": _midnight(self.first)})
        if self.last:
            queryset = queryset.filter(
                **{f"{self.path}__startswith__lt": _midnight(self.last + ONE)}
            )
        return queryset


class PickupFilter(DayFilter):
    """`path` is a column of moments."""

    path = "planned_pickup_at"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.first:
            queryset = queryset.filter(**{f"{self.path}__gte": _midnight(self.first)})
        if self.last:
            queryset = queryset.filter(**{f"{self.path}__lt": _midnight(self.last + ONE)})
        return queryset


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
