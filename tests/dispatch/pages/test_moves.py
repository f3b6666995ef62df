"""A swap and another time on a journey's page: shown first, put in force as shown, and the way back."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from dispatch.enums import BookingStatus, Role
from dispatch.models import Assignment, Booking
from tests.dispatch.pages.conftest import SignIn
from tests.dispatch.pages.days import Day
from tests.dispatch.pages.test_day_page import words
from tests.factories import make_assignment, make_driver, make_patient

pytestmark = pytest.mark.django_db


def path(booking: Booking) -> str:
    return f"/bookings/{booking.pk}/drivers/"


def forms(client: Client, address: str, *, action: str = "move") -> list[dict[str, str]]:
    """What each form of the page that moves the journey would send, its box ticked."""
    page = client.get(address).content.decode()
    wanted = rf'<form method="post" action="[^"]*/{action}/".*?</form>'
    found = re.findall(wanted, page, re.DOTALL)
    return [dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) for form in found]


def move(client: Client, booking: Booking, form: dict[str, str]) -> str:
    answer = client.post(f"/bookings/{booking.pk}/move/", form, follow=True)
    return answer.content.decode()


@pytest.fixture
def pair(tomorrow: Day) -> tuple[Booking, Booking]:
    """Nine o'clock with Éva, half past nine with Léa."""
    found = []
    for name, minute in (("Éva", 0), ("Léa", 30)):
        driver = make_driver(tomorrow.company, first_name=name, last_name="Exemple")
        patient = make_patient(tomorrow.company, last_name=f"Patiente de {name}")
        booking = tomorrow.booking(9, minute, patient=patient)
        make_assignment(booking, tomorrow.shift(driver=driver))
        found.append(booking)
    return found[0], found[1]


class TestSwap:
    def test_it_is_shown_put_in_force_and_taken_back(
        self, signed_in: SignIn, pair: tuple[Booking, Booking]
    ) -> None:
        mine, other = pair
        client = signed_in()
        before = dict(Assignment.objects.values_list("booking_id", "driver_id"))
        page = client.get(path(mine)).content.decode()
        assert f'<option value="{other.pk}">09:25 · Exemple Léa · ' in page
        text = words(client, f"{path(mine)}?with={other.pk}")
        assert "Swap drivers with Patiente de Léa" in text
        assert "Exemple Éva → Exemple Léa" in text
        assert "Exemple Léa → Exemple Éva" in text
        assert "Broken promises none" in text
        assert "Journeys that move 2" in text
        (form,) = forms(client, f"{path(mine)}?with={other.pk}")
        answer = move(client, mine, form)
        assert "Done: Swap drivers with Patiente de Léa" in answer
        now = dict(Assignment.objects.values_list("booking_id", "driver_id"))
        assert now == {mine.pk: before[other.pk], other.pk: before[mine.pk]}
        assert Assignment.objects.filter(is_pinned=True).count() == 2
        (back,) = re.findall(r'href="([^"]*)">Take it back', answer)
        (form,) = forms(client, back)
        move(client, mine, form)
        assert dict(Assignment.objects.values_list("booking_id", "driver_id")) == before

    def test_nothing_is_swapped_that_changed_meanwhile(
        self, signed_in: SignIn, pair: tuple[Booking, Booking]
    ) -> None:
        mine, other = pair
        client = signed_in()
        (form,) = forms(client, f"{path(mine)}?with={other.pk}")
        Booking.objects.filter(pk=other.pk).update(version=9)
        assert "please look again at what it would do." in move(client, mine, form)
        assert not Assignment.objects.filter(is_pinned=True).exists()

    def test_whom_it_cannot_be_swapped_with(
        self, signed_in: SignIn, tomorrow: Day, pair: tuple[Booking, Booking]
    ) -> None:
        alone = tomorrow.booking(11)
        client = signed_in()
        assert 'name="with"' not in client.get(path(alone)).content.decode()
        text = words(client, f"{path(alone)}?with={pair[0].pk}")
        assert "Both journeys need a driver" in text
        for nobody in ("999999", "x", "²", "9" * 30):
            assert client.get(f"{path(alone)}?with={nobody}").status_code == 404


