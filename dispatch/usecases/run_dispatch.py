"""Plans a company's day: leases it, builds the problem, lets the pipeline think, keeps the whole result.

The pipeline thinks outside any transaction. Two workers never plan the same day at once (a partial unique
constraint decides who does), and a worker whose lease ran out can no longer write: the fence has moved on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from dispatch.engine.errors import EngineError
from dispatch.engine.pipeline import Result, UnfitPlanError, make_ready
from dispatch.engine.plan import Plan
from dispatch.enums import RunStatus
from dispatch.models import DispatchRun, Unassigned
from dispatch.models.company import InvalidSettingsError
from dispatch.notes import Note, NoteKey
from dispatch.usecases.build_problem import BuiltProblem, build_problem
from dispatch.usecases.day_content import DayOverError, NothingToPlanError, refuse_past_day
from dispatch.usecases.errors import NotFoundError, UseCaseError
from dispatch.usecases.measure_day import kpi_json, predicted_kpis
from dispatch.usecases.note_sentences import note_sentence
from dispatch.usecases.progress_alone import CONTENT, contents
from dispatch.usecases.references import row_id
from dispatch.usecases.replan_today import Seen, day_as_seen
from dispatch.usecases.stretched_windows import stretched_notes
from dispatch.usecases.think import Thought, think
from dispatch.usecases.wording import params_of

if TYPE_CHECKING:
    from dispatch.engine.decompose import Runner

logger = logging.getLogger(__name__)

FREE = (RunStatus.QUEUED, RunStatus.LOST)
LEASE_MARGIN = timedelta(
    seconds=60
)  # reading the rows, asking for travel times, writing the result


WHY: Mapping[type[BaseException], NoteKey] = {
    DayOverError: NoteKey.DAY_OVER,
    NothingToPlanError: NoteKey.DAY_EMPTY,
    EngineError: NoteKey.DAY_CONTRADICTORY,
    KeyboardInterrupt: NoteKey.INTERRUPTED,
}


class DayBusyError(UseCaseError):
    """This company's day is being planned by somebody else right now."""


class RunNotQueuedError(UseCaseError):
    """The run was taken already; `held_until`: the lease of the worker that still has it, alive or not."""

    def __init__(self, message: str, *, held_until: datetime | None) -> None:
        super().__init__(message)
        self.held_until = held_until


class PlanningFailedError(UseCaseError):
    """The engine refused the day, or erred; the log holds its own words."""


class LostLeaseError(UseCaseError):
    """The worker was too slow: the run was given to another one."""


def run_dispatch(
    *, run_id: int, clock: Callable[[], datetime], run_slices: Runner | None = None
) -> DispatchRun:
    """Plan the day of this run and keep the result; nothing in force changes (see apply_plan).

    `run_slices`: as `think` has it.
    A failure marks the run FAILED with its reason and goes up. Raises DayBusyError, RunNotQueuedError,
    LostLeaseError, InvalidSettingsError, PlanningFailedError, DayOverError, NothingToPlanError.
    """
    make_ready()
    run = lease_run(run_id, clock())
    with told_if_failed(run, clock):
        now = clock()
        refuse_past_day(company=run.company, day=run.service_on, now=now)
        seen = day_as_seen(run.company, run.service_on, now) if run.is_continuous else None
        built = build_problem(company=run.company, day=run.service_on, now=now)
        thought = think(run, built, now, run_slices)
        keep_result(run, built, thought, clock(), seen=seen)
    return DispatchRun.objects.select_related("company").get(pk=run.pk)


@contextmanager
def told_if_failed(run: DispatchRun, clock: Callable[[], datetime]) -> Iterator[None]:
    """What goes wrong in it goes up and stands in the run's row, unless the run is another worker's by then."""
    try:
        yield
    except LostLeaseError:
        raise
    except EngineError as error:
        # References and figures only: no name enters the engine.
        logger.error("Run %d is not planned: %s", run.pk, error)  # noqa: TRY400 - its words say it all
        _mark_failed(run, error, clock())
        raise PlanningFailedError(note_sentence(_why(error))) from error
    except (Exception, KeyboardInterrupt) as error:
        _mark_failed(run, error, clock())
        raise


def lease_run(run_id: int, now: datetime) -> DispatchRun:
    """This worker's from now on, for the company's time for planning and a margin. Raises as `run_dispatch`."""
    run = DispatchRun.objects.select_related("company").filter(pk=run_id).first()
    if run is None:
        raise NotFoundError(_("This planning run does not exist."))
    lease = now + timedelta(seconds=_time_limit_s(run, now)) + LEASE_MARGIN
    _bury_the_lost(run, now)
    try:
        with transaction.atomic():
            taken = DispatchRun.objects.filter(pk=run.pk, status__in=FREE).update(
                status=RunStatus.RUNNING, started_at=now, lease_until=lease, fence=F("fence") + 1
            )
    except IntegrityError as error:
        raise _turned_away(run, now) from error
    if not taken:
        raise _not_taken(run)
    run.refresh_from_db()
    return run


