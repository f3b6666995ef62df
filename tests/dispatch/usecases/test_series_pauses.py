"""Two weeks in hospital: the journeys inside are cancelled, what has begun and what was moved is told."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import ValidationError

from dispatch.enums import BookingStatus as S
from dispatch.enums import Leg, ReturnMode
from dispatch.models import Absence, Assignment, Booking, StandingOrderPause
from dispatch.usecases.book_return import book_return
from dispatch.usecases.change_series import change_series, preview_series
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.expand_series import expand_series
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.series_change import Clash, PastDayError, StaleSeriesError
from dispatch.usecases.series_rests import Pause
from dispatch.usecases.way_back import NewReturn
from tests.dispatch.usecases.series_world import (
    FRIDAY,
    MONDAY,
    NEXT_FRIDAY,
    NOW,
    UNTIL,
    WEDNESDAY,
    days,
    paused,
    resumed,
    statuses,
)
from tests.factories import (
    DAY,
    at,
    bring,
    make_assignment,
    make_driver,
    make_shift,
    make_standing_order,
)

THURSDAY = date(2026, 6, 18)
pytestmark = pytest.mark.django_db


def test_a_pause_cancels_the_journeys_inside_with_the_reason_and_frees_their_drivers(
    company, order
):
    on_monday = Booking.objects.get(series_on=MONDAY, leg=Leg.OUTBOUND)
    begins = at(7, 10, day=MONDAY)
    shift = make_shift(company, start=begins, end=begins + timedelta(hours=4))
    make_assignment(on_monday, shift)
    change = paused(order)
    assert days(change.cancelled) == [FRIDAY, MONDAY, WEDNESDAY]
    assert [(c.clash, c.series_on, c.follows) for c in change.conflicts] == [
        (Clash.LOSES_DRIVER, MONDAY, True)
    ]
    for leg in (Leg.OUTBOUND, Leg.RETURN):
        assert statuses(leg) == {
            DAY: S.CONFIRMED,
            FRIDAY: S.CANCELLED,
            MONDAY: S.CANCELLED,
            WEDNESDAY: S.CANCELLED,
            NEXT_FRIDAY: S.CONFIRMED,
        }
    reasons = Booking.objects.filter(status=S.CANCELLED).values_list("status_reason", flat=True)
    assert set(reasons) == {"series_changed"}
    assert not Assignment.objects.exists()
    assert expand_series(order_id=order.pk, now=NOW, until=UNTIL).created == ()


def test_the_preview_says_it_first_and_its_token_holds_the_pause_to_it(order):
    pause = Pause(first_on=FRIDAY, last_on=WEDNESDAY)
    seen = preview_series(order_id=order.pk, edit=pause, now=NOW)
    assert days(seen.cancelled) == [FRIDAY, MONDAY, WEDNESDAY]
    assert not StandingOrderPause.objects.exists()
    Booking.objects.filter(series_on=MONDAY, leg=Leg.OUTBOUND).update(version=2)
    with pytest.raises(StaleSeriesError):
        paused(order, token=seen.token)
    assert not StandingOrderPause.objects.exists()
    again = preview_series(order_id=order.pk, edit=pause, now=NOW)
    assert paused(order, token=again.token).token == again.token


def test_a_pause_that_begins_today_leaves_a_journey_that_has_begun_and_its_return(order):
    outbound = Booking.objects.get(series_on=DAY, leg=Leg.OUTBOUND)
    bring(outbound, S.COMPLETED, en_route_at=at(7), alighted_at=at(7, 50))
    change = paused(order, first_on=DAY - timedelta(days=3), last_on=FRIDAY, now=at(9))
    assert days(change.cancelled) == [FRIDAY]
    assert [(c.clash, c.series_on) for c in change.conflicts] == [(Clash.BEGUN, DAY)]
    assert statuses(Leg.RETURN)[DAY] == S.CONFIRMED  # nobody is left behind at the clinic


def test_a_return_on_call_is_kept_once_the_patient_has_called(company):
    order = make_standing_order(company, return_mode=ReturnMode.WILL_CALL)
    expand_series(order_id=order.pk, now=NOW, until=DAY)
    Booking.objects.filter(leg=Leg.OUTBOUND).update(status=S.CANCELLED, status_reason="other")
    ready = at(6, 30)
    Booking.objects.filter(leg=Leg.RETURN).update(
        ready_at=ready, promised_from=at(7), promised_to=at(8)
    )
    paused(order, first_on=DAY, last_on=DAY, now=at(6, 40))
    assert statuses(Leg.RETURN)[DAY] == S.CONFIRMED


def test_days_already_paused_or_over_are_refused(order):
    paused(order)
    with pytest.raises(InvalidRowError, match="already paused"):
        paused(order, first_on=MONDAY, last_on=MONDAY)
    with pytest.raises(InvalidRowError, match="The pause ends before its first day"):
        paused(order, first_on=date(2026, 7, 9), last_on=date(2026, 7, 8))
    with pytest.raises(PastDayError):
        paused(order, first_on=date(2026, 6, 1), last_on=date(2026, 6, 16))
    rest = Pause(first_on=DAY, last_on=DAY)
    with pytest.raises(NotFoundError):
        change_series(order_id=0, edit=rest, now=NOW, expected_token=None)


def test_a_journey_moved_out_of_the_pause_by_hand_stays_and_is_told(order):
    moved = Booking.objects.filter(series_on=WEDNESDAY, leg=Leg.OUTBOUND)
    day = date(2026, 6, 25)
    moved.update(
        service_on=day,
        requested_at=at(7, day=day),
        promised_from=at(7, day=day),
        promised_to=at(8, day=day),
        appointment_at=None,
    )
    Booking.objects.filter(series_on=WEDNESDAY, leg=Leg.RETURN).delete()
    change = paused(order)
    assert [(c.clash, c.follows) for c in change.conflicts] == [(Clash.OTHER_DAY, False)]
    assert "was moved to another day by hand" in change.conflicts[0].sentence
    assert moved.get().status == S.CONFIRMED
    overwriting = Pause(first_on=date(2026, 6, 25), last_on=date(2026, 6, 25))
    seen = preview_series(order_id=order.pk, edit=overwriting, now=NOW)
    assert seen.conflicts == ()  # it is of a day that rests already: that was told then


def test_a_journey_moved_into_the_pause_by_hand_is_told_too(order):
    there = Booking.objects.filter(series_on=NEXT_FRIDAY, leg=Leg.OUTBOUND)
    day = date(2026, 6, 25)
    there.update(
        service_on=day,
        requested_at=at(7, day=day),
        promised_from=at(7, day=day),
        promised_to=at(8, day=day),
        appointment_at=None,
    )
    change = paused(order, last_on=date(2026, 6, 25))
    assert [(c.clash, c.series_on, c.follows) for c in change.conflicts] == [
        (Clash.OTHER_DAY, NEXT_FRIDAY, False)
    ]
    assert "inside the pause: it stays as it is" in change.conflicts[0].sentence


def test_a_return_added_by_hand_rests_and_comes_back_with_its_journey(company):
    order = make_standing_order(company, pickup_time=time(7, 10))
    expand_series(order_id=order.pk, now=NOW, until=UNTIL)
    there = Booking.objects.get(series_on=MONDAY)
    wanted = NewReturn(requested_at=at(11, day=MONDAY))
    back = book_return(outbound_id=there.pk, wanted=wanted, now=NOW, expected_version=None)
    paused(order)
    back.refresh_from_db()
    assert (back.status, back.status_reason) == (S.CANCELLED, "series_changed")
    resumed(order, FRIDAY)
    back.refresh_from_db()
    assert (back.status, back.requested_at) == (S.CONFIRMED, at(11, day=MONDAY))


def test_days_of_an_absence_in_the_wrong_order_are_refused_in_words_too(company):
    absence = Absence(driver=make_driver(company), first_on=FRIDAY, last_on=THURSDAY)
    with pytest.raises(ValidationError, match="The absence ends before its first day"):
        absence.full_clean()
