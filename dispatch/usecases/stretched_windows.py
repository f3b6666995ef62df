"""Promised windows that a day opens further because the plan in force is late, and by how much a plan is late in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.enums import BookingStatus, VisitKind
from dispatch.models import Booking
from dispatch.notes import Note, NoteKey
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_rows import MIN_S
from dispatch.usecases.day_trips import promise_of
from dispatch.usecases.references import trip_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretched:
    """`pickup_s`, `dropoff_s`: what was promised, where it still can be broken; `by_s`: how much further it is open."""

    trip: str
    pickup_s: int | None
    dropoff_s: int | None
    by_s: int

    def late_s(self, pickup_s: int, dropoff_s: int) -> int:
        """The worse of the two ends."""
        ends = ((pickup_s, self.pickup_s), (dropoff_s, self.dropoff_s))
        return max(second - until for second, until in ends if until is not None)


def stretched_windows(
    problem: Problem, bookings: Iterable[Booking], clock: DayClock
) -> Iterator[Stretched]:
    """Those opened by a minute or more. Who is on board has had their pickup."""
    for booking in bookings:
        trip = problem.trip_by_id.get(trip_ref(booking.pk))
        if trip is None:
            continue
        is_aboard = booking.status == BookingStatus.ON_BOARD
        pickup_s = None if is_aboard else clock.second(promise_of(booking)[1])
        dropoff_s = clock.second_if(booking.appointment_at)
        if pickup_s is None and dropoff_s is None:
            continue
        found = Stretched(trip=trip.id, pickup_s=pickup_s, dropoff_s=dropoff_s, by_s=0)
        by_s = found.late_s(trip.pickup.latest_s, trip.dropoff.latest_s)
        if by_s >= MIN_S:
            yield Stretched(trip=trip.id, pickup_s=pickup_s, dropoff_s=dropoff_s, by_s=by_s)


def stretched_notes(found: Iterable[Stretched], plan: Plan) -> Iterator[Note]:
    """One for each that somebody drives in this plan: whom nobody drives is told with the reason."""
    dropoffs = {
        visit.id: visit.start_s
        for route in plan.routes
        for visit in route.visits
        if visit.kind is VisitKind.DROPOFF
    }
    for one in found:
        if one.trip not in dropoffs:
            continue
        minutes = -(-one.by_s // MIN_S)
        late_s = one.late_s(plan.pickup_start_s[one.trip], dropoffs[one.trip])
        if late_s < MIN_S:
            yield Note.of(NoteKey.WINDOW_STRETCHED, trip=one.trip, minutes=minutes)
        else:
            late = -(-late_s // MIN_S)
            yield Note.of(NoteKey.WINDOW_LATE, trip=one.trip, minutes=minutes, late=late)
