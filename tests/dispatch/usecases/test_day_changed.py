"""Whatever changes a day says so, once it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import pytest

from dispatch.enums import BookingStatus as S
from dispatch.models import Absence, Company, Shift, VehicleUnavailability
from dispatch.usecases.cancel_shift import cancel_shift
from dispatch.usecases.day_changed import day_changed
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.take_booking import take_booking
from dispatch.usecases.trigger_return import trigger_return
from tests.factories import (
    DAY,
    at,
    between,
    make_booking,
    make_driver,
    make_outbound,
    make_patient,
    make_return,
    make_vehicle,
)

Capture = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]
Heard = list[tuple[int, date | None]]

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard() -> Iterator[Heard]:
    found: Heard = []

    def hear(*, company_id: int, day: date | None, **_rest: object) -> None:
        found.append((company_id, day))

    day_changed.connect(hear)
    yield found
    day_changed.disconnect(hear)


def test_a_booking_and_what_becomes_of_it(
    company: Company, heard: Heard, django_capture_on_commit_callbacks: Capture
) -> None:
    booking = make_booking(company)
    booking.pk = None
    booking.reference = "B-NEW"
    booking.patient = make_patient(company)
    with django_capture_on_commit_callbacks(execute=True):
        take_booking(booking=booking, now=at(5))
        assert heard == []
    assert heard == [(company.pk, DAY)]
    with django_capture_on_commit_callbacks(execute=True):
        record_progress(
            booking_id=booking.pk,
            to=S.SAME_DAY_CANCEL,
            at=at(6),
            reason="patient_request",
            expected_version=None,
        )
    assert heard == [(company.pk, DAY)] * 2


def test_a_call(
    company: Company, heard: Heard, django_capture_on_commit_callbacks: Capture
) -> None:
    back = make_return(make_outbound(company), is_will_call=True)
    with django_capture_on_commit_callbacks(execute=True):
        trigger_return(
            booking_id=back.pk, ready_at=at(15), expected_version=None, came_another_way=True
        )
    assert heard == [(company.pk, DAY)]


def test_who_and_what_is_away(
    company: Company, shift: Shift, heard: Heard, django_capture_on_commit_callbacks: Capture
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        away = Absence.objects.create(driver=shift.driver, first_on=DAY, last_on=DAY)
        away.delete()
        VehicleUnavailability.objects.create(vehicle=shift.vehicle, period=between(at(9), at(18)))
    assert heard == [(company.pk, None)] * 3


def test_a_company_goes_with_all_who_are_away(
    company: Company, heard: Heard, django_capture_on_commit_callbacks: Capture
) -> None:
    """A return refers to another booking: no order by tables is left, and a driver may go before the absence."""
    make_return(make_outbound(company))
    driver, vehicle = make_driver(company), make_vehicle(company)
    gone = company.pk
    Absence.objects.create(driver=driver, first_on=DAY, last_on=DAY)
    VehicleUnavailability.objects.create(vehicle=vehicle, period=between(at(9), at(18)))
    with django_capture_on_commit_callbacks(execute=True):
        company.delete()
        assert heard == []
    assert heard == [(gone, None)] * 2


def test_a_shift(
    company: Company, shift: Shift, heard: Heard, django_capture_on_commit_callbacks: Capture
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        cancel_shift(shift_id=shift.pk, expected_version=None)
    assert heard == [(company.pk, None)]
