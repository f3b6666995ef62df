"""The desks' forms in a real browser: the search boxes follow the company that is chosen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from dispatch.enums import Role
from dispatch.models import Membership
from tests.factories import make_company, make_driver, make_member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_new_shift_offers_the_drivers_of_the_chosen_company(
    page: Page, live_server: LiveServer
) -> None:
    ours, theirs = make_company(name="Ours"), make_company(name="Theirs")
    for company in (ours, theirs):
        make_driver(company, last_name="Élan", first_name="Ève", reference=f"D-{company.name}")
    user = make_member(ours, Role.ADMIN, is_staff=True, username="boss")
    user.set_password("secret-of-the-boss")
    user.save()
    Membership.objects.create(user=user, company=theirs, role=Role.ADMIN)
    page.goto(f"{live_server.url}/admin/dispatch/shift/add/")
    page.get_by_label("Username").fill("boss")
    page.get_by_label("Password").fill("secret-of-the-boss")
    page.get_by_role("button", name="Log in").click()

    def expect_offered(*names: str) -> None:
        page.locator("#id_driver + .select2 .select2-selection").click()
        expect(page.locator(".select2-results__option")).to_have_text(names)

    expect_offered("Élan Ève · D-Ours · Ours", "Élan Ève · D-Theirs · Theirs")
    page.keyboard.press("Escape")
    page.locator("#id_company").select_option(label="Theirs")
    expect_offered("Élan Ève · D-Theirs")
    page.keyboard.press("Enter")
    expect(page.locator("#select2-id_driver-container")).to_contain_text("D-Theirs")
    page.locator("#id_company").select_option(label="Ours")
    expect(page.locator("#select2-id_driver-container")).not_to_contain_text("Élan")
    expect_offered("Élan Ève · D-Ours")
