"""Changes after the promise, counted in every way a driver or a time can change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dispatch.enums import AssignedBy, BookingStatus, StatusReason
from dispatch.models import Assignment, Booking, Company, Handover, Shift
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.edit_booking import BookingContent, edit_booking
from dispatch.usecases.measure_day import _promises
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.references import trip_ref
from dispatch.usecases.ride_rows import RideRow
from dispatch.usecases.unassign import unassign
from dispatch.usecases.write_rides import write_rides
from tests.factories import DAY, at, bring, make_assignment, make_booking, make_shift

pytestmark = pytest.mark.django_db

S = BookingStatus
EARLY, LAST_HOUR = at(6), at(9)  # seen from a pickup at ten


@pytest.fixture
def booking(company: Company) -> Booking:
    return make_booking(company, pickup_at=at(10))


def changes(booking: Booking) -> tuple[int | None, int | None]:
    booking.refresh_from_db()
    return booking.plan_changes, booking.late_plan_changes


def row_of(booking: Booking, shift: Shift, pickup_at: datetime) -> RideRow:
    return RideRow(
        booking_id=booking.pk,
        shift_id=shift.pk,
        driver_id=shift.driver_id,
        vehicle_id=shift.vehicle_id,
        planned_pickup_at=pickup_at,
        planned_dropoff_at=pickup_at + timedelta(minutes=20),
        ends_at=pickup_at + timedelta(minutes=25),
        ride_group=booking.pk,
        position=0,
        direct_s=1_000,
    )


def write(booking: Booking, row: RideRow | None, now: datetime = EARLY) -> None:
    held = {ride.booking_id: ride for ride in Assignment.objects.filter(booking=booking)}
    write_rides(
        company_id=booking.company_id,
        held=held,
        wanted={} if row is None else {booking.pk: row},
        assigned_by=AssignedBy.ENGINE,
        run=None,
        now=now,
    )


def given(booking: Booking, shift: Shift, now: datetime = EARLY) -> None:
    assign_booking(
        booking_id=booking.pk, shift_id=shift.pk, by=None, now=now, expected_version=None
    )


def moved(booking: Booking, to: BookingStatus, moment: datetime, reason: str = "") -> None:
    record_progress(booking_id=booking.pk, to=to, at=moment, reason=reason, expected_version=None)


def predicted_pickup(booking: Booking) -> datetime | None:
    """What a plan of the day counts its own changes from."""
    company = booking.company
    built = build_problem(company=company, day=DAY, now=at(10, 15))
    noted_s = _promises(company, DAY, built.problem)[trip_ref(booking.pk)].noted_pickup_s
    return None if noted_s is None else DayClock.of(company, DAY).moment(noted_s)


class TestPlans:
    def test_the_first_driver_is_no_change(self, booking: Booking, shift: Shift) -> None:
        write(booking, row_of(booking, shift, at(10)))
        ride = Assignment.objects.get()
        assert changes(booking) == (0, 0)
        assert (ride.noted_pickup_at, ride.direct_s) == (at(10), 1_000)

    def test_five_minutes_count_and_four_do_not(self, booking: Booking, shift: Shift) -> None:
        write(booking, row_of(booking, shift, at(10)))
        write(booking, row_of(booking, shift, at(10, 4)))
        assert changes(booking) == (0, 0)
        assert Assignment.objects.get().planned_pickup_at == at(10, 4)
        write(booking, row_of(booking, shift, at(9, 55)))
        assert changes(booking) == (1, 0)

    def test_small_slides_add_up(self, booking: Booking, shift: Shift) -> None:
        for minute in (0, 4, 8, 12):  # noticed at 10:08, four minutes later not again
            write(booking, row_of(booking, shift, at(10, minute)))
        assert changes(booking) == (1, 0)
        assert Assignment.objects.get().noted_pickup_at == at(10, 8)

    def test_a_ride_from_before_this_count_counts_from_its_plan(
        self, booking: Booking, shift: Shift
    ) -> None:
        make_assignment(booking, shift)
        Assignment.objects.update(noted_pickup_at=None)
        write(booking, row_of(booking, shift, Assignment.objects.get().planned_pickup_at))
        assert changes(booking) == (0, 0)

    def test_another_driver_at_the_same_time_is_one_change(
        self, company: Company, booking: Booking, shift: Shift
    ) -> None:
        write(booking, row_of(booking, shift, at(10)))
        write(booking, row_of(booking, make_shift(company), at(10, 30)), LAST_HOUR)
        assert changes(booking) == (1, 1)  # the hour counts from the old ten o'clock

    def test_lost_and_found_again_is_one_change(
        self, company: Company, booking: Booking, shift: Shift
    ) -> None:
        write(booking, row_of(booking, shift, at(10)))
        write(booking, None, at(8, 59))
        assert changes(booking) == (1, 0)
        write(booking, row_of(booking, make_shift(company), at(11)), at(9, 30))
        assert changes(booking) == (1, 0)

    def test_a_second_pickup_on_the_road_counts_from_what_was_told_there(
        self, company: Company, booking: Booking, shift: Shift
    ) -> None:
        """Somebody else comes at 10:30: that is no change. At 10:36 it is one, and a third driver the next."""
        write(booking, row_of(booking, shift, at(10)))
        bring(booking, S.ON_BOARD, boarded_at=at(10))
        second = make_shift(company)
        write(booking, row_of(booking, second, at(10, 30)), at(10, 10))
        Handover.objects.create(
            company=company,
            booking=booking,
            shift=shift,
            driver=shift.driver,
            vehicle=shift.vehicle,
            at=at(10, 10),
            place=booking.pickup,
        )
        assert changes(booking) == (0, 0)
        write(booking, row_of(booking, second, at(10, 33)), at(10, 15))
        assert changes(booking) == (0, 0)
        assert predicted_pickup(booking) == at(10, 30)
        write(booking, row_of(booking, second, at(10, 36)), at(10, 15))
        assert changes(booking) == (1, 1)
        write(booking, row_of(booking, make_shift(company), at(10, 36)), at(10, 20))
        assert changes(booking) == (2, 2)

    def test_a_loss_in_the_last_hour_is_late(self, booking: Booking, shift: Shift) -> None:
        write(booking, row_of(booking, shift, at(10)))
        write(booking, None, LAST_HOUR)
        assert changes(booking) == (1, 1)

    def test_who_is_on_board_waits_no_more_and_keeps_the_direct_way(
        self, booking: Booking, shift: Shift
    ) -> None:
        given(booking, shift)
        direct = Assignment.objects.get().direct_s
        for step, minute in ((S.EN_ROUTE, 40), (S.ARRIVED, 55), (S.ON_BOARD, 58)):
            moved(booking, step, at(9, minute))
        write(booking, replace(row_of(booking, shift, at(10, 20)), direct_s=7), at(10, 20))
        ride = Assignment.objects.get()
        assert ride.planned_pickup_at == at(10, 20)
        assert ride.direct_s == direct != 7
        assert changes(booking) == (0, 0)

    def test_what_is_unknown_stays_unknown(self, booking: Booking, shift: Shift) -> None:
        Booking.objects.update(plan_changes=None, late_plan_changes=None)
        write(booking, row_of(booking, shift, at(10)))
        write(booking, None, LAST_HOUR)
        assert changes(booking) == (None, None)


class TestPeople:
    def test_taking_the_driver_away(self, booking: Booking, shift: Shift) -> None:
        given(booking, shift)
        unassign(booking_id=booking.pk, now=at(9, 30), expected_version=None)
        assert changes(booking) == (1, 1)
        given(booking, shift, at(9, 30))
        assert changes(booking) == (1, 1)

    def test_giving_it_to_another_driver(
        self, company: Company, booking: Booking, shift: Shift
    ) -> None:
        given(booking, shift)
        given(booking, make_shift(company))
        assert changes(booking) == (1, 0)

    def test_giving_it_to_the_same_driver_again(self, booking: Booking, shift: Shift) -> None:
        given(booking, shift)
        given(booking, shift)
        assert changes(booking) == (0, 0)

    def test_an_edit_the_plan_no_longer_fits(self, booking: Booking, shift: Shift) -> None:
        given(booking, shift)
        booking.refresh_from_db()
        wanted = replace(BookingContent.of(booking), promised_to=at(11))
        edit_booking(booking_id=booking.pk, content=wanted, now=EARLY, expected_version=None)
        assert changes(booking) == (1, 0)

    def test_a_driver_who_turns_back(self, booking: Booking, shift: Shift) -> None:
        given(booking, shift)
        moved(booking, S.EN_ROUTE, at(9, 40))
        moved(booking, S.CONFIRMED, at(9, 50))
        assert changes(booking) == (1, 1)

    def test_a_cancellation_is_the_patients_and_counts_nothing(
        self, booking: Booking, shift: Shift
    ) -> None:
        given(booking, shift)
        moved(booking, S.SAME_DAY_CANCEL, at(9, 50), reason=StatusReason.PATIENT_UNWELL)
        assert not Assignment.objects.exists()
        assert changes(booking) == (0, 0)
