"""What people may ask of the plan in force, and the same as changes of the engine's plan.

A preview and what is then put in force read a day by the same questions: so the one is the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from dispatch.engine.change import Change, Give, Retime, Swap, TakeOff
from dispatch.models import Booking
from dispatch.usecases.another_time import PromiseAt, trip_promised
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.errors import StaleBookingError, UseCaseError
from dispatch.usecases.open_day import OpenDay, open_day
from dispatch.usecases.references import row_id, trip_ref


class NothingToSwapError(UseCaseError):
    """One of the two bookings has no driver who takes part in the planning, or both have the same shift."""


class NothingAskedError(UseCaseError):
    """A list of changes that names none, or promises one booking two different times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveTo:
    """To this shift, at its best place there."""

    shift_id: int


@dataclass(frozen=True, slots=True)
class TakeAway:
    """The driver is taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapWith:
    """The two bookings change drivers."""

    booking_id: int


Wanted = GiveTo | TakeAway | SwapWith | PromiseAt


class WantedChange(NamedTuple):
    """A change of one booking (of two, for a swap)."""

    booking_id: int
    wanted: Wanted


def moving(to_shift: Mapping[int, int | None], bookings: Iterable[Booking]) -> list[WantedChange]:
    """What gives each booking to its shift, or to nobody; first all are taken off, so that none stands in another's way."""
    held = [row.pk for row in bookings if row.pk in to_shift and assignment_of(row) is not None]
    off = [WantedChange(pk, TakeAway()) for pk in held]
    on = [
        WantedChange(pk, GiveTo(shift_id=shift))
        for pk, shift in to_shift.items()
        if shift is not None
    ]
    return [*off, *on]


def named_in(asked: Iterable[WantedChange]) -> frozenset[int]:
    """All bookings that these changes may move."""
    found = set()
    for one in asked:
        found.add(one.booking_id)
        if isinstance(one.wanted, SwapWith):
            found.add(one.wanted.booking_id)
    return frozenset(found)


def day_of(
    asked: Sequence[WantedChange], *, now: datetime, versions: Mapping[int, int] | None = None
) -> OpenDay:
    """The day on which all of these bookings may move; its booking is the first one named.

    `versions`: those of the bookings the caller saw, as far as they matter. May ask the road server: not to be
    called in a transaction. Raises NothingAskedError, and what `open_day` raises.
    """
    if not asked:
        raise NothingAskedError(_("No change is named."))
    first, *_others = asked
    day = open_day(
        booking_id=first.booking_id,
        now=now,
        expected_version=None,
        beside=named_in(asked) - {first.booking_id},
        promises=_promises(asked),
    )
    for booking_id, version in (versions or {}).items():
        if day.built.booking_versions.get(booking_id) != version:
            raise StaleBookingError(_("This booking was changed by somebody else."))
    return day


def changes_of(day: OpenDay, asked: Iterable[WantedChange]) -> list[Change]:
    """Of a day that was opened for them. Raises NotFoundError, NotFeasibleError or NothingToSwapError."""
    found: list[Change] = []
    shift_of: dict[str, str] = dict(day.plan.shift_of)  # as it will be when each one's turn comes
    for one in asked:
        change = _change(day, shift_of, one)
        _carry(shift_of, change)
        found.append(change)
    return found


def taking_back(day: OpenDay, asked: Iterable[WantedChange]) -> tuple[WantedChange, ...]:
    """The changes that lead back from these: the opposite of each, the last one first. `day`: as they found it.

    Who comes back does so at the best place: where that is their old one, the plan costs what it did; where it was
    not theirs before, the plan is cheaper than it was, never dearer.
    """
    shift_of: dict[str, str] = dict(day.plan.shift_of)
    back: list[WantedChange] = []
    for one in asked:
        held_by = shift_of.get(trip_ref(one.booking_id))
        back.insert(0, WantedChange(one.booking_id, _opposite(day, held_by, one)))
        _carry(shift_of, _change(day, shift_of, one))
    return tuple(back)


def _opposite(day: OpenDay, held_by: str | None, one: WantedChange) -> Wanted:
    if isinstance(one.wanted, SwapWith):
        return one.wanted
    if isinstance(one.wanted, PromiseAt):
        return PromiseAt.of(day.before[one.booking_id])
    return TakeAway() if held_by is None else GiveTo(shift_id=row_id(held_by))


def _carry(shift_of: dict[str, str], change: Change) -> None:
    if isinstance(change, Give):
        shift_of[change.trip] = change.shift
    elif isinstance(change, TakeOff):
        shift_of.pop(change.trip, None)
    elif isinstance(change, Swap):
        one, other = change.trip, change.other
        shift_of[one], shift_of[other] = shift_of[other], shift_of[one]


def _promises(asked: Iterable[WantedChange]) -> dict[int, PromiseAt]:
    found: dict[int, PromiseAt] = {}
    for booking_id, wanted in asked:
        if isinstance(wanted, PromiseAt) and found.setdefault(booking_id, wanted) != wanted:
            raise NothingAskedError(_("One journey cannot be promised two different times."))
    return found


def _change(day: OpenDay, shift_of: Mapping[str, str], one: WantedChange) -> Change:
    trip, wanted = trip_ref(one.booking_id), one.wanted
    if isinstance(wanted, TakeAway):
        return TakeOff(trip=trip)
    if isinstance(wanted, SwapWith):
        return _swap(shift_of, trip, trip_ref(wanted.booking_id))
    if isinstance(wanted, PromiseAt):
        (row,) = (row for row in day.built.bookings if row.pk == one.booking_id)
        as_if = wanted.as_if(row)
        return Retime(trip=trip_promised(day.problem, as_if, clock=day.clock, now=day.now))
    return Give(trip=trip, shift=day.able_shift(wanted.shift_id))


def _swap(shift_of: Mapping[str, str], trip: str, other: str) -> Swap:
    shifts = {shift_of.get(name) for name in (trip, other)}
    if None in shifts:
        raise NothingToSwapError(_("Both journeys need a driver before they can be swapped."))
    if len(shifts) == 1:
        raise NothingToSwapError(_("Both journeys have the same driver already."))
    return Swap(trip=trip, other=other)
