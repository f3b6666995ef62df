"""Promised windows that a late day opens: which, by how much, and how late the plan comes in them."""

from __future__ import annotations

import pytest

from dispatch.api.run_documents import stretched_of
from dispatch.engine.plan import Plan, Route, TimedVisit
from dispatch.enums import BookingStatus, RunTrigger, VisitKind
from dispatch.models import Booking, Company
from dispatch.notes import Note, NoteKey
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.note_sentences import note_sentences
from dispatch.usecases.references import trip_ref
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from dispatch.usecases.stretched_windows import Stretched, stretched_notes
from tests.factories import (
    DAY,
    at,
    bring,
    make_assignment,
    make_booking,
    make_company,
    make_run,
    make_shift,
)

S = BookingStatus
MIN = 60

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return make_company(settings={"solver_time_limit_s": 1})


def late(company: Company, **fields: object) -> Booking:
    """Promised for nine, at the latest 9:15; with a driver, and not met."""
    booking = make_booking(company, pickup_at=at(9), **fields)
    make_assignment(booking, make_shift(company), start=at(9))
    return booking


def opened(company: Company, hour: int, minute: int) -> dict[str, int]:
    built = build_problem(company=company, day=DAY, now=at(hour, minute))
    return {one.trip: one.by_s for one in built.stretched}


def test_a_window_that_is_not_over_is_left_alone(company: Company) -> None:
    late(company)
    assert opened(company, 9, 5) == {}  # the vehicle, not gone yet, is there within ten minutes


def test_one_that_is_over_reaches_to_when_the_vehicle_can_be_there(company: Company) -> None:
    booking = late(company)
    found = opened(company, 9, 25)
    assert found.keys() == {trip_ref(booking.pk)}
    assert (
        10 * MIN < found[trip_ref(booking.pk)] < 20 * MIN
    )  # ten until now, and the way from the base


def test_of_who_is_on_board_only_the_appointment_can_be_missed(company: Company) -> None:
    plain = late(company)
    bring(plain, S.ON_BOARD, boarded_at=at(9))
    due = late(company, appointment_at=at(9, 40))
    bring(due, S.ON_BOARD, boarded_at=at(9))
    found = opened(company, 10, 0)
    assert found.keys() == {trip_ref(due.pk)}
    assert found[trip_ref(due.pk)] >= 20 * MIN


def test_a_planning_that_is_no_replan_says_so_too(company: Company) -> None:
    booking, now = late(company), at(9, 25)
    run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    run = run_dispatch(run_id=run.pk, clock=lambda: now)
    (row,) = stretched_of(run)
    pickup_s = Plan.from_json(run.plan).pickup_start_s[trip_ref(booking.pk)]
    late_min = -(-(pickup_s - (9 * 60 + 15) * MIN) // MIN)
    assert (row["booking"], row["late_min"]) == (booking.pk, late_min)
    assert (
        10 < row["late_min"] <= row["opened_min"] < 20
    )  # ten until now, and the way from the base
    assert any(
        booking.reference in said and "tell the patient" in said
        for said in note_sentences(run.notes)
    )


def test_in_time_all_the_same_and_driven_by_nobody() -> None:
    visits = tuple(
        TimedVisit(id="b1", kind=kind, arrive_s=second, start_s=second)
        for kind, second in ((VisitKind.PICKUP, 100), (VisitKind.DROPOFF, 200))
    )
    plan = Plan(routes=(Route(shift="s1", visits=visits),))
    rows = [
        Stretched(trip="b1", pickup_s=100, dropoff_s=None, by_s=61),
        Stretched(trip="b2", pickup_s=100, dropoff_s=None, by_s=600),
    ]
    assert list(stretched_notes(rows, plan)) == [
        Note.of(NoteKey.WINDOW_STRETCHED, trip="b1", minutes=2)
    ]


def test_a_run_that_opened_nothing_or_wrote_sentences_has_none(company: Company) -> None:
    run = make_run(company, notes=["An old sentence.", Note.of(NoteKey.NO_ROAD_SERVER).to_json()])
    assert stretched_of(run) == []
    told = Note.of(NoteKey.WINDOW_STRETCHED, trip="b7", minutes=3)
    run.notes = [told.to_json()]
    assert stretched_of(run) == [{"booking": 7, "opened_min": 3, "late_min": 0}]
