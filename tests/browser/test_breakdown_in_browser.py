"""A breakdown in a real browser: another way for one patient is priced for all before anything is applied."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from dispatch.enums import BookingStatus, Role
from dispatch.models import Assignment, Company, Handover, Shift
from dispatch.usecases.day_clock import local_day
from tests.factories import (
    bring,
    make_assignment,
    make_booking,
    make_company,
    make_driver,
    make_member,
    make_shift,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def on_duty(company: Company, name: str) -> Shift:
    now = timezone.now()
    driver = make_driver(company, last_name=name, first_name="Anna")
    return make_shift(
        company, driver=driver, start=now - timedelta(hours=2), end=now + timedelta(hours=6)
    )


def test_other_ways_are_looked_at_before_they_are_applied(
    page: Page, live_server: LiveServer
) -> None:
    """One on board, one in an hour, and one other crew; a taxi costs 500 francs and its kilometres."""
    company = make_company(settings={"rescue": {"partner_enabled": True, "partner_base": 500}})
    lost, other = on_duty(company, "Rey"), on_duty(company, "Blanc")
    rows = []
    for minutes in (-10, 60):
        begins = timezone.now() + timedelta(minutes=minutes)
        day = local_day(company, timezone.now())
        row = make_booking(company, pickup_at=begins, service_on=day)
        make_assignment(row, lost, start=begins)
        rows.append(row)
    aboard, later = rows
    bring(aboard, BookingStatus.ON_BOARD, boarded_at=timezone.now() - timedelta(minutes=10))
    user = make_member(company, Role.DISPATCHER, username="office")
    user.set_password("secret-of-the-office")
    user.save()
    page.goto(f"{live_server.url}/shifts/{lost.pk}/breakdown/")
    page.get_by_label("User name").fill("office")
    page.get_by_label("Password").fill("secret-of-the-office")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".counts")).to_contain_text("as proposed")
    before = page.locator(f"#trip-{later.pk} .price").first.inner_text()
    page.locator(f"#trip-{aboard.pk} input[value^='partner']").check()
    page.get_by_role("button", name="Price again").click()
    expect(page.locator(".counts")).to_contain_text("as chosen")
    expect(page.locator(f"#trip-{aboard.pk} input[value^='partner']")).to_be_checked()
    expect(page.locator(f"#trip-{later.pk} .price").first).not_to_have_text(before)
    total = page.locator(".counts b").last.inner_text()
    page.get_by_role("button", name="Apply all as chosen").click()
    expect(page.get_by_text(f"Price of what was chosen: {total}")).to_be_visible()
    assert Handover.objects.get().booking == aboard
    assert Assignment.objects.get(booking=later).shift == other
