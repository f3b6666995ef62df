"""One journey's own buttons: give it, take it off, write down how it goes; and who may press which."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.messages import get_messages
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from dispatch.enums import BookingStatus as S
from dispatch.enums import Leg, Role, StatusReason
from dispatch.models import Assignment, Booking, Shift, User
from dispatch.models.statuses import CANCELLATIONS, MOVES
from dispatch.pages.journey import Typed, TypedError, outcomes_of, steps_of
from dispatch.pages.seats import Seat
from dispatch.usecases.wall_time import AmbiguousTimeError
from tests.dispatch.pages.conftest import SignIn
from tests.dispatch.pages.days import Day
from tests.dispatch.pages.test_day_page import words
from tests.factories import make_assignment, make_company, make_driver, make_member, make_return

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse

pytestmark = pytest.mark.django_db

VERBS = ("give", "take-off", "progress")


def why(booking: Booking) -> str:
    return f"/bookings/{booking.pk}/why/"


def press(
    client: Client, booking: Booking, verb: str, **sent: object
) -> _MonkeyPatchedWSGIResponse:
    data = {"version": booking.version, **sent}
    return client.post(f"/bookings/{booking.pk}/{verb}/", data)


def said(answer: _MonkeyPatchedWSGIResponse) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def shift_of(day: Day, name: str, **fields: Any) -> Shift:
    return day.shift(driver=make_driver(day.company, first_name="Éva", last_name=name), **fields)


def driven(
    day: Day, status: S = S.ASSIGNED, user: User | None = None, hour: int = 9, **fields: Any
) -> Booking:
    """A journey that Modèle Éva has; at 3 o'clock, its driver may have set off at any hour of the day."""
    driver = make_driver(day.company, first_name="Éva", last_name="Modèle", user=user)
    booking = day.booking(hour, status=status, **fields)
    make_assignment(booking, day.shift(driver=driver))
    return booking


