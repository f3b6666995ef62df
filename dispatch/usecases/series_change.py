"""What changing a series does to its bookings, said before anything is written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.moved_promise import MovedPromise
from dispatch.usecases.series_legs import WantedLeg


class StaleSeriesError(UseCaseError):
    """The series or one of its bookings changed since the preview."""


class PastDayError(UseCaseError):
    """What is over is not edited."""


class NoSuchDayError(UseCaseError):
    """The series asks for nothing on this day."""


class Effect(StrEnum):
    MOVED = "moved"  # follows the series to its new content
    CANCELLED = "cancelled"
    RESTORED = "restored"  # the series had cancelled it, and asks for it again
    FOLLOWS = "follows"  # stays cancelled, and would come back with the new content


class Clash(StrEnum):
    """Why a booking does not simply follow."""

    BEGUN = "begun"  # under way, over, or its hour has come: kept
    EDITED = "edited"  # a person changed just this: kept unless overwriting was asked for
    OTHER_DAY = (
        "other_day"  # a person moved it to another day: kept unless overwriting was asked for
    )
    IMPOSSIBLE = "impossible"  # with what a person changed, its hours would contradict: kept
    LOSES_DRIVER = "loses_driver"  # follows, and waits for a driver again


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJourney:
    """A booking that is made; `outbound_id`: the journey that is there already, of which it is the return."""

    series_on: date
    leg: WantedLeg
    outbound_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingEffect:
    """What a booking that is there becomes; `values` are the columns written, as (name, value).

    `promise`: what the patient had been promised and is promised instead, where that changes.
    """

    effect: Effect
    series_on: date
    booking_id: int
    reference: str
    is_return: bool
    values: tuple[tuple[str, object], ...]
    loses_driver: bool
    promise: MovedPromise | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """`follows`: whether the booking changes nevertheless."""

    clash: Clash
    booking_id: int
    reference: str
    series_on: date
    follows: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesChange:
    """Everything that applying would do; `token` is what applying has to be given back."""

    order_id: int
    created: tuple[NewJourney, ...]
    effects: tuple[BookingEffect, ...]
    conflicts: tuple[Conflict, ...]
    notes: tuple[str, ...]
    token: str

    def _of(self, effect: Effect) -> tuple[BookingEffect, ...]:
        return tuple(each for each in self.effects if each.effect is effect)

    @property
    def moved(self) -> tuple[BookingEffect, ...]:
        return self._of(Effect.MOVED)

    @property
    def cancelled(self) -> tuple[BookingEffect, ...]:
        return self._of(Effect.CANCELLED)

    @property
    def restored(self) -> tuple[BookingEffect, ...]:
        return self._of(Effect.RESTORED)


def token_of(*seen: object) -> str:
    """The same for the same values, in every process."""
    return hashlib.sha256(repr(seen).encode()).hexdigest()
