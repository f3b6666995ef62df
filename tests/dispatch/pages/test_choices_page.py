"""Fairness against cost on a page: up to three proposals side by side, each with its price."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from dispatch.enums import Role, RunStatus
from dispatch.models import DispatchRun
from tests.dispatch.pages.conftest import SignIn
from tests.dispatch.pages.days import Day
from tests.dispatch.pages.test_actions import said
from tests.dispatch.pages.test_day_page import words
from tests.factories import make_company, make_member, make_place, make_run

pytestmark = pytest.mark.django_db


def shared(day: Day) -> None:
    """One driver lives where all journeys begin, the other five kilometres away."""
    for north in (46.2, 46.25):
        place = make_place(day.company, lat=north, lon=6.15)
        day.shift(start_place=place, end_place=place)
    for hour in (9, 11, 13, 15, 17):
        day.booking(hour)


def test_the_day_leads_to_it_and_it_says_what_it_does(signed_in: SignIn, tomorrow: Day) -> None:
    shared(tomorrow)
    client = signed_in()
    assert f'href="{tomorrow.url}choices/"' in client.get(tomorrow.url).content.decode()
    text = words(client, tomorrow.url + "choices/")
    assert "Up to three plans remain" in text
    assert "Plan up to three" in text


def test_each_plan_is_a_proposal_with_its_price(signed_in: SignIn, tomorrow: Day) -> None:
    shared(tomorrow)
    client = signed_in()
    answer = client.post(tomorrow.url + "choices/")
    runs = list(DispatchRun.objects.order_by("version"))
    assert answer["Location"].endswith(f"choices/?runs={'.'.join(str(run.pk) for run in runs)}")
    text = words(client, answer["Location"])
    assert len(runs) >= 2
    assert "The cheapest version 1" in text
    assert "The most even" in text
    assert "Over the cheapest 0 points" in text
    assert (
        text.count("fairness gap (predicted)") == text.count("Gini of the loads (predicted)") == 1
    )
    assert text.count("Loads of 7 days: Gini") == len(runs) + 1  # each card, and the table
    assert "In force" not in text
    page = client.get(answer["Location"]).content.decode()
    assert all(f'href="/proposals/{run.pk}/"' in page for run in runs)
    assert f'<input type="range" id="balance" min="0" max="{len(runs) - 1}"' in page
    assert len(re.findall(r'<li class="panel" data-says="[^"]{20,}">', page)) == len(runs)
    assert "pages/pareto" in page
    applied = client.post(f"/proposals/{runs[0].pk}/apply/", follow=True).content.decode()
    assert "between fair and cheap" in applied
    assert "put aside: version" in applied
    assert DispatchRun.objects.get(pk=runs[0].pk).applied_at is not None
    later = words(client, answer["Location"])
    assert "Version 1 is in force. The other plans of this choice were put aside" in later


def test_the_plan_in_force_is_one_of_the_columns(signed_in: SignIn, tomorrow: Day) -> None:
    shared(tomorrow)
    client = signed_in()
    client.post(tomorrow.url + "plan/")
    (first,) = DispatchRun.objects.all()
    client.post(f"/proposals/{first.pk}/apply/")
    text = words(client, client.post(tomorrow.url + "choices/")["Location"])
    table = text[text.index("All key figures") :]
    assert table.index("In force: version 1") < table.index("Version 2")
    DispatchRun.objects.filter(
        pk=first.pk
    ).delete()  # given one by one: there is no run behind the rides
    address = client.post(tomorrow.url + "choices/")["Location"]
    assert "As it stands" in words(client, address)


def test_a_day_with_one_driver_offers_one(signed_in: SignIn, tomorrow: Day) -> None:
    tomorrow.shift()
    tomorrow.booking()
    client = signed_in()
    address = client.post(tomorrow.url + "choices/")["Location"]
    assert "The only plan version 1" in words(client, address)
    assert "data-pareto" not in client.get(address).content.decode()
    DispatchRun.objects.update(status=RunStatus.SUPERSEDED)
    assert "do not wait for an answer any more" in words(client, address)


def test_an_address_that_names_no_runs_asks_again(signed_in: SignIn, tomorrow: Day) -> None:
    client = signed_in()
    assert "Plan up to three" in words(client, tomorrow.url + "choices/?runs=x.²." + "9" * 30)


def test_a_refusal_is_said_on_the_page(signed_in: SignIn, tomorrow: Day) -> None:
    client = signed_in()
    answer = client.post(tomorrow.url + "choices/")
    assert answer["Location"] == tomorrow.url + "choices/"
    assert "There is neither a shift nor a booking" in said(answer)


def test_with_two_companies_the_address_names_one(signed_in: SignIn, tomorrow: Day) -> None:
    tomorrow.shift()
    user = make_member(tomorrow.company, Role.DISPATCHER)
    other = make_company()
    other.memberships.create(user=user, role=Role.DISPATCHER)
    answer = signed_in(user=user).post(tomorrow.url + "choices/?company=leman")
    assert "choices/?company=leman&runs=" in answer["Location"]


def test_who_may_look_and_who_may_plan(signed_in: SignIn, tomorrow: Day) -> None:
    make_run(tomorrow.company)
    address = tomorrow.url + "choices/"
    auditor = signed_in(Role.AUDITOR)
    assert "Plan up to three" not in words(auditor, address)
    assert auditor.post(address).status_code == 403
    assert signed_in(Role.DRIVER).get(address).status_code == 403
    assert Client().get(address).status_code == 302
