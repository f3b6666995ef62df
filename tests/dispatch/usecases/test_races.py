"""Of two that want the same at once one wins, and the other says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from threading import Barrier, Event, Thread

import pytest
from django.db import connection, transaction

from dispatch.enums import RunTrigger
from dispatch.models import Assignment, Company, DispatchRun
from dispatch.usecases.apply_plan import StalePlanError, apply_plan
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import (
    run_dispatch,
)
from tests.factories import (
    DAY,
    at,
    make_booking,
    make_company,
    make_patient,
    make_place,
    make_shift,
    make_vehicle,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company() -> Company:
    return make_company(settings={"solver_time_limit_s": 1})


def planned(company: Company) -> DispatchRun:
    run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    return run_dispatch(run_id=run.pk, clock=lambda: at(5))


class TestRaces:
    """Real threads on real connections."""

    def at_once(self, jobs: list[Callable[[], object]]) -> list[object]:
        barrier = Barrier(len(jobs))
        answers: list[object] = [None] * len(jobs)

        def work(index: int, job: Callable[[], object]) -> None:
            barrier.wait()
            try:
                answers[index] = job()
            except UseCaseError as refusal:
                answers[index] = refusal
            finally:
                connection.close()

        threads = [Thread(target=work, args=pair) for pair in enumerate(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def test_two_runs_of_a_day_at_once_one_wins_and_the_other_says_so(
        self, company: Company
    ) -> None:
        make_shift(company)
        make_booking(company)
        runs = [
            request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
            for _ in range(2)
        ]
        answers = self.at_once(
            [partial(run_dispatch, run_id=run.pk, clock=lambda: at(5)) for run in runs]
        )
        kinds = sorted(type(answer).__name__ for answer in answers)
        assert kinds == ["DayBusyError", "DispatchRun"]

    def test_two_plans_of_a_day_applied_at_once_one_wins(self, company: Company) -> None:
        make_shift(company)
        make_booking(company)
        runs = [planned(company), planned(company)]
        answers = self.at_once(
            [partial(apply_plan, run_id=run.pk, by=None, now=at(5)) for run in runs]
        )
        kinds = sorted(type(answer).__name__ for answer in answers)
        assert kinds == ["Applied", "StalePlanError"]
        assert Assignment.objects.count() == 1

    def test_a_driver_given_while_the_plan_waits_for_the_lock_stops_the_plan(
        self, company: Company
    ) -> None:
        shift = make_shift(company)
        make_booking(company)
        run = planned(company)
        urgent = make_booking(company, pickup_at=at(10))
        has_given, answers = Event(), []

        def give() -> None:
            with transaction.atomic():
                assign_booking(
                    booking_id=urgent.pk,
                    shift_id=shift.pk,
                    by=None,
                    now=at(5),
                    expected_version=None,
                )
                has_given.set()
                time.sleep(0.5)  # long enough for the other one to wait at the lock
            connection.close()

        thread = Thread(target=give)
        thread.start()
        assert has_given.wait(10)
        try:
            apply_plan(run_id=run.pk, by=None, now=at(5))
        except StalePlanError as refusal:
            answers.append(refusal.references)
        thread.join()
        assert answers == [(urgent.reference,)]
        assert Assignment.objects.count() == 1

    def test_one_driver_given_to_two_patients_at_once_takes_one(self, company: Company) -> None:
        chosen = make_shift(company, vehicle=make_vehicle(company))
        homes = [
            make_place(company, kind="home", lat=46.20 + d, lon=6.1, area=f"area {d}")
            for d in (0, 0.08)
        ]
        bookings = [
            make_booking(company, pickup=home, patient=make_patient(company)) for home in homes
        ]
        answers = self.at_once(
            [
                partial(
                    assign_booking,
                    booking_id=booking.pk,
                    shift_id=chosen.pk,
                    by=None,
                    now=at(5),
                    expected_version=None,
                )
                for booking in bookings
            ]
        )
        assert sum(isinstance(answer, Assignment) for answer in answers) == 1
        assert Assignment.objects.count() == 1
