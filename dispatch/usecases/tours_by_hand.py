"""A day as a person may plan it by hand: who drives what in the plan in force, and which journeys may still move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from dispatch.engine.handmade import HandPlan, HandRoute, HandTrips
from dispatch.engine.least_late import HandVisit
from dispatch.engine.problem import Problem, Shift, Visit
from dispatch.enums import VisitKind
from dispatch.models import Booking, Company
from dispatch.usecases.build_problem import BuiltProblem, build_problem
from dispatch.usecases.day_content import refuse_past_day
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.references import row_id, trip_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whom a journey is given to (None: nobody), and the hour that orders it in its tour.

    `is_typed`: a person chose that hour; a tour without one such is put in the planner's order.
    """

    shift_id: int | None
    at: datetime
    is_typed: bool = False


@dataclass(frozen=True, kw_only=True)
class ToursByHand:
    """`bookings`: those that may move, in the order of their pickups. What is under way or committed is none of them."""

    company: Company
    day: date
    built: BuiltProblem
    bookings: tuple[Booking, ...]

    @property
    def problem(self) -> Problem:
        return self.built.problem

    @cached_property
    def in_force(self) -> Mapping[int, Place]:
        """booking → its place in the plan in force, at the hour people know."""
        held = {
            row_id(visit.id): row_id(shift)
            for shift, order in self.built.in_force.items()
            for visit in order
        }
        return {
            row.pk: Place(shift_id=held.get(row.pk), at=planned_at(row)) for row in self.bookings
        }

    def hand_plan(self, places: Mapping[int, Place]) -> HandPlan:
        """As the judge reads it: tours that were left alone as they are, the others in the order asked for."""
        routes = (self._route(shift, places) for shift in self.problem.shifts)
        left = (trip_ref(pk) for pk, place in places.items() if place.shift_id is None)
        return HandPlan(routes=tuple(routes), left=tuple(left))

    def _route(self, shift: Shift, places: Mapping[int, Place]) -> HandRoute | HandTrips:
        number = row_id(shift.id)
        mine = [pk for pk, place in places.items() if place.shift_id == number]
        known = {pk for pk, place in self.in_force.items() if place.shift_id == number}
        if any(places[pk].is_typed for pk in mine):
            return HandRoute(shift=shift.id, visits=_in_order(shift, _by_hour(mine, places)))
        if known == set(mine):
            order = self.built.in_force.get(shift.id, ())
            return HandRoute(shift=shift.id, visits=_untimed(order))
        begun = dict.fromkeys(v.id for v in shift.committed if v.kind is not VisitKind.BREAK)
        return HandTrips(shift=shift.id, trips=(*begun, *map(trip_ref, mine)))


def tours_by_hand(*, company: Company, day: date, now: datetime) -> ToursByHand:
    """May ask the road server: not to be called in a transaction. Raises DayOverError and NothingToPlanError."""
    refuse_past_day(company=company, day=day, now=now)
    built = build_problem(company=company, day=day, now=now)
    free = {trip.id for trip in built.problem.trips} - built.problem.committed_shift.keys()
    rows = [row for row in built.bookings if trip_ref(row.pk) in free]
    return ToursByHand(
        company=company,
        day=day,
        built=built,
        bookings=tuple(sorted(rows, key=lambda row: (planned_at(row), row.pk))),
    )


def planned_at(booking: Booking) -> datetime:
    """The pickup people know of, else the one that is promised."""
    ride = assignment_of(booking)
    if ride is not None:
        return ride.planned_pickup_at
    assert booking.promised_from is not None  # no other booking is planned
    return booking.requested_at or booking.promised_from


def _by_hour(mine: Iterable[int], places: Mapping[int, Place]) -> list[str]:
    return [trip_ref(pk) for pk in sorted(mine, key=lambda pk: (places[pk].at, pk))]


def _in_order(shift: Shift, trips: Iterable[str]) -> tuple[HandVisit, ...]:
    """What is committed, who is still on board of it, then one journey after the other."""
    done = set(shift.committed)
    begun = [visit.id for visit in shift.committed if visit.kind is VisitKind.PICKUP]
    aboard = (Visit(trip, VisitKind.DROPOFF) for trip in begun)
    ways = (Visit(trip, kind) for trip in trips for kind in (VisitKind.PICKUP, VisitKind.DROPOFF))
    return _untimed((*shift.committed, *(v for v in aboard if v not in done), *ways))


def _untimed(visits: Iterable[Visit]) -> tuple[HandVisit, ...]:
    return tuple(HandVisit(visit=visit) for visit in visits)
