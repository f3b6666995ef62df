"""Series become bookings: for 28 days, once, with their returns, also when the clocks change."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from dispatch.enums import BookingStatus, Leg, Priority, ReturnMode
from dispatch.models import Booking, StandingOrder, StandingOrderPause
from dispatch.tasks import expand_series as expand_task
from dispatch.usecases.book_return import book_return
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.expand_series import expand_all, expand_series
from dispatch.usecases.promise import window_around
from dispatch.usecases.way_back import NewReturn
from tests.factories import (
    DAY,
    at,
    make_company,
    make_establishment,
    make_patient,
    make_place,
    make_standing_order,
)

pytestmark = pytest.mark.django_db

NOW = at(6)  # Wednesday 17 June 2026


def days_of(order, leg=None):
    rows = order.bookings.filter(leg=leg) if leg else order.bookings.all()
    return sorted(rows.values_list("series_on", flat=True))


def expanded(order: StandingOrder, now: datetime = NOW, until: date | None = None) -> list[Booking]:
    expand_series(order_id=order.pk, now=now, until=until)
    return list(order.bookings.order_by("service_on", "pk"))


# Which days -----------------------------------------------------------------------------------


def test_four_weeks_of_monday_wednesday_friday_are_twelve_journeys(company):
    order = make_standing_order(company)
    expanded(order)
    days = [DAY + timedelta(days=n) for n in range(28)]
    assert days_of(order) == [day for day in days if day.weekday() in {0, 2, 4}]
    assert len(days_of(order)) == 12
    assert {row.service_on == row.series_on for row in order.bookings.all()} == {True}


def test_asked_twice_nothing_is_booked_twice_and_a_later_day_adds_only_what_is_new(company):
    order = make_standing_order(company)
    first = {row.pk: row.version for row in expanded(order)}
    assert expand_series(order_id=order.pk, now=NOW).created == ()
    change = expand_series(order_id=order.pk, now=NOW + timedelta(days=2))
    assert [new.series_on for new in change.created] == [date(2026, 7, 15)]
    kept = order.bookings.filter(pk__in=first)
    assert {row.pk: row.version for row in kept} == first


def test_every_other_week_counts_from_the_week_of_the_first_day(company):
    order = make_standing_order(company, weekdays=[0], interval_weeks=2)
    expanded(order)
    assert days_of(order) == [date(2026, 6, 29), date(2026, 7, 13)]


def test_pauses_and_the_last_day_are_kept(company):
    order = make_standing_order(company, ends_on=date(2026, 6, 29))
    StandingOrderPause.objects.create(
        standing_order=order, first_on=date(2026, 6, 19), last_on=date(2026, 6, 24)
    )
    expanded(order)
    assert days_of(order) == [date(2026, 6, 17), date(2026, 6, 26), date(2026, 6, 29)]


def test_a_journey_whose_hour_has_passed_today_is_not_promised(company):
    order = make_standing_order(company, appointment_time=time(8))
    change = expand_series(order_id=order.pk, now=at(12))
    assert DAY not in days_of(order)
    assert len(days_of(order)) == 11
    assert change.notes == ("2026-06-17: the hour has passed, nothing is booked.",)


def test_an_unknown_series_is_said(company):
    with pytest.raises(NotFoundError):
        expand_series(order_id=0, now=NOW)


# What is booked -------------------------------------------------------------------------------


def test_pickup_and_appointment_are_those_of_the_wall_clock_and_the_window_is_the_companys(company):
    order = make_standing_order(
        company,
        pickup_time=time(7, 10),
        priority=Priority.VITAL,
        pooling_allowed=False,
    )
    row = expanded(order)[0]
    assert (row.requested_at, row.appointment_at) == (at(7, 10), at(8))
    assert (row.promised_from, row.promised_to) == (at(7, 5), at(7, 25))
    assert (row.status, row.leg) == (BookingStatus.CONFIRMED, Leg.SINGLE)
    assert (row.priority, row.pooling_allowed) == (Priority.VITAL, False)
    assert (row.company, row.patient) == (company, order.patient)
    row.full_clean()


def test_without_a_pickup_time_the_pickup_makes_the_appointment(company):
    order = make_standing_order(company)
    row = expanded(order)[0]
    assert row.requested_at is not None
    assert row.promised_to is not None
    assert row.promised_to < at(8) == row.appointment_at
    assert (row.promised_from, row.promised_to) == window_around(company, row.requested_at)
    assert row.requested_at.minute % 5 == 0


def test_a_fixed_return_is_linked_and_keeps_the_driver_when_asked(company):
    order = make_standing_order(
        company,
        return_mode=ReturnMode.FIXED,
        return_time=time(12, 30),
        same_driver_return=True,
    )
    there, back = expanded(order)[:2]
    assert (there.leg, back.leg, back.outbound) == (Leg.OUTBOUND, Leg.RETURN, there)
    assert (back.pickup, back.dropoff) == (order.dropoff, order.pickup)
    assert (back.requested_at, back.promised_from) == (at(12, 30), at(12, 25))
    assert (there.same_driver_as_outbound, back.same_driver_as_outbound) == (False, True)
    assert (back.series_on, back.standing_order, back.appointment_at) == (DAY, order, None)
    back.full_clean()
    assert order.bookings.count() == 24


def test_a_return_on_call_has_no_promise_and_waits(company):
    order = make_standing_order(company, return_mode=ReturnMode.WILL_CALL)
    _there, back = expanded(order)[:2]
    assert (back.is_will_call, back.promised_from, back.ready_at) == (True, None, None)
    assert (back.status, back.service_on) == (BookingStatus.CONFIRMED, DAY)


def test_unknown_coordinates_with_a_pickup_time_are_booked_and_left_to_the_planner_to_refuse(
    company,
):
    patient = make_patient(company, home=make_place(company, lat=None))
    order = make_standing_order(company, patient=patient, pickup_time=time(7))
    row = expanded(order)[0]
    assert (row.status, row.coordinates_known) == (BookingStatus.CONFIRMED, False)


def test_unknown_coordinates_without_one_are_drafts_that_say_so(company):
    patient = make_patient(company, home=make_place(company, lat=None))
    order = make_standing_order(
        company, patient=patient, return_mode=ReturnMode.FIXED, return_time=time(12)
    )
    change = expand_series(order_id=order.pk, now=NOW)
    there, back = order.bookings.order_by("service_on", "pk")[:2]
    assert (there.status, there.promised_from, there.appointment_at) == ("draft", None, at(8))
    assert (back.status, back.requested_at) == ("draft", at(12))
    assert there.notes == "The position of a place is unknown: say when to come, then confirm."
    assert len(change.notes) == 12
    assert change.notes[0].startswith("2026-06-17: The position")


def test_a_return_booked_by_hand_is_not_booked_again(company):
    order = make_standing_order(company)
    there = expanded(order)[0]
    wanted = NewReturn(requested_at=at(11))
    book_return(outbound_id=there.pk, wanted=wanted, now=NOW, expected_version=None)
    StandingOrder.objects.update(return_mode=ReturnMode.WILL_CALL)
    expanded(order)
    assert Booking.objects.filter(outbound=there).count() == 1
    assert len(days_of(order, Leg.RETURN)) == 11


def test_a_return_that_became_usual_is_added_to_journeys_that_have_not_begun(company):
    order = make_standing_order(company)
    today, second, third, *_rest = expanded(order)
    Booking.objects.filter(pk=second.pk).update(status="cancelled", status_reason="hospitalised")
    StandingOrder.objects.update(return_mode=ReturnMode.FIXED, return_time=time(12))
    expanded(order, now=at(9))
    for row in (today, second):
        row.refresh_from_db()
        assert (row.leg, row.version) == (Leg.SINGLE, 1)
    third.refresh_from_db()
    assert (third.leg, third.version) == (Leg.OUTBOUND, 2)
    assert third.return_booking.requested_at == at(12, day=third.service_on)


def test_a_return_is_not_added_before_a_journey_that_was_moved_by_hand(company):
    order = make_standing_order(company)
    row = expanded(order, until=DAY)[0]
    Booking.objects.filter(pk=row.pk).update(
        requested_at=at(15), promised_from=at(14, 55), promised_to=at(15, 15), appointment_at=None
    )
    StandingOrder.objects.update(return_mode=ReturnMode.FIXED, return_time=time(12))
    change = expand_series(order_id=order.pk, now=NOW, until=DAY)
    assert change.created == ()
    assert [conflict.clash for conflict in change.conflicts] == ["impossible"]
    assert "gets no return" in change.conflicts[0].sentence


def test_the_return_of_a_draft_is_a_draft(company):
    order = make_standing_order(company)
    row = expanded(order, until=DAY)[0]
    Booking.objects.filter(pk=row.pk).update(status="draft")
    StandingOrder.objects.update(return_mode=ReturnMode.WILL_CALL)
    expanded(order, until=DAY)
    row.refresh_from_db()
    assert row.return_booking.status == BookingStatus.DRAFT


# All of them ----------------------------------------------------------------------------------


def test_all_series_of_all_companies_each_by_itself(company):
    fine = make_standing_order(company)
    broken = make_standing_order(company, pickup_time=time(12), appointment_time=time(8))
    other = make_standing_order(make_company(), weekdays=[5], dropoff=make_establishment())
    stopped = make_standing_order(company, active=False)
    over = make_standing_order(
        company, starts_on=DAY - timedelta(days=9), ends_on=DAY - timedelta(days=1)
    )
    far = make_standing_order(company, starts_on=DAY + timedelta(days=28))
    done = expand_all(now=NOW)
    assert (fine.bookings.count(), other.bookings.count()) == (12, 4)
    assert done.created == 16
    assert [(no.order_id, no.sentence) for no in done.refused] == [
        (broken.pk, "The appointment is before the pickup.")
    ]
    assert not Booking.objects.filter(standing_order__in=[broken, stopped, over, far]).exists()
    assert expand_all(now=NOW).created == 0


def test_the_task_says_what_it_did_and_its_schedule_exists(company, settings):
    make_standing_order(company, starts_on=date(2020, 1, 6))
    broken = make_standing_order(
        company, starts_on=date(2020, 1, 6), pickup_time=time(12), appointment_time=time(8)
    )
    told = expand_task()
    assert told["created"] in {11, 12}
    assert told["refused"] == [broken.pk]
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "dispatch.expand_series" in scheduled
