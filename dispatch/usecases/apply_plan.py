"""Puts a finished run in force: one short transaction that either changes the whole day or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dispatch.engine.budget import InForce
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.enums import AssignedBy, BookingStatus, RunStatus
from dispatch.models import Assignment, Booking, DispatchRun, Shift, User
from dispatch.models.statuses import OPEN, UNDER_WAY
from dispatch.notes import Note, NoteKey
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_content import NothingToPlanError
from dispatch.usecases.day_versions import day_versions
from dispatch.usecases.errors import NotFoundError, UseCaseError
from dispatch.usecases.note_sentences import note_sentence
from dispatch.usecases.progress_alone import only_moved_along
from dispatch.usecases.references import row_id, trip_ref
from dispatch.usecases.retime_plan import UnfitNowError, retime_plan
from dispatch.usecases.ride_changes import Changes, PlannedRide, changes_of
from dispatch.usecases.ride_rows import RideRow, ride_rows
from dispatch.usecases.write_rides import write_rides

BESIDE = "beside"  # in `based_on` of a run that is one of several to choose from: all of them


MOST_REASONS = 3
JUDGED_AT_MOST = 3  # times, where journeys go on while it is judged


class RunNotReadyError(UseCaseError):
    """Only a run that is done, and was not put in force before, can be applied."""


class StalePlanError(UseCaseError):
    """Bookings or shifts changed since the run read them, or its plan no longer fits; `references`: which.

    `why`: sentences for people, with what drivers are called; nothing of that is kept.
    """

    def __init__(
        self, note: Note, references: tuple[str, ...] = (), why: tuple[str, ...] = ()
    ) -> None:
        super().__init__(" ".join((note_sentence(note), *why[:MOST_REASONS])))
        self.note, self.references = note, references


class MovedOnError(StalePlanError):
    """Journeys went on between the judgement and the write: the plan is to be judged again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The run that is in force now, and what it changed; `proposed`: what its plan would have, as it was made.

    The two differ only where the day was timed anew for the moment it was put in force. `closed`: versions of the
    plans it was offered beside, put aside with it.
    """

    run: DispatchRun
    written: Changes
    proposed: Changes
    closed: tuple[int, ...] = ()

    @property
    def is_timed_anew(self) -> bool:
        return self.written != self.proposed


def apply_plan(
    *,
    run_id: int,
    by: User | None,
    now: datetime,
    assigned_by: AssignedBy = AssignedBy.ENGINE,
    within_budget: bool = False,
) -> Applied:
    """Make this run the plan in force of its day; `assigned_by` AUTO when no person decided so.

    With `within_budget`, for a re-plan: only if at the times left it still changes no more than it might.

    Compare-and-set: every booking and shift the run read must still have the version it had, or only have gone on as
    the run has it (`only_moved_along`), and by the day as it is now the plan must break no hard rule (see
    `retime_plan`). Raises RunNotReadyError, StalePlanError or OverlapError; nothing is written then.
    """

    def judged_and_written() -> Applied:
        with transaction.atomic():
            seen = _fresh_versions(run_id)
        # Outside any transaction, for the road server may be asked.
        problem, plan = _fit_now(run_id, now, within_budget=within_budget)
        with transaction.atomic():
            return _written(run_id, problem, plan, by, assigned_by, now, seen)

    for _time in range(JUDGED_AT_MOST - 1):
        with suppress(MovedOnError):
            return judged_and_written()
    return judged_and_written()


def refusal_now(*, run_id: int, now: datetime) -> StalePlanError | None:
    """Why the run could not be put in force at this moment; None where it could, or is no proposal. Writes nothing.

    May ask the road server: not to be called in a transaction.
    """
    try:
        with transaction.atomic():
            _fresh_versions(run_id)
        _fit_now(run_id, now, within_budget=False)
    except StalePlanError as refusal:
        return refusal
    except RunNotReadyError:
        return None
    return None


def _ready_day(run_id: int) -> tuple[DispatchRun, dict[int, Booking]]:
    run = _ready_run(run_id)
    return run, _locked_day(run)


def _fresh_versions(run_id: int) -> dict[int, int]:
    """Of the journeys the run read, which have not changed but for progress. Raises StalePlanError."""
    run, day = _ready_day(run_id)
    _refuse_stale(run, day)
    return {pk: day[pk].version for pk in map(int, run.based_on["bookings"])}


def _fit_now(run_id: int, now: datetime, *, within_budget: bool) -> tuple[Problem, Plan]:
    run = DispatchRun.objects.select_related("company__base").get(pk=run_id)
    try:
        problem, plan = retime_plan(run=run, now=now)
    except NothingToPlanError as error:
        raise StalePlanError(Note(NoteKey.SHIFTS_CHANGED)) from error
    except UnfitNowError as error:
        lost = Booking.objects.filter(pk__in=[row_id(trip) for trip in error.trips])
        named = {trip_ref(pk): name for pk, name in lost.values_list("pk", "reference")}
        note = Note.of(NoteKey.JOURNEYS_UNFIT_NOW, count=len(named))
        why = tuple(f"{named[trip]}: {said}" for trip, said in error.why.items() if trip in named)
        raise StalePlanError(note, tuple(sorted(named.values())), why) from error
    if within_budget:
        _refuse_more_changes(run, plan)
    return problem, plan


def _refuse_more_changes(run: DispatchRun, plan: Plan) -> None:
    made_for, start = Problem.from_json(run.problem), Plan.from_json(run.start)
    day = InForce.from_json(made_for, start, run.based_on["known"])
    changed = [row_id(trip) for trip in day.changes(plan)]
    # What has gone on since is a fact, and no choice of this plan.
    waiting = Booking.objects.filter(pk__in=changed, status__in=[s.value for s in OPEN])
    if len(changed) > day.budget < waiting.count():
        raise StalePlanError(Note(NoteKey.TIMES_PASSED))


def _written(  # noqa: PLR0913 - a plan, who wants it, and what it was judged by
    run_id: int,
    problem: Problem,
    plan: Plan,
    by: User | None,
    assigned_by: AssignedBy,
    now: datetime,
    judged: Mapping[int, int],
) -> Applied:
    run, day = _ready_day(run_id)
    _refuse_stale(run, day)
    moved = tuple(sorted(day[pk].reference for pk in judged if day[pk].version != judged[pk]))
    if moved:
        raise MovedOnError(Note.of(NoteKey.BOOKINGS_CHANGED, count=len(moved)), moved)
    clock = DayClock.of(run.company, run.service_on)
    made_for = Problem.from_json(run.problem)
    # What the run read but left out of its problem (an unknown address, a stuck shift) stays as it is, and so does what
    # was driven to its end since.
    open_ones = (row_id(trip.id) for trip in made_for.trips)
    decided = {pk for pk in open_ones if day[pk].status != BookingStatus.COMPLETED}
    read = decided | {int(pk) for pk in run.based_on["bookings"]}
    rows = Assignment.objects.filter(booking_id__in=read, booking__service_on=run.service_on)
    held = {row.booking_id: row for row in rows.select_for_update(of=("self",)).order_by("pk")}
    wanted = {row.booking_id: row for row in ride_rows(problem, plan, clock)}
    made = ride_rows(made_for, Plan.from_json(run.plan), clock)
    proposed = {row.booking_id: row for row in made if row.booking_id in decided}
    # Counted before the rows of `held` are written over.
    written, foreseen = (_changes(day, held, rides, decided) for rides in (wanted, proposed))
    write_rides(
        company_id=run.company_id,
        held={pk: row for pk, row in held.items() if pk in decided},
        wanted=wanted,
        assigned_by=assigned_by,
        run=run,
        now=now,
    )
    _settle(run, by, now)
    return Applied(run=run, written=written, proposed=foreseen, closed=_close_choice(run))


def _changes(
    day: Mapping[int, Booking],
    held: Mapping[int, Assignment],
    rides: Mapping[int, RideRow],
    decided: set[int],
) -> Changes:
    statuses = {pk: BookingStatus(booking.status) for pk, booking in day.items()}
    wanted = {pk: PlannedRide(row.shift_id, row.planned_pickup_at) for pk, row in rides.items()}
    waiting = frozenset(pk for pk, booking in day.items() if booking.waits_at is not None)
    return changes_of(statuses, held, wanted, decided, waiting)


def _ready_run(run_id: int) -> DispatchRun:
    runs = DispatchRun.objects.select_related("company").select_for_update(of=("self",))
    run = runs.filter(pk=run_id).first()
    if run is None:
        raise NotFoundError(_("This planning run does not exist."))
    if run.status != RunStatus.DONE:
        raise RunNotReadyError(_("This run is not finished, failed, or was superseded."))
    if run.applied_at is not None:
        raise RunNotReadyError(_("This run is in force already."))
    return run


def _locked_day(run: DispatchRun) -> dict[int, Booking]:
    """All bookings of the day, locked in one order so that two appliers cannot wait for each other."""
    rows = (
        Booking.objects.filter(company_id=run.company_id, service_on=run.service_on)
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    return {booking.pk: booking for booking in rows}


def _refuse_stale(run: DispatchRun, day: dict[int, Booking]) -> None:
    read = {int(pk): version for pk, version in run.based_on["bookings"].items()}
    gone = [pk for pk in read if pk not in day]
    changed = [pk for pk, version in read.items() if pk in day and day[pk].version != version]
    went_on = only_moved_along(run, changed) if changed else frozenset[int]()
    stale = [pk for pk in changed if pk not in went_on]
    new = [pk for pk, b in day.items() if pk not in read and _holds_a_seat(b)]
    references = tuple(sorted(day[pk].reference for pk in stale + new))
    if gone or references:
        count = len(gone) + len(references)
        raise StalePlanError(Note.of(NoteKey.BOOKINGS_CHANGED, count=count), references)
    _refuse_changed_shifts(run)


def _holds_a_seat(booking: Booking) -> bool:
    """By the status, which was read again under the lock; a joined row would be older than the wait for it."""
    return booking.status == BookingStatus.ASSIGNED or booking.status in UNDER_WAY


def _refuse_changed_shifts(run: DispatchRun) -> None:
    read = {int(pk): version for pk, version in run.based_on["shifts"].items()}
    found = Shift.objects.filter(pk__in=read).planned().select_for_update(of=("self",))
    versions = dict(found.order_by("pk").values_list("pk", "version"))
    if versions != read:
        raise StalePlanError(Note(NoteKey.SHIFTS_CHANGED))


def _settle(run: DispatchRun, by: User | None, now: datetime) -> None:
    """This run is the one in force; those applied before it are superseded. It remembers the day it left."""
    same_day = DispatchRun.objects.filter(company_id=run.company_id, service_on=run.service_on)
    same_day.filter(applied_at__isnull=False).exclude(pk=run.pk).update(status=RunStatus.SUPERSEDED)
    run.applied_at, run.applied_by = now, by
    run.based_on |= {"left": day_versions(run.company, run.service_on)}
    run.save(update_fields=["applied_at", "applied_by", "based_on"])


def _close_choice(run: DispatchRun) -> tuple[int, ...]:
    """One choice has one answer: the plans that were offered beside this one are put aside, and say why."""
    offered = DispatchRun.objects.filter(
        pk__in=run.based_on.get(BESIDE, ()), company_id=run.company_id, service_on=run.service_on
    )
    # Who is applying one of them at this moment waits for this day, and then finds it changed.
    rows = offered.proposed().exclude(pk=run.pk).select_for_update(of=("self",), skip_locked=True)
    note = Note.of(NoteKey.CHOICE_CLOSED, version=run.version).to_json()
    closed = []
    for row in rows.without_documents().order_by("version"):
        row.status, row.notes = RunStatus.SUPERSEDED.value, [*row.notes, note]
        row.save(update_fields=["status", "notes"])
        closed.append(row.version)
    return tuple(closed)
