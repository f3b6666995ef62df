"""The page on which a driver is chosen: what each would do stands beside the button."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from dispatch.enums import Mobility, Role
from dispatch.models import Assignment, Booking, Company
from tests.dispatch.pages.conftest import SignIn
from tests.dispatch.pages.days import Day
from tests.dispatch.pages.test_day_page import words
from tests.factories import (
    make_assignment,
    make_company,
    make_driver,
    make_member,
    make_patient,
    make_place,
)

pytestmark = pytest.mark.django_db


def path(booking: Booking) -> str:
    return f"/bookings/{booking.pk}/drivers/"


def fields(page: bytes) -> list[dict[str, str]]:
    """What each form of the page that gives the journey away would send."""
    forms = re.findall(
        r'<form method="post" action="[^"]*/give/".*?</form>', page.decode(), re.DOTALL
    )
    return [dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) for form in forms]


def test_the_best_come_with_what_they_do_and_the_others_with_why(
    signed_in: SignIn, tomorrow: Day
) -> None:
    company = tomorrow.company
    tomorrow.shift(driver=make_driver(company, first_name="Éva", last_name="Proche"))
    tomorrow.shift(
        driver=make_driver(company, first_name="Éva", last_name="Loin"),
        start_place=make_place(company, lat=46.30, lon=6.25),
    )
    tomorrow.shift(driver=make_driver(company, last_name="Matin"), start=6, end=8)
    booking = tomorrow.booking(9)
    text = words(signed_in(), path(booking))
    assert text.index("Proche Éva") < text.index("Loin Éva")
    assert re.search(
        r"Proche Éva \S+ \d+ best 08:55 → 0\d:\d\d Broken promises none Way \+\d+\.\d km", text
    )
    assert re.search(r"Loin Éva \S+ \d+ \+\d+ points", text)
    assert re.search(r"Proche Éva 08:\d\d–0\d:\d\d sets out for it Others who move nobody", text)
    assert "To tell Proche Éva Gap between drivers" in text
    assert "Who cannot 1" in text
    assert "Matin Léo is on duty until 08:00 at the latest," in text


def test_what_was_shown_is_put_in_force(signed_in: SignIn, tomorrow: Day) -> None:
    shift, booking = tomorrow.shift(), tomorrow.booking(9)
    client = signed_in()
    (form,) = fields(client.get(path(booking)).content)
    assert form["shift"] == str(shift.pk)
    answer = client.post(f"/bookings/{booking.pk}/give/", form, follow=True)
    assert "has it and keeps it, pickup at 08:55." in answer.content.decode()
    assert Assignment.objects.get(booking=booking).shift == shift


def test_what_would_do_something_else_by_now_is_not(signed_in: SignIn, tomorrow: Day) -> None:
    shift, booking = tomorrow.shift(), tomorrow.booking(9)
    client = signed_in()
    (form,) = fields(client.get(path(booking)).content)
    make_assignment(tomorrow.booking(11), shift)
    answer = client.post(f"/bookings/{booking.pk}/give/", form, follow=True)
    assert "please look again at what it would do." in answer.content.decode()
    assert not Assignment.objects.filter(booking=booking).exists()


def test_who_also_can_is_counted(signed_in: SignIn, tomorrow: Day) -> None:
    """Five can and one cannot; three are shown, and of five who can one may have it already."""
    shifts = [tomorrow.shift() for _ in range(5)]
    tomorrow.shift(start=6, end=8)
    booking = tomorrow.booking(9)
    text = words(signed_in(), path(booking))
    assert (
        "2 other drivers can too, but not at a lower price. All drivers with their reasons" in text
    )
    assert "Who cannot 1" in text
    make_assignment(booking, shifts[0])
    assert "1 other driver can too, but not at a lower price." in words(signed_in(), path(booking))


def test_nobody(signed_in: SignIn, tomorrow: Day) -> None:
    tomorrow.shift()
    lying = make_patient(tomorrow.company, mobility=Mobility.STRETCHER)
    booking = tomorrow.booking(9, patient=lying)
    text = words(signed_in(), path(booking))
    assert "Nobody can take it as the day stands." in text


def test_nobody_else(signed_in: SignIn, tomorrow: Day) -> None:
    shift, booking = tomorrow.shift(), tomorrow.booking(9)
    make_assignment(booking, shift)
    text = words(signed_in(), path(booking))
    assert f"{shift.driver} has it, pickup at 08:55." in text
    assert "Nobody else can take it." in text


def test_a_place_that_is_unknown(signed_in: SignIn, tomorrow: Day) -> None:
    tomorrow.shift()
    lost = make_place(tomorrow.company, lat=None, lon=None)
    text = words(signed_in(), path(tomorrow.booking(9, pickup=lost)))
    assert "Who cannot" not in text
    assert "Give to" not in text


def test_auditors_read_and_drivers_do_not(signed_in: SignIn, tomorrow: Day) -> None:
    tomorrow.shift()
    booking = tomorrow.booking(9)
    page = signed_in(Role.AUDITOR).get(path(booking))
    assert page.status_code == 200
    assert fields(page.content) == []
    assert signed_in(Role.DRIVER).get(path(booking)).status_code == 403


def test_another_companys_journey_and_none(
    signed_in: SignIn, client: Client, tomorrow: Day
) -> None:
    stranger: Company = make_company()
    client.force_login(make_member(stranger))
    assert client.get(path(tomorrow.booking(9))).status_code == 404
    assert signed_in().get("/bookings/999999/drivers/").status_code == 404
