"""What workers do: fetch by id, delegate to a use case; the schedule asks every company every minute."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from celery import Task, current_app, group, shared_task
from celery.exceptions import TaskRevokedError, WorkerLostError
from celery.exceptions import TimeoutError as CeleryTimeoutError
from celery.result import GroupResult
from django.conf import settings
from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from dispatch.engine.plan import Plan
from dispatch.enums import DispatchMode
from dispatch.models import Company
from dispatch.usecases.apply_auto_run import apply_auto_run
from dispatch.usecases.autorun import autorun as run_all_due
from dispatch.usecases.day_changed import day_changed
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.expand_series import expand_all
from dispatch.usecases.redeliver_runs import undelivered
from dispatch.usecases.replan_today import replan_today
from dispatch.usecases.roll_out_shifts import roll_out_all
from dispatch.usecases.run_dispatch import DayBusyError, RunNotQueuedError
from dispatch.usecases.run_dispatch import run_dispatch as plan_the_day

if TYPE_CHECKING:
    from dispatch.engine.decompose import Slice

A_MOMENT = timedelta(seconds=1)
HANDS_OFF_S = 2  # a way there and its return are two events of one call
SLICE_KEEPS_S = 30  # a slice takes a second or two
ANSWER_S = 0.5
# A worker or the queue is gone, busy or killed. Errors of the search itself are not among these: here it would fail too.
NO_ANSWER = (CeleryTimeoutError, TaskRevokedError, WorkerLostError, OperationalError, RedisError)
MESSAGE_KEEPS_S = 110  # longer than the minute after which the run counts as undelivered

logger = logging.getLogger(__name__)


@shared_task(bind=True, name="dispatch.run_dispatch", acks_late=True, reject_on_worker_lost=True)
def run_dispatch(self: Task[[int], str], run_id: int) -> str:
    """Delivered twice, a run is planned once: the second delivery finds it taken and says so.

    A run that nobody asked for is put in force at once where the company lets the machine decide; the second
    delivery does that as well, for a worker that died in between.
    """
    try:
        said = str(plan_the_day(run_id=run_id, clock=timezone.now, run_slices=over_workers).status)
    except RunNotQueuedError as refusal:
        if refusal.held_until is not None:
            # Its worker may be dead: come back when the lease is over and take the run if nobody finished it.
            raise self.retry(eta=refusal.held_until + A_MOMENT, max_retries=3) from refusal
        said = type(refusal).__name__
    except DayBusyError as refusal:
        return type(refusal).__name__
    apply_auto_run(run_id=run_id, now=timezone.now())
    return said


@shared_task(name="dispatch.autorun", acks_late=True, reject_on_worker_lost=True)
def autorun() -> list[int]:
    """Plan tomorrow for each company whose hour has come and re-plan today where it has changed unheard, and deliver
    again what no worker got.

    Each run gets its own task, and only once its row is there for the worker to read.
    """
    now = timezone.now()
    wanted = [*undelivered(now=now), *run_all_due(now=now), *replan_today(now=now)]
    for run_id in wanted:
        transaction.on_commit(partial(deliver, run_id))
    return wanted


@shared_task(name="dispatch.replan_day", acks_late=True, reject_on_worker_lost=True)
def replan_day(company_id: int) -> list[int]:
    """Re-plan today if it has changed; asked for more than once, one run reads it all."""
    wanted = replan_today(now=timezone.now(), company_id=company_id)
    for run_id in wanted:
        transaction.on_commit(partial(deliver, run_id))
    return wanted


@receiver(day_changed)
def hurry(*, company_id: int, day: date | None, **_rest: object) -> None:
    """Look at the day once the hands are off it; a message that is lost costs a minute at most."""
    company = Company.objects.exclude(mode=DispatchMode.MANUAL).filter(pk=company_id).first()
    if company is None or day not in {None, local_day(company, timezone.now())}:
        return
    try:
        replan_day.apply_async((company_id,), countdown=HANDS_OFF_S, expires=MESSAGE_KEEPS_S)
    except OperationalError:
        logger.warning("%s: today is looked at a minute later: no job queue.", company.slug)


@shared_task(
    name="dispatch.improve_slice", acks_late=True, reject_on_worker_lost=True, ignore_result=False
)
def improve_slice(part: dict[str, Any]) -> dict[str, Any]:
    """One slice of a very large day, JSON in and out: the same answer on any worker."""
    from dispatch.engine.decompose import Slice, improved

    return improved(Slice.from_json(part)).to_json()


def over_workers(parts: Iterable[Slice]) -> Iterator[Plan]:
    """A very large day's slices as one group where more than one worker answers, else here: the plans are the same.

    What no worker has given back in time, or was lost with its worker or the queue, is searched here, and so is the rest:
    workers that wait for each other would never end.
    """
    from dispatch.engine.decompose import in_process

    waiting = list(parts)
    trips = sum(len(part.problem.trips) for part in waiting)
    if trips >= settings.SPREAD_FROM_TRIPS and _workers() > 1:
        asked = group(improve_slice.s(part.to_json()) for part in waiting)
        try:
            sent = cast(GroupResult, asked.apply_async(expires=SLICE_KEEPS_S))
            for answer in sent.results or ():
                plan = answer.get(timeout=SLICE_KEEPS_S, disable_sync_subtasks=False)
                yield Plan.from_json(plan)
                del waiting[0]
        except NO_ANSWER as error:
            logger.warning(
                "%d slices have found no worker (%s): they are searched here.",
                len(waiting),
                type(error).__name__,
            )
    yield from in_process(waiting)


def _workers() -> int:
    """Processes that answer, on any machine; 0 where the job queue does not."""
    try:
        found = current_app.control.inspect(timeout=ANSWER_S).stats() or {}
    except OperationalError:
        return 0
    return sum(said["pool"]["max-concurrency"] for said in found.values())


def deliver(run_id: int) -> None:
    """Hand a run to the workers. What the queue does not take now, the schedule delivers again each minute."""
    try:
        # Where workers are busy a message that is minutes old is one too many: the next minute brings another.
        run_dispatch.apply_async((run_id,), expires=MESSAGE_KEEPS_S)
    except OperationalError:
        logger.warning("Run %d is not delivered yet: the job queue does not answer.", run_id)


@shared_task(name="dispatch.expand_series", acks_late=True, reject_on_worker_lost=True)
def expand_series() -> dict[str, object]:
    """Book what series ask for in the days to come; those that cannot be booked are named in the log."""
    done = expand_all(now=timezone.now())
    for series in done.refused:
        logger.warning("Standing order %d is not booked: %s", series.order_id, series.sentence)
    return {"created": done.created, "refused": [series.order_id for series in done.refused]}


@shared_task(name="dispatch.roll_out_shifts", acks_late=True, reject_on_worker_lost=True)
def roll_out_shifts() -> dict[str, int]:
    """Put drivers on duty in the days to come; short name of the company → shifts made."""
    done = roll_out_all(now=timezone.now())
    for slug, rolled in done.items():
        for skipped in rolled.skipped:
            logger.info("%s: a shift on %s is left out: %s", slug, skipped.day, skipped.sentence)
    return {slug: len(rolled.created) for slug, rolled in done.items()}
