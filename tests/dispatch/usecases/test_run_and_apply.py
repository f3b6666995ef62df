"""A day is planned under a lease and put in force in one piece, or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from celery.exceptions import Retry
from django.utils import timezone

from dispatch import tasks
from dispatch.engine.errors import InvalidProblemError
from dispatch.engine.pipeline import UnfitPlanError
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.engine.rules import Violation, hard_violations
from dispatch.enums import AssignedBy, BookingStatus, Rule, RunStatus, RunTrigger
from dispatch.models import Assignment, Company, DispatchRun, Shift
from dispatch.models.company import InvalidSettingsError
from dispatch.usecases.apply_plan import RunNotReadyError, StalePlanError, apply_plan
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.day_content import NothingToPlanError
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.measure_day import recorded_kpis
from dispatch.usecases.note_sentences import error_sentence
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import (
    DayBusyError,
    LostLeaseError,
    RunNotQueuedError,
    _why,
    run_dispatch,
)
from tests.factories import (
    DAY,
    at,
    make_booking,
    make_company,
    make_member,
    make_place,
    make_shift,
)

S = BookingStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return make_company(settings={"solver_time_limit_s": 1})


def planned(company: Company, *, now: datetime | None = None) -> DispatchRun:
    run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    return run_dispatch(run_id=run.pk, clock=lambda: now or at(5))


def test_versions_count_up_per_day(company: Company, shift: Shift) -> None:
    make_shift(company, start=at(7) + timedelta(days=1), end=at(19) + timedelta(days=1))
    runs = [
        request_run(company=company, day=day, trigger=RunTrigger.MANUAL, by=None)
        for day in (DAY, DAY, DAY + timedelta(days=1))
    ]
    assert [run.version for run in runs] == [1, 2, 1]


class TestRun:
    def test_the_result_is_kept_whole_and_nothing_is_in_force(
        self, company: Company, shift: Shift
    ) -> None:
        booking = make_booking(company)
        lost = make_place(company, lat=None, lon=None, coordinates_quality="unknown")
        nowhere = make_booking(company, pickup=lost)
        run = planned(company)
        assert run.status == RunStatus.DONE
        problem, plan = Problem.from_json(run.problem), Plan.from_json(run.plan)
        assert problem.hash == run.problem_hash
        assert plan.shift_of == {f"b{booking.pk}": f"s{shift.pk}"}
        (left,) = run.unassigned.all()
        assert (left.booking, left.reason, left.advice) == (
            nowhere,
            Rule.UNKNOWN_COORDINATES,
            "locate",
        )
        rate = next(k for k in run.quality["kpis"] if k["key"] == "assignment_rate")
        assert (rate["numerator"], rate["denominator"]) == (1, 2)
        assert {stage["name"] for stage in run.stages} >= {"construct", "search"}
        assert (run.travel_source, run.is_degraded) == ("estimate", False)
        assert not Assignment.objects.exists()

    def test_a_day_with_nothing_is_not_asked_for(self, company: Company) -> None:
        with pytest.raises(NothingToPlanError):
            request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
        assert not DispatchRun.objects.exists()

    def test_a_day_that_was_emptied_meanwhile_fails_and_says_so(
        self, company: Company, shift: Shift
    ) -> None:
        run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
        shift.delete()
        with pytest.raises(NothingToPlanError):
            run_dispatch(run_id=run.pk, clock=lambda: at(5))
        run.refresh_from_db()
        assert run.status == RunStatus.FAILED
        assert run.error == {"key": "day_empty", "figures": {}}

    def test_a_run_is_taken_once(self, company: Company, shift: Shift) -> None:
        run = planned(company)
        with pytest.raises(RunNotQueuedError):
            run_dispatch(run_id=run.pk, clock=lambda: at(5))
        with pytest.raises(NotFoundError):
            run_dispatch(run_id=0, clock=lambda: at(5))

    def test_a_day_is_planned_by_one_worker_at_a_time(self, company: Company, shift: Shift) -> None:
        first = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
        DispatchRun.objects.filter(pk=first.pk).update(
            status=RunStatus.RUNNING, started_at=at(5), lease_until=at(6), fence=1
        )
        second = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
        with pytest.raises(DayBusyError):
            run_dispatch(run_id=second.pk, clock=lambda: at(5, 30))
        second.refresh_from_db()
        assert (second.status, second.error) == (
            RunStatus.FAILED,
            {"key": "day_busy", "figures": {}},
        )
        third = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
        done = run_dispatch(run_id=third.pk, clock=lambda: at(6, 30))  # the lease is over
        first.refresh_from_db()
        assert (done.status, first.status) == (RunStatus.DONE, RunStatus.LOST)

    def test_the_run_of_a_dead_worker_is_taken_up_when_its_lease_is_over(
        self, company: Company, shift: Shift
    ) -> None:
        run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
        DispatchRun.objects.filter(pk=run.pk).update(
            status=RunStatus.RUNNING, started_at=at(5), lease_until=at(6), fence=1
        )
        with pytest.raises(RunNotQueuedError) as refusal:
            run_dispatch(run_id=run.pk, clock=lambda: at(5, 30))
        assert refusal.value.held_until == at(6)
        done = run_dispatch(run_id=run.pk, clock=lambda: at(6, 1))
        assert (done.status, done.fence) == (RunStatus.DONE, 2)

    def test_a_task_comes_back_for_a_run_that_is_held(self, company: Company, shift: Shift) -> None:
        run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
        soon = timezone.now() + timedelta(minutes=5)
        DispatchRun.objects.filter(pk=run.pk).update(
            status=RunStatus.RUNNING, started_at=timezone.now(), lease_until=soon, fence=1
        )
        with pytest.raises(Retry):
            tasks.run_dispatch(run.pk)

    def test_a_worker_whose_lease_ran_out_writes_nothing(
        self, company: Company, shift: Shift
    ) -> None:
        make_booking(company)
        run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
        calls = iter([at(5), at(5)])

        def clock() -> datetime:
            moment = next(calls, None)
            if moment is None:  # the worker comes back to find that another one has the run
                DispatchRun.objects.filter(pk=run.pk).update(fence=9)
                return at(5, 1)
            return moment

        with pytest.raises(LostLeaseError):
            run_dispatch(run_id=run.pk, clock=clock)
        run.refresh_from_db()
        assert run.status == RunStatus.RUNNING
        assert run.plan is None

    def test_who_stops_the_planning_frees_the_day(self, company: Company, shift: Shift) -> None:
        run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
        moments = iter([at(5)])

        def clock() -> datetime:
            moment = next(moments, None)
            if moment is None and interruptions.pop():
                raise KeyboardInterrupt
            return moment or at(5, 1)

        interruptions = [False, True]
        with pytest.raises(KeyboardInterrupt):
            run_dispatch(run_id=run.pk, clock=clock)
        run.refresh_from_db()
        assert run.status == RunStatus.FAILED
        assert run.error == {"key": "interrupted", "figures": {}}
        assert planned(company).status == RunStatus.DONE

    def test_a_surprise_is_marked_without_its_words(self, company: Company, shift: Shift) -> None:
        """An unexpected error may carry names: the row keeps its kind only."""
        booking = make_booking(company)
        run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
        surprises = [False, True]

        def clock() -> datetime:
            if surprises and surprises.pop(0):
                raise LookupError(booking.patient.last_name)
            return at(5)

        with pytest.raises(LookupError):
            run_dispatch(run_id=run.pk, clock=clock)
        run.refresh_from_db()
        assert run.status == RunStatus.FAILED
        assert run.error == {"key": "broke_off", "figures": {"kind": "LookupError"}}
        assert booking.patient.last_name not in str(run.error)

    def test_settings_that_are_no_longer_valid_are_named(
        self, company: Company, shift: Shift
    ) -> None:
        Company.objects.filter(pk=company.pk).update(settings={"speed_kmh": 0.5})
        run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
        with pytest.raises(InvalidSettingsError, match=r"Speed \(km/h\): at least 5 is needed"):
            run_dispatch(run_id=run.pk, clock=lambda: at(5))
        run.refresh_from_db()
        assert run.status == RunStatus.FAILED
        assert run.error == {"key": "settings_not_valid", "figures": {"fields": "speed_kmh"}}


class TestApply:
    def test_bookings_get_their_driver_and_a_new_version(
        self, company: Company, shift: Shift
    ) -> None:
        booking, person = make_booking(company), make_member(company)
        run = planned(company)
        applied = apply_plan(run_id=run.pk, by=person, now=at(5, 1))
        assert applied.written.assigned == 1
        booking.refresh_from_db()
        assert (booking.status, booking.version) == (S.ASSIGNED, 2)
        row = booking.assignment
        assert (row.shift, row.run_id, row.assigned_by) == (shift, run.pk, AssignedBy.ENGINE)
        assert booking.promised_from is not None
        assert booking.promised_to is not None
        assert booking.promised_from <= row.planned_pickup_at <= booking.promised_to
        run.refresh_from_db()
        assert (run.applied_at, run.applied_by) == (at(5, 1), person)

    def test_a_second_plan_supersedes_the_first(self, company: Company, shift: Shift) -> None:
        make_booking(company)
        first = planned(company)
        apply_plan(run_id=first.pk, by=None, now=at(5))
        make_booking(company, pickup_at=at(15))
        second = planned(company)
        written = apply_plan(run_id=second.pk, by=None, now=at(5)).written
        assert (written.assigned, written.unassigned, written.unchanged) == (1, 0, 1)
        first.refresh_from_db()
        assert first.status == RunStatus.SUPERSEDED

    def test_only_a_fresh_finished_run_is_applied(self, company: Company, shift: Shift) -> None:
        make_booking(company)
        queued = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
        run = planned(company)
        apply_plan(run_id=run.pk, by=None, now=at(5))
        for pk in (queued.pk, run.pk):
            with pytest.raises(RunNotReadyError):
                apply_plan(run_id=pk, by=None, now=at(5))
        with pytest.raises(NotFoundError):
            apply_plan(run_id=0, by=None, now=at(5))

    def test_a_booking_changed_meanwhile_stops_everything(
        self, company: Company, shift: Shift
    ) -> None:
        kept, changed = make_booking(company), make_booking(company, pickup_at=at(15))
        run = planned(company)
        record_progress(
            booking_id=changed.pk,
            to=S.CANCELLED,
            at=at(5),
            reason="patient_request",
            expected_version=None,
        )
        with pytest.raises(StalePlanError) as refusal:
            apply_plan(run_id=run.pk, by=None, now=at(5))
        assert refusal.value.references == (changed.reference,)
        kept.refresh_from_db()
        assert kept.status == S.CONFIRMED
        assert not Assignment.objects.exists()

    def test_a_driver_given_meanwhile_stops_everything(
        self, company: Company, shift: Shift
    ) -> None:
        make_booking(company)
        run = planned(company)
        urgent = make_booking(company, pickup_at=at(10))
        assign_booking(
            booking_id=urgent.pk, shift_id=shift.pk, by=None, now=at(5), expected_version=None
        )
        with pytest.raises(StalePlanError) as refusal:
            apply_plan(run_id=run.pk, by=None, now=at(5))
        assert refusal.value.references == (urgent.reference,)

    @pytest.mark.parametrize("change", [{"version": 2}, {"status": "cancelled"}])
    def test_a_shift_changed_meanwhile_stops_everything(
        self, company: Company, shift: Shift, change: dict[str, object]
    ) -> None:
        make_booking(company)
        run = planned(company)
        Shift.objects.filter(pk=shift.pk).update(**change)
        with pytest.raises(StalePlanError):
            apply_plan(run_id=run.pk, by=None, now=at(5))
        assert not Assignment.objects.exists()

    def test_a_pinned_booking_stays_where_a_person_put_it(self, company: Company) -> None:
        near = make_place(company, kind="base", lat=46.2044, lon=6.1432)
        far = make_place(company, kind="base", lat=46.30, lon=6.20)
        make_shift(company, start_place=near, end_place=near)
        chosen = make_shift(company, start_place=far, end_place=far)
        booking = make_booking(company)
        assign_booking(
            booking_id=booking.pk, shift_id=chosen.pk, by=None, now=at(5), expected_version=None
        )
        apply_plan(run_id=planned(company).pk, by=None, now=at(5))
        row = Assignment.objects.get(booking=booking)
        assert (row.shift, row.is_pinned) == (chosen, True)

    def test_trips_may_change_places_in_one_step(self, company: Company) -> None:
        """Two drivers hold each other's trip; the better plan swaps them without an overlap."""
        east = make_place(company, kind="base", lat=46.20, lon=6.30)
        west = make_place(company, kind="base", lat=46.20, lon=6.00)
        shifts = [make_shift(company, start_place=p, end_place=p) for p in (east, west)]
        homes = [
            make_place(company, kind="home", lat=46.20, lon=lon, area=area)
            for lon, area in ((6.29, "east"), (6.01, "west"))
        ]
        clinics = [make_place(company, kind="other", lat=46.21, lon=lon) for lon in (6.29, 6.01)]
        bookings = [
            make_booking(company, pickup=home, dropoff=clinic, pickup_at=at(10))
            for home, clinic in zip(homes, clinics, strict=True)
        ]
        for booking, wrong in zip(bookings, reversed(shifts), strict=True):
            assign_booking(
                booking_id=booking.pk,
                shift_id=wrong.pk,
                by=None,
                now=at(5),
                expected_version=None,
                pin=False,
            )
        written = apply_plan(run_id=planned(company).pk, by=None, now=at(5)).written
        assert written.changed == 2
        for booking, right in zip(bookings, shifts, strict=True):
            assert Assignment.objects.get(booking=booking).shift == right

    def test_two_patients_of_one_area_share_the_vehicle(self, company: Company) -> None:
        make_shift(company)
        homes = [
            make_place(company, kind="home", lat=46.2100 + d, lon=6.1500, area="Champel")
            for d in (0.0, 0.0005)
        ]
        clinic = make_place(company, kind="other", lat=46.2500, lon=6.1500)
        for home in homes:
            make_booking(company, pickup=home, dropoff=clinic, pickup_at=at(10))
        apply_plan(run_id=planned(company).pk, by=None, now=at(5))
        first, second = Assignment.objects.order_by("planned_pickup_at")
        assert first.ride_group == second.ride_group
        assert first.period.upper > second.period.lower


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InvalidProblemError("Trip b3 asks."), "contradicts itself"),
        (
            UnfitPlanError((Violation(rule=Rule.SHIFT, shift="s1"),)),
            "broke 1 rule and kept its plan",
        ),
        (KeyError("Ana"), "broke off unexpectedly (KeyError)"),
    ],
)
def test_why_a_run_failed_is_spoken_and_names_nobody(error: Exception, said: str) -> None:
    sentence = error_sentence(_why(error).to_json())
    assert said in sentence
    assert not {"Ana", "b3", "s1"} & set(sentence.split())


