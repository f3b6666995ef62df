"""Lists of the desks: no query a row, names found whatever their accents, days a click away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dispatch.admin.base import CappedPaginator
from dispatch.models import Booking, DispatchRun, Patient
from dispatch.usecases.day_clock import local_day
from tests.dispatch.admin.conftest import DESKS, make_world
from tests.factories import DAY, at, make_booking, make_company, make_shift

pytestmark = pytest.mark.django_db


def changelist(desk):
    """With every day: the desk of bookings would open on today."""
    url = reverse(f"admin:dispatch_{desk}_changelist")
    return f"{url}?from=" if desk == "booking" else url


def listed(page):
    return {row.pk for row in page.context["cl"].result_list}


@pytest.mark.parametrize("desk", [*DESKS, "user"])
def test_three_times_the_rows_take_the_same_queries(world, client_of, desk, connection_queries):
    client = client_of("superuser")
    client.get(changelist(desk))  # what is cached for good, is cached now
    few = connection_queries(lambda: client.get(changelist(desk)))
    for _each in range(2):
        make_world()
    assert connection_queries(lambda: client.get(changelist(desk))) <= few


@pytest.fixture
def connection_queries(db):
    def count(action):
        with CaptureQueriesContext(connection) as queries:
            assert action().status_code == 200
        return len(queries)

    return count


@pytest.mark.parametrize("words", ["elan", "ÉLAN", "Eve", "elan eve", "D-"])
def test_a_driver_is_found_by_parts_of_the_name_and_by_reference(world, client_of, words):
    page = client_of("dispatcher").get(changelist("driver"), {"q": words})
    assert listed(page) == {world.rows["driver"].pk}


def test_every_word_has_to_fit(world, client_of):
    assert listed(client_of("dispatcher").get(changelist("driver"), {"q": "elan marie"})) == set()


def test_the_search_of_names_can_use_its_index(world):
    """A pattern that begins with % needs the trigram index: LIKE on the sort key itself, no UPPER."""
    desk = admin.site._registry[Patient]
    rows, _more = desk.get_search_results(HttpRequest(), Patient.objects.all(), "Ana")
    assert '"dispatch_patient"."sort_key"::text LIKE' in str(rows.query)


def test_bookings_of_a_day_and_of_some_days(world, client_of):
    company, client = world.company, client_of("dispatcher")
    later = make_booking(company, pickup_at=at(9, day=DAY + timedelta(days=3)))
    page = client.get(changelist("booking"), {"from": DAY.isoformat(), "to": DAY.isoformat()})
    assert listed(page) == set(company.bookings.filter(service_on=DAY).values_list("pk", flat=True))
    assert listed(client.get(changelist("booking"), {"from": later.service_on.isoformat()})) == {
        later.pk
    }


def test_the_presets_are_days_from_today_on(world, client_of):
    page = client_of("dispatcher").get(changelist("booking")).content.decode()
    today = timezone.localdate()
    monday = today - timedelta(days=today.weekday())
    assert f"from={today}&amp;to={today}" in page
    assert f"from={today + timedelta(days=1)}&amp;to={today + timedelta(days=1)}" in page
    assert f"from={monday}&amp;to={monday + timedelta(days=6)}" in page


def test_a_day_that_is_none_is_no_error(world, client_of):
    url = reverse("admin:dispatch_booking_changelist")
    page = client_of("dispatcher").get(url, {"from": "soon"})
    assert (page.status_code, page.url) == (302, f"{url}?e=1")


def test_shifts_that_reach_into_a_day_belong_to_it(world, client_of):
    night = make_shift(
        world.company,
        start=at(22, day=DAY + timedelta(days=5)),
        end=at(6, day=DAY + timedelta(days=6)),
    )
    for day in (5, 6):
        text = (DAY + timedelta(days=day)).isoformat()
        page = client_of("dispatcher").get(changelist("shift"), {"from": text, "to": text})
        assert listed(page) == {night.pk}


def test_times_are_those_of_the_companys_clocks(client_of, world):
    far = make_company(time_zone="America/New_York")
    far.memberships.create(user=world.people["outsider"], role="dispatcher")
    world.people["outsider"].memberships.exclude(company=far).delete()
    booking = make_booking(far, pickup_at=at(15))  # 15:00 in Geneva is 09:00 there
    client = client_of("outsider")
    assert "08:55–09:15" in client.get(changelist("booking")).content.decode()
    page = client.get(reverse("admin:dispatch_booking_change", args=[booking.pk])).content.decode()
    assert 'value="2026-06-17T08:55"' in page


def test_counting_stops_where_nobody_leafs(monkeypatch, world):
    monkeypatch.setattr("dispatch.admin.base.MOST_COUNTED", 1)
    assert Booking.objects.count() > 2
    assert CappedPaginator(Booking.objects.all(), 50).count == 2


def test_the_papers_of_a_driver_are_told_before_they_run_out(world, client_of):
    today = timezone.localdate()
    driver = world.rows["driver"]
    driver.licences.update(expires_on=today + timedelta(days=10))
    client = client_of("admin")
    assert (
        f"until {today + timedelta(days=10)}" in client.get(changelist("driver")).content.decode()
    )
    assert listed(client.get(changelist("driver"), {"licences": "soon"})) == {driver.pk}
    assert listed(client.get(changelist("driver"), {"licences": "expired"})) == set()
    driver.licences.update(expires_on=today - timedelta(days=1))
    assert listed(client.get(changelist("driver"), {"licences": "expired"})) == {driver.pk}


def test_a_run_is_listed_without_its_documents(world, client_of):
    with CaptureQueriesContext(connection) as queries:
        client_of("auditor").get(changelist("dispatchrun"))
    assert not [q for q in queries if '"dispatch_dispatchrun"."problem"' in q["sql"]]
    assert DispatchRun.objects.exists()


def test_the_day_reads_from_morning_to_evening(world, client_of):
    early = make_booking(world.company, pickup_at=at(6))
    page = client_of("dispatcher").get(changelist("booking"))
    assert page.context["cl"].result_list[0].pk == early.pk


def test_the_desk_of_bookings_opens_on_today_and_lets_go_of_it(world, client_of):
    client, url = client_of("dispatcher"), changelist("booking").partition("?")[0]
    today = local_day(world.company, timezone.now())
    make_booking(world.company, pickup_at=at(12, day=today), reference="B-TODAY")
    opened = client.get(url, follow=True)
    assert opened.redirect_chain[-1][0] == f"{url}?from={today}&to={today}"
    shown = opened.content.decode()
    assert "B-TODAY" in shown
    assert world.rows["booking"].reference not in shown
    assert '<li class="selected"><a href="?from=' in shown
    every = client.get(f"{url}?from=")
    assert world.rows["booking"].reference in every.content.decode()
    assert 'href="?from="' in shown


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wrong", ["period=today", "period__contains=x", "nothing=1"])
def test_an_address_that_cannot_be_read_leads_to_the_list(client_of, wrong):
    url = reverse("admin:dispatch_shift_changelist")
    answer = client_of("admin").get(f"{url}?{wrong}")
    assert (answer.status_code, answer["Location"]) == (302, f"{url}?e=1")
    assert client_of("admin").get(answer["Location"]).status_code == 200
