"""Between fair and cheap in a browser: the slider, the cards and the keyboard say the same plan; and a plan made by hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from dispatch.models import Assignment
from tests.browser.test_day_in_browser import day, sign_in
from tests.dispatch.pages.days import Day
from tests.dispatch.pages.test_choices_page import shared
from tests.factories import make_assignment, make_driver

__all__ = ["day"]  # the fixture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def test_the_slider_goes_from_plan_to_plan(page: Page, live_server: LiveServer, day: Day) -> None:
    shared(day)
    sign_in(page, live_server, day.company)
    page.goto(live_server.url + day.url)
    page.get_by_role("link", name="Fairness or cost").click()
    page.get_by_role("button", name="Plan up to three").click()
    slider, cards = page.get_by_role("slider"), page.locator("#plans > li")
    expect(slider).to_be_visible()
    last = cards.count() - 1
    assert 1 <= last <= 2
    slider.press("Home")
    for position in range(last + 1):
        chosen = cards.nth(position)
        expect(chosen).to_have_attribute("aria-current", "true")
        expect(page.locator("#plans > [aria-current]")).to_have_count(1)
        expect(page.locator("output")).to_have_text(chosen.get_attribute("data-says") or "")
        slider.press("ArrowRight")
    expect(cards.nth(last)).to_have_attribute("aria-current", "true")  # there is nothing beyond
    cards.first.get_by_role("button").focus()
    expect(slider).to_have_value("0")
    expect(cards.first).to_have_attribute("aria-current", "true")
    page.set_viewport_size({"width": 390, "height": 800})
    assert not page.evaluate(WIDER)
    expect(cards.nth(last)).to_be_hidden()  # a narrow screen shows the plan of the slider alone
    slider.press("End")
    expect(cards.first).to_be_hidden()
    cards.nth(last).get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("is in force")
    assert Assignment.objects.count() == 5


def test_a_plan_by_hand_is_judged_and_its_move_put_in_force(
    page: Page, live_server: LiveServer, day: Day
) -> None:
    ada = day.shift(driver=make_driver(day.company, first_name="Ada", last_name="Un"))
    day.shift(driver=make_driver(day.company, first_name="Ben", last_name="Deux"))
    booking = day.booking(11)
    make_assignment(booking, ada)
    sign_in(page, live_server, day.company)
    page.goto(live_server.url + day.url)
    page.get_by_role("link", name="Plan by hand").click()
    page.get_by_label(f"Driver of {booking.reference}").select_option("Deux Ben")
    page.get_by_role("button", name="Judge this plan").click()
    expect(page.get_by_role("heading", name="This plan keeps every rule")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    assert not page.evaluate(WIDER)
    page.get_by_role("link", name="See what would change").click()
    page.get_by_role("button", name="Put this move in force").click()
    expect(page.get_by_role("status")).to_contain_text("1 move is in force.")
    assert str(Assignment.objects.get().driver) == "Deux Ben"
    page.get_by_role("link", name="Take them back").click()
    page.get_by_role("button", name="Put this move in force").click()
    expect(page.get_by_role("status")).to_contain_text("1 move is in force.")
    assert Assignment.objects.get().shift == ada
