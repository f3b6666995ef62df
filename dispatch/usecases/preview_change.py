"""Says what a change of a booking's place in the plan would do, before anybody decides; writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from dispatch.engine.change import Change, Give, Swap, TakeOff
from dispatch.engine.impact import Impact, Impossible, impact
from dispatch.usecases.change_token import token_of
from dispatch.usecases.errors import NotFoundError, UseCaseError
from dispatch.usecases.open_day import OpenDay, open_day
from dispatch.usecases.references import shift_ref, trip_ref


class NothingToSwapError(UseCaseError):
    """One of the two bookings has no driver who takes part in the planning."""


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


Wanted = GiveTo | TakeAway | SwapWith


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`token`: what `assign_booking` is to be told, so that nothing else is put in force; "" when impossible."""

    day: OpenDay
    answer: Impact | Impossible
    token: str


def preview_change(
    *, booking_id: int, wanted: Wanted, now: datetime, expected_version: int | None = None
) -> Preview:
    """What the change would do to the plan in force, or the rule that forbids it and what would help.

    May ask the road server: not to be called in a transaction. Raises NotFoundError, StaleBookingError,
    NotAssignableError, NobodyFitsError or NothingToSwapError.
    """
    beside = frozenset({wanted.booking_id}) if isinstance(wanted, SwapWith) else frozenset[int]()
    day = open_day(booking_id=booking_id, now=now, expected_version=expected_version, beside=beside)
    answer = impact(day.problem, day.plan, [_change(day, wanted)], told=day.told)
    token = token_of(day, answer) if isinstance(answer, Impact) else ""
    return Preview(day=day, answer=answer, token=token)


def _change(day: OpenDay, wanted: Wanted) -> Change:
    if isinstance(wanted, TakeAway):
        return TakeOff(trip=day.trip_id)
    if isinstance(wanted, SwapWith):
        return _swap(day, trip_ref(wanted.booking_id))
    shift = shift_ref(wanted.shift_id)
    if shift not in day.problem.shift_by_id:
        raise NotFoundError(_("This shift does not exist on that day, or cannot drive."))
    return Give(trip=day.trip_id, shift=shift)


def _swap(day: OpenDay, other: str) -> Swap:
    if not {day.trip_id, other} <= day.plan.shift_of.keys():
        raise NothingToSwapError(_("Both journeys need a driver before they can be swapped."))
    return Swap(trip=day.trip_id, other=other)
