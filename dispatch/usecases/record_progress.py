"""Writes down how a journey goes: on the way, arrived, on board, done, absent, cancelled — or one step back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from dispatch.engine.records import NO_SHOW_WAIT_S
from dispatch.enums import BookingStatus as S
from dispatch.enums import StatusReason
from dispatch.models import Assignment, Booking
from dispatch.models.statuses import CANCELLATIONS, OUTCOMES, REASONS, can_move
from dispatch.usecases.count_changes import lose_driver
from dispatch.usecases.day_changed import tell_of_change
from dispatch.usecases.errors import NotFoundError, StaleBookingError, UseCaseError
from dispatch.usecases.judge_booking import FIRM, promised_at_once, two_vehicles_sentence
from dispatch.usecases.possible_steps import MOMENT_OF, cancellation_at, possible_from

MOMENTS = ("en_route_at", "arrived_pickup_at", "boarded_at", "arrived_dropoff_at", "alighted_at")

# How many of the moments, in their order, a status may know; going back forgets the rest.
KNOWN_MOMENTS = {
    S.DRAFT: 0, S.CONFIRMED: 0, S.ASSIGNED: 0, S.EN_ROUTE: 1, S.ARRIVED: 2, S.ON_BOARD: 4,
    S.COMPLETED: 5, S.NO_SHOW: 2, S.MISSED: 2, S.LATE_CANCEL: 2, S.CANCELLED: 0,
    S.SAME_DAY_CANCEL: 0, S.REFUSED: 0, S.UNMET: 0,
    S.PARTNER: 3,
}  # fmt: skip
NEEDS_DRIVER = frozenset({S.EN_ROUTE, S.ARRIVED, S.ON_BOARD, S.COMPLETED})


class IllegalMoveError(UseCaseError):
    """A journey does not go from its status to this one in one step."""


class ReasonNeededError(UseCaseError):
    """This outcome needs one of its reasons, or the reason given is not one of them."""


class ImpossibleMomentError(UseCaseError):
    """The moment given contradicts what is already recorded."""


class TooSoonError(UseCaseError):
    """The vehicle has not waited long enough for an absence; `until`: when it will have."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class NotYetError(UseCaseError):
    """The pickup is still so far away that this cannot have happened."""


@transaction.atomic
def record_progress(
    *,
    booking_id: int,
    to: S,
    at: datetime,
    reason: str = "",
    arrived_dropoff_at: datetime | None = None,
    expected_version: int | None,
) -> Booking:
    """The booking in its new status, with the moment it was reached.

    `arrived_dropoff_at` may be told with COMPLETED (`at` is when the patient alighted); untold it stays
    unknown, and the KPIs of arrivals say so. With NO_SHOW, `at` is when the driver gave up and left. A
    cancellation is the one of its moment (`cancellation_at`), whichever of the three was asked for.

    Raises NotFoundError, StaleBookingError, IllegalMoveError, NotYetError, ReasonNeededError, TooSoonError
    or ImpossibleMomentError; nothing is written then.
    """
    booking = _locked(booking_id, expected_version)
    now = S(booking.status)
    if not _can_move(now, to):
        raise IllegalMoveError(
            _("A booking that is “%(old)s” cannot become “%(new)s”.")
            % {"old": booking.get_status_display(), "new": _label(to)}
        )
    if to in CANCELLATIONS:
        to = cancellation_at(booking, at)
    if to is S.ASSIGNED and now is S.CONFIRMED:
        raise IllegalMoveError(_("A driver is given by assigning the booking."))
    _refuse_changed_hands(booking, now, to)
    changes = _moments(booking, to, at) | {"status": to.value, "status_reason": _reason(to, reason)}
    _refuse_foresight(booking, to, at)
    if to is S.COMPLETED and arrived_dropoff_at is not None:
        changes["arrived_dropoff_at"] = arrived_dropoff_at
    if "absent_at" in changes and to is S.NO_SHOW:
        _refuse_haste(booking, at)
    _write(booking, changes)
    if now not in FIRM and to is S.CONFIRMED and (found := promised_at_once(booking)):
        raise IllegalMoveError(two_vehicles_sentence(found))
    _release(booking, to, at)
    tell_of_change(company_id=booking.company_id, day=booking.service_on)
    return Booking.objects.select_related("company").get(pk=booking.pk)


def _can_move(now: S, to: S) -> bool:
    """Which of the three cancellations it is, is no question of who asks."""
    return any(can_move(now, kind) for kind in (CANCELLATIONS if to in CANCELLATIONS else (to,)))


def _locked(booking_id: int, expected_version: int | None) -> Booking:
    rows = Booking.objects.select_related("company").select_for_update(of=("self",))
    booking: Booking | None = rows.filter(pk=booking_id).first()
    if booking is None:
        raise NotFoundError(_("This booking does not exist."))
    if expected_version is not None and booking.version != expected_version:
        raise StaleBookingError(_("This booking was changed by somebody else."))
    return booking


