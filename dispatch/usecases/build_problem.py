"""Turns a company's day, as the rows tell it, into the engine's problem.

Of a day that has begun, what is done collapses into where each vehicle is and from when it is free; what is
under way or too close to change (freeze time) is *committed*: the beginning of the route, in its order. A
trip of the plan in force that has become late keeps its place: its windows are stretched to the times it can
still be served at, because a late vehicle is better than none. Nothing is planned to or from an unknown
position, for drivers who are away or with vehicles that are not there; what is left out is named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.conf import settings as django_settings
from django.utils.translation import gettext as _

from dispatch import roads
from dispatch.engine import problem as engine
from dispatch.engine.plan import Unassigned
from dispatch.engine.travel import Point
from dispatch.enums import BookingStatus, DriverKind, Mobility, Priority, Rule
from dispatch.models import Assignment, Booking, Company, CompanySettings, Place, Shift
from dispatch.models.statuses import UNDER_WAY
from dispatch.notes import Note, NoteKey
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_content import NothingToPlanError, promised_bookings
from dispatch.usecases.day_so_far import NOTHING_YET, ShiftSoFar, assignment_of, shift_so_far
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.fit_windows import fit_windows, stuck_shifts, without_shifts
from dispatch.usecases.loads_so_far import with_loads
from dispatch.usecases.next_door import ALONE, NextDoor, next_door
from dispatch.usecases.references import (
    break_ref,
    driver_ref,
    row_id,
    shift_ref,
    trip_ref,
    vehicle_ref,
)
from dispatch.usecases.vehicle_hours import drivable

MIN_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltProblem:
    """The problem, the versions it was made from (for compare-and-set), and what had to stay outside."""

    problem: engine.Problem
    travel_source: str
    is_degraded: bool
    notes: tuple[Note, ...]
    unplannable: tuple[Unassigned, ...]
    left_out: dict[int, Note]  # shift → why it takes no part
    in_force: dict[str, tuple[engine.Visit, ...]]  # shift → visits still to make, in their order
    booking_versions: dict[int, int]
    shift_versions: dict[int, int]


def build_problem(
    *,
    company: Company,
    day: date,
    now: datetime,
    freed: frozenset[int] = frozenset(),
    stand_in: Shift | None = None,
) -> BuiltProblem:
    """The problem of this local day as it stands at `now`; bookings in `freed` count as unassigned.

    `stand_in`: a shift of the day as it might become; it is read instead of its row.

    Trip, shift and driver references are row ids as text. Raises NothingToPlanError for a day without
    shifts and bookings. A road service that fails does not raise: the answer says that it is degraded.
    """
    draft = _Draft(company=company, day=day, now=now, freed=freed, stand_in=stand_in)
    if not draft.bookings and not draft.shifts:
        raise NothingToPlanError
    return draft.built()


def engine_settings(rules: CompanySettings) -> engine.Settings:
    """The company's rules in the engine's words."""
    pooling = engine.Pooling(
        max_pickup_gap_s=rules.pooling_pickup_gap_min * MIN_S,
        max_detour_s=rules.pooling_max_detour_min * MIN_S,
    )
    w = rules.weights
    return engine.Settings(
        pooling=pooling if rules.pooling_enabled else None,
        transition_margin_s=rules.transition_margin_min * MIN_S,
        weights=engine.Weights(
            unserved_low=w.serve_low,
            unserved_normal=w.serve_normal,
            unserved_high=w.serve_high,
            unserved_vital=w.serve_vital,
            driving_per_s=w.driving,
            excess_ride_per_s=w.ride,
            emergency_shift=w.emergency,
            missed_optional_break=w.optional_break,
            not_preferred_driver=w.preferred,
            not_same_driver=w.same_driver,
            fairness_per_trip_squared=w.fairness,
            moved_to_other_driver=w.stability,
        ),
    )


def load_of(mobility: Mobility, escorts: int) -> engine.Load:
    """The places a patient takes; who leaves a foldable chair sits on a seat and the chair travels too."""
    own = {
        Mobility.WALKING: engine.Load(seats=1),
        Mobility.WHEELCHAIR_FIXED: engine.Load(wheelchairs=1),
        Mobility.WHEELCHAIR_FOLDABLE: engine.Load(seats=1, folded_chairs=1),
        Mobility.STRETCHER: engine.Load(stretchers=1),
    }[mobility]
    return own.plus(engine.Load(seats=escorts))


class _Draft:
    """One conversion: the rows of the day and what its steps share."""

    def __init__(
        self,
        *,
        company: Company,
        day: date,
        now: datetime,
        freed: frozenset[int],
        stand_in: Shift | None,
    ) -> None:
        self.company, self.day, self.freed = company, day, freed
        self.clock = DayClock.of(company, day)
        self.rules = company.rules
        self.now_s = self.clock.second(now)
        promised = promised_bookings(company, day)
        self.bookings = list(promised.with_plan_relations().order_by("pk"))
        shifts = Shift.objects.on_day(company, day).planned().with_plan_relations()
        instead = {} if stand_in is None else {stand_in.pk: stand_in}
        self.shifts = [instead.get(row.pk, row) for row in shifts]
        self.untried = frozenset(instead)  # nothing has begun with a crew that is not there yet
        self.unplannable: list[Unassigned] = []
        self.left_out: dict[int, Note] = {}
        self.said: list[Note] = []
        self.places: dict[Point, int] = {}
        self.so_far = self._so_far()
        self.committed = {
            visit.id for state in self.so_far.values() for visit in state.committed_visits
        }

    def _held(self, booking: Booking) -> Assignment | None:
        """The booking's row in the plan in force, unless it is being placed anew."""
        return None if booking.pk in self.freed else assignment_of(booking)

    def _so_far(self) -> dict[int, ShiftSoFar]:
        by_shift: dict[int, list[Booking]] = {shift.pk: [] for shift in self.shifts}
        for booking in self.bookings:
            row = self._held(booking)
            if row is not None and row.shift_id in by_shift:
                by_shift[row.shift_id].append(booking)
        freeze_s = self.rules.freeze_min * MIN_S
        found = {
            pk: shift_so_far(rows, clock=self.clock, now_s=self.now_s, freeze_s=freeze_s)
            for pk, rows in by_shift.items()
            if rows
        }
        untried = {pk: replace(found[pk], committed=0) for pk in self.untried & found.keys()}
        return found | untried

    def built(self) -> BuiltProblem:
        still_open = [b for b in self.bookings if b.status != BookingStatus.COMPLETED]
        neighbours = next_door(self.shifts, self.day)
        shifts = [
            shift for row in self.shifts if (shift := self._shift(row, neighbours)) is not None
        ]
        shifts = with_loads(
            shifts,
            rows=self.shifts,
            trips_done={pk: so_far.trips_done for pk, so_far in self.so_far.items()},
            clock=self.clock,
            day=self.day,
            now_s=self.now_s,
        )
        kept = {shift.id for shift in shifts}
        trips = [trip for b in still_open if (trip := self._trip(b, kept)) is not None]
        road = roads.travel_times(
            tuple(self.places),
            traffic_permille=self.clock.traffic_permille(),
            detour_factor=self.rules.detour_factor,
            speed_kmh=self.rules.speed_kmh,
            osrm_url=django_settings.OSRM_URL,
        )
        problem = engine.Problem(
            trips=tuple(trips),
            shifts=tuple(shifts),
            travel=road.times,
            settings=engine_settings(self.rules),
            drivers_in_force=self._drivers_in_force({trip.id for trip in trips}),
        )
        in_force = {
            shift_ref(pk): tuple(visit for visit in so_far.order if visit.id in problem.trip_by_id)
            for pk, so_far in self.so_far.items()
            if shift_ref(pk) in problem.shift_by_id
        }
        problem = fit_windows(problem, in_force)
        stuck = stuck_shifts(problem)
        for shift_id in sorted(stuck):
            self.left_out[row_id(shift_id)] = Note.of(NoteKey.SHIFT_STUCK, shift=shift_id)
        return BuiltProblem(
            problem=without_shifts(problem, stuck, in_force),
            in_force={shift: order for shift, order in in_force.items() if shift not in stuck},
            travel_source=road.source,
            is_degraded=road.is_degraded,
            notes=(*road.notes, *self.left_out.values(), *self.said),
            unplannable=tuple(self.unplannable),
            left_out=self.left_out,
            booking_versions={b.pk: b.version for b in still_open},
            shift_versions={
                row.pk: row.version for row in self.shifts if shift_ref(row.pk) in kept
            },
        )

    def _locate(self, place: Place | None) -> int | None:
        position = None if place is None else place.position
        if position is None:
            return None
        point = Point(lat=round(position[0], 5), lon=round(position[1], 5))
        return self.places.setdefault(point, len(self.places))

    # Trips

    def _trip(self, booking: Booking, kept: set[str]) -> engine.Trip | None:
        """The booking as a trip; None when it cannot be planned, with its reason kept."""
        row = self._held(booking)
        reference = trip_ref(booking.pk)
        pickup, dropoff = self._locate(booking.pickup), self._locate(booking.dropoff)
        if pickup is None or dropoff is None:
            self._leave_out(reference, Rule.UNKNOWN_COORDINATES, "locate")
            return None
        is_committed = reference in self.committed
        if not is_committed and row is None and self._is_over(booking):
            self._leave_out(reference, Rule.TIME_WINDOW, "check_times")
            return None
        patient = booking.patient
        pinned = shift_ref(row.shift_id) if row is not None and row.is_pinned else None
        if pinned is not None and pinned not in kept:
            self.said.append(Note.of(NoteKey.PIN_RELEASED, trip=reference))
        trip = engine.Trip(
            id=reference,
            pickup=self._pickup(booking, pickup),
            dropoff=self._dropoff(booking, dropoff),
            max_ride_s=(patient.max_ride_min or self.rules.default_max_ride_min) * MIN_S,
            load=load_of(Mobility(patient.mobility), booking.escorts),
            needs=_prefixed("skill", patient.required_skills)
            | _prefixed("equipment", patient.required_equipment),
            priority=Priority(booking.priority),
            area=booking.pickup.area or None,
            may_pool=booking.pooling_allowed,
            same_driver_as=_same_driver_as(booking),
            preferred_drivers=frozenset(map(driver_ref, patient.preferred_driver_ids)),
            excluded_drivers=frozenset(map(driver_ref, patient.excluded_driver_ids)),
            pinned_shift=pinned if pinned in kept else None,
        )
        return self._as_begun(booking, trip) if booking.status in UNDER_WAY else trip

    def _leave_out(self, reference: str, reason: Rule, advice: str) -> None:
        self.unplannable.append(Unassigned(trip=reference, reason=reason, advice=advice))

    def _is_over(self, booking: Booking) -> bool:
        return self.clock.second(_promise(booking)[1]) < self.now_s

    def _pickup(self, booking: Booking, location: int) -> engine.Stop:
        earliest, latest = (self.clock.second(moment) for moment in _promise(booking))
        # What has not happened yet cannot happen in the past.
        earliest = max(earliest, self.now_s)
        return engine.Stop(
            location=location,
            earliest_s=earliest,
            latest_s=max(latest, earliest),
            service_s=booking.patient.boarding_min * MIN_S,
        )

    def _dropoff(self, booking: Booking, location: int) -> engine.Stop:
        earliest, latest = (self.clock.second(moment) for moment in _promise(booking))
        service = booking.patient.alighting_min * MIN_S
        if booking.appointment_at is None:  # bounded by the longest ride: see fit_windows
            latest = engine.DAY_S * 2
        else:
            latest = self.clock.second(booking.appointment_at)
            early = self.rules.appointment_early_max(Priority(booking.priority)) * MIN_S
            earliest = max(earliest, latest - early)
        earliest = max(earliest, self.now_s)
        return engine.Stop(
            location=location,
            earliest_s=earliest,
            latest_s=max(latest, earliest),
            service_s=service,
        )

    def _as_begun(self, booking: Booking, trip: engine.Trip) -> engine.Trip:
        """A trip under way: who is on board takes no more boarding, from wherever the vehicle is now."""
        row = self._held(booking)
        so_far = self.so_far.get(row.shift_id, NOTHING_YET) if row is not None else NOTHING_YET
        free = so_far.free_from_s if so_far.free_from_s is not None else self.now_s
        if booking.status == BookingStatus.ON_BOARD:
            here = self._locate(so_far.at)
            location = trip.pickup.location if here is None else here
            pickup = engine.Stop(location=location, earliest_s=free, latest_s=free, service_s=0)
            return replace(trip, pickup=pickup, max_ride_s=engine.DAY_S)
        if booking.status == BookingStatus.ARRIVED:
            latest = max(trip.pickup.latest_s, free)
            return replace(trip, pickup=replace(trip.pickup, earliest_s=free, latest_s=latest))
        return trip

    def _drivers_in_force(self, trips: set[str]) -> tuple[tuple[str, str], ...]:
        rows = ((trip_ref(b.pk), self._held(b)) for b in self.bookings)
        return tuple(
            (reference, driver_ref(row.driver_id))
            for reference, row in rows
            if row is not None and reference in trips
        )

    # Shifts

    def _shift(
        self,
        row: Shift,
        neighbours: dict[int, NextDoor],
    ) -> engine.Shift | None:
        """The shift as the engine sees it; None when it cannot drive, with a note that says why."""
        so_far = self.so_far.get(row.pk, NOTHING_YET)
        fault = None if so_far.committed else self._fault(row)
        beside = neighbours.get(row.pk, ALONE)
        base = self._locate(so_far.at or beside.at or row.starts_where)
        end = self._locate(beside.to or row.ends_where)
        if fault is not None or base is None or end is None:
            self._leave_shift_out(row, fault or NoteKey.SHIFT_NO_BASE)
            return None
        hours = self._hours(row, so_far, beside)
        drives = drivable(
            hours, self._away(row), now_s=self.now_s, has_begun=bool(so_far.committed)
        )
        if drives is None:
            self._leave_shift_out(row, NoteKey.SHIFT_VEHICLE_AWAY)
            return None
        if drives != hours:
            so_far = self._cut(row, so_far, hours, drives)
        start_s, end_s = drives
        rides = (row.max_trips or self.rules.max_trips_per_shift) - beside.trips
        return engine.Shift(
            id=shift_ref(row.pk),
            driver=driver_ref(row.driver_id),
            vehicle=vehicle_ref(row.vehicle_id),
            start_location=base,
            end_location=end,
            start_s=start_s,
            end_s=end_s,
            configurations=_configurations(row),
            capabilities=_prefixed("skill", row.driver.skill_codes_on(self.day))
            | _prefixed("equipment", frozenset(row.vehicle.equipment)),
            breaks=self._breaks(row, so_far, start_s, end_s),
            max_trips=max(rides - so_far.trips_done, len(so_far.committed_visits) // 2),
            is_emergency=row.driver.kind == DriverKind.EMERGENCY,
            committed=so_far.committed_visits,
        )

    def _leave_shift_out(self, row: Shift, why: NoteKey) -> None:
        self.left_out[row.pk] = Note.of(why, shift=shift_ref(row.pk))

    def _away(self, row: Shift) -> list[tuple[int, int]]:
        periods = (absence.period for absence in row.vehicle.unavailabilities.all())
        return [(self.clock.second(p.lower), self.clock.second(p.upper)) for p in periods]

    def _cut(
        self, row: Shift, so_far: ShiftSoFar, hours: tuple[int, int], drives: tuple[int, int]
    ) -> ShiftSoFar:
        """A vehicle that starts later holds nothing of the plan in force: nobody waits until it is back."""
        start_s, end_s = drives[0], min(drives[1], self.clock.second(row.ends_at))
        if start_s > hours[0] or end_s < min(hours[1], self.clock.second(row.ends_at)):
            self.said.append(
                Note.of(
                    NoteKey.SHIFT_CUT,
                    shift=shift_ref(row.pk),
                    start=self.clock.shown(start_s),
                    end=self.clock.shown(end_s),
                )
            )
        if start_s > hours[0] and row.pk in self.so_far:
            self.so_far[row.pk] = replace(so_far, order=())
        return self.so_far.get(row.pk, so_far)

    def _hours(
        self,
        row: Shift,
        so_far: ShiftSoFar,
        beside: NextDoor,
    ) -> tuple[int, int]:
        """From when to when this day may use the shift; one past midnight shares it with its neighbour."""
        start = max(row.starts_at, self.clock.starts_at, beside.until or row.starts_at)
        end = row.ends_at + timedelta(minutes=self.rules.max_overtime_min)
        end = end if beside.since is None else min(end, beside.since)
        start_s, end_s = self.clock.second(start), self.clock.second(end)
        if so_far.free_from_s is not None:
            start_s = so_far.free_from_s
        elif start_s < self.now_s and not so_far.order:
            start_s = self.now_s
        return start_s, max(end_s, start_s + 1)

    def _breaks(
        self, row: Shift, so_far: ShiftSoFar, start_s: int, end_s: int
    ) -> tuple[engine.Break, ...]:
        """Breaks still to take: those whose time is over, or falls to the neighbour day, are not."""
        gone_s = max(start_s, self.now_s if so_far.order or so_far.trips_done else start_s)
        found = (
            engine.Break(
                id=break_ref(pause.pk),
                earliest_s=max(self.clock.second(pause.earliest_at), start_s),
                latest_s=self.clock.second(pause.latest_at),
                duration_s=pause.duration_min * MIN_S,
                mandatory=pause.mandatory,
            )
            for pause in row.breaks.all()
            if self.clock.second(pause.latest_at) >= gone_s
            and self.clock.second(pause.earliest_at) + pause.duration_min * MIN_S <= end_s
        )
        return tuple(found)

    def _fault(self, row: Shift) -> NoteKey | None:
        """Why the shift cannot drive on this day."""
        driver, vehicle = row.driver, row.vehicle
        is_away = any(a.first_on <= self.day <= a.last_on for a in driver.absences.all())
        lacks_licence = bool(set(vehicle.required_licences) - driver.licences_on(self.day))
        verdicts = (
            (not driver.active, NoteKey.SHIFT_DRIVER_LEFT),
            (not vehicle.active, NoteKey.SHIFT_VEHICLE_RETIRED),
            (is_away, NoteKey.SHIFT_DRIVER_ABSENT),
            (lacks_licence, NoteKey.SHIFT_NO_LICENCE),
            (not _configurations(row), NoteKey.SHIFT_NO_SEATS),
        )
        return next((key for is_so, key in verdicts if is_so), None)


def _promise(booking: Booking) -> tuple[datetime, datetime]:
    if booking.promised_from is None or booking.promised_to is None:
        raise UseCaseError(_("Booking %s has no promised window.") % booking.reference)
    return booking.promised_from, booking.promised_to


def _same_driver_as(booking: Booking) -> str | None:
    if booking.same_driver_as_outbound and booking.outbound_id is not None:
        return trip_ref(booking.outbound_id)
    return None


def _configurations(row: Shift) -> tuple[engine.Load, ...]:
    return tuple(
        engine.Load(
            seats=c.seats,
            wheelchairs=c.wheelchairs,
            stretchers=c.stretchers,
            folded_chairs=c.folded_chairs,
        )
        for c in row.vehicle.configurations.all()
    )


def _prefixed(kind: str, codes: frozenset[str]) -> frozenset[str]:
    """Skills and equipment share words ("oxygen"): a need says which of the two it means."""
    return frozenset(f"{kind}:{code}" for code in codes)
