"""Many rows by their numbers, with one parameter."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dispatch.models import Booking
from dispatch.models.among import among
from tests.factories import at, make_booking, make_company

pytestmark = pytest.mark.django_db


def test_those_with_these_numbers_and_no_others() -> None:
    company = make_company()
    one, two, three = (make_booking(company, pickup_at=at(hour)) for hour in (8, 10, 12))
    with CaptureQueriesContext(connection) as asked:
        assert set(Booking.objects.filter(among("pk", [three.pk, one.pk, one.pk]))) == {one, three}
    assert f"ANY('{{{one.pk},{three.pk}}}'" in asked[0]["sql"]
    assert list(Booking.objects.filter(among("patient", [two.patient_id]))) == [two]
    assert not Booking.objects.filter(among("pk", [])).exists()
