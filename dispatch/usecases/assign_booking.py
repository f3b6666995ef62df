"""Gives a booking to a shift, by a person's choice; what that does to others is what `preview_change` has said."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dispatch.engine.change import Give
from dispatch.engine.impact import Impact, impact
from dispatch.engine.plan import Route
from dispatch.engine.schedule import Refusal
from dispatch.enums import AssignedBy
from dispatch.models import Assignment, Booking, Shift, User
from dispatch.usecases.errors import NotFoundError, StaleBookingError
from dispatch.usecases.open_day import NotFeasibleError, OpenDay, open_day
from dispatch.usecases.references import row_id, shift_ref
from dispatch.usecases.ride_rows import route_rows
from dispatch.usecases.wording import refusal_sentence
from dispatch.usecases.write_rides import write_rides


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
    shift = shift_ref(shift_id)
    if shift not in day.problem.shift_by_id:
        raise NotFoundError(_("This shift does not exist on that day, or cannot drive."))
    answer = impact(day.problem, day.plan, [Give(trip=day.trip_id, shift=shift)], told=day.told)
    if not isinstance(answer, Impact):
        raise cannot(day, answer.refusal, shift)
    return answer


def cannot(day: OpenDay, refusal: Refusal, shift: str) -> NotFeasibleError:
    """Why the booking cannot go to this shift, or leave it."""
    sentence = refusal_sentence(day.problem, refusal, day.trip_id, shift, clock=day.clock)
    return NotFeasibleError(sentence, rule=refusal.rule, amount=refusal.amount)


@transaction.atomic
def place(day: OpenDay, impact: Impact, *, by: User | None, pin: bool) -> Assignment:
    """Write what the impact foresaw: the booking's row, and those of the shift whose times move."""
    routes = [r for r in impact.carried.plan.routes if r.shift in impact.carried.written]
    rows = {
        row.booking_id: row for route in routes for row in route_rows(day.problem, route, day.clock)
    }
    _lock_unchanged(day, set(rows), routes)
    held = Assignment.objects.filter(booking_id__in=rows).select_for_update(of=("self",))
    write_rides(
        company_id=day.booking.company_id,
        held={row.booking_id: row for row in held.order_by("pk")},
        wanted=rows,
        assigned_by=AssignedBy.AUTO if by is None else AssignedBy.PERSON,
        run=None,
        now=day.now,
    )
    mine = Assignment.objects.filter(booking=day.booking)
    mine.update(is_pinned=pin, pinned_by=by if pin else None)
    return mine.select_related("booking", "driver", "vehicle", "shift").get()


def _lock_unchanged(day: OpenDay, bookings: set[int], routes: list[Route]) -> None:
    """Everything this decision was based on must still be as it was read."""
    shifts = {row_id(route.shift) for route in routes}
    rows = Booking.objects.filter(pk__in=bookings).select_for_update(of=("self",)).order_by("pk")
    versions = dict(rows.values_list("pk", "version"))
    read = {pk: day.built.booking_versions[pk] for pk in versions}
    locked = Shift.objects.planned().select_for_update(of=("self",)).filter(pk__in=shifts)
    shift_versions = dict(locked.order_by("pk").values_list("pk", "version"))
    read_shifts = {pk: day.built.shift_versions[pk] for pk in shifts}
    in_shifts = Assignment.objects.filter(shift_id__in=shifts, is_over=False)
    on_day = in_shifts.filter(booking__service_on=day.booking.service_on)
    strangers = on_day.exclude(booking_id__in=bookings).exists()
    if versions != read or shift_versions != read_shifts or strangers:
        raise StaleBookingError(_("The day changed meanwhile: please try again."))
