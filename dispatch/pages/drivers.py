"""The page on which a journey's place in the plan is decided: the best drivers, a swap or another time, each with what it does to the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dispatch.engine.errors import EngineError
from dispatch.models import Booking
from dispatch.models.statuses import OPEN
from dispatch.pages.answers import said_to
from dispatch.pages.moves import ShownMove, asked_move, partners, shown_moves
from dispatch.pages.policy import signed_in
from dispatch.pages.seats import refuse_drivers, seat_in
from dispatch.pages.trip_lines import trip_line
from dispatch.pages.views import page
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.rank_drivers import RankedDrivers, rank_drivers

if TYPE_CHECKING:
    from django.http import QueryDict

    from dispatch.pages.seats import Seat

ROWS = Booking.objects.select_related(
    "company", "patient", "pickup__parent", "dropoff__parent", "assignment__driver", "outbound"
)
LATER_MIN = (15, 30)  # the doctor is late


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The best drivers, or what was asked about with what it would do; or why there is no answer."""

    ranked: RankedDrivers | None = None
    moves: tuple[ShownMove, ...] = ()
    refusal: str = ""


class Later(NamedTuple):
    minutes: int
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise:
    """What else may be asked: `at` is the pickup as it is wanted now, `chosen` the partner asked about."""

    may_be_retimed: bool
    partners: tuple[Booking, ...]
    chosen: int | None
    at: str
    later: tuple[Later, ...]


@signed_in
@require_safe
def drivers(request: HttpRequest, booking_id: int) -> HttpResponse:
    """Who may read asks; who dispatches decides, and gets what was shown or nothing."""
    booking = ROWS.filter(pk=booking_id).first()
    if booking is None:
        raise Http404
    seat = seat_in(request, booking.company_id)
    refuse_drivers(seat)
    now, said = timezone.now(), said_to(request)
    is_on_call = booking.is_will_call and booking.promised_from is None
    answer = Answer() if is_on_call else _answer(booking, request.GET, now)
    facts = {
        "booking": booking,
        "line": trip_line(booking, now=now, answer=said.told.get(booking_id)),
        "ranked": answer.ranked,
        "moves": answer.moves,
        "refusal": answer.refusal,
        "call_on": _call_on(booking, seat, now) if is_on_call else "",
        "otherwise": _otherwise(booking, answer),
        "messages": [*said.general, *said.beside(booking_id)],
    }
    return page(request, seat, "pages/drivers.html", facts)


def _answer(booking: Booking, asked: QueryDict, now: datetime) -> Answer:
    try:
        move = asked_move(booking, asked)
        if move is not None:
            return Answer(moves=tuple(shown_moves(booking, move, now)))
        return Answer(ranked=rank_drivers(booking_id=booking.pk, now=now))
    except (UseCaseError, EngineError) as error:
        return Answer(refusal=str(error))


def _call_on(booking: Booking, seat: Seat, now: datetime) -> str:
    """When the patient of a return on call calls: what the page says, and whether it has the button."""
    if booking.status not in OPEN:
        return "over"
    today = local_day(seat.company, now)
    if booking.service_on != today:
        return "later" if booking.service_on > today else "past"
    return "today"


def _otherwise(booking: Booking, answer: Answer) -> Otherwise:
    wanted_at = booking.requested_at or booking.promised_from
    may_be_retimed = booking.status in OPEN and booking.promised_from is not None
    other = answer.moves[0].move.other if answer.moves else None
    return Otherwise(
        may_be_retimed=may_be_retimed and wanted_at is not None,
        partners=tuple(partners(booking)),
        chosen=None if other is None else other.pk,
        at="" if wanted_at is None else f"{wanted_at.astimezone(booking.company.tz):%H:%M}",
        later=() if wanted_at is None else tuple(_later(booking, wanted_at)),
    )


def _later(booking: Booking, wanted_at: datetime) -> list[Later]:
    moments = {
        by: (wanted_at + timedelta(minutes=by)).astimezone(booking.company.tz) for by in LATER_MIN
    }
    return [
        Later(by, f"{moment:%H:%M}")
        for by, moment in moments.items()
        if moment.date() == booking.service_on
    ]
