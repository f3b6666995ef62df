"""What a series asks for on one of its days: the journey there, and the way back where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import cast

from django.utils.translation import gettext as _

from dispatch.enums import ReturnMode
from dispatch.models import StandingOrder
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.judge_booking import LONGEST_LEAD
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.promise import pickup_for, window_around
from dispatch.usecases.recurring_time import recurring_moment

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLeg:
    """The columns of a booking as the series wants them; a draft waits for a person to say when to come."""

    is_return: bool
    pickup_id: int
    dropoff_id: int
    service_on: date
    requested_at: datetime | None
    promised_from: datetime | None
    promised_to: datetime | None
    appointment_at: datetime | None
    is_will_call: bool
    same_driver_as_outbound: bool
    priority: str
    pooling_allowed: bool
    notes: str
    is_draft: bool

    @property
    def begins_at(self) -> datetime | None:
        """When it may begin at the earliest; None for a return on call."""
        return self.promised_from or self.appointment_at


@dataclass(frozen=True, slots=True, kw_only=True)
class _Times:
    pickup_at: datetime | None
    appointment_at: datetime | None
    notes: tuple[str, ...]

    @property
    def reached_at(self) -> datetime:
        """The latest moment known of the way there: a way back comes after it."""
        return cast("datetime", self.appointment_at or self.pickup_at)  # standing_has_a_time


def legs_on(order: StandingOrder, day: date) -> tuple[WantedLeg, ...]:
    """The journey of this local day and, if the series has one, its return; weekdays and pauses aside.

    An appointment or a return whose hour has passed belongs to the following night. Without a pickup time
    and with an unknown position there is no promise to make: the journey is a draft. May ask the road
    server. Raises InvalidRowError when the hours contradict each other.
    """
    times = _times(order, day)
    there = _there(order, day, times)
    if order.return_mode == ReturnMode.NONE:
        return (there,)
    return there, _back(order, day, times, there)


def _times(order: StandingOrder, day: date) -> _Times:
    pickup_at = appointment_at = None
    notes: list[str] = []
    if order.pickup_time is not None:
        pickup_at, note = recurring_moment(order.company, datetime.combine(day, order.pickup_time))
        notes.append(note)
    if order.appointment_time is not None:
        appointment_at, note = _after(order, pickup_at, day, order.appointment_time)
        notes.append(note)
    if pickup_at is None and appointment_at is not None:
        pickup_at = pickup_for(
            company=order.company,
            patient=order.patient,
            pickup=order.pickup,
            dropoff=order.dropoff,
            appointment_at=appointment_at,
        )
    if pickup_at is None:
        notes.append(_("The position of a place is unknown: say when to come, then confirm."))
    return _Times(pickup_at=pickup_at, appointment_at=appointment_at, notes=tuple(notes))


def _after(
    order: StandingOrder, earlier: datetime | None, day: date, at: time
) -> tuple[datetime, str]:
    """This time of the day, or of the next one where it would be over and the night is not too long."""
    same_day = recurring_moment(order.company, datetime.combine(day, at))
    if earlier is None or same_day[0] >= earlier:
        return same_day
    next_day = recurring_moment(order.company, datetime.combine(day + ONE_DAY, at))
    return next_day if next_day[0] - earlier <= LONGEST_LEAD else same_day


def _there(order: StandingOrder, day: date, times: _Times) -> WantedLeg:
    promised_from = promised_to = None
    if times.pickup_at is not None:
        promised_from, promised_to = window_around(order.company, times.pickup_at)
    appointment = times.appointment_at
    if appointment is not None and promised_from is not None:
        if appointment <= promised_from:
            raise InvalidRowError(
                {"appointment_time": [_("The appointment is before the pickup.")]}
            )
        if appointment - promised_from > LONGEST_LEAD:
            raise InvalidRowError(
                {"appointment_time": [_("The appointment is more than 12 hours after the pickup.")]}
            )
    return WantedLeg(
        is_return=False,
        pickup_id=order.pickup_id,
        dropoff_id=order.dropoff_id,
        service_on=day if promised_from is None else local_day(order.company, promised_from),
        requested_at=times.pickup_at,
        promised_from=promised_from,
        promised_to=promised_to,
        appointment_at=appointment,
        is_will_call=False,
        same_driver_as_outbound=False,
        priority=order.priority,
        pooling_allowed=order.pooling_allowed,
        notes=" ".join(filter(None, times.notes)),
        is_draft=promised_from is None,
    )


def _back(order: StandingOrder, day: date, times: _Times, there: WantedLeg) -> WantedLeg:
    requested_at = promised_from = promised_to = None
    service_on, note = local_day(order.company, times.reached_at), ""
    if order.return_time is not None:
        requested_at, note = _after(order, times.reached_at, day, order.return_time)
        promised_from, promised_to = window_around(order.company, requested_at)
        service_on = local_day(order.company, promised_from)
        if requested_at <= times.reached_at:
            raise InvalidRowError(
                {"return_time": [_("The return would begin before the outbound journey.")]}
            )
    return WantedLeg(
        is_return=True,
        pickup_id=order.dropoff_id,
        dropoff_id=order.pickup_id,
        service_on=service_on,
        requested_at=requested_at,
        promised_from=promised_from,
        promised_to=promised_to,
        appointment_at=None,
        is_will_call=order.return_mode == ReturnMode.WILL_CALL,
        same_driver_as_outbound=order.same_driver_return,
        priority=order.priority,
        pooling_allowed=order.pooling_allowed,
        notes=note,
        is_draft=there.is_draft,
    )
