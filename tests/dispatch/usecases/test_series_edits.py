"""This day, or this and the following: what follows, what stays, and where the series is cut."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from dispatch.enums import BookingStatus as S
from dispatch.enums import Leg, ReturnMode
from dispatch.models import Booking, StandingOrder, StandingOrderPause
from dispatch.usecases.expand_series import expand_series
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.series_change import (
    Clash,
    NoSuchDayError,
    PastDayError,
)
from dispatch.usecases.series_edits import EditAll, EditFollowing, EditThis
from tests.dispatch.usecases.series_world import (
    FRIDAY,
    MONDAY,
    NOW,
    UNTIL,
    WEDNESDAY,
    content,
    days,
    done,
    on,
    put,
    told,
)
from tests.factories import (
    DAY,
    at,
    make_standing_order,
)

pytestmark = pytest.mark.django_db


# This -----------------------------------------------------------------------------------------


class TestThis:
    def test_one_day_has_its_own_hours_and_stays_in_the_series(self, order):
        change = done(
            order,
            EditThis(
                series_on=MONDAY,
                content=content(order, pickup_time=time(6, 30), return_time=time(11)),
            ),
        )
        assert days(change.moved) == [MONDAY]
        assert change.created == ()
        row = on(MONDAY)
        assert (row.requested_at, row.standing_order, row.series_on) == (
            at(6, 30, day=MONDAY),
            order,
            MONDAY,
        )
        assert on(MONDAY, Leg.RETURN).requested_at == at(11, day=MONDAY)
        assert on(WEDNESDAY).requested_at == at(7, 10, day=WEDNESDAY)
        order.refresh_from_db()
        assert order.pickup_time == time(7, 10)
        later = told(order, EditAll(content=content(order, pickup_time=time(7, 20))))
        assert [(c.clash, c.series_on) for c in later.conflicts] == [(Clash.EDITED, MONDAY)]

    def test_a_holiday_is_driven_on_another_day_and_not_booked_twice(self, order):
        tuesday = MONDAY + timedelta(days=1)
        done(order, EditThis(series_on=MONDAY, content=content(order), serve_on=tuesday))
        row = on(MONDAY)
        assert (row.service_on, row.requested_at) == (tuesday, at(7, 10, day=tuesday))
        assert on(MONDAY, Leg.RETURN).service_on == tuesday
        expand_series(order_id=order.pk, now=NOW)
        assert Booking.objects.filter(series_on=MONDAY).count() == 2

    def test_back_to_what_the_series_says(self, order):
        put(
            on(MONDAY),
            requested_at=at(6, day=MONDAY),
            promised_from=at(6, day=MONDAY),
            notes="Ring",
        )
        done(order, EditThis(series_on=MONDAY, content=content(order)))
        assert (on(MONDAY).requested_at, on(MONDAY).notes) == (at(7, 10, day=MONDAY), "Ring")

    def test_this_once_without_return_or_with_one(self, order):
        done(
            order,
            EditThis(
                series_on=MONDAY,
                content=content(order, return_mode=ReturnMode.NONE, return_time=None),
            ),
        )
        assert on(MONDAY, Leg.RETURN).status == S.CANCELLED
        put(on(FRIDAY, Leg.RETURN), status=S.CANCELLED, status_reason="patient_request")
        done(order, EditThis(series_on=FRIDAY, content=content(order, return_time=time(16))))
        assert on(FRIDAY, Leg.RETURN).status == S.CANCELLED

    def test_a_day_far_ahead_is_booked_with_its_own_hours(self, order):
        far = date(2026, 9, 21)
        change = done(
            order, EditThis(series_on=far, content=content(order, pickup_time=time(6, 30)))
        )
        assert days(change.created) == [far]
        assert on(far).requested_at == at(6, 30, day=far)

    def test_a_day_of_no_series_a_cancelled_one_and_a_past_one_are_refused(self, order):
        with pytest.raises(NoSuchDayError):
            told(order, EditThis(series_on=date(2026, 6, 18), content=content(order)))
        Booking.objects.filter(series_on=MONDAY).update(
            status=S.CANCELLED, status_reason="hospitalised"
        )
        with pytest.raises(NoSuchDayError):
            told(order, EditThis(series_on=MONDAY, content=content(order)))
        with pytest.raises(PastDayError):
            told(
                order,
                EditThis(series_on=FRIDAY, content=content(order), serve_on=date(2026, 6, 16)),
            )

    @pytest.mark.parametrize("changes", [{"weekdays": (1,)}, {"ends_on": UNTIL}, {"active": False}])
    def test_what_belongs_to_the_whole_series_is_refused(self, order, changes):
        with pytest.raises(InvalidRowError) as refusal:
            told(order, EditThis(series_on=MONDAY, content=content(order, **changes)))
        assert list(refusal.value.errors) == list(changes)


# Following ------------------------------------------------------------------------------------


class TestFollowing:
    def test_the_series_ends_and_another_goes_on_with_its_bookings(self, order):
        change = done(
            order, EditFollowing(from_on=MONDAY, content=content(order, pickup_time=time(7, 20)))
        )
        following = StandingOrder.objects.get(pk=change.order_id)
        order.refresh_from_db()
        assert following.pk != order.pk
        assert (order.ends_on, order.pickup_time) == (MONDAY - timedelta(days=1), time(7, 10))
        assert (following.starts_on, following.pickup_time) == (MONDAY, time(7, 20))
        assert [row.series_on for row in order.bookings.filter(leg=Leg.OUTBOUND)] == [DAY, FRIDAY]
        assert (on(FRIDAY).requested_at, on(MONDAY).requested_at) == (
            at(7, 10, day=FRIDAY),
            at(7, 20, day=MONDAY),
        )
        assert (on(MONDAY).standing_order, on(MONDAY).version) == (following, 2)
        assert following.bookings.filter(leg=Leg.OUTBOUND).count() == 10
        assert expand_series(order_id=order.pk, now=NOW).created == ()
        assert expand_series(order_id=following.pk, now=NOW).created == ()

    def test_from_its_first_day_on_it_is_the_whole_series(self, order):
        change = done(
            order, EditFollowing(from_on=DAY, content=content(order, pickup_time=time(7, 20)))
        )
        assert change.order_id == order.pk
        assert StandingOrder.objects.count() == 1
        assert on(DAY).requested_at == at(7, 20)

    def test_without_any_change_nothing_is_split(self, order):
        change = done(order, EditFollowing(from_on=MONDAY, content=content(order)))
        assert (change.order_id, StandingOrder.objects.count()) == (order.pk, 1)
        assert (change.moved, change.cancelled, change.conflicts) == ((), (), ())

    def test_pauses_go_where_their_days_are(self, order):
        make = StandingOrderPause.objects.create
        make(standing_order=order, first_on=date(2026, 6, 18), last_on=date(2026, 6, 18))
        make(standing_order=order, first_on=FRIDAY, last_on=WEDNESDAY)
        make(standing_order=order, first_on=date(2026, 7, 1), last_on=date(2026, 7, 8))
        change = done(
            order, EditFollowing(from_on=MONDAY, content=content(order, pickup_time=time(7, 20)))
        )
        rests = StandingOrderPause.objects.values_list("standing_order", "first_on", "last_on")
        assert sorted(rests) == [
            (order.pk, date(2026, 6, 18), date(2026, 6, 18)),
            (order.pk, FRIDAY, date(2026, 6, 21)),
            (change.order_id, MONDAY, WEDNESDAY),
            (change.order_id, date(2026, 7, 1), date(2026, 7, 8)),
        ]

    def test_every_other_week_stays_every_other_week(self, company):
        order = make_standing_order(company, weekdays=[0], interval_weeks=2)  # 29 June, 13 July
        edit = EditFollowing(from_on=MONDAY, content=content(order, appointment_time=time(9)))
        change = done(order, edit)
        assert StandingOrder.objects.get(pk=change.order_id).starts_on == date(2026, 6, 29)
        assert days(change.created) == [date(2026, 6, 29), date(2026, 7, 13)]

    def test_a_new_rhythm_begins_with_the_first_of_its_weekdays(self, company):
        order = make_standing_order(company)
        edit = EditFollowing(
            from_on=FRIDAY, content=content(order, weekdays=(0,), interval_weeks=2)
        )
        change = done(order, edit)
        assert days(change.created)[:2] == [MONDAY, date(2026, 7, 6)]

    def test_the_past_and_what_lies_after_the_end_are_refused(self, order):
        with pytest.raises(PastDayError):
            told(order, EditFollowing(from_on=date(2026, 6, 16), content=content(order)))
        StandingOrder.objects.update(ends_on=MONDAY)
        with pytest.raises(NoSuchDayError):
            told(
                order, EditFollowing(from_on=WEDNESDAY, content=content(order, pickup_time=time(7)))
            )

    def test_following_from_today_leaves_what_has_begun_as_it_was(self, company):
        order = make_standing_order(company, starts_on=date(2026, 6, 1), pickup_time=time(7, 10))
        expand_series(order_id=order.pk, now=NOW, until=UNTIL)
        begun = Booking.objects.filter(series_on=DAY)
        before = begun.values().get()
        change = done(
            order,
            EditFollowing(from_on=DAY, content=content(order, pickup_time=time(7, 30))),
            now=at(7, 15),
        )
        assert [c.clash for c in change.conflicts] == [Clash.BEGUN]
        assert begun.values().get() == before | {"standing_order_id": change.order_id}
