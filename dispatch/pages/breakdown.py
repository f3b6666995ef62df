"""The page of a breakdown: one look at the proposal, one button that puts it in force, all of it or line by line."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from dispatch.engine.errors import EngineError
from dispatch.enums import Loss
from dispatch.models import Shift
from dispatch.pages.actions import asked_about
from dispatch.pages.answers import anchor, tell
from dispatch.pages.breakdown_board import (
    breakdown_board,
    francs,
    lost_query,
    other_days,
    way_of,
)
from dispatch.pages.policy import signed_in
from dispatch.pages.seats import Seat, refuse_bystanders, refuse_onlookers, seat_in
from dispatch.pages.views import day_url, page
from dispatch.usecases.apply_rescue import RescueApplied, UnfitRescueError, apply_rescue
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.price_rescue import RepricedError, StaleRescueError, Way, price_rescue
from dispatch.usecases.propose_rescue import RescueProposal, Shown, propose_rescue
from dispatch.usecases.resume_ride import resume_ride
from dispatch.usecases.stand_in import hand_over_shift, stand_in
from dispatch.usecases.stranded_shift import Lost
from dispatch.usecases.wall_time import AmbiguousTimeError, NoSuchTimeError, is_in_reach, moment_of

if TYPE_CHECKING:
    from django.http import QueryDict

FIELD = "way-"
LONGEST_FINGERPRINT, LONGEST_NUMBER = 64, 18


@signed_in
@require_safe
def breakdown(request: HttpRequest, shift_id: int) -> HttpResponse:
    """The proposal, for the vehicle if nothing else is said."""
    shift = _shift_or_404(shift_id)
    seat = seat_in(request, shift.company_id)
    refuse_onlookers(seat)
    now = timezone.now()
    try:
        proposal = propose_rescue(lost=_lost(shift, request.GET), now=now)
    except (UseCaseError, EngineError) as error:
        messages.error(request, str(error))
        return redirect(_day_of(seat, shift))
    return _page(request, seat, shift, proposal, now)


def _page(
    request: HttpRequest,
    seat: Seat,
    shift: Shift,
    proposal: RescueProposal,
    now: datetime,
    *,
    is_priced_again: bool = False,
) -> HttpResponse:
    crew = stand_in(proposal.stranded, now=now)
    with timezone.override(seat.company.tz):
        board = breakdown_board(proposal, now, crew, is_priced_again=is_priced_again)
    return page(request, seat, "pages/breakdown.html", {"board": board, "shift": shift})


@signed_in
@require_POST
def priced(request: HttpRequest, shift_id: int) -> HttpResponse:
    """The same lines as they are beside what is chosen; nothing is written."""
    shift = _shift_or_404(shift_id)
    seat = seat_in(request, shift.company_id)
    refuse_onlookers(seat)
    return _priced_again(request, seat, shift, _ways(request.POST))


def _priced_again(request: HttpRequest, seat: Seat, shift: Shift, ways: list[Way]) -> HttpResponse:
    lost, now = _lost(shift, request.POST), timezone.now()
    try:
        proposal = price_rescue(lost=lost, shown=_shown(request.POST), ways=ways, now=now)
    except (UseCaseError, EngineError) as error:
        return _refused(request, seat, shift, error)
    return _page(request, seat, shift, proposal, now, is_priced_again=True)


@signed_in
@require_POST
def rescue(request: HttpRequest, shift_id: int) -> HttpResponse:
    """All the lines as they are chosen, or the one whose button was pressed, if they are as they were looked at."""
    shift = _shift_or_404(shift_id)
    seat = seat_in(request, shift.company_id)
    refuse_onlookers(seat)
    lost = _lost(shift, request.POST)
    ways = _ways(request.POST)
    only = request.POST.get("only", "")
    if only:
        ways = [way for way in ways if str(way.booking_id) == only]
    if not ways:
        messages.error(request, _("No journey is chosen: nothing has changed."))
        return redirect(_url(shift, lost))
    try:
        applied = apply_rescue(
            lost=lost,
            shown=_shown(request.POST),
            ways=ways,
            by=seat.user,
            now=timezone.now(),
        )
    except (RepricedError, UnfitRescueError) as error:
        messages.warning(request, str(error))
        return _priced_again(request, seat, shift, ways)
    except (UseCaseError, EngineError) as error:
        return _refused(request, seat, shift, error)
    messages.success(request, _said(applied))
    if only:
        return redirect(_url(shift, lost))
    return redirect(_next_day(request, applied) or _day_of(seat, shift))


def _refused(request: HttpRequest, seat: Seat, shift: Shift, error: Exception) -> HttpResponse:
    """What is only old is shown anew; where nothing can be shown any more the day is."""
    if isinstance(error, StaleRescueError):
        messages.warning(request, str(error))
        return redirect(_url(shift, _lost(shift, request.POST)))
    messages.error(request, str(error))
    return redirect(_day_of(seat, shift))


def _next_day(request: HttpRequest, applied: RescueApplied) -> str | None:
    """The proposal for the first of the other days on which the same loss leaves journeys behind."""
    left = other_days(applied.stranded)
    if not left:
        return None
    said = _("Left behind as well: %(journeys)s. Here is what is proposed for the first day.")
    messages.warning(request, said % {"journeys": ", ".join(day.words for day in left)})
    return f"{reverse('pages:breakdown', args=[left[0].shift_id])}?{left[0].query}"


@signed_in
@require_POST
def hand_over(request: HttpRequest, shift_id: int) -> HttpResponse:
    """The whole of a shift that has not begun to the crew that the page named."""
    shift = _shift_or_404(shift_id)
    seat = seat_in(request, shift.company_id)
    refuse_onlookers(seat)
    lost = _lost(shift, request.POST)
    numbers = [request.POST.get(name, "") for name in ("driver", "vehicle", "version")]
    if not all(number.isdecimal() and len(number) <= LONGEST_NUMBER for number in numbers):
        raise Http404
    driver_id, vehicle_id, version = map(int, numbers)
    try:
        written = hand_over_shift(
            lost=lost,
            driver_id=driver_id,
            vehicle_id=vehicle_id,
            now=timezone.now(),
            expected_version=version,
        )
    except (UseCaseError, EngineError) as error:
        messages.error(request, str(error))
        return redirect(_url(shift, lost))
    said = _("%(driver)s drives the whole shift with %(vehicle)s: every journey keeps its place.")
    messages.success(request, said % {"driver": written.driver, "vehicle": written.vehicle.name})
    return redirect(_day_of(seat, shift))


@signed_in
@require_POST
def resumed(request: HttpRequest, booking_id: int) -> HttpResponse:
    """The patient is on board again, in another vehicle: for the office, and for who drives it."""
    asked = asked_about(request, booking_id)
    refuse_bystanders(asked.seat, asked.booking)
    try:
        resume_ride(booking_id=booking_id, at=timezone.now(), expected_version=asked.version)
    except UseCaseError as error:
        tell(request, messages.ERROR, booking_id, str(error))
    else:
        tell(request, messages.SUCCESS, booking_id, _("Recorded: on board again."))
    return redirect(f"{day_url(asked.seat, asked.booking.service_on)}#{anchor(booking_id)}")


def _shift_or_404(shift_id: int) -> Shift:
    shift = Shift.objects.select_related("company", "driver", "vehicle").filter(pk=shift_id).first()
    if shift is None:
        raise Http404
    return shift


def _lost(shift: Shift, sent: QueryDict) -> Lost:
    place = sent.get("place", "")
    if place and not place.isdecimal():
        raise Http404
    try:
        what = Loss(sent.get("lost", Loss.VEHICLE.value))
    except ValueError as error:
        raise Http404 from error
    return Lost(
        shift_id=shift.pk,
        what=what,
        place_id=int(place) if place else None,
        until=_until(shift, sent.get("until", "")),
        on=_on(sent.get("on", "")),
    )


def _on(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise Http404 from error


def _until(shift: Shift, said: str) -> datetime | None:
    """As the company's clocks show it, the later of two; None: until the day is over."""
    if not said:
        return None
    try:
        until = datetime.fromisoformat(said)
    except ValueError as error:
        raise Http404 from error
    if not is_in_reach(until.date()):
        raise Http404
    if until.tzinfo is not None:
        return until
    try:
        return moment_of(shift.company, until)
    except AmbiguousTimeError as error:
        return error.moments[1]
    except NoSuchTimeError as error:
        raise Http404 from error


