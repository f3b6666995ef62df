"""What the pages about plans show: runs, tours, differences and figures as plain rows for the templates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from dispatch.engine.explain import unassigned_sentence
from dispatch.engine.kpi import KPIS, UNITS, Kpi, Unit
from dispatch.engine.plan import Plan, TimedVisit
from dispatch.engine.remedies import advice_sentence
from dispatch.enums import VisitKind
from dispatch.models import Booking, Shift
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.measure_day import kpi_from_json
from dispatch.usecases.references import row_id, shift_ref, trip_ref
from dispatch.usecases.wording import language, left_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from dispatch.engine.kpi import KpiValue
    from dispatch.engine.plan import Move, Route
    from dispatch.models import DispatchRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One line of a tour."""

    at: datetime
    kind: str
    booking: Booking | None
    place: str
    minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    name: str
    vehicle: str
    leaves_at: datetime
    back_at: datetime
    trips: int
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A journey that nobody drives, with why and what would help."""

    booking: Booking
    reason: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A journey whose driver or time differs between two plans."""

    booking: Booking
    from_driver: str
    to_driver: str
    from_at: datetime | None
    to_at: datetime | None

    @property
    def has_other_driver(self) -> bool:
        return self.from_driver != self.to_driver

    @property
    def is_noticeable(self) -> bool:
        """Not only a matter of seconds."""
        return self.has_other_driver or self.minutes != 0

    @property
    def minutes(self) -> int | None:
        """How much later it is; None where it is not planned before or after."""
        if self.from_at is None or self.to_at is None:
            return None
        return round((self.to_at - self.from_at).total_seconds() / 60)


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


class RunStory:
    """A run told in names: every reference it holds is looked up once, whatever its size."""

    def __init__(self, run: DispatchRun) -> None:
        self.run = run
        self.clock = DayClock.of(run.company, run.service_on)

    @cached_property
    def plan(self) -> Plan | None:
        return None if self.run.plan is None else Plan.from_json(self.run.plan)

    @cached_property
    def bookings(self) -> Mapping[str, Booking]:
        plan = self.plan
        wanted = [] if plan is None else [*plan.shift_of, *(left.trip for left in plan.unassigned)]
        return bookings_by_id(wanted)

    @cached_property
    def shifts(self) -> Mapping[str, Shift]:
        plan = self.plan
        return shifts_by_id([] if plan is None else [route.shift for route in plan.routes])

    def driver(self, shift_id: str | None) -> str:
        if shift_id is None:
            return _("nobody")
        shift = self.shifts.get(shift_id)
        return _("a shift that is gone") if shift is None else str(shift.driver)

    @cached_property
    def tours(self) -> list[Tour]:
        """The shifts that drive, by the name of the driver."""
        routes = [] if self.plan is None else [r for r in self.plan.routes if r.visits]
        return sorted((self._tour(route) for route in routes), key=lambda tour: tour.name)

    @property
    def idle(self) -> list[str]:
        routes = [] if self.plan is None else [r for r in self.plan.routes if not r.visits]
        return sorted(self.driver(route.shift) for route in routes)

    def _tour(self, route: Route) -> Tour:
        shift = self.shifts.get(route.shift)
        return Tour(
            name=self.driver(route.shift),
            vehicle="" if shift is None else str(shift.vehicle),
            leaves_at=self.clock.moment(route.leave_s),
            back_at=self.clock.moment(route.return_s),
            trips=len(route.trip_ids),
            stops=tuple(self._stop(visit) for visit in route.visits),
        )

    def _stop(self, visit: TimedVisit) -> Stop:
        at = self.clock.moment(visit.start_s)
        if visit.kind is VisitKind.BREAK:
            return Stop(at=at, kind=visit.kind.value, booking=None, place="")
        booking = self.bookings.get(visit.id)
        is_pickup = visit.kind is VisitKind.PICKUP
        place = "" if booking is None else str(booking.pickup if is_pickup else booking.dropoff)
        return Stop(at=at, kind=visit.kind.value, booking=booking, place=place)

    @cached_property
    def left_out(self) -> list[LeftOut]:
        rows = self.run.unassigned.select_related(
            "booking__patient", "booking__pickup__parent", "booking__dropoff__parent"
        ).order_by("booking__promised_from", "booking_id")
        return [
            LeftOut(
                booking=row.booking,
                reason=unassigned_sentence(left, language()),
                advice=advice_sentence(left, language(), label=self._label, clock=self.clock.shown),
            )
            for row in rows
            for left in [left_of(row)]
        ]

    def _label(self, reference: str) -> str:
        """What people call a trip or a shift of the plan."""
        if reference in self.shifts:
            return self.driver(reference)
        booking = self.bookings.get(reference)
        return reference if booking is None else booking.reference

    @cached_property
    def figures(self) -> list[Figure]:
        return figures([self.run])


def bookings_by_id(ids: Iterable[str]) -> Mapping[str, Booking]:
    rows = Booking.objects.select_related("patient", "pickup__parent", "dropoff__parent")
    return {trip_ref(row.pk): row for row in rows.filter(pk__in=map(row_id, ids))}


def shifts_by_id(ids: Iterable[str]) -> Mapping[str, Shift]:
    rows = Shift.objects.select_related("driver", "vehicle", "company")
    return {shift_ref(row.pk): row for row in rows.filter(pk__in=map(row_id, ids))}


def moves(before: RunStory, after: RunStory) -> list[Moved]:
    """What changes from one run to the other, in the order of the day."""
    if before.plan is None or after.plan is None:
        return []
    rows = [_moved(move, before, after) for move in before.plan.diff(after.plan)]
    known = [row for row in rows if row is not None and row.is_noticeable]
    return sorted(known, key=lambda row: (row.to_at or row.from_at, row.booking.pk))


def _moved(move: Move, before: RunStory, after: RunStory) -> Moved | None:
    booking = after.bookings.get(move.trip) or before.bookings.get(move.trip)
    if booking is None:
        return None  # deleted since: there is nothing left to drive
    return Moved(
        booking=booking,
        from_driver=before.driver(move.from_shift),
        to_driver=after.driver(move.to_shift),
        from_at=None if move.from_start_s is None else before.clock.moment(move.from_start_s),
        to_at=None if move.to_start_s is None else after.clock.moment(move.to_start_s),
    )


def figures(runs: list[DispatchRun]) -> list[Figure]:
    """The KPIs of the runs side by side; what none of them can say anything about is left out."""
    by_run = [_kpis(run) for run in runs]
    keys = dict.fromkeys(key for values in by_run for key in values)
    rows = []
    for key in keys:
        values = [run.get(key) for run in by_run]
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


def _kpis(run: DispatchRun) -> dict[tuple[str, str], KpiValue]:
    values = (kpi_from_json(row) for row in run.quality.get("kpis", ()))
    return {(value.key.value, value.group): value for value in values}


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
