"""Finds the runs left to workers that no worker has, or that died on the way into force; see `undelivered`."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from dispatch.enums import DispatchMode, RunStatus, RunTrigger
from dispatch.models import Company, CompanySettings, DispatchRun
from dispatch.models.company import InvalidSettingsError
from dispatch.models.run import DispatchRunQuerySet
from dispatch.usecases.day_clock import local_day

DELIVERY_TAKES = timedelta(seconds=60)
STRANDED_FOR_GOOD = timedelta(days=1)  # an older request is a person's to repeat
MAX_TRIES = 3

logger = logging.getLogger(__name__)


def undelivered(*, now: datetime) -> list[int]:
    """Ids of the runs that wait for a worker longer than a delivery takes, and of those whose worker died between
    planning and putting in force.

    To deliver one twice is safe: the second worker finds it taken, or in force.
    """
    handed_over = DispatchRun.objects.select_related("company").without_documents()
    unplanned = [
        run.pk
        for run in stranded(handed_over, now)
        # A worker that takes a queued run says in its row what is wrong with the settings.
        if run.status == RunStatus.QUEUED or valid_rules(run.company)
    ]
    # Once its day has begun, the evening's plan is a proposal for people; a re-plan is made for the day that runs.
    unapplied = _left_unapplied(handed_over, now)
    return unplanned + [
        r.pk
        for r in unapplied
        if (r.is_continuous or local_day(r.company, now) < r.service_on) and valid_rules(r.company)
    ]


def stranded(runs: DispatchRunQuerySet, now: datetime) -> DispatchRunQuerySet:
    """Those asked of a worker within the last day that none has: never delivered, or its worker is gone.

    Left out are those that so many workers have taken already, and those of a day that is being planned now or
    whose later version is done.
    """
    return runs.held_by_nobody(now).not_overtaken().filter(
        is_handed_over=True, created_at__range=_waiting(now), fence__lt=MAX_TRIES
    )  # fmt: skip


def _left_unapplied(runs: DispatchRunQuerySet, now: datetime) -> DispatchRunQuerySet:
    """Automatic plans of the last day that should be in force by themselves; none of a day planned again since."""
    return runs.not_overtaken().filter(
        status=RunStatus.DONE.value,
        trigger__in=[RunTrigger.AUTO.value, RunTrigger.REPLAN.value],
        requested_by=None,
        is_handed_over=True,
        applied_at=None,
        company__mode=DispatchMode.FULLY_AUTO.value,
        finished_at__range=_waiting(now),
    )


def _waiting(now: datetime) -> tuple[datetime, datetime]:
    """Long enough for a delivery to have come, and not for good."""
    return now - STRANDED_FOR_GOOD, now - DELIVERY_TAKES


def valid_rules(company: Company) -> CompanySettings | None:
    """None where the stored settings are not valid: the log names the company."""
    try:
        return company.rules
    except InvalidSettingsError as error:
        logger.warning("%s: nothing is planned: %s", company.slug, error)
        return None
