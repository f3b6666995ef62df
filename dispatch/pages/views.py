"""The pages that show: the day, and what a proposal would change."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dispatch.enums import RunStatus
from dispatch.models import Booking, DispatchRun
from dispatch.pages.answers import said_to
from dispatch.pages.day_board import day_board
from dispatch.pages.handover_lines import handover_lines
from dispatch.pages.journey import journey_of
from dispatch.pages.policy import signed_in
from dispatch.pages.proposal import proposal_of
from dispatch.pages.seats import Seat, refuse_drivers, seat_in, seat_of
from dispatch.pages.trip_lines import trip_line
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.explain_booking import explain_booking
from dispatch.usecases.wall_time import is_in_reach

if TYPE_CHECKING:
    from django.http import QueryDict


@require_safe
def icon(_request: HttpRequest) -> HttpResponse:
    """For pages that name no icon of their own: browsers ask for this address."""
    return redirect(static("pages/icon.svg"), permanent=True)


@signed_in
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Today, as the company's clocks have it."""
    seat = seat_of(request)
    if seat is None:
        return render(request, "pages/no_company.html")
    return redirect(day_url(seat, local_day(seat.company, timezone.now())))


@signed_in
@require_safe
def day(request: HttpRequest, day: date) -> HttpResponse:
    seat = seat_of(request)
    if seat is None:
        return render(request, "pages/no_company.html")
    chosen = _chosen_day(request.GET)
    if chosen is not None:
        return redirect(day_url(seat, chosen))
    said = said_to(request)
    board = day_board(seat, day, timezone.now(), said)
    astray = [message for trip, message in said.told.items() if not board.shows(trip)]
    facts = {"board": board, "messages": [*said.general, *astray]}
    return page(request, seat, "pages/day.html", facts)


@signed_in
@require_safe
def proposal(request: HttpRequest, run_id: int) -> HttpResponse:
    run = run_or_404(run_id)
    seat = seat_in(request, run.company_id)
    refuse_drivers(seat)
    if run.status not in {RunStatus.DONE, RunStatus.SUPERSEDED} or run.applied_at is not None:
        return redirect(day_url(seat, run.service_on))
    shown = proposal_of(run, timezone.now())
    return page(request, seat, "pages/proposal.html", {"proposal": shown, "run": run})


@signed_in
@require_safe
def why(request: HttpRequest, booking_id: int) -> HttpResponse:
    """One journey: why this driver, why not the others, and what may be done; a driver is no judge of all that."""
    booking = Booking.objects.filter(pk=booking_id).only("company_id").first()
    if booking is None:
        raise Http404
    seat = seat_in(request, booking.company_id)
    refuse_drivers(seat)
    now = timezone.now()
    found = explain_booking(booking_id=booking_id, now=now)
    said = said_to(request)
    line = trip_line(found.booking, now=now, answer=said.told.get(booking_id))
    facts = {
        "why": found,
        "line": line,
        "journey": journey_of(found.booking, seat, now=now, asked=request.GET),
        "handovers": handover_lines(found.booking),
        "messages": [*said.general, *said.beside(booking_id)],
    }
    return page(request, seat, "pages/why.html", facts)


def page(request: HttpRequest, seat: Seat, template: str, facts: dict[str, Any]) -> HttpResponse:
    """Times are shown as the clocks of the company show them."""
    with timezone.override(seat.company.tz):
        return render(request, template, {"seat": seat, **facts})


def day_url(seat: Seat, day: date) -> str:
    return reverse("pages:day", args=[day]) + seat.suffix


def run_or_404(run_id: int) -> DispatchRun:
    runs = DispatchRun.objects.select_related("company", "requested_by").defer("problem", "start")
    run = runs.filter(pk=run_id).first()
    if run is None:
        raise Http404
    return run


def _chosen_day(query: QueryDict) -> date | None:
    """The day picked in the date field; what is no day with a page changes nothing."""
    try:
        chosen = date.fromisoformat(query.get("on", ""))
    except ValueError:
        return None
    return chosen if is_in_reach(chosen) else None
