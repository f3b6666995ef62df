"""What the buttons do: plan, look, apply or put aside; find a driver; note that a patient is ready."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import time, timedelta
from typing import TYPE_CHECKING

import pytest
from django.contrib.messages import get_messages
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F
from django.test import Client
from django.utils import timezone

from dispatch.engine.plan import Plan
from dispatch.enums import AssignedBy, BookingStatus, Role, RunStatus, RunTrigger
from dispatch.models import (
    Absence,
    Assignment,
    Booking,
    Company,
    DispatchRun,
    Shift,
    Vehicle,
    WeeklyShift,
)
from dispatch.usecases.request_run import request_run
from tests.dispatch.pages.conftest import SignIn
from tests.dispatch.pages.days import Day
from tests.dispatch.pages.test_day_page import words
from tests.factories import (
    make_company,
    make_driver,
    make_member,
    make_run,
    make_vehicle,
)

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse

pytestmark = pytest.mark.django_db


def said(answer: _MonkeyPatchedWSGIResponse) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def plan(client: Client, day: Day) -> tuple[DispatchRun, str]:
    """Press "Plan this day": the run, and the address of its proposal."""
    answer = client.post(day.url + "plan/")
    run = DispatchRun.objects.without_documents().latest("version")
    assert answer["Location"] == f"/proposals/{run.pk}/"
    return run, answer["Location"]


def move(ride: Assignment, by: timedelta) -> None:
    """As if the plan in force had it that much later."""
    ride.planned_pickup_at += by
    ride.planned_dropoff_at += by
    ride.period = DateTimeTZRange(ride.period.lower + by, ride.period.upper + by)
    ride.save()


def late_by(run: DispatchRun, seconds: int) -> None:
    """As if it had been planned on roads that were that much slower: it breaks its promises, and is timed anew."""
    found = Plan.from_json(run.plan)
    routes = tuple(
        replace(
            route,
            visits=tuple(
                replace(v, arrive_s=v.arrive_s + seconds, start_s=v.start_s + seconds)
                for v in route.visits
            ),
        )
        for route in found.routes
    )
    run.plan = replace(found, routes=routes).to_json()
    run.save()


def main_button(client: Client, page: str) -> str:
    [name] = re.findall(r'<button class="first">(.*?)</button>', client.get(page).content.decode())
    return str(name)


class TestPlanning:
    def test_planning_proposes_and_changes_nothing(self, signed_in: SignIn, tomorrow: Day) -> None:
        tomorrow.shift()
        booking = tomorrow.booking(9)
        client = signed_in()
        run, proposal = plan(client, tomorrow)
        assert (run.status, run.applied_at, run.trigger) == (
            RunStatus.DONE,
            None,
            RunTrigger.MANUAL,
        )
        assert not Assignment.objects.exists()
        text = words(client, proposal)
        assert "Nothing has changed yet." in text
        assert "1 gets a driver" in text
        assert "This is the first plan of the day." in text
        assert "lose their driver" not in text
        told = text[text.index("The trips and their drivers 1") :]
        assert booking.reference in told
        assert "gets a driver" not in told
        assert "assignment rate predicted 100.0 %" in text
        day = words(client, tomorrow.url)
        assert "Version 1, planned at" in day
        assert "waits for an answer" in day

    def test_applying_puts_it_in_force_in_the_person_s_name(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        tomorrow.shift()
        booking = tomorrow.booking(9)
        dispatcher = make_member(tomorrow.company, username="ida")
        client = signed_in(user=dispatcher)
        _run, proposal = plan(client, tomorrow)
        answer = client.post(proposal + "apply/")
        assert answer["Location"] == tomorrow.url
        assert said(answer).startswith("Version 1 is in force: 1 get a driver")
        assert Assignment.objects.get().assigned_by == AssignedBy.ENGINE
        text = words(client, tomorrow.url)
        assert "Plan in force: version 1" in text
        assert "by ida" in text
        assert booking.reference in text[text.index("Drivers") :]

    def test_the_second_proposal_lists_only_what_would_change(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        tomorrow.shift()
        tomorrow.booking(9)
        client = signed_in()
        client.post(plan(client, tomorrow)[1] + "apply/")
        late = tomorrow.booking(15)
        text = words(client, plan(client, tomorrow)[1])
        assert "1 gets a driver 0 change driver 0 change time 0 lose their driver 1 stays" in text
        assert "the changes below hold at once" in text
        assert "assignment rate predicted 100.0 % ✓ on target now 50.0 %" in text
        changes = text[text.index("Changes against") :]
        assert late.reference in changes
        assert changes.count("gets a driver") == 1

    def test_applying_says_what_the_proposal_said(self, signed_in: SignIn, tomorrow: Day) -> None:
        """A row that is written anew for its place in the tour alone is no change to anybody."""
        tomorrow.shift()
        _same, later = tomorrow.booking(9), tomorrow.booking(12)
        client = signed_in()
        client.post(plan(client, tomorrow)[1] + "apply/")
        Assignment.objects.update(position=F("position") + 5)
        move(Assignment.objects.get(booking=later), timedelta(minutes=5))
        tomorrow.booking(15)
        _run, proposal = plan(client, tomorrow)
        text = words(client, proposal)
        assert "1 gets a driver 0 change driver 1 changes time 0 lose their driver 1 stays" in text
        assert said(client.post(proposal + "apply/")).endswith(
            "Version 2 is in force: 1 get a driver, 0 change driver, 1 change time, "
            "0 lose their driver, 1 stay as they are."
        )

    def test_figures_that_are_not_the_proposal_s_say_why(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        tomorrow.shift()
        tomorrow.booking(9)
        client = signed_in()
        client.post(plan(client, tomorrow)[1] + "apply/")
        run, proposal = plan(client, tomorrow)
        late_by(DispatchRun.objects.get(pk=run.pk), 3_600)
        assert "1 changes time" in words(client, proposal)
        assert said(client.post(proposal + "apply/")).endswith(
            "0 change time, 0 lose their driver, 1 stay as they are. "
            "The times were worked out anew for now: the proposal had counted otherwise."
        )

    def test_a_trip_whose_driver_was_taken_away_is_not_told_as_never_planned(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        tomorrow.shift()
        booking = tomorrow.booking(9)
        client = signed_in()
        assert "Not planned yet." in words(client, tomorrow.url)
        client.post(plan(client, tomorrow)[1] + "apply/")
        booking.refresh_from_db()
        client.post(f"/bookings/{booking.pk}/take-off/", {"version": booking.version})
        text = words(client, tomorrow.url)
        assert "It had a driver and has none any more" in text
        assert "Not planned yet." not in text

    def test_a_driver_who_is_gone_is_told_as_a_change_of_driver(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        first = tomorrow.shift()
        tomorrow.booking(9)
        client = signed_in()
        client.post(plan(client, tomorrow)[1] + "apply/")
        first.status = "cancelled"
        first.save()
        second = tomorrow.shift()
        text = words(client, plan(client, tomorrow)[1])
        changes = text[text.index("Changes against") :]
        assert "other driver" in changes
        assert changes.index(str(first.driver)) < changes.index(str(second.driver))

    def test_a_trip_that_loses_its_driver_comes_first(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        shift = tomorrow.shift()
        tomorrow.booking(9)
        client = signed_in()
        client.post(plan(client, tomorrow)[1] + "apply/")
        shift.status = "cancelled"
        shift.save()
        tomorrow.shift(15, 19)
        tomorrow.booking(16)
        text = words(client, plan(client, tomorrow)[1])
        assert "1 loses its driver" in text
        changes = text[text.index("Changes against") :]
        assert changes.index("loses the driver") < changes.index("gets a driver")

    def test_a_plan_that_changes_nothing_says_so(self, signed_in: SignIn, tomorrow: Day) -> None:
        tomorrow.shift()
        tomorrow.booking(9)
        client = signed_in()
        client.post(plan(client, tomorrow)[1] + "apply/")
        text = words(client, plan(client, tomorrow)[1])
        assert "there is nothing to apply" in text
        assert "No trip changes." in text

    def test_the_main_button_is_what_the_page_advises(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        tomorrow.shift()
        booking = tomorrow.booking(9)
        client = signed_in()
        _run, first = plan(client, tomorrow)
        assert main_button(client, first) == "Apply"
        client.post(first + "apply/")
        _run, same = plan(client, tomorrow)
        assert main_button(client, same) == "Discard"
        Booking.objects.filter(pk=booking.pk).update(version=booking.version + 2, escort_seats=1)
        assert main_button(client, same) == "Plan again"

    def test_a_first_plan_without_drivers_says_so(self, signed_in: SignIn, tomorrow: Day) -> None:
        tomorrow.booking(9)
        client = signed_in()
        _run, proposal = plan(client, tomorrow)
        assert "no trip gets a driver in it" in words(client, proposal)
        assert main_button(client, proposal) == "Apply"  # the day then says why each trip waits

    def test_a_proposal_still_waits_when_a_later_run_failed(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        tomorrow.shift()
        tomorrow.booking(9)
        client = signed_in()
        _run, proposal = plan(client, tomorrow)
        client.post(tomorrow.url + "plan/")
        DispatchRun.objects.filter(version=2).update(status=RunStatus.FAILED, error="broken")
        text = words(client, tomorrow.url)
        assert "Version 2 failed" in text
        assert "Version 1, planned at" in text
        assert proposal in client.get(tomorrow.url).content.decode()

    def test_an_older_proposal_than_the_plan_in_force_is_over(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        tomorrow.shift()
        tomorrow.booking(9)
        client = signed_in()
        plan(client, tomorrow)
        client.post(plan(client, tomorrow)[1] + "apply/")
        assert "waits for an answer" not in words(client, tomorrow.url)

    def test_what_changed_since_is_named_and_nothing_is_written(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        tomorrow.shift()
        booking = tomorrow.booking(9)
        client = signed_in()
        _run, proposal = plan(client, tomorrow)
        Booking.objects.filter(pk=booking.pk).update(version=booking.version + 1)
        text = words(client, proposal)
        assert "The day has changed: this proposal cannot be applied any more." in text
        assert (
            f"1 booking changed since this plan was made: plan the day again. ({booking.reference})"
            in text
        )
        assert proposal + "apply/" not in client.get(proposal).content.decode()
        answer = client.post(proposal + "apply/")
        assert answer["Location"] == proposal
        assert "1 booking changed since this plan was made" in said(answer)
        assert booking.reference in said(answer)
        assert not Assignment.objects.exists()

    def test_who_stands_in_the_way_is_named_and_there_is_nothing_to_press(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        shift, booking = tomorrow.shift(), tomorrow.booking(9)
        client = signed_in()
        _run, proposal = plan(client, tomorrow)
        assert proposal + "apply/" in client.get(proposal).content.decode()
        Absence.objects.create(driver=shift.driver, first_on=tomorrow.on, last_on=tomorrow.on)
        assert f"{booking.reference}: Left out: {shift.driver}" in words(client, proposal)
        assert proposal + "apply/" not in client.get(proposal).content.decode()
        answer = client.post(proposal + "apply/")
        assert "The driver is absent." in said(answer)

    def test_a_proposal_put_aside_cannot_be_applied_any_more(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        tomorrow.shift()
        tomorrow.booking(9)
        client = signed_in()
        _run, proposal = plan(client, tomorrow)
        assert said(client.post(proposal + "discard/")).startswith("Version 1 was put aside")
        assert "waits for an answer" not in words(client, tomorrow.url)
        assert "This proposal was put aside." in words(client, proposal)
        assert "was superseded" in said(client.post(proposal + "apply/"))
        assert not Assignment.objects.exists()
        assert "not a proposal" in said(client.post(proposal + "discard/"))

    def test_a_day_that_is_being_planned_is_left_alone(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        tomorrow.shift()
        run = request_run(
            company=tomorrow.company, day=tomorrow.on, trigger=RunTrigger.AUTO, by=None
        )
        DispatchRun.objects.filter(pk=run.pk).update(
            status=RunStatus.RUNNING,
            started_at=timezone.now(),
            lease_until=timezone.now() + timedelta(minutes=1),
        )
        answer = signed_in().post(tomorrow.url + "plan/")
        assert answer["Location"] == tomorrow.url
        assert said(answer) == "This day is being planned already."

    def test_what_is_in_force_is_no_proposal(self, signed_in: SignIn, tomorrow: Day) -> None:
        tomorrow.shift()
        client = signed_in()
        _run, proposal = plan(client, tomorrow)
        client.post(proposal + "apply/")
        assert client.get(proposal)["Location"] == tomorrow.url
        assert "in force already" in said(client.post(proposal + "apply/"))


class TestPuttingOnDuty:
    def test_drivers_are_on_duty_as_in_their_ordinary_week(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        weekly = make_weekly(tomorrow)
        client = signed_in()
        assert "Put drivers on duty" in words(client, tomorrow.url)
        assert client.post(tomorrow.url + "roll-out/")["Location"] == tomorrow.url
        assert Shift.objects.get().driver == weekly.driver
        assert "Put drivers on duty" not in words(client, tomorrow.url)

    def test_who_cannot_be_on_duty_is_named_with_the_reason(
        self, signed_in: SignIn, tomorrow: Day
    ) -> None:
        weekly = make_weekly(tomorrow)
        Vehicle.objects.update(active=False)
        answer = signed_in().post(tomorrow.url + "roll-out/")
        assert said(answer) == f"{weekly.driver}: The usual vehicle is out of use."

    def test_a_week_without_drivers(self, signed_in: SignIn, tomorrow: Day) -> None:
        answer = signed_in().post(tomorrow.url + "roll-out/")
        assert "No driver has an ordinary shift" in said(answer)

    def test_a_day_that_is_over(self, signed_in: SignIn, today: Day) -> None:
        past = Day(today.company, today.on - timedelta(days=1))
        assert said(signed_in().post(past.url + "roll-out/")) == "These days are over."


def make_weekly(day: Day) -> WeeklyShift:
    vehicle = make_vehicle(day.company)
    return WeeklyShift.objects.create(
        driver=make_driver(day.company),
        vehicle=vehicle,
        weekday=day.on.weekday(),
        start=time(7),
        end=time(16),
    )


class Pressed:
    """Everything a button may be pressed on, in one company."""

    def __init__(self, day: Day) -> None:
        self.day = day
        day.shift()
        self.booking = day.booking(9)
        self.run = make_run(day.company, service_on=day.on)

    def urls(self) -> list[str]:
        return [
            f"{self.day.url}plan/",
            f"{self.day.url}roll-out/",
            f"/proposals/{self.run.pk}/apply/",
            f"/proposals/{self.run.pk}/discard/",
            f"/bookings/{self.booking.pk}/find-driver/",
            f"/bookings/{self.booking.pk}/ready/",
            f"/bookings/{self.booking.pk}/not-ready/",
        ]


class TestWhoMayPress:
    @pytest.mark.parametrize("role", [Role.AUDITOR, Role.DRIVER])
    def test_who_only_looks_is_refused(self, signed_in: SignIn, tomorrow: Day, role: Role) -> None:
        pressed, client = Pressed(tomorrow), signed_in(role)
        for url in pressed.urls():
            assert client.post(url, {"version": "1"}).status_code == 403, url
        assert not Assignment.objects.exists()
        assert DispatchRun.objects.count() == 1

    def test_for_an_outsider_there_is_nothing_to_press(self, tomorrow: Day) -> None:
        pressed, client = Pressed(tomorrow), Client()
        client.force_login(make_member(make_company(), Role.ADMIN))
        plan, roll_out, *foreign = pressed.urls()
        for url in (f"{plan}?company=leman", f"{roll_out}?company=leman", *foreign):
            assert client.post(url, {"version": "1"}).status_code == 404, url
        assert client.get(f"/proposals/{pressed.run.pk}/").status_code == 404
        assert Booking.objects.get().status == BookingStatus.CONFIRMED
        assert DispatchRun.objects.count() == 1

    def test_a_driver_sees_no_proposal(self, signed_in: SignIn, tomorrow: Day) -> None:
        pressed = Pressed(tomorrow)
        assert signed_in(Role.DRIVER).get(f"/proposals/{pressed.run.pk}/").status_code == 403

    def test_strangers_are_shown_the_door(self, tomorrow: Day) -> None:
        for url in Pressed(tomorrow).urls():
            assert Client().post(url)["Location"].startswith("/login/?next=")

    def test_a_look_does_nothing(self, signed_in: SignIn, tomorrow: Day) -> None:
        client = signed_in()
        for url in Pressed(tomorrow).urls():
            assert client.get(url).status_code == 405, url

    def test_another_site_cannot_press(self, company: Company, tomorrow: Day) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(make_member(company))
        for url in Pressed(tomorrow).urls():
            assert client.post(url, {"version": "1"}).status_code == 403, url

    def test_what_does_not_exist_is_not_found(self, signed_in: SignIn, tomorrow: Day) -> None:
        pressed, client = Pressed(tomorrow), signed_in()
        assert client.post("/proposals/999999999/apply/").status_code == 404
        assert client.post("/bookings/999999999/ready/", {"version": "1"}).status_code == 404
        assert client.post(f"/bookings/{pressed.booking.pk}/ready/").status_code == 404
        assert client.post("/proposals/99999999999999999999999/apply/").status_code == 404
