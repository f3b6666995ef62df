"""What is left behind when a vehicle or a driver drops out: the journeys of its shifts, and where the vehicle stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from dispatch.enums import Loss
from dispatch.models import Assignment, Booking, Place, Shift
from dispatch.models.statuses import OPEN, UNDER_WAY
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_content import ENDED_ON_THE_ROAD
from dispatch.usecases.day_so_far import shift_so_far
from dispatch.usecases.errors import NotFoundError, UseCaseError
from dispatch.usecases.lost_shifts import back_again, lost_shifts

IN_HANDS = tuple(status.value for status in OPEN | UNDER_WAY)


class NothingStrandedError(UseCaseError):
    """The shift has no journey left that anybody waits for."""


class NowhereError(UseCaseError):
    """The vehicle has not been seen anywhere, and no base is known: somebody has to say where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What a shift lost, and where its vehicle stands: one of its stops; None: where it was seen last, else its base.

    `until`: when it is there again; None: not any more today. `on`: the day that is asked about; None: the first one on
    which somebody is left behind.
    """

    shift_id: int
    what: Loss
    place_id: int | None = None
    until: datetime | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StrandedDay:
    """Another day on which journeys are left behind: how many, and the first shift that has one."""

    day: date
    shift_id: int
    journeys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StrandedShift:
    """`bookings`: still to be driven on `day`, by planned pickup; `places`: where the vehicle may stand, the likeliest first.

    `shifts`: all that are lost, this one first: a driver who is ill has no second shift either, nor has a vehicle
    that is not back. `back_at`: when it is there again. `other_days`: each has a proposal of its own.
    """

    shift: Shift
    shifts: tuple[Shift, ...]
    back_at: datetime
    lost: Lost
    day: date
    bookings: tuple[Booking, ...]
    at: Place
    places: tuple[Place, ...]
    other_days: tuple[StrandedDay, ...] = ()

    @property
    def clock(self) -> DayClock:
        return DayClock.of(self.shift.company, self.day)


def stranded_shift(*, lost: Lost, now: datetime) -> StrandedShift:
    """Raises NotFoundError, NothingStrandedError, NowhereError or BackBeforeError."""
    shift = Shift.objects.with_plan_relations().filter(pk=lost.shift_id).first()
    if shift is None:
        raise NotFoundError(_("This shift does not exist."))
    back_at = back_again(shift, until=lost.until, now=now)
    shifts = lost_shifts(shift, lost.what, now=now, back_at=back_at)
    days = _days_of(shifts)
    day = _asked_about(days, lost.on)
    rows = Booking.objects.filter(assignment__shift__in=shifts, service_on=day)
    bookings = sorted(
        rows.with_plan_relations(), key=lambda row: (row.assignment.planned_pickup_at, row.pk)
    )
    stranded = tuple(row for row in bookings if row.status in OPEN | UNDER_WAY)
    places = _places(_on_the_road(shifts, bookings), day, bookings, now)
    if not places:
        raise NowhereError(_("Nobody knows where this vehicle is: its base has no position."))
    chosen = [place for place in places if place.pk == lost.place_id]
    if lost.place_id is not None and not chosen:
        raise NotFoundError(_("The vehicle cannot stand there: choose one of its stops."))
    return StrandedShift(
        shift=shift,
        shifts=tuple(shifts),
        back_at=back_at,
        lost=lost,
        day=day,
        bookings=stranded,
        at=chosen[0] if chosen else places[0],
        places=places,
        other_days=tuple(other for other in days if other.day != day),
    )


def _days_of(shifts: list[Shift]) -> list[StrandedDay]:
    """A shift that passes midnight has journeys of two days, and a vehicle may be away for a week: the first day first."""
    left = Assignment.objects.filter(shift__in=shifts, booking__status__in=IN_HANDS)
    rows = left.order_by("booking__service_on", "period", "pk")
    held: dict[date, list[int]] = {}
    for day, shift_id in rows.values_list("booking__service_on", "shift"):
        held.setdefault(day, []).append(shift_id)
    return [StrandedDay(day=day, shift_id=ids[0], journeys=len(ids)) for day, ids in held.items()]


def _asked_about(days: list[StrandedDay], on: date | None) -> date:
    found = [one.day for one in days if on in {None, one.day}]
    if not found:
        raise NothingStrandedError(_("Nobody waits for a journey of this shift any more."))
    return found[0]


def _on_the_road(shifts: list[Shift], bookings: list[Booking]) -> Shift:
    """The one that drives at the moment: where it was seen, the vehicle stands."""
    under_way = {row.assignment.shift_id for row in bookings if row.status in UNDER_WAY}
    return next((shift for shift in shifts if shift.pk in under_way), shifts[0])


def _places(shift: Shift, day: date, of_all: list[Booking], now: datetime) -> tuple[Place, ...]:
    bookings = [row for row in of_all if row.assignment.shift_id == shift.pk]
    clock = DayClock.of(shift.company, day)
    seen = shift_so_far(bookings, clock=clock, now_s=clock.second(now), freeze_s=0).at
    left = (row for row in bookings if row.status not in ENDED_ON_THE_ROAD)
    stops = [place for row in left for place in (row.waits_at, row.pickup, row.dropoff)]
    known = [place for place in (seen, shift.starts_where, *stops) if place is not None]
    return tuple({place.pk: place for place in known if place.position is not None}.values())
