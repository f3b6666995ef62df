"""The buttons of one journey: give it to a driver, take it off, write down how it goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dispatch.engine.errors import EngineError
from dispatch.enums import BookingStatus
from dispatch.models import Assignment
from dispatch.models.labels import label
from dispatch.pages.actions import Asked, asked_about
from dispatch.pages.answers import anchor, tell
from dispatch.pages.journey import OUTCOME, Typed, TypedError
from dispatch.pages.moves import asked_move, way_back
from dispatch.pages.policy import signed_in
from dispatch.pages.seats import refuse_bystanders, refuse_onlookers
from dispatch.pages.views import day_url
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.change_as_shown import change_as_shown
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.return_left import (
    DOES_NOT_GO,
    cancel_return,
    left_sentence,
    return_left,
)
from dispatch.usecases.unassign import unassign
from dispatch.usecases.wanted_changes import GiveTo, WantedChange

if TYPE_CHECKING:
    from django.http import QueryDict

    from dispatch.models import Booking
    from dispatch.pages.seats import Seat


@signed_in
@require_POST
def give(request: HttpRequest, booking_id: int) -> HttpResponse:
    """To the shift chosen; `pin` keeps the planner from moving it."""
    shift = request.POST.get("shift", "")
    if not shift.isdecimal():
        raise Http404

    def given(asked: Asked) -> str:
        ride = _given(asked, int(shift), request.POST)
        with timezone.override(asked.seat.company.tz):
            pickup = date_format(timezone.localtime(ride.planned_pickup_at), "H:i")
        figures = {"driver": ride.driver, "time": pickup}
        if ride.is_pinned:
            said = _("%(driver)s has it and keeps it, pickup at %(time)s.")
        else:
            said = _("%(driver)s has it, pickup at %(time)s; the next plan may move it.")
        return said % figures

    return _act(request, booking_id, given)


def _given(asked: Asked, shift_id: int, sent: QueryDict) -> Assignment:
    """As it was shown, where it was; `expected_version` is part of what was shown."""
    booking_id, by, pin = asked.booking.pk, asked.seat.user, sent.get("pin") == "1"
    shown, now = sent.get("token", ""), timezone.now()
    if shown:
        asked_for = [WantedChange(booking_id, GiveTo(shift_id=shift_id))]
        change_as_shown(asked=asked_for, shown=shown, by=by, now=now, pin=pin)
        return Assignment.objects.select_related("driver").get(booking=booking_id)
    return assign_booking(
        booking_id=booking_id,
        shift_id=shift_id,
        by=by,
        now=now,
        expected_version=asked.version,
        pin=pin,
    )


@signed_in
@require_POST
def move(request: HttpRequest, booking_id: int) -> HttpResponse:
    """A swap, or another promised time, as it was shown; the answer leads to the way back."""

    def moved(asked: Asked) -> str:
        wanted = asked_move(asked.booking, request.POST)
        if wanted is None:
            raise Http404
        done = change_as_shown(
            asked=wanted.asked,
            shown=request.POST.get("token", ""),
            by=asked.seat.user,
            now=timezone.now(),
            pin=request.POST.get("pin") == "1",
            versions={booking_id: asked.version},
        )
        back = way_back(asked.booking, done.back)
        if back is None:
            return _("Done: %(what)s.") % {"what": wanted.title}
        address = f"{reverse('pages:drivers', args=[booking_id])}?{back.query}"
        link = format_html('<a href="{}">{}</a>', address, _("Take it back …"))
        return format_html("{} {}", _("Done: %(what)s.") % {"what": wanted.title}, link)

    return _act(request, booking_id, moved)


@signed_in
@require_POST
def take_off(request: HttpRequest, booking_id: int) -> HttpResponse:
    def taken_off(asked: Asked) -> str:
        unassign(
            booking_id=asked.booking.pk,
            now=timezone.now(),
            expected_version=asked.version,
            shown=request.POST.get("token") or None,
            by=asked.seat.user,
        )
        return _("Taken off: the journey waits for a driver again.")

    return _act(request, booking_id, taken_off)


@signed_in
@require_POST
def progress(request: HttpRequest, booking_id: int) -> HttpResponse:
    """How the journey goes; a driver tells it of own journeys, from the page of their day."""
    asked = asked_about(request, booking_id)
    refuse_bystanders(asked.seat, asked.booking)
    typed, is_refused = Typed.of(request.POST), False
    try:
        tell(request, messages.SUCCESS, booking_id, _recorded(asked, request.POST, typed))
    except UseCaseError as error:
        is_refused = True
        tell(request, messages.ERROR, booking_id, str(error))
    if not asked.seat.sees_everything:
        return redirect(f"{day_url(asked.seat, asked.booking.service_on)}#{anchor(booking_id)}")
    address = _journey_url(booking_id)
    return redirect(f"{address}?{typed.query}#progress" if is_refused else address)


def _recorded(asked: Asked, sent: QueryDict, typed: Typed) -> str:
    to, reason = _step(sent)
    if not asked.seat.may_record(to):
        raise PermissionDenied
    at = typed.moment(asked.seat.company, timezone.now())
    version = sent.get("cancel_return", "")
    with transaction.atomic():
        booking = record_progress(
            booking_id=asked.booking.pk,
            to=to,
            at=at,
            reason=reason,
            expected_version=asked.version,
        )
        if to in DOES_NOT_GO and asked.seat.may_dispatch and version.isdecimal():
            cancel_return(
                outbound_id=booking.pk, at=at, reason=reason, expected_version=int(version)
            )
    return _recorded_sentence(booking, asked.seat)


def _recorded_sentence(booking: Booking, seat: Seat) -> str:
    said = _("Recorded: %(status)s.") % {"status": label(BookingStatus(booking.status))}
    back = return_left(booking)
    if back is None:
        return said
    if not seat.may_dispatch:
        return f"{said} {left_sentence(back)}"
    link = format_html('<a href="{}">{}</a>', _journey_url(back.pk), _("To the return"))
    return format_html("{} {} {}", said, left_sentence(back), link)


def _step(sent: QueryDict) -> tuple[BookingStatus, str]:
    """The status of the button pressed; for the list of outcomes the one chosen there, with its reason."""
    value, reason = sent.get("to", ""), ""
    if value == OUTCOME:
        value, _colon, reason = sent.get("what", "").partition(":")
        if not value:
            raise TypedError(_("Choose what happened."))
    try:
        return BookingStatus(value), reason
    except ValueError as error:
        raise Http404 from error


def _act(request: HttpRequest, booking_id: int, verb: Callable[[Asked], str]) -> HttpResponse:
    """Do one thing with the journey, and say on its page what came of it."""
    asked = asked_about(request, booking_id)
    refuse_onlookers(asked.seat)
    try:
        tell(request, messages.SUCCESS, booking_id, verb(asked))
    except (UseCaseError, EngineError) as error:
        tell(request, messages.ERROR, booking_id, str(error))
    return redirect(_journey_url(booking_id))


def _journey_url(booking_id: int) -> str:
    return reverse("pages:why", args=[booking_id])
