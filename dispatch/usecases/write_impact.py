"""Puts in force what an impact foresaw: promises, rides and losses of one change or of several, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from dispatch.engine.impact import Impact
from dispatch.engine.plan import Route
from dispatch.enums import AssignedBy
from dispatch.models import Assignment, Booking, Shift, User
from dispatch.usecases.another_time import write_promises
from dispatch.usecases.day_changed import tell_of_change
from dispatch.usecases.errors import StaleBookingError
from dispatch.usecases.open_day import OpenDay
from dispatch.usecases.references import row_id
from dispatch.usecases.ride_rows import route_rows
from dispatch.usecases.write_rides import write_rides


@transaction.atomic
def write_impact(
    day: OpenDay, impact: Impact, *, by: User | None, pinned: Mapping[int, bool]
) -> None:
    """`pinned`: of the bookings that a person placed, whether the planner has to leave them there.

    Raises StaleBookingError when the day is not as it was read, InvalidRowError or OverlapError.
    """
    routes = [r for r in impact.carried.plan.routes if r.shift in impact.carried.written]
    rows = {
        row.booking_id: row
        for route in routes
        for row in route_rows(impact.carried.problem, route, day.clock)
    }
    lost = {row_id(move.trip) for move in impact.moves if move.to_shift is None}
    _lock_unchanged(day, rows.keys() | lost | day.promises.keys(), routes)
    if day.promises:
        write_promises(day.promises, day.now)
        tell_of_change(company_id=day.booking.company_id, day=day.booking.service_on)
    held = Assignment.objects.filter(booking_id__in=rows.keys() | lost)
    write_rides(
        company_id=day.booking.company_id,
        held={row.booking_id: row for row in held.select_for_update(of=("self",)).order_by("pk")},
        wanted=rows,
        assigned_by=AssignedBy.AUTO if by is None else AssignedBy.PERSON,
        run=None,
        now=day.now,
    )
    for pin in (True, False):
        mine = Assignment.objects.filter(booking_id__in=[pk for pk in pinned if pinned[pk] is pin])
        mine.update(is_pinned=pin, pinned_by=by if pin else None)


def _lock_unchanged(day: OpenDay, bookings: set[int], routes: list[Route]) -> None:
    """Everything this decision was based on must still be as it was read."""
    shifts = {row_id(route.shift) for route in routes}
    rows = Booking.objects.filter(pk__in=bookings).select_for_update(of=("self",)).order_by("pk")
    versions = dict(rows.values_list("pk", "version"))
    read = {pk: day.built.booking_versions[pk] for pk in bookings}
    locked = Shift.objects.planned().select_for_update(of=("self",)).filter(pk__in=shifts)
    shift_versions = dict(locked.order_by("pk").values_list("pk", "version"))
    read_shifts = {pk: day.built.shift_versions[pk] for pk in shifts}
    in_shifts = Assignment.objects.filter(shift_id__in=shifts, is_over=False)
    on_day = in_shifts.filter(booking__service_on=day.booking.service_on)
    strangers = on_day.exclude(booking_id__in=bookings).exists()
    if versions != read or shift_versions != read_shifts or strangers:
        raise StaleBookingError(_("The day changed meanwhile: please try again."))
