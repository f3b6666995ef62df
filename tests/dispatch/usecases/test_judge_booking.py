"""A patient is never in two vehicles: refused at every door, noted by a run where rows hold it already."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest

from dispatch.enums import BookingStatus as S
from dispatch.enums import DoubtKind
from dispatch.models import Booking, Company, Patient, Place
from dispatch.notes import NoteKey
from dispatch.usecases.book_return import book_return
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.create_booking import NewBooking, create_booking
from dispatch.usecases.doubts import doubts_about
from dispatch.usecases.edit_booking import BookingContent, edit_booking
from dispatch.usecases.expand_series import expand_series
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.note_sentences import note_sentence
from dispatch.usecases.record_progress import IllegalMoveError, record_progress
from dispatch.usecases.way_back import NewReturn
from tests.factories import (
    DAY,
    at,
    make_booking,
    make_establishment,
    make_outbound,
    make_patient,
    make_place,
    make_shift,
    make_standing_order,
    make_vehicle,
)

pytestmark = pytest.mark.django_db

NOW = at(6)


@pytest.fixture
def patient(company: Company) -> Patient:
    return make_patient(company)


@pytest.fixture
def clinic() -> Place:
    return make_establishment()


def take(patient: Patient, clinic: Place, **fields: Any) -> Booking:
    assert patient.home_id is not None
    wanted = {"patient_id": patient.pk, "pickup_id": patient.home_id, "dropoff_id": clinic.pk}
    return create_booking(company=patient.company, wanted=NewBooking(**wanted | fields), now=NOW)


def test_the_same_hour_is_refused_and_the_next_one_is_taken(
    patient: Patient, clinic: Place
) -> None:
    """Promised −5/+15: 08:55–09:15, so 09:19 overlaps and 09:20 begins where the first one ends."""
    first = take(patient, clinic, requested_at=at(9))
    for minute in (0, 19):
        with pytest.raises(InvalidRowError) as refused:
            take(patient, clinic, requested_at=at(9, minute))
        assert first.reference in refused.value.errors["patient"][0]
    take(patient, clinic, requested_at=at(9, 20))
    take(make_patient(patient.company), clinic, requested_at=at(9))


def test_what_is_not_firm_does_not_count(patient: Patient, clinic: Place) -> None:
    make_booking(patient.company, patient=patient, status=S.DRAFT)
    make_booking(
        patient.company, patient=patient, status=S.CANCELLED, status_reason="patient_request"
    )
    take(patient, clinic, requested_at=at(9))
    draft = take(patient, clinic, requested_at=at(9), is_draft=True)
    with pytest.raises(IllegalMoveError, match="two vehicles"):
        record_progress(booking_id=draft.pk, to=S.CONFIRMED, at=NOW, expected_version=None)


def test_neither_an_edit_nor_a_return_brings_it_about(patient: Patient, clinic: Place) -> None:
    make_booking(patient.company, patient=patient)
    later = make_outbound(patient.company, patient=patient, pickup_at=at(7))
    moved = BookingContent.of(later)
    times = {"promised_from": at(9), "promised_to": at(9, 20)}
    content = BookingContent(
        **{name: getattr(moved, name) for name in BookingContent.__slots__} | times
    )
    with pytest.raises(InvalidRowError, match="two vehicles"):
        edit_booking(booking_id=later.pk, content=content, now=NOW, expected_version=None)
    with pytest.raises(InvalidRowError, match="two vehicles"):
        book_return(
            outbound_id=later.pk,
            wanted=NewReturn(requested_at=at(9)),
            now=NOW,
            expected_version=None,
        )


def test_a_series_leaves_out_the_day_and_says_so(company: Company, patient: Patient) -> None:
    """Fetched at 09:00 on Mondays, Wednesdays and Fridays; on DAY, a Wednesday, there is a journey."""
    held = make_booking(company, patient=patient)
    order = make_standing_order(
        company, patient=patient, pickup_time=time(9), appointment_time=time(10)
    )
    done = expand_series(order_id=order.pk, now=NOW, until=DAY + timedelta(days=2))
    assert [each.series_on for each in done.created] == [DAY + timedelta(days=2)]
    (note,) = done.notes
    assert held.reference in note


def test_rows_that_overlap_already_are_noted_by_the_run(company: Company) -> None:
    make_shift(company)
    one = make_booking(company)
    other = make_booking(company, patient=one.patient)
    make_booking(company, patient=one.patient, pickup_at=at(9, 20))
    make_booking(company)
    built = build_problem(company=company, day=DAY, now=NOW)
    told = [note for note in built.notes if note.key is NoteKey.PATIENT_TWICE]
    assert [dict(note.figures) for note in told] == [
        {"trip": f"b{one.pk}", "other": f"b{other.pk}"}
    ]
    assert {one.reference, other.reference} <= set(note_sentence(told[0]).replace(".", " ").split())


def test_a_ride_that_is_not_over_before_the_next_one_is_doubted(company: Company) -> None:
    """Ten kilometres take at least ten minutes: from 08:55 they are not over at 09:17, with half an hour they are."""
    make_vehicle(company)
    patient = make_patient(company, home=make_place(company, lat=46.20), load_min=9)
    clinic = make_establishment(lat=46.29)
    first = make_booking(company, patient=patient, dropoff=clinic)
    near = make_booking(
        company, patient=patient, dropoff=clinic, promised_from=at(9, 15), promised_to=at(9, 17)
    )
    for booking in (first, near):
        (doubt,) = doubts_about(booking, now=NOW)
        assert doubt.kind is DoubtKind.TWO_AT_ONCE
    assert near.reference in doubts_about(first, now=NOW)[0].sentence
    Booking.objects.filter(pk=near.pk).update(promised_from=at(10, 30), promised_to=at(10, 45))
    assert doubts_about(first, now=NOW) == ()
