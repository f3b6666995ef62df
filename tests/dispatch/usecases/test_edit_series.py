"""Edit this, following, all: what follows, what stays, who is asked first, and nothing changed in between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from dispatch.enums import BookingStatus as S
from dispatch.enums import Leg, Priority, ReturnMode
from dispatch.models import Assignment, Booking, Company, StandingOrder, StandingOrderPause
from dispatch.usecases.change_series import SeriesEdit, change_series, preview_series
from dispatch.usecases.edit_series import edit_series
from dispatch.usecases.expand_series import expand_series
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.series_change import (
    Clash,
    NoSuchDayError,
    PastDayError,
    SeriesChange,
    StaleSeriesError,
)
from dispatch.usecases.series_edits import EditAll, EditFollowing, EditThis
from dispatch.usecases.series_rows import SeriesContent
from tests.factories import (
    DAY,
    at,
    make_assignment,
    make_company,
    make_place,
    make_shift,
    make_standing_order,
)

pytestmark = pytest.mark.django_db

NOW = at(6)  # Wednesday 17 June 2026, before the first journey
FRIDAY, MONDAY = date(2026, 6, 19), date(2026, 6, 22)
WEDNESDAY, NEXT_FRIDAY = date(2026, 6, 24), date(2026, 6, 26)
UNTIL = NEXT_FRIDAY  # bookings of the tests: 17, 19, 22, 24 and 26 June


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def order(company: Company) -> StandingOrder:
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
    token = preview_series(order_id=order.pk, edit=edit, now=now).token
    change = edit_series(order_id=order.pk, edit=edit, now=now, expected_token=token)
    assert preview_series_changes_nothing(order, now)
    return change


def preview_series_changes_nothing(order: StandingOrder, now: datetime) -> bool:
    before = list(Booking.objects.order_by("pk").values_list("pk", "version"))
    preview_series(order_id=order.pk, edit=EditAll(content=content(order)), now=now)
    return before == list(Booking.objects.order_by("pk").values_list("pk", "version"))


def told(order: StandingOrder, edit: SeriesEdit, now: datetime = NOW) -> SeriesChange:
    return preview_series(order_id=order.pk, edit=edit, now=now)


def on(day: date, leg: Leg = Leg.OUTBOUND) -> Booking:
    return Booking.objects.select_related("company").get(series_on=day, leg=leg)


def days(effects: Any) -> list[date]:
    return sorted({each.series_on for each in effects})


def put(row: Booking, **columns: Any) -> None:
    Booking.objects.filter(pk=row.pk).update(**columns)


# All ------------------------------------------------------------------------------------------


class TestAll:
    def test_a_new_hour_moves_every_journey_to_come_and_makes_the_missing_ones(self, order):
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

    def test_a_pickup_that_follows_from_the_appointment_follows_it(self, order):
        done(order, EditAll(content=content(order, pickup_time=None)))
        before = on(MONDAY).requested_at
        assert before is not None
        done(order, EditAll(content=content(order, appointment_time=time(9))))
        assert on(MONDAY).requested_at == before + timedelta(hours=1)

    def test_what_has_begun_stays_whole_and_is_told(self, order):
        put(on(DAY), status=S.EN_ROUTE, en_route_at=at(6, 50))
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

    def test_the_past_is_neither_changed_nor_told(self, order):
        put(on(DAY), status=S.NO_SHOW, status_reason="patient_absent", arrived_pickup_at=at(7, 10))
        put(on(DAY, Leg.RETURN), status=S.CANCELLED, status_reason="patient_request")
        before = Booking.objects.filter(series_on=DAY).values().order_by("pk")
        kept = list(before)
        change = done(
            order, EditAll(content=content(order, return_time=time(13))), now=at(12, day=FRIDAY)
        )
        assert list(before.all()) == kept
        assert days(change.moved) == [MONDAY, WEDNESDAY, NEXT_FRIDAY]
        assert [conflict.series_on for conflict in change.conflicts] == [FRIDAY]

    def test_other_weekdays_cancel_the_old_days_and_book_the_new_ones(self, order):
        change = done(order, EditAll(content=content(order, weekdays=(1, 2))))
        assert days(change.cancelled) == [FRIDAY, MONDAY, NEXT_FRIDAY]
        row = on(MONDAY, Leg.RETURN)
        assert (row.status, row.status_reason) == (S.CANCELLED, "series_changed")
        assert days(change.created)[0] == date(2026, 6, 23)
        assert on(date(2026, 6, 23)).status == S.CONFIRMED
        back = done(order, EditAll(content=content(order, weekdays=(0, 2, 4))))
        assert days(back.restored) == [FRIDAY, MONDAY, NEXT_FRIDAY]
        assert on(MONDAY).status == S.CONFIRMED

    def test_today_is_cancelled_as_of_the_same_day(self, order):
        done(order, EditAll(content=content(order, weekdays=(0, 4))))
        assert (on(DAY).status, on(FRIDAY).status) == (S.SAME_DAY_CANCEL, S.CONFIRMED)

    def test_who_loses_the_driver_is_told_first_and_others_keep_theirs(self, company, order):
        shift = make_shift(company)
        make_assignment(on(DAY), shift)
        make_assignment(on(DAY, Leg.RETURN), shift)
        edit = EditAll(content=content(order, return_time=time(13)))
        assert [(c.clash, c.follows) for c in told(order, edit).conflicts] == [
            (Clash.LOSES_DRIVER, True)
        ]
        done(order, edit)
        assert [row.booking for row in Assignment.objects.all()] == [on(DAY)]
        assert (on(DAY).status, on(DAY, Leg.RETURN).status) == (S.ASSIGNED, S.CONFIRMED)

    def test_a_priority_takes_nobody_their_driver(self, company, order):
        make_assignment(on(DAY), make_shift(company))
        change = done(order, EditAll(content=content(order, priority=Priority.VITAL)))
        assert change.conflicts == ()
        assert (on(DAY).priority, on(DAY).status) == (Priority.VITAL, S.ASSIGNED)

    def test_an_assigned_journey_that_is_cancelled_frees_its_driver(self, company, order):
        make_assignment(on(DAY), make_shift(company))
        done(order, EditAll(content=content(order, weekdays=(0, 4))))
        assert not Assignment.objects.exists()

    def test_what_a_person_changed_stays_unless_overwriting_is_asked_for(self, order):
        put(
            on(MONDAY),
            requested_at=at(6, 40, day=MONDAY),
            promised_from=at(6, 35, day=MONDAY),
            promised_to=at(6, 55, day=MONDAY),
        )
        edit = EditAll(content=content(order, pickup_time=time(7, 20)))
        change = done(order, edit)
        assert [(c.clash, c.series_on, c.follows) for c in change.conflicts] == [
            (Clash.EDITED, MONDAY, False)
        ]
        assert on(MONDAY).requested_at == at(6, 40, day=MONDAY)
        again = EditAll(content=content(order, pickup_time=time(7, 30)), overwrite_edited=True)
        change = done(order, again)
        assert [(c.clash, c.follows) for c in change.conflicts] == [(Clash.EDITED, True)]
        assert on(MONDAY).requested_at == at(7, 30, day=MONDAY)

    def test_what_a_person_changed_elsewhere_is_no_conflict_and_stays(self, order):
        put(on(MONDAY), escort_seats=2, notes="Ring twice", priority="high")
        change = done(order, EditAll(content=content(order, pickup_time=time(7, 20))))
        row = on(MONDAY)
        assert change.conflicts == ()
        assert (row.requested_at, row.escort_seats, row.notes) == (
            at(7, 20, day=MONDAY),
            2,
            "Ring twice",
        )
        assert row.priority == "high"

    @pytest.mark.parametrize(
        ("columns", "changes"),
        [
            ({"pickup": "new"}, {"pickup_id": "other"}),
            ({"service_on": MONDAY + timedelta(days=1)}, {"pickup_time": time(7, 20)}),
            ({"promised_to": at(9, day=MONDAY)}, {"pickup_time": time(7, 20)}),
            ({"appointment_at": at(8, 15, day=MONDAY)}, {"appointment_time": time(8, 30)}),
            ({"requested_at": None}, {"pickup_time": time(7, 20)}),
        ],
    )
    def test_each_thing_a_person_can_change_is_seen(self, company, order, columns, changes):
        places = {"new": make_place(company), "other": make_place(company).pk}
        put(
            on(MONDAY),
            **{k: places.get(v, v) if isinstance(v, str) else v for k, v in columns.items()},
        )
        wanted = {k: places.get(v, v) if isinstance(v, str) else v for k, v in changes.items()}
        change = told(order, EditAll(content=content(order, **wanted)))
        assert [(c.clash, c.series_on) for c in change.conflicts] == [(Clash.EDITED, MONDAY)]
        assert MONDAY not in days(change.moved)

    def test_a_person_who_had_made_the_same_change_is_no_conflict(self, order):
        put(
            on(MONDAY),
            requested_at=at(7, 20, day=MONDAY),
            promised_from=at(7, 15, day=MONDAY),
            promised_to=at(7, 35, day=MONDAY),
        )
        change = told(order, EditAll(content=content(order, pickup_time=time(7, 20))))
        assert change.conflicts == ()
        assert MONDAY not in days(change.moved)

    def test_a_return_that_is_wanted_no_more_is_cancelled_and_comes_back(self, order):
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

    def test_a_fixed_return_becomes_one_on_call_and_fixed_again(self, order):
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

    def test_an_appointment_before_the_hour_a_person_chose_is_impossible(self, order):
        put(
            on(MONDAY),
            requested_at=at(7, 55, day=MONDAY),
            promised_from=at(7, 50, day=MONDAY),
            promised_to=at(8, 10, day=MONDAY),
        )
        change = done(order, EditAll(content=content(order, appointment_time=time(7, 45))))
        assert [(c.clash, c.series_on) for c in change.conflicts] == [(Clash.IMPOSSIBLE, MONDAY)]
        assert "its appointment would be before the pickup" in change.conflicts[0].sentence
        assert on(MONDAY).appointment_at == at(8, day=MONDAY)

    def test_a_return_before_the_hour_a_person_chose_is_impossible(self, order):
        put(
            on(MONDAY),
            appointment_at=None,
            requested_at=at(10, day=MONDAY),
            promised_from=at(9, 55, day=MONDAY),
            promised_to=at(10, 15, day=MONDAY),
        )
        change = done(order, EditAll(content=content(order, return_time=time(9))))
        assert [(c.clash, c.series_on) for c in change.conflicts] == [(Clash.IMPOSSIBLE, MONDAY)]
        assert "its return would begin before" in change.conflicts[0].sentence
        assert on(MONDAY, Leg.RETURN).requested_at == at(12, day=MONDAY)

    def test_a_journey_does_not_move_into_the_past(self, order):
        change = told(
            order,
            EditAll(content=content(order, pickup_time=time(6), appointment_time=time(7))),
            now=at(6, 30),
        )
        assert [(c.clash, c.series_on) for c in change.conflicts] == [(Clash.IMPOSSIBLE, DAY)]
        assert "its new hour has passed" in change.conflicts[0].sentence

    def test_a_place_without_position_leaves_drafts_until_it_has_one(self, company, order):
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

    def test_values_the_form_would_refuse_are_refused_in_the_preview(self, company, order):
        with pytest.raises(InvalidRowError) as refusal:
            told(order, EditAll(content=content(order, weekdays=())))
        assert "weekdays" in refusal.value.errors
        with pytest.raises(InvalidRowError) as refusal:
            told(order, EditAll(content=content(order, dropoff_id=make_place(make_company()).pk)))
        assert refusal.value.errors == {"dropoff": ("This does not exist.",)}

    def test_anything_that_moved_since_the_preview_refuses_the_edit(self, order):
        edit = EditAll(content=content(order, pickup_time=time(7, 20)))
        for change in (
            lambda: put(on(MONDAY), version=7),
            lambda: StandingOrder.objects.update(priority="high"),
            lambda: StandingOrderPause.objects.create(
                standing_order=order, first_on=MONDAY, last_on=MONDAY
            ),
        ):
            token = told(order, edit).token
            change()
            with pytest.raises(StaleSeriesError):
                edit_series(order_id=order.pk, edit=edit, now=NOW, expected_token=token)
        assert on(FRIDAY).version == 1

    def test_what_moves_between_looking_and_writing_refuses_it_too(self, order):
        @dataclass(frozen=True, kw_only=True)
        class EditedMeanwhile(EditAll):
            """Somebody else is quicker, after the series was read and before it is locked."""

            def after(self, series, today):
                StandingOrder.objects.update(priority=Priority.HIGH)
                return super().after(series, today)

        edit = EditedMeanwhile(content=content(order, pickup_time=time(7, 20)))
        with pytest.raises(StaleSeriesError):
            change_series(order_id=order.pk, edit=edit, now=NOW, expected_token=None)
        assert on(MONDAY).version == 1

    def test_a_new_hour_and_a_new_return_at_once(self, company):
        order = make_standing_order(company, pickup_time=time(7, 10))
        expand_series(order_id=order.pk, now=NOW, until=DAY)
        done(
            order,
            EditAll(
                content=content(order, pickup_time=time(7, 20), return_mode=ReturnMode.WILL_CALL)
            ),
        )
        assert (on(DAY).requested_at, on(DAY).return_booking.is_will_call) == (at(7, 20), True)

    def test_the_token_of_another_edit_does_not_fit(self, order):
        token = told(order, EditAll(content=content(order, pickup_time=time(7, 20)))).token
        other = EditAll(content=content(order, pickup_time=time(7, 30)))
        with pytest.raises(StaleSeriesError):
            edit_series(order_id=order.pk, edit=other, now=NOW, expected_token=token)


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
