"""The day's page as a dispatcher uses it: signed in, by keyboard, in light and dark, on a wide and a narrow screen."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from dispatch.enums import Mobility, Role
from dispatch.models import Assignment, Company
from dispatch.usecases.day_clock import local_day
from tests.dispatch.pages.days import Day
from tests.factories import make_assignment, make_break, make_company, make_member, make_patient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PASSWORD = "a password for one test"

# What WCAG 2.2 AA asks of text, measured on what the browser paints: [text, contrast] of all that is too faint.
FAINT = """
() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const node of document.querySelectorAll("body *:not(svg *):not(option)")) {
    const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !node.checkVisibility()) continue;
    const [one, two] = [light(parse(getComputedStyle(node).color)), light(ground(node))];
    const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (contrast < 4.5) faint.push([node.textContent.trim().slice(0, 40), contrast]);
  }
  return faint;
}
"""


@pytest.fixture
def day() -> Day:
    company = make_company(
        name="Léman", slug="leman", settings={"solver_time_limit_s": 1}, time_zone="Europe/Zurich"
    )
    return Day(company, local_day(company, timezone.now()) + timedelta(days=1))


def sign_in(page: Page, server: LiveServer, company: Company, role: Role = Role.DISPATCHER) -> None:
    user = make_member(company, role)
    user.set_password(PASSWORD)
    user.save()
    page.goto(server.url)
    page.get_by_label("User name").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/days/**")


def test_a_day_is_planned_looked_at_and_put_in_force(
    page: Page, live_server: LiveServer, day: Day
) -> None:
    day.shift()
    booking = day.booking(9)
    sign_in(page, live_server, day.company)
    page.get_by_role("link", name="Next day").click()
    page.get_by_role("button", name="Plan this day").click()
    expect(page.get_by_role("heading", name="Proposal 1")).to_be_visible()
    assert not Assignment.objects.exists()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("status")).to_contain_text("Version 1 is in force")
    assert Assignment.objects.get().booking == booking
    expect(page.get_by_text("Plan in force: version 1")).to_be_visible()


def test_where_nobody_can_drive_the_answer_stands_on_the_card(
    page: Page, live_server: LiveServer, day: Day
) -> None:
    """Twenty cards: the page comes back to the one that was pressed, not to its top."""
    day.shift()
    lying = make_patient(day.company, mobility=Mobility.STRETCHER)
    *_others, booking = [day.booking(9, minute, patient=lying) for minute in range(20)]
    sign_in(page, live_server, day.company)
    page.goto(live_server.url + day.url)
    page.get_by_text("Show the list").click()
    page.get_by_role("button", name=f"Find a driver for {booking.reference}").click()
    card = page.locator(f"#trip-{booking.pk}")
    expect(card).to_contain_text("Nobody found at")
    expect(card).to_contain_text("stretcher")
    expect(card).to_contain_text(str(booking.patient))
    expect(card).to_be_in_viewport(ratio=1)
    expect(card).to_be_focused()
    expect(page.locator(".messages")).to_have_count(0)


def test_the_driver_who_was_found_is_shown_with_the_trip(
    page: Page, live_server: LiveServer, day: Day
) -> None:
    for hour in range(7, 15):
        day.shift(hour, 19)
    booking = day.booking(9)
    sign_in(page, live_server, day.company)
    page.goto(live_server.url + day.url)
    page.get_by_role("button", name="Find a driver").click()
    line = page.locator(f"tr#trip-{booking.pk}")
    expect(line).to_contain_text("Found:")
    expect(line).to_be_in_viewport()
    expect(line).to_be_focused()
    expect(page.locator("details.driver[open]")).to_have_count(1)


def test_a_patient_who_calls_early_is_asked_back_and_a_mistake_is_undone(
    page: Page, live_server: LiveServer, day: Day
) -> None:
    today = Day(day.company, day.on - timedelta(days=1))
    booking = today.on_call()
    sign_in(page, live_server, day.company)
    card = page.locator(f"#trip-{booking.pk}")
    expect(card.get_by_role("button", name=f"{booking.reference} is ready")).to_have_count(0)
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(card).to_contain_text("The outbound journey is not recorded as done")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(card).to_contain_text("The patient is ready: find a driver.")
    expect(
        page.get_by_role("region", name="Without a driver").locator(f"#trip-{booking.pk}")
    ).to_be_visible()
    card.get_by_role("button", name="not ready after all").click()
    expect(card).to_contain_text("Taken back")
    expect(
        page.get_by_role("region", name="Returns on call").locator(f"#trip-{booking.pk}")
    ).to_be_visible()


def test_a_driver_s_trips_open_by_keyboard_and_by_their_block(
    page: Page, live_server: LiveServer, day: Day
) -> None:
    shift = day.shift()
    booking = day.booking(9)
    make_assignment(booking, shift)
    sign_in(page, live_server, day.company)
    page.goto(live_server.url + day.url)
    line = page.locator(f"tr#trip-{booking.pk}")
    expect(line).to_be_hidden()
    page.locator("details.driver summary").focus()
    page.keyboard.press("Enter")
    expect(line).to_be_visible()
    page.keyboard.press("Enter")
    expect(line).to_be_hidden()
    page.locator("summary rect.block").click()
    expect(line).to_be_visible()
    page.get_by_role("button", name="Close all").click()
    expect(line).to_be_hidden()


def test_blocks_stand_under_their_hours(page: Page, live_server: LiveServer, day: Day) -> None:
    """07:00–19:00 is the axis: 13:00 is its middle."""
    make_assignment(day.booking(13, promised_from=day.at(13)), day.shift())
    sign_in(page, live_server, day.company)
    page.goto(live_server.url + day.url)
    bar = page.locator("summary svg.bar").bounding_box()
    block = page.locator("summary rect.block").bounding_box()
    label = page.locator(".axis text", has_text="13:00").bounding_box()
    assert bar
    assert block
    assert label
    assert block["x"] == pytest.approx(bar["x"] + bar["width"] / 2, abs=2)
    assert label["x"] + label["width"] / 2 == pytest.approx(block["x"], abs=2)


def test_the_language_and_the_day_are_changed_without_losing_the_place(
    page: Page, live_server: LiveServer, day: Day
) -> None:
    sign_in(page, live_server, day.company)
    page.goto(live_server.url + day.url)
    page.get_by_role("button", name="FR").click()
    expect(page.get_by_text("Aucun plan n’est en vigueur")).to_be_visible()
    assert page.url == live_server.url + day.url
    assert page.locator("html").get_attribute("lang") == "fr"
    page.get_by_label("Jour", exact=True).fill("2026-06-17")
    expect(page.get_by_role("heading", name="mercredi 17 juin 2026")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(page: Page, live_server: LiveServer, day: Day, scheme: str) -> None:
    shift = day.shift()
    make_break(shift, earliest_at=day.at(12), latest_at=day.at(13), mandatory=False)
    late = day.booking(9)
    make_assignment(late, shift, start=day.at(9, 40))
    make_assignment(day.booking(11, appointment_at=day.at(11, 30)), shift)
    day.booking(10, patient=make_patient(day.company, mobility=Mobility.STRETCHER))
    day.on_call()
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    sign_in(page, live_server, day.company)
    page.goto(live_server.url + day.url)
    page.get_by_role("button", name="Open all").click()
    expect(page.get_by_text("25 min late", exact=True)).to_be_visible()
    assert page.evaluate(FAINT) == []
    page.get_by_role("button", name="Plan this day").click()
    expect(page.get_by_role("heading", name="Proposal 1")).to_be_visible()
    assert page.evaluate(FAINT) == []


def test_a_narrow_screen_scrolls_down_and_not_sideways(
    page: Page, live_server: LiveServer, day: Day
) -> None:
    make_assignment(day.booking(9), day.shift())
    day.booking(10)
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, live_server, day.company)
    page.goto(live_server.url + day.url)
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("width", [360, 820, 1110, 1440])
def test_the_hours_of_the_axis_do_not_touch(
    page: Page, live_server: LiveServer, day: Day, width: int
) -> None:
    day.shift(5, 23)
    page.set_viewport_size({"width": width, "height": 740})
    sign_in(page, live_server, day.company)
    page.goto(live_server.url + day.url)
    boxes = [box.bounding_box() for box in page.locator(".axis text").all() if box.is_visible()]
    ends = [(box["x"], box["x"] + box["width"]) for box in boxes if box]
    assert len(ends) >= 4
    assert all(before[1] < after[0] for before, after in itertools.pairwise(ends))
    assert ends[-1][1] <= width


def test_a_proposal_is_compared_with_what_is_in_force(
    page: Page, live_server: LiveServer, day: Day
) -> None:
    day.shift()
    day.booking(9)
    sign_in(page, live_server, day.company)
    page.goto(live_server.url + day.url)
    page.get_by_role("button", name="Plan this day").click()
    expect(page.get_by_text("This is the first plan of the day.")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    day.booking(14)
    page.get_by_role("button", name="Plan this day").click()
    expect(page.get_by_role("heading", name="Changes against the plan in force")).to_be_visible()
    expect(page.locator(".kpi-before").first).to_contain_text("now")
    page.get_by_role("link", name="Back to the day").click()
    page.get_by_role("link", name="see the proposal").click()
    expect(page.get_by_role("button", name="Apply")).to_be_visible()


def test_without_scripts_every_button_works(page: Page, live_server: LiveServer, day: Day) -> None:
    context = page.context.browser
    assert context is not None
    plain = context.new_context(java_script_enabled=False).new_page()
    day.shift()
    day.booking(9)
    sign_in(plain, live_server, day.company)
    plain.goto(live_server.url + day.url)
    plain.get_by_role("button", name="Find a driver").click()
    expect(plain.locator("tr.told")).to_be_in_viewport()
    expect(plain.locator("tr.told")).to_contain_text("pickup at")
    assert Assignment.objects.count() == 1
    plain.context.close()
