"""Runs kept for replay, and assignments that share a vehicle or change places."""

from __future__ import annotations

import json

import pytest
from django.core import serializers
from django.db import IntegrityError, connection, transaction

from dispatch.enums import RunStatus
from dispatch.models import Assignment, DispatchRun, Unassigned
from dispatch.models.statuses import RUN_MOVES
from tests.dispatch.models.violations.run import DONE, RUNNING
from tests.factories import (
    DAY,
    at,
    between,
    make_assignment,
    make_booking,
    make_company,
    make_run,
    make_shift,
)

pytestmark = pytest.mark.django_db

PROBLEM = {"trips": [{"id": "é", "z": 1, "a": 2.5}], "travel": {"seconds": [[0, 7]] * 40}}


def test_a_problem_comes_back_byte_for_byte() -> None:
    run = make_run(make_company(), problem=PROBLEM)
    stored = DispatchRun.objects.get(pk=run.pk)
    assert json.dumps(stored.problem) == json.dumps(PROBLEM)
    with connection.cursor() as cursor:
        cursor.execute("SELECT length(problem) FROM dispatch_dispatchrun WHERE id = %s", [run.pk])
        assert cursor.fetchone()[0] < len(json.dumps(PROBLEM)) / 3


def test_a_problem_survives_a_dump() -> None:
    run = make_run(make_company(), problem=PROBLEM)
    text = serializers.serialize("json", [run])
    (loaded,) = serializers.deserialize("json", text)
    assert isinstance(loaded.object, DispatchRun)
    assert loaded.object.problem == PROBLEM
    assert loaded.object.plan is None


def test_a_number_that_is_not_one_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        make_run(make_company(), problem={"seconds": float("nan")})


def test_a_list_of_runs_leaves_the_documents_where_they_are() -> None:
    run = make_run(make_company(), **DONE)
    assert DispatchRun.objects.on_day(DAY).without_documents().get() == run
    deferred = DispatchRun.objects.without_documents().get().get_deferred_fields()
    assert deferred == {"problem", "start", "plan"}


def test_two_days_and_two_companies_run_at_once_and_a_day_again_when_done() -> None:
    company = make_company()
    done = make_run(company, **RUNNING)
    DispatchRun.objects.filter(pk=done.pk).update(**DONE, lease_until=None)
    again = make_run(company, **RUNNING)
    make_run(make_company(), **RUNNING)
    assert again.version == 2
    assert list(DispatchRun.objects.for_company(company)) == [again, done]


@pytest.mark.parametrize("status", RunStatus)
def test_the_database_knows_the_same_steps(status: RunStatus) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT after FROM unnest(%s::text[]) after WHERE run_may_move(%s, after)",
            [[each.value for each in RunStatus], status.value],
        )
        assert {RunStatus(after) for (after,) in cursor.fetchall()} == RUN_MOVES[status]


def test_trips_of_one_driver_may_touch() -> None:
    company = make_company()
    shift = make_shift(company)
    make_assignment(make_booking(company), shift, start=at(9), end=at(9, 30))
    make_assignment(make_booking(company), shift, start=at(9, 30), end=at(10))


def test_patients_who_ride_together_share_driver_and_vehicle() -> None:
    company = make_company()
    shift = make_shift(company)
    first = make_assignment(make_booking(company), shift, start=at(9), end=at(9, 30))
    make_assignment(
        make_booking(company), shift, start=at(9, 10), end=at(9, 40), ride_group=first.ride_group
    )
    with pytest.raises(IntegrityError, match="assignment_one_per_driver"), transaction.atomic():
        make_assignment(make_booking(company), shift, start=at(9, 35), end=at(9, 50))


def _swap(first: Assignment, second: Assignment) -> None:
    """Both take the other's time, one row after the other."""
    periods = first.period, second.period
    for row, period in zip((second, first), periods, strict=True):
        Assignment.objects.filter(pk=row.pk).update(
            period=period,
            planned_pickup_at=period.lower,
            planned_dropoff_at=at(9, 59) if period.lower == at(9, 30) else at(9, 29),
        )


def test_trips_change_places_when_the_check_waits_for_the_commit() -> None:
    company = make_company()
    shift = make_shift(company)
    first = make_assignment(make_booking(company), shift, start=at(9), end=at(9, 30))
    second = make_assignment(make_booking(company), shift, start=at(9, 30), end=at(10))
    with pytest.raises(IntegrityError), transaction.atomic():
        _swap(first, second)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SET CONSTRAINTS assignment_one_per_driver, assignment_one_per_vehicle DEFERRED"
            )
        _swap(first, second)
        connection.check_constraints()
    first.refresh_from_db()
    assert first.period == between(at(9, 30), at(10))


def test_rows_say_what_they_are_about() -> None:
    company = make_company()
    booking, run = make_booking(company), make_run(company)
    row = Unassigned.objects.create(run=run, booking=booking, reason="max_ride_time")
    assert str(row) == f"{booking}: maximum ride time"
    assert str(run) == "2026-06-17 v1"
    assignment = make_assignment(booking, make_shift(company))
    assert str(assignment.driver) in str(assignment)
    assert booking.patient.last_name not in str(assignment)
