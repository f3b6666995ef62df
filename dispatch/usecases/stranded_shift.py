"""What a shift leaves behind when its vehicle or its driver drops out: its journeys, and where the vehicle stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from dispatch.enums import Loss
from dispatch.models import Booking, Place, Shift
from dispatch.models.statuses import OPEN, UNDER_WAY
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_content import ENDED_ON_THE_ROAD
from dispatch.usecases.day_so_far import shift_so_far
from dispatch.usecases.errors import NotFoundError, UseCaseError

IN_HANDS = tuple(status.value for status in OPEN | UNDER_WAY)


class NothingStrandedError(UseCaseError):
    """The shift has no journey left that anybody waits for."""


class NowhereError(UseCaseError):
    """The vehicle has not been seen anywhere, and no base is known: somebody has to say where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What a shift lost, and where its vehicle stands: one of its stops; None: where it was seen last, else its base."""

    shift_id: int
    what: Loss
    place_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StrandedShift:
    """`bookings`: still to be driven on `day`, by planned pickup; `places`: where the vehicle may stand, the likeliest first."""

    shift: Shift
    lost: Lost
    day: date
    bookings: tuple[Booking, ...]
    at: Place
    places: tuple[Place, ...]

    @property
    def clock(self) -> DayClock:
        return DayClock.of(self.shift.company, self.day)


def stranded_shift(*, lost: Lost, now: datetime) -> StrandedShift:
    """Raises NotFoundError, NothingStrandedError or NowhereError."""
    shift = Shift.objects.with_plan_relations().filter(pk=lost.shift_id).first()
    if shift is None:
        raise NotFoundError(_("This shift does not exist."))
    day = _day_of(shift)
    rows = Booking.objects.filter(assignment__shift=shift, service_on=day).with_plan_relations()
    bookings = sorted(rows, key=lambda row: (row.assignment.planned_pickup_at, row.pk))
    stranded = tuple(row for row in bookings if row.status in OPEN | UNDER_WAY)
    places = _places(shift, day, bookings, now)
    if not places:
        raise NowhereError(_("Nobody knows where this vehicle is: its base has no position."))
    chosen = [place for place in places if place.pk == lost.place_id]
    if lost.place_id is not None and not chosen:
        raise NotFoundError(_("The vehicle cannot stand there: choose one of its stops."))
    return StrandedShift(
        shift=shift,
        lost=lost,
        day=day,
        bookings=stranded,
        at=chosen[0] if chosen else places[0],
        places=places,
    )


def _day_of(shift: Shift) -> date:
    """A shift that passes midnight has journeys of two days: those of the earlier one come first."""
    left = shift.assignments.filter(booking__status__in=IN_HANDS)
    first: date | None = (
        left.order_by("booking__service_on").values_list("booking__service_on", flat=True).first()
    )
    if first is None:
        raise NothingStrandedError(_("Nobody waits for a journey of this shift any more."))
    return first


def _places(shift: Shift, day: date, bookings: list[Booking], now: datetime) -> tuple[Place, ...]:
    clock = DayClock.of(shift.company, day)
    seen = shift_so_far(bookings, clock=clock, now_s=clock.second(now), freeze_s=0).at
    left = (row for row in bookings if row.status not in ENDED_ON_THE_ROAD)
    stops = [place for row in left for place in (row.waits_at, row.pickup, row.dropoff)]
    known = [place for place in (seen, shift.starts_where, *stops) if place is not None]
    return tuple({place.pk: place for place in known if place.position is not None}.values())
