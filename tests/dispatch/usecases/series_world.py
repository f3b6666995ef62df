"""A series booked for the tests of its changes, and how they look at it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from dispatch.enums import Leg, ReturnMode
from dispatch.models import Booking, Company, StandingOrder, StandingOrderPause
from dispatch.usecases.change_series import SeriesEdit, change_series, preview_series
from dispatch.usecases.expand_series import expand_series
from dispatch.usecases.series_change import SeriesChange
from dispatch.usecases.series_edits import Expand
from dispatch.usecases.series_rests import End, Pause, Resume
from dispatch.usecases.series_rows import SeriesContent
from tests.factories import at, make_standing_order

NOW = at(6)  # Wednesday 17 June 2026, before the first journey
FRIDAY, MONDAY = date(2026, 6, 19), date(2026, 6, 22)
WEDNESDAY, NEXT_FRIDAY = date(2026, 6, 24), date(2026, 6, 26)
UNTIL = NEXT_FRIDAY  # bookings of the tests: 17, 19, 22, 24 and 26 June


def booked_order(company: Company) -> StandingOrder:
    """Picked up at 07:10 for 08:00, brought back at 12:00, booked up to 26 June."""
    row = make_standing_order(
        company, pickup_time=time(7, 10), return_mode=ReturnMode.FIXED, return_time=time(12)
    )
    expand_series(order_id=row.pk, now=NOW, until=UNTIL)
    return row


def content(order: StandingOrder, **changes: Any) -> SeriesContent:
    return replace(SeriesContent.of(StandingOrder.objects.get(pk=order.pk)), **changes)


def done(order: StandingOrder, edit: Any, now: datetime = NOW) -> SeriesChange:
    """Looked at, then applied; bookings are made for 28 days."""
    token = told(order, edit, now).token
    change = change_series(order_id=order.pk, edit=edit, now=now, expected_token=token)
    assert preview_series_changes_nothing(order, now)
    return change


def preview_series_changes_nothing(order: StandingOrder, now: datetime) -> bool:
    before = list(Booking.objects.order_by("pk").values_list("pk", "version"))
    preview_series(order_id=order.pk, edit=Expand(), now=now)
    return before == list(Booking.objects.order_by("pk").values_list("pk", "version"))


def told(order: StandingOrder, edit: SeriesEdit, now: datetime = NOW) -> SeriesChange:
    return preview_series(order_id=order.pk, edit=edit, now=now)


def on(day: date, leg: Leg = Leg.OUTBOUND) -> Booking:
    return Booking.objects.select_related("company").get(series_on=day, leg=leg)


def days(effects: Any) -> list[date]:
    return sorted({each.series_on for each in effects})


def put(row: Booking, **columns: Any) -> None:
    Booking.objects.filter(pk=row.pk).update(**columns)


def paused(order, first_on=FRIDAY, last_on=WEDNESDAY, now=NOW, token=None):
    edit = Pause(first_on=first_on, last_on=last_on)
    return change_series(order_id=order.pk, edit=edit, now=now, expected_token=token)


def resumed(order, from_on, now=NOW):
    edit = Resume(pause_id=StandingOrderPause.objects.get().pk, from_on=from_on)
    return change_series(order_id=order.pk, edit=edit, now=now, expected_token=None)


def ended(order, last_on, now=NOW):
    edit = End(last_on=last_on)
    return change_series(order_id=order.pk, edit=edit, now=now, expected_token=None)


def statuses(leg=Leg.OUTBOUND):
    rows = Booking.objects.filter(leg=leg).order_by("series_on")
    return dict(rows.values_list("series_on", "status"))
