"""Gives a booking to a shift, by a person's choice; what that does to others is what `preview_change` has said."""

from __future__ import annotations

from datetime import datetime

from dispatch.engine.change import Give, Refused
from dispatch.engine.impact import Impact, Impossible, impact
from dispatch.models import Assignment, User
from dispatch.usecases.open_day import NotFeasibleError, OpenDay, open_day
from dispatch.usecases.untimed_tours import refuse_untimed
from dispatch.usecases.wording import refusal_sentence
from dispatch.usecases.write_impact import write_impact


def assign_booking(
    *,
    booking_id: int,
    shift_id: int,
    by: User | None,
    now: datetime,
    expected_version: int | None,
    pin: bool = True,
) -> Assignment:
    """The booking in this shift, at its best place there; pinned, so that the planner leaves it alone.

    Raises NotFoundError, StaleBookingError, NotAssignableError, NotFeasibleError or OverlapError.
    """
    day = open_day(booking_id=booking_id, now=now, expected_version=expected_version)
    return place(day, given(day, shift_id), by=by, pin=pin)


def given(day: OpenDay, shift_id: int) -> Impact:
    """What giving the booking to this shift does. Raises NotFoundError or NotFeasibleError."""
    shift = day.able_shift(shift_id)
    answer = impact(day.problem, day.plan, [Give(trip=day.trip_id, shift=shift)], told=day.told)
    if not isinstance(answer, Impact):
        raise cannot(day, answer)
    refuse_untimed(day, answer.carried.written)
    return answer


def cannot(day: OpenDay, one: Impossible | Refused) -> NotFeasibleError:
    """Why a booking cannot go to a shift, or leave it."""
    rule, amount = one.refusal.rule, one.refusal.amount
    sentence = refusal_sentence(one.problem, one.refusal, one.trip, one.shift, clock=day.clock)
    return NotFeasibleError(sentence, rule=rule, amount=amount)


def place(day: OpenDay, impact: Impact, *, by: User | None, pin: bool) -> Assignment:
    """Write what the impact foresaw: the booking's row, and those of the shift whose times move."""
    write_impact(day, impact, by=by, pinned={day.booking.pk: pin})
    rides = Assignment.objects.select_related("booking", "driver", "vehicle", "shift")
    return rides.get(booking=day.booking)
