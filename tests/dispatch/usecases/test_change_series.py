"""Conflicts come first: what a person did, what cannot be, and what moved since one looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

import pytest

from dispatch.enums import BookingStatus as S
from dispatch.enums import Leg, Priority
from dispatch.models import Assignment, StandingOrder, StandingOrderPause
from dispatch.usecases.change_series import change_series
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.series_change import (
    Clash,
    StaleSeriesError,
)
from dispatch.usecases.series_edits import EditAll
from tests.dispatch.usecases.series_world import (
    FRIDAY,
    MONDAY,
    NOW,
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
    make_assignment,
    make_company,
    make_place,
    make_shift,
)

pytestmark = pytest.mark.django_db


def test_who_loses_the_driver_is_told_first_and_others_keep_theirs(company, order):
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


def test_what_a_person_changed_stays_unless_overwriting_is_asked_for(order):
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


def test_what_a_person_changed_elsewhere_is_no_conflict_and_stays(order):
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
def test_each_thing_a_person_can_change_is_seen(company, order, columns, changes):
    places = {"new": make_place(company), "other": make_place(company).pk}
    put(
        on(MONDAY),
        **{k: places.get(v, v) if isinstance(v, str) else v for k, v in columns.items()},
    )
    wanted = {k: places.get(v, v) if isinstance(v, str) else v for k, v in changes.items()}
    change = told(order, EditAll(content=content(order, **wanted)))
    assert [(c.clash, c.series_on) for c in change.conflicts] == [(Clash.EDITED, MONDAY)]
    assert MONDAY not in days(change.moved)


def test_a_person_who_had_made_the_same_change_is_no_conflict(order):
    put(
        on(MONDAY),
        requested_at=at(7, 20, day=MONDAY),
        promised_from=at(7, 15, day=MONDAY),
        promised_to=at(7, 35, day=MONDAY),
    )
    change = told(order, EditAll(content=content(order, pickup_time=time(7, 20))))
    assert change.conflicts == ()
    assert MONDAY not in days(change.moved)


def test_an_appointment_before_the_hour_a_person_chose_is_impossible(order):
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


def test_a_return_before_the_hour_a_person_chose_is_impossible(order):
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


def test_a_journey_does_not_move_into_the_past(order):
    change = told(
        order,
        EditAll(content=content(order, pickup_time=time(6), appointment_time=time(7))),
        now=at(6, 30),
    )
    assert [(c.clash, c.series_on) for c in change.conflicts] == [(Clash.IMPOSSIBLE, DAY)]
    assert "its new hour has passed" in change.conflicts[0].sentence


def test_values_the_form_would_refuse_are_refused_in_the_preview(company, order):
    with pytest.raises(InvalidRowError) as refusal:
        told(order, EditAll(content=content(order, weekdays=())))
    assert "weekdays" in refusal.value.errors
    with pytest.raises(InvalidRowError) as refusal:
        told(order, EditAll(content=content(order, dropoff_id=make_place(make_company()).pk)))
    assert refusal.value.errors == {"dropoff": ("This does not exist.",)}


def test_anything_that_moved_since_the_preview_refuses_the_edit(order):
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
            change_series(order_id=order.pk, edit=edit, now=NOW, expected_token=token)
    assert on(FRIDAY).version == 1


def test_what_moves_between_looking_and_writing_refuses_it_too(order):
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


def test_the_token_of_another_edit_does_not_fit(order):
    token = told(order, EditAll(content=content(order, pickup_time=time(7, 20)))).token
    other = EditAll(content=content(order, pickup_time=time(7, 30)))
    with pytest.raises(StaleSeriesError):
        change_series(order_id=order.pk, edit=other, now=NOW, expected_token=token)
