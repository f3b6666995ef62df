"""No run that was left to workers is lost: what none has is delivered again, and a plan in force late is in force."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError

from dispatch import tasks
from dispatch.enums import DispatchMode, RunStatus, RunTrigger
from dispatch.models import Booking, Company, DispatchRun
from dispatch.usecases.autorun import autorun
from dispatch.usecases.redeliver_runs import undelivered
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from tests.dispatch.usecases.autorun_world import DUE, asked, company_on_duty
from tests.factories import DAY, at, make_booking, make_run

Capture = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return company_on_duty()


class TestDelivering:
    @pytest.fixture(autouse=True)
    def eve(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Workers look at the clock themselves: it is the evening before DAY."""
        monkeypatch.setattr(timezone, "now", lambda: DUE)

    def test_a_fully_automatic_company_puts_the_plan_in_force(self, company: Company) -> None:
        make_booking(company)
        run = make_run(company, trigger=RunTrigger.AUTO)
        Company.objects.filter(pk=company.pk).update(mode=DispatchMode.FULLY_AUTO)
        assert tasks.run_dispatch(run.pk) == "done"
        run.refresh_from_db()
        assert run.applied_at is not None

    def test_a_second_delivery_says_that_the_run_was_taken(self, company: Company) -> None:
        run = make_run(company)
        assert tasks.run_dispatch(run.pk) == "done"
        assert tasks.run_dispatch(run.pk) == "RunNotQueuedError"

    @pytest.mark.parametrize(
        ("fields", "is_stranded"),
        [
            ({}, True),
            ({"trigger": RunTrigger.API}, True),
            ({"trigger": RunTrigger.MANUAL}, True),
            ({"is_handed_over": False}, False),
            ({"trigger": RunTrigger.API, "is_handed_over": False}, False),
            ({"ago": timedelta(seconds=59)}, False),
            ({"ago": timedelta(days=1, seconds=1)}, False),
            ({"status": RunStatus.LOST, "fence": 2}, True),
            ({"status": RunStatus.LOST, "fence": 3}, False),
            (
                {
                    "status": RunStatus.RUNNING,
                    "started_at": DUE - timedelta(minutes=2),
                    "lease_until": DUE - timedelta(seconds=1),
                },
                True,
            ),
            (
                {
                    "status": RunStatus.RUNNING,
                    "started_at": DUE - timedelta(minutes=2),
                    "lease_until": DUE,
                },
                False,
            ),
        ],
    )
    def test_a_run_that_no_worker_has_is_delivered_again(
        self, company: Company, fields: dict[str, Any], is_stranded: bool
    ) -> None:
        run = asked(company, **{"ago": timedelta(seconds=61)} | fields)
        assert undelivered(now=DUE) == ([run.pk] if is_stranded else [])

    def test_a_run_waits_while_another_of_its_day_is_being_planned(self, company: Company) -> None:
        run = asked(company, ago=timedelta(minutes=2))
        running = {"status": RunStatus.RUNNING, "started_at": DUE, "lease_until": DUE}
        make_run(company, trigger=RunTrigger.MANUAL, **running)
        assert undelivered(now=DUE) == []
        assert undelivered(now=DUE + timedelta(seconds=1)) == [run.pk]

    def test_a_lost_run_of_a_company_with_broken_settings_waits(self, company: Company) -> None:
        Company.objects.filter(pk=company.pk).update(settings={"speed_kmh": "fast"})
        asked(company, ago=timedelta(minutes=2), status=RunStatus.LOST, fence=1)
        assert undelivered(now=DUE) == []

    def test_the_minute_plans_what_the_broker_lost(
        self, company: Company, django_capture_on_commit_callbacks: Capture
    ) -> None:
        Company.objects.filter(pk=company.pk).update(settings={"solver_time_limit_s": 1})
        make_booking(company)
        now = timezone.now()
        run = asked(company, ago=timedelta(minutes=2), now=now, trigger=RunTrigger.API)
        with django_capture_on_commit_callbacks(execute=True) as delivered:
            assert tasks.autorun() == [run.pk]
            run.refresh_from_db()
            assert run.status == RunStatus.QUEUED  # not before the commit
        run.refresh_from_db()
        assert (run.status, len(delivered)) == (RunStatus.DONE, 1)
        assert tasks.autorun() == []

    def test_a_queue_that_does_not_answer_leaves_the_run_for_the_next_minute(
        self, company: Company, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def nobody_there(*_args: Any, **_options: Any) -> None:
            raise OperationalError("Connection refused.")

        monkeypatch.setattr(tasks.run_dispatch, "apply_async", nobody_there)
        run = asked(company, ago=timedelta(minutes=2))
        with caplog.at_level(logging.WARNING, logger="dispatch"):
            tasks.deliver(run.pk)
        assert f"Run {run.pk} is not delivered yet" in caplog.text
        assert undelivered(now=DUE) == [run.pk]


class TestWorkerThatDiedBeforeApplying:
    """The plan of DAY was kept at 18:01 of its eve and is not in force."""

    @pytest.fixture
    def run(self, company: Company) -> DispatchRun:
        Company.objects.filter(pk=company.pk).update(mode=DispatchMode.FULLY_AUTO)
        make_booking(company)
        run = asked(company, ago=timedelta(minutes=1))
        run_dispatch(run_id=run.pk, clock=lambda: DUE)
        return run

    def test_it_waits_while_the_settings_are_broken(self, run: DispatchRun) -> None:
        Company.objects.filter(pk=run.company_id).update(settings={"speed_kmh": "fast"})
        assert undelivered(now=DUE + timedelta(seconds=60)) == []

    def test_the_next_minutes_put_it_in_force_while_its_day_has_not_begun(
        self, run: DispatchRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(timezone, "now", lambda: DUE + timedelta(minutes=1))
        assert undelivered(now=DUE + timedelta(seconds=59)) == []
        assert undelivered(now=DUE + timedelta(seconds=60)) == [run.pk]
        assert undelivered(now=at(0, 1)) == []
        assert tasks.run_dispatch(run.pk) == "RunNotQueuedError"
        run.refresh_from_db()
        assert run.applied_at is not None
        assert run.applied_by is None
        assert undelivered(now=DUE + timedelta(minutes=2)) == []

    def test_a_plan_that_no_longer_fits_has_failed_and_the_day_is_asked_for_again(
        self, run: DispatchRun
    ) -> None:
        Booking.objects.update(version=F("version") + 1)
        tasks.run_dispatch(run.pk)
        run.refresh_from_db()
        assert (run.status, run.applied_at) == (RunStatus.FAILED, None)
        assert run.error == {"key": "bookings_changed", "figures": {"count": 1}}
        assert autorun(now=DUE + timedelta(minutes=4)) == []
        assert len(autorun(now=DUE + timedelta(minutes=6))) == 1

    def test_a_later_plan_of_a_person_comes_first(self, company: Company, run: DispatchRun) -> None:
        later = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
        run_dispatch(run_id=later.pk, clock=lambda: DUE)
        assert undelivered(now=DUE + timedelta(minutes=2)) == []

    @pytest.mark.parametrize("mode", [DispatchMode.MANUAL, DispatchMode.SEMI_AUTO])
    def test_elsewhere_it_stays_a_proposal(
        self, company: Company, run: DispatchRun, mode: DispatchMode
    ) -> None:
        Company.objects.filter(pk=company.pk).update(mode=mode)
        assert undelivered(now=DUE + timedelta(minutes=2)) == []
        tasks.run_dispatch(run.pk)
        run.refresh_from_db()
        assert (run.status, run.applied_at) == (RunStatus.DONE, None)
