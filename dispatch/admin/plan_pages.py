"""What the pages about plans show: runs, tours, differences and figures as plain rows for the templates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from dispatch.engine.explain import unassigned_sentence
from dispatch.engine.plan import Plan, TimedVisit
from dispatch.engine.remedies import advice_sentence
from dispatch.enums import VisitKind
from dispatch.models import Booking, Shift
from dispatch.usecases.compare_figures import Figure, compare_figures
from dispatch.usecases.compare_plans import Moved, compare_plans
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.measure_day import kpis_of
from dispatch.usecases.references import row_id, shift_ref, trip_ref
from dispatch.usecases.wording import language, left_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from dispatch.engine.plan import Route
    from dispatch.engine.sentences import Label
    from dispatch.models import DispatchRun, Unassigned


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
    shift_id: int | None = None  # of a tour that stands as it is driven
    fault: str = ""  # why what is still to come cannot be driven so


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A journey that nobody drives, with why and what would help."""

    booking: Booking
    reason: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A journey that differs between two plans, with the row that names it."""

    booking: Booking
    move: Moved


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
        return [told_left_out(row.booking, row, self._label, self.clock) for row in rows]

    def _label(self, reference: str) -> str:
        """What people call a trip or a shift of the plan."""
        if reference in self.shifts:
            return self.driver(reference)
        booking = self.bookings.get(reference)
        return reference if booking is None else booking.reference

    @cached_property
    def figures(self) -> list[Figure]:
        return compare_figures(kpis_of(self.run.quality))


def told_left_out(booking: Booking, row: Unassigned, label: Label, clock: DayClock) -> LeftOut:
    """The reason that a run kept, in words."""
    left = left_of(row)
    return LeftOut(
        booking=booking,
        reason=unassigned_sentence(left, language(), label=label),
        advice=advice_sentence(left, language(), label=label, clock=clock.shown),
    )


def bookings_by_id(ids: Iterable[str]) -> Mapping[str, Booking]:
    rows = Booking.objects.select_related("patient", "pickup__parent", "dropoff__parent")
    return {trip_ref(row.pk): row for row in rows.filter(pk__in=map(row_id, ids))}


def shifts_by_id(ids: Iterable[str]) -> Mapping[str, Shift]:
    rows = Shift.objects.select_related("driver", "vehicle", "company")
    return {shift_ref(row.pk): row for row in rows.filter(pk__in=map(row_id, ids))}


def changes(before: RunStory, after: RunStory) -> list[Change]:
    """What changes from one run to the other by more than seconds; what was deleted since cannot be driven."""
    if before.plan is None or after.plan is None:
        return []
    bookings = {row.pk: row for story in (before, after) for row in story.bookings.values()}
    return [
        Change(booking=bookings[move.booking_id], move=move)
        for move in compare_plans(before.plan, after.plan, clock=after.clock)
        if move.is_noticeable and move.booking_id in bookings
    ]
