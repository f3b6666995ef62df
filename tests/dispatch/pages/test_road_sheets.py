"""What a driver reads on the road, and how long: whom to ring, where exactly, how to get in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dispatch.enums import BookingStatus, Role
from dispatch.models import Booking, Company, Shift, User
from dispatch.pages.road_sheets import Phone
from tests.dispatch.pages.conftest import SignIn
from tests.dispatch.pages.days import Day
from tests.dispatch.pages.test_day_page import words
from tests.factories import (
    make_assignment,
    make_driver,
    make_establishment,
    make_member,
    make_patient,
    make_place,
)

pytestmark = pytest.mark.django_db

SECRETS = ("+41 79 555 01 01", "022 555 02 02", "Code 12A", "Entrance C", "speaks slowly")


def journey(day: Day, hour: int = 9, **fields: Any) -> Booking:
    home = make_place(
        day.company,
        address="Rue des Essais 4",
        postal_code="1203",
        town="Genève",
        access_notes="Code 12A",
    )
    clinic = make_establishment(
        name="Clinique",
        address="Chemin du Test 8",
        town="Meyrin",
        phone="022 555 02 02",
        access_notes="Entrance C",
    )
    service = make_establishment(name="Dialyse", parent=clinic, access_notes="Ring twice")
    patient = make_patient(day.company, phone="+41 79 555 01 01", notes="speaks slowly")
    return day.booking(
        hour, patient=patient, pickup=home, dropoff=service, notes="Takes a bag", **fields
    )


def own_shift(day: Day) -> tuple[User, Shift]:
    user = make_member(day.company, Role.DRIVER)
    return user, day.shift(driver=make_driver(day.company, user=user))


def test_a_driver_reads_phones_addresses_access_and_notes_of_their_own_journeys(
    signed_in: SignIn, tomorrow: Day
) -> None:
    user, shift = own_shift(tomorrow)
    make_assignment(journey(tomorrow, status=BookingStatus.ASSIGNED), shift)
    client = signed_in(user=user)
    text = words(client, tomorrow.url)
    assert "Takes a bag Patient: +41 79 555 01 01 speaks slowly" in text
    assert "Pickup: Rue des Essais 4, 1203 Genève Code 12A" in text
    # The service has no address and no phone of its own: those of the clinic.
    assert "Drop-off: Chemin du Test 8, Meyrin · 022 555 02 02 Ring twice Entrance C" in text
    assert 'href="tel:+41795550101"' in client.get(tomorrow.url).content.decode()


def test_nobody_else_reads_them_there(signed_in: SignIn, tomorrow: Day) -> None:
    _user, shift = own_shift(tomorrow)
    make_assignment(journey(tomorrow, status=BookingStatus.ASSIGNED), shift)
    another, _shift = own_shift(tomorrow)
    for client in (signed_in(user=another), signed_in(), signed_in(Role.AUDITOR)):
        text = words(client, tomorrow.url)
        assert not [secret for secret in SECRETS if secret in text]


def test_a_journey_that_is_over_shows_them_no_more(signed_in: SignIn, company: Company) -> None:
    """Over, or left open on a day that is; one under way keeps them past midnight."""
    past = Day(company, timezone.localdate() - timedelta(days=3))
    user, shift = own_shift(past)
    open_still = journey(past, status=BookingStatus.ASSIGNED)
    make_assignment(open_still, shift)
    client = signed_in(user=user)
    text = words(client, past.url)
    assert open_still.reference in text
    assert not [secret for secret in SECRETS if secret in text]
    begun = journey(past, hour=12, status=BookingStatus.EN_ROUTE, en_route_at=past.at(12))
    make_assignment(begun, shift)
    assert "Code 12A" in words(client, past.url)


def test_what_nobody_wrote_is_not_shown(signed_in: SignIn, tomorrow: Day) -> None:
    user, shift = own_shift(tomorrow)
    bare = {"address": "", "postal_code": "", "town": "", "access_notes": "", "phone": ""}
    booking = tomorrow.booking(
        9,
        status=BookingStatus.ASSIGNED,
        patient=make_patient(tomorrow.company, phone="", notes=""),
        pickup=make_place(tomorrow.company, **bare),
        dropoff=make_place(tomorrow.company, **bare),
    )
    make_assignment(booking, shift)
    text = words(signed_in(user=user), tomorrow.url)
    assert booking.reference in text
    for label in ("Patient:", "Pickup:", "Drop-off:"):
        assert label not in text


def test_a_phone_is_dialled_by_its_digits() -> None:
    assert Phone.of("022 / 555.02") == ("022 / 555.02", "02255502")
    assert Phone.of("by letter") is None
