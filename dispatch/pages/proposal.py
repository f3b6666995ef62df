"""What a finished run would change if it were put in force: trip by trip against the assignments of now."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q

from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.enums import BookingStatus
from dispatch.models import Booking, DispatchRun, Shift
from dispatch.pages.day_board import reasons_of
from dispatch.pages.kpi_lines import KpiLine, kpi_lines, strip_of
from dispatch.pages.trip_lines import TripLine, namesakes, trip_line
from dispatch.usecases.apply_plan import refusal_now
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.measure_day import expected_kpis, kpis_of
from dispatch.usecases.note_sentences import note_sentences
from dispatch.usecases.references import row_id
from dispatch.usecases.ride_changes import Kind, PlannedRide, kind_of

if TYPE_CHECKING:
    from dispatch.engine.kpi import KpiValue

MOST_REFERENCES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    kind: Kind
    line: TripLine
    driver_before: str
    driver_after: str
    pickup_before: datetime | None
    pickup_after: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`is_first`: nobody has a driver yet. `refusal`: why it cannot be applied any more, "" where it can; `stale`: of
    which bookings that speaks.
    """

    run: DispatchRun
    is_first: bool
    refusal: str
    stale: tuple[str, ...]
    changes: tuple[Change, ...]
    counts: dict[str, int]
    unassigned: tuple[TripLine, ...]
    strip: tuple[KpiLine, ...]
    kpis: tuple[KpiLine, ...]
    notes: tuple[str, ...]
    seconds: float | None

    @property
    def first_stale(self) -> str:
        return first_of(self.stale)

    @property
    def is_empty(self) -> bool:
        return not self.changes

    @property
    def main_step(self) -> str:
        """The button that stands out: what the page advises."""
        if self.refusal:
            return "plan"
        return "discard" if self.is_empty and not self.is_first else "apply"


def proposal_of(run: DispatchRun, now: datetime) -> Proposal:
    """`run` is done and has its plan; two plans that differ by seconds do not count as a change."""
    plan = Plan.from_json(run.plan)
    lines, shifts = _lines(run, plan, now), _shifts(run, plan)
    after = {row_id(trip): (row_id(shift), trip) for trip, shift in plan.shift_of.items()}
    clock = DayClock.of(run.company, run.service_on)
    changes = []
    for pk, line in lines.items():
        shift, trip = after.get(pk, (None, ""))
        moment = None if shift is None else clock.moment(plan.pickup_start_s[trip])
        changes.append(_change(line, shifts.get(shift) if shift else None, moment))
    changes = _left_alone(run, changes)
    # A trip without a driver before and after is listed among the unassigned, not as a trip that stays.
    counts = Counter(c.kind.value for c in changes if c.driver_before or c.driver_after)
    values, before = kpis_of(run.quality), _in_force(run, now)
    refusal = refusal_now(run_id=run.pk, now=now)
    # The newest reasons stand in the run itself: the bookings may have moved on since.
    left_out = {item.booking_id for item in run.unassigned.all()}
    return Proposal(
        run=run,
        is_first=not any(change.driver_before for change in changes),
        refusal="" if refusal is None else str(refusal),
        stale=() if refusal is None else refusal.references,
        changes=tuple(c for c in sorted(changes, key=_order) if c.kind is not Kind.UNCHANGED),
        counts={kind.value: counts[kind.value] for kind in Kind},
        unassigned=tuple(lines[pk] for pk in lines if pk in left_out),
        strip=tuple(strip_of(values, before)),
        kpis=tuple(kpi_lines(values, before)),
        notes=tuple(note_sentences(run.notes)),
        seconds=_seconds(run),
    )


def first_of(references: tuple[str, ...]) -> str:
    """The first references, in brackets, and that there are more."""
    more = "…" if len(references) > MOST_REFERENCES else ""
    return f"({', '.join(references[:MOST_REFERENCES])}{more})" if references else ""


def _in_force(run: DispatchRun, now: datetime) -> tuple[KpiValue, ...]:
    """The figures of the plan that this one would replace, as it stands now."""
    runs = DispatchRun.objects.filter(company=run.company).on_day(run.service_on).in_force()
    replaced = runs.without_documents().order_by("-version").first()
    return expected_kpis(company=run.company, day=run.service_on, now=now, in_force=replaced)


def _lines(run: DispatchRun, plan: Plan, now: datetime) -> dict[int, TripLine]:
    """Every trip the run planned or left out, and those whose driver it would take away."""
    named = {row_id(trip) for trip in plan.shift_of} | {row_id(u.trip) for u in plan.unassigned}
    held = [int(pk) for pk in run.based_on.get("bookings", ())]
    rows = Booking.objects.filter(Q(pk__in=named) | Q(pk__in=held), company=run.company)
    rows = rows.select_related("patient", "pickup__parent", "dropoff__parent", "assignment__driver")
    rows = rows.prefetch_related("handovers__place__parent")
    shifts = Shift.objects.filter(company=run.company).on_day(run.company, run.service_on)
    names = {f"s{shift.pk}": str(shift.driver) for shift in shifts.select_related("driver")}
    clock = DayClock.of(run.company, run.service_on)
    reasons = reasons_of(run, clock, lambda reference: names.get(reference, reference))
    bookings = list(rows.order_by("promised_from", "pk"))
    twins = namesakes(bookings)
    return {
        booking.pk: trip_line(
            booking,
            now=now,
            reason=reasons.get(booking.pk),
            has_namesake=booking.patient_id in twins,
        )
        for booking in bookings
    }


def _shifts(run: DispatchRun, plan: Plan) -> dict[int, Shift]:
    used = {row_id(route.shift) for route in plan.routes}
    rows = Shift.objects.filter(company=run.company, pk__in=used).select_related("driver")
    return {shift.pk: shift for shift in rows}


def _change(line: TripLine, shift: Shift | None, pickup: datetime | None) -> Change:
    ride = assignment_of(line.booking)
    wanted = None if shift is None or pickup is None else PlannedRide(shift.pk, pickup)
    return Change(
        kind=kind_of(
            BookingStatus(line.booking.status),
            ride,
            wanted,
            waits=line.booking.waits_at is not None,
        ),
        line=line,
        driver_before="" if ride is None else str(ride.driver),
        driver_after="" if shift is None else str(shift.driver),
        pickup_before=None if ride is None else ride.planned_pickup_at,
        pickup_after=pickup,
    )


def _left_alone(run: DispatchRun, changes: list[Change]) -> list[Change]:
    """Nothing is taken from a trip that the run left out of its problem: Apply lets it be."""
    if all(change.kind is not Kind.TAKEN_AWAY for change in changes):
        return changes
    decided = {row_id(trip.id) for trip in Problem.from_json(run.problem).trips}
    return [
        replace(change, kind=Kind.UNCHANGED)
        if change.kind is Kind.TAKEN_AWAY and change.line.booking.pk not in decided
        else change
        for change in changes
    ]


def _order(change: Change) -> tuple[int, datetime, int]:
    """What hurts first, then by the clock."""
    moment = change.pickup_after or change.pickup_before or change.line.booking.created_at
    return list(Kind).index(change.kind), moment, change.line.booking.pk


def _seconds(run: DispatchRun) -> float | None:
    if run.started_at is None or run.finished_at is None:
        return None
    return (run.finished_at - run.started_at).total_seconds()
