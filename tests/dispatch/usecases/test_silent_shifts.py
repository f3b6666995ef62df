"""A planned pickup is long past and nothing is recorded: whose shift it is, since when, and what is said."""

from __future__ import annotations

from datetime import datetime

import pytest

from dispatch.enums import BookingStatus, DispatchMode
from dispatch.models import Booking, Company, Shift
from dispatch.notes import Note, NoteKey
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.references import shift_ref
from dispatch.usecases.silent_shifts import Silence, silent_shifts
from tests.dispatch.models.violations.handover import make_handover
from tests.dispatch.usecases.replan_world import asked, goes, morning
from tests.factories import DAY, at, bring, make_assignment, make_booking, make_company, make_shift

S = BookingStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def shift() -> Shift:
    """Nine o'clock and half past nine, planned to the minute."""
    found = make_shift(make_company())
    for hour, minute in ((9, 0), (9, 30)):
        booking = make_booking(found.company, pickup_at=at(hour, minute))
        make_assignment(booking, found, start=at(hour, minute))
    return found


def heard(shift: Shift, now: datetime) -> dict[int, Silence]:
    rows = Booking.objects.for_company(shift.company).with_plan_relations()
    return silent_shifts(shift.company, rows, now=now)


def first(shift: Shift) -> Booking:
    return Booking.objects.filter(company=shift.company).order_by("pk")[0]


def test_a_quarter_of_an_hour_is_waited_for(shift: Shift) -> None:
    assert heard(shift, at(9, 14)) == {}
    assert heard(shift, at(9, 15)) == {shift.pk: Silence(due_at=at(9), since=None)}


def test_the_company_says_how_long(shift: Shift) -> None:
    Company.objects.filter(pk=shift.company_id).update(settings={"silent_after_min": 5})
    shift.company.refresh_from_db()
    assert heard(shift, at(9, 5)) == {shift.pk: Silence(due_at=at(9), since=None)}


def test_what_was_recorded_last_is_said_and_the_pickup_after_it(shift: Shift) -> None:
    bring(first(shift), S.COMPLETED, boarded_at=at(9, 2), alighted_at=at(9, 24))
    assert heard(shift, at(9, 44)) == {}
    assert heard(shift, at(9, 45)) == {shift.pk: Silence(due_at=at(9, 30), since=at(9, 24))}


def test_who_waits_on_the_road_waits_for_a_vehicle_as_well(shift: Shift) -> None:
    """The moments of the journey are those of the vehicle that broke down."""
    bring(first(shift), S.ON_BOARD, en_route_at=at(8, 40), boarded_at=at(8, 55))
    make_handover(make_shift(shift.company), first(shift), at=at(8, 58))
    assert heard(shift, at(9, 20)) == {shift.pk: Silence(due_at=at(9), since=None)}


def test_whom_nobody_drives_is_no_silence(shift: Shift) -> None:
    make_booking(shift.company, pickup_at=at(7))
    assert heard(shift, at(9)) == {}


def test_every_planning_says_what_it_takes_the_vehicle_to_do(shift: Shift) -> None:
    def said(now: datetime) -> list[Note]:
        notes = build_problem(company=shift.company, day=DAY, now=now).notes
        return [n for n in notes if n.key in {NoteKey.SHIFT_SILENT, NoteKey.SHIFT_UNHEARD}]

    ref = shift_ref(shift.pk)
    assert said(at(9, 15)) == [Note.of(NoteKey.SHIFT_UNHEARD, shift=ref, due="09:00")]
    bring(first(shift), S.COMPLETED, boarded_at=at(9, 2), alighted_at=at(9, 24))
    expected = Note.of(NoteKey.SHIFT_SILENT, shift=ref, due="09:30", since="09:24")
    assert said(at(9, 45)) == [expected]


def test_the_vehicle_is_taken_to_set_off_now_from_where_it_was_seen(shift: Shift) -> None:
    """Nobody invents that the patient of nine was fetched: that pickup is still to come, and the way to it."""
    problem = build_problem(company=shift.company, day=DAY, now=at(9, 15)).problem
    trip = problem.trip_by_id[f"b{first(shift).pk}"]
    now_s = (9 * 60 + 15) * 60
    assert trip.pickup.earliest_s == now_s
    assert problem.shift_by_id[shift_ref(shift.pk)].start_s == now_s
    assert problem.committed_shift[trip.id] == shift_ref(shift.pk)


def test_a_person_gets_a_proposal_once_until_the_driver_is_heard_of() -> None:
    company = morning()
    booking = Booking.objects.for_company(company).order_by("promised_from")[0]
    now = at(10, 30)
    assert asked(company, now=now) is not None
    company.runs.filter(status="queued").update(
        status="failed", finished_at=now, error={"key": "interrupted", "figures": {}}
    )
    goes(booking, S.COMPLETED, at=at(10, 40))
    assert asked(company, now=at(10, 45)) is None


def test_where_the_machine_decides_a_button_not_pressed_moves_nobody() -> None:
    company = morning(DispatchMode.FULLY_AUTO)
    assert asked(company, now=at(10, 30)) is None
