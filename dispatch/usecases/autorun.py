"""Asks for tomorrow's plan of each company whose hour has come.

A day is tried three times a slot: each run that a person did not ask for counts once, and once more for each
further worker that took it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Greatest

from dispatch.enums import RunStatus, RunTrigger
from dispatch.models import Company, DispatchRun
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.day_content import NothingToPlanError
from dispatch.usecases.redeliver_runs import MAX_TRIES, stranded, valid_rules
from dispatch.usecases.request_run import request_run

PAUSE_AFTER_FAILURE = timedelta(minutes=5)


def autorun(*, now: datetime) -> list[int]:
    """Ids of the runs newly requested; asked twice in one evening, a company gets one that succeeds.

    A company whose stored settings are not valid is named in the log and holds up no other.
    """
    return [run.pk for company in Company.objects.all() if (run := _due_run(company, now))]


@transaction.atomic
def _due_run(company: Company, now: datetime) -> DispatchRun | None:
    rules = valid_rules(company)
    if rules is None or not rules.autorun_enabled:
        return None
    if now.astimezone(company.tz).time() < rules.autorun_at:
        return None
    Company.objects.select_for_update(of=("self",)).get(pk=company.pk)
    tomorrow = local_day(company, now) + timedelta(days=1)
    if not _may_ask(company, tomorrow, now):
        return None
    try:
        return request_run(
            company=company, day=tomorrow, trigger=RunTrigger.AUTO, by=None, is_handed_over=True
        )
    except NothingToPlanError:
        return (
            None  # an empty Sunday is no failure; what is booked later this evening is planned then
        )


def _may_ask(company: Company, day: date, now: datetime) -> bool:
    """Whether no automatic run of the day is done or under way, and one more may be tried."""
    runs = DispatchRun.objects.filter(company=company, service_on=day)
    asked = runs.filter(trigger=RunTrigger.AUTO)
    if asked.exclude(status__in=(RunStatus.FAILED, RunStatus.LOST)).exists():
        return False
    if stranded(asked, now).exists():  # lost, and about to be delivered again
        return False
    if asked.filter(finished_at__gt=now - PAUSE_AFTER_FAILURE).exists():
        return False
    if runs.filter(status=RunStatus.RUNNING, lease_until__gte=now).exists():
        return False  # it would only be turned away
    tries = asked.aggregate(tries=Sum(Greatest(F("fence"), 1)))["tries"] or 0
    return bool(tries < MAX_TRIES)
