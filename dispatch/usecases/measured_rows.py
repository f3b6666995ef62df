"""The rows that a day's KPIs are counted from, read once: its bookings with their drivers, and its shifts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from dispatch.engine.fairness import DriverWork, is_heavy
from dispatch.engine.recorded import driven_s, is_timed
from dispatch.engine.records import TripRecord
from dispatch.enums import BookingStatus, DriverKind, Mobility
from dispatch.models import Absence, Booking, Company, Shift
from dispatch.models.statuses import OPEN, OUTCOMES, UNDER_WAY
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.day_versions import Versions
from dispatch.usecases.references import driver_ref
from dispatch.usecases.shift_faults import load_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """A trip that has or had a driver."""

    record: TripRecord
    driver_id: int
    shift_id: int
    is_heavy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRows:
    """`bookings`: those that left the draft; `shifts`: the planned ones; `away`: drivers who are absent."""

    day: date
    now: datetime
    clock: DayClock
    bookings: tuple[Booking, ...]
    shifts: tuple[Shift, ...]
    away: frozenset[int]

    @property
    def over(self) -> Iterator[Booking]:
        """All of a past day, of today what has ended, of a day to come nothing."""
        return (row for row in self.bookings if self._is_over(row))

    @property
    def to_come(self) -> Iterator[Booking]:
        """All others but returns that nobody has called for yet: they have neither time nor plan."""
        for row in self.bookings:
            is_awaited = row.promised_from is not None or BookingStatus(row.status) in OUTCOMES
            if is_awaited and not self._is_over(row):
                yield row

    def _is_over(self, row: Booking) -> bool:
        if self.clock.starts_at > self.now:
            return False
        return self.clock.ends_at <= self.now or BookingStatus(row.status) in OUTCOMES

    @property
    def versions(self) -> Versions:
        """As `day_versions` reads them."""
        alive = [
            row
            for row in self.bookings
            if row.promised_from is not None and row.status in OPEN | UNDER_WAY
        ]
        return {
            "bookings": {str(row.pk): row.version for row in alive},
            "shifts": {str(row.pk): row.version for row in self.shifts},
        }

    def on_duty_s(self, takes_part: Callable[[Shift], bool]) -> dict[int, int]:
        """driver → seconds of all their shifts inside the day, of those with a shift that takes part.

        Emergency drivers, used last by rule, are not compared, and who is away is not there.
        """
        compared = {row.driver_id for row in self.shifts if takes_part(row)} - self.away
        found: dict[int, int] = {}
        for row in self.shifts:
            if row.driver_id in compared and row.driver.kind != DriverKind.EMERGENCY:
                begins = max(row.starts_at, self.clock.starts_at)
                seconds = int((min(row.ends_at, self.clock.ends_at) - begins).total_seconds())
                found[row.driver_id] = found.get(row.driver_id, 0) + seconds
        return {driver: seconds for driver, seconds in found.items() if seconds > 0}


def measured_rows(company: Company, day: date, now: datetime) -> MeasuredRows:
    """Three queries."""
    bookings = Booking.objects.filter(company=company).on_day(day)
    bookings = bookings.exclude(status=BookingStatus.DRAFT).order_by("pk")
    absent = Absence.objects.filter(driver__company=company, first_on__lte=day, last_on__gte=day)
    shifts = Shift.objects.on_day(company, day).planned().select_related("driver").order_by("pk")
    return MeasuredRows(
        day=day,
        now=now,
        clock=DayClock.of(company, day),
        bookings=tuple(
            bookings.select_related("patient", "assignment").prefetch_related("handovers")
        ),
        shifts=tuple(shifts),
        away=frozenset(absent.values_list("driver_id", flat=True)),
    )


def driven_of(told: Iterable[tuple[Booking, TripRecord]]) -> Iterator[Driven]:
    for row, record in told:
        held = assignment_of(row)
        if held is not None:
            load = load_of(Mobility(row.patient.mobility), row.escorts)
            yield Driven(
                record=record,
                driver_id=held.driver_id,
                shift_id=held.shift_id,
                is_heavy=is_heavy(load),
            )


def work_of(
    on_duty_s: dict[int, int], driven: Iterable[Driven], ended: Iterable[BookingStatus]
) -> Iterator[DriverWork]:
    """What each driver on duty has of these trips; those that did not end in one of these ways are untold."""
    wanted, listed = frozenset(ended), list(driven)
    for driver, seconds in sorted(on_duty_s.items()):
        own = [one for one in listed if one.driver_id == driver]
        told = [one for one in own if one.record.status in wanted]
        records = [one.record for one in told]
        yield DriverWork(
            driver=driver_ref(driver),
            on_duty_s=seconds,
            recent_duty_s=0,  # KPI.md compares the day's own work; the planner's rule has its window
            recent_trips=0,
            trips=len(told),
            driving_s=driven_s(records),
            heavy_trips=sum(one.is_heavy for one in told),
            untold_trips=len(own) - len(told),
            untimed_trips=sum(not is_timed(record) for record in records),
        )