class TestReplan:
    def test_what_is_under_way_stays_and_the_rest_moves_around_it(
        self, company: Company, shift: Shift
    ) -> None:
        riding, later = (
            make_booking(company, pickup_at=at(9)),
            make_booking(company, pickup_at=at(12)),
        )
        apply_plan(run_id=planned(company).pk, by=None, now=at(5))
        for status, minute in ((S.EN_ROUTE, 50), (S.ARRIVED, 58), (S.ON_BOARD, 59)):
            record_progress(
                booking_id=riding.pk, to=status, at=at(8, minute), expected_version=None
            )
        urgent = make_booking(company, pickup_at=at(9, 30))
        run = planned(company, now=at(9, 2))
        problem, plan = Problem.from_json(run.problem), Plan.from_json(run.plan)
        assert hard_violations(problem, plan) == ()
        apply_plan(run_id=run.pk, by=None, now=at(9, 3))
        rows = {row.booking_id: row for row in Assignment.objects.all()}
        assert set(rows) == {riding.pk, later.pk, urgent.pk}
        riding.refresh_from_db()
        assert riding.status == S.ON_BOARD
        assert rows[urgent.pk].planned_pickup_at > rows[riding.pk].planned_dropoff_at

    def test_a_finished_trip_keeps_nobody_busy(self, company: Company, shift: Shift) -> None:
        """Planned until 09:30, over at 09:10: the next one may be planned at 09:15."""
        early = make_booking(company, pickup_at=at(9))
        apply_plan(run_id=planned(company).pk, by=None, now=at(5))
        for status, minute in ((S.EN_ROUTE, 0), (S.ARRIVED, 2), (S.ON_BOARD, 3), (S.COMPLETED, 5)):
            record_progress(booking_id=early.pk, to=status, at=at(9, minute), expected_version=None)
        make_booking(company, pickup_at=at(9, 15))
        apply_plan(run_id=planned(company, now=at(9, 6)).pk, by=None, now=at(9, 6))
        assert Assignment.objects.filter(is_over=False).count() == 1


def test_recorded_kpis_say_what_was_recorded(company: Company, shift: Shift) -> None:
    booking = make_booking(company, pickup_at=at(9))
    apply_plan(run_id=planned(company).pk, by=None, now=at(5))
    for status, minute in ((S.EN_ROUTE, 0), (S.ARRIVED, 2), (S.ON_BOARD, 3), (S.COMPLETED, 15)):
        record_progress(booking_id=booking.pk, to=status, at=at(9, minute), expected_version=None)
    values = {
        value.key.value: value for value in recorded_kpis(company=company, days=[DAY], now=at(23))
    }
    on_time = values["pickup_on_time"]
    assert (on_time.numerator, on_time.denominator, on_time.is_predicted) == (1, 1, False)