class TestGiving:
    def test_each_possible_driver_has_a_button_and_pressing_it_pins(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        shift = shift_of(tomorrow, "Libre")
        shift_of(tomorrow, "Matin", start=6, end=8)
        booking, client = tomorrow.booking(9), signed_in()
        text = words(client, why(booking))
        assert "Give to Libre Éva keep it there" in text
        assert "Give to Matin" not in text
        answer = press(client, booking, "give", shift=shift.pk, pin="1")
        assert answer["Location"] == why(booking)
        ride = Assignment.objects.get()
        assert (ride.shift, ride.is_pinned) == (shift, True)
        text = words(client, why(booking))
        assert "Libre Éva has it and keeps it, pickup at 08:55." in text
        assert "Let the planner move it" in text

    def test_without_the_tick_the_next_plan_may_move_it(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        shift, booking = shift_of(tomorrow, "Libre"), tomorrow.booking(9)
        client = signed_in()
        assert "the next plan may move it" in said(press(client, booking, "give", shift=shift.pk))
        assert not Assignment.objects.get().is_pinned
        booking.refresh_from_db()
        assert "Keep it with Libre Éva" in words(client, why(booking))
        press(client, booking, "give", shift=shift.pk, pin="1")
        assert Assignment.objects.get().is_pinned

    def test_a_rule_in_the_way_is_told_on_the_page(self, signed_in: SignIn, tomorrow: Day) -> None:
        shift, booking = shift_of(tomorrow, "Matin", start=6, end=8), tomorrow.booking(9)
        client = signed_in()
        press(client, booking, "give", shift=shift.pk, pin="1")
        assert "Not done: Matin Éva is on duty until 08:00" in words(client, why(booking))
        assert not Assignment.objects.exists()

    def test_a_shift_of_another_company_and_no_shift(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        foreign = Day(make_company(), tomorrow.on).shift()
        booking, client = tomorrow.booking(9), signed_in()
        assert "This shift does not exist" in said(press(client, booking, "give", shift=foreign.pk))
        assert press(client, booking, "give", shift="x").status_code == 404
        assert not Assignment.objects.exists()


class TestTakingOff:
    def test_the_journey_waits_again(self, signed_in: SignIn, tomorrow: Day) -> None:
        booking, client = driven(tomorrow), signed_in()
        assert "Take off Modèle Éva" in words(client, why(booking))
        press(client, booking, "take-off")
        booking.refresh_from_db()
        assert booking.status == S.CONFIRMED
        text = words(client, why(booking))
        assert "Taken off: the journey waits for a driver again." in text
        assert "Take off" not in text
        assert "Give to Modèle Éva" in text

    @pytest.mark.parametrize("verb", VERBS)
    def test_what_somebody_else_changed_meanwhile_is_left_alone(
        self, signed_in: SignIn, tomorrow: Day, verb: str
    ) -> None:
        booking = driven(tomorrow)
        shift = Shift.objects.get()
        Booking.objects.filter(pk=booking.pk).update(version=booking.version + 1)
        answer = press(signed_in(), booking, verb, shift=shift.pk, to="en_route")
        assert said(answer) == "This booking was changed by somebody else."
        booking.refresh_from_db()
        assert booking.status == S.ASSIGNED


class TestProgress:
    def test_from_the_call_to_the_door_one_button_each(self, signed_in: SignIn, today: Day) -> None:
        booking, client = driven(today, hour=3), signed_in()
        for to in ("en_route", "arrived", "on_board", "completed"):
            assert f'name="to" value="{to}"' in client.get(why(booking)).content.decode()
            assert press(client, booking, "progress", to=to)["Location"] == why(booking)
            booking.refresh_from_db()
            assert booking.status == to
        text = words(client, why(booking))
        assert "Recorded: completed." in text
        assert "Back to “on board”" in text
        press(client, booking, "progress", to="on_board")
        booking.refresh_from_db()
        assert (booking.status, booking.alighted_at) == (S.ON_BOARD, None)

    def test_a_late_entry_tells_its_time(self, signed_in: SignIn, today: Day) -> None:
        yesterday = Day(today.company, today.on - timedelta(days=1))
        booking = driven(yesterday)
        typed = f"{yesterday.on}T08:40"
        press(signed_in(), booking, "progress", to="en_route", at=typed)
        booking.refresh_from_db()
        assert booking.en_route_at == yesterday.at(8, 40)

    def test_a_cancellation_is_called_after_its_moment_whatever_was_chosen(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        booking = driven(tomorrow)
        what = "late_cancel:patient_unwell"
        told = said(press(signed_in(), booking, "progress", to="outcome", what=what))
        assert told == "Recorded: cancelled."
        booking.refresh_from_db()
        assert (booking.status, booking.status_reason) == (
            S.CANCELLED,
            StatusReason.PATIENT_UNWELL,
        )
        assert not Assignment.objects.exists()

    def test_a_call_of_the_day_before_is_written_down_later(
        self, signed_in: SignIn, today: Day
    ) -> None:
        yesterday = Day(today.company, today.on - timedelta(days=1))
        booking, typed = driven(yesterday), f"{today.on - timedelta(days=2)}T18:00"
        what = "late_cancel:patient_unwell"
        press(signed_in(), booking, "progress", to="outcome", what=what, at=typed)
        booking.refresh_from_db()
        assert booking.status == S.CANCELLED

    def test_days_ahead_nothing_is_offered_nor_taken_but_calling_it_off(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        next_week = Day(tomorrow.company, tomorrow.on + timedelta(days=6))
        booking, client = driven(next_week), signed_in()
        body = client.get(why(booking)).content.decode()
        assert 'value="cancelled:patient_unwell"' in body
        for absent in ('value="en_route"', "missed:", "late_cancel:", "same_day_cancel:"):
            assert absent not in body
        assert "cannot be true yet" in said(press(client, booking, "progress", to="en_route"))
        booking.refresh_from_db()
        assert booking.status == S.ASSIGNED

    def test_what_was_cancelled_is_found_on_the_day_and_taken_up_again(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        booking = tomorrow.booking(9, status=S.CANCELLED, status_reason=StatusReason.OTHER)
        client = signed_in()
        assert f'href="{why(booking)}"' in client.get(tomorrow.url).content.decode()
        assert "Back to “confirmed”" in words(client, why(booking))
        press(client, booking, "progress", to="confirmed")
        booking.refresh_from_db()
        assert booking.status == S.CONFIRMED

    def test_a_refusal_is_said_at_the_form_which_keeps_what_was_typed(
        self, signed_in: SignIn, today: Day
    ) -> None:
        yesterday = Day(today.company, today.on - timedelta(days=1))
        booking = driven(yesterday, S.ARRIVED, arrived_pickup_at=yesterday.at(9))
        typed, client = f"{yesterday.on}T09:02", signed_in()
        answer = press(
            client,
            booking,
            "progress",
            to="outcome",
            at=typed,
            what="no_show:patient_absent",
        )
        assert answer["Location"].endswith("#progress")
        body = client.get(answer["Location"]).content.decode()
        told = body.partition('id="progress"')[2].partition("</section>")[0]
        assert "wait until 09:05" in told
        assert f'value="{typed}"' in told
        assert 'value="no_show:patient_absent" selected' in told
        booking.refresh_from_db()
        assert booking.status == S.ARRIVED

    @pytest.mark.parametrize(
        ("sent", "refusal"),
        [
            ({"to": "outcome"}, "Choose what happened."),
            ({"to": "on_board"}, "cannot become “on board”"),
            ({"to": "outcome", "what": "missed:patient_absent"}, "one of these reasons"),
            ({"to": "en_route", "at": "soon"}, "This is no day with a time."),
            ({"to": "en_route", "at": "0001-01-01T00:00"}, "This is no day with a time."),
            ({"to": "en_route", "at": "2026-03-29T10:00+02:00"}, "This is no day with a time."),
            ({"to": "en_route", "at": "2099-01-01T10:00"}, "This lies in the future."),
            ({"to": "en_route", "at": "2026-03-29T02:30"}, "The clocks never show 02:30"),
            ({"to": "en_route", "at": "2025-10-26T02:30"}, "02:30 comes twice"),
        ],
    )
    def test_what_cannot_be_recorded_has_a_sentence(
        self, signed_in: SignIn, tomorrow: Day, sent: dict[str, str], refusal: str
    ) -> None:
        booking = driven(tomorrow)
        assert refusal in said(press(signed_in(), booking, "progress", **sent))
        booking.refresh_from_db()
        assert booking.status == S.ASSIGNED

    def test_no_status_is_no_address(self, signed_in: SignIn, tomorrow: Day) -> None:
        booking = driven(tomorrow)
        assert press(signed_in(), booking, "progress", to="asleep").status_code == 404

    def test_the_hour_that_comes_twice_is_asked_for(self, signed_in: SignIn, today: Day) -> None:
        booking, client = driven(today, hour=3), signed_in()
        assert "Which of the two hours?" not in words(client, why(booking))
        answer = press(client, booking, "progress", to="en_route", at="2025-10-26T02:30")
        assert "Which of the two hours?" in words(client, answer["Location"].partition("#")[0])
        booking = Day(today.company, date(2025, 10, 26)).booking(3, status=S.ASSIGNED)
        make_assignment(booking, Shift.objects.get())
        press(client, booking, "progress", to="en_route", at="2025-10-26T02:30", fold="1")
        booking.refresh_from_db()
        assert booking.en_route_at == datetime(2025, 10, 26, 1, 30, tzinfo=ZoneInfo("UTC"))


class TestTheReturnOfWhatDoesNotTakePlace:
    @pytest.fixture
    def there(self, tomorrow: Day) -> Booking:
        there = driven(tomorrow, leg=Leg.OUTBOUND)
        make_return(there)
        return there

    def test_it_is_named_with_a_link_and_left_alone(
        self, signed_in: SignIn, there: Booking
    ) -> None:
        back, client = Booking.objects.get(outbound=there), signed_in()
        sent = {"to": "outcome", "what": "cancelled:patient_unwell"}
        told = said(press(client, there, "progress", **sent))
        assert f"Its return {back.reference} is still “confirmed”" in told
        assert f'<a href="{why(back)}">To the return</a>' in told
        for _visit in ("just told", "later"):
            body = client.get(why(there)).content.decode()
            assert body.count(f'<a href="{why(back)}">To the return</a>') == 1
        back.refresh_from_db()
        assert back.status == S.CONFIRMED

    def test_a_tick_cancels_it_too(self, signed_in: SignIn, there: Booking) -> None:
        back, client = Booking.objects.get(outbound=there), signed_in()
        assert f"cancel its return {back.reference} too" in words(client, why(there))
        sent = {"to": "outcome", "what": "cancelled:patient_unwell", "cancel_return": back.version}
        assert said(press(client, there, "progress", **sent)) == "Recorded: cancelled."
        back.refresh_from_db()
        assert (back.status, back.status_reason) == (S.CANCELLED, "patient_unwell")
        assert "To the return" not in words(client, why(there))

    def test_both_or_neither(self, signed_in: SignIn, there: Booking) -> None:
        back, client = Booking.objects.get(outbound=there), signed_in()
        Booking.objects.filter(pk=back.pk).update(version=back.version + 1)
        sent = {"to": "outcome", "what": "cancelled:patient_unwell", "cancel_return": back.version}
        assert "changed by somebody else" in said(press(client, there, "progress", **sent))
        there.refresh_from_db()
        assert there.status == S.ASSIGNED

    def test_a_driver_is_told_without_a_link(self, signed_in: SignIn, today: Day) -> None:
        yesterday, user = (
            Day(today.company, today.on - timedelta(days=1)),
            make_member(today.company, Role.DRIVER),
        )
        there = driven(
            yesterday, S.ARRIVED, user, leg=Leg.OUTBOUND, arrived_pickup_at=yesterday.at(9)
        )
        make_return(there)
        sent = {"to": "outcome", "what": "no_show:patient_absent"}
        told = said(press(signed_in(user=user), there, "progress", **sent))
        assert "Its return" in told
        assert "<a" not in told


class TestWhoMayPress:
    @pytest.mark.parametrize("verb", VERBS)
    @pytest.mark.parametrize("role", [Role.AUDITOR, Role.DRIVER])
    def test_neither_who_looks_nor_another_driver(
        self, signed_in: SignIn, tomorrow: Day, verb: str, role: Role
    ) -> None:
        booking, client = driven(tomorrow), signed_in(role)
        answer = press(client, booking, verb, shift=Shift.objects.get().pk, to="en_route")
        assert answer.status_code == 403
        booking.refresh_from_db()
        assert booking.status == S.ASSIGNED

    def test_an_auditor_reads_and_has_no_button(self, signed_in: SignIn, tomorrow: Day) -> None:
        shift_of(tomorrow, "Libre")
        body = signed_in(Role.AUDITOR).get(why(driven(tomorrow))).content.decode()
        main = body.partition("<main")[2]
        assert "Libre" in main
        assert "<form" not in main

    @pytest.mark.parametrize("verb", VERBS)
    def test_outsiders_strangers_looks_and_other_sites(
        self, signed_in: SignIn, tomorrow: Day, verb: str
    ) -> None:
        booking, sent = driven(tomorrow), {"shift": 1, "to": "en_route"}
        outsider = signed_in(user=make_member(make_company(), Role.ADMIN))
        assert press(outsider, booking, verb, **sent).status_code == 404
        assert press(Client(), booking, verb, **sent)["Location"].startswith("/login/?next=")
        member = signed_in()
        assert member.get(f"/bookings/{booking.pk}/{verb}/").status_code == 405
        assert member.post(f"/bookings/{booking.pk}/{verb}/", sent).status_code == 404
        other_site = Client(enforce_csrf_checks=True)
        other_site.force_login(make_member(tomorrow.company))
        assert press(other_site, booking, verb, **sent).status_code == 403


class TestTheDriverOfTheJourney:
    def test_records_own_steps_from_the_page_of_the_day(
        self, signed_in: SignIn, today: Day
    ) -> None:
        user = make_member(today.company, Role.DRIVER)
        booking = driven(today, user=user, hour=3)
        client = signed_in(user=user)
        body = client.get(today.url).content.decode()
        assert f"/bookings/{booking.pk}/progress/" in body
        assert 'value="en_route"' in body
        assert "late_cancel" not in body
        answer = press(client, booking, "progress", to="en_route")
        assert answer["Location"] == f"{today.url}#trip-{booking.pk}"
        assert "Recorded: on the way." in words(client, today.url)
        booking.refresh_from_db()
        assert booking.status == S.EN_ROUTE
        assert client.get(why(booking)).status_code == 403

    def test_a_refusal_is_told_beside_the_journey(self, signed_in: SignIn, today: Day) -> None:
        user = make_member(today.company, Role.DRIVER)
        booking = driven(today, user=user, hour=3)
        client = signed_in(user=user)
        press(client, booking, "progress", to="completed")
        assert "Not done: A booking that is “assigned” cannot" in words(client, today.url)

    def test_what_the_office_decides_is_refused(self, signed_in: SignIn, today: Day) -> None:
        user = make_member(today.company, Role.DRIVER)
        booking = driven(today, user=user, hour=3)
        client = signed_in(user=user)
        what = "late_cancel:weather"
        assert press(client, booking, "progress", to="outcome", what=what).status_code == 403
        assert press(client, booking, "give", shift=Shift.objects.get().pk).status_code == 403
        assert press(client, booking, "take-off").status_code == 403

    def test_the_office_s_page_of_the_day_has_no_such_buttons(
        self, signed_in: SignIn, today: Day
    ) -> None:
        booking = driven(today)
        assert (
            f"/bookings/{booking.pk}/progress/" not in signed_in().get(today.url).content.decode()
        )


class TestWhatIsOffered:
    @pytest.mark.parametrize("status", list(S))
    def test_every_move_but_giving_taking_off_the_partner_and_one_cancellation(
        self, tomorrow: Day, status: S
    ) -> None:
        seat, booking = seat_for(tomorrow, Role.DISPATCHER), tomorrow.booking(9)
        booking.status, late = status, tomorrow.at(9)
        offered = {step.to for step in steps_of(booking, seat, late)}
        for outcome in outcomes_of(booking, seat, late):
            offered |= {S(choice.value.partition(":")[0]) for choice in outcome.choices}
        apart = {S.CONFIRMED: {S.ASSIGNED}, S.ASSIGNED: {S.CONFIRMED}}.get(status, set())
        other = CANCELLATIONS - {S.CANCELLED if status is S.DRAFT else S.LATE_CANCEL}
        assert offered == MOVES[status] - apart - other - {S.PARTNER}

    def test_the_way_forward_comes_first(self, tomorrow: Day) -> None:
        booking = tomorrow.booking(9)
        booking.status = S.ARRIVED
        found = steps_of(booking, seat_for(tomorrow, Role.DRIVER), tomorrow.at(9))
        assert [step.words for step in found] == ["on board", "Back to “on the way”"]

    def test_nothing_typed_is_now(self, tomorrow: Day) -> None:
        now = timezone.now()
        assert Typed().moment(tomorrow.company, now) == now

    def test_a_long_text_is_no_time(self, tomorrow: Day) -> None:
        typed = Typed.of(QueryDict("at=" + "9" * 5000))
        with pytest.raises(TypedError):
            typed.moment(tomorrow.company, timezone.now())

    def test_an_answer_that_is_neither_hour_asks_again(self, tomorrow: Day) -> None:
        with pytest.raises(AmbiguousTimeError):
            Typed("2025-10-26T02:30", "7").moment(tomorrow.company, timezone.now())


def seat_for(day: Day, role: Role) -> Seat:
    user = make_member(day.company, role)
    return Seat(user=user, company=day.company, role=role, companies=(day.company,))
