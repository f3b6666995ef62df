"""The page of a day: who drives whom when, who has no driver and why, and how good the day is."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dispatch.enums import BookingStatus, Mobility, Role, RunStatus, RunTrigger
from dispatch.models import Absence, Company, DispatchRun
from dispatch.notes import Note, NoteKey
from dispatch.pages.day_board import MOST_LISTED
from dispatch.pages.policy import CONTENT_POLICY
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from tests.dispatch.pages.conftest import SignIn
from tests.dispatch.pages.days import Day
from tests.factories import (
    bring,
    make_assignment,
    make_break,
    make_company,
    make_driver,
    make_establishment,
    make_member,
    make_patient,
    make_run,
    make_vehicle,
)

pytestmark = pytest.mark.django_db

FAR = date(2031, 6, 20)  # a Friday
MOST_QUERIES = 17  # four of them say which shifts cannot drive


def words(client: Client, url: str) -> str:
    """The text of the page as a person reads it."""
    answer = client.get(url)
    assert answer.status_code == 200
    body = answer.content.decode().partition("<main")[2]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def failed_run(day: Day) -> DispatchRun:
    error = Note(NoteKey.DAY_BUSY).to_json()
    ended = {"status": RunStatus.FAILED, "started_at": day.at(5), "finished_at": day.at(5)}
    return make_run(day.company, service_on=day.on, error=error, **ended)


def plan_in_force(day: Day) -> DispatchRun:
    run = request_run(company=day.company, day=day.on, trigger=RunTrigger.MANUAL, by=None)
    run_dispatch(run_id=run.pk, clock=timezone.now)
    return apply_plan(run_id=run.pk, by=None, now=timezone.now()).run


class TestWhatIsShown:
    def test_a_driver_s_trips_in_order_with_times_needs_and_places(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        shift = tomorrow.shift(
            driver=make_driver(tomorrow.company, last_name="Modèle", first_name="Éva"),
            vehicle=make_vehicle(tomorrow.company, name="Fourgon 7"),
        )
        make_break(shift, earliest_at=tomorrow.at(12), latest_at=tomorrow.at(13), duration_min=45)
        clinic = make_establishment(name="Clinique des Essais")
        patient = make_patient(
            tomorrow.company,
            last_name="Exemple",
            first_name="Ida",
            mobility=Mobility.WHEELCHAIR_FIXED,
            escort_seats=1,
            needs_oxygen=True,
        )
        second = tomorrow.booking(11, patient=patient, appointment_at=tomorrow.at(12))
        first = tomorrow.booking(9, dropoff=clinic)
        for booking in (second, first):
            make_assignment(booking, shift)
        text = words(signed_in(), tomorrow.url)
        assert "Modèle Éva Fourgon 7 07:00–19:00" in text
        assert "break of 45 min, begins between 12:00 and 13:00" in text
        assert text.index(first.reference) < text.index(second.reference)
        assert "08:55 → 09:23 08:55–09:15" in text  # planned, then promised
        assert "→ Clinique des Essais" in text
        assert "wheelchair oxygen +1 escort" in text
        assert "12:00 20 min of slack assigned" in text

    def test_a_driver_who_is_away_is_marked_with_what_needs_another_driver(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        shift = tomorrow.shift()
        make_assignment(tomorrow.booking(9, status=BookingStatus.ASSIGNED), shift)
        assert "to give to another driver" not in words(signed_in(), tomorrow.url)
        Absence.objects.create(driver=shift.driver, first_on=tomorrow.on, last_on=tomorrow.on)
        text = words(signed_in(), tomorrow.url)
        assert f"{shift.driver} {shift.vehicle.name} driver absent 07:00–19:00" in text
        assert "1 to give to another driver" in text
        assert "of slack" not in text  # nobody comes: neither in time nor late

    def test_a_day_on_which_nothing_happens(self, signed_in: SignIn, tomorrow: Day) -> None:
        text = words(signed_in(), tomorrow.url)
        assert "No plan is in force for this day." in text
        assert "Nobody is on duty on this day." in text
        assert "No trip is booked for this day." in text
        assert "Plan this day" not in text  # there is nothing to plan

    def test_what_is_said_where_nobody_waits_is_true_whatever_else_the_day_holds(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        shift = tomorrow.shift()
        gone = tomorrow.booking(10, status=BookingStatus.CANCELLED, status_reason="weather")
        text = words(signed_in(), tomorrow.url)
        assert "No trip waits for a driver." in text
        assert "No trip is booked" not in text
        make_assignment(tomorrow.booking(9, status=BookingStatus.ASSIGNED), shift)
        assert "No trip waits for a driver." in words(signed_in(), tomorrow.url)
        gone.delete()
        assert "Every trip has a driver." in words(signed_in(), tomorrow.url)
        there = tomorrow.on_call().outbound
        assert there is not None
        make_assignment(there, shift)
        assert "No trip waits for a driver." in words(signed_in(), tomorrow.url)
        Absence.objects.create(driver=shift.driver, first_on=tomorrow.on, last_on=tomorrow.on)
        assert "2 trips need another driver." in words(signed_in(), tomorrow.url)

    def test_who_opens_a_quiet_day_is_led_to_the_next_working_day(
        self, signed_in: SignIn, today: Day
    ) -> None:
        for days in (1, 2, 3):  # one of them is the next working day, whatever today is
            Day(today.company, today.on + timedelta(days=days)).booking(9)
        text = words(signed_in(), today.url)
        assert re.search(r"(Mon|Tues|Wednes|Thurs|Fri)day \d+ \w+ · 1 trip, not planned yet", text)
        assert "not planned yet" not in words(signed_in(), Day(today.company, FAR).url)

    def test_on_a_day_that_is_over_every_trip_had_a_driver(
        self, signed_in: SignIn, company: Company
    ) -> None:
        past = Day(company, timezone.localdate() - timedelta(days=3))
        make_assignment(past.booking(9, status=BookingStatus.ASSIGNED), past.shift())
        assert "Every trip had a driver." in words(signed_in(), past.url)

    def test_two_patients_of_one_name_are_told_apart_by_their_references(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        company = tomorrow.company
        one, two, other = (
            make_patient(company, last_name=last, first_name="Ida", reference=reference)
            for last, reference in (("Exemple", "P-1"), ("Exemplé", "P-2"), ("Autre", "P-3"))
        )
        tomorrow.booking(9, patient=one)
        tomorrow.booking(11, patient=one)
        text = words(signed_in(), tomorrow.url)
        assert "P-1" not in text  # the same person twice
        make_assignment(tomorrow.booking(10, patient=two), tomorrow.shift())
        tomorrow.booking(12, patient=other)
        text = words(signed_in(), tomorrow.url)
        assert "Exemple Ida (P-1)" in text
        assert "Exemplé Ida (P-2)" in text
        assert "P-3" not in text

    def test_whoever_may_use_the_desks_is_shown_the_way_there(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        clerk = make_member(tomorrow.company, is_staff=True)
        text = words(signed_in(user=clerk), tomorrow.url)
        for way in ("Book a trip", "import a file", "Add one shift"):
            assert way in text
            assert way not in words(signed_in(), tomorrow.url)

    def test_many_trips_that_wait_for_the_plan_do_not_bury_the_page(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        *_others, last = [tomorrow.booking(9, minute) for minute in range(MOST_LISTED)]
        client = signed_in()
        assert "Show the list" not in words(client, tomorrow.url)
        tomorrow.booking(10)
        assert "They wait to be planned all together. Show the list" in words(client, tomorrow.url)
        client.post(f"/bookings/{last.pk}/find-driver/", {"version": "0"})
        assert "Show the list" not in words(client, tomorrow.url)  # the answer is seen

    def test_a_trip_nobody_can_take_says_why_and_what_would_help(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        tomorrow.shift()
        chair = make_patient(tomorrow.company, mobility=Mobility.STRETCHER)
        lying = tomorrow.booking(10, patient=chair)
        plan_in_force(tomorrow)
        text = words(signed_in(), tomorrow.url)
        assert "1 without a driver" in text
        (row,) = DispatchRun.objects.get().unassigned.all()
        assert row.booking == lying
        told = text[text.index(lying.reference) :]
        assert "with what it needs (stretcher), on duty from" in told[: told.index("Find a driver")]

    def test_the_plan_in_force_is_named_with_its_figures(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        tomorrow.shift()
        tomorrow.booking(10)
        plan_in_force(tomorrow)
        text = words(signed_in(), tomorrow.url)
        assert "Plan in force: version 1" in text
        assert "estimated travel times" in text
        assert "assignment rate predicted 100.0 %" in text
        assert "1 / 1" in text

    def test_a_past_day_shows_what_was_recorded(self, signed_in: SignIn, today: Day) -> None:
        past = Day(today.company, today.on - timedelta(days=3))
        booking = past.booking(9)
        make_assignment(booking, past.shift())
        bring(
            booking,
            BookingStatus.COMPLETED,
            arrived_pickup_at=past.at(9, 20),
            boarded_at=past.at(9, 23),
            arrived_dropoff_at=past.at(9, 40),
            alighted_at=past.at(9, 42),
        )
        text = words(signed_in(), past.url)
        assert "pickup on-time rate 0.0 % ! off target 0 / 1" in text
        assert "5 min late" in text
        assert "predicted" not in text
        assert "No plan was in force on this day." in text
        assert "Plan this day" not in text

    def test_a_past_day_without_anything(self, signed_in: SignIn, today: Day) -> None:
        text = words(signed_in(), f"/days/{today.on - timedelta(days=1)}/")
        assert "Nobody was on duty on this day." in text
        assert "Put drivers on duty" not in text

    def test_returns_on_call_wait_apart(self, signed_in: SignIn, today: Day) -> None:
        waiting = today.on_call()
        text = words(signed_in(), today.url)
        assert "1 return on call" in text
        told = text[text.index(waiting.reference) :]
        assert told.index("Ready") < told.index("Drivers")

    def test_a_call_before_the_outbound_journey_is_done_is_asked_back(
        self, signed_in: SignIn, today: Day
    ) -> None:
        waiting = today.on_call()
        question = "The outbound journey is not recorded as done: it is “confirmed”."
        client = signed_in()
        text = words(client, today.url)
        assert f"{question} Is the patient ready all the same? Yes, ready" in text
        assert waiting.outbound is not None
        driven = {"boarded_at": today.at(8), "alighted_at": today.at(9)}
        bring(waiting.outbound, BookingStatus.COMPLETED, **driven)
        text = words(client, today.url)
        assert "Ready Ready, urgent" in text
        assert "all the same" not in text

    @pytest.mark.parametrize(
        ("days", "sentence"), [(1, "The patient calls on the day itself."), (-1, "Nobody called.")]
    )
    def test_patients_call_on_the_day_itself(
        self, signed_in: SignIn, today: Day, days: int, sentence: str
    ) -> None:
        day = Day(today.company, today.on + timedelta(days=days))
        day.on_call()
        text = words(signed_in(), day.url)
        assert sentence in text
        assert "Ready" not in text

    def test_nobody_is_looked_for_on_a_past_day(self, signed_in: SignIn, today: Day) -> None:
        Day(today.company, today.on - timedelta(days=1)).booking(9)
        text = words(signed_in(), f"/days/{today.on - timedelta(days=1)}/")
        assert "Nobody drove this trip, and nothing is recorded about it." in text
        assert "Find a driver" not in text

    def test_what_is_not_driven_is_not_lost(self, signed_in: SignIn, tomorrow: Day) -> None:
        gone = tomorrow.booking(9, status=BookingStatus.CANCELLED, status_reason="patient_request")
        tomorrow.booking(10, status=BookingStatus.DRAFT)
        text = words(signed_in(), tomorrow.url)
        assert "Not driven 1" in text
        assert "cancelled: patient's request" in text[text.index(gone.reference) :]
        assert "1 draft" in text

    def test_times_are_those_of_the_company(self, tomorrow: Day) -> None:
        far = make_company(time_zone="America/Montreal")
        day = Day(far, tomorrow.on)
        day.booking(9)  # 09:00 in Geneva is 03:00 there
        client = Client()
        client.force_login(make_member(far))
        assert "02:55–03:15" in words(client, day.url)

    def test_a_failed_run_says_why(self, signed_in: SignIn, tomorrow: Day) -> None:
        make_run(
            tomorrow.company,
            service_on=tomorrow.on,
            status=RunStatus.FAILED,
            started_at=timezone.now(),
            finished_at=timezone.now(),
            error="The road was closed.",
        )
        assert "Version 1 failed: The road was closed." in words(signed_in(), tomorrow.url)

    def test_a_day_with_nothing_to_plan_says_so(self, signed_in: SignIn, tomorrow: Day) -> None:
        client = signed_in()
        client.post(tomorrow.url + "plan/")
        assert "There is neither a shift nor a booking" in words(client, tomorrow.url)


class TestRoles:
    def test_a_driver_sees_their_own_day_and_nothing_else(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        user = make_member(tomorrow.company, Role.DRIVER)
        mine = tomorrow.shift(driver=make_driver(tomorrow.company, user=user))
        own, foreign = tomorrow.booking(9), tomorrow.booking(10)
        make_assignment(own, mine)
        make_assignment(foreign, tomorrow.shift())
        waiting = tomorrow.booking(11)
        text = words(signed_in(user=user), tomorrow.url)
        assert own.reference in text
        assert "Your day 1" in text
        for hidden in (foreign.reference, waiting.reference, "Plan this day", "Find a driver"):
            assert hidden not in text

    def test_an_auditor_sees_everything_and_finds_no_button(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        tomorrow.shift()
        booking = tomorrow.booking(9)
        text = words(signed_in(Role.AUDITOR), tomorrow.url)
        assert booking.reference in text
        assert "Plan this day" not in text
        assert "Find a driver" not in text

    def test_another_company_does_not_exist(
        self, signed_in: SignIn, company: Company, tomorrow: Day
    ) -> None:
        other = make_company(slug="other")
        secret = Day(other, tomorrow.on).booking(9)
        client = signed_in()
        assert client.get(f"{tomorrow.url}?company=other").status_code == 404
        assert client.get(f"{tomorrow.url}?company=nobody").status_code == 404
        assert secret.reference not in words(client, tomorrow.url)

    def test_with_several_companies_the_address_says_which(
        self, company: Company, tomorrow: Day
    ) -> None:
        user = make_member(company)
        other = make_company(name="Zürich", slug="zurich")
        other.memberships.create(user=user, role=Role.AUDITOR)
        here, there = tomorrow.booking(9), Day(other, tomorrow.on).booking(9)
        client = Client()
        client.force_login(user)
        assert here.reference in words(client, tomorrow.url)
        text = words(client, f"{tomorrow.url}?company=zurich")
        assert there.reference in text
        assert here.reference not in text
        assert "Plan this day" not in text  # an auditor there
        assert there.reference in words(client, tomorrow.url)  # the last one looked at

    def test_a_superuser_is_an_administrator_everywhere(
        self, company: Company, tomorrow: Day
    ) -> None:
        client = Client()
        client.force_login(make_member(make_company(), is_superuser=True))
        tomorrow.booking(9)
        assert "Plan this day" in words(client, f"{tomorrow.url}?company=leman")

    def test_who_has_no_company_is_told_so(self, tomorrow: Day) -> None:
        client = Client()
        client.force_login(make_member(make_company()))
        type(tomorrow.company).objects.all().delete()
        assert "You have no role in any company." in words(client, tomorrow.url)
        assert "You have no role in any company." in words(client, "/")


class TestAddresses:
    def test_the_icon_that_browsers_ask_for(self) -> None:
        assert Client().get("/favicon.ico")["Location"].startswith("/static/pages/icon")

    def test_the_desks_have_the_same_icon(self, signed_in: SignIn, company: Company) -> None:
        client = signed_in(user=make_member(company, is_staff=True))
        assert 'rel="icon"' in client.get("/admin/").content.decode()

    def test_home_is_today(self, signed_in: SignIn, today: Day) -> None:
        assert signed_in().get("/")["Location"] == today.url

    def test_without_an_account_the_door_is_shown(self, tomorrow: Day) -> None:
        answer = Client().get(tomorrow.url)
        assert answer["Location"] == f"/login/?next={tomorrow.url}"

    @pytest.mark.parametrize("day", ["2026-02-30", "1999-01-01", "2026-6-1", "today"])
    def test_what_is_no_day_is_no_page(self, signed_in: SignIn, day: str) -> None:
        assert signed_in().get(f"/days/{day}/").status_code == 404

    @pytest.mark.parametrize("day", ["2000-01-01", "2099-12-31"])
    def test_the_ends_of_the_calendar_are_pages(self, signed_in: SignIn, day: str) -> None:
        assert signed_in().get(f"/days/{day}/").status_code == 200

    def test_a_day_picked_in_the_date_field_leads_there(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        client = signed_in()
        answer = client.get(tomorrow.url, {"on": "2026-06-17"})
        assert answer["Location"] == "/days/2026-06-17/"
        assert client.get(tomorrow.url, {"on": "nonsense"}).status_code == 200
        assert client.get(tomorrow.url, {"on": "0001-01-01"}).status_code == 200

    def test_nothing_inline_and_no_cache(self, signed_in: SignIn, tomorrow: Day) -> None:
        make_assignment(tomorrow.booking(9), tomorrow.shift())
        answer = signed_in().get(tomorrow.url)
        assert answer["Content-Security-Policy"] == CONTENT_POLICY
        assert "no-store" in answer["Cache-Control"]
        body = answer.content.decode()
        assert not re.search(r"<style|\sstyle=|<script(?![^>]+src=)|\son\w+=", body)

    def test_the_page_speaks_the_language_of_its_reader(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        client = signed_in()
        client.post("/i18n/setlang/", {"language": "fr", "next": tomorrow.url})
        text = words(client, tomorrow.url)
        assert "Aucun plan n’est en vigueur pour ce jour." in text

    def test_what_a_run_said_is_said_again_in_the_language_of_the_reader(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        client = signed_in()
        failed_run(tomorrow)
        client.post("/i18n/setlang/", {"language": "fr", "next": tomorrow.url})
        assert "Ce jour est déjà en cours de planification." in words(client, tomorrow.url)
        tomorrow.shift()
        tomorrow.booking(9)
        run = plan_in_force(tomorrow)
        said = "Aucun serveur routier n’est réglé"
        assert said in words(client, tomorrow.url)
        DispatchRun.objects.filter(pk=run.pk).update(applied_at=None)
        assert said in words(client, f"/proposals/{run.pk}/")


class TestQueries:
    def test_their_number_does_not_grow_with_the_day(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        client = signed_in()
        _fill(tomorrow, shifts=1, trips=2)
        plan_in_force(tomorrow)
        few = _queries(client, tomorrow.url)
        _fill(tomorrow, shifts=4, trips=24)
        plan_in_force(tomorrow)
        assert _queries(client, tomorrow.url) == few <= MOST_QUERIES

    def test_a_past_day_with_its_recorded_figures(self, signed_in: SignIn, today: Day) -> None:
        past = Day(today.company, today.on - timedelta(days=2))
        shift = past.shift()
        make_break(shift, earliest_at=past.at(12), latest_at=past.at(13))
        for hour in (8, 9, 10):
            make_assignment(past.booking(hour), shift)
        assert _queries(signed_in(), past.url) <= MOST_QUERIES


def _fill(day: Day, *, shifts: int, trips: int) -> None:
    for _ in range(shifts):
        make_break(day.shift(), earliest_at=day.at(12), latest_at=day.at(13))
    for number in range(trips):
        day.booking(8 + number % 8)
    lying = make_patient(day.company, mobility=Mobility.STRETCHER)
    day.booking(10, patient=lying)  # nobody can take it


def _queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_the_mode_of_the_company_is_said(signed_in: SignIn, tomorrow: Day) -> None:
    client, only_then = signed_in(), "The day is planned anew only when somebody asks."
    text = words(client, tomorrow.url)
    assert f"Company mode: manual. {only_then}" in text
    said = {"semi_auto": "a new plan is proposed here", "fully_auto": "put in force by itself"}
    for mode, sentence in said.items():
        Company.objects.filter(pk=tomorrow.company.pk).update(mode=mode)
        assert sentence in words(client, tomorrow.url)
    Company.objects.filter(pk=tomorrow.company.pk).update(settings={"replan_enabled": False})
    assert only_then in words(client, tomorrow.url)


def test_a_reason_in_french_stands_after_a_space_and_a_colon(
    signed_in: SignIn, tomorrow: Day
) -> None:
    tomorrow.booking(10, status=BookingStatus.CANCELLED, status_reason="weather")
    client = signed_in()
    client.cookies["django_language"] = "fr"
    assert re.search(r"annulée\s:\s\w", words(client, tomorrow.url))
