"""Asks for a day to be planned: one more version of the day's runs, waiting for a worker."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Max

from dispatch.enums import RunStatus, RunTrigger
from dispatch.models import Company, DispatchRun, User
from dispatch.usecases.day_content import refuse_empty_day


@transaction.atomic
def request_run(
    *,
    company: Company,
    day: date,
    trigger: RunTrigger,
    by: User | None,
    is_handed_over: bool = False,
) -> DispatchRun:
    """A queued run with the next version of this company's day; requests of one company queue up here.

    `is_handed_over`: a worker plans it, and it is delivered again until one has; otherwise the caller plans it
    now. Raises NothingToPlanError for a day without shifts and bookings.
    """
    refuse_empty_day(company=company, day=day)
    Company.objects.select_for_update(of=("self",)).get(pk=company.pk)
    latest = DispatchRun.objects.filter(company=company, service_on=day).aggregate(
        at=Max("version")
    )
    return DispatchRun.objects.create(
        company=company,
        service_on=day,
        version=(latest["at"] or 0) + 1,
        status=RunStatus.QUEUED,
        trigger=trigger,
        requested_by=by,
        is_handed_over=is_handed_over,
    )
