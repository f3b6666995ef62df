"""One booking at a time: assigned, taken away, dispatched at once, called ready, driven to its end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.enums import AssignedBy, BookingStatus, Rule, StatusReason
from dispatch.models import Assignment, Booking, Company, Shift
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.dispatch_now import dispatch_now
from dispatch.usecases.errors import NotFoundError, StaleBookingError
from dispatch.usecases.open_day import NotAssignableError, NotFeasibleError
from dispatch.usecases.record_progress import (
    IllegalMoveError,
    ImpossibleMomentError,
    ReasonNeededError,
    TooSoonError,
    record_progress,
)
from dispatch.usecases.trigger_return import NotOnCallError, NotThereError, trigger_return
from dispatch.usecases.unassign import NotAssignedError, unassign
from tests.factories import (
    at,
    bring,
    make_assignment,
    make_booking,
    make_company,
    make_member,
    make_outbound,
    make_patient,
    make_place,
    make_return,
    make_shift,
    make_vehicle,
)

pytestmark = pytest.mark.django_db

S = BookingStatus


def given(booking: Booking, shift: Shift, **options: object) -> Assignment:
    choices = {"by": None, "now": at(6), "expected_version": None} | options
    return assign_booking(booking_id=booking.pk, shift_id=shift.pk, **choices)  # type: ignore[arg-type]


def moved(
    booking: Booking, to: BookingStatus, hour: int = 9, minute: int = 0, **more: object
) -> Booking:
    choices = {"expected_version": None} | more
    return record_progress(booking_id=booking.pk, to=to, at=at(hour, minute), **choices)  # type: ignore[arg-type]


class TestAssign:
    def test_the_booking_is_assigned_pinned_and_timed(self, company: Company, shift: Shift) -> None:
        booking, person = make_booking(company), make_member(company)
        row = given(booking, shift, by=person)
        booking.refresh_from_db()
        assert (booking.status, booking.version) == (S.ASSIGNED, 2)
        assert (row.driver, row.vehicle, row.shift) == (shift.driver, shift.vehicle, shift)
        assert (row.is_pinned, row.pinned_by, row.assigned_by) == (True, person, AssignedBy.PERSON)
        assert booking.promised_from is not None
        assert booking.promised_to is not None
        assert booking.promised_from <= row.planned_pickup_at <= booking.promised_to

    def test_moving_it_to_another_shift_leaves_one_row(
        self, company: Company, shift: Shift
    ) -> None:
        booking, other = make_booking(company), make_shift(company)
        given(booking, shift)
        row = given(booking, other)
        assert row.driver == other.driver
        assert Assignment.objects.filter(booking=booking).count() == 1

    def test_a_version_that_moved_on_is_refused(self, company: Company, shift: Shift) -> None:
        booking = make_booking(company)
        with pytest.raises(StaleBookingError):
            given(booking, shift, expected_version=7)
        assert not Assignment.objects.exists()

    def test_a_wheelchair_does_not_go_into_a_car(self, company: Company) -> None:
        car = make_shift(company, vehicle=make_vehicle(company, wheelchairs=0))
        booking = make_booking(company, patient=make_patient(company, mobility="wheelchair_fixed"))
        with pytest.raises(NotFeasibleError) as refusal:
            given(booking, car)
        assert refusal.value.rule is Rule.CAPACITY
        assert str(refusal.value).startswith(f"{car.driver} drives a vehicle without the places")

    def test_two_journeys_at_once_far_apart_are_refused(
        self, company: Company, shift: Shift
    ) -> None:
        near = make_booking(company, pickup_at=at(9))
        far_home = make_place(company, kind="home", lat=46.36, lon=6.22, area="Nyon")
        far = make_booking(company, pickup_at=at(9), pickup=far_home)
        given(near, shift)
        with pytest.raises(NotFeasibleError):
            given(far, shift)
        assert Assignment.objects.count() == 1

    def test_what_is_not_waiting_for_a_driver_is_refused(
        self, company: Company, shift: Shift
    ) -> None:
        outbound = make_outbound(company)
        way_back = make_return(outbound, is_will_call=True)
        with pytest.raises(NotAssignableError):
            given(way_back, shift)

    def test_a_booking_without_coordinates_is_refused(self, company: Company, shift: Shift) -> None:
        lost = make_place(company, lat=None, lon=None, coordinates_quality="unknown")
        with pytest.raises(NotFeasibleError) as refusal:
            given(make_booking(company, pickup=lost), shift)
        assert refusal.value.rule is Rule.UNKNOWN_COORDINATES

    def test_strangers_are_not_found(self, company: Company, shift: Shift) -> None:
        with pytest.raises(NotFoundError):
            assign_booking(
                booking_id=0, shift_id=shift.pk, by=None, now=at(6), expected_version=None
            )
        foreign = make_shift(make_company())
        with pytest.raises(NotFoundError):
            given(make_booking(company), foreign)


class TestUnassign:
    def test_it_waits_for_a_driver_again(self, company: Company, shift: Shift) -> None:
        booking = make_booking(company)
        given(booking, shift)
        found = unassign(booking_id=booking.pk, now=at(8), expected_version=2)
        assert (found.status, found.version) == (S.CONFIRMED, 3)
        assert not Assignment.objects.exists()

    def test_only_before_the_driver_sets_off(self, company: Company, shift: Shift) -> None:
        booking = make_booking(company)
        with pytest.raises(NotAssignedError):
            unassign(booking_id=booking.pk, now=at(8), expected_version=None)
        given(booking, shift)
        moved(booking, S.EN_ROUTE)
        with pytest.raises(NotAssignedError):
            unassign(booking_id=booking.pk, now=at(8), expected_version=None)

    def test_strangers_and_stale_versions_are_refused(self, company: Company, shift: Shift) -> None:
        booking = make_booking(company)
        given(booking, shift)
        with pytest.raises(NotFoundError):
            unassign(booking_id=0, now=at(8), expected_version=None)
        with pytest.raises(StaleBookingError):
            unassign(booking_id=booking.pk, now=at(8), expected_version=1)


class TestDispatchNow:
    def test_the_nearest_driver_gets_it(self, company: Company) -> None:
        near_place = make_place(company, kind="base", lat=46.2044, lon=6.1432)
        far_place = make_place(company, kind="base", lat=46.40, lon=6.25)
        near = make_shift(company, start_place=near_place, end_place=near_place)
        make_shift(company, start_place=far_place, end_place=far_place)
        row = dispatch_now(
            booking_id=make_booking(company).pk, by=None, now=at(6), expected_version=None
        )
        assert row.shift == near
        assert (row.is_pinned, row.assigned_by) == (False, AssignedBy.AUTO)

    def test_nobody_fits_and_the_reason_is_said(self, company: Company) -> None:
        make_shift(company, vehicle=make_vehicle(company, wheelchairs=0))
        booking = make_booking(company, patient=make_patient(company, mobility="wheelchair_fixed"))
        with pytest.raises(NotFeasibleError) as refusal:
            dispatch_now(booking_id=booking.pk, by=None, now=at(6), expected_version=None)
        assert refusal.value.rule is Rule.CAPACITY
        assert "place" in str(refusal.value)


class TestTriggerReturn:
    def test_ready_promises_a_window_from_now_on(self, company: Company) -> None:
        way_back = make_return(make_outbound(company), is_will_call=True)
        found = trigger_return(booking_id=way_back.pk, ready_at=at(15), expected_version=1)
        assert (found.promised_from, found.promised_to) == (at(15), at(16))
        assert (found.ready_at, found.is_urgent, found.version) == (at(15), False, 2)

    def test_an_urgent_one_is_fetched_sooner(self, company: Company) -> None:
        way_back = make_return(make_outbound(company), is_will_call=True)
        found = trigger_return(
            booking_id=way_back.pk, ready_at=at(15), expected_version=None, is_urgent=True
        )
        assert found.promised_to == at(15, 30)

    def test_it_is_called_once_on_its_day_and_only_on_call(self, company: Company) -> None:
        outbound = make_outbound(company)
        way_back = make_return(outbound, is_will_call=True)
        for booking, moment in (
            (outbound, at(15)),
            (way_back, at(15) + timedelta(days=1)),
        ):
            with pytest.raises(NotOnCallError):
                trigger_return(booking_id=booking.pk, ready_at=moment, expected_version=None)
        trigger_return(booking_id=way_back.pk, ready_at=at(15), expected_version=None)
        with pytest.raises(NotOnCallError):
            trigger_return(booking_id=way_back.pk, ready_at=at(15), expected_version=None)
        with pytest.raises(StaleBookingError):
            trigger_return(booking_id=way_back.pk, ready_at=at(15), expected_version=1)
        with pytest.raises(NotFoundError):
            trigger_return(booking_id=0, ready_at=at(15), expected_version=None)

    def test_who_was_not_brought_there_is_asked_for_first(self, company: Company) -> None:
        outbound = make_outbound(company, pickup_at=at(16))
        way_back = make_return(outbound, is_will_call=True)
        with pytest.raises(NotThereError, match=f"{outbound.reference} is “confirmed”"):
            trigger_return(booking_id=way_back.pk, ready_at=at(15), expected_version=None)
        moved(outbound, S.CANCELLED, 15, reason=StatusReason.OTHER_TRANSPORT)
        with pytest.raises(NotThereError, match="is “cancelled on the day”"):
            trigger_return(booking_id=way_back.pk, ready_at=at(17), expected_version=None)
        found = trigger_return(
            booking_id=way_back.pk, ready_at=at(17), expected_version=None, came_another_way=True
        )
        assert found.ready_at == at(17)

    @pytest.mark.parametrize(
        ("status", "known"),
        [
            (S.EN_ROUTE, {"en_route_at": at(14)}),
            (S.MISSED, {"status_reason": StatusReason.VEHICLE_LATE}),
            (S.COMPLETED, {"boarded_at": at(14), "alighted_at": at(14, 30)}),
        ],
    )
    def test_an_outbound_journey_begun_or_missed_is_no_question(
        self, company: Company, shift: Shift, status: S, known: dict[str, object]
    ) -> None:
        outbound = make_outbound(company, pickup_at=at(16))
        make_assignment(outbound, shift)
        bring(outbound, status, **known)
        way_back = make_return(outbound, is_will_call=True)
        found = trigger_return(booking_id=way_back.pk, ready_at=at(15), expected_version=None)
        assert found.ready_at == at(15)


class TestProgress:
    def test_a_journey_from_driver_to_done(self, company: Company, shift: Shift) -> None:
        booking = make_booking(company)
        given(booking, shift)
        moved(booking, S.EN_ROUTE, 8, 45)
        moved(booking, S.ARRIVED, 9)
        moved(booking, S.ON_BOARD, 9, 5)
        done = moved(booking, S.COMPLETED, 9, 30, arrived_dropoff_at=at(9, 27))
        assert (done.en_route_at, done.arrived_pickup_at) == (at(8, 45), at(9))
        assert (done.boarded_at, done.alighted_at) == (at(9, 5), at(9, 30))
        assert done.arrived_dropoff_at == at(9, 27)
        assert Assignment.objects.get(booking=booking).is_over

    def test_one_step_back_forgets_what_no_longer_holds(
        self, company: Company, shift: Shift
    ) -> None:
        booking = make_booking(company)
        given(booking, shift)
        moved(booking, S.EN_ROUTE, 8, 45)
        moved(booking, S.ARRIVED, 9)
        back = moved(booking, S.EN_ROUTE, 9, 1)
        assert (back.status, back.en_route_at) == (S.EN_ROUTE, at(8, 45))
        assert back.arrived_pickup_at is None

    def test_undoing_the_end_keeps_the_driver_busy_again(
        self, company: Company, shift: Shift
    ) -> None:
        booking = make_booking(company)
        given(booking, shift)
        for status, minute in (
            (S.EN_ROUTE, 0),
            (S.ARRIVED, 5),
            (S.ON_BOARD, 10),
            (S.COMPLETED, 30),
        ):
            moved(booking, status, 9, minute)
        done = Booking.objects.get(pk=booking.pk)
        assert done.arrived_dropoff_at is None  # nobody recorded it: it is not known
        back = moved(booking, S.ON_BOARD, 9, 31)
        assert (back.boarded_at, back.alighted_at) == (at(9, 10), None)
        assert not Assignment.objects.get(booking=booking).is_over

    def test_an_absence_needs_its_reason(self, company: Company, shift: Shift) -> None:
        booking = make_booking(company)
        given(booking, shift)
        moved(booking, S.EN_ROUTE)
        moved(booking, S.ARRIVED, 9, 10)
        for reason in ("", "weather"):
            with pytest.raises(ReasonNeededError):
                moved(booking, S.NO_SHOW, 9, 20, reason=reason)
        found = moved(booking, S.NO_SHOW, 9, 20, reason=StatusReason.PATIENT_ABSENT)
        assert found.status_reason == StatusReason.PATIENT_ABSENT
        assert Assignment.objects.get(booking=booking).is_over

    def test_an_absence_is_one_after_five_minutes_at_the_door(
        self, company: Company, shift: Shift
    ) -> None:
        booking = make_booking(company)  # promised from 8:55
        given(booking, shift)
        moved(booking, S.EN_ROUTE, 8, 30)
        moved(booking, S.ARRIVED, 9, 10)
        absent = StatusReason.PATIENT_ABSENT
        with pytest.raises(TooSoonError, match="since 09:10: wait until 09:15") as refused:
            moved(booking, S.NO_SHOW, 9, 14, reason=absent)
        assert refused.value.until == at(9, 15)
        assert moved(booking, S.NO_SHOW, 9, 15, reason=absent).absent_at == at(9, 15)
        # Corrected to a miss and back: the driver left when the driver left.
        missed = moved(booking, S.MISSED, 10, reason=StatusReason.VEHICLE_LATE)
        assert missed.absent_at == at(9, 15)
        assert moved(booking, S.NO_SHOW, 11, reason=absent).absent_at == at(9, 15)
        assert moved(booking, S.ARRIVED, 11).absent_at is None

    def test_who_comes_early_waits_from_the_promise_on(
        self, company: Company, shift: Shift
    ) -> None:
        booking = make_booking(company)
        given(booking, shift)
        moved(booking, S.EN_ROUTE, 8, 30)
        moved(booking, S.ARRIVED, 8, 40)
        with pytest.raises(TooSoonError, match="since 08:55: wait until 09:00"):
            moved(booking, S.NO_SHOW, 8, 59, reason=StatusReason.OTHER)
        left = moved(booking, S.MISSED, 8, 59, reason=StatusReason.OTHER)
        assert left.absent_at is None  # a miss is a miss, whenever the driver left

    def test_a_vehicle_that_never_came_finds_nobody_absent(
        self, company: Company, shift: Shift
    ) -> None:
        booking = make_booking(company)
        given(booking, shift)
        moved(booking, S.MISSED, 9, 30, reason=StatusReason.NO_DRIVER)
        with pytest.raises(ImpossibleMomentError):
            moved(booking, S.NO_SHOW, 9, 40, reason=StatusReason.PATIENT_ABSENT)

    def test_a_plain_status_takes_no_reason(self, company: Company, shift: Shift) -> None:
        booking = make_booking(company)
        given(booking, shift)
        with pytest.raises(ReasonNeededError):
            moved(booking, S.EN_ROUTE, reason=StatusReason.OTHER)

    def test_a_cancelled_journey_frees_its_driver(self, company: Company, shift: Shift) -> None:
        booking = make_booking(company)
        given(booking, shift)
        moved(booking, S.CANCELLED, 7, reason=StatusReason.PATIENT_REQUEST)
        assert not Assignment.objects.exists()

    def test_steps_that_do_not_exist_are_refused(self, company: Company, shift: Shift) -> None:
        booking = make_booking(company)
        for status in (S.COMPLETED, S.ASSIGNED, S.ON_BOARD):
            with pytest.raises(IllegalMoveError):
                moved(booking, status)
        with pytest.raises(StaleBookingError):
            moved(booking, S.CANCELLED, expected_version=9)
        with pytest.raises(NotFoundError):
            record_progress(booking_id=0, to=S.CANCELLED, at=at(9), expected_version=None)

    def test_moments_out_of_order_are_refused(self, company: Company, shift: Shift) -> None:
        booking = make_booking(company)
        given(booking, shift)
        moved(booking, S.EN_ROUTE, 9)
        with pytest.raises(ImpossibleMomentError):
            moved(booking, S.ARRIVED, 8)
        booking.refresh_from_db()
        assert booking.status == S.EN_ROUTE
