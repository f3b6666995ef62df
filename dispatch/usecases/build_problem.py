"""Turns a company's day, as the rows tell it, into the engine's problem.

Of a day that has begun, what is done collapses into where each vehicle is and from when it is free; what is
under way or too close to change (freeze time) is *committed*: the beginning of the route, in its order. A
trip of the plan in force that has become late keeps its place: its windows are stretched to the times it can
still be served at, because a late vehicle is better than none. Nothing that is not recorded begins before now.
Nothing is planned to or from an unknown position, for drivers who are away or with vehicles that are not there: of
theirs, what is under way stays outside the problem as it is, and all else is free; what is left out is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, combinations
from types import MappingProxyType

from django.conf import settings as django_settings

from dispatch import roads
from dispatch.engine import problem as engine
from dispatch.engine.plan import Unassigned
from dispatch.models import Booking, Company, CompanySettings, Shift
from dispatch.models.statuses import UNDER_WAY
from dispatch.notes import Note, NoteKey
from dispatch.usecases.day_content import ENDED_ON_THE_ROAD, NothingToPlanError
from dispatch.usecases.day_rows import MIN_S, DayRows, Stranding
from dispatch.usecases.day_shifts import DayShifts
from dispatch.usecases.day_trips import DayTrips, promise_of
from dispatch.usecases.fit_windows import fit_windows, stuck_shifts, without_shifts
from dispatch.usecases.loads_so_far import with_loads
from dispatch.usecases.next_door import next_door
from dispatch.usecases.promise import Window
from dispatch.usecases.references import (
    row_id,
    shift_ref,
    trip_ref,
)
from dispatch.usecases.silent_shifts import silence_notes, silent_shifts
from dispatch.usecases.stretched_windows import Stretched, stretched_windows


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
    bookings: tuple[Booking, ...]  # promised and not over, with their rows in the plan in force
    shifts: tuple[Shift, ...]
    booking_versions: dict[int, int]
    shift_versions: dict[int, int]
    stretched: tuple[
        Stretched, ...
    ] = ()  # promised windows opened further: the plan in force is late


def build_problem(  # noqa: PLR0913 - a day, and each way in which it may be asked as if it were another
    *,
    company: Company,
    day: date,
    now: datetime,
    freed: frozenset[int] = frozenset(),
    stand_in: Shift | None = None,
    stranding: Stranding | None = None,
    promises: Mapping[int, Window] = MappingProxyType({}),
) -> BuiltProblem:
    """The problem of this local day as it stands at `now`; bookings in `freed` count as unassigned.

    `stand_in`: a shift of the day as it might become; it is read instead of its row. `stranding`: journeys
    that lost their vehicle, who was on board waits for another one. `promises`: see DayRows.

    Trip, shift and driver references are row ids as text. Raises NothingToPlanError for a day without
    shifts and bookings. A road service that fails does not raise: the answer says that it is degraded.
    """
    rows = DayRows(
        company=company,
        day=day,
        now=now,
        freed=freed,
        stand_in=stand_in,
        stranding=stranding,
        promises=promises,
    )
    if not rows.bookings and not rows.shifts:
        raise NothingToPlanError
    return _built(rows)


def _built(rows: DayRows) -> BuiltProblem:
    day_shifts, day_trips = DayShifts(rows), DayTrips(rows)
    still_open = [b for b in rows.bookings if b.status not in ENDED_ON_THE_ROAD]
    neighbours = next_door(rows.shifts, rows.day)
    shifts = [
        shift for row in rows.shifts if (shift := day_shifts.shift(row, neighbours)) is not None
    ]
    shifts = with_loads(
        shifts,
        rows=rows.shifts,
        trips_done={pk: so_far.trips_done for pk, so_far in rows.so_far.items()},
        clock=rows.clock,
        day=rows.day,
        now_s=rows.now_s,
    )
    kept = {shift.id for shift in shifts}
    bound = set(_bound(rows, still_open, kept))
    rows.said += [Note.of(NoteKey.UNDER_WAY_OUTSIDE, trip=trip_ref(pk)) for pk in sorted(bound)]
    to_plan = (b for b in still_open if b.pk not in bound)
    trips = [trip for b in to_plan if (trip := day_trips.trip(b, kept)) is not None]
    road = roads.travel_times(
        tuple(rows.places),
        traffic_permille=rows.clock.traffic_permille(),
        detour_factor=rows.rules.detour_factor,
        speed_kmh=rows.rules.speed_kmh,
        osrm_url=django_settings.OSRM_URL,
    )
    problem = engine.Problem(
        trips=tuple(trips),
        shifts=tuple(shifts),
        travel=road.times,
        settings=engine_settings(rows.rules),
        drivers_in_force=day_trips.drivers_in_force({trip.id for trip in trips}),
    )
    in_force = {
        shift_ref(pk): tuple(visit for visit in so_far.order if visit.id in problem.trip_by_id)
        for pk, so_far in rows.so_far.items()
        if shift_ref(pk) in problem.shift_by_id
    }
    problem = fit_windows(problem, in_force, now_s=rows.now_s)
    stretched = tuple(stretched_windows(problem, still_open, rows.clock))
    stuck = stuck_shifts(problem)
    for shift_id in sorted(stuck):
        rows.left_out[row_id(shift_id)] = Note.of(NoteKey.SHIFT_STUCK, shift=shift_id)
    return BuiltProblem(
        problem=without_shifts(problem, stuck, in_force),
        in_force={shift: order for shift, order in in_force.items() if shift not in stuck},
        travel_source=road.source,
        is_degraded=road.is_degraded,
        notes=(
            *road.notes,
            *rows.left_out.values(),
            *rows.said,
            *silence_notes(silent_shifts(rows.company, rows.bookings, now=rows.now), rows.clock),
            *_twice(still_open),
        ),
        unplannable=tuple(rows.unplannable),
        left_out=rows.left_out,
        bookings=tuple(still_open),
        shifts=tuple(rows.shifts),
        booking_versions={b.pk: b.version for b in still_open},
        shift_versions={row.pk: row.version for row in rows.shifts if shift_ref(row.pk) in kept},
        stretched=stretched,
    )


def _bound(rows: DayRows, bookings: list[Booking], kept: set[str]) -> Iterator[int]:
    """Journeys under way with a shift that takes no part: nobody plans them, least of all for somebody else."""
    for booking in bookings:
        row = rows.held(booking) if booking.status in UNDER_WAY else None
        if row is not None and shift_ref(row.shift_id) not in kept:
            yield booking.pk


def _twice(bookings: list[Booking]) -> Iterator[Note]:
    """Journeys of one patient that are promised at the same time: no entry takes them, older rows hold them."""
    by_patient: dict[int, list[Booking]] = {}
    for booking in bookings:
        by_patient.setdefault(booking.patient_id, []).append(booking)
    for pair in chain.from_iterable(combinations(rows, 2) for rows in by_patient.values()):
        (begins, ends), (other_begins, other_ends) = map(promise_of, pair)
        if begins < other_ends and other_begins < ends:
            one, other = (trip_ref(booking.pk) for booking in pair)
            yield Note.of(NoteKey.PATIENT_TWICE, trip=one, other=other)


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
            driving_per_km=w.kilometre,
            excess_ride_per_s=w.ride,
            waiting_per_s=w.waiting,
            patient_wait_per_s=w.patient_wait,
            overtime_per_s=w.overtime,
            emergency_shift=w.emergency,
            missed_optional_break=w.optional_break,
            not_preferred_driver=w.preferred,
            not_same_driver=w.same_driver,
            fairness_per_trip_squared=w.fairness,
            moved_to_other_driver=w.stability,
        ),
    )
