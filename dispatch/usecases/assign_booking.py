"""Gives a booking to a shift: by a person's choice, or to the one where it costs least (dispatch_now)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dispatch.engine.draft import resume
from dispatch.engine.insertion import Insertion, try_insertion
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Problem
from dispatch.enums import AssignedBy, Rule
from dispatch.models import Assignment, Booking, Shift, User
from dispatch.models.statuses import OPEN
from dispatch.usecases.build_problem import BuiltProblem, build_problem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.errors import NotFoundError, StaleBookingError, UseCaseError
from dispatch.usecases.references import row_id, shift_ref, trip_ref
from dispatch.usecases.ride_rows import route_rows
from dispatch.usecases.wording import refusal_sentence, unassigned_sentences
from dispatch.usecases.write_rides import write_rides


class NotAssignableError(UseCaseError):
    """The booking is not open: under way, over, or a return whose patient is not ready."""


class NotFeasibleError(UseCaseError):
    """A hard rule stands in the way; `rule` says which, `amount` by how much (seconds or trips)."""

    def __init__(self, message: str, *, rule: Rule, amount: int = 0) -> None:
        super().__init__(message)
        self.rule, self.amount = rule, amount


class NobodyFitsError(NotFeasibleError):
    """No shift of the day can take the booking; `item` says why, and what would help."""

    def __init__(self, item: Unassigned, clock: DayClock) -> None:
        super().__init__(unassigned_sentences(item, clock), rule=item.reason, amount=item.amount)
        self.item = item


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDay:
    """The day with the booking taken out of the plan in force, ready to be placed."""

    booking: Booking
    built: BuiltProblem
    problem: Problem
    plan: Plan
    now: datetime

    @property
    def trip_id(self) -> str:
        return trip_ref(self.booking.pk)

    @property
    def clock(self) -> DayClock:
        return DayClock.of(self.booking.company, self.booking.service_on)


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
    shift = shift_ref(shift_id)
    if shift not in day.problem.shift_by_id:
        raise NotFoundError(_("This shift does not exist on that day, or cannot drive."))
    answer = try_insertion(day.problem, day.plan, day.trip_id, shift)
    if not isinstance(answer, Insertion):
        sentence = refusal_sentence(day.problem, answer, day.trip_id, shift, clock=day.clock)
        raise NotFeasibleError(sentence, rule=answer.rule, amount=answer.amount)
    return place(day, answer, by=by, pin=pin)


def open_day(*, booking_id: int, now: datetime, expected_version: int | None) -> OpenDay:
    """Reads the day around a booking that is to be placed; refuses what cannot be."""
    booking = Booking.objects.select_related("company").filter(pk=booking_id).first()
    if booking is None:
        raise NotFoundError(_("This booking does not exist."))
    if expected_version is not None and booking.version != expected_version:
        raise StaleBookingError(_("This booking was changed by somebody else."))
    if booking.status not in OPEN or booking.promised_from is None:
        raise NotAssignableError(_("This booking is not waiting for a driver."))
    freed = frozenset({booking.pk})
    built = build_problem(company=booking.company, day=booking.service_on, now=now, freed=freed)
    for item in built.unplannable:
        if item.trip == trip_ref(booking.pk):
            raise NobodyFitsError(item, DayClock.of(booking.company, booking.service_on))
    plan = resume(built.problem, built.in_force)
    return OpenDay(booking=booking, built=built, problem=built.problem, plan=plan, now=now)


@transaction.atomic
def place(day: OpenDay, insertion: Insertion, *, by: User | None, pin: bool) -> Assignment:
    """Write the insertion: the booking's row and those of its shift whose times move."""
    rows = {row.booking_id: row for row in route_rows(day.problem, insertion.route, day.clock)}
    _lock_unchanged(day, set(rows), row_id(insertion.shift))
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


def _lock_unchanged(day: OpenDay, bookings: set[int], shift_id: int) -> None:
    """Everything this decision was based on must still be as it was read."""
    rows = Booking.objects.filter(pk__in=bookings).select_for_update(of=("self",)).order_by("pk")
    versions = dict(rows.values_list("pk", "version"))
    read = {pk: day.built.booking_versions[pk] for pk in versions}
    shift = Shift.objects.planned().select_for_update(of=("self",)).filter(pk=shift_id)
    shift_version = shift.values_list("version", flat=True).first()
    is_same_shift = shift_version == day.built.shift_versions[shift_id]
    in_shift = Assignment.objects.filter(shift_id=shift_id, is_over=False)
    on_day = in_shift.filter(booking__service_on=day.booking.service_on)
    strangers = on_day.exclude(booking_id__in=bookings).exists()
    if versions != read or not is_same_shift or strangers:
        raise StaleBookingError(_("The day changed meanwhile: please try again."))
