"""A journey that does not take place: its return is named, and cancelled only when somebody asks for it."""

from __future__ import annotations

import pytest

from dispatch.enums import BookingStatus as S
from dispatch.enums import StatusReason
from dispatch.models import Assignment, Booking
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.return_left import (
    cancel_return,
    left_sentence,
    return_left,
    standing_return,
)
from tests.factories import (
    at,
    bring,
    make_assignment,
    make_booking,
    make_company,
    make_outbound,
    make_return,
    make_shift,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def there() -> Booking:
    """At nine; its return at two has a driver."""
    there = make_outbound(make_company())
    make_assignment(make_return(there), make_shift(there.company))
    return there


def called_off(there: Booking) -> Booking:
    return record_progress(
        booking_id=there.pk,
        to=S.SAME_DAY_CANCEL,
        at=at(7),
        reason=StatusReason.PATIENT_UNWELL,
        expected_version=None,
    )


def test_it_is_named_and_left_alone(there: Booking) -> None:
    back = Booking.objects.get(outbound=there)
    assert return_left(there) is None
    assert standing_return(there) == back
    assert return_left(called_off(there)) == back
    assert left_sentence(back).startswith(f"Its return {back.reference} is still “assigned”")
    assert Assignment.objects.filter(booking=back).exists()


def test_it_is_cancelled_for_the_same_reason(there: Booking) -> None:
    over = called_off(there)
    back = cancel_return(
        outbound_id=there.pk, at=at(7), reason=over.status_reason, expected_version=None
    )
    assert (back.status, back.status_reason) == (S.SAME_DAY_CANCEL, "patient_unwell")
    assert not Assignment.objects.exists()
    assert return_left(over) is None


def test_an_absence_is_no_reason_of_a_cancellation(there: Booking) -> None:
    back = cancel_return(
        outbound_id=there.pk, at=at(9, 30), reason="patient_absent", expected_version=None
    )
    assert back.status_reason == StatusReason.OTHER


def test_what_is_no_outbound_journey_and_what_is_on_board_leave_nothing() -> None:
    single = make_booking(make_company())
    assert standing_return(single) is None
    with pytest.raises(NotFoundError):
        cancel_return(outbound_id=single.pk, at=at(7), reason="other", expected_version=None)
    there = make_outbound(single.company)
    assert standing_return(there) is None
    back = make_return(there)
    make_assignment(back, make_shift(single.company))
    bring(back, S.ON_BOARD, boarded_at=at(14))
    assert standing_return(there) is None
