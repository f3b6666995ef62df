"""What a button answered about one trip: told beside the trip, and a refusal kept there while it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.messages import get_messages

from dispatch.engine.plan import Unassigned
from dispatch.enums import Rule
from dispatch.usecases.references import trip_ref
from dispatch.usecases.wording import unassigned_sentences

if TYPE_CHECKING:
    from django.contrib.messages.storage.base import Message
    from django.http import HttpRequest

    from dispatch.engine.sentences import Label
    from dispatch.models import Booking
    from dispatch.usecases.day_clock import DayClock

REFUSED = "refused"  # in the session: booking → why nobody could take it, and when that was asked
MOST_KEPT = 40
_TAG = "trip-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nobody could take the trip when it was asked; `version` is the booking's of then."""

    item: Unassigned
    version: int
    at: datetime

    def holds_for(self, booking: Booking, *, since: datetime | None) -> bool:
        """Neither the booking nor the plan in force (`since`) has changed after the question."""
        return booking.version == self.version and (since is None or since <= self.at)

    def sentences(self, clock: DayClock, label: Label) -> str:
        return unassigned_sentences(self.item, clock, label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was just said in general, what about which trip, and the refusals of before."""

    general: tuple[Message, ...] = ()
    told: Mapping[int, Message] = field(default_factory=dict)
    refused: Mapping[int, Refused] = field(default_factory=dict)

    def beside(self, booking_id: int) -> list[Message]:
        """What was told about any other trip."""
        return [message for trip, message in self.told.items() if trip != booking_id]


NOTHING_SAID = Said()


def said_to(request: HttpRequest) -> Said:
    """Everything that waits to be said to this person."""
    waiting = [(message, _trip(message)) for message in get_messages(request)]
    return Said(
        general=tuple(message for message, trip in waiting if trip is None),
        told={trip: message for message, trip in waiting if trip is not None},
        refused=_refusals(request),
    )


def anchor(booking_id: int) -> str:
    return f"{_TAG}{booking_id}"


def tell(request: HttpRequest, level: int, booking_id: int, text: str) -> None:
    """Said once, beside the trip, on the next page that shows it."""
    messages.add_message(request, level, text, extra_tags=anchor(booking_id))


def _trip(message: Message) -> int | None:
    number = (message.extra_tags or "").removeprefix(_TAG)
    return int(number) if number.isdecimal() else None


def keep_refusal(request: HttpRequest, booking: Booking, item: Unassigned, *, at: datetime) -> None:
    """By keys and figures: they are spoken in the reader's language when they are shown."""
    kept = dict(request.session.get(REFUSED, {}))
    kept.pop(str(booking.pk), None)
    kept[str(booking.pk)] = {
        "reason": item.reason.value,
        "advice": item.advice,
        "amount": item.amount,
        "shift": item.shift,
        "is_pinned": item.is_pinned,
        "version": booking.version,
        "at": at.isoformat(),
    }
    request.session[REFUSED] = dict(list(kept.items())[-MOST_KEPT:])


def _refusals(request: HttpRequest) -> dict[int, Refused]:
    rows: Mapping[str, Mapping[str, Any]] = request.session.get(REFUSED, {})
    return {int(pk): _refused(int(pk), row) for pk, row in rows.items()}


def _refused(booking_id: int, row: Mapping[str, Any]) -> Refused:
    return Refused(
        item=Unassigned(
            trip=trip_ref(booking_id),
            reason=Rule(row["reason"]),
            advice=row["advice"],
            amount=row["amount"],
            shift=row.get("shift", ""),  # sessions of before do not know it
            is_pinned=row.get("is_pinned", False),
        ),
        version=row["version"],
        at=datetime.fromisoformat(row["at"]),
    )
