"""The day changes: who is asked for a re-plan, how often, and what becomes of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from dispatch import tasks
from dispatch.engine.plan import Plan
from dispatch.enums import BookingStatus, DispatchMode, RunStatus, RunTrigger
from dispatch.models import (
    Absence,
    Assignment,
    Booking,
    Company,
    DispatchRun,
    Shift,
    VehicleUnavailability,
)
from dispatch.usecases.apply_auto_run import apply_auto_run
from dispatch.usecases.note_sentences import note_sentences
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.redeliver_runs import undelivered
from dispatch.usecases.replan_today import PAUSE_AFTER_FAILURES, replan_today
from dispatch.usecases.replay_run import replay_run
from dispatch.usecases.trigger_return import trigger_return
from tests.dispatch.usecases.breakdown_world import KM, spot
from tests.dispatch.usecases.replan_world import (
    MORNING,
    SETTINGS,
    asked,
    driver_of,
    goes,
    morning,
    planned,
    put_in_force,
)
from tests.factories import (
    DAY,
    at,
    between,
    make_booking,
    make_company,
    make_establishment,
    make_outbound,
    make_patient,
    make_return,
    make_run,
    make_shift,
)

S = BookingStatus
HOUR = timedelta(hours=1)
Capture = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return morning()


def first_and_last(company: Company) -> tuple[Booking, Booking]:
    first, last = Booking.objects.for_company(company).order_by("promised_from")
    return first, last


def _ride(
    company: Company, ready: datetime, *, from_km: int, to_km: int, wait: timedelta
) -> Booking:
    """Alone in the vehicle, and promised to be met within `wait` after being ready."""
    return make_booking(
        company,
        pickup_at=ready,
        promised_from=ready,
        promised_to=ready + wait,
        pooling_allowed=False,
        patient=make_patient(company, home=spot(company, from_km)),
        dropoff=make_establishment(company, lat=46.2102 + to_km * KM, lon=6.1424),
    )


class TestWhatAsks:
    def test_a_day_that_goes_as_planned_asks_for_nothing(self, company: Company) -> None:
        assert asked(company) is None

    def test_a_new_booking(self, company: Company) -> None:
        make_booking(company, pickup_at=at(16))
        run = asked(company)
        assert run is not None
        assert (run.trigger, run.service_on, run.is_handed_over) == (RunTrigger.REPLAN, DAY, True)
        assert run.is_continuous

    def test_a_cancellation(self, company: Company) -> None:
        _first, last = first_and_last(company)
        record_progress(
            booking_id=last.pk,
            to=S.SAME_DAY_CANCEL,
            at=MORNING,
            reason="patient_request",
            expected_version=None,
        )
        assert asked(company) is not None

    def test_a_patient_who_is_not_there(self, company: Company) -> None:
        first, _last = first_and_last(company)
        goes(first, S.NO_SHOW, at=at(10, 10))
        assert asked(company, now=at(10, 10)) is not None

    def test_a_call_of_a_patient_who_is_ready(self) -> None:
        company = make_company(mode=DispatchMode.SEMI_AUTO.value, settings=SETTINGS)
        make_shift(company)
        outbound = make_outbound(company, pickup_at=at(9))
        back = make_return(outbound, is_will_call=True)
        put_in_force(company)
        goes(outbound, S.COMPLETED, at=at(9, 30))
        assert asked(company, now=at(11)) is None
        trigger_return(booking_id=back.pk, ready_at=at(11), expected_version=None)
        assert asked(company, now=at(11)) is not None

    def test_another_promise(self, company: Company) -> None:
        _first, last = first_and_last(company)
        Booking.objects.filter(pk=last.pk).update(version=last.version + 1)
        assert asked(company) is not None

    def test_a_driver_who_is_ill(self, company: Company) -> None:
        driver = Shift.objects.get(company=company).driver
        Absence.objects.create(driver=driver, first_on=DAY, last_on=DAY)
        assert asked(company) is not None

    def test_a_vehicle_that_is_away(self, company: Company) -> None:
        vehicle = Shift.objects.get(company=company).vehicle
        VehicleUnavailability.objects.create(vehicle=vehicle, period=between(at(9), at(18)))
        assert asked(company) is not None

    def test_a_shift_more(self, company: Company) -> None:
        make_shift(company)
        assert asked(company) is not None

    def test_a_journey_that_sets_off_on_time_does_not(self, company: Company) -> None:
        first, _last = first_and_last(company)
        goes(first, S.EN_ROUTE, at=at(9, 50))
        assert asked(company, now=at(9, 50)) is None

    def test_a_vehicle_that_is_late_once_and_again_when_that_has_doubled(
        self, company: Company
    ) -> None:
        first, _last = first_and_last(company)
        goes(first, S.EN_ROUTE, at=at(9, 50))
        due = first.assignment.planned_pickup_at
        assert asked(company, now=due + timedelta(minutes=4)) is None
        planned(company, now=due + timedelta(minutes=6))
        assert asked(company, now=due + timedelta(minutes=11)) is None
        assert asked(company, now=due + timedelta(minutes=12)) is not None

    def test_a_patient_on_board_is_late_at_the_door(self, company: Company) -> None:
        first, _last = first_and_last(company)
        goes(first, S.ON_BOARD, at=at(10))
        due = first.assignment.planned_dropoff_at
        assert asked(company, now=due + timedelta(minutes=4)) is None
        assert asked(company, now=due + timedelta(minutes=5)) is not None


class TestWhoIsAsked:
    def test_not_a_company_that_plans_by_hand(self) -> None:
        company = morning(DispatchMode.MANUAL)
        make_booking(company, pickup_at=at(16))
        assert replan_today(now=MORNING) == []

    def test_not_one_that_has_switched_it_off(self) -> None:
        company = morning(replan_enabled=False)
        make_booking(company, pickup_at=at(16))
        assert asked(company) is None

    def test_not_one_whose_settings_are_not_valid(self, company: Company) -> None:
        make_booking(company, pickup_at=at(16))
        Company.objects.filter(pk=company.pk).update(settings={"freeze_min": -5})
        assert replan_today(now=MORNING) == []

    def test_not_a_day_without_a_plan(self) -> None:
        company = make_company(mode=DispatchMode.SEMI_AUTO.value, settings=SETTINGS)
        make_shift(company)
        make_booking(company)
        assert asked(company) is None

    def test_not_twice_while_one_waits(self, company: Company) -> None:
        make_booking(company, pickup_at=at(16))
        assert asked(company) is not None
        make_booking(company, pickup_at=at(17))
        assert asked(company) is None

    def test_not_while_somebody_plans_the_day(self, company: Company) -> None:
        make_booking(company, pickup_at=at(16))
        make_run(
            company,
            status=RunStatus.RUNNING,
            started_at=MORNING,
            lease_until=MORNING + timedelta(minutes=1),
        )
        assert asked(company) is None

    def test_not_again_at_once_after_three_that_failed(self, company: Company) -> None:
        make_booking(company, pickup_at=at(16))
        for _ in range(3):
            make_run(
                company,
                version=DispatchRun.objects.count() + 1,
                trigger=RunTrigger.REPLAN,
                is_handed_over=True,
                status=RunStatus.FAILED,
                finished_at=MORNING,
                error={"key": "interrupted", "figures": {}},
            )
        assert asked(company) is None
        assert asked(company, now=MORNING + PAUSE_AFTER_FAILURES) is not None

    def test_plans_that_the_day_left_behind_are_no_crash(self, company: Company) -> None:
        """Two: at once. Three: a minute later. Eight in a row: as after a crash."""
        make_booking(company, pickup_at=at(16))
        waits = {2: timedelta(), 3: timedelta(minutes=1), 8: PAUSE_AFTER_FAILURES}
        for failed in range(1, 9):
            make_run(
                company,
                version=DispatchRun.objects.count() + 1,
                trigger=RunTrigger.REPLAN,
                is_handed_over=True,
                status=RunStatus.FAILED,
                finished_at=MORNING,
                error={"key": "bookings_changed", "figures": {"count": 1}},
            )
            if failed in waits:
                wait = waits[failed]
                if wait:
                    assert asked(company, now=MORNING + wait - timedelta(seconds=1)) is None
                found = asked(company, now=MORNING + wait)
                assert found is not None
                found.delete()

    def test_all_companies_are_looked_at(self, company: Company) -> None:
        other = morning()
        make_booking(company, pickup_at=at(16))
        make_booking(other, pickup_at=at(16))
        runs = DispatchRun.objects.filter(pk__in=replan_today(now=MORNING))
        assert {run.company_id for run in runs} == {company.pk, other.pk}


class TestWhatBecomesOfIt:
    def test_the_new_patient_has_a_driver_and_nobody_else_notices(self, company: Company) -> None:
        new = make_booking(company, pickup_at=at(16))
        run = planned(company)
        assert run.status == RunStatus.DONE
        assert run.applied_at is None
        assert f"b{new.pk}" in Plan.from_json(run.plan).shift_of
        assert note_sentences(run.notes)[0] == (
            "Nobody with a driver gets another one, or another time, by choice."
        )
        assert run.start is not None
        assert {stage["name"] for stage in run.stages} >= {"plan in force", "places", "search"}

    def test_it_is_asked_for_once(self, company: Company) -> None:
        make_booking(company, pickup_at=at(16))
        planned(company)
        assert asked(company, now=MORNING + timedelta(minutes=1)) is None

    def test_a_newer_one_takes_the_place_of_the_one_that_waits(self, company: Company) -> None:
        make_booking(company, pickup_at=at(16))
        older = planned(company)
        make_booking(company, pickup_at=at(17))
        newer = planned(company)
        older.refresh_from_db()
        assert (older.status, newer.status) == (RunStatus.SUPERSEDED, RunStatus.DONE)

    def test_nothing_better_is_no_proposal(self, company: Company) -> None:
        make_shift(company)
        run = planned(company)
        assert run.status == RunStatus.SUPERSEDED
        assert note_sentences(run.notes)[0] == (
            "Nothing better was found: the plan in force stays."
        )

    def test_an_ill_driver_is_replaced(self, company: Company) -> None:
        ill = Shift.objects.get(company=company)
        other = make_shift(company)
        planned(company)
        Absence.objects.create(driver=ill.driver, first_on=DAY, last_on=DAY)
        run = planned(company)
        assert set(Plan.from_json(run.plan).shift_of.values()) == {f"s{other.pk}"}
        assert note_sentences(run.notes)[1] == (
            "2 journeys could not stay as they were: their driver or their vehicle is missing or late."
        )

    def test_a_promise_that_breaks_is_named(self, company: Company) -> None:
        first, last = first_and_last(company)
        goes(first, S.ON_BOARD, at=at(10))
        run = planned(company, now=at(14, 30))
        said = note_sentences(run.notes)
        assert [s for s in said if s.startswith(f"Journey {last.reference} comes ")]

    def test_what_changes_too_much_is_held_back(self) -> None:
        """One driver, and somebody who must be met alone in the minute in which the first patient is met."""
        company = morning(stability_budget=0)
        first, _last = first_and_last(company)
        then = first.assignment.planned_pickup_at
        make_booking(
            company,
            pickup_at=then,
            promised_from=then,
            promised_to=then + timedelta(minutes=1),
            pooling_allowed=False,
        )
        run = planned(company)
        assert run.unassigned.count() == 1
        (held_back,) = (note for note in run.notes if note["key"] == "replan_held_back")
        assert held_back["figures"] == {"count": 1, "served": 1}

    def test_it_can_be_replayed(self, company: Company) -> None:
        make_booking(company, pickup_at=at(16))
        run = planned(company)
        again = replay_run(run_id=run.pk, clock=lambda: 0.0)
        assert again.time_limit_s == 1
        assert again.result.plan.shift_of == Plan.from_json(run.plan).shift_of


class TestFullyAutomatic:
    @pytest.fixture
    def company(self) -> Company:
        return morning(DispatchMode.FULLY_AUTO)

    def test_the_plan_is_in_force_at_once(self, company: Company) -> None:
        new = make_booking(company, pickup_at=at(16))
        run = planned(company)
        applied = apply_auto_run(run_id=run.pk, now=MORNING)
        assert applied is not None
        assert applied.written.assigned == 1
        assert driver_of(new) is not None
        assert asked(company, now=MORNING + timedelta(minutes=1)) is None

    def test_one_whose_times_would_change_more_by_now_is_not(self) -> None:
        """Made at 8, it comes to hand at 10:10: whoever was to be met before waits for a quarter of an hour more."""
        company = morning(DispatchMode.FULLY_AUTO, stability_budget=0)
        make_booking(company, pickup_at=at(16))
        run = planned(company)
        late = at(10, 10)
        assert apply_auto_run(run_id=run.pk, now=late) is None
        run.refresh_from_db()
        assert run.error == {"key": "times_passed", "figures": {}}
        assert asked(company, now=late) is not None

    def test_who_is_late_keeps_driver_and_time_where_nothing_may_change(self) -> None:
        """A vehicle is held up, with two hours for each of its next three patients; a second one stands beside them."""
        company = make_company(
            mode=DispatchMode.FULLY_AUTO.value,
            settings=SETTINGS | {"stability_budget": 0, "freeze_min": 10},
        )
        make_shift(company)
        first = _ride(company, at(10), from_km=2, to_km=3, wait=timedelta(minutes=20))
        waiting = [
            _ride(company, at(11, minute), from_km=12, to_km=14, wait=2 * HOUR)
            for minute in (0, 20, 40)
        ]
        put_in_force(company)
        before = {row.pk: row for row in Assignment.objects.filter(booking__in=waiting)}
        beside = spot(company, 12)
        make_shift(company, start=at(10, 30), start_place=beside, end_place=beside)
        goes(first, S.EN_ROUTE, at=at(9, 50))
        now = at(11, 18)
        apply_auto_run(run_id=planned(company, now=now).pk, now=now)
        for row in Assignment.objects.filter(pk__in=before):
            assert row.shift_id == before[row.pk].shift_id
            slid = row.planned_pickup_at - before[row.pk].planned_pickup_at
            # The vehicle is fifty-four minutes behind by then.
            assert timedelta(minutes=-5) < slid < HOUR

    def test_a_few_seconds_on_the_way_to_the_worker_change_nothing(self) -> None:
        """The vehicle is free and needed at once: ten seconds later it leaves ten seconds later."""
        company = morning(DispatchMode.FULLY_AUTO, stability_budget=0)
        make_booking(company, pickup_at=MORNING, promised_from=MORNING, promised_to=MORNING + HOUR)
        run = planned(company)
        assert run.unassigned.count() == 0
        assert apply_auto_run(run_id=run.pk, now=MORNING + timedelta(seconds=10)) is not None

    def test_a_worker_that_died_before_putting_it_in_force_is_followed_by_another(
        self, company: Company
    ) -> None:
        make_booking(company, pickup_at=at(16))
        run = planned(company)
        assert undelivered(now=MORNING) == []
        assert undelivered(now=MORNING + timedelta(minutes=2)) == [run.pk]

    def test_a_person_who_asks_for_it_decides_it(self, company: Company) -> None:
        run = make_run(company, trigger=RunTrigger.REPLAN)
        assert not run.is_continuous
        assert apply_auto_run(run_id=run.pk, now=MORNING) is None


class TestWorkers:
    """Tasks run at once here; it is 8 o'clock of DAY."""

    @pytest.fixture(autouse=True)
    def eight(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(timezone, "now", lambda: MORNING)

    def test_who_hears_of_a_change_has_the_day_planned(
        self, company: Company, django_capture_on_commit_callbacks: Capture
    ) -> None:
        make_booking(company, pickup_at=at(16))
        with django_capture_on_commit_callbacks(execute=True):
            tasks.hurry(company_id=company.pk, day=DAY)
        (run,) = DispatchRun.objects.continuous()
        assert run.status == RunStatus.DONE

    def test_the_minute_finds_what_nobody_told(
        self, company: Company, django_capture_on_commit_callbacks: Capture
    ) -> None:
        make_booking(company, pickup_at=at(16))
        with django_capture_on_commit_callbacks(execute=True):
            tasks.autorun()
        (run,) = DispatchRun.objects.continuous()
        assert run.status == RunStatus.DONE

    def test_another_day_can_wait_for_the_evening(self, company: Company) -> None:
        make_booking(company, pickup_at=at(16))
        tasks.hurry(company_id=company.pk, day=DAY + timedelta(days=1))
        assert not DispatchRun.objects.continuous().exists()

    def test_a_company_that_plans_by_hand_is_left_alone(self) -> None:
        company = morning(DispatchMode.MANUAL)
        make_booking(company, pickup_at=at(16))
        tasks.hurry(company_id=company.pk, day=None)
        assert not DispatchRun.objects.continuous().exists()

    def test_without_a_queue_the_minute_will_look(
        self, company: Company, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def nobody_there(*_args: Any, **_options: Any) -> None:
            raise OperationalError("Connection refused.")

        monkeypatch.setattr(tasks.replan_day, "apply_async", nobody_there)
        with caplog.at_level(logging.WARNING, logger="dispatch"):
            tasks.hurry(company_id=company.pk, day=None)
        assert f"{company.slug}: today is looked at a minute later" in caplog.text
