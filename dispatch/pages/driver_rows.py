"""One driver's row: the hours on duty, the windows of the breaks and the trips as blocks on the time bar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from dispatch.enums import BookingStatus, ShiftStatus
from dispatch.models import Assignment, Shift
from dispatch.models.statuses import OUTCOMES
from dispatch.notes import NoteKey
from dispatch.pages.timebar import Axis, Span, lanes
from dispatch.pages.trip_lines import TripLine
from dispatch.usecases.shift_faults import FAULT_WORDS, Fault, ride_fault, shift_fault
from dispatch.usecases.silent_shifts import Silence

BAR_HEIGHT = 24
LEAST_MARKED, LEAST_MARKED_HEIGHT = 1.3, 11.0  # percent, pixels
LEAST_BLOCK = 0.4  # percent: a journey of a minute is still seen


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
    fault: Fault | None
    stranded: int
    silence: Silence | None = None

    @property
    def fault_words(self) -> str:
        """Why what is still to come cannot be driven so; empty when it can."""
        return "" if self.fault is None else str(FAULT_WORDS[self.fault])

    @property
    def is_cancelled(self) -> bool:
        return self.shift.status == ShiftStatus.CANCELLED

    @property
    def is_answered(self) -> bool:
        """One of the trips was just acted upon: it is shown at once."""
        return any(line.answer for line in self.lines)

    @property
    def may_break_down(self) -> bool:
        """Somebody still waits for a journey of this shift, or is on board."""
        return any(line.booking.status not in OUTCOMES for line in self.lines)

    @property
    def late(self) -> int:
        return sum(line.is_late for line in self.lines)

    @property
    def done(self) -> int:
        return sum(line.booking.status in OUTCOMES for line in self.lines)


def moments_of(shifts: Iterable[Shift], rides: Iterable[Assignment]) -> list[datetime]:
    on_duty = [moment for shift in shifts for moment in (shift.starts_at, shift.ends_at)]
    driving = [moment for ride in rides for moment in (ride.period.lower, ride.period.upper)]
    return on_duty + driving


def driver_row(
    shift: Shift,
    lines: list[TripLine],
    axis: Axis,
    *,
    day: date,
    is_over: bool,
    silence: Silence | None = None,
) -> DriverRow:
    """`is_over`: what could not be driven is history then, and shown as what became of it.

    A journey that cannot be driven as it stands is neither in time nor late.
    """
    judged = [(line, None if is_over else _fault(shift, line, day)) for line in lines]
    faults = [fault for _line, fault in judged if fault is not None]
    lines = [line if fault is None else replace(line, timing=None) for line, fault in judged]
    idle = None if is_over or lines else shift_fault(shift, day)
    return DriverRow(
        fault=next(iter(faults), idle),
        stranded=len(faults),
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
        silence=silence,
    )


def _fault(shift: Shift, line: TripLine, day: date) -> NoteKey | None:
    """Why this shift cannot drive a journey that nobody has begun."""
    if line.ride is None or line.booking.status != BookingStatus.ASSIGNED:
        return None
    return ride_fault(line.ride, shift, day)


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
