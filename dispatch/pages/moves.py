"""What may be asked of a journey beside another driver: a swap, another promised time, or to wait for one again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import Http404
from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus
from dispatch.models import Booking
from dispatch.usecases.another_time import PromiseAt
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.impact_card import PreviewCard, preview_card
from dispatch.usecases.preview_change import preview_changes
from dispatch.usecases.promise import Window, window_around
from dispatch.usecases.wall_time import moment_of
from dispatch.usecases.wanted_changes import SwapWith, TakeAway, WantedChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A swap, another time or nobody any more, as addresses and forms carry it: `fields` says it again, to the second."""

    asked: tuple[WantedChange, ...]
    fields: Mapping[str, str]
    title: str
    other: Booking | None = None
    window: Window | None = None

    @property
    def takes_off(self) -> bool:
        """Whether that is all it does."""
        return self.other is None and self.window is None

    @property
    def query(self) -> str:
        return urlencode(self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMove:
    """A move with what it would do."""

    move: Move
    card: PreviewCard


class TimeTypedError(UseCaseError):
    """What was typed is no time of the clock."""


def asked_move(booking: Booking, sent: QueryDict) -> Move | None:
    """What the address or the form asks; None when it asks nothing. Raises Http404 or a UseCaseError."""
    if sent.get("with"):
        return _swap(booking, sent.get("with", ""))
    if sent.get("from"):
        window = Window(_moment(sent.get("from", "")), _moment(sent.get("to", "")))
        requested_at = _moment(sent.get("requested", "")) if sent.get("requested") else None
        return retime(
            booking,
            PromiseAt(window=window, requested_at=requested_at),
            takes_off=sent.get("off") == "1",
        )
    if sent.get("off") == "1":
        return _take_off(booking)
    if "at" in sent:
        requested_at = _typed(booking, sent.get("at", ""))
        window = window_around(booking.company, requested_at)
        return retime(booking, PromiseAt(window=window, requested_at=requested_at))
    return None


def retime(booking: Booking, wanted: PromiseAt, *, takes_off: bool = False) -> Move:
    asked = [WantedChange(booking.pk, wanted)]
    begins_at, ends_at = wanted.window
    fields = {"from": begins_at.isoformat(), "to": ends_at.isoformat()}
    if wanted.requested_at is not None:
        fields["requested"] = wanted.requested_at.isoformat()
    said = _("Promised for %(hours)s")
    if takes_off:
        said = _("Promised for %(hours)s, without a driver for now")
        asked.insert(0, WantedChange(booking.pk, TakeAway()))
        fields["off"] = "1"
    tz = booking.company.tz
    hours = "–".join(f"{moment.astimezone(tz):%H:%M}" for moment in wanted.window)
    return Move(
        asked=tuple(asked),
        fields=fields,
        title=said % {"hours": hours},
        window=wanted.window,
    )


def way_back(booking: Booking, back: tuple[WantedChange, ...]) -> Move | None:
    """Of a move that was made here; None for anything else."""
    match [change.wanted for change in back]:
        case [SwapWith(booking_id=other)]:
            return _swap(booking, str(other))
        case [PromiseAt() as before]:
            return retime(booking, before)
    return None


def show(move: Move, now: datetime) -> ShownMove:
    found = preview_changes(asked=move.asked, now=now)
    return ShownMove(move=move, card=preview_card(found.day, found.answer))


def shown_moves(booking: Booking, move: Move, now: datetime) -> list[ShownMove]:
    """The move; and where its driver cannot be there at the other time, the promise without the driver."""
    found = [show(move, now)]
    wanted = move.asked[-1].wanted
    is_driven = assignment_of(booking) is not None
    if found[0].card.refusal is not None and isinstance(wanted, PromiseAt) and is_driven:
        found.append(show(retime(booking, wanted, takes_off=True), now))
    return found


def partners(booking: Booking) -> list[Booking]:
    """Whom it could swap drivers with: waiting, with another driver, the nearest in time first."""
    mine = assignment_of(booking)
    if mine is None or booking.status != BookingStatus.ASSIGNED:
        return []
    rows = Booking.objects.filter(
        company_id=booking.company_id,
        service_on=booking.service_on,
        status=BookingStatus.ASSIGNED,
    )
    rows = rows.exclude(assignment__shift_id=mine.shift_id)
    found = rows.select_related("patient", "assignment__driver")
    return sorted(found, key=lambda row: (abs(_pickup(row) - _pickup(booking)), row.pk))


def _pickup(booking: Booking) -> float:
    return booking.assignment.planned_pickup_at.timestamp()


def _swap(booking: Booking, number: str) -> Move:
    rows = Booking.objects.select_related("patient", "assignment__driver")
    is_number = number.isascii() and number.isdigit() and len(number) <= 18
    other = rows.filter(company_id=booking.company_id, pk=number).first() if is_number else None
    if other is None:
        raise Http404
    return Move(
        asked=(WantedChange(booking.pk, SwapWith(booking_id=other.pk)),),
        fields={"with": number},
        title=_("Swap drivers with %(patient)s") % {"patient": other.patient},
        other=other,
    )


def _take_off(booking: Booking) -> Move:
    """Raises Http404 where nobody has it who could be taken off."""
    if booking.status != BookingStatus.ASSIGNED:
        raise Http404
    return Move(
        asked=(WantedChange(booking.pk, TakeAway()),),
        fields={"off": "1"},
        title=_("Take off %(driver)s") % {"driver": booking.assignment.driver},
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Http404 from error
    if moment.tzinfo is None:
        raise Http404
    return moment


def _typed(booking: Booking, text: str) -> datetime:
    """The hour typed, on the journey's own day."""
    try:
        hour = time.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError as error:
        raise TimeTypedError(_("This is no time of the clock.")) from error
    return moment_of(booking.company, datetime.combine(booking.service_on, hour))
