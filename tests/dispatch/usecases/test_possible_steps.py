"""What can be true of a journey at a moment, and what its cancellation is called then."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.enums import BookingStatus as S
from dispatch.enums import StatusReason
from dispatch.models import Booking, Company
from dispatch.usecases.possible_steps import (
    EARLIEST_START,
    cancellation_at,
    is_possible,
    possible_from,
)
from dispatch.usecases.record_progress import IllegalMoveError, NotYetError, record_progress
from tests.factories import (
    at,
    make_assignment,
    make_booking,
    make_company,
    make_outbound,
    make_return,
    make_shift,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return make_company(settings={"freeze_min": 30})


@pytest.fixture
def booking(company: Company) -> Booking:
    """Promised from 8:55, with a driver."""
    booking = make_booking(company)
    make_assignment(booking, make_shift(company))
    booking.refresh_from_db()
    return booking


def test_nobody_sets_off_days_ahead(booking: Booking) -> None:
    for to, reason in ((S.EN_ROUTE, ""), (S.MISSED, StatusReason.VEHICLE_LATE)):
        with pytest.raises(NotYetError, match="cannot be true yet"):
            record_progress(
                booking_id=booking.pk,
                to=to,
                at=at(9) - timedelta(days=1),
                reason=reason,
                expected_version=None,
            )
    booking.refresh_from_db()
    assert (booking.status, booking.en_route_at) == (S.ASSIGNED, None)


def test_an_early_start_is_one_up_to_four_hours_before_the_pickup(booking: Booking) -> None:
    assert timedelta(hours=4) == EARLIEST_START
    assert not is_possible(booking, S.EN_ROUTE, at(4, 54))
    with pytest.raises(NotYetError, match=r"on the way.*04:55 on"):
        record_progress(booking_id=booking.pk, to=S.EN_ROUTE, at=at(4, 54), expected_version=None)
    set_off = record_progress(
        booking_id=booking.pk, to=S.EN_ROUTE, at=at(4, 55), expected_version=None
    )
    assert set_off.en_route_at == at(4, 55)


def test_a_pickup_is_missed_once_it_is_due_or_the_vehicle_has_left_again(booking: Booking) -> None:
    assert not is_possible(booking, S.MISSED, at(8, 54))
    assert is_possible(booking, S.MISSED, at(8, 55))
    booking.arrived_pickup_at = at(8, 40)
    assert is_possible(booking, S.MISSED, at(8, 50))


def test_ways_back_refusals_and_what_has_no_promise_have_no_earliest_moment(
    company: Company, booking: Booking
) -> None:
    booking.en_route_at = at(8)
    steps = (S.EN_ROUTE, S.CONFIRMED, S.REFUSED, S.UNMET)
    assert [possible_from(booking, to) for to in steps] == [None] * 4
    on_call = make_return(make_outbound(company), is_will_call=True)
    assert possible_from(on_call, S.EN_ROUTE) is None


@pytest.mark.parametrize(
    ("hours_before", "called"),
    [
        (24, S.CANCELLED),
        (2, S.SAME_DAY_CANCEL),
        (0.51, S.SAME_DAY_CANCEL),
        (0.5, S.LATE_CANCEL),
        (-3, S.LATE_CANCEL),
    ],
)
def test_a_cancellation_is_called_after_its_moment(
    booking: Booking, hours_before: float, called: S
) -> None:
    moment = at(8, 55) - timedelta(hours=hours_before)
    assert cancellation_at(booking, moment) is called
    kinds = (S.CANCELLED, S.SAME_DAY_CANCEL, S.LATE_CANCEL)
    assert [kind for kind in kinds if is_possible(booking, kind, moment)] == [called]


@pytest.mark.parametrize("asked", [S.CANCELLED, S.SAME_DAY_CANCEL, S.LATE_CANCEL])
@pytest.mark.parametrize(
    ("hours_before", "recorded"), [(24, S.CANCELLED), (2, S.SAME_DAY_CANCEL), (0.5, S.LATE_CANCEL)]
)
def test_the_clock_says_which_cancellation_is_recorded_whatever_was_asked(
    booking: Booking, asked: S, hours_before: float, recorded: S
) -> None:
    done = record_progress(
        booking_id=booking.pk,
        to=asked,
        at=at(8, 55) - timedelta(hours=hours_before),
        reason=StatusReason.PATIENT_UNWELL,
        expected_version=None,
    )
    assert (done.status, done.status_reason) == (recorded, StatusReason.PATIENT_UNWELL)


def test_who_is_on_board_is_not_cancelled_at_all(booking: Booking) -> None:
    for minute, step in enumerate((S.EN_ROUTE, S.ARRIVED, S.ON_BOARD), start=54):
        record_progress(booking_id=booking.pk, to=step, at=at(8, minute), expected_version=None)
    with pytest.raises(IllegalMoveError, match="cannot become “cancelled late”"):
        record_progress(
            booking_id=booking.pk, to=S.LATE_CANCEL, at=at(9), reason="other", expected_version=None
        )


def test_it_is_late_once_the_driver_has_set_off_and_never_of_a_draft(booking: Booking) -> None:
    booking.status = S.EN_ROUTE
    assert cancellation_at(booking, at(6)) is S.LATE_CANCEL
    booking.status = S.DRAFT
    assert cancellation_at(booking, at(9)) is S.CANCELLED


def test_a_return_on_call_has_no_pickup_to_be_late_for(company: Company) -> None:
    on_call = make_return(make_outbound(company), is_will_call=True)
    assert cancellation_at(on_call, at(20)) is S.SAME_DAY_CANCEL
