"""Tomorrow is asked for once a company and evening, again where it failed, three times at most."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest

from dispatch.enums import BookingStatus, RunStatus, RunTrigger
from dispatch.models import Company, DispatchRun
from dispatch.usecases.autorun import autorun
from dispatch.usecases.redeliver_runs import undelivered
from tests.dispatch.usecases.autorun_world import (
    DUE,
    EVE,
    SETTINGS,
    asked,
    company_on_duty,
    on_duty,
)
from tests.factories import DAY, at, make_booking, make_company, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return company_on_duty()


def failed(company: Company, *, at_: datetime, **fields: Any) -> DispatchRun:
    ended = {"status": RunStatus.FAILED, "error": "Broken.", "started_at": at_, "finished_at": at_}
    return make_run(company, trigger=RunTrigger.AUTO, fence=1, **ended | fields)


def test_each_company_is_asked_for_once_at_its_hour(company: Company) -> None:
    on_duty(make_company())
    assert autorun(now=at(17, 59, day=EVE)) == []
    (run_id,) = autorun(now=DUE)
    run = DispatchRun.objects.get(pk=run_id)
    assert (run.service_on, run.trigger, run.company) == (DAY, RunTrigger.AUTO, company)
    assert run.is_handed_over
    assert autorun(now=at(19, day=EVE)) == []


def test_an_empty_day_is_no_failure_and_is_planned_once_something_is_booked() -> None:
    company = make_company(settings=SETTINGS)
    make_booking(company, status=BookingStatus.DRAFT, promised_from=None, promised_to=None)
    assert autorun(now=DUE) == []
    assert not DispatchRun.objects.exists()
    make_booking(company)
    assert len(autorun(now=DUE + timedelta(minutes=1))) == 1


def test_a_company_with_broken_settings_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    broken = make_company(name="A", slug="broken", settings=SETTINGS | {"speed_kmh": "fast"})
    sound = on_duty(make_company(name="B", settings=SETTINGS))
    with caplog.at_level(logging.WARNING, logger="dispatch"):
        (run_id,) = autorun(now=DUE)
    assert DispatchRun.objects.get(pk=run_id).company == sound
    assert broken.slug in caplog.text
    assert "fast" not in caplog.text


def test_a_failed_run_is_asked_for_again_after_a_pause_and_three_times_at_most(
    company: Company,
) -> None:
    moment, asked_for = DUE, []
    for _minute in range(60):
        for run_id in autorun(now=moment):
            asked_for.append(moment - DUE)
            DispatchRun.objects.filter(pk=run_id).update(
                status=RunStatus.FAILED,
                error="Broken.",
                fence=1,
                started_at=moment,
                finished_at=moment,
            )
        moment += timedelta(minutes=1)
    assert asked_for == [timedelta(minutes=minutes) for minutes in (0, 5, 10)]


def test_a_worker_that_was_lost_counts_as_a_try(company: Company) -> None:
    lost = asked(company, ago=timedelta(days=2), status=RunStatus.LOST, fence=2)
    (again,) = autorun(now=DUE)
    assert again != lost.pk
    row = DispatchRun.objects.filter(pk=again)
    row.update(status=RunStatus.RUNNING, fence=1, started_at=DUE, lease_until=DUE)
    row.update(status=RunStatus.LOST, created_at=DUE - timedelta(days=2))
    assert autorun(now=DUE) == []


def test_a_lost_run_that_is_delivered_again_is_not_asked_for_as_well(company: Company) -> None:
    lost = asked(company, ago=timedelta(minutes=5), status=RunStatus.LOST, fence=1)
    assert undelivered(now=DUE) == [lost.pk]
    assert autorun(now=DUE) == []


def test_nothing_is_asked_while_the_day_is_being_planned(company: Company) -> None:
    failed(company, at_=DUE - timedelta(hours=1))
    later = DUE + timedelta(minutes=1)
    running = {"status": RunStatus.RUNNING, "started_at": DUE, "lease_until": later}
    make_run(company, trigger=RunTrigger.MANUAL, **running)
    assert autorun(now=DUE) == []
    assert len(autorun(now=later + timedelta(seconds=1))) == 1
