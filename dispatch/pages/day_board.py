"""What the page of one day shows: each driver's trips in order, who has no driver and why, and who waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q

from dispatch.enums import BookingStatus, RunStatus, ShiftStatus
from dispatch.models import Assignment, Booking, DispatchRun, Shift
from dispatch.models.statuses import OPEN, OUTCOMES
from dispatch.pages.kpi_lines import KpiLine, kpi_lines, kpis_of, strip_of
from dispatch.pages.seats import Seat
from dispatch.pages.timebar import Axis, Span, lanes
from dispatch.pages.trip_lines import TripLine, trip_line
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.measure_day import recorded_kpis
from dispatch.usecases.wording import row_sentences

if TYPE_CHECKING:
    from dispatch.engine.kpi import KpiValue
    from dispatch.engine.sentences import Label

BAR_HEIGHT = 24
LEAST_MARKED, LEAST_MARKED_HEIGHT = 1.3, 11.0  # percent, pixels
LEAST_BLOCK = 0.4  # percent: a journey of a minute is still seen
ONE_DAY = timedelta(days=1)


class Block(NamedTuple):
    """One trip on the bar."""

    line: TripLine
    span: Span
    y: float
    height: float

    @property
    def mark_y(self) -> float:
        return self.y + self.height / 2

    @property
    def has_room(self) -> bool:
        """Whether a sign inside can be read; without it colour, stroke and filling tell the same."""
        return self.span.width >= LEAST_MARKED and self.height >= LEAST_MARKED_HEIGHT


class BreakBlock(NamedTuple):
    """The window in which a pause begins, and until when it may last."""

    span: Span
    earliest_at: datetime
    latest_at: datetime
    minutes: int
    is_mandatory: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverRow:
    shift: Shift
    on_duty: Span
    blocks: tuple[Block, ...]
    breaks: tuple[BreakBlock, ...]
    lines: tuple[TripLine, ...]

    @property
    def is_cancelled(self) -> bool:
        return self.shift.status == ShiftStatus.CANCELLED

    @property
    def late(self) -> int:
        return sum(line.is_late for line in self.lines)

    @property
    def done(self) -> int:
        return sum(line.booking.status in OUTCOMES for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBoard:
    """`proposal`: the newest run when it is done, newer than what is in force, and not put in force."""

    day: date
    today: date
    now: datetime
    axis: Axis
    rows: tuple[DriverRow, ...]
    unassigned: tuple[TripLine, ...]
    on_call: tuple[TripLine, ...]
    not_driven: tuple[TripLine, ...]
    drafts: int
    in_force: DispatchRun | None
    latest: DispatchRun | None
    strip: tuple[KpiLine, ...]
    kpis: tuple[KpiLine, ...]
    is_recorded: bool

    @property
    def before(self) -> date:
        return self.day - ONE_DAY

    @property
    def after(self) -> date:
        return self.day + ONE_DAY

    @property
    def now_x(self) -> float | None:
        """Where the line of now stands; None when now is not on the axis."""
        return self.axis.at(self.now) if self.axis.holds(self.now) else None

    @property
    def driven(self) -> int:
        return sum(len(row.lines) for row in self.rows)

    @property
    def late(self) -> int:
        return sum(row.late for row in self.rows)

    @property
    def trips(self) -> int:
        """What the day has to serve or has served."""
        return self.driven + len(self.unassigned) + len(self.on_call)

    @property
    def proposal(self) -> DispatchRun | None:
        run = self.latest
        is_proposal = run is not None and run.status == RunStatus.DONE and run.applied_at is None
        return run if is_proposal else None

    @property
    def running(self) -> DispatchRun | None:
        return self._latest_if(RunStatus.RUNNING)

    @property
    def queued(self) -> DispatchRun | None:
        return self._latest_if(RunStatus.QUEUED)

    @property
    def failed(self) -> DispatchRun | None:
        return self._latest_if(RunStatus.FAILED) or self._latest_if(RunStatus.LOST)

    def _latest_if(self, status: RunStatus) -> DispatchRun | None:
        return self.latest if self.latest is not None and self.latest.status == status else None


def day_board(seat: Seat, day: date, now: datetime) -> DayBoard:
    """Everything of the page in a number of queries that does not grow with the day."""
    bookings = _bookings(seat, day)
    shifts = _shifts(seat, day, bookings)
    bounds = seat.company.day_bounds(day)
    rides = [ride for booking in bookings if (ride := assignment_of(booking)) is not None]
    axis = Axis.around(_moments(shifts, rides), day=bounds)
    in_force, latest = _runs(seat, day) if seat.sees_everything else (None, None)
    today = local_day(seat.company, now)
    values = _kpis(seat, day, today, in_force)
    groups = _grouped(bookings, now, _reasons(in_force, bookings, shifts))
    return DayBoard(
        day=day,
        today=today,
        now=now,
        axis=axis,
        rows=tuple(_driver_row(shift, groups.by_shift.get(shift.pk, []), axis) for shift in shifts),
        unassigned=tuple(groups.unassigned),
        on_call=tuple(groups.on_call),
        not_driven=tuple(groups.not_driven),
        drafts=groups.drafts,
        in_force=in_force,
        latest=latest,
        strip=tuple(strip_of(values)),
        kpis=tuple(kpi_lines(values)),
        is_recorded=day < today,
    )


@dataclass(slots=True)
class _Groups:
    by_shift: dict[int, list[TripLine]]
    unassigned: list[TripLine]
    on_call: list[TripLine]
    not_driven: list[TripLine]
    drafts: int = 0


def _grouped(bookings: Iterable[Booking], now: datetime, reasons: Mapping[int, str]) -> _Groups:
    groups = _Groups({}, [], [], [])
    for booking in bookings:
        line = trip_line(booking, now=now, reason=reasons.get(booking.pk, ""))
        status = BookingStatus(booking.status)
        if line.ride is not None:
            groups.by_shift.setdefault(line.ride.shift_id, []).append(line)
        elif status is BookingStatus.DRAFT:
            groups.drafts += 1
        elif status not in OPEN:
            groups.not_driven.append(line)
        elif booking.promised_from is None:
            groups.on_call.append(line)
        else:
            groups.unassigned.append(line)
    for lines in groups.by_shift.values():
        lines.sort(key=_planned_order)
    return groups


def _planned_order(line: TripLine) -> tuple[datetime, int]:
    assert line.ride is not None
    return line.ride.planned_pickup_at, line.booking.pk


def _bookings(seat: Seat, day: date) -> list[Booking]:
    """A driver sees their own journeys, the office all of the company."""
    rows = Booking.objects.filter(company=seat.company).on_day(day)
    if not seat.sees_everything:
        rows = rows.filter(assignment__driver__user=seat.user)
    return list(
        rows.select_related("patient", "pickup__parent", "dropoff__parent", "assignment").order_by(
            "promised_from", "pk"
        )
    )


def _shifts(seat: Seat, day: date, bookings: Iterable[Booking]) -> list[Shift]:
    """Those on duty that day, and any other one that has a journey of it (a cancelled shift, say)."""
    used = {ride.shift_id for b in bookings if (ride := assignment_of(b)) is not None}
    start, end = seat.company.day_bounds(day)
    is_on_duty = Q(period__overlap=(start, end)) & ~Q(status=ShiftStatus.CANCELLED.value)
    rows = Shift.objects.filter(is_on_duty | Q(pk__in=used), company=seat.company)
    if not seat.sees_everything:
        rows = rows.filter(driver__user=seat.user)
    found = rows.select_related("driver", "vehicle").prefetch_related("breaks")
    return list(found.order_by("period", "driver__sort_key", "pk"))


def _moments(shifts: Iterable[Shift], rides: Iterable[Assignment]) -> list[datetime]:
    on_duty = [moment for shift in shifts for moment in (shift.starts_at, shift.ends_at)]
    driving = [moment for ride in rides for moment in (ride.period.lower, ride.period.upper)]
    return on_duty + driving


def _driver_row(shift: Shift, lines: list[TripLine], axis: Axis) -> DriverRow:
    return DriverRow(
        shift=shift,
        on_duty=axis.span(shift.starts_at, shift.ends_at),
        blocks=tuple(_blocks(lines, axis)),
        breaks=tuple(
            BreakBlock(
                span=axis.span(pause.earliest_at, _end(pause.latest_at, pause.duration_min)),
                earliest_at=pause.earliest_at,
                latest_at=pause.latest_at,
                minutes=pause.duration_min,
                is_mandatory=pause.mandatory,
            )
            for pause in shift.breaks.all()
        ),
        lines=tuple(lines),
    )


def _end(start: datetime, minutes: int) -> datetime:
    return start + timedelta(minutes=minutes)


def _blocks(lines: list[TripLine], axis: Axis) -> list[Block]:
    rides = [(line, line.ride.period) for line in lines if line.ride is not None]
    places = lanes([(period.lower, period.upper) for _line, period in rides])
    return [
        Block(
            line=line,
            span=axis.span(period.lower, period.upper, least=LEAST_BLOCK),
            y=round(BAR_HEIGHT * lane.number / lane.of, 2),
            height=round(BAR_HEIGHT / lane.of, 2),
        )
        for (line, period), lane in zip(rides, places, strict=True)
    ]


def _runs(seat: Seat, day: date) -> tuple[DispatchRun | None, DispatchRun | None]:
    """The run in force, and the newest one that nobody put aside."""
    runs = DispatchRun.objects.filter(company=seat.company).on_day(day).without_documents()
    runs = runs.select_related("applied_by", "requested_by").order_by("-version")
    in_force = runs.filter(status=RunStatus.DONE, applied_at__isnull=False).first()
    return in_force, runs.exclude(status=RunStatus.SUPERSEDED).first()


def _kpis(seat: Seat, day: date, today: date, in_force: DispatchRun | None) -> tuple[KpiValue, ...]:
    """What is recorded of a past day; of today and later what the plan in force predicts."""
    if not seat.sees_everything:
        return ()
    if day < today:
        return recorded_kpis(company=seat.company, days=[day])
    return () if in_force is None else kpis_of(in_force.quality)


def _reasons(
    in_force: DispatchRun | None, bookings: Iterable[Booking], shifts: Iterable[Shift]
) -> dict[int, str]:
    """booking → why the run in force left it without a driver, and what would help."""
    if in_force is None:
        return {}
    names = {f"s{shift.pk}": str(shift.driver) for shift in shifts}
    names |= {f"b{booking.pk}": booking.reference for booking in bookings}
    return reasons_of(in_force, lambda reference: names.get(reference, reference))


def reasons_of(run: DispatchRun, label: Label) -> dict[int, str]:
    return {row.booking_id: row_sentences(row, label) for row in run.unassigned.all()}