def _ways(sent: QueryDict) -> list[Way]:
    """Of a form of ours; Http404 for anything else."""
    try:
        asked = [
            way_of(int(name.removeprefix(FIELD)), sent.get(name, ""))
            for name in sent
            if name.startswith(FIELD)
        ]
    except ValueError as error:
        raise Http404 from error
    return [way for way in asked if way is not None]


def _shown(sent: QueryDict) -> Shown:
    try:
        as_of = datetime.fromisoformat(sent.get("as_of", ""))
    except ValueError as error:
        raise Http404 from error
    if as_of.tzinfo is None:
        raise Http404
    return Shown(as_of=as_of, seen=sent.get("seen", "")[:LONGEST_FINGERPRINT])


def _said(applied: RescueApplied) -> str:
    parts = [
        ngettext(
            "%(count)d journey goes on with another vehicle of ours.",
            "%(count)d journeys go on with other vehicles of ours.",
            applied.moved,
        )
        % {"count": applied.moved}
        if applied.moved
        else "",
        ngettext(
            "%(count)d journey goes to the taxi partner: ring them.",
            "%(count)d journeys go to the taxi partner: ring them.",
            applied.partner,
        )
        % {"count": applied.partner}
        if applied.partner
        else "",
    ]
    price = _("Price of what was chosen: %(price)s.") % {"price": francs(applied.cost_c)}
    return " ".join(part for part in (*parts, price) if part)


def _url(shift: Shift, lost: Lost) -> str:
    return f"{reverse('pages:breakdown', args=[shift.pk])}?{lost_query(lost, shift)}"


def _day_of(seat: Seat, shift: Shift) -> str:
    """The day it is, of a shift that passes midnight; the one on which it begins or ends otherwise."""
    moment = min(max(shift.starts_at, timezone.now()), shift.ends_at)
    return day_url(seat, local_day(seat.company, moment))
