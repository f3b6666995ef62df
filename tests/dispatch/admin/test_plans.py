"""Planning from the office: look first, put in force by a click, compare with the plan before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dispatch.enums import BookingStatus, Mobility, RunStatus, RunTrigger
from dispatch.models import Assignment, Booking, DispatchRun
from dispatch.notes import Note, NoteKey
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from dispatch.usecases.unassign import unassign
from tests.dispatch.admin.conftest import make_world
from tests.factories import (
    at,
    make_assignment,
    make_booking,
    make_company,
    make_establishment,
    make_patient,
    make_shift,
)

pytestmark = pytest.mark.django_db

TOMORROW = timezone.localdate() + timedelta(days=1)


@pytest.fixture
def carrier(world):
    """Two cars with a ramp, three journeys for them tomorrow, and a stretcher that none of them takes."""
    company = make_company(name="Carrier", settings={"solver_time_limit_s": 1})
    for hour in (9, 11, 15):
        make_booking(
            company,
            pickup_at=at(hour, day=TOMORROW),
            dropoff=make_establishment(company, lat=46.2, lon=6.15),
        )
    lying = make_patient(company, mobility=Mobility.STRETCHER)
    make_booking(company, pickup_at=at(10, day=TOMORROW), patient=lying)
    for _each in range(2):
        make_shift(company, start=at(7, day=TOMORROW), end=at(19, day=TOMORROW))
    for person, role in (("admin", "dispatcher"), ("auditor", "auditor")):
        world.people[person].memberships.all().delete()
        company.memberships.create(user=world.people[person], role=role)
    return company


def day_page(company, day=TOMORROW):
    return reverse("admin:dispatch_company_day", args=[company.pk, day.isoformat()])


def plan_url(company, day=TOMORROW):
    return reverse("admin:dispatch_company_plan", args=[company.pk, day.isoformat()])


def planned(company, **changes):
    run = request_run(company=company, day=TOMORROW, trigger=RunTrigger.MANUAL, by=None)
    return run_dispatch(run_id=run.pk, clock=timezone.now)


def test_a_preview_is_a_run_and_changes_nothing(carrier, client_of):
    answer = client_of("admin").post(plan_url(carrier), {"then": "look"}, follow=True)
    run = DispatchRun.objects.get(company=carrier)
    assert (run.status, run.applied_at) == (RunStatus.DONE, None)
    assert not Assignment.objects.filter(company=carrier).exists()
    page = answer.content.decode()
    assert "This is a preview" in page
    assert page.count("pickup</span>") == 3
    stretcher = Booking.objects.get(company=carrier, patient__mobility=Mobility.STRETCHER)
    assert stretcher.reference in page
    assert "No shift on duty has all the skills" in page
    assert "Put in force" in page


def test_plan_and_put_in_force_is_one_click_of_its_own(carrier, client_of):
    answer = client_of("admin").post(plan_url(carrier), {"then": "apply"}, follow=True)
    assert answer.redirect_chain[-1][0] == day_page(carrier)
    assert [str(m) for m in answer.context["messages"]] == [
        "The plan is in force: 3 journeys changed."
    ]
    assert Booking.objects.filter(company=carrier, status=BookingStatus.ASSIGNED).count() == 3
    assert "In force: version 1" in answer.content.decode()


def test_a_preview_is_put_in_force_once(carrier, client_of):
    run, client = planned(carrier), client_of("admin")
    url = reverse("admin:dispatch_dispatchrun_apply", args=[run.pk])
    assert client.get(url).status_code == 405
    assert client.post(url).url == day_page(carrier)
    again = client.post(url, follow=True)
    assert "in force already" in str(list(again.context["messages"])[-1])


def test_a_plan_of_yesterdays_bookings_is_refused_with_their_names(carrier, client_of):
    run = planned(carrier)
    booking = Booking.objects.filter(company=carrier).first()
    Booking.objects.filter(pk=booking.pk).update(version=booking.version + 1)
    url = reverse("admin:dispatch_dispatchrun_apply", args=[run.pk])
    said = str(next(iter(client_of("admin").post(url, follow=True).context["messages"])))
    assert "1 booking changed since this plan was made" in said
    assert booking.reference in said


def test_two_runs_side_by_side(carrier, client_of):
    before = planned(carrier)
    late = (
        Booking.objects.filter(company=carrier, status="confirmed")
        .order_by("promised_from")
        .first()
    )
    Booking.objects.filter(pk=late.pk).update(
        promised_from=at(12, day=TOMORROW),
        promised_to=at(12, 20, day=TOMORROW),
        version=late.version + 1,
    )
    after = planned(carrier)
    page = client_of("auditor").get(reverse("admin:dispatch_dispatchrun_compare", args=[after.pk]))
    moves = {change.booking.pk: change.move for change in page.context["changes"]}
    assert moves[late.pk].minutes > 120
    shown = {figure.name: figure for figure in page.context["figures"]}
    rate = shown["assignment rate (predicted)"]
    assert rate.shown == ("75.0 %", "75.0 %")
    assert rate.is_on_target is False
    assert all("n = " in detail for detail in rate.details)
    text = page.content.decode()
    assert f"v{before.version}" in text
    assert f"v{after.version}" in text
    assert "Figures side by side" in text


def test_the_first_run_has_nothing_to_be_compared_with(carrier, client_of):
    run = planned(carrier)
    url = reverse("admin:dispatch_dispatchrun_compare", args=[run.pk])
    page = client_of("auditor").get(url, follow=True)
    assert "no earlier plan" in str(next(iter(page.context["messages"])))


def test_an_auditor_looks_and_does_not_plan(carrier, client_of):
    run, client = planned(carrier), client_of("auditor")
    page = client.get(day_page(carrier))
    assert page.status_code == 200
    assert b"Plan and put in force" not in page.content
    assert (
        b"Put in force"
        not in client.get(reverse("admin:dispatch_dispatchrun_change", args=[run.pk])).content
    )
    assert client.post(plan_url(carrier), {"then": "look"}).status_code == 403
    assert (
        client.post(reverse("admin:dispatch_dispatchrun_apply", args=[run.pk])).status_code == 403
    )


def test_strangers_find_no_day_and_no_run(carrier, client_of):
    run = planned(carrier)
    pages = [
        day_page(carrier),
        reverse("admin:dispatch_dispatchrun_compare", args=[run.pk]),
        reverse("admin:dispatch_dispatchrun_change", args=[run.pk]),
    ]
    for url in pages:
        assert client_of("outsider").get(url).status_code == 404
        assert client_of("driver").get(url).status_code in {403, 404}
    for url in (plan_url(carrier), reverse("admin:dispatch_dispatchrun_apply", args=[run.pk])):
        assert client_of("outsider").post(url, {"then": "apply"}).status_code == 404
    assert not Assignment.objects.filter(company=carrier).exists()


def test_a_day_that_is_none(carrier, client_of):
    url = day_page(carrier).replace(TOMORROW.isoformat(), "2026-02-30")
    assert client_of("admin").get(url).status_code == 404
    chosen = client_of("admin").get(day_page(carrier), {"day": "2026-07-01"})
    assert chosen.url == day_page(carrier, date(2026, 7, 1))


def test_a_day_with_nothing_to_plan_says_so(carrier, client_of):
    empty = TOMORROW + timedelta(days=40)
    answer = client_of("admin").post(plan_url(carrier, empty), {"then": "apply"}, follow=True)
    assert answer.status_code == 200
    assert list(answer.context["messages"])


def test_a_long_plan_is_left_to_a_worker(carrier, client_of, monkeypatch):
    """Tests run jobs where they are called; the page does not wait for more than that."""
    monkeypatch.setattr("dispatch.admin.planning.LONGEST_WAIT_S", 0)
    answer = client_of("admin").post(plan_url(carrier), {"then": "look"}, follow=True)
    assert "A worker plans the day" in str(next(iter(answer.context["messages"])))
    run = DispatchRun.objects.get(company=carrier)
    assert (run.status, run.trigger, run.is_handed_over) == ("done", "manual", True)


def test_what_the_page_of_a_run_asks_does_not_grow_with_the_day(carrier, client_of):
    run, client = planned(carrier), client_of("auditor")
    url = reverse("admin:dispatch_dispatchrun_change", args=[run.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for hour in (8, 13, 16, 17):
        make_booking(carrier, pickup_at=at(hour, day=TOMORROW))
    more = planned(carrier)
    with CaptureQueriesContext(connection) as many:
        assert (
            client.get(reverse("admin:dispatch_dispatchrun_change", args=[more.pk])).status_code
            == 200
        )
    assert len(many) <= len(few)


def test_runs_of_others_are_no_runs_to_compare_with(carrier, client_of):
    other = make_world()
    url = reverse("admin:dispatch_dispatchrun_changelist")
    data = {"action": "compare", "_selected_action": [other.rows["dispatchrun"].pk]}
    assert client_of("auditor").post(url, data).status_code in {200, 302}
    assert other.company.runs.count() == 1


def test_what_a_run_says_is_in_words_of_the_reader(carrier, client_of):
    run = planned(carrier)
    failed = request_run(company=carrier, day=TOMORROW, trigger=RunTrigger.MANUAL, by=None)
    DispatchRun.objects.filter(pk=failed.pk).update(
        status=RunStatus.FAILED,
        started_at=timezone.now(),
        finished_at=timezone.now(),
        error=Note(NoteKey.DAY_BUSY).to_json(),
    )
    french = client_of("admin")
    french.cookies["django_language"] = "fr"
    page = french.get(reverse("admin:dispatch_dispatchrun_change", args=[run.pk])).content.decode()
    assert "Aucun serveur routier n’est réglé" in page
    assert "<dd>estimés" in page
    failed_page = reverse("admin:dispatch_dispatchrun_change", args=[failed.pk])
    listed = reverse("admin:dispatch_dispatchrun_changelist")
    for url in (failed_page, day_page(carrier), listed):
        assert "Ce jour est déjà en cours de planification." in french.get(url).content.decode()


class TestTheDayAsItStands:
    """Not the plan that was once put in force: what was booked, given and withdrawn since counts."""

    def page(self, carrier, client_of):
        return client_of("auditor").get(day_page(carrier))

    def test_what_was_withdrawn_and_booked_since_is_seen(self, carrier, client_of):
        run = planned(carrier)
        client_of("admin").post(reverse("admin:dispatch_dispatchrun_apply", args=[run.pk]))
        gone = Booking.objects.filter(company=carrier, status=BookingStatus.ASSIGNED).first()
        unassign(booking_id=gone.pk, now=timezone.now(), expected_version=None)
        new = make_booking(carrier, pickup_at=at(17, day=TOMORROW))
        page = self.page(carrier, client_of)
        story = page.context["story"]
        driven = {stop.booking.pk for tour in story.tours for stop in tour.stops}
        assert len(driven) == 2
        assert gone.pk not in driven
        left = {item.booking.pk: item.reason for item in story.left_out}
        assert left.keys() >= {gone.pk, new.pk}
        assert left[new.pk] == ""
        assert any("No shift on duty has all the skills" in reason for reason in left.values())
        assert "No plan has weighed it yet." in page.content.decode()
        assert "Every journey has its driver." not in page.content.decode()

    def test_a_tour_in_the_order_of_its_stops_and_who_has_none(self, carrier, client_of):
        shift = make_shift(carrier, start=at(7, day=TOMORROW), end=at(19, day=TOMORROW))
        early, late = Booking.objects.filter(company=carrier).order_by("promised_from")[:2]
        for booking in (late, early):
            make_assignment(booking, shift)
        page = self.page(carrier, client_of)
        (tour,) = page.context["story"].tours
        assert tour.trips == 2
        assert [stop.booking for stop in tour.stops][::3] == [early, late]
        assert (tour.leaves_at, tour.back_at) == (tour.stops[0].at, tour.stops[-1].at)
        assert len(page.context["story"].idle) == 2
        assert "As the day stands now" in page.content.decode()
        assert "In force: version" not in page.content.decode()

    def test_whose_vehicle_is_lost_is_said(self, carrier, client_of):
        shift = make_shift(carrier, start=at(7, day=TOMORROW), end=at(19, day=TOMORROW))
        make_assignment(Booking.objects.filter(company=carrier).earliest("pk"), shift)
        shift.vehicle.unavailabilities.create(period=shift.period)
        assert "cannot be driven so" in self.page(carrier, client_of).content.decode()

    def test_the_office_gets_from_here_to_the_questions(self, carrier, client_of):
        run, client = planned(carrier), client_of("admin")
        run_page = reverse("admin:dispatch_dispatchrun_change", args=[run.pk])
        for page in (day_page(carrier), run_page):
            body = client.get(page).content.decode()
            for name in ("day", "what-if", "choices", "by-hand"):
                url = f"{reverse(f'pages:{name}', args=[TOMORROW])}?company={carrier.slug}"
                assert f'href="{url}"' in body
                assert client.get(url).status_code == 200
        booking = Booking.objects.filter(company=carrier).first()
        form = client.get(reverse("admin:dispatch_booking_change", args=[booking.pk]))
        assert reverse("pages:drivers", args=[booking.pk]) in form.content.decode()

    def test_a_shift_leads_to_the_questions_and_to_its_breakdown(self, carrier, client_of):
        client = client_of("admin")
        shift = make_shift(carrier, start=at(7, day=TOMORROW), end=at(19, day=TOMORROW))
        form = reverse("admin:dispatch_shift_change", args=[shift.pk])
        body = client.get(form).content.decode()
        for name in ("day", "what-if", "choices", "by-hand"):
            assert f"{reverse(f'pages:{name}', args=[TOMORROW])}?company={carrier.slug}" in body
        breakdown = reverse("pages:breakdown", args=[shift.pk])
        assert breakdown not in body  # nobody waits for it
        booking, other = Booking.objects.filter(company=carrier).order_by("pk")[:2]
        make_assignment(booking, shift)
        assert breakdown in client.get(form).content.decode()
        body = client.get(day_page(carrier)).content.decode()
        assert breakdown in body
        assert reverse("pages:drivers", args=[other.pk]) in body  # nobody drives it yet
