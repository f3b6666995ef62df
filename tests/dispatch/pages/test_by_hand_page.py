"""A plan made by hand on a page: judged beside the plan in force, then looked at and put in force as moves."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils.html import escape

from dispatch.enums import Role
from dispatch.models import Assignment, Booking, Shift
from dispatch.pages import by_hand as by_hand_page
from tests.dispatch.pages.conftest import SignIn
from tests.dispatch.pages.days import Day
from tests.dispatch.pages.test_day_page import _queries, words
from tests.factories import make_assignment, make_company, make_driver, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(tomorrow: Day) -> Shift:
    return tomorrow.shift(driver=make_driver(tomorrow.company, first_name="Ada", last_name="Un"))


@pytest.fixture
def ben(tomorrow: Day) -> Shift:
    driver = make_driver(tomorrow.company, first_name="Ben", last_name="Deux")
    return tomorrow.shift(10, 18, driver=driver)


@pytest.fixture
def booking(tomorrow: Day, ada: Shift, ben: Shift) -> Booking:
    """At eleven with Ada; Ben could have it."""
    assert ben.pk
    found = tomorrow.booking(11)
    make_assignment(found, ada)
    return found


def judged(client: Client, day: Day, **said: object) -> str:
    answer = client.post(day.url + "by-hand/", {name: str(value) for name, value in said.items()})
    assert answer.status_code == 200
    return answer.content.decode()


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))


def test_the_day_leads_to_the_plan_in_force_and_to_an_empty_one(
    signed_in: SignIn, tomorrow: Day, ada: Shift, booking: Booking
) -> None:
    client = signed_in()
    assert f'href="{tomorrow.url}by-hand/"' in client.get(tomorrow.url).content.decode()
    page = client.get(tomorrow.url + "by-hand/").content.decode()
    assert f'<option value="{ada.pk}" selected>Un Ada</option>' in page
    assert f'name="h{booking.pk}" value="10:55"' in page
    assert 'href="?from=empty"' in page or f'href="{tomorrow.url}by-hand/?from=empty"' in page
    empty = client.get(tomorrow.url + "by-hand/?from=empty").content.decode()
    assert "selected" not in empty.partition("<fieldset")[2]
    assert "Without a driver 1" in plain(empty)


def test_every_broken_rule_is_told_and_the_figures_stand_beside_those_in_force(
    signed_in: SignIn, tomorrow: Day, ben: Shift, booking: Booking
) -> None:
    early = tomorrow.booking(9)
    page = judged(signed_in(), tomorrow, **{f"d{early.pk}": ben.pk, f"h{early.pk}": "09:00"})
    text = plain(page)
    assert "This plan breaks" in text
    assert f"The pickup of trip {early.reference} (shift Deux Ben) is" in text
    assert "later than its time window" in text
    assert "Trips without a driver 1 0" in text
    assert "1 journey leaves the place it has in the plan in force." in text
    address = f"{tomorrow.url}moves/?m={early.pk}-{ben.pk}"
    assert f'href="{escape(address)}"' in page
    assert booking.reference in text
    assert "in force: –" in text
    assert "must hold" in text


def test_wishes_are_counted_beside_those_of_the_plan_in_force(
    signed_in: SignIn, tomorrow: Day, ben: Shift, booking: Booking
) -> None:
    """Another driver than the one in force is the only one."""
    text = plain(judged(signed_in(), tomorrow, **{f"d{booking.pk}": ben.pk}))
    assert "This plan keeps every rule" in text
    assert "1 wish is not met, 0 in the plan in force" in text
    assert f"Trip {booking.reference} changes driver from the plan in force" in text


def test_an_order_is_judged_and_is_no_move(
    signed_in: SignIn, tomorrow: Day, ada: Shift, booking: Booking
) -> None:
    later = tomorrow.booking(15)
    make_assignment(later, ada)
    page = judged(signed_in(), tomorrow, **{f"h{later.pk}": "08:00", f"d{later.pk}": ada.pk})
    assert f"The pickup of trip {booking.reference} (shift Un Ada) is" in plain(page)
    assert "there is nothing to put in force" in page
    assert page.index(later.reference + "</span>") < page.index(booking.reference + "</span>")


@pytest.mark.parametrize("word", ["x", "0", "9" * 30])
def test_a_driver_whom_the_day_does_not_know_is_no_move(
    signed_in: SignIn, tomorrow: Day, booking: Booking, word: str
) -> None:
    page = judged(signed_in(), tomorrow, **{f"d{booking.pk}": word})
    assert "there is nothing to put in force" in page


def test_queries_do_not_grow_with_the_day(
    signed_in: SignIn, tomorrow: Day, booking: Booking, ada: Shift
) -> None:
    assert booking.pk
    client, address = signed_in(), tomorrow.url + "by-hand/"
    before = _queries(client, address)
    for hour in (12, 13, 14, 15, 16):
        make_assignment(tomorrow.booking(hour), ada)
    assert _queries(client, address) == before


@pytest.mark.parametrize("hour", ["", "x", "25:00"])
def test_what_is_no_hour_changes_nothing(
    signed_in: SignIn, tomorrow: Day, booking: Booking, hour: str
) -> None:
    page = judged(signed_in(), tomorrow, **{f"h{booking.pk}": hour})
    assert "This plan keeps every rule" in page
    assert f'name="h{booking.pk}" value="10:55"' in page


def test_moves_are_shown_put_in_force_and_taken_back(
    signed_in: SignIn, tomorrow: Day, ada: Shift, ben: Shift, booking: Booking
) -> None:
    client = signed_in()
    page = judged(client, tomorrow, **{f"d{booking.pk}": ben.pk, f"h{booking.pk}": "10:55"})
    assert "This plan keeps every rule" in page
    address = f"{tomorrow.url}moves/?m={booking.pk}-{ben.pk}"
    shown = client.get(address).content.decode()
    assert "Un Ada → Deux Ben" in plain(shown)
    assert Assignment.objects.get().shift == ada
    done = put_in_force(client, address, shown)
    assert "1 move is in force." in done
    ride = Assignment.objects.get()
    assert (ride.shift, ride.is_pinned) == (ben, True)
    back = f"{tomorrow.url}moves/?m={booking.pk}-{ada.pk}"
    assert f'href="{escape(back)}"' in done
    put_in_force(client, back, client.get(back).content.decode())
    assert Assignment.objects.get().shift == ada


def put_in_force(client: Client, address: str, page: str) -> str:
    token = re.findall(r'name="token" value="([^"]+)"', page)[0]
    return client.post(address, {"token": token, "pin": "1"}, follow=True).content.decode()


def test_all_are_taken_off_before_any_is_given(
    signed_in: SignIn, tomorrow: Day, ada: Shift, ben: Shift, booking: Booking
) -> None:
    """Both at eleven: one after the other they would stand in each other's way."""
    other = tomorrow.booking(11)
    make_assignment(other, ben)
    client = signed_in()
    address = f"{tomorrow.url}moves/?m={booking.pk}-{ben.pk}&m={other.pk}-{ada.pk}"
    done = put_in_force(client, address, client.get(address).content.decode())
    assert "2 moves are in force." in done
    assert dict(Assignment.objects.values_list("booking_id", "shift_id")) == {
        booking.pk: ben.pk,
        other.pk: ada.pk,
    }