class TestAnotherTime:
    def test_it_is_shown_put_in_force_and_taken_back(
        self, signed_in: SignIn, tomorrow: Day, pair: tuple[Booking, Booking]
    ) -> None:
        mine, _other = pair
        was = (mine.promised_from, mine.promised_to, mine.requested_at)
        client = signed_in()
        page = client.get(path(mine)).content.decode()
        assert 'name="at" value="09:00"' in page
        assert 'href="?at=09%3A15">+15 min</a>' in page
        text = words(client, f"{path(mine)}?at=10:00")
        assert "tell the patient" in text
        assert "+60 min" in text
        (form,) = forms(client, f"{path(mine)}?at=10:00")
        answer = move(client, mine, form)
        mine.refresh_from_db()
        assert mine.requested_at == tomorrow.at(10)
        assert mine.status == BookingStatus.ASSIGNED
        (back,) = re.findall(r'href="([^"]*)">Take it back', answer)
        (form,) = forms(client, html.unescape(back))
        move(client, mine, form)
        mine.refresh_from_db()
        assert (mine.promised_from, mine.promised_to, mine.requested_at) == was

    def test_a_driver_who_is_not_there_then_may_be_taken_off(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        """On duty until ten, asked for at one: refused with why, or promised and left to somebody else."""
        booking = tomorrow.booking(9)
        make_assignment(booking, tomorrow.shift(end=10))
        client = signed_in()
        text = words(client, f"{path(booking)}?at=13:00")
        assert "is on duty until 10:00 at the latest" in text
        assert "without a driver for now" in text
        (form,) = forms(client, f"{path(booking)}?at=13:00")
        assert "Done: Promised for 12:55–13:15, without a driver for now." in move(
            client, booking, form
        )
        booking.refresh_from_db()
        assert (booking.status, booking.requested_at) == (
            BookingStatus.CONFIRMED,
            tomorrow.at(13),
        )

    def test_a_late_hour_offers_no_later_day(self, signed_in: SignIn, tomorrow: Day) -> None:
        late = tomorrow.booking(23, 40)
        page = signed_in().get(path(late)).content.decode()
        assert "+15 min" in page
        assert "+30 min" not in page

    @pytest.mark.parametrize(
        ("query", "status", "said"),
        [
            ("at=x", 200, "This is no time of the clock."),
            ("at=", 200, "This is no time of the clock."),
            ("from=x&to=y", 404, ""),
            ("from=2026-06-17T09:00:00", 404, ""),
            ("from=2026-06-17T09:00:00Z&to=2026-06-17T09:20:00Z", 200, "This is another day"),
        ],
    )
    def test_what_is_no_time(
        self, signed_in: SignIn, tomorrow: Day, query: str, status: int, said: str
    ) -> None:
        tomorrow.shift()
        answer = signed_in().get(f"{path(tomorrow.booking(9))}?{query}")
        assert answer.status_code == status
        assert said in answer.content.decode()


class TestTakingOff:
    def test_it_is_shown_and_done_as_shown(
        self, signed_in: SignIn, pair: tuple[Booking, Booking]
    ) -> None:
        mine, _other = pair
        client = signed_in()
        assert f"{path(mine)}?off=1" in client.get(f"/bookings/{mine.pk}/why/").content.decode()
        text = words(client, f"{path(mine)}?off=1")
        assert "Take off Exemple Éva" in text
        assert "Patiente de Éva" in text
        (form,) = forms(client, f"{path(mine)}?off=1", action="take-off")
        stale = client.post(
            f"/bookings/{mine.pk}/take-off/", form | {"token": "x"}, follow=True
        ).content.decode()
        assert "The day changed meanwhile" in stale
        assert Assignment.objects.filter(booking=mine).exists()
        client.post(f"/bookings/{mine.pk}/take-off/", form)
        assert not Assignment.objects.filter(booking=mine).exists()
        assert client.get(f"{path(mine)}?off=1").status_code == 404


def test_a_form_that_asks_nothing(signed_in: SignIn, pair: tuple[Booking, Booking]) -> None:
    answer = signed_in().post(f"/bookings/{pair[0].pk}/move/", {"version": "2", "token": "x"})
    assert answer.status_code == 404


def test_auditors_look_and_do_not_move(signed_in: SignIn, pair: tuple[Booking, Booking]) -> None:
    mine, other = pair
    client = signed_in(Role.AUDITOR)
    address = f"{path(mine)}?with={other.pk}"
    assert "Broken promises none" in words(client, address)
    assert forms(client, address) == []
    form = {"version": "2", "with": str(other.pk), "token": "x"}
    assert client.post(f"/bookings/{mine.pk}/move/", form).status_code == 403


class TestOnCall:
    def test_today_there_is_the_button(self, signed_in: SignIn, today: Day) -> None:
        client, back = signed_in(), today.on_call()
        text = words(client, path(back))
        assert "Until then nothing is promised" in text
        assert "Is the patient ready all the same?" in text
        assert "Or otherwise" not in text
        assert f'action="/bookings/{back.pk}/ready/"' in client.get(path(back)).content.decode()
        auditor = signed_in(Role.AUDITOR).get(path(back)).content.decode()
        assert "/ready/" not in auditor

    def test_tomorrow_the_patient_calls_then(self, signed_in: SignIn, tomorrow: Day) -> None:
        text = words(signed_in(), path(tomorrow.on_call()))
        assert "The patient calls on the day itself." in text

    def test_what_was_called_off(self, signed_in: SignIn, tomorrow: Day) -> None:
        back = tomorrow.on_call(status=BookingStatus.CANCELLED, status_reason="weather")
        text = words(signed_in(), path(back))
        assert "does not wait for its call any more" in text
