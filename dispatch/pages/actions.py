"""The buttons: each posts to one use case, says what came of it, and goes back to the page it stood on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from dispatch.engine.errors import EngineError
from dispatch.enums import RunTrigger
from dispatch.models import Booking
from dispatch.pages.answers import anchor, keep_refusal, tell
from dispatch.pages.policy import signed_in
from dispatch.pages.proposal import first_of
from dispatch.pages.seats import Seat, refuse_onlookers, seat_in, seat_of
from dispatch.pages.views import day_url, run_or_404
from dispatch.usecases.apply_plan import Applied, StalePlanError, apply_plan
from dispatch.usecases.discard_run import discard_run
from dispatch.usecases.dispatch_now import dispatch_now
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.open_day import NobodyFitsError
from dispatch.usecases.request_run import request_run
from dispatch.usecases.roll_out_shifts import roll_out_shifts
from dispatch.usecases.run_dispatch import run_dispatch
from dispatch.usecases.trigger_return import trigger_return
from dispatch.usecases.withdraw_ready import withdraw_ready


class Asked(NamedTuple):
    """A booking, the seat of the person who pressed a button beside it, and the version they saw."""

    booking: Booking
    seat: Seat
    version: int


@signed_in
@require_POST
def plan(request: HttpRequest, day: date) -> HttpResponse:
    """Plans while the browser waits, at most the company's solver limit; nothing in force changes."""
    seat = seat_of(request)
    if seat is None:
        raise Http404
    refuse_onlookers(seat)
    try:
        run = request_run(company=seat.company, day=day, trigger=RunTrigger.MANUAL, by=seat.user)
        run_dispatch(run_id=run.pk, clock=timezone.now)
    except (UseCaseError, EngineError) as error:
        messages.error(request, str(error))
        return redirect(day_url(seat, day))
    return redirect("pages:proposal", run.pk)


@signed_in
@require_POST
def roll_out(request: HttpRequest, day: date) -> HttpResponse:
    """Puts this day's drivers on duty as their ordinary week says."""
    seat = seat_of(request)
    if seat is None:
        raise Http404
    refuse_onlookers(seat)
    try:
        done = roll_out_shifts(company=seat.company, first_on=day, last_on=day, now=timezone.now())
    except UseCaseError as error:
        messages.error(request, str(error))
        return redirect(day_url(seat, day))
    if not done.created and not done.skipped:
        messages.info(request, _("No driver has an ordinary shift on this day of the week."))
    for skipped in done.skipped:
        messages.warning(request, f"{skipped.driver}: {skipped.sentence}")
    return redirect(day_url(seat, day))


@signed_in
@require_POST
def apply(request: HttpRequest, run_id: int) -> HttpResponse:
    run = run_or_404(run_id)
    seat = seat_in(request, run.company_id)
    refuse_onlookers(seat)
    try:
        applied = apply_plan(run_id=run_id, by=seat.user, now=timezone.now())
    except StalePlanError as error:
        messages.error(request, f"{error} {first_of(error.references)}".strip())
        return redirect("pages:proposal", run_id)
    except UseCaseError as error:
        messages.error(request, str(error))
        return redirect(day_url(seat, run.service_on))
    messages.success(request, _in_force(applied))
    return redirect(day_url(seat, run.service_on))


def _in_force(applied: Applied) -> str:
    """In the words and the order of the proposal; where the figures are not its own, why."""
    written = applied.written
    figures = {
        "version": applied.run.version,
        "new": written.assigned,
        "other_driver": written.other_driver,
        "other_time": written.other_time,
        "lost": written.unassigned,
        "kept": written.unchanged,
    }
    sentence = _(
        "Version %(version)d is in force: %(new)d get a driver, %(other_driver)d change driver, "
        "%(other_time)d change time, %(lost)d lose their driver, %(kept)d stay as they are."
    )
    said = [sentence % figures]
    if applied.is_timed_anew:
        said.append(
            _("The times were worked out anew for now: the proposal had counted otherwise.")
        )
    if applied.closed:
        versions = ", ".join(map(str, applied.closed))
        aside = ngettext(
            "The other plan between fair and cheap was put aside: version %(versions)s.",
            "The other plans between fair and cheap were put aside: versions %(versions)s.",
            len(applied.closed),
        )
        said.append(aside % {"versions": versions})
    return " ".join(said)


@signed_in
@require_POST
def discard(request: HttpRequest, run_id: int) -> HttpResponse:
    run = run_or_404(run_id)
    seat = seat_in(request, run.company_id)
    refuse_onlookers(seat)
    try:
        discard_run(run_id=run_id)
    except UseCaseError as error:
        messages.error(request, str(error))
    else:
        text = _("Version %(version)d was put aside; the plan in force stays.")
        messages.info(request, text % {"version": run.version})
    return redirect(day_url(seat, run.service_on))


@signed_in
@require_POST
def find_driver(request: HttpRequest, booking_id: int) -> HttpResponse:
    return _act(request, booking_id, _found)


def _found(asked: Asked) -> str:
    ride = dispatch_now(
        booking_id=asked.booking.pk,
        by=asked.seat.user,
        now=timezone.now(),
        expected_version=asked.version,
    )
    with timezone.override(asked.seat.company.tz):
        pickup = date_format(timezone.localtime(ride.planned_pickup_at), "H:i")
    return _("Found: %(driver)s, pickup at %(time)s.") % {"driver": ride.driver, "time": pickup}


@signed_in
@require_POST
def ready(request: HttpRequest, booking_id: int) -> HttpResponse:
    is_urgent = request.POST.get("urgent") == "1"

    def declared(asked: Asked) -> str:
        trigger_return(
            booking_id=asked.booking.pk,
            ready_at=timezone.now(),
            expected_version=asked.version,
            is_urgent=is_urgent,
            came_another_way=request.POST.get("came") == "1",
        )
        return _("The patient is ready: find a driver.")

    return _act(request, booking_id, declared)


@signed_in
@require_POST
def not_ready(request: HttpRequest, booking_id: int) -> HttpResponse:
    def taken_back(asked: Asked) -> str:
        withdraw_ready(booking_id=asked.booking.pk, expected_version=asked.version)
        return _("Taken back: the patient calls when ready.")

    return _act(request, booking_id, taken_back)


def _act(request: HttpRequest, booking_id: int, verb: Callable[[Asked], str]) -> HttpResponse:
    """Do one thing with one booking, say beside it what came of it, and go back there."""
    asked = asked_about(request, booking_id)
    refuse_onlookers(asked.seat)
    booking = asked.booking
    try:
        tell(request, messages.SUCCESS, booking.pk, verb(asked))
    except NobodyFitsError as error:
        keep_refusal(request, booking, error.item, at=timezone.now())
    except (UseCaseError, EngineError) as error:
        tell(request, messages.ERROR, booking.pk, str(error))
    return redirect(f"{day_url(asked.seat, booking.service_on)}#{anchor(booking.pk)}")


def asked_about(request: HttpRequest, booking_id: int) -> Asked:
    """What was pressed upon, for somebody of its company; what they may do there is asked next."""
    booking = Booking.objects.filter(pk=booking_id).first()
    if booking is None:
        raise Http404
    seat = seat_in(request, booking.company_id)
    version = request.POST.get("version", "")
    if not version.isdecimal():
        raise Http404
    return Asked(booking, seat, int(version))
