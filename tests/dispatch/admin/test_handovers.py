"""The desk of bookings shows who had a journey before a breakdown, finds such journeys, and lets nobody type them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.urls import reverse

from dispatch.enums import BookingStatus
from dispatch.models import Booking
from tests.dispatch.models.violations.handover import make_handover
from tests.factories import at, bring, make_assignment, make_booking, make_driver, make_shift

pytestmark = pytest.mark.django_db


@dataclass
class Journeys:
    """`waits` on the road, `resumed` in another vehicle, `partner` with a taxi, `plain` with nobody but its driver."""

    waits: Booking
    resumed: Booking
    partner: Booking
    plain: Booking


@pytest.fixture
def journeys(world) -> Journeys:
    company = world.company
    lost = make_shift(company, driver=make_driver(company, last_name="Rey", first_name="Anna"))
    rows = Journeys(*(make_booking(company) for _ in range(4)))
    for hour, booking in enumerate((rows.waits, rows.resumed), 8):
        make_assignment(booking, lost, start=at(hour))
        bring(booking, BookingStatus.ON_BOARD, boarded_at=at(8, 30))
    make_handover(lost, rows.waits)
    make_handover(lost, rows.resumed, resumed_at=at(9, 40))
    make_handover(lost, rows.partner, place=None, price_c=2_250)
    return rows


@pytest.mark.parametrize(
    ("kind", "name"), [("waits", "waits"), ("vehicle", "resumed"), ("partner", "partner")]
)
def test_journeys_that_changed_hands_are_found(journeys, client_of, kind, name):
    url = reverse("admin:dispatch_booking_changelist")
    page = client_of("dispatcher").get(url, {"from": "", "handover": kind})
    assert [row.pk for row in page.context["cl"].result_list] == [getattr(journeys, name).pk]


def test_a_kind_that_there_is_not_filters_nothing(journeys, client_of):
    url = reverse("admin:dispatch_booking_changelist")
    page = client_of("dispatcher").get(url, {"from": "", "handover": "other"})
    assert journeys.plain.pk in {row.pk for row in page.context["cl"].result_list}


def test_a_journey_shows_its_handover_and_nobody_types_one(journeys, client_of):
    client = client_of("dispatcher")
    url = reverse("admin:dispatch_booking_change", args=[journeys.waits.pk])
    page = client.get(url)
    (formset,) = [
        found
        for found in page.context["inline_admin_formsets"]
        if "handover" in found.opts.opts.model_name
    ]
    assert not formset.has_add_permission
    assert not formset.has_change_permission
    assert "Rey Anna" in page.content.decode()
    plain = client.get(reverse("admin:dispatch_booking_change", args=[journeys.plain.pk]))
    assert not any(
        "handover" in found.opts.opts.model_name for found in plain.context["inline_admin_formsets"]
    )
