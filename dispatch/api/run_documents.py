"""The documents a run keeps, in the words and clocks of people: seconds become moments, references rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dispatch.engine.plan import Plan, Route
from dispatch.enums import VisitKind
from dispatch.models import Booking, DispatchRun, Shift
from dispatch.notes import NoteKey
from dispatch.usecases.change_if_applied import change_if_applied
from dispatch.usecases.compare_plans import Moved, Ride, compare_plans
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.references import row_id
from dispatch.usecases.wording import labels_of, left_of, row_sentences

NO_PLAN = Plan(routes=())


def plan_of(run: DispatchRun) -> Plan:
    """A run that is not done plans nothing."""
    return NO_PLAN if run.plan is None else Plan.from_json(run.plan)


def routes_of(run: DispatchRun) -> list[dict[str, Any]]:
    """The routes that drive, with three queries however many there are."""
    return route_rows(plan_of(run), DayClock.of(run.company, run.service_on))


def route_rows(plan: Plan, clock: DayClock) -> list[dict[str, Any]]:
    """The same of a plan that no run keeps."""
    routes = [route for route in plan.routes if route.visits]
    bookings = booking_references(plan.shift_of)
    shifts = _shifts(route.shift for route in routes)
    return [_route(route, clock, bookings, shifts.get(row_id(route.shift))) for route in routes]


def _route(
    route: Route, clock: DayClock, bookings: dict[int, str], shift: Shift | None
) -> dict[str, Any]:
    return {
        "shift": row_id(route.shift),
        "driver": None if shift is None else str(shift.driver),
        "vehicle": None if shift is None else str(shift.vehicle),
        "leave_at": clock.moment(route.leave_s),
        "return_at": clock.moment(route.return_s),
        "visits": [
            {
                "kind": visit.kind,
                "booking": None if visit.kind is VisitKind.BREAK else row_id(visit.id),
                "reference": None
                if visit.kind is VisitKind.BREAK
                else bookings.get(row_id(visit.id)),
                "arrive_at": clock.moment(visit.arrive_s),
                "start_at": clock.moment(visit.start_s),
            }
            for visit in route.visits
        ],
    }


def unassigned_of(run: DispatchRun) -> list[dict[str, Any]]:
    """The bookings left, each with its sentence; the names in the sentences are read at once."""
    rows = list(run.unassigned.select_related("booking"))
    clock = DayClock.of(run.company, run.service_on)
    label = labels_of(map(left_of, rows))
    return [
        {
            "booking": row.booking_id,
            "reference": row.booking.reference,
            "reason": row.reason,
            "sentence": row_sentences(row, clock, label),
        }
        for row in rows
    ]


def stretched_of(run: DispatchRun) -> list[dict[str, int]]:
    """From the run's notes: the promised windows it opened."""
    keys = {NoteKey.WINDOW_STRETCHED.value, NoteKey.WINDOW_LATE.value}
    told = (note for note in run.notes if isinstance(note, dict) and note["key"] in keys)
    return [
        {
            "booking": row_id(str(note["figures"]["trip"])),
            "opened_min": note["figures"]["minutes"],
            "late_min": note["figures"].get("late", 0),
        }
        for note in told
    ]


def moves_in_force(run: DispatchRun) -> list[dict[str, Any]]:
    """What changes for bookings if this run is put in force now."""
    return rides_moved(change_if_applied(run))


def moves_between(before: DispatchRun, after: DispatchRun) -> list[dict[str, Any]]:
    """What changes for bookings from one plan of the day to the other, as each was made."""
    clock = DayClock.of(after.company, after.service_on)
    return rides_moved(compare_plans(plan_of(before), plan_of(after), clock=clock))


def rides_moved(moves: Iterable[Moved]) -> list[dict[str, Any]]:
    """Each journey with who had it and who has it then."""
    return [
        {
            "booking": moved.booking_id,
            "reference": moved.reference,
            **_side("from", moved.before),
            **_side("to", moved.after),
        }
        for moved in moves
    ]


def _side(side: str, ride: Ride | None) -> dict[str, Any]:
    return {
        f"{side}_shift": None if ride is None else ride.shift_id,
        f"{side}_driver": None if ride is None else ride.driver,
        f"{side}_pickup_at": None if ride is None else ride.pickup_at,
    }


def booking_references(trips: Iterable[str]) -> dict[int, str]:
    rows = Booking.objects.filter(pk__in=[row_id(trip) for trip in trips])
    return dict(rows.values_list("pk", "reference"))


def _shifts(references: Iterable[str]) -> dict[int, Shift]:
    wanted = [row_id(reference) for reference in references]
    return Shift.objects.select_related("driver", "vehicle").in_bulk(wanted)