def _refuse_changed_hands(booking: Booking, now: S, to: S) -> None:
    """What was driven before a breakdown stays as it was recorded: no step leads back behind it."""
    if to is S.PARTNER:
        raise IllegalMoveError(
            _("A journey is given to a taxi partner on the page of the breakdown.")
        )
    if now is S.PARTNER and booking.boarded_at is not None:
        raise IllegalMoveError(
            _("The patient had been on board when the taxi took over: the journey stays with it.")
        )
    if now is S.ON_BOARD and to is S.COMPLETED and booking.waits_at is not None:
        raise IllegalMoveError(
            _("The patient waits on the road: record first that they are on board again.")
        )
    if now is S.ON_BOARD and to is S.ARRIVED and booking.was_handed_on:
        raise IllegalMoveError(
            _("The patient was on board before the breakdown: this journey does not begin again.")
        )


def _label(status: S) -> str:
    labels = dict(Booking._meta.get_field("status").flatchoices)
    return str(labels[status.value])


def _reason(to: S, reason: str) -> str:
    allowed = REASONS.get(to, frozenset())
    if not allowed and not reason:
        return ""
    if reason not in {known.value for known in allowed}:
        labels = dict(Booking._meta.get_field("status_reason").flatchoices)
        known = ", ".join(sorted(str(labels[StatusReason(r).value]) for r in allowed))
        raise ReasonNeededError(
            _("This outcome needs one of these reasons: %s.") % known
            if allowed
            else _("This status has no reason.")
        )
    return reason


def _moments(booking: Booking, to: S, at: datetime) -> dict[str, Any]:
    """The moment reached, and the moments that no longer hold after a step back."""
    forgotten = MOMENTS[KNOWN_MOMENTS[to] :]
    changes: dict[str, Any] = dict.fromkeys(forgotten)
    name = MOMENT_OF.get(to)
    if name is not None and getattr(booking, name) is None:
        changes[name] = at
    if to is S.ON_BOARD and S(booking.status) is S.COMPLETED:
        changes["arrived_dropoff_at"] = None
    if to not in {S.NO_SHOW, S.MISSED}:
        changes["absent_at"] = None
    return changes


def _refuse_foresight(booking: Booking, to: S, at: datetime) -> None:
    """Days ahead a journey can be called off; it cannot have been driven, nor missed."""
    begins = possible_from(booking, to)
    if begins is None or at >= begins:
        return
    sentence = _("“%(status)s” cannot be true yet: it can be recorded from %(day)s, %(time)s on.")
    local = begins.astimezone(booking.company.tz)
    figures = {"status": _label(to), "day": date_format(local), "time": f"{local:%H:%M}"}
    raise NotYetError(sentence % figures)


def _refuse_haste(booking: Booking, at: datetime) -> None:
    """KPI.md: an absence is one after five minutes at the door, within the promise; else it is the carrier's miss.

    Whoever writes it down later tells when the driver really left.
    """
    arrived = booking.arrived_pickup_at
    if arrived is None or booking.promised_from is None:
        return
    since = max(arrived, booking.promised_from)
    until = since + timedelta(seconds=NO_SHOW_WAIT_S)
    if at < until:
        sentence = _(
            "The driver has been waiting since %(since)s: wait until %(until)s, or record the trip as missed "
            "(as a late cancellation if somebody called it off)."
        )
        tz = booking.company.tz
        hours = {
            "since": f"{since.astimezone(tz):%H:%M}",
            # Rounded up: who leaves at the minute named has waited long enough.
            "until": f"{(until + timedelta(seconds=59)).astimezone(tz):%H:%M}",
        }
        raise TooSoonError(sentence % hours, until=until)


def _write(booking: Booking, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(booking, name, value)
    try:
        booking.validate_constraints()
        with transaction.atomic():
            Booking.objects.filter(pk=booking.pk).update(**changes, version=F("version") + 1)
    except ValidationError as error:
        raise ImpossibleMomentError(" ".join(error.messages)) from error
    except IntegrityError as error:
        raise ImpossibleMomentError(_("This contradicts what is already recorded.")) from error


def _release(booking: Booking, to: S, at: datetime) -> None:
    """Over, the driver is free again; cancelled before the driver set off, nothing is left to drive."""
    rows = Assignment.objects.filter(booking=booking)
    if to in CANCELLATIONS:
        rows.delete()
    elif to is S.CONFIRMED:
        lose_driver([booking.pk], at)
    elif to in NEEDS_DRIVER and not rows.exists():
        raise IllegalMoveError(_("This booking has no driver yet."))
    else:
        try:
            with transaction.atomic():
                rows.update(is_over=to in OUTCOMES)
        except IntegrityError as error:
            raise IllegalMoveError(
                _("The driver or the vehicle has another journey at that time by now.")
            ) from error
