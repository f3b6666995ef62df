"""Home again: what the pause had cancelled comes back. A last day; a series stopped by mistake."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest

from dispatch.enums import BookingStatus as S
from dispatch.enums import Leg, ReturnMode
from dispatch.models import Booking, StandingOrderPause
from dispatch.usecases.change_series import change_series, preview_series
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.expand_series import expand_series
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.series_change import Clash, PastDayError
from dispatch.usecases.series_edits import EditAll
from dispatch.usecases.series_rests import End, Resume
from dispatch.usecases.series_rows import SeriesContent
from tests.dispatch.usecases.series_world import (
    FRIDAY,
    MONDAY,
    NEXT_FRIDAY,
    NOW,
    WEDNESDAY,
    days,
    done,
    ended,
    paused,
    resumed,
    statuses,
)
from tests.factories import (
    DAY,
    at,
    make_patient,
    make_place,
    make_standing_order,
)

THURSDAY = date(2026, 6, 18)
pytestmark = pytest.mark.django_db


# Resume ---------------------------------------------------------------------------------------


def test_what_the_pause_had_cancelled_comes_back_and_nothing_else(order):
    Booking.objects.filter(series_on=FRIDAY).update(
        status=S.CANCELLED, status_reason="hospitalised"
    )
    paused(order)
    change = resumed(order, FRIDAY)
    assert days(change.restored) == [MONDAY, WEDNESDAY]
    assert not StandingOrderPause.objects.exists()
    assert (statuses()[MONDAY], statuses()[FRIDAY]) == (S.CONFIRMED, S.CANCELLED)
    row = Booking.objects.get(series_on=MONDAY, leg=Leg.RETURN)
    assert (row.status, row.status_reason, row.version) == (S.CONFIRMED, "", 3)


def test_home_earlier_than_thought_the_first_days_stay_cancelled(order):
    paused(order)
    change = resumed(order, WEDNESDAY)
    assert days(change.restored) == [WEDNESDAY]
    pause = StandingOrderPause.objects.get()
    assert (pause.first_on, pause.last_on) == (FRIDAY, date(2026, 6, 23))
    assert statuses()[MONDAY] == S.CANCELLED


def test_days_never_booked_because_of_the_pause_are_booked_when_it_ends(company):
    order = make_standing_order(company)
    paused(order, first_on=DAY, last_on=date(2026, 7, 31))
    assert expand_series(order_id=order.pk, now=NOW).created == ()
    assert len(days(resumed(order, DAY).created)) == 12


def test_journeys_come_back_with_the_hours_the_series_has_by_then(order):
    paused(order)
    content = replace(
        SeriesContent.of(order), pickup_time=time(6, 50), appointment_time=time(7, 30)
    )
    edit = EditAll(content=content)
    change = done(order, edit)
    assert MONDAY not in days(change.moved)  # it stays cancelled, and follows all the same
    assert statuses()[MONDAY] == S.CANCELLED
    resumed(order, FRIDAY)
    row = Booking.objects.get(series_on=MONDAY, leg=Leg.OUTBOUND)
    assert (row.requested_at, row.appointment_at) == (at(6, 50, day=MONDAY), at(7, 30, day=MONDAY))


def test_what_a_person_had_changed_before_the_pause_is_still_so_after_it(order):
    row = Booking.objects.filter(series_on=MONDAY, leg=Leg.OUTBOUND)
    row.update(requested_at=at(6, 30, day=MONDAY), promised_from=at(6, 25, day=MONDAY))
    paused(order)
    edit = EditAll(content=replace(SeriesContent.of(order), pickup_time=time(7, 20)))
    done(order, edit)
    resumed(order, FRIDAY)
    assert (row.get().requested_at, row.get().status) == (at(6, 30, day=MONDAY), S.CONFIRMED)


def test_a_draft_comes_back_as_a_draft(company):
    patient = make_patient(company, home=make_place(company, lat=None))
    order = make_standing_order(company, patient=patient, return_mode=ReturnMode.WILL_CALL)
    expand_series(order_id=order.pk, now=NOW, until=FRIDAY)
    paused(order, first_on=DAY, last_on=FRIDAY)
    assert set(statuses().values()) == {S.CANCELLED}  # a draft was promised to nobody
    resumed(order, DAY)
    assert set(statuses().values()) == set(statuses(Leg.RETURN).values()) == {S.DRAFT}


def test_what_was_called_off_on_its_day_comes_back_as_a_draft_when_no_hour_is_known_any_more(order):
    paused(order, first_on=DAY, last_on=FRIDAY)
    assert set(statuses().values()) == {S.SAME_DAY_CANCEL, S.CANCELLED, S.CONFIRMED}
    nowhere = make_place(order.company, lat=None)
    content = replace(SeriesContent.of(order), pickup_id=nowhere.pk, pickup_time=None)
    edit = EditAll(content=content)
    done(order, edit)
    assert statuses()[DAY] == S.SAME_DAY_CANCEL
    resumed(order, DAY)
    assert set(statuses().values()) == {S.DRAFT}


def test_a_journey_whose_hour_went_by_during_the_pause_does_not_come_back(order):
    paused(order, first_on=DAY, last_on=FRIDAY)
    change = resumed(order, DAY, now=at(9))
    assert days(change.restored) == [FRIDAY]
    assert [(c.clash, c.series_on) for c in change.conflicts] == [(Clash.BEGUN, DAY)] * 2
    assert statuses()[DAY] == S.SAME_DAY_CANCEL


def test_a_pause_that_is_over_or_not_there_is_not_ended(order):
    paused(order)
    pause = StandingOrderPause.objects.get()
    with pytest.raises(PastDayError):
        resumed(order, date(2026, 6, 25))
    with pytest.raises(PastDayError):
        resumed(order, DAY, now=at(6, day=MONDAY))
    edit = Resume(pause_id=pause.pk + 1, from_on=FRIDAY)
    with pytest.raises(NotFoundError):
        change_series(order_id=order.pk, edit=edit, now=NOW, expected_token=None)


# End ------------------------------------------------------------------------------------------


def test_after_the_last_day_everything_open_is_cancelled(order):
    change = ended(order, MONDAY)
    assert days(change.cancelled) == [WEDNESDAY, NEXT_FRIDAY]
    order.refresh_from_db()
    assert (order.ends_on, order.active) == (MONDAY, True)


def test_stopped_at_once_and_brought_back_by_an_edit(order):
    change = ended(order, None, now=at(8))
    assert days(change.cancelled) == [FRIDAY, MONDAY, WEDNESDAY, NEXT_FRIDAY]
    assert [(c.clash, c.series_on) for c in change.conflicts] == [(Clash.BEGUN, DAY)] * 2
    order.refresh_from_db()
    assert not order.active
    edit = EditAll(content=replace(SeriesContent.of(order), active=True))
    again = done(order, edit, at(8))
    assert days(again.restored) == [FRIDAY, MONDAY, WEDNESDAY, NEXT_FRIDAY]


def test_an_end_in_the_past_is_refused_and_the_preview_writes_nothing(order):
    with pytest.raises(PastDayError):
        ended(order, date(2026, 6, 16))
    seen = preview_series(order_id=order.pk, edit=End(last_on=None), now=NOW)
    assert len(seen.cancelled) == 10
    assert set(statuses().values()) == {S.CONFIRMED}
    order.refresh_from_db()
    assert order.active


def test_a_series_that_has_not_begun_can_be_stopped(company):
    order = make_standing_order(company, starts_on=THURSDAY)
    ended(order, None)
    order.refresh_from_db()
    assert not order.active
    with pytest.raises(InvalidRowError, match="ends before its first day"):
        ended(order, DAY)
