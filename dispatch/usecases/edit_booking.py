"""Changes a booking while it may still change; what the driver's plan no longer fits waits for a driver again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from django.db import transaction
from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus, Priority
from dispatch.models import Booking, Place
from dispatch.models.statuses import OPEN, UNDER_WAY
from dispatch.usecases.count_changes import lose_driver
from dispatch.usecases.day_changed import tell_of_change
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.errors import NotFoundError, StaleBookingError, UseCaseError
from dispatch.usecases.judge_booking import (
    refuse_the_past,
    refuse_the_senseless,
    refuse_two_vehicles,
)
from dispatch.usecases.keep_row import InvalidRowError, check_values, refusals_explained
from dispatch.usecases.own_rows import own_rows
from dispatch.usecases.promise import Agreed, follow_appointment, window_around

CHANGEABLE = OPEN | {BookingStatus.DRAFT}

# A plan was made for these: when one changes, the driver is taken away.
PLANNED_FOR = frozenset({
    "pickup_id", "dropoff_id", "promised_from", "promised_to", "appointment_at", "pooling_allowed",
    "escort_seats", "is_will_call",
})  # fmt: skip
ALWAYS = frozenset({"notes"})  # what a driver under way may still be told


class NotChangeableError(UseCaseError):
    """The journey is under way or over: what happened is not edited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingContent:
    """All of a booking that a person may change, as it should be."""

    pickup_id: int
    dropoff_id: int
    service_on: date  # follows from the promise where there is one
    requested_at: datetime | None
    promised_from: datetime | None
    promised_to: datetime | None
    appointment_at: datetime | None
    is_will_call: bool
    is_urgent: bool
    same_driver_as_outbound: bool
    priority: Priority
    pooling_allowed: bool
    escort_seats: int | None
    notes: str

    @classmethod
    def of(cls, booking: Booking) -> Self:
        values = {name: getattr(booking, name) for name in cls.__slots__}
        return cls(**values | {"priority": Priority(booking.priority)})


def edit_booking(
    *,
    booking_id: int,
    content: BookingContent,
    now: datetime,
    expected_version: int | None,
    move_promise: bool = False,
    is_window_given: bool = False,
) -> Booking:
    """The booking with this content; confirmed and without a driver when its plan no longer fits it.

    The promised window moves when the content moves it, with the appointment it follows from unless the window
    `is_window_given`, or when `move_promise` asks for the company's usual one around the requested pickup.
    Raises NotFoundError, StaleBookingError, NotChangeableError or InvalidRowError; nothing is written then.
    """
    booking = _read(booking_id, expected_version)
    before = BookingContent.of(booking)
    _fill(booking, content, move_promise=move_promise, is_window_given=is_window_given)
    changed = _changed(before, BookingContent.of(booking))
    _refuse_what_happened(booking, changed)
    ends = [end for end in ("pickup", "dropoff") if f"{end}_id" in changed]
    own_rows(booking.company, {end: (Place, getattr(booking, f"{end}_id")) for end in ends})
    with transaction.atomic():
        _lock(booking)
        _refuse_nonsense(booking, changed, now)
        if changed & PLANNED_FOR and booking.status == BookingStatus.ASSIGNED:
            lose_driver([booking.pk], now)
            booking.refresh_from_db(fields=["plan_changes", "late_plan_changes"])
            booking.status = BookingStatus.CONFIRMED.value
        return _write(booking, changed)


def _read(booking_id: int, expected_version: int | None) -> Booking:
    """Without a lock: a promise that is worked out anew may ask the road server."""
    rows = Booking.objects.select_related("company", "outbound", "patient", "pickup", "dropoff")
    try:
        booking: Booking = rows.get(pk=booking_id)  # `first()` orders, and that takes half the time
    except Booking.DoesNotExist as error:
        raise NotFoundError(_("This booking does not exist.")) from error
    if expected_version is not None and booking.version != expected_version:
        raise _stale()
    return booking


def _lock(booking: Booking) -> None:
    """Raises StaleBookingError when it is no longer what was read."""
    rows = Booking.objects.select_for_update(of=("self",)).order_by()
    if not list(rows.filter(pk=booking.pk, version=booking.version).values_list("pk")):
        raise _stale()


def _stale() -> StaleBookingError:
    return StaleBookingError(_("This booking was changed by somebody else."))


def _fill(
    booking: Booking, content: BookingContent, *, move_promise: bool, is_window_given: bool
) -> None:
    was, was_on_call, was_on = Agreed.of(booking), booking.is_will_call, booking.service_on
    for name in BookingContent.__slots__:
        setattr(booking, name, getattr(content, name))
    booking.priority = content.priority.value
    if content.is_will_call and not was_on_call:
        # Nobody is promised an hour that only the patient can name.
        booking.requested_at = booking.promised_from = booking.promised_to = None
    elif was_on_call and not content.is_will_call:
        booking.ready_at = None
        move_promise = move_promise or content.promised_from is None
    if move_promise and not booking.is_will_call:
        _promise_anew(booking)
    elif not is_window_given:
        follow_appointment(booking, was)
    if booking.promised_from is not None:
        is_moved = booking.promised_from != was.promised_from
        booking.service_on = (
            local_day(booking.company, booking.promised_from) if is_moved else was_on
        )


def _promise_anew(booking: Booking) -> None:
    if booking.requested_at is None:
        raise InvalidRowError({"requested_at": [_("Say when to come.")]})
    window = window_around(booking.company, booking.requested_at)
    booking.promised_from, booking.promised_to = window


def _changed(before: BookingContent, after: BookingContent) -> frozenset[str]:
    names = BookingContent.__slots__
    return frozenset(name for name in names if getattr(before, name) != getattr(after, name))


def _refuse_what_happened(booking: Booking, changed: frozenset[str]) -> None:
    still_open = booking.status in CHANGEABLE
    only_told = booking.status in UNDER_WAY and changed <= ALWAYS
    if changed and not still_open and not only_told:
        raise NotChangeableError(
            _("This journey is “%s”: it can no longer be changed.") % booking.get_status_display()
        )


def _refuse_nonsense(booking: Booking, changed: frozenset[str], now: datetime) -> None:
    if changed & {"service_on", "promised_from", "promised_to"}:
        said = ("requested_at", "promised_from", "promised_to", "service_on")
        refuse_the_past(booking, now, field=next(name for name in said if name in changed))
    if changed & {"promised_from", "promised_to", "appointment_at", "pickup_id", "dropoff_id"}:
        refuse_the_senseless(booking)
    if changed & {"promised_from", "promised_to"}:
        refuse_two_vehicles(booking)


def _write(booking: Booking, changed: frozenset[str]) -> Booking:
    """Everything that was changed, and what follows from it; an edit that changes nothing is none."""
    if changed:
        check_values(booking)
        values = {name: getattr(booking, name) for name in changed}
        follows = {name: getattr(booking, name) for name in ("service_on", "ready_at", "status")}
        booking.version += 1  # the row is locked: nobody else counts
        with refusals_explained():
            Booking.objects.filter(pk=booking.pk).update(
                **values | follows, version=booking.version
            )
        tell_of_change(company_id=booking.company_id, day=None)
    return booking
