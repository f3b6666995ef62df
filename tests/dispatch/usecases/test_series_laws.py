"""Whatever is done to a series, in whatever order: no journey twice, nothing that has begun is touched."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.enums import BookingStatus as S
from dispatch.enums import Priority, ReturnMode
from dispatch.models import Booking, Shift, StandingOrder, StandingOrderPause
from dispatch.models.statuses import UNDER_WAY
from dispatch.usecases.change_series import SeriesEdit, change_series, preview_series
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.edit_booking import CHANGEABLE
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.expand_series import expand_series
from dispatch.usecases.judge_day import has_begun
from dispatch.usecases.promise import window_around
from dispatch.usecases.series_edits import EditAll, EditFollowing, EditThis
from dispatch.usecases.series_rests import End, Pause, Resume
from dispatch.usecases.series_rows import Pair, SeriesContent, read_pairs, read_series
from tests.factories import (
    DAY,
    at,
    make_assignment,
    make_company,
    make_driver,
    make_shift,
    make_standing_order,
    make_vehicle,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ALIVE = CHANGEABLE | UNDER_WAY
REACH = 10  # days that are booked ahead
DAYS = st.integers(-1, REACH)
OF_THE_WHOLE = ("weekdays", "interval_weeks", "ends_on", "active")
HOURS = st.sampled_from([time(7), time(8), time(9, 30), time(23, 50)])


@dataclass
class World:
    """One series, whatever it was split into, and the hour it is."""

    order: StandingOrder
    now: datetime

    def orders(self) -> list[StandingOrder]:
        return list(StandingOrder.objects.order_by("pk"))

    @property
    def until(self) -> date:
        return self.day(REACH - 1)

    def day(self, offset: int) -> date:
        return local_day(self.order.company, self.now) + timedelta(days=offset)


def _content(changes: dict[str, Any]) -> Any:
    def changed(content: SeriesContent) -> SeriesContent:
        new = replace(content, **changes)
        has_time = new.return_mode == ReturnMode.FIXED
        return replace(
            new,
            return_time=(new.return_time or time(13)) if has_time else None,
            same_driver_return=new.same_driver_return and new.return_mode != ReturnMode.NONE,
        )

    return changed


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "pickup_time": st.none() | HOURS,
        "appointment_time": st.sampled_from([time(8), time(10), time(0, 20)]),
        "weekdays": st.sampled_from([(0, 2, 4), (1, 3), (0, 1, 2, 3, 4, 5, 6), (2,)]),
        "interval_weeks": st.sampled_from([1, 2]),
        "return_mode": st.sampled_from(list(ReturnMode)),
        "return_time": st.sampled_from([time(12), time(15), time(4)]),
        "same_driver_return": st.booleans(),
        "priority": st.sampled_from(list(Priority)),
        "ends_on": st.none() | st.integers(0, 20).map(lambda n: DAY + timedelta(days=n)),
        "active": st.sampled_from([True, True, True, False]),
    },
).map(_content)

ACTS = st.one_of(
    st.tuples(st.just("expand")),
    st.tuples(st.just("all"), CHANGES, st.booleans()),
    st.tuples(st.just("following"), DAYS, CHANGES, st.booleans()),
    st.tuples(st.just("this"), DAYS, CHANGES, st.integers(0, 2)),
    st.tuples(st.just("pause"), DAYS, st.integers(-1, 9), st.booleans()),
    st.tuples(st.just("resume"), st.integers(0, 3), DAYS),
    st.tuples(st.just("end"), st.none() | DAYS),
    st.tuples(st.just("hand"), st.integers(0, 30), st.sampled_from(["hour", "cancel", "off", "give", "go"])),
    st.tuples(st.just("wait"), st.integers(1, 40)),
)  # fmt: skip


def edit_of(act: tuple[Any, ...], world: World, order: StandingOrder) -> SeriesEdit | None:
    """The edit an act stands for; None where there is nothing to do it to."""
    content = read_series(order.pk).content
    edit: SeriesEdit | None = None
    match act:
        case ("all", change, overwrite):
            edit = EditAll(content=change(content), overwrite_edited=overwrite)
        case ("following", n, change, overwrite):
            edit = EditFollowing(
                from_on=world.day(n), content=change(content), overwrite_edited=overwrite
            )
        case ("this", n, change, later):
            whole = {name: getattr(content, name) for name in OF_THE_WHOLE}
            day, new = world.day(n), replace(change(content), **whole)
            edit = EditThis(series_on=day, content=new, serve_on=day + timedelta(days=later))
        case ("pause", n, length, overwrite):
            first = world.day(n)
            last = first + timedelta(days=length)
            edit = Pause(first_on=first, last_on=last, overwrite_edited=overwrite)
        case ("resume", index, n):
            pauses = list(StandingOrderPause.objects.filter(standing_order=order).order_by("pk"))
            if pauses:
                edit = Resume(pause_id=pauses[index % len(pauses)].pk, from_on=world.day(n))
        case ("end", n):
            edit = End(last_on=None if n is None else world.day(n))
    return edit


def by_hand(world: World, index: int, kind: str, shift: Shift) -> None:
    """What people do to single journeys meanwhile, by filtered updates like the other use cases."""
    rows = list(Booking.objects.filter(status__in=CHANGEABLE).order_by("pk"))
    if not rows:
        return
    row = rows[index % len(rows)]
    mine = Booking.objects.filter(pk=row.pk)
    version = row.version + 1
    if kind == "cancel":
        mine.update(status=S.CANCELLED, status_reason="patient_request", version=version)
    elif kind == "off":
        mine.update(status=S.CANCELLED, status_reason="series_changed", version=version)
    elif row.promised_from is None or row.requested_at is None:
        return
    elif kind == "hour":
        moved = row.requested_at + timedelta(minutes=5)
        begins, ends = window_around(world.order.company, moved)
        if local_day(world.order.company, begins) == row.service_on:
            mine.update(requested_at=moved, promised_from=begins, promised_to=ends, version=version)
    elif row.status == S.CONFIRMED and not hasattr(row, "assignment"):
        make_assignment(row, shift, is_over=True)  # over: other journeys may overlap it
        if kind == "go":
            mine.update(status=S.EN_ROUTE, en_route_at=world.now, version=version + 1)


def begun(world: World) -> dict[int, dict[str, Any]]:
    """Everything about the journeys of days that have begun, but the series they are counted in."""
    today = world.day(0)
    rows: list[int] = []
    for order in world.orders():
        for pair in read_pairs(order.pk, date(2000, 1, 1)).values():
            if has_begun(pair, now=world.now, today=today):
                rows += [row.pk for row in pair if row is not None]
    values = Booking.objects.filter(pk__in=rows).values()
    return {row["id"]: {k: v for k, v in row.items() if k != "standing_order_id"} for row in values}


def judge(world: World) -> None:
    alive = Booking.objects.filter(status__in=ALIVE)
    twice = Counter((r.standing_order_id, r.series_on, r.outbound_id is None) for r in alive)
    assert not [day for day, count in twice.items() if count > 1]
    assert not Booking.objects.filter(status=S.ASSIGNED, assignment=None).exists()
    free = Booking.objects.filter(status__in=[S.CONFIRMED, S.CANCELLED, S.SAME_DAY_CANCEL])
    assert not free.exclude(assignment=None).exists()
    for row in Booking.objects.select_related("company", "outbound"):
        row.clean()
        assert (row.outbound is None) or row.outbound.standing_order_id == row.standing_order_id


def change(world: World, edit: SeriesEdit, order: StandingOrder) -> None:
    """Looked at and applied; a refusal has written nothing; what was told is what happened."""
    before = Booking.objects.order_by("pk").values_list("pk", "version", "status")
    seen = list(before)
    try:
        preview = preview_series(order_id=order.pk, edit=edit, now=world.now, until=world.until)
        assert list(before.all()) == seen
        done = change_series(
            order_id=order.pk,
            edit=edit,
            now=world.now,
            expected_token=preview.token,
            until=world.until,
        )
    except UseCaseError:
        assert list(before.all()) == seen
        return
    assert replace(done, order_id=order.pk) == preview
    touched = {each.booking_id for each in preview.effects}
    touched |= {each.outbound_id for each in preview.created if each.outbound_id}
    known = {pk for pk, *_rest in seen}
    changed = {row for row in set(before.all()) - set(seen) if row[0] in known}
    assert {row[0] for row in changed} <= touched
    assert Booking.objects.count() == len(seen) + len(preview.created)
    if isinstance(edit, Pause) and not any(not c.follows for c in preview.conflicts):
        inside = Booking.objects.filter(
            standing_order=order,
            series_on__range=(max(edit.first_on, world.day(0)), edit.last_on),
        )
        assert not inside.filter(status__in=ALIVE).exists()


def all_asked_for_is_booked(world: World) -> None:
    """After expanding, each day asked for that has not begun has its journey."""
    for order in world.orders():
        try:
            change = expand_series(order_id=order.pk, now=world.now, until=world.until)
        except UseCaseError:
            continue
        series, pairs = read_series(order.pk), read_pairs(order.pk, world.day(0))
        late = len(change.notes)
        asked = [day for n in range(REACH) if series.asks_on(day := world.day(n))]
        missing = [day for day in asked if pairs.get(day, Pair(None, None)).there is None]
        assert len(missing) <= min(late, 2)
        again = expand_series(order_id=order.pk, now=world.now, until=world.until)
        assert again.created == ()


def act_on(world: World, act: tuple[Any, ...], shift: Shift) -> None:
    if act[0] == "wait":
        world.now += timedelta(hours=act[1])
    elif act[0] == "hand":
        by_hand(world, act[1], act[2], shift)
    else:
        past, order = begun(world), world.orders()[-1]
        edit = edit_of(act, world, order)
        if edit is not None:
            change(world, edit, order)
        all_asked_for_is_booked(world)
        assert {pk: row for pk, row in begun(world).items() if pk in past} == past


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=st.lists(ACTS, min_size=3, max_size=8), mode=st.sampled_from(list(ReturnMode)))
def test_whatever_is_done_to_a_series(db, acts, mode):
    with transaction.atomic():
        company = make_company()
        has_time = mode == ReturnMode.FIXED
        order = make_standing_order(
            company, return_mode=mode, return_time=time(12) if has_time else None
        )
        shift = make_shift(company, driver=make_driver(company), vehicle=make_vehicle(company))
        world = World(order=order, now=at(6))
        expand_series(order_id=order.pk, now=world.now, until=world.until)
        for act in acts:
            act_on(world, act, shift)
            judge(world)
        transaction.set_rollback(True)
