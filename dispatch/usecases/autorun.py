"""Asks for tomorrow's plan of each company whose hour has come, once a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from dispatch.enums import RunTrigger
from dispatch.models import Company, DispatchRun
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.request_run import request_run


def autorun(*, now: datetime) -> list[int]:
    """Ids of the runs newly requested; asked twice in one evening, a company gets one."""
    return [run.pk for company in Company.objects.all() if (run := _due_run(company, now))]


@transaction.atomic
def _due_run(company: Company, now: datetime) -> DispatchRun | None:
    rules = company.rules
    if not rules.autorun_enabled or now.astimezone(company.tz).time() < rules.autorun_at:
        return None
    Company.objects.select_for_update(of=("self",)).get(pk=company.pk)
    tomorrow = local_day(company, now) + timedelta(days=1)
    same_slot = DispatchRun.objects.filter(company=company, service_on=tomorrow)
    if same_slot.filter(trigger=RunTrigger.AUTO).exists():
        return None
    return request_run(company=company, day=tomorrow, trigger=RunTrigger.AUTO, by=None)
