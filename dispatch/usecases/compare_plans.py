"""What changes for journeys from one plan of a day to another, in drivers and moments: one comparison for all who ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from dispatch.engine.plan import Move, Plan
from dispatch.models import Booking, Shift
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.references import row_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """Who has a journey in a plan, and when; `driver_id` None: the shift is gone, and who drove it with it."""

    shift_id: int
    driver_id: int | None
    driver: str
    pickup_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A journey whose shift or pickup differs between two plans; a side is None where nobody drives it.

    `reference`: None for a journey that was deleted since.
    """

    booking_id: int
    reference: str | None
    before: Ride | None
    after: Ride | None

    @property
    def is_newly_served(self) -> bool:
        return self.before is None

    @property
    def is_newly_unserved(self) -> bool:
        return self.after is None

    @property
    def has_other_driver(self) -> bool:
        return _who(self.before) != _who(self.after)

    @property
    def minutes(self) -> int | None:
        """How much later it is; None where nobody drives it before or after."""
        if self.before is None or self.after is None:
            return None
        return round((self.after.pickup_at - self.before.pickup_at).total_seconds() / 60)

    @property
    def is_noticeable(self) -> bool:
        """Not only a matter of seconds."""
        return self.has_other_driver or self.minutes != 0

    @property
    def at(self) -> datetime:
        """Where it stands in the order of the day."""
        ride = self.after or self.before
        assert ride is not None  # a trip that nobody drives in either plan has not moved
        return ride.pickup_at


def compare_plans(before: Plan, after: Plan, *, clock: DayClock) -> list[Moved]:
    """Every journey that differs, be it by seconds, in the order of the day; two queries however many there are."""
    moves = before.diff(after)
    references = _references(moves)
    shifts = _shifts(moves)
    found = (_moved(move, clock, references, shifts) for move in moves)
    return sorted(found, key=lambda moved: (moved.at, moved.booking_id))


def _moved(
    move: Move, clock: DayClock, references: Mapping[int, str], shifts: Mapping[int, Shift]
) -> Moved:
    booking_id = row_id(move.trip)
    return Moved(
        booking_id=booking_id,
        reference=references.get(booking_id),
        before=_ride(move.from_shift, move.from_start_s, clock, shifts),
        after=_ride(move.to_shift, move.to_start_s, clock, shifts),
    )


def _ride(
    shift: str | None, start_s: int | None, clock: DayClock, shifts: Mapping[int, Shift]
) -> Ride | None:
    if shift is None or start_s is None:
        return None
    row = shifts.get(row_id(shift))
    return Ride(
        shift_id=row_id(shift),
        driver_id=None if row is None else row.driver_id,
        driver=_("a shift that is gone") if row is None else str(row.driver),
        pickup_at=clock.moment(start_s),
    )


def _who(ride: Ride | None) -> tuple[int | None, int | None] | None:
    """Two shifts of one driver are one driver; of shifts that are gone, each is somebody else."""
    if ride is None:
        return None
    return ride.driver_id, ride.shift_id if ride.driver_id is None else None


def _references(moves: Iterable[Move]) -> dict[int, str]:
    rows = Booking.objects.filter(pk__in=[row_id(move.trip) for move in moves])
    return dict(rows.values_list("pk", "reference"))


def _shifts(moves: Iterable[Move]) -> dict[int, Shift]:
    ends = {shift for move in moves for shift in (move.from_shift, move.to_shift)}
    wanted = [row_id(shift) for shift in ends if shift is not None]
    return Shift.objects.select_related("driver").in_bulk(wanted)
