"""What workers do: fetch by id, delegate to a use case; the schedule asks every company every minute."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from functools import partial

from celery import Task, shared_task
from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone
from kombu.exceptions import OperationalError

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

A_MOMENT = timedelta(seconds=1)
HANDS_OFF_S = 2  # a way there and its return are two events of one call
MESSAGE_KEEPS_S = 110  # longer than the minute after which the run counts as undelivered

logger = logging.getLogger(__name__)


@shared_task(bind=True, name="dispatch.run_dispatch", acks_late=True, reject_on_worker_lost=True)
def run_dispatch(self: Task[[int], str], run_id: int) -> str:
    """Delivered twice, a run is planned once: the second delivery finds it taken and says so.

    A run that nobody asked for is put in force at once where the company lets the machine decide; the second
    delivery does that as well, for a worker that died in between.
    """
    try:
        said = str(plan_the_day(run_id=run_id, clock=timezone.now).status)
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
