"""What a button says about one trip: beside the trip, once; a refusal stays on its card while it holds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone

from dispatch.enums import AssignedBy, Mobility
from dispatch.models import Assignment, Booking
from dispatch.pages.answers import MOST_KEPT, REFUSED
from dispatch.usecases.trigger_return import trigger_return
from tests.dispatch.pages.conftest import SignIn
from tests.dispatch.pages.days import Day
from tests.dispatch.pages.test_actions import plan, said
from tests.dispatch.pages.test_day_page import words
from tests.factories import make_assignment, make_patient

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse

pytestmark = pytest.mark.django_db


class TestOneBooking:
    def test_finding_a_driver(self, signed_in: SignIn, tomorrow: Day) -> None:
        shift = tomorrow.shift()
        booking = tomorrow.booking(9)
        answer = signed_in().post(
            f"/bookings/{booking.pk}/find-driver/", {"version": booking.version}
        )
        ride = Assignment.objects.get()
        pickup = timezone.localtime(ride.planned_pickup_at, tomorrow.company.tz)
        assert answer["Location"] == f"{tomorrow.url}#trip-{booking.pk}"
        assert said(answer) == f"Found: {shift.driver}, pickup at {pickup:%H:%M}."
        assert ride.assigned_by == AssignedBy.PERSON
        assert not ride.is_pinned

    def test_a_driver_who_was_found_is_told_in_their_open_row(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        shift = tomorrow.shift()
        other = tomorrow.shift(16, 19)
        booking = tomorrow.booking(9)
        client = signed_in()
        client.post(f"/bookings/{booking.pk}/find-driver/", {"version": booking.version})
        body = client.get(tomorrow.url).content.decode()
        assert f'id="shift-{shift.pk}" open' in body
        assert f'id="shift-{other.pk}">' in body
        assert f'id="trip-{booking.pk}" tabindex="-1" class="told"' in body
        text = words(client, tomorrow.url)
        assert "Found:" not in text  # said once
        assert f'id="shift-{shift.pk}">' in client.get(tomorrow.url).content.decode()

    def test_nobody_to_be_found_says_why_on_the_card_and_keeps_saying_it(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        first, second = (lying(tomorrow, hour) for hour in (9, 11))
        client = signed_in()
        for booking in (first, second):
            answer = find_driver(client, booking)
            assert answer["Location"] == f"{tomorrow.url}#trip-{booking.pk}"
        assert not Assignment.objects.exists()
        text = words(client, tomorrow.url)
        for booking in (first, second):
            told = card(text, booking)
            assert "Nobody found at" in told
            assert "with what it needs (stretcher), on duty from" in told
            assert str(booking.patient) in text
        assert "Not done" not in text

    def test_a_refusal_is_spoken_in_the_language_of_its_reader(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        booking = lying(tomorrow, 9)
        client = signed_in()
        find_driver(client, booking)
        client.post("/i18n/setlang/", {"language": "fr", "next": tomorrow.url})
        text = words(client, tomorrow.url)
        assert "Personne trouvé à" in text
        assert "brancard" in text

    @pytest.mark.parametrize("event", ["booking", "plan"])
    def test_a_refusal_is_forgotten_when_the_booking_or_the_plan_changes(
        self, signed_in: SignIn, tomorrow: Day, event: str
    ) -> None:
        booking = lying(tomorrow, 9)
        client = signed_in()
        find_driver(client, booking)
        if event == "booking":
            Booking.objects.filter(pk=booking.pk).update(version=booking.version + 1)
        else:
            client.post(plan(client, tomorrow)[1] + "apply/")
        assert "Nobody found at" not in words(client, tomorrow.url)

    def test_a_session_keeps_no_names_and_not_without_end(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        booking = lying(tomorrow, 9)
        client = signed_in()
        session = client.session
        session[REFUSED] = {str(pk): {} for pk in range(MOST_KEPT)}
        session.save()
        find_driver(client, booking)
        kept = client.session[REFUSED]
        assert len(kept) == MOST_KEPT
        assert set(kept[str(booking.pk)]) == {
            "reason",
            "advice",
            "amount",
            "shift",
            "is_pinned",
            "version",
            "at",
        }

    def test_somebody_else_was_faster(self, signed_in: SignIn, tomorrow: Day) -> None:
        tomorrow.shift()
        booking = tomorrow.booking(9)
        answer = signed_in().post(
            f"/bookings/{booking.pk}/find-driver/", {"version": booking.version - 1}
        )
        assert "changed by somebody else" in said(answer)
        assert not Assignment.objects.exists()

    @pytest.mark.parametrize(("urgent", "wait_min"), [("", 60), ("1", 30)])
    def test_a_patient_who_is_ready_gets_a_promise_and_waits_for_a_driver(
        self, signed_in: SignIn, today: Day, urgent: str, wait_min: int
    ) -> None:
        rules = today.company.rules
        assert (rules.return_wait_target_min, rules.urgent_return_window_min) == (60, 30)
        booking = today.on_call()
        client = signed_in()
        before = timezone.now()
        client.post(
            f"/bookings/{booking.pk}/ready/",
            {"version": booking.version, "urgent": urgent, "came": "1"},
        )
        booking.refresh_from_db()
        assert booking.ready_at is not None
        assert before <= booking.ready_at <= timezone.now()
        assert booking.promised_to == booking.ready_at + timedelta(minutes=wait_min)
        assert booking.is_urgent is bool(urgent)
        text = words(client, today.url)
        assert "The patient is ready: find a driver." in text
        assert "0 returns on call" in text
        waiting = text[text.index(booking.reference, text.index("Without a driver")) :]
        assert waiting.index("Find a driver") < waiting.index("Returns on call")

    def test_ready_twice_is_said_once(self, signed_in: SignIn, today: Day) -> None:
        booking = today.on_call()
        client = signed_in()
        form = {"version": booking.version, "came": "1"}
        client.post(f"/bookings/{booking.pk}/ready/", form)
        assert "changed by somebody else" in said(
            client.post(f"/bookings/{booking.pk}/ready/", form)
        )

    def test_not_ready_after_all(self, signed_in: SignIn, today: Day) -> None:
        booking = today.on_call()
        client = signed_in()
        client.post(f"/bookings/{booking.pk}/ready/", {"version": booking.version, "came": "1"})
        assert "Not ready after all" in words(client, today.url)
        booking.refresh_from_db()
        answer = client.post(f"/bookings/{booking.pk}/not-ready/", {"version": booking.version})
        assert answer["Location"] == f"{today.url}#trip-{booking.pk}"
        text = words(client, today.url)
        assert "1 return on call" in text
        assert "Taken back: the patient calls when ready." in text

    def test_a_driver_found_for_a_patient_who_is_not_ready_is_given_back(
        self, signed_in: SignIn, today: Day
    ) -> None:
        booking = today.on_call()
        booking = trigger_return(
            booking_id=booking.pk,
            ready_at=timezone.now(),
            expected_version=None,
            came_another_way=True,
        )
        shift = today.shift()
        make_assignment(booking, shift, start=booking.promised_from)
        booking.refresh_from_db()
        client = signed_in()
        text = words(client, today.url)
        assert "Not ready after all" in text[text.index("Drivers") :]
        client.post(f"/bookings/{booking.pk}/not-ready/", {"version": booking.version})
        assert not Assignment.objects.exists()

    def test_what_is_under_way_is_not_taken_back(self, signed_in: SignIn, today: Day) -> None:
        booking = today.on_call()
        client = signed_in()
        answer = client.post(f"/bookings/{booking.pk}/not-ready/", {"version": booking.version})
        assert "Nobody said of this booking" in said(answer)
        assert "Not done: Nobody said" in words(client, today.url)

    def test_what_is_said_of_a_trip_on_another_page_is_said_on_top(
        self, signed_in: SignIn, today: Day, tomorrow: Day
    ) -> None:
        booking = today.on_call()
        client = signed_in()
        client.post(f"/bookings/{booking.pk}/not-ready/", {"version": booking.version})
        assert "Not done: Nobody said" in words(client, tomorrow.url)


def lying(day: Day, hour: int) -> Booking:
    """A trip that no vehicle of the demo can take."""
    day.shift()
    return day.booking(hour, patient=make_patient(day.company, mobility=Mobility.STRETCHER))


def find_driver(client: Client, booking: Booking) -> _MonkeyPatchedWSGIResponse:
    return client.post(f"/bookings/{booking.pk}/find-driver/", {"version": booking.version})


def card(text: str, booking: Booking) -> str:
    """From the booking's reference to its button."""
    told = text[text.index(booking.reference) :]
    return told[: told.index("Find a driver")]
