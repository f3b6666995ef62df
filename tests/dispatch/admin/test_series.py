"""The desk of series: booked when typed in, changed on pages that say first what would happen."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse
from django.utils import timezone

from dispatch.enums import BookingStatus, ReturnMode, Role
from dispatch.models import Booking, Membership, StandingOrder, StandingOrderPause
from dispatch.usecases.expand_series import expand_series
from tests.factories import (
    ZONE,
    make_company,
    make_establishment,
    make_patient,
    make_standing_order,
)

EVERY_DAY = list(range(7))


@pytest.fixture
def today():
    return timezone.now().astimezone(ZONE).date()


@pytest.fixture
def order(world, today):
    """Every day from tomorrow on, at 09:00 for 10:00 and back at 13:00; four weeks are booked."""
    row = make_standing_order(
        world.company,
        weekdays=EVERY_DAY,
        starts_on=today + timedelta(days=1),
        pickup_time=time(9),
        appointment_time=time(10),
        return_mode=ReturnMode.FIXED,
        return_time=time(13),
    )
    expand_series(order_id=row.pk, now=timezone.now())
    return row


@pytest.fixture
def desk(client_of, form_of, order):
    """Opens a page of the series, fills it in, and sends it."""

    class Page:
        def __init__(self, kind, person="dispatcher"):
            self.client, self.form_of = client_of(person), form_of
            self.url = reverse(f"admin:dispatch_standingorder_{kind}", args=[order.pk])

        def look(self, **changes):
            shown = self.client.get(self.url)
            assert shown.status_code == 200
            self.values = self.form_of(shown, **changes)
            return self.client.post(self.url, self.values)

        def do(self, seen):
            change = seen.context["change"]
            assert change is not None, seen.context["form"].errors
            return self.client.post(self.url, self.values | {"token": change.token, "do": "1"})

    return Page


def iso(day):
    return day.isoformat()


def text(page):
    return page.content.decode()


def outbound(order, day):
    return Booking.objects.get(series_on=day, outbound=None)


def test_two_weeks_off_are_looked_at_and_then_done(desk, order, today):
    first, last = today + timedelta(days=3), today + timedelta(days=16)
    page = desk("pause")
    seen = page.look(first_on=iso(first), last_on=iso(last))
    assert text(seen).count("cancelled</td>") == 28
    assert not StandingOrderPause.objects.exists()
    answer = page.do(seen)
    assert answer["Location"] == reverse("admin:dispatch_standingorder_change", args=[order.pk])
    pause = StandingOrderPause.objects.get()
    assert (pause.first_on, pause.last_on) == (first, last)
    assert outbound(order, first).status == BookingStatus.CANCELLED
    back = desk("resume")
    seen = back.look(pause_id=pause.pk, from_on=iso(first))
    assert text(seen).count("brought back</td>") == 28
    back.do(seen)
    assert outbound(order, first).status == BookingStatus.CONFIRMED
    assert not StandingOrderPause.objects.exists()


def test_a_new_hour_for_all_with_what_stands_in_the_way_first(desk, order, today):
    moved = outbound(order, today + timedelta(days=2))
    Booking.objects.filter(pk=moved.pk).update(
        promised_from=moved.promised_from - timedelta(hours=1)
    )
    page = desk("edit")
    seen = page.look(pickup_time="09:10")
    assert text(seen).index("What stands in the way") < text(seen).index("What happens")
    assert moved.reference in text(seen)
    assert "09:10" in text(seen)
    assert "it is now 09:05–09:25: tell the patient." in text(seen)
    page.do(seen)
    order.refresh_from_db()
    assert order.pickup_time == time(9, 10)
    other = outbound(order, today + timedelta(days=3)).requested_at
    assert other is not None
    assert other.astimezone(ZONE).time() == time(9, 10)


def test_this_day_and_the_following_have_their_own_buttons(desk, order, today):
    day, later = today + timedelta(days=4), today + timedelta(days=5)
    page = desk("edit")
    page.do(page.look(scope="this", on=iso(day), pickup_time="09:20", serve_on=iso(later)))
    row = outbound(order, day)
    assert (row.service_on, row.standing_order) == (later, order)
    page = desk("edit")
    answer = page.do(page.look(scope="following", on=iso(later), return_time="14:00"))
    following = StandingOrder.objects.latest("pk")
    assert answer["Location"].endswith(f"/{following.pk}/change/")
    assert following.return_time == time(14)


def test_a_series_ends(desk, order, today):
    page = desk("end")
    page.do(page.look(last_on=iso(today + timedelta(days=7))))
    order.refresh_from_db()
    assert order.ends_on == today + timedelta(days=7)
    page = desk("end")
    page.do(page.look(last_on=""))
    order.refresh_from_db()
    assert not order.active


@pytest.mark.parametrize("kind", ["edit", "pause"])
@pytest.mark.parametrize("ended", [{"active": False}, {"ends_on": "yesterday"}])
def test_a_series_that_has_ended_is_not_changed(desk, order, today, kind, ended):
    if "ends_on" in ended:
        ended = {"starts_on": today - timedelta(days=9), "ends_on": today - timedelta(days=1)}
    StandingOrder.objects.filter(pk=order.pk).update(**ended)
    days = {"first_on": iso(today), "last_on": iso(today)} if kind == "pause" else {}
    seen = desk(kind).look(**days)
    assert "The series has ended" in text(seen)
    assert seen.context["change"] is None


def test_a_series_that_has_ended_goes_on_when_it_is_made_active(desk, order):
    StandingOrder.objects.filter(pk=order.pk).update(active=False)
    page = desk("edit")
    assert page.do(page.look(active="on")).status_code == 302
    order.refresh_from_db()
    assert order.active


def test_without_a_return_its_time_goes_by_itself(desk, order):
    StandingOrder.objects.filter(pk=order.pk).update(same_driver_return=True)
    page = desk("edit")
    assert page.do(page.look(return_mode="none")).status_code == 302
    order.refresh_from_db()
    assert (order.return_mode, order.return_time, order.same_driver_return) == ("none", None, False)


def test_nothing_to_change_is_said(desk):
    assert "No journey changes." in text(desk("edit").look())


@pytest.mark.parametrize(
    ("kind", "changes", "words"),
    [
        ("edit", {"scope": "this"}, "Say which day."),
        ("edit", {"weekdays": None}, "required"),
        ("edit", {"return_time": ""}, "The return lacks its time"),
        ("edit", {"scope": "following", "on": "2020-01-01"}, "This day is over."),
        ("edit", {"pickup_time": "11:00"}, "The appointment is before the pickup."),
        ("pause", {"first_on": "2020-01-02", "last_on": "2020-01-03"}, "These days are over."),
    ],
)
def test_what_cannot_be_is_said_on_the_page(desk, kind, changes, words):
    seen = desk(kind).look(**changes)
    assert (seen.status_code, seen.context["change"]) == (200, None)
    assert words in text(seen)


def test_what_moved_since_is_shown_again_and_not_done(desk, order, today):
    page = desk("end")
    seen = page.look(last_on="")
    Booking.objects.filter(series_on=today + timedelta(days=2), outbound=None).update(version=9)
    again = page.do(seen)
    assert again.status_code == 200
    assert "The series changed meanwhile" in text(again)
    assert again.context["change"].token != seen.context["change"].token
    assert page.do(again).status_code == 302


def test_only_those_who_dispatch_change_a_series(client_of, order):
    for kind in ("edit", "pause", "resume", "end"):
        url = reverse(f"admin:dispatch_standingorder_{kind}", args=[order.pk])
        assert client_of("auditor").get(url).status_code == 403
        assert client_of("outsider").get(url).status_code == 404


def test_the_form_of_a_series_shows_and_leads_on(client_of, order):
    url = reverse("admin:dispatch_standingorder_change", args=[order.pk])
    shown = text(client_of("dispatcher").get(url))
    assert 'name="weekdays"' not in shown
    assert "Monday, Tuesday, Wednesday" in shown
    assert "Change…" in shown
    assert "End a pause…" not in shown
    assert "Change…" not in text(client_of("auditor").get(url))


def new_order(world, **changes):
    patient = make_patient(world.company)
    day = timezone.now().astimezone(ZONE).date() + timedelta(days=1)
    return {
        "patient": patient.pk,
        "pickup": patient.home_id,
        "dropoff": make_establishment().pk,
        "weekdays": [str(day) for day in EVERY_DAY],
        "starts_on": iso(day),
        "appointment_time": "10:00",
    } | changes


def test_a_new_series_is_booked_at_once(world, client_of, form_of):
    client, url = client_of("dispatcher"), reverse("admin:dispatch_standingorder_add")
    sent = form_of(client.get(url), **new_order(world))
    page = client.post(url, sent, follow=True)
    order = StandingOrder.objects.latest("pk")
    assert order.bookings.count() == 27
    assert "27 journeys are booked." in text(page)


def test_the_form_of_a_new_series_shows_no_pauses(client_of, order):
    client = client_of("dispatcher")
    new = client.get(reverse("admin:dispatch_standingorder_add"))
    assert "pauses" not in new.content.decode().lower()
    there = client.get(reverse("admin:dispatch_standingorder_change", args=[order.pk]))
    assert "pauses-group" in there.content.decode()


def test_a_new_series_that_cannot_be_booked_says_why(world, client_of, form_of):
    client, url = client_of("dispatcher"), reverse("admin:dispatch_standingorder_add")
    sent = form_of(client.get(url), **new_order(world, pickup_time="11:00"))
    page = client.post(url, sent)
    assert page.status_code == 200
    assert "The appointment is before the pickup." in text(page)
    assert StandingOrder.objects.get() == world.rows["standingorder"]
    long_ago = client.post(url, sent | {"pickup_time": "", "starts_on": "2000-01-01"})
    assert "more than a year ago" in str(long_ago.context["adminform"].form.errors["starts_on"])
    assert StandingOrder.objects.get() == world.rows["standingorder"]


def test_series_are_booked_ahead_from_the_list(world, client_of, today):
    home = make_patient(world.company).home
    assert home is not None
    home.lat = home.lon = None
    home.coordinates_quality = "unknown"
    home.save()
    tomorrow = today + timedelta(days=1)
    order = make_standing_order(
        world.company, weekdays=EVERY_DAY, starts_on=tomorrow, ends_on=tomorrow, pickup=home
    )
    data = {"action": "expand", ACTION_CHECKBOX_NAME: [order.pk]}
    url = reverse("admin:dispatch_standingorder_changelist")
    page = client_of("dispatcher").post(url, data, follow=True)
    assert "1 journey is booked." in text(page)
    assert "The position of a place is unknown" in text(page)
    client_of("auditor").post(url, data)
    assert order.bookings.count() == 1
    assert isinstance(order.bookings.get().appointment_at, datetime)


def test_the_button_of_the_list_leaves_series_alone_that_one_only_looks_at(world, client_of, today):
    theirs = make_standing_order(
        make_company(), weekdays=EVERY_DAY, starts_on=today + timedelta(days=1)
    )
    Membership.objects.create(
        user=world.people["dispatcher"], company=theirs.company, role=Role.AUDITOR
    )
    data = {"action": "expand", ACTION_CHECKBOX_NAME: [theirs.pk]}
    client_of("dispatcher").post(reverse("admin:dispatch_standingorder_changelist"), data)
    assert not theirs.bookings.exists()
