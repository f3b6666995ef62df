"""One day as the rows tell it at one moment: what the parts of its problem share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType

from dispatch.engine.plan import Unassigned
from dispatch.engine.travel import Point
from dispatch.enums import BookingStatus, Rule
from dispatch.models import Assignment, Booking, Company, DriverWish, Handover, Place, Shift
from dispatch.models.among import among
from dispatch.models.booking import READ_HANDOVERS
from dispatch.models.people import READ_WISHES
from dispatch.models.statuses import OPEN
from dispatch.notes import Note
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_content import promised_bookings
from dispatch.usecases.day_so_far import ShiftSoFar, assignment_of, shift_so_far
from dispatch.usecases.promise import Window
from dispatch.usecases.shift_faults import is_vehicle_away, shift_fault

MIN_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranding:
    """A vehicle or a driver that dropped out: these journeys are free, who was on board waits `at` this place.

    `relief`: the shift that would stand in, never saved.
    """

    bookings: frozenset[int]
    at: Place
    relief: Shift | None = None


class DayRows:
    """The rows, the places they name, and what has to be told of those that stay outside.

    `promises`: bookings that would be promised another time; who has no driver is read as if it were so, for no
    plan rests on what is promised now.
    """

    def __init__(  # noqa: PLR0913 - as build_problem
        self,
        *,
        company: Company,
        day: date,
        now: datetime,
        freed: frozenset[int],
        stand_in: Shift | None,
        stranding: Stranding | None = None,
        promises: Mapping[int, Window] = MappingProxyType({}),
    ) -> None:
        self.company, self.day, self.now, self.stranding = company, day, now, stranding
        self.freed = freed if stranding is None else freed | stranding.bookings
        self.clock = DayClock.of(company, day)
        self.rules = company.rules
        self.now_s = self.clock.second(now)
        promised = promised_bookings(company, day)
        self.bookings = list(promised.with_plan_rows().order_by("pk"))
        read_ahead(self.bookings)
        for row in self.bookings:
            if row.pk in promises and assignment_of(row) is None:
                row.promised_from, row.promised_to = promises[row.pk]
        shifts = Shift.objects.on_day(company, day).planned().with_plan_relations()
        instead = {} if stand_in is None else {stand_in.pk: stand_in}
        self.shifts = [instead.get(row.pk, row) for row in shifts]
        if stranding is not None and stranding.relief is not None:
            self.shifts.append(stranding.relief)
        # Nothing has begun with a crew that is not there yet.
        self.untried = frozenset(
            row.pk for row in shifts if _crew(row) != _crew(instead.get(row.pk, row))
        )
        self.faults = {row.pk: shift_fault(row, day) for row in self.shifts}
        self.dropped = self._dropped()
        self.unplannable: list[Unassigned] = []
        self.left_out: dict[int, Note] = {}
        self.said: list[Note] = []
        self.places: dict[Point, int] = {}
        self.so_far = self._so_far()
        self.committed = {
            visit.id for state in self.so_far.values() for visit in state.committed_visits
        }

    def held(self, booking: Booking) -> Assignment | None:
        """The booking's row in the plan in force, unless it is being placed anew."""
        return None if booking.pk in self.freed else assignment_of(booking)

    def is_stranded(self, booking: Booking) -> bool:
        return self.stranding is not None and booking.pk in self.stranding.bookings

    def waits_at(self, booking: Booking) -> Place | None:
        """Where a patient who was on board waits for another vehicle; None for everybody else."""
        here = booking.waits_at
        if here is not None or self.stranding is None or not self.is_stranded(booking):
            return here
        return self.stranding.at if booking.status == BookingStatus.ON_BOARD else None

    def _dropped(self) -> frozenset[int]:
        """Journeys still to begin whose driver, or whose vehicle at that time, is not there: however close, others
        may have them. What is under way is a fact; a crew that is only being tried is judged by its journeys.
        """
        shifts = {row.pk: row for row in self.shifts if row.pk not in self.untried}
        rides = (
            (booking, row)
            for booking in self.bookings
            if booking.status in OPEN and (row := self.held(booking)) is not None
        )
        return frozenset(
            booking.pk
            for booking, row in rides
            if row.shift_id in shifts and self._cannot_drive(row, shifts[row.shift_id])
        )

    def _cannot_drive(self, ride: Assignment, shift: Shift) -> bool:
        return self.faults[shift.pk] is not None or is_vehicle_away(ride, shift)

    def _so_far(self) -> dict[int, ShiftSoFar]:
        by_shift: dict[int, list[Booking]] = {shift.pk: [] for shift in self.shifts}
        for booking in self.bookings:
            row = self.held(booking)
            is_kept = row is not None and booking.pk not in self.dropped
            if row is not None and is_kept and row.shift_id in by_shift:
                by_shift[row.shift_id].append(booking)
        freeze_s = self.rules.freeze_min * MIN_S
        found = {
            pk: shift_so_far(rows, clock=self.clock, now_s=self.now_s, freeze_s=freeze_s)
            for pk, rows in by_shift.items()
            if rows
        }
        untried = {pk: replace(found[pk], committed=0) for pk in self.untried & found.keys()}
        return found | untried

    def locate(self, place: Place | None) -> int | None:
        position = None if place is None else place.position
        if position is None:
            return None
        point = Point(lat=round(position[0], 5), lon=round(position[1], 5))
        return self.places.setdefault(point, len(self.places))

    def leave_out(self, reference: str, reason: Rule, advice: str) -> None:
        self.unplannable.append(Unassigned(trip=reference, reason=reason, advice=advice))


def read_ahead(bookings: Sequence[Booking]) -> None:
    """What else a problem needs of these bookings: one query for wishes, one for handovers, and one for places,
    of which each is one row however many journeys begin or end there.
    """
    _share_places(bookings)
    wishes: dict[int, list[DriverWish]] = {}
    for wish in DriverWish.objects.filter(among("patient", (b.patient_id for b in bookings))):
        wishes.setdefault(wish.patient_id, []).append(wish)
    handovers: dict[int, list[Handover]] = {}
    rows = Handover.objects.filter(among("booking", (b.pk for b in bookings)))
    for handover in rows.select_related("place__parent"):
        handovers.setdefault(handover.booking_id, []).append(handover)
    for booking in bookings:
        setattr(booking, READ_HANDOVERS, handovers.get(booking.pk, []))
        setattr(booking.patient, READ_WISHES, wishes.get(booking.patient_id, []))


def _share_places(bookings: Iterable[Booking]) -> None:
    wanted = {pk for booking in bookings for pk in (booking.pickup_id, booking.dropoff_id)}
    rows = Place.objects.filter(among("pk", wanted)).select_related("parent").order_by()
    places = {place.pk: place for place in rows}
    for booking in bookings:
        booking.pickup, booking.dropoff = places[booking.pickup_id], places[booking.dropoff_id]


def _crew(row: Shift) -> tuple[int, int]:
    return row.driver_id, row.vehicle_id


def prefixed(kind: str, codes: frozenset[str]) -> frozenset[str]:
    """Skills and equipment share words ("oxygen"): a need says which of the two it means."""
    return frozenset(f"{kind}:{code}" for code in codes)
