"""Several moves of one day at once: a page with what they would do, and the button that does just that, or nothing."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from dispatch.engine.errors import EngineError
from dispatch.engine.impact import Impossible
from dispatch.models import Booking, Shift
from dispatch.pages.by_hand import MOST_MOVES, moves_url
from dispatch.pages.policy import signed_in
from dispatch.pages.seats import Seat, refuse_drivers, refuse_onlookers, seat_of
from dispatch.pages.views import day_url, page
from dispatch.usecases.change_as_shown import change_as_shown
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.impact_card import names_of, preview_card
from dispatch.usecases.preview_change import preview_changes
from dispatch.usecases.wanted_changes import moving

Moves = dict[int, int | None]


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def moves(request: HttpRequest, day: date) -> HttpResponse:
    """The address says the moves, so that the way back is an address as well."""
    seat = seat_of(request)
    if seat is None:
        raise Http404
    refuse_drivers(seat)
    asked = _asked(request)
    rows = _rows(seat, day, asked)
    if request.method == "POST":
        refuse_onlookers(seat)
        if _is_done(request, seat, day, asked, rows):
            return redirect(day_url(seat, day))
    facts = {"day": day, "asked": asked, "here": moves_url(seat, day, asked)}
    return page(request, seat, "pages/moves.html", facts | _shown(request, asked, rows))


def _asked(request: HttpRequest) -> Moves:
    found: Moves = {}
    for word in request.GET.getlist("m"):
        booking, dash, shift = word.partition("-")
        if not (_is_number(booking) and dash and (not shift or _is_number(shift))):
            raise Http404
        found[int(booking)] = int(shift) if shift else None
    if not 0 < len(found) <= MOST_MOVES:
        raise Http404
    return found


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 18


def _rows(seat: Seat, day: date, asked: Moves) -> list[Booking]:
    """Raises Http404 for a journey or a shift that this day of the company does not have."""
    bookings = Booking.objects.filter(company=seat.company, pk__in=asked).on_day(day)
    rows = list(bookings.select_related("assignment"))
    wanted = {shift for shift in asked.values() if shift is not None}
    shifts = Shift.objects.filter(company=seat.company, pk__in=wanted)
    if len(rows) < len(asked) or shifts.count() < len(wanted):
        raise Http404
    return rows


def _shown(request: HttpRequest, asked: Moves, rows: list[Booking]) -> dict[str, object]:
    """What they would do; or why they cannot be, and which journey stands in the way."""
    try:
        found = preview_changes(asked=moving(asked, rows), now=timezone.now())
    except (UseCaseError, EngineError) as error:
        return {"refusal": str(error), "messages": messages.get_messages(request)}
    facts: dict[str, object] = {"card": preview_card(found.day, found.answer)}
    if isinstance(found.answer, Impossible):
        facts["refused"] = names_of(found.day)(found.answer.trip)
    return facts | {"messages": messages.get_messages(request)}


def _is_done(
    request: HttpRequest, seat: Seat, day: date, asked: Moves, rows: list[Booking]
) -> bool:
    """Whether all of them are in force now; else why not is said on this page."""
    before = {row.pk: _held_by(row) for row in rows}
    try:
        change_as_shown(
            asked=moving(asked, rows),
            shown=request.POST.get("token", ""),
            by=seat.user,
            now=timezone.now(),
            pin=request.POST.get("pin") == "1",
        )
    except (UseCaseError, EngineError) as error:
        messages.error(request, str(error))
        return False
    said = ngettext("%d move is in force.", "%d moves are in force.", len(asked)) % len(asked)
    back = moves_url(seat, day, before)
    link = format_html('<a href="{}">{}</a>', back, _("Take them back …"))
    messages.success(request, format_html("{} {}", said, link))
    return True


def _held_by(booking: Booking) -> int | None:
    ride = assignment_of(booking)
    return None if ride is None else ride.shift_id
