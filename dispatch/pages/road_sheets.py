"""What a driver needs on the road for one journey of theirs: whom to ring, where exactly, and how to get in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

from dispatch.enums import BookingStatus
from dispatch.models.statuses import OPEN, UNDER_WAY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatch.models import Booking, Place


class Phone(NamedTuple):
    """`dialled`: what a telephone is given; `shown`: as somebody wrote it."""

    shown: str
    dialled: str

    @classmethod
    def of(cls, text: str) -> Self | None:
        dialled = "".join(sign for sign in text if sign.isdecimal() or sign == "+")
        return cls(text, dialled) if dialled else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A place as one finds it; what a service does not say of itself, its establishment says."""

    address: str
    phone: Phone | None
    access: tuple[str, ...]

    @property
    def says_something(self) -> bool:
        return bool(self.address or self.phone or self.access)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadSheet:
    pickup: Stop
    dropoff: Stop
    phone: Phone | None
    about: str


def road_sheet(booking: Booking, *, is_day_over: bool) -> RoadSheet | None:
    """None for a journey that is over, or left open on a day that is: then nobody has to be rung."""
    status = BookingStatus(booking.status)
    if status not in UNDER_WAY and (is_day_over or status not in OPEN):
        return None
    return RoadSheet(
        pickup=_stop(booking.waits_at or booking.pickup),
        dropoff=_stop(booking.dropoff),
        phone=Phone.of(booking.patient.phone),
        about=booking.patient.notes,
    )


def _stop(place: Place) -> Stop:
    known = (place,) if place.parent is None else (place, place.parent)
    return Stop(
        address=_address(next((each for each in known if each.address), place)),
        phone=Phone.of(_first(each.phone for each in known)),
        access=tuple(each.access_notes for each in known if each.access_notes),
    )


def _address(place: Place) -> str:
    town = " ".join(part for part in (place.postal_code, place.town) if part)
    return ", ".join(part for part in (place.address, town) if part)


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")
