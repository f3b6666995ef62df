"""A carrier's morning for changes of the plan in force, and what a preview says of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction

from dispatch.engine.impact import Impact
from dispatch.models import Assignment, Booking, Company, Shift
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.preview_change import Preview
from dispatch.usecases.references import row_id, shift_ref
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