def test_nobody_may_be_the_goal_and_the_way_back(
    signed_in: SignIn, tomorrow: Day, booking: Booking, ada: Shift
) -> None:
    client = signed_in()
    address = f"{tomorrow.url}moves/?m={booking.pk}-"
    done = put_in_force(client, address, client.get(address).content.decode())
    assert not Assignment.objects.exists()
    back = f"{tomorrow.url}moves/?m={booking.pk}-{ada.pk}"
    assert f'href="{escape(back)}"' in done
    again = put_in_force(client, back, client.get(back).content.decode())
    assert f"m={booking.pk}-&quot;" in again or f'm={booking.pk}-"' in again


def test_what_a_rule_forbids_names_the_journey(
    signed_in: SignIn, tomorrow: Day, ben: Shift
) -> None:
    early = tomorrow.booking(8)
    text = words(signed_in(), f"{tomorrow.url}moves/?m={early.pk}-{ben.pk}")
    assert "This move cannot be put in force" in text
    assert f"{early.reference} · Deux Ben" in text


def test_another_outcome_than_the_one_shown_is_not_put_in_force(
    signed_in: SignIn, tomorrow: Day, ben: Shift, booking: Booking
) -> None:
    client = signed_in()
    address = f"{tomorrow.url}moves/?m={booking.pk}-{ben.pk}"
    token = re.findall(r'name="token" value="([^"]+)"', client.get(address).content.decode())[0]
    make_assignment(tomorrow.booking(13), ben)
    said = client.post(address, {"token": token}).content.decode()
    assert "Not done:" in said
    assert Assignment.objects.get(booking=booking).shift != ben


