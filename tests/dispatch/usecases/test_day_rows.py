"""The rows of a day are read ahead, each once."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from dispatch.models import Booking, Company
from dispatch.usecases.day_rows import read_ahead
from tests.factories import DAY, at, make_booking, make_establishment

pytestmark = pytest.mark.django_db


def test_a_day_reads_each_place_once(
    company: Company, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Bookings with patients and drivers, wishes, handovers, and all places together."""
    clinic = make_establishment()
    for hour in (8, 10, 12):
        make_booking(company, dropoff=clinic, pickup_at=at(hour))
    with django_assert_num_queries(4):
        bookings = list(Booking.objects.on_day(DAY).with_plan_rows())
        read_ahead(bookings)
        assert all(booking.coordinates_known for booking in bookings)
        assert not any(booking.was_handed_on for booking in bookings)
    assert len({id(booking.dropoff) for booking in bookings}) == 1
    assert len({booking.pickup for booking in bookings}) == 3
