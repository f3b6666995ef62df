"""A journey said in full is judged as every other; see also test_judge_booking and test_create_booking."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.models import Booking
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.take_booking import take_booking
from tests.factories import DAY, at, make_booking, make_company, make_place

pytestmark = pytest.mark.django_db


def another(like: Booking, **changes: object) -> Booking:
    """The same journey once more, three hours later."""
    later = timedelta(hours=3)
    said = {
        "company": like.company,
        "patient": like.patient,
        "pickup": like.pickup,
        "dropoff": like.dropoff,
        "service_on": DAY,
        "requested_at": at(12),
        "promised_from": like.promised_from + later if like.promised_from else None,
        "promised_to": like.promised_to + later if like.promised_to else None,
        "status": "confirmed",
    }
    return Booking(**said | changes)


def test_it_is_inserted_with_its_reference() -> None:
    booking = another(make_booking(make_company()))
    take_booking(booking=booking, now=at(6))
    assert Booking.objects.get(pk=booking.pk).reference == booking.reference


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"service_on": DAY - timedelta(days=1)}, "service_on"),
        ({"promised_from": at(13), "promised_to": at(12)}, "promised_to"),
        ({"promised_from": at(9), "promised_to": at(9, 20)}, "patient"),
        ({"escort_seats": 5}, "escort_seats"),
        ({"is_will_call": True}, ""),  # the database: this is no return
    ],
)
def test_what_is_refused_and_where_it_is_told(changes: dict[str, object], field: str) -> None:
    booking = another(make_booking(make_company()), **changes)
    with pytest.raises(InvalidRowError) as refusal:
        take_booking(booking=booking, now=at(6), day_field="service_on")
    assert set(refusal.value.errors) == {field}
    assert Booking.objects.count() == 1


def test_a_place_of_another_company() -> None:
    booking = another(make_booking(make_company()), pickup=make_place(make_company()))
    with pytest.raises(InvalidRowError) as refusal:
        take_booking(booking=booking, now=at(6))
    assert set(refusal.value.errors) == {"pickup"}