def test_moves_of_what_is_not_open_are_refused_in_words(
    signed_in: SignIn, tomorrow: Day, ben: Shift
) -> None:
    gone = tomorrow.booking(11, status="cancelled", status_reason="weather")
    address = f"{tomorrow.url}moves/?m={gone.pk}-{ben.pk}"
    assert "This move cannot be put in force" in words(signed_in(), address)


@pytest.mark.parametrize("query", ["", "m=x-1", "m=1", "m=1-x", "m=999999-", "m=" + "9" * 30 + "-"])
def test_addresses_that_name_no_move_are_not_found(
    signed_in: SignIn, tomorrow: Day, query: str
) -> None:
    assert signed_in().get(f"{tomorrow.url}moves/?{query}").status_code == 404


def test_a_shift_of_another_company_is_not_found(
    signed_in: SignIn, tomorrow: Day, booking: Booking
) -> None:
    far = Day(make_company(), tomorrow.on).shift()
    address = f"{tomorrow.url}moves/?m={booking.pk}-{far.pk}"
    assert signed_in().get(address).status_code == 404


def test_more_than_a_form_holds_is_said(
    signed_in: SignIn, tomorrow: Day, booking: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert booking.pk
    monkeypatch.setattr(by_hand_page, "MOST_JOURNEYS", 0)
    assert "1 journeys are too many" in words(signed_in(), tomorrow.url + "by-hand/")


def test_more_moves_than_are_put_in_force_together_have_no_link(
    signed_in: SignIn, tomorrow: Day, booking: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_hand_page, "MOST_MOVES", 0)
    page = judged(signed_in(), tomorrow, **{f"d{booking.pk}": ""})
    assert "At most 0 can be put in force together." in page


def test_a_day_without_anything_or_without_anything_left_to_move_says_so(
    signed_in: SignIn, tomorrow: Day
) -> None:
    client = signed_in()
    address = tomorrow.url + "by-hand/"
    assert "There is neither a shift nor a booking" in words(client, address)
    tomorrow.shift()
    assert "No journey of this day can still be moved." in words(client, address)


def test_with_two_companies_the_addresses_name_one(
    signed_in: SignIn, tomorrow: Day, booking: Booking
) -> None:
    user = make_member(tomorrow.company, Role.DISPATCHER)
    other = make_company()
    other.memberships.create(user=user, role=Role.DISPATCHER)
    client = signed_in(user=user)
    address = f"{tomorrow.url}by-hand/?company=leman"
    answer = client.post(address, {f"d{booking.pk}": ""}).content.decode()
    assert f"moves/?company=leman&amp;m={booking.pk}-" in answer
    assert "by-hand/?company=leman&amp;from=empty" in answer


def test_who_may_look_and_who_may_judge(signed_in: SignIn, tomorrow: Day, booking: Booking) -> None:
    addresses = (tomorrow.url + "by-hand/", f"{tomorrow.url}moves/?m={booking.pk}-")
    auditor, stranger = (
        signed_in(Role.AUDITOR),
        signed_in(user=make_member(make_company(), Role.ADMIN)),
    )
    for address in addresses:
        page = auditor.get(address).content.decode()
        assert '<button class="first">' not in page
        assert auditor.post(address).status_code == 403
        assert signed_in(Role.DRIVER).get(address).status_code == 403
        assert Client().get(address).status_code == 302
    assert stranger.get(addresses[1]).status_code == 404
