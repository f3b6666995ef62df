"""A series as it stands, or as it would stand: its order, its pauses, and which days it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, time
from typing import NamedTuple, Self, cast

from django.db.models import Q
from django.utils.translation import gettext as _

from dispatch.enums import Priority, ReturnMode
from dispatch.models import Booking, Place, StandingOrder
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.own_rows import own_rows
from dispatch.usecases.series_change import token_of

_COLUMNS = tuple(field.attname for field in StandingOrder._meta.concrete_fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesContent:
    """All of a series that a person may change while it runs; times are those of the wall clock."""

    pickup_id: int
    dropoff_id: int
    weekdays: tuple[int, ...]
    interval_weeks: int
    ends_on: date | None
    pickup_time: time | None
    appointment_time: time | None
    return_mode: ReturnMode
    return_time: time | None
    same_driver_return: bool
    priority: Priority
    pooling_allowed: bool
    active: bool = True

    @classmethod
    def of(cls, order: StandingOrder) -> Self:
        values = {name: getattr(order, name) for name in cls.__slots__}
        return cls(
            **values
            | {
                "weekdays": tuple(sorted(order.weekdays)),
                "return_mode": ReturnMode(order.return_mode),
                "priority": Priority(order.priority),
            }
        )

    def with_said(self, said: Mapping[str, object]) -> Self:
        """The content with other values; what the named return has no place for goes with the former one."""
        values = dict(said)
        mode = values.get("return_mode", ReturnMode.FIXED)
        if mode != ReturnMode.FIXED:
            values.setdefault("return_time", None)
        if mode == ReturnMode.NONE:
            values.setdefault("same_driver_return", False)
        return replace(self, **values)  # type: ignore[arg-type]

    def fill(self, order: StandingOrder) -> None:
        """Write this into the row, which is not saved. Raises InvalidRowError."""
        for name in self.__slots__:
            setattr(order, name, getattr(self, name))
        order.weekdays = sorted(self.weekdays)
        order.return_mode, order.priority = self.return_mode.value, self.priority.value
        ends = {"pickup": (Place, self.pickup_id), "dropoff": (Place, self.dropoff_id)}
        for name, place in own_rows(order.company, ends).items():
            setattr(order, name, place)


class Rest(NamedTuple):
    """Days on which a series rests, both included; `pk` is that of the pause, 0 while it is only asked for."""

    first_on: date
    last_on: date
    pk: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    order: StandingOrder
    rests: tuple[Rest, ...]

    def is_resting(self, day: date) -> bool:
        return any(rest.first_on <= day <= rest.last_on for rest in self.rests)

    def is_over(self, today: date) -> bool:
        """Whether it asks for no journey any more, today or later."""
        ends_on = self.order.ends_on
        return not self.order.active or (ends_on is not None and ends_on < today)

    def asks_on(self, day: date) -> bool:
        """Whether a journey is wanted on this local day."""
        return self.order.falls_on(day) and not self.is_resting(day)

    @property
    def content(self) -> SeriesContent:
        return SeriesContent.of(self.order)

    def with_content(self, content: SeriesContent) -> Series:
        """The series with other content, in memory only. Raises InvalidRowError."""
        order = copy(self.order)
        content.fill(order)
        return replace(self, order=order)

    def with_rests(self, rests: Iterable[Rest]) -> Series:
        return replace(self, rests=tuple(sorted(rests, key=lambda rest: rest.first_on)))

    def fingerprint(self) -> tuple[object, ...]:
        """Changes when any column of the order or any pause does."""
        columns = tuple(self.order.serializable_value(name) for name in _COLUMNS)
        return (*columns, self.rests)

    @property
    def version(self) -> str:
        """The same as long as nobody changes the series or its pauses."""
        return token_of(self.fingerprint())


def series_of(order: StandingOrder) -> Series:
    """The row with its pauses, read or prefetched."""
    pauses = sorted(order.pauses.all(), key=lambda each: each.first_on)
    return Series(
        order=order, rests=tuple(Rest(each.first_on, each.last_on, each.pk) for each in pauses)
    )


def read_series(order_id: int, *, lock: bool = False) -> Series:
    """Raises NotFoundError. Locked, nobody else changes or expands the series until the transaction ends."""
    rows = StandingOrder.objects.select_related(
        "company", "patient", "pickup__parent", "dropoff__parent"
    )
    if lock:
        rows = rows.select_for_update(of=("self",))
    order = rows.filter(pk=order_id).first()
    if order is None:
        raise NotFoundError(_("This standing order does not exist."))
    return series_of(order)


class Pair(NamedTuple):
    """The bookings of one day of a series: there (single or outbound), and back.

    A way back that a person added by hand is not of the series, but depends on it all the same.
    """

    there: Booking | None
    back: Booking | None


def read_pairs(order_id: int, first_on: date, *, lock: bool = False) -> dict[date, Pair]:
    """Day in the series → its bookings, from `first_on` on, in the order of the days."""
    own = Q(standing_order=order_id, series_on__gte=first_on)
    added = Q(
        standing_order=None,
        outbound__standing_order=order_id,
        outbound__series_on__gte=first_on,
    )
    rows = Booking.objects.filter(own | added).select_related("company", "outbound").order_by("pk")
    if lock:
        rows = rows.select_for_update(of=("self",))
    found: dict[date, Pair] = {}
    for row in rows:
        day = cast("date", row.series_on or getattr(row.outbound, "series_on", None))
        pair = found.get(day, Pair(None, None))
        found[day] = pair._replace(**{"back" if row.outbound_id else "there": row})
    return dict(sorted(found.items()))