def _turned_away(run: DispatchRun, now: datetime) -> DayBusyError:
    """The loser says so in its row as well: nobody will come back for it."""
    note = Note.of(NoteKey.DAY_BUSY)
    DispatchRun.objects.filter(pk=run.pk, status__in=FREE).update(
        status=RunStatus.FAILED, finished_at=now, started_at=None, error=note.to_json()
    )
    return DayBusyError(note_sentence(note))


def _not_taken(run: DispatchRun) -> RunNotQueuedError:
    run.refresh_from_db()
    held = run.lease_until if run.status == RunStatus.RUNNING else None
    return RunNotQueuedError(
        _("This run was planned already or is being planned."), held_until=held
    )


def _time_limit_s(run: DispatchRun, now: datetime) -> int:
    try:
        return run.company.rules.solver_time_limit_s
    except InvalidSettingsError as error:
        DispatchRun.objects.filter(pk=run.pk, status=RunStatus.QUEUED).update(
            status=RunStatus.FAILED, finished_at=now, error=_why(error).to_json()
        )
        raise


def _bury_the_lost(run: DispatchRun, now: datetime) -> None:
    """Runs of this day whose worker is gone make room."""
    running = DispatchRun.objects.filter(company=run.company, service_on=run.service_on)
    running.filter(status=RunStatus.RUNNING, lease_until__lt=now).update(status=RunStatus.LOST)


def keep_result(
    run: DispatchRun,
    built: BuiltProblem,
    thought: Thought,
    now: datetime,
    *,
    seen: Seen | None = None,
) -> None:
    """Write the result in one transaction, if the run is still this worker's."""
    result, start = thought.result, thought.start
    plan = Plan(routes=result.plan.routes, unassigned=(*result.plan.unassigned, *built.unplannable))
    mine = DispatchRun.objects.filter(pk=run.pk, fence=run.fence, status=RunStatus.RUNNING)
    with transaction.atomic():
        written = mine.update(
            status=RunStatus.DONE,
            finished_at=now,
            problem_hash=built.problem.hash,
            problem=built.problem.to_json(),
            start=None if start is None else start.to_json(),
            settings=run.company.rules.model_dump(mode="json"),
            based_on={"bookings": built.booking_versions, "shifts": built.shift_versions}
            | {CONTENT: contents(built.bookings)}
            | (seen or {})
            | ({"known": thought.known} if thought.known else {}),
            plan=plan.to_json(),
            quality=_quality(run, built, result),
            stages=[asdict(stage) for stage in result.stages],
            travel_source=built.travel_source,
            is_degraded=built.is_degraded,
            notes=[note.to_json() for note in _notes(run, built, thought)],
        )
        if not written:
            raise LostLeaseError(_("Another worker has taken this run."))
        Unassigned.objects.bulk_create(
            Unassigned(
                run_id=run.pk,
                booking_id=row_id(item.trip),
                reason=item.reason,
                advice=item.advice.partition(":")[0],
                params=params_of(item),
            )
            for item in plan.unassigned
        )
        if run.is_continuous:
            _put_older_ones_aside(run, is_nothing_new=thought.is_nothing_new)


def _notes(run: DispatchRun, built: BuiltProblem, thought: Thought) -> Iterator[Note]:
    """A re-plan has said of itself which promises it breaks."""
    yield from thought.notes
    if not run.is_continuous:
        yield from stretched_notes(built.stretched, thought.result.plan)
    yield from built.notes


def _put_older_ones_aside(run: DispatchRun, *, is_nothing_new: bool) -> None:
    """Of the re-plans of a day the newest is the proposal, and none where the plan in force is as good."""
    older = DispatchRun.objects.filter(company=run.company, service_on=run.service_on)
    outdated = older.continuous().proposed()
    if not is_nothing_new:
        outdated = outdated.exclude(pk=run.pk)
    outdated.update(status=RunStatus.SUPERSEDED)


def _quality(run: DispatchRun, built: BuiltProblem, result: Result) -> dict[str, Any]:
    """The KPIs of the day if it goes as planned."""
    values = predicted_kpis(
        company=run.company,
        day=run.service_on,
        problem=built.problem,
        plan=result.plan,
        unplannable=[item.trip for item in built.unplannable],
        fairness_price=result.fairness_price,
        is_price_open=result.fairness_price is None,
    )
    return {"kpis": [kpi_json(value) for value in values]}


def _mark_failed(run: DispatchRun, error: BaseException, now: datetime) -> None:
    DispatchRun.objects.filter(pk=run.pk, fence=run.fence, status=RunStatus.RUNNING).update(
        status=RunStatus.FAILED, finished_at=now, error=_why(error).to_json()
    )


def _why(error: BaseException) -> Note:
    """In the reader's language when it is shown; of a surprise only the kind: its text may hold names."""
    if isinstance(error, UnfitPlanError):
        return Note.of(NoteKey.PLAN_UNFIT, count=len(error.violations))
    if isinstance(error, InvalidSettingsError):
        fields = ", ".join(fault.name for fault in error.faults)
        return Note.of(NoteKey.SETTINGS_NOT_VALID, fields=fields)
    key = next((key for kind, key in WHY.items() if isinstance(error, kind)), None)
    if key is None:
        return Note.of(NoteKey.BROKE_OFF, kind=type(error).__name__)
    return Note.of(key)
