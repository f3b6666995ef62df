"""The page that says why a journey is with its driver, or with nobody."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone, translation

from dispatch.enums import BookingStatus, Mobility, Role
from dispatch.usecases.explain_booking import Argument
from tests.dispatch.pages.conftest import SignIn
from tests.dispatch.pages.days import Day
from tests.dispatch.pages.test_day_page import plan_in_force, words
from tests.factories import (
    make_assignment,
    make_company,
    make_driver,
    make_member,
    make_patient,
    make_place,
)

pytestmark = pytest.mark.django_db


def driver(day: Day, name: str, **fields: Any) -> None:
    day.shift(driver=make_driver(day.company, first_name="Éva", last_name=name), **fields)


def why(booking_id: int) -> str:
    return f"/bookings/{booking_id}/why/"


class TestWhatIsShown:
    def test_the_driver_the_reasons_and_the_others_with_their_prices(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        driver(tomorrow, "Proche")
        driver(tomorrow, "Loin", start_place=make_place(tomorrow.company, lat=46.30, lon=6.25))
        driver(tomorrow, "Matin", start=6, end=8)
        booking = tomorrow.booking(9)
        plan_in_force(tomorrow)
        text = words(signed_in(), why(booking.pk))
        assert "Proche Éva drives this journey." in text
        assert "Proche Éva is the best choice: with Loin Éva the plan would cost" in text
        assert "nothing has changed since it was put in force" in text
        assert "possible Possible, but the plan would cost" in text
        assert re.search(r"less driving than with Loin Éva\. · \+\d+ points", text)
        assert "not possible Matin Éva is on duty until 08:00 at the latest," in text
        assert "planned 08:55 →" in text
        assert "A point is the price of about one second" in text

    def test_what_was_weighed_before_the_day_changed_offers_nobody(
        self, signed_in: SignIn, tomorrow: Day, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        driver(tomorrow, "Proche")
        driver(tomorrow, "Loin", start_place=make_place(tomorrow.company, lat=46.30, lon=6.25))
        booking = tomorrow.booking(9)
        plan_in_force(tomorrow)
        client = signed_in()
        assert "Give to Loin Éva" in words(client, why(booking.pk))
        soon = tomorrow.at(8, 45)
        monkeypatch.setattr(timezone, "now", lambda: soon)
        text = words(client, why(booking.pk))
        assert "was possible then When the plan was made: Possible, but" in text
        assert "Give to" not in text
        assert "is weighed anew. Compare drivers" in text

    def test_a_journey_nobody_can_take(self, signed_in: SignIn, tomorrow: Day) -> None:
        driver(tomorrow, "Seule")
        lying = make_patient(tomorrow.company, mobility=Mobility.STRETCHER)
        booking = tomorrow.booking(9, patient=lying)
        plan_in_force(tomorrow)
        text = words(signed_in(Role.AUDITOR), why(booking.pk))
        assert "Nobody drives this journey. No shift on duty has all the skills" in text
        assert "Each driver on duty" in text
        assert "Seule Éva lacks what this trip needs: stretcher." in text
        assert "A point is" not in text  # none is shown

    def test_a_journey_of_long_ago_that_nobody_ended(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        """Its clock runs for years: there is a page all the same."""
        long_ago = Day(tomorrow.company, tomorrow.on.replace(day=1) - timedelta(days=800))
        booking = long_ago.booking(9)
        make_assignment(booking, long_ago.shift())
        assert "drives this journey" in words(signed_in(), why(booking.pk))

    def test_a_draft_has_one_sentence(self, signed_in: SignIn, tomorrow: Day) -> None:
        booking = tomorrow.booking(status=BookingStatus.DRAFT)
        text = words(signed_in(), why(booking.pk))
        assert "a draft: it is planned once it is confirmed." in text
        assert "Each driver" not in text

    def test_a_pinned_journey_says_how_the_others_were_asked(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        driver(tomorrow, "Autre")
        booking = tomorrow.booking(9)
        make_assignment(booking, tomorrow.shift(), is_pinned=True)
        text = words(signed_in(), why(booking.pk))
        assert "A person fixed this trip with" in text
        assert "Asked as if the journey were not pinned." in text

    def test_the_page_of_the_day_leads_there(self, signed_in: SignIn, tomorrow: Day) -> None:
        driver(tomorrow, "Seule")
        lying = make_patient(tomorrow.company, mobility=Mobility.STRETCHER)
        rows = [tomorrow.booking(9), tomorrow.booking(10, patient=lying)]
        plan_in_force(tomorrow)
        body = signed_in().get(tomorrow.url).content.decode()
        assert all(body.count(f'href="{why(row.pk)}"') == 1 for row in rows)

    def test_in_french(self, signed_in: SignIn, tomorrow: Day) -> None:
        driver(tomorrow, "Seule")
        booking = tomorrow.booking(9)
        client = signed_in()
        client.cookies["django_language"] = "fr"
        text = words(client, why(booking.pk))
        assert "Personne ne fait cette course. Quelqu’un peut pourtant la prendre." in text
        assert "Seule Éva peut prendre cette course" in text


class TestWhoMayLook:
    def test_a_driver_may_not_and_sees_no_link(self, signed_in: SignIn, tomorrow: Day) -> None:
        user = make_member(tomorrow.company, Role.DRIVER)
        shift = tomorrow.shift(driver=make_driver(tomorrow.company, user=user))
        booking = tomorrow.booking(9)
        make_assignment(booking, shift)
        client = signed_in(user=user)
        assert client.get(why(booking.pk)).status_code == 403
        assert why(booking.pk) not in client.get(tomorrow.url).content.decode()

    def test_outsiders_strangers_and_unknown_journeys(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        booking = tomorrow.booking(9)
        outsider = signed_in(user=make_member(make_company(), Role.ADMIN))
        assert outsider.get(why(booking.pk)).status_code == 404
        assert signed_in().get(why(booking.pk + 1)).status_code == 404
        assert Client().get(why(booking.pk)).status_code == 302
        assert signed_in().post(why(booking.pk)).status_code == 405


@pytest.mark.parametrize(
    ("points", "said"), [(-43, "-43 points"), (1, "+1 point"), (-1, "-1 point"), (2, "+2 points")]
)
def test_points_saved_are_counted_in_french_as_points_added(points: int, said: str) -> None:
    reason = Argument(key="x", sentence="", points=points)
    with translation.override("fr"):
        told = render_to_string(
            "pages/_points.html", {"points": reason.points, "size": reason.size}
        )
    assert told.strip() == said
