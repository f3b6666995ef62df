"""What putting a run in force would change: its plan against the rides as they stand, journey by journey."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.enums import BookingStatus
from dispatch.models import Assignment, Booking, DispatchRun, Shift
from dispatch.usecases.compare_plans import Moved, Ride
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.references import row_id
from dispatch.usecases.ride_changes import Kind, PlannedRide, kind_of


def change_if_applied(run: DispatchRun) -> list[Moved]:
    """As Apply would count it: what differs by seconds stays, and so does what the run did not decide.

    Nothing of a run without a plan; three queries however many journeys there are.
    """
    if run.plan is None:
        return []
    plan, decided = Plan.from_json(run.plan), Problem.from_json(run.problem).trip_by_id
    wanted = _wanted(plan, DayClock.of(run.company, run.service_on))
    rows = Booking.objects.filter(pk__in=map(row_id, decided), company=run.company)
    bookings = list(rows.select_related("assignment__driver"))
    shifts = _shifts(ride.shift_id for ride in wanted.values())
    found = (_moved(row, wanted.get(row.pk), shifts) for row in _changed(bookings, wanted))
    return sorted(found, key=lambda moved: (moved.at, moved.booking_id))


def _wanted(plan: Plan, clock: DayClock) -> dict[int, PlannedRide]:
    return {
        row_id(trip): PlannedRide(row_id(shift), clock.moment(plan.pickup_start_s[trip]))
        for trip, shift in plan.shift_of.items()
    }


def _changed(bookings: Iterable[Booking], wanted: dict[int, PlannedRide]) -> Iterator[Booking]:
    for row in bookings:
        kind = kind_of(BookingStatus(row.status), assignment_of(row), wanted.get(row.pk))
        if kind is not Kind.UNCHANGED:
            yield row


def _moved(row: Booking, wanted: PlannedRide | None, shifts: dict[int, Shift]) -> Moved:
    held = assignment_of(row)
    return Moved(
        booking_id=row.pk,
        reference=row.reference,
        before=None if held is None else _held(held),
        after=None if wanted is None else _planned(wanted, shifts.get(wanted.shift_id)),
    )


def _held(ride: Assignment) -> Ride:
    return Ride(
        shift_id=ride.shift_id,
        driver_id=ride.driver_id,
        driver=str(ride.driver),
        pickup_at=ride.planned_pickup_at,
    )


def _planned(ride: PlannedRide, shift: Shift | None) -> Ride:
    return Ride(
        shift_id=ride.shift_id,
        driver_id=None if shift is None else shift.driver_id,
        driver=_("a shift that is gone") if shift is None else str(shift.driver),
        pickup_at=ride.pickup_at,
    )


def _shifts(used: Iterable[int]) -> dict[int, Shift]:
    return Shift.objects.select_related("driver").in_bulk(set(used))
