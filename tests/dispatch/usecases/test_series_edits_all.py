"""All: every open journey follows the series; what is over stays, and nothing is lost on the way."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from dispatch.enums import BookingStatus as S
from dispatch.enums import Leg, Priority, ReturnMode
from dispatch.models import Assignment, Booking
from dispatch.usecases.expand_series import expand_series
from dispatch.usecases.promise import Agreed
from dispatch.usecases.series_change import (
    Clash,
)
from dispatch.usecases.series_edits import EditAll
from tests.dispatch.usecases.series_world import (
    FRIDAY,
    MONDAY,
    NEXT_FRIDAY,
    NOW,
    WEDNESDAY,
    content,
    days,
    done,
    on,
    put,
)
from tests.factories import (
    DAY,
    at,
    bring,
    make_assignment,
    make_place,
    make_shift,
    make_standing_order,
)

pytestmark = pytest.mark.django_db


def test_a_new_hour_moves_every_journey_to_come_and_makes_the_missing_ones(order):
    change = done(
        order,
        EditAll(content=content(order, appointment_time=time(9), pickup_time=time(8, 10))),
    )
    assert days(change.moved) == [DAY, FRIDAY, MONDAY, WEDNESDAY, NEXT_FRIDAY]
    assert len(days(change.created)) == 12 - 5
    row = on(MONDAY)
    assert (row.requested_at, row.appointment_at) == (at(8, 10, day=MONDAY), at(9, day=MONDAY))
    assert (row.promised_from, row.promised_to) == (at(8, 5, day=MONDAY), at(8, 25, day=MONDAY))
    assert row.version == 2
    assert on(MONDAY, Leg.RETURN).version == 1  # nothing of the return changed
    order.refresh_from_db()
    assert order.pickup_time == time(8, 10)


def test_a_pickup_that_follows_from_the_appointment_follows_it(order):
    done(order, EditAll(content=content(order, pickup_time=None)))
    before = on(MONDAY).requested_at
    assert before is not None
    was = Agreed.of(on(MONDAY)).window
    change = done(order, EditAll(content=content(order, appointment_time=time(9))))
    assert on(MONDAY).requested_at == before + timedelta(hours=1)
    told = {each.series_on: each.promise for each in change.moved}
    assert told[MONDAY] == (was, Agreed.of(on(MONDAY)).window)


def test_what_has_begun_stays_whole_and_is_told(order, company):
    make_assignment(on(DAY), make_shift(company))
    bring(on(DAY), S.EN_ROUTE, en_route_at=at(6, 50))
    change = done(
        order,
        EditAll(content=content(order, return_time=time(13), pickup_time=time(7, 20))),
        now=at(7),
    )
    assert on(DAY, Leg.RETURN).requested_at == at(12)
    assert {(c.clash, c.series_on, c.follows) for c in change.conflicts} == {
        (Clash.BEGUN, DAY, False)
    }
    assert len(change.conflicts) == 2
    assert "stays as it is: it has begun" in change.conflicts[0].sentence


def test_the_past_is_neither_changed_nor_told(order):
    bring(on(DAY), S.NO_SHOW, status_reason="patient_absent", arrived_pickup_at=at(7, 10))
    put(on(DAY, Leg.RETURN), status=S.CANCELLED, status_reason="patient_request")
    before = Booking.objects.filter(series_on=DAY).values().order_by("pk")
    kept = list(before)
    change = done(
        order, EditAll(content=content(order, return_time=time(13))), now=at(12, day=FRIDAY)
    )
    assert list(before.all()) == kept
    assert days(change.moved) == [MONDAY, WEDNESDAY, NEXT_FRIDAY]
    assert [conflict.series_on for conflict in change.conflicts] == [FRIDAY]


def test_other_weekdays_cancel_the_old_days_and_book_the_new_ones(order):
    change = done(order, EditAll(content=content(order, weekdays=(1, 2))))
    assert days(change.cancelled) == [FRIDAY, MONDAY, NEXT_FRIDAY]
    row = on(MONDAY, Leg.RETURN)
    assert (row.status, row.status_reason) == (S.CANCELLED, "series_changed")
    assert days(change.created)[0] == date(2026, 6, 23)
    assert on(date(2026, 6, 23)).status == S.CONFIRMED
    back = done(order, EditAll(content=content(order, weekdays=(0, 2, 4))))
    assert days(back.restored) == [FRIDAY, MONDAY, NEXT_FRIDAY]
    assert on(MONDAY).status == S.CONFIRMED


def test_today_is_cancelled_as_of_the_same_day(order):
    done(order, EditAll(content=content(order, weekdays=(0, 4))))
    assert (on(DAY).status, on(FRIDAY).status) == (S.SAME_DAY_CANCEL, S.CONFIRMED)


def test_a_priority_takes_nobody_their_driver(company, order):
    make_assignment(on(DAY), make_shift(company))
    change = done(order, EditAll(content=content(order, priority=Priority.VITAL)))
    assert change.conflicts == ()
    assert (on(DAY).priority, on(DAY).status) == (Priority.VITAL, S.ASSIGNED)


def test_an_assigned_journey_that_is_cancelled_frees_its_driver(company, order):
    make_assignment(on(DAY), make_shift(company))
    done(order, EditAll(content=content(order, weekdays=(0, 4))))
    assert not Assignment.objects.exists()


def test_a_return_that_is_wanted_no_more_is_cancelled_and_comes_back(order):
    plain = {"return_mode": ReturnMode.NONE, "return_time": None}
    change = done(order, EditAll(content=content(order, **plain)))
    assert {each.is_return for each in change.cancelled} == {True}
    assert (on(MONDAY).status, on(MONDAY, Leg.RETURN).status) == (S.CONFIRMED, S.CANCELLED)
    done(
        order,
        EditAll(content=content(order, return_mode=ReturnMode.FIXED, return_time=time(15))),
    )
    back = on(MONDAY, Leg.RETURN)
    assert (back.status, back.requested_at) == (S.CONFIRMED, at(15, day=MONDAY))


def test_a_fixed_return_becomes_one_on_call_and_fixed_again(order):
    done(
        order,
        EditAll(content=content(order, return_mode=ReturnMode.WILL_CALL, return_time=None)),
    )
    back = on(MONDAY, Leg.RETURN)
    assert (back.is_will_call, back.promised_from, back.requested_at) == (True, None, None)
    done(
        order,
        EditAll(content=content(order, return_mode=ReturnMode.FIXED, return_time=time(13))),
    )
    back = on(MONDAY, Leg.RETURN)
    assert (back.is_will_call, back.requested_at) == (False, at(13, day=MONDAY))


def test_a_place_without_position_leaves_drafts_until_it_has_one(company, order):
    done(order, EditAll(content=content(order, pickup_time=None)))
    make_assignment(on(DAY), make_shift(company))
    make_assignment(on(DAY, Leg.RETURN), make_shift(company))
    nowhere = make_place(company, lat=None)
    change = done(order, EditAll(content=content(order, pickup_id=nowhere.pk)))
    assert {c.clash for c in change.conflicts} == {Clash.LOSES_DRIVER}
    assert set(Booking.objects.values_list("status", flat=True)) == {S.DRAFT}
    assert not Assignment.objects.exists()
    put(
        on(FRIDAY),
        status=S.CONFIRMED,
        requested_at=at(7, day=FRIDAY),
        promised_from=at(6, 55, day=FRIDAY),
        promised_to=at(7, 15, day=FRIDAY),
    )
    change = done(order, EditAll(content=content(order, priority=Priority.HIGH)))
    assert on(FRIDAY).status == S.CONFIRMED  # a person said when to come
    change = done(order, EditAll(content=content(order, pickup_time=time(7))))
    assert (on(MONDAY).status, on(MONDAY, Leg.RETURN).status) == (S.CONFIRMED, S.CONFIRMED)


def test_a_new_hour_and_a_new_return_at_once(company):
    order = make_standing_order(company, pickup_time=time(7, 10))
    expand_series(order_id=order.pk, now=NOW, until=DAY)
    done(
        order,
        EditAll(content=content(order, pickup_time=time(7, 20), return_mode=ReturnMode.WILL_CALL)),
    )
    assert (on(DAY).requested_at, on(DAY).return_booking.is_will_call) == (at(7, 20), True)
