"""Hours of a series on the wall: nights at the clinic, nights when the clocks change, hours that contradict."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from dispatch.enums import ReturnMode
from dispatch.models import Booking, Company, StandingOrder
from dispatch.usecases.expand_series import expand_series
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.series_legs import legs_on
from tests.factories import (
    DAY,
    at,
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


def night_order(company: Company, day: date, **times: time | None) -> StandingOrder:
    return make_standing_order(
        company, weekdays=[day.weekday()], starts_on=day, **{"appointment_time": None} | times
    )


def test_an_hour_that_the_clocks_skip_comes_an_hour_later_with_a_note(company):
    night = date(2026, 3, 29)
    order = night_order(company, night, pickup_time=time(2, 30))
    change = expand_series(order_id=order.pk, now=at(6, day=night - timedelta(days=1)), until=night)
    row = order.bookings.get()
    assert row.requested_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 summer time
    assert row.service_on == night
    assert row.notes == "The clocks are put forward this night: 02:30 becomes 03:30."
    assert change.notes == (f"2026-03-29: {row.notes}",)


def test_of_an_hour_that_comes_twice_the_first_is_meant_with_a_note(company):
    night = date(2026, 10, 25)
    order = night_order(company, night, pickup_time=time(2, 30))
    expand_series(order_id=order.pk, now=at(6, day=night - timedelta(days=1)), until=night)
    row = order.bookings.get()
    assert row.requested_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 summer time
    assert row.notes == "The clocks are put back this night: 02:30 is the first one (+02:00)."


def test_an_ordinary_hour_stays_on_the_wall_across_the_change_of_the_clocks(company):
    before = date(2026, 10, 22)
    order = make_standing_order(
        company, weekdays=[3, 0], starts_on=before, pickup_time=time(8), appointment_time=None
    )
    expand_series(order_id=order.pk, now=at(6, day=before), until=date(2026, 10, 26))
    rows = order.bookings.order_by("requested_at")
    assert [row.requested_at.hour for row in rows if row.requested_at] == [6, 7]


def test_a_night_at_the_clinic_ends_on_the_next_day(company):
    order = make_standing_order(
        company,
        pickup_time=time(21),
        appointment_time=time(22),
        return_mode=ReturnMode.FIXED,
        return_time=time(4),
    )
    there, back = legs_on(order, DAY)
    assert (there.service_on, there.appointment_at) == (DAY, at(22))
    assert (back.service_on, back.requested_at) == (
        DAY + timedelta(days=1),
        at(4, day=DAY + timedelta(days=1)),
    )
    expanded(order, until=DAY)
    assert {row.series_on for row in order.bookings.all()} == {DAY}


def test_an_appointment_after_midnight_is_driven_to_the_evening_before(company):
    order = make_standing_order(company, appointment_time=time(0, 15), return_mode="will_call")
    there, back = legs_on(order, DAY)
    assert there.service_on == DAY - timedelta(days=1)
    assert back.service_on == DAY
    order = make_standing_order(company, pickup_time=time(23, 30), appointment_time=time(0, 15))
    (there,) = legs_on(order, DAY)
    assert (there.service_on, there.appointment_at) == (DAY, at(0, 15, day=DAY + timedelta(days=1)))


@pytest.mark.parametrize(
    ("times", "field"),
    [
        ({"pickup_time": time(12), "appointment_time": time(8)}, "appointment_time"),
        ({"pickup_time": time(6), "appointment_time": time(20)}, "appointment_time"),
        ({"return_mode": "fixed", "return_time": time(7, 30)}, "return_time"),
    ],
)
def test_hours_that_contradict_each_other_are_refused_by_name(company, times, field):
    order = make_standing_order(company, **times)
    with pytest.raises(InvalidRowError) as refusal:
        expand_series(order_id=order.pk, now=NOW)
    assert list(refusal.value.errors) == [field]
    assert not order.bookings.exists()
