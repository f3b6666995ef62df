"""A carrier's morning for changes of the plan in force, and what a preview says of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from dispatch.engine.fairness import trips_gap
from dispatch.engine.impact import Impact, Pledge, Promise
from dispatch.engine.plan import Route
from dispatch.engine.tour import Ride, Tour, tour_of
from dispatch.enums import VisitKind
from dispatch.models import Assignment, Booking, Company, Shift
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.open_day import OpenDay
from dispatch.usecases.preview_change import Preview
from dispatch.usecases.references import row_id, shift_ref, trip_ref
from dispatch.usecases.ride_rows import route_rows
from tests.factories import (
    at,
    make_booking,
    make_break,
    make_company,
    make_establishment,
    make_patient,
    make_place,
    make_shift,
    make_vehicle,
)

Row = tuple[int, int, int, datetime, datetime, int, int]


def rows() -> dict[int, Row]:
    """booking → shift, driver, vehicle, pickup, drop-off, place in the tour, who shares."""
    return {
        ride.booking_id: (
            ride.shift_id,
            ride.driver_id,
            ride.vehicle_id,
            ride.planned_pickup_at,
            ride.planned_dropoff_at,
            ride.position,
            ride.ride_group,
        )
        for ride in Assignment.objects.all()
    }


def foreseen(preview: Preview) -> dict[int, Row]:
    """The rows as the preview says they would be."""
    impact = preview.answer
    assert isinstance(impact, Impact)
    day, plan = preview.day, impact.carried.plan
    after = rows()
    for move in impact.moves:
        if move.to_shift is None:
            del after[row_id(move.trip)]
    for route in plan.routes:
        if route.shift in impact.carried.written:
            for row in route_rows(impact.carried.problem, route, day.clock):
                after[row.booking_id] = (
                    row.shift_id,
                    row.driver_id,
                    row.vehicle_id,
                    row.planned_pickup_at,
                    row.planned_dropoff_at,
                    row.position,
                    row.ride_group,
                )
    return after


def compare_moves(preview: Preview, before: dict[int, Row], after: dict[int, Row]) -> None:
    """The moves are those of the rows, and of no other."""
    impact = preview.answer
    assert isinstance(impact, Impact)
    was, is_now = ({pk: (row[0], row[3]) for pk, row in rows.items()} for rows in (before, after))
    told = {row_id(move.trip): move for move in impact.moves}
    assert told.keys() == {pk for pk in was | is_now if was.get(pk) != is_now.get(pk)}
    for pk, move in told.items():
        assert (move.from_shift, move.from_start_s) == _seen(preview, was.get(pk))
        assert (move.to_shift, move.to_start_s) == _seen(preview, is_now.get(pk))


def _seen(preview: Preview, ride: tuple[int, datetime] | None) -> tuple[str | None, int | None]:
    if ride is None:
        return None, None
    return shift_ref(ride[0]), preview.day.clock.second(ride[1])


@dataclass(frozen=True)
class Known:
    """What the database knows of a day: its rows, what was promised, and how often each promise was changed."""

    rides: dict[str, Ride]
    shift_of: dict[str, str]
    promises: dict[str, Promise]
    changes: dict[str, int]

    @classmethod
    def now(cls, clock: DayClock) -> Known:
        held = {trip_ref(row.booking_id): row for row in Assignment.objects.all()}
        bookings = {trip_ref(row.pk): row for row in Booking.objects.all()}
        return cls(
            rides={trip: _ride(row, clock) for trip, row in held.items()},
            shift_of={trip: shift_ref(row.shift_id) for trip, row in held.items()},
            promises={trip: _promise(row, clock) for trip, row in bookings.items()},
            changes={trip: row.plan_changes or 0 for trip, row in bookings.items()},
        )

    def times(self, trip: str) -> tuple[str, int, int] | None:
        ride = self.rides.get(trip)
        return None if ride is None else (self.shift_of[trip], ride.pickup_s, ride.dropoff_s)

    def aboard_s(self, trip: str) -> int:
        return self.rides[trip].dropoff_s - self.rides[trip].pickup_s


def _ride(row: Assignment, clock: DayClock) -> Ride:
    pickup_s, dropoff_s = map(clock.second, (row.planned_pickup_at, row.planned_dropoff_at))
    return Ride(pickup_s, dropoff_s, pickup_s)


def _promise(row: Booking, clock: DayClock) -> Promise:
    assert row.promised_from is not None
    assert row.promised_to is not None
    return Promise(
        clock.second(row.promised_from),
        clock.second(row.promised_to),
        clock.second_if(row.appointment_at),
    )


def compare_people(impact: Impact, before: Known, after: Known) -> None:
    """Broken promises, longer rides, and who has to be told: worked out from the rows before and after."""
    broken = _breaches(before, after, impact.carried.promised_anew)
    assert {(b.trip, b.pledge): tuple(b.off_s) for b in impact.breaches} == broken
    stays = [trip for trip in after.rides if before.shift_of.get(trip) == after.shift_of[trip]]
    longer = {trip: after.aboard_s(trip) - before.aboard_s(trip) for trip in stays}
    assert {one.trip: one.aboard_s.added for one in impact.longer_rides} == {
        trip: added for trip, added in longer.items() if added > 0
    }
    told = {trip for trip, count in after.changes.items() if count > before.changes[trip]}
    told |= {trip for trip, pledge in broken if pledge is Pledge.PICKUP}
    assert set(impact.patients) == told | impact.carried.promised_anew
    moved = [t for t in before.rides | after.rides if before.times(t) != after.times(t)]
    shifts = {known.shift_of.get(trip) for trip in moved for known in (before, after)}
    assert set(impact.drivers) == shifts - {None}


def _breaches(
    before: Known, after: Known, promised_anew: frozenset[str]
) -> dict[tuple[str, Pledge], tuple[int, int]]:
    found = {}
    for trip, ride in after.rides.items():
        promise, was = before.promises[trip], before.rides.get(trip)
        old = (0, 0) if was is None else _off(promise, was)
        for pledge, then_s, now_s in zip(Pledge, old, _off(promise, ride), strict=True):
            is_due = pledge is Pledge.APPOINTMENT or trip not in promised_anew
            if is_due and now_s > then_s:
                found[trip, pledge] = (then_s, now_s)
    return found


def _off(promise: Promise, ride: Ride) -> tuple[int, int]:
    """Seconds outside the window, and after the appointment."""
    early_s, late_s = promise.earliest_s - ride.pickup_s, ride.pickup_s - promise.latest_s
    due_s = ride.dropoff_s if promise.appointment_s is None else promise.appointment_s
    return max(early_s, late_s, 0), max(ride.dropoff_s - due_s, 0)


def compare_tours(day: OpenDay, impact: Impact, again: OpenDay, *, on_time: bool) -> None:
    """Hours, overtime and kilometres of every shift, and the gap, as they are read from the database afterwards."""
    told = {change.shift: change for change in impact.tours}
    for route in again.plan.routes:
        real = tour_of(again.problem, route, again.told.rides)
        if route.shift in told:
            assert told[route.shift].after == real
        else:
            before = day.plan.route_of[route.shift]
            assert tour_of(day.problem, before, day.told.rides) == real
        if on_time and real.trips:
            compare_hours(again, route, real)
    assert impact.gap[1] == pytest.approx(trips_gap(again.problem, again.plan))


def compare_hours(again: OpenDay, route: Route, tour: Tour) -> None:
    """By the first and the last row alone, where no break lies before or behind them."""
    ends = {route.visits[0].kind, route.visits[-1].kind}
    if VisitKind.BREAK in ends:
        return
    problem, rides = again.problem, again.told.rides
    shift = problem.shift_by_id[route.shift]
    first = min(route.trip_ids, key=lambda trip: rides[trip].pickup_s)
    last = max(route.trip_ids, key=lambda trip: rides[trip].dropoff_s)
    begins, ends_at = problem.trip_by_id[first].pickup, problem.trip_by_id[last].dropoff
    assert tour.leave_s == rides[first].pickup_s - problem.leg_s(None, begins, shift)
    over_s = rides[last].dropoff_s + ends_at.service_s
    assert tour.back_s == over_s + problem.leg_s(ends_at, None, shift)


@contextmanager
def undone() -> Iterator[None]:
    """What one example writes, the next does not find."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def carriers_day() -> tuple[Company, list[Shift], list[Booking]]:
    """Three crews with breaks; ten journeys across the town between 8 and 12, some with an appointment."""
    company = make_company(settings={"pooling_enabled": True})
    shifts = [
        make_shift(company),
        make_shift(company, start=at(8), end=at(16)),
        make_shift(company, vehicle=make_vehicle(company, wheelchairs=0)),
    ]
    make_break(shifts[0])
    make_break(shifts[1], earliest_at=at(10), latest_at=at(11), mandatory=False)
    clinics = [make_establishment(lat=46.19, lon=6.15), make_establishment(lat=46.22, lon=6.10)]
    bookings = []
    for k in range(10):
        home = make_place(company, kind="home", lat=46.17 + k % 5 * 0.015, lon=6.10 + k % 3 * 0.03)
        mobility = "wheelchair_fixed" if k % 4 == 0 else "walking"
        pickup_at = at(8) + timedelta(minutes=25 * k)
        booking = make_booking(
            company,
            pickup_at=pickup_at,
            patient=make_patient(company, home=home, mobility=mobility),
            dropoff=clinics[k % 2],
            appointment_at=pickup_at + timedelta(minutes=50) if k % 3 == 0 else None,
        )
        bookings.append(booking)
    return company, shifts, bookings


@contextmanager
def undone_if_refused() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except UseCaseError:
        pass
