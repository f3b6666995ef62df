"""A call that was noted by mistake is taken back, until a driver is on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dispatch.enums import BookingStatus
from dispatch.models import Assignment, Booking
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.errors import NotFoundError, StaleBookingError
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.trigger_return import trigger_return
from dispatch.usecases.withdraw_ready import NotWithdrawableError, withdraw_ready
from tests.factories import make_assignment, make_company, make_outbound, make_return, make_shift

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def ready() -> Booking:
    """An urgent return on call whose patient has just called."""
    company, now = make_company(), timezone.now()
    on_call = make_return(
        make_outbound(company, pickup_at=now, service_on=local_day(company, now)), is_will_call=True
    )
    return trigger_return(
        booking_id=on_call.pk, ready_at=now, expected_version=None, is_urgent=True
    )


def test_the_return_is_on_call_again(ready: Booking) -> None:
    booking = withdraw_ready(booking_id=ready.pk, expected_version=ready.version)
    assert (booking.ready_at, booking.promised_from, booking.promised_to) == (None, None, None)
    assert booking.status == BookingStatus.CONFIRMED
    assert not booking.is_urgent
    assert booking.version == ready.version + 1


def test_ready_and_back_can_be_said_again(ready: Booking) -> None:
    withdraw_ready(booking_id=ready.pk, expected_version=ready.version)
    again = trigger_return(booking_id=ready.pk, ready_at=timezone.now(), expected_version=None)
    assert again.promised_from is not None


def test_the_driver_it_had_got_is_free(ready: Booking) -> None:
    assigned(ready)
    booking = withdraw_ready(booking_id=ready.pk, expected_version=None)
    assert booking.status == BookingStatus.CONFIRMED
    assert not Assignment.objects.exists()


def test_a_driver_who_has_set_off_brings_the_patient_home(ready: Booking) -> None:
    assigned(ready)
    record_progress(
        booking_id=ready.pk, to=BookingStatus.EN_ROUTE, at=timezone.now(), expected_version=None
    )
    with pytest.raises(NotWithdrawableError, match="set off"):
        withdraw_ready(booking_id=ready.pk, expected_version=None)
    assert Assignment.objects.count() == 1
    ready.refresh_from_db()
    assert ready.ready_at is not None


def test_nobody_called(ready: Booking) -> None:
    withdraw_ready(booking_id=ready.pk, expected_version=None)
    with pytest.raises(NotWithdrawableError, match="Nobody said"):
        withdraw_ready(booking_id=ready.pk, expected_version=None)


def test_somebody_else_was_faster(ready: Booking) -> None:
    with pytest.raises(StaleBookingError):
        withdraw_ready(booking_id=ready.pk, expected_version=ready.version - 1)
    ready.refresh_from_db()
    assert ready.ready_at is not None


def test_what_does_not_exist() -> None:
    with pytest.raises(NotFoundError):
        withdraw_ready(booking_id=999_999, expected_version=None)


def assigned(booking: Booking) -> None:
    assert booking.promised_from is not None
    start = booking.promised_from
    shift = make_shift(booking.company, start=start - HOUR, end=start + 3 * HOUR)
    make_assignment(booking, shift, start=start)
