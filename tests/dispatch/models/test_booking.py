"""Valid journeys of every kind, the way of a status, and what the lists hold."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from pytest_django.fixtures import DjangoAssertNumQueries

from dispatch.enums import BookingStatus, StatusReason
from dispatch.models import Booking, Company, StandingOrder, StandingOrderPause
from dispatch.models.statuses import (
    MOVES,
    OPEN,
    OUTCOMES,
    REASONS,
    UNDER_WAY,
    can_move,
)
from tests.dispatch.models.violations.booking import DONE
from tests.factories import (
    DAY,
    at,
    make_assignment,
    make_booking,
    make_company,
    make_establishment,
    make_outbound,
    make_patient,
    make_place,
    make_return,
    make_shift,
    make_standing_order,
)

S = BookingStatus
DRIVEN = {S.ASSIGNED, *UNDER_WAY}
MOMENTS = {
    S.EN_ROUTE: ("en_route_at",),
    S.ARRIVED: ("en_route_at", "arrived_pickup_at"),
    S.ON_BOARD: ("en_route_at", "arrived_pickup_at", "boarded_at"),
    S.COMPLETED: tuple(name for name in DONE if name != "status"),
    S.NO_SHOW: ("en_route_at", "arrived_pickup_at"),
}


def _fields(status: BookingStatus) -> dict[str, Any]:
    """What a booking in this status has: its moments and a reason."""
    fields: dict[str, Any] = {name: DONE[name] for name in MOMENTS.get(status, ())}
    reason = min(REASONS[status]) if status in REASONS else ""
    return fields | {"status": status, "status_reason": reason}


def _stored(company: Company, status: BookingStatus) -> Booking:
    """A booking of this status, with the driver it then has."""
    booking = make_booking(company, **_fields(status))
    if status in DRIVEN:
        make_assignment(booking, make_shift(company))
    return booking


def test_each_status_stands_in_the_table_and_is_reached() -> None:
    assert set(MOVES) == set(S)
    reached = {status for following in MOVES.values() for status in following}
    assert reached == set(S)
    assert not any(status in following for status, following in MOVES.items())


def test_groups_of_statuses_cover_all_of_them_once() -> None:
    groups = [OPEN, UNDER_WAY, OUTCOMES, {S.DRAFT}]
    assert sorted(status for group in groups for status in group) == sorted(S)
    assert set(REASONS) == OUTCOMES - {S.COMPLETED}


def test_ways_of_a_status() -> None:
    assert can_move(S.CONFIRMED, S.ASSIGNED)
    assert can_move(S.ASSIGNED, S.CONFIRMED)
    assert not can_move(S.DRAFT, S.COMPLETED)
    assert not can_move(S.ON_BOARD, S.CANCELLED)
    assert not can_move(S.ON_BOARD, S.NO_SHOW)


@pytest.mark.django_db
@pytest.mark.parametrize("status", S)
def test_each_status_can_be_stored(status: BookingStatus) -> None:
    booking = _stored(make_company(), status)
    booking.full_clean()
    booking.refresh_from_db()
    assert booking.status == status
    assert booking.version == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "reason"),
    [(status, reason) for status in S for reason in StatusReason],
)
def test_the_database_and_the_table_agree_on_reasons(
    status: BookingStatus, reason: StatusReason
) -> None:
    if reason in REASONS.get(status, ()):
        make_booking(make_company(), **_fields(status) | {"status_reason": reason})
        return
    with pytest.raises(IntegrityError, match="booking_reason_fits_status"), transaction.atomic():
        make_booking(make_company(), **_fields(status) | {"status_reason": reason})


@pytest.mark.django_db
def test_a_completed_journey_may_lack_moments_nobody_noted() -> None:
    sparse: dict[str, Any] = {"status": "completed", "alighted_at": DONE["alighted_at"]}
    make_booking(make_company(), **sparse).full_clean()


@pytest.mark.django_db
def test_moments_of_one_second_are_in_order() -> None:
    same = {name: at(9) for name in DONE if name != "status"}
    make_booking(make_company(), status="completed", **same)


@pytest.mark.django_db
def test_a_return_on_call_waits_without_a_promise_until_it_is_ready() -> None:
    waiting = make_return(make_outbound(make_company()), is_will_call=True)
    waiting.full_clean()
    Booking.objects.filter(pk=waiting.pk).update(
        ready_at=at(15), promised_from=at(15), promised_to=at(15, 30)
    )
    waiting.refresh_from_db()
    waiting.full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize("status", [S.DRAFT, S.REFUSED, S.CANCELLED])
def test_nothing_is_promised_before_it_is_confirmed(status: BookingStatus) -> None:
    make_booking(
        make_company(), promised_from=None, promised_to=None, **_fields(status)
    ).full_clean()


@pytest.mark.django_db
def test_a_journey_just_after_local_midnight_is_on_its_day() -> None:
    booking = make_booking(make_company(), pickup_at=at(0, 2))
    assert booking.service_on == DAY
    assert booking.promised_from is not None
    assert booking.promised_from.date() < DAY
    booking.full_clean()


@pytest.mark.django_db
def test_a_day_at_the_other_end_of_the_world_is_a_day() -> None:
    company = make_company(time_zone="Pacific/Kiritimati")  # UTC+14
    moment = datetime(2026, 6, 16, 11, tzinfo=UTC)  # 01:00 on the 17th there
    booking = make_booking(company, pickup_at=moment)
    booking.full_clean()
    assert booking.service_on == DAY
    booking.service_on = DAY - timedelta(days=1)
    with pytest.raises(ValidationError, match="another day"):
        booking.full_clean()


@pytest.mark.django_db
def test_links_and_returns_are_checked_in_words() -> None:
    company = make_company()
    outbound = make_outbound(company)
    back = make_return(outbound)
    for wrong, field in (
        ({"patient": make_patient(company)}, "outbound"),
        ({"outbound": make_booking(company, patient=outbound.patient)}, "outbound"),
        ({"pickup": make_place(make_company())}, "pickup"),
    ):
        row = Booking.objects.get(pk=back.pk)
        for name, value in wrong.items():
            setattr(row, name, value)
        with pytest.raises(ValidationError) as refusal:
            row.full_clean()
        assert field in refusal.value.message_dict


@pytest.mark.django_db
def test_an_empty_form_is_refused_field_by_field() -> None:
    for model in (Booking, StandingOrder):
        with pytest.raises(ValidationError) as refusal:
            model().full_clean()
        assert {"patient", "pickup", "dropoff"} <= set(refusal.value.message_dict)


@pytest.mark.django_db
def test_positions_and_escorts() -> None:
    company = make_company()
    patient = make_patient(company, escort_seats=1)
    booking = make_booking(company, patient=patient)
    assert booking.coordinates_known
    assert booking.escorts == 1
    booking.escort_seats = 0
    assert booking.escorts == 0
    lost = make_booking(company, dropoff=make_establishment(company, lat=None))
    assert not lost.coordinates_known


@pytest.mark.django_db
def test_lists_of_a_day() -> None:
    company = make_company()
    waiting, assigned, riding, over = (
        _stored(company, status) for status in (S.CONFIRMED, S.ASSIGNED, S.ON_BOARD, S.COMPLETED)
    )
    make_booking(company, pickup_at=at(9, day=DAY + timedelta(days=1)))
    today = Booking.objects.for_company(company).on_day(DAY)
    assert set(today) == {waiting, assigned, riding, over}


@pytest.mark.django_db
def test_a_problem_reads_bookings_in_a_fixed_number_of_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    company = make_company()
    shift = make_shift(company)
    for hour in (8, 10, 12):
        outbound = make_outbound(company, pickup_at=at(hour))
        make_assignment(outbound, shift)
        make_return(outbound)
    with django_assert_num_queries(3):
        for booking in Booking.objects.on_day(DAY).with_plan_relations():
            assert booking.coordinates_known
            assert booking.patient.excluded_driver_ids == frozenset()
            assert (booking.outbound_id is None) == hasattr(booking, "assignment")
            assert not booking.was_handed_on


@pytest.mark.django_db
def test_a_series_takes_place_on_its_days() -> None:
    order = make_standing_order(make_company(), interval_weeks=2, ends_on=DAY + timedelta(days=28))
    StandingOrderPause.objects.create(
        standing_order=order, first_on=DAY + timedelta(days=14), last_on=DAY + timedelta(days=15)
    )
    days = [n for n in range(-7, 40) if order.occurs_on(DAY + timedelta(days=n))]
    assert days == [0, 2, 12, 16, 26, 28]  # DAY is a Wednesday; day 14 is paused
    order.active = False
    assert not order.occurs_on(DAY)


@pytest.mark.django_db
def test_a_series_with_a_fixed_return() -> None:
    make_standing_order(
        make_company(), return_mode="fixed", return_time=time(12), same_driver_return=True
    ).full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize("status", S)
def test_the_database_knows_the_same_steps(status: S) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT after FROM unnest(%s::text[]) after WHERE booking_may_move(%s, after)",
            [[each.value for each in S], status.value],
        )
        assert {S(after) for (after,) in cursor.fetchall()} == MOVES[status]
