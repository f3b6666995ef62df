"""What of a shift's day is behind it or too close to change, and where that leaves its vehicle."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dispatch.engine.problem import Visit
from dispatch.enums import BookingStatus, VisitKind
from dispatch.models import Assignment, Booking, Place
from dispatch.models.statuses import UNDER_WAY
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_content import ENDED_ON_THE_ROAD
from dispatch.usecases.references import trip_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftSoFar:
    """`at`: the last place the vehicle was seen at (None: its base), free to leave it at `free_from_s`.

    That second is None for a shift of which nothing is recorded yet. `order`: the visits still to make as the plan
    in force has them; the first `committed` of them stay. `is_under_way`: some of them have begun.
    """

    at: Place | None
    free_from_s: int | None
    order: tuple[Visit, ...]
    committed: int
    trips_done: int
    is_under_way: bool

    @property
    def committed_visits(self) -> tuple[Visit, ...]:
        return self.order[: self.committed]


NOTHING_YET = ShiftSoFar(
    at=None, free_from_s=None, order=(), committed=0, trips_done=0, is_under_way=False
)


def assignment_of(booking: Booking) -> Assignment | None:
    """The booking's row in the plan in force (prefetched by `with_plan_relations`)."""
    found: Assignment | None = getattr(booking, "assignment", None)
    return found


def shift_so_far(
    rows: Iterable[Booking], *, clock: DayClock, now_s: int, freeze_s: int
) -> ShiftSoFar:
    """`rows`: the bookings assigned to one shift, whatever their status; unknown positions are left out."""
    bookings = [row for row in rows if row.coordinates_known]
    order = _order(bookings, clock)
    firm = {trip_ref(b.pk) for b in bookings if _is_firm(b, clock, now_s + freeze_s)}
    seen = _last_seen(bookings)
    return ShiftSoFar(
        at=None if seen is None else seen[1],
        free_from_s=_free_from(bookings, seen, clock, now_s),
        order=order,
        committed=_committed_length(order, firm),
        trips_done=sum(b.status == BookingStatus.COMPLETED for b in bookings),
        is_under_way=any(b.status in UNDER_WAY for b in bookings),
    )


def _free_from(
    bookings: list[Booking], seen: tuple[datetime, Place] | None, clock: DayClock, now_s: int
) -> int | None:
    """When the vehicle left, or will leave, the place it was seen at last: not before now, unless that is recorded."""
    recorded = [] if seen is None else [clock.second(seen[0])]
    recorded += [clock.second(moment) for moment in map(_set_off_at, bookings) if moment]
    if not recorded:
        return None
    is_moving = any(b.status in UNDER_WAY and b.waits_at is None for b in bookings)
    return max(recorded) if is_moving else max(*recorded, now_s)


def _set_off_at(booking: Booking) -> datetime | None:
    return booking.en_route_at if booking.status == BookingStatus.EN_ROUTE else None


def _order(bookings: list[Booking], clock: DayClock) -> tuple[Visit, ...]:
    """Visits still to make, by planned time; who is on board was picked up first of all.

    A driver who sets off for a later patient first changes the order: that trip is driven next, alone, after
    those on board have got off.
    """
    aboard: list[tuple[int, str]] = []
    timed: list[tuple[int, str, VisitKind]] = []
    for booking in bookings:
        row = assignment_of(booking)
        if row is None or booking.status in ENDED_ON_THE_ROAD:
            continue
        reference = trip_ref(booking.pk)
        pickup, dropoff = clock.second(row.planned_pickup_at), clock.second(row.planned_dropoff_at)
        if booking.status == BookingStatus.ON_BOARD and booking.waits_at is None:
            aboard.append((pickup, reference))
            timed.append((dropoff, reference, VisitKind.DROPOFF))
            continue
        timed.append((pickup, reference, VisitKind.PICKUP))
        timed.append((dropoff, reference, VisitKind.DROPOFF))
    first = [Visit(reference, VisitKind.PICKUP) for _second, reference in sorted(aboard)]
    planned = [Visit(reference, kind) for _second, reference, kind in sorted(timed, key=_by_time)]
    begun = {trip_ref(b.pk) for b in bookings if b.status in _COMING}
    return (*first, *_begun_next(planned, begun, {reference for _second, reference in aboard}))


def _by_time(visit: tuple[int, str, VisitKind]) -> tuple[int, str, bool]:
    second, reference, kind = visit
    return second, reference, kind is VisitKind.DROPOFF


_COMING = frozenset({BookingStatus.EN_ROUTE, BookingStatus.ARRIVED})


def _begun_next(planned: list[Visit], begun: set[str], aboard: set[str]) -> list[Visit]:
    """The planned order, unless a trip that has begun stands behind a pickup that has not."""
    pickups = [v.id for v in planned if v.kind is VisitKind.PICKUP]
    if pickups[: len(begun)] == [i for i in pickups if i in begun]:
        return planned
    next_ones = [visit for visit in planned if visit.id in begun]
    alone = [
        Visit(reference, kind)
        for reference in dict.fromkeys(visit.id for visit in next_ones)
        for kind in (VisitKind.PICKUP, VisitKind.DROPOFF)
    ]
    getting_off = [visit for visit in planned if visit.id in aboard]
    rest = [visit for visit in planned if visit.id not in begun | aboard]
    return [*getting_off, *alone, *rest]


def _is_firm(booking: Booking, clock: DayClock, frozen_until_s: int) -> bool:
    row = assignment_of(booking)
    if row is None or booking.status in ENDED_ON_THE_ROAD:
        return False
    is_close = clock.second(row.planned_pickup_at) < frozen_until_s
    return booking.status in UNDER_WAY or is_close


def _committed_length(order: tuple[Visit, ...], firm: set[str]) -> int:
    """Up to the last firm pickup, and on until nobody is on board: half a ride is never left open."""
    pickups = [k for k, v in enumerate(order) if v.kind is VisitKind.PICKUP and v.id in firm]
    if not pickups:
        return 0
    on_board: set[str] = set()
    for k, visit in enumerate(order):
        if visit.kind is VisitKind.PICKUP:
            on_board.add(visit.id)
        else:
            on_board.discard(visit.id)
        if k >= pickups[-1] and not on_board:
            return k + 1
    return len(order)


def _last_seen(bookings: list[Booking]) -> tuple[datetime, Place] | None:
    """The latest recorded moment and the place it happened at."""
    moments: list[tuple[datetime, int, Place]] = []
    for b in bookings:
        arrivals = _on_board_again(b) or (
            (b.arrived_pickup_at, b.pickup),
            (b.boarded_at, b.pickup),
            (b.absent_at, b.pickup),
        )
        departures = ((b.arrived_dropoff_at, b.dropoff), (b.alighted_at, b.dropoff))
        moments += [(at, b.pk, place) for at, place in arrivals + departures if at is not None]
    if not moments:
        return None
    at, _pk, place = max(moments, key=lambda item: item[:2])
    return at, place


def _on_board_again(booking: Booking) -> tuple[tuple[datetime | None, Place], ...]:
    """Of a journey that another vehicle began: when and where the patient got into this one."""
    rows = booking.changes_of_vehicle
    return tuple((row.resumed_at, row.place) for row in rows if row.place is not None)
