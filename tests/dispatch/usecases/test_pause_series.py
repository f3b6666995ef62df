"""Two weeks in hospital and back again; a last day; a series stopped by mistake."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from django.core.exceptions import ValidationError

from dispatch.enums import BookingStatus as S
from dispatch.enums import Leg, ReturnMode
from dispatch.models import Absence, Assignment, Booking, Company, StandingOrder, StandingOrderPause
from dispatch.usecases.book_return import book_return
from dispatch.usecases.change_series import preview_series
from dispatch.usecases.edit_series import edit_series
from dispatch.usecases.end_series import end_series
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.expand_series import expand_series
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.pause_series import pause_series
from dispatch.usecases.resume_series import resume_series
from dispatch.usecases.series_change import Clash, PastDayError, StaleSeriesError
from dispatch.usecases.series_edits import EditAll
from dispatch.usecases.series_rests import End, Pause
from dispatch.usecases.series_rows import SeriesContent
from dispatch.usecases.way_back import NewReturn
from tests.factories import (
    DAY,
    at,
    make_assignment,
    make_company,
    make_driver,
    make_patient,
    make_place,
    make_shift,
    make_standing_order,
)

pytestmark = pytest.mark.django_db

NOW = at(6)  # Wednesday 17 June 2026, before the first journey
THURSDAY, FRIDAY, MONDAY = date(2026, 6, 18), date(2026, 6, 19), date(2026, 6, 22)
WEDNESDAY, NEXT_FRIDAY = date(2026, 6, 24), date(2026, 6, 26)
UNTIL = NEXT_FRIDAY  # bookings of the tests: 17, 19, 22, 24 and 26 June


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def order(company: Company) -> StandingOrder:
    row = make_standing_order(
        company, pickup_time=time(7, 10), return_mode=ReturnMode.FIXED, return_time=time(12)
    )
    expand_series(order_id=row.pk, now=NOW, until=UNTIL)
    return row


def paused(order, first_on=FRIDAY, last_on=WEDNESDAY, now=NOW, **options):
    return pause_series(order_id=order.pk, first_on=first_on, last_on=last_on, now=now, **options)


def resumed(order, from_on, now=NOW):
    pause = StandingOrderPause.objects.get()
    return resume_series(order_id=order.pk, pause_id=pause.pk, from_on=from_on, now=now)


def statuses(leg=Leg.OUTBOUND):
    rows = Booking.objects.filter(leg=leg).order_by("series_on")
    return dict(rows.values_list("series_on", "status"))


def days(effects):
    return sorted({each.series_on for each in effects})


# Pause ----------------------------------------------------------------------------------------


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
        paused(order, expected_token=seen.token)
    assert not StandingOrderPause.objects.exists()
    again = preview_series(order_id=order.pk, edit=pause, now=NOW)
    assert paused(order, expected_token=again.token).token == again.token


def test_a_pause_that_begins_today_leaves_a_journey_that_has_begun_and_its_return(order):
    Booking.objects.filter(series_on=DAY, leg=Leg.OUTBOUND).update(
        status=S.COMPLETED, en_route_at=at(7), alighted_at=at(7, 50)
    )
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
    with pytest.raises(InvalidRowError, match="A pause ends on or after its first day"):
        paused(order, first_on=date(2026, 7, 9), last_on=date(2026, 7, 8))
    with pytest.raises(PastDayError):
        paused(order, first_on=date(2026, 6, 1), last_on=date(2026, 6, 16))
    with pytest.raises(NotFoundError):
        pause_series(order_id=0, first_on=DAY, last_on=DAY, now=NOW)


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
    token = preview_series(order_id=order.pk, edit=edit, now=NOW).token
    change = edit_series(order_id=order.pk, edit=edit, now=NOW, expected_token=token)
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
    token = preview_series(order_id=order.pk, edit=edit, now=NOW).token
    edit_series(order_id=order.pk, edit=edit, now=NOW, expected_token=token)
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
    with pytest.raises(NotFoundError):
        resume_series(order_id=order.pk, pause_id=pause.pk + 1, from_on=FRIDAY, now=NOW)


# End ------------------------------------------------------------------------------------------


def test_after_the_last_day_everything_open_is_cancelled(order):
    change = end_series(order_id=order.pk, last_on=MONDAY, now=NOW)
    assert days(change.cancelled) == [WEDNESDAY, NEXT_FRIDAY]
    order.refresh_from_db()
    assert (order.ends_on, order.active) == (MONDAY, True)


def test_stopped_at_once_and_brought_back_by_an_edit(order):
    change = end_series(order_id=order.pk, last_on=None, now=at(8))
    assert days(change.cancelled) == [FRIDAY, MONDAY, WEDNESDAY, NEXT_FRIDAY]
    assert [(c.clash, c.series_on) for c in change.conflicts] == [(Clash.BEGUN, DAY)] * 2
    order.refresh_from_db()
    assert not order.active
    edit = EditAll(content=replace(SeriesContent.of(order), active=True))
    token = preview_series(order_id=order.pk, edit=edit, now=at(8)).token
    again = edit_series(order_id=order.pk, edit=edit, now=at(8), expected_token=token)
    assert days(again.restored) == [FRIDAY, MONDAY, WEDNESDAY, NEXT_FRIDAY]


def test_an_end_in_the_past_is_refused_and_the_preview_writes_nothing(order):
    with pytest.raises(PastDayError):
        end_series(order_id=order.pk, last_on=date(2026, 6, 16), now=NOW)
    seen = preview_series(order_id=order.pk, edit=End(last_on=None), now=NOW)
    assert len(seen.cancelled) == 10
    assert set(statuses().values()) == {S.CONFIRMED}
    order.refresh_from_db()
    assert order.active


def test_a_series_that_has_not_begun_can_be_stopped(company):
    order = make_standing_order(company, starts_on=THURSDAY)
    end_series(order_id=order.pk, last_on=None, now=NOW)
    order.refresh_from_db()
    assert not order.active
    with pytest.raises(InvalidRowError, match="on or after its first day"):
        end_series(order_id=order.pk, last_on=DAY, now=NOW)


def test_days_of_an_absence_in_the_wrong_order_are_refused_in_words_too(company):
    absence = Absence(driver=make_driver(company), first_on=FRIDAY, last_on=THURSDAY)
    with pytest.raises(ValidationError, match="An absence ends on or after its first day"):
        absence.full_clean()
