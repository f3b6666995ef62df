"""The page that asks "what if…?": both plans side by side, and nothing written."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from dispatch.enums import Mobility, Role
from dispatch.models import Assignment, DispatchRun
from tests.dispatch.pages.conftest import SignIn
from tests.dispatch.pages.days import Day
from tests.dispatch.pages.test_day_page import words
from tests.factories import make_driver, make_establishment, make_patient

pytestmark = pytest.mark.django_db


def asked(client: Client, day: Day, **said: object) -> str:
    answer = client.post(day.url + "what-if/", {name: str(value) for name, value in said.items()})
    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    body = answer.content.decode().partition("<main")[2]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def test_the_day_leads_to_it_and_it_asks_first(signed_in: SignIn, tomorrow: Day) -> None:
    shift = tomorrow.shift(driver=make_driver(tomorrow.company, first_name="Ada", last_name="Ro"))
    tomorrow.booking()
    client = signed_in()
    assert f'href="{tomorrow.url}what-if/"' in client.get(tomorrow.url).content.decode()
    text = words(client, tomorrow.url + "what-if/")
    assert "What would be otherwise?" in text
    assert f"Ro Ada · {shift.vehicle} · 07:00–19:00" in text
    assert "As it would be" not in text


def test_a_vehicle_less_is_shown_beside_the_day(signed_in: SignIn, tomorrow: Day) -> None:
    company = tomorrow.company
    far = make_establishment(lat=46.32, lon=6.2)
    cars = [tomorrow.shift(), tomorrow.shift()]
    for _ in range(2):
        patient = make_patient(company, mobility=Mobility.WHEELCHAIR_FIXED)
        tomorrow.booking(patient=patient, dropoff=far)
    text = asked(signed_in(), tomorrow, without_vehicle=cars[0].vehicle_id)
    assert "Each was planned in 2 s with the same chance; nothing has changed." in text
    assert "Trips with a driver 2 1 " in text
    assert "Trips without a driver 0 1 " in text
    assert "assignment rate (predicted) 100.0 %" in text
    assert "without a driver" in text
    assert "This vehicle stays at home: " in text
    unserved = text.partition("Journeys that nobody would drive 1 ")[2]
    assert re.match(r"B-\S+ [A-Z].+\.", unserved)
    assert not DispatchRun.objects.exists()
    assert not Assignment.objects.exists()


def test_all_parts_of_the_form_are_asked_at_once(signed_in: SignIn, tomorrow: Day) -> None:
    shift, other = tomorrow.shift(), tomorrow.shift()
    one, two = tomorrow.booking(), tomorrow.booking(11)
    text = asked(
        signed_in(),
        tomorrow,
        without_shift=other.pk,
        hours_shift=shift.pk,
        hours_from="08:00",
        hours_to="16:00",
        extra_shift=shift.pk,
        extra_from="20:00",
        extra_to="02:00",
        withdrawn=two.reference,
        extra=one.reference.lower(),
        weight_fairness=0,
    )
    assert "Trips with a driver 2 2 " in text
    assert re.search(rf"{two.reference} \d\d:\d\d [^<]*? withdrawn", text)
    assert "without a driver" not in text.partition("Journeys that would have")[2]
    assert f"These journeys are withdrawn: {two.reference}" in text
    assert "→ 20:00–02:00" in text
    assert "fairness: 60 → 0" in text.lower()
    assert "Ask something else" in text


def test_a_change_of_nothing_says_so(signed_in: SignIn, tomorrow: Day) -> None:
    tomorrow.shift()
    tomorrow.booking()
    text = asked(signed_in(), tomorrow, weight_fairness=60)
    assert "What was asked changes nothing." in text
    assert "No journey would be moved." in text


def test_a_long_list_of_moves_is_cut(
    signed_in: SignIn, tomorrow: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.pages.what_if.MOST_MOVES", 1)
    shift = tomorrow.shift()
    for hour in (8, 10, 12):
        tomorrow.booking(hour)
    assert "2 more." in asked(signed_in(), tomorrow, without_shift=shift.pk)


def test_what_is_asked_wrongly_is_said_beside_it(signed_in: SignIn, tomorrow: Day) -> None:
    shift = tomorrow.shift()
    text = asked(
        signed_in(),
        tomorrow,
        hours_shift=shift.pk,
        extra_from="08:00",
        withdrawn="B-NONE",
        weight_fairness=9_999,
    )
    assert text.count("A shift and both hours are needed.") == 2
    assert "No journey of this day has the reference B-NONE." in text
    assert "less than or equal to 500" in text
    assert "As it would be" not in text


def test_a_day_that_cannot_be_planned_says_why(signed_in: SignIn, tomorrow: Day) -> None:
    assert "There is neither a shift nor a booking" in asked(signed_in(), tomorrow)


def test_who_may_look_and_who_may_ask(signed_in: SignIn, tomorrow: Day) -> None:
    tomorrow.shift()
    tomorrow.booking()
    address = tomorrow.url + "what-if/"
    auditor = signed_in(Role.AUDITOR)
    assert "What would be otherwise?" not in words(auditor, address)
    assert auditor.post(address).status_code == 403
    assert signed_in(Role.DRIVER).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_a_stranger_to_all_companies_finds_nothing(
    signed_in: SignIn, tomorrow: Day, django_user_model: type
) -> None:
    stranger = django_user_model.objects.create_user(username="nobody")  # type: ignore[attr-defined]
    assert signed_in(user=stranger).get(tomorrow.url + "what-if/").status_code == 404
    assert signed_in(user=stranger).get(tomorrow.url + "choices/").status_code == 404
