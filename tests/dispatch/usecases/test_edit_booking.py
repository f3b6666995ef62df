"""A booking changes while it may; its promise moves with its appointment, or when somebody says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatch.enums import BookingStatus, Priority
from dispatch.models import Assignment, Booking, Company
from dispatch.usecases.create_booking import NewBooking, create_booking
from dispatch.usecases.edit_booking import BookingContent, NotChangeableError, edit_booking
from dispatch.usecases.errors import NotFoundError, StaleBookingError
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.promise import Agreed
from tests.factories import (
    DAY,
    at,
    bring,
    make_assignment,
    make_booking,
    make_company,
    make_establishment,
    make_outbound,
    make_patient,
    make_place,
    make_return,
    make_shift,
)

pytestmark = pytest.mark.django_db

TOMORROW = DAY + timedelta(days=1)


def edited(
    booking: Booking, *, move_promise: bool = False, gives_window: bool = False, **changes: Any
) -> Booking:
    booking.refresh_from_db()
    return edit_booking(
        booking_id=booking.pk,
        content=replace(BookingContent.of(booking), **changes),
        now=at(6),
        expected_version=booking.version,
        move_promise=move_promise,
        is_window_given=gives_window,
    )


def refused(booking: Booking, **changes: Any) -> set[str]:
    with pytest.raises(InvalidRowError) as refusal:
        edited(booking, **changes)
    return set(refusal.value.errors)


def test_an_edit_that_changes_nothing_is_none(company: Company) -> None:
    assert edited(make_booking(company)).version == 1


def test_words_and_weights_leave_the_driver(company: Company) -> None:
    booking = make_booking(company)
    make_assignment(booking, make_shift(company))
    after = edited(booking, notes="Ring twice", priority=Priority.VITAL)
    assert (after.status, after.priority, after.version) == (BookingStatus.ASSIGNED, "vital", 3)
    assert Assignment.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"appointment_at": at(10)},
        {"escort_seats": 2},
        {"pooling_allowed": False},
        {"promised_to": at(9, 30)},
    ],
)
def test_what_a_plan_was_made_for_takes_the_driver_away(
    company: Company, change: dict[str, Any]
) -> None:
    booking = make_booking(company)
    make_assignment(booking, make_shift(company))
    assert edited(booking, **change).status == BookingStatus.CONFIRMED
    assert not Assignment.objects.exists()


def test_the_promise_stays_when_the_patient_asks_for_another_hour(company: Company) -> None:
    booking = make_booking(company, pickup_at=at(9))
    asked = edited(booking, requested_at=at(10))
    assert (asked.requested_at, asked.promised_from) == (at(10), at(8, 55))
    moved = edited(booking, move_promise=True)
    assert (moved.promised_from, moved.promised_to) == (at(9, 55), at(10, 15))


class TestAppointment:
    """Booked for 10:00, so promised by `pickup_for`; each way is the same, so an hour later is an hour later."""

    @pytest.fixture
    def booking(self, company: Company) -> Booking:
        patient = make_patient(company)
        wanted = NewBooking(
            patient_id=patient.pk,
            pickup_id=make_place(company).pk,
            dropoff_id=make_establishment().pk,
            appointment_at=at(10),
        )
        return create_booking(company=company, wanted=wanted, now=at(6))

    def test_the_promise_follows_it(self, booking: Booking) -> None:
        was = Agreed.of(booking)
        after = edited(booking, appointment_at=at(11))
        hour = timedelta(hours=1)
        assert was.window is not None
        assert was.requested_at is not None
        assert after.requested_at == was.requested_at + hour
        assert Agreed.of(after).window == tuple(moment + hour for moment in was.window)

    def test_to_another_day_and_before_the_old_promise(self, booking: Booking) -> None:
        next_day = edited(booking, appointment_at=at(10, day=TOMORROW))
        assert next_day.service_on == TOMORROW
        back = edited(booking, appointment_at=at(8))
        assert back.service_on == DAY
        assert back.promised_to is not None
        assert back.promised_to < at(8)

    def test_who_gives_a_window_or_a_pickup_decides(self, booking: Booking) -> None:
        given: dict[str, Any] = {"promised_from": at(9), "promised_to": at(9, 30)}
        assert edited(booking, appointment_at=at(11), **given).promised_to == at(9, 30)
        kept = edited(booking, appointment_at=at(12), gives_window=True)
        assert (kept.promised_from, kept.promised_to) == (at(9), at(9, 30))
        asked = edited(booking, appointment_at=at(13), requested_at=at(12))
        assert (asked.promised_from, asked.promised_to) == (at(11, 55), at(12, 15))
        anew = edited(booking, appointment_at=at(14), move_promise=True)
        assert (anew.requested_at, anew.promised_from) == (at(12), at(11, 55))

    def test_one_that_appears_or_goes_moves_nothing(self, booking: Booking) -> None:
        was = Agreed.of(booking).window
        assert Agreed.of(edited(booking, appointment_at=None)).window == was
        assert Agreed.of(edited(booking, appointment_at=at(12))).window == was

    def test_without_a_position_somebody_says_when_to_come(self, company: Company) -> None:
        lost = make_booking(company, dropoff=make_place(company, lat=None), appointment_at=at(10))
        assert refused(lost, appointment_at=at(11)) == {"requested_at"}
        assert edited(lost, appointment_at=at(11), requested_at=at(10)).promised_from == at(9, 55)

    def test_what_was_promised_to_nobody_stays_so(self, company: Company) -> None:
        draft = make_booking(
            company, status="draft", promised_from=None, promised_to=None, requested_at=None,
            appointment_at=at(10),
        )  # fmt: skip
        assert edited(draft, appointment_at=at(11)).promised_from is None
        back = make_return(make_outbound(company), is_will_call=True, appointment_at=at(16))
        assert edited(back, appointment_at=at(17)).promised_from is None


def test_a_promise_of_another_day_moves_the_journey_there(company: Company) -> None:
    booking = make_booking(company)
    window = (at(9, day=TOMORROW), at(10, day=TOMORROW))
    after = edited(booking, promised_from=window[0], promised_to=window[1])
    assert after.service_on == TOMORROW


def test_a_promise_never_moves_into_a_day_that_is_over(company: Company) -> None:
    yesterday = DAY - timedelta(days=1)
    window = {"promised_from": at(9, day=yesterday), "promised_to": at(10, day=yesterday)}
    assert refused(make_booking(company), **window) == {"promised_from"}


def test_what_makes_no_sense_is_refused(company: Company) -> None:
    booking = make_booking(company)
    assert refused(booking, dropoff_id=booking.pickup_id) == {"dropoff"}
    assert refused(booking, promised_to=None) == {""}
    assert refused(booking, requested_at=None, move_promise=True) == {"requested_at"}
    assert refused(booking, pickup_id=make_place(make_company()).pk) == {"pickup"}
    assert refused(booking, is_will_call=True) == {""}  # only a return is on call
    assert edited(booking).version == 1


def test_a_return_stays_after_its_outbound_journey(company: Company) -> None:
    there = make_outbound(company, pickup_at=at(9))
    back = make_return(there, pickup_at=at(11))
    late = {"promised_from": at(12), "promised_to": at(13)}
    assert refused(there, **late) == {"promised_from"}
    early = {"promised_from": at(8), "promised_to": at(9)}
    assert refused(back, **early) == {"promised_from"}
    assert edited(back, promised_from=at(12), promised_to=at(13)).promised_from == at(12)


class TestOnCall:
    def test_a_return_becomes_one_on_call_and_is_promised_nothing(self, company: Company) -> None:
        back = make_return(make_outbound(company), pickup_at=at(14))
        make_assignment(back, make_shift(company))
        after = edited(back, is_will_call=True)
        assert (after.is_will_call, after.requested_at, after.promised_from) == (True, None, None)
        assert (after.status, after.service_on) == (BookingStatus.CONFIRMED, DAY)

    def test_a_return_on_call_gets_an_hour(self, company: Company) -> None:
        back = make_return(make_outbound(company), is_will_call=True)
        after = edited(back, is_will_call=False, requested_at=at(15))
        assert (after.promised_from, after.promised_to) == (at(14, 55), at(15, 15))
        # Without one it cannot be promised.
        other = make_return(make_outbound(company), is_will_call=True)
        assert refused(other, is_will_call=False) == {"requested_at"}

    def test_who_was_ready_and_agrees_on_an_hour_is_no_longer_waiting(
        self, company: Company
    ) -> None:
        back = make_return(
            make_outbound(company), is_will_call=True, pickup_at=at(14), ready_at=at(14)
        )
        after = edited(back, is_will_call=False, promised_from=at(15), promised_to=at(16))
        assert (after.ready_at, after.promised_from) == (None, at(15))

    def test_notes_of_a_return_on_call_leave_it_waiting(self, company: Company) -> None:
        back = make_return(make_outbound(company), is_will_call=True)
        after = edited(back, notes="Ward 3")
        assert (after.is_will_call, after.promised_from) == (True, None)


def test_under_way_only_the_driver_may_be_told_something(company: Company) -> None:
    booking = make_booking(company)
    make_assignment(booking, make_shift(company))
    bring(booking, BookingStatus.EN_ROUTE, en_route_at=at(8, 30))
    assert edited(booking, notes="Ring twice").notes == "Ring twice"
    with pytest.raises(NotChangeableError):
        edited(booking, escort_seats=1)


def test_what_is_over_is_not_edited(company: Company) -> None:
    booking = make_booking(company, status=BookingStatus.CANCELLED, status_reason="weather")
    with pytest.raises(NotChangeableError):
        edited(booking, notes="x")
    assert edited(booking).version == 1


def test_who_saw_an_old_version_writes_nothing(company: Company) -> None:
    booking = make_booking(company)
    content = BookingContent.of(booking)
    with pytest.raises(StaleBookingError):
        edit_booking(booking_id=booking.pk, content=content, now=at(6), expected_version=2)
    with pytest.raises(NotFoundError):
        edit_booking(booking_id=0, content=content, now=at(6), expected_version=None)
    changed = replace(content, notes="x")
    after = edit_booking(booking_id=booking.pk, content=changed, now=at(6), expected_version=None)
    assert after.version == 2
