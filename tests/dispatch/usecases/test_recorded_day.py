"""Recorded days that a person can work out: every term from the rows, and what has no source said so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.engine.kpi import Kpi, KpiValue
from dispatch.enums import BookingStatus, DriverKind, StatusReason
from dispatch.models import Absence, Assignment, Booking, Company, Shift
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.measure_day import recorded_kpis
from dispatch.usecases.measured_rows import measured_rows
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.recorded_day import recorded_day
from tests.factories import (
    DAY,
    at,
    between,
    make_assignment,
    make_booking,
    make_driver,
    make_patient,
    make_shift,
)

pytestmark = pytest.mark.django_db

S = BookingStatus
LATER = at(5, day=DAY + timedelta(days=1))  # the day is over


def driven(booking: Booking, shift: Shift, *, ride_min: int = 30) -> Booking:
    """Left 20 min before the promised hour, there on time, 5 min to board, 5 to alight."""
    given = make_assignment(booking, shift)
    hour = booking.requested_at
    assert hour is not None
    steps = (
        (S.EN_ROUTE, -20),
        (S.ARRIVED, 0),
        (S.ON_BOARD, 5),
        (S.COMPLETED, 5 + ride_min + 5),
    )
    for status, minute in steps:
        record_progress(
            booking_id=booking.pk,
            to=status,
            at=hour + timedelta(minutes=minute),
            arrived_dropoff_at=hour + timedelta(minutes=5 + ride_min),
            expected_version=None,
        )
    Assignment.objects.filter(pk=given.pk).update(direct_s=20 * 60)
    return booking


def measured(company: Company) -> dict[Kpi, KpiValue]:
    return {
        row.key: row
        for row in recorded_kpis(company=company, days=[DAY], now=LATER)
        if not row.group
    }


class TestRides:
    def test_excess_is_the_ride_less_the_direct_way(self, company: Company, shift: Shift) -> None:
        """Direct 20 min: 35 min of driving are 15 too many, 36 are 16."""
        for hour, ride_min in ((8, 35), (10, 36), (12, 20)):
            booking = make_booking(company, pickup_at=at(hour))
            unloading = booking.patient.alighting_min
            driven(booking, shift, ride_min=ride_min)
            end = at(hour, 5 + ride_min + unloading)
            Booking.objects.filter(pk=booking.pk).update(alighted_at=end)
        excess = measured(company)[Kpi.EXCESS_RIDE]
        assert (excess.numerator, excess.denominator, excess.excluded) == (2, 3, 0)

    def test_rides_from_before_the_direct_way_was_kept_are_not_measured(
        self, company: Company, shift: Shift
    ) -> None:
        driven(make_booking(company), shift)
        Assignment.objects.update(direct_s=None)
        assert measured(company)[Kpi.EXCESS_RIDE].text() == "not measurable, 0 % of timestamps"

    def test_a_limit_shorter_than_the_road_is_measured_by_the_road(
        self, company: Company, shift: Shift
    ) -> None:
        """Limit 10 min, direct way 20: with 20 min of driving the limit was kept as well as it can be."""
        patient = make_patient(company, max_ride_min=10)
        driven(make_booking(company, patient=patient, pickup_at=at(9)), shift, ride_min=20)
        Booking.objects.update(alighted_at=at(9, 25 + patient.alighting_min))
        assert measured(company)[Kpi.RIDE_COMPLIANCE].value == 1

    def test_assigning_keeps_the_direct_way(self, company: Company, shift: Shift) -> None:
        booking = make_booking(company)
        ride = assign_booking(
            booking_id=booking.pk, shift_id=shift.pk, by=None, now=at(5), expected_version=None
        )
        (trip,) = recorded_day(measured_rows(company, DAY, LATER)).trips
        assert ride.direct_s
        assert trip.direct_s == ride.direct_s + booking.patient.alighting_min * 60


class TestStability:
    def test_changes_per_trip(self, company: Company, shift: Shift) -> None:
        for changes, late in ((2, 1), (0, 0)):
            make_booking(company, plan_changes=changes, late_plan_changes=late)
        values = measured(company)
        assert (values[Kpi.STABILITY].value, values[Kpi.LATE_STABILITY].value) == (1, 0.5)


class TestTours:
    def test_what_is_known_of_a_tour_and_what_nobody_records(
        self, company: Company, shift: Shift
    ) -> None:
        driven(make_booking(company, pickup_at=at(8)), shift)  # 8:00 to 8:40
        driven(make_booking(company, pickup_at=at(10)), shift)  # left 9:40, until 10:40
        (tour,) = recorded_day(measured_rows(company, DAY, LATER)).tours
        assert tour.passenger_trips == 2
        assert tour.first_pickup_s is not None
        assert tour.last_dropoff_s == tour.first_pickup_s + (2 * 60 + 40) * 60
        assert tour.empty_driving_s == 20 * 60
        assert (tour.pauses_s, tour.metres, tour.revenue_s) == (None, None, None)
        values = measured(company)
        assert "breaks" in values[Kpi.PRODUCTIVITY].text()
        assert "kilometres" in values[Kpi.EMPTY_KM].text()

    def test_a_shift_that_carried_nobody_has_no_tour(self, company: Company, shift: Shift) -> None:
        make_assignment(make_booking(company), shift)
        assert recorded_day(measured_rows(company, DAY, LATER)).tours == ()


class TestFairness:
    def test_trips_heavy_trips_and_driving_by_the_hours_on_duty(
        self, company: Company, shift: Shift
    ) -> None:
        """Two trips in twelve hours are as many as one in six."""
        other = make_shift(company, period=between(at(6), at(6) + timedelta(hours=6)))
        Shift.objects.filter(pk=shift.pk).update(period=between(at(6), at(6) + timedelta(hours=12)))
        heavy = make_patient(company, mobility="wheelchair_fixed")
        driven(make_booking(company, pickup_at=at(8), patient=heavy), shift)
        driven(make_booking(company, pickup_at=at(10)), shift)
        driven(make_booking(company, pickup_at=at(9)), other)
        seen = recorded_day(measured_rows(company, DAY, LATER)).fairness
        assert seen is not None
        assert [load.on_duty_s // 3600 for load in seen.loads] == [12, 6]
        assert [(load.trips, load.heavy_trips) for load in seen.loads] == [(2, 1), (1, 0)]
        # 20 min to each door and 30 min with each patient.
        assert [load.driving_s // 60 for load in seen.loads] == [100, 50]
        assert [load.normalised for load in seen.loads] == [1.333333, 1.333333]  # per eight hours
        assert (seen.gap, seen.heavy_gap) == (0, 1)

    def test_trips_nobody_ended_are_not_carried(self, company: Company, shift: Shift) -> None:
        make_shift(company)  # somebody to compare with
        driven(make_booking(company, pickup_at=at(8)), shift)
        make_assignment(make_booking(company, pickup_at=at(12)), shift)
        values = measured(company)
        told = "not measurable, the end of 50 % of the trips is recorded"
        assert values[Kpi.FAIRNESS_GAP].text() == told
        assert values[Kpi.QUALITY_SCORE].value is None

    def test_who_is_away_or_an_emergency_driver_is_not_compared(
        self, company: Company, shift: Shift
    ) -> None:
        make_shift(company, driver=make_driver(company, kind=DriverKind.EMERGENCY.value))
        ill = make_shift(company)
        Absence.objects.create(driver=ill.driver, first_on=DAY, last_on=DAY, reason="illness")
        week = timedelta(days=7)
        for since, until in ((DAY - 2 * week, DAY - week), (DAY + week, DAY + 2 * week)):
            Absence.objects.create(
                driver=shift.driver, first_on=since, last_on=until, reason="holiday"
            )
        seen = recorded_day(measured_rows(company, DAY, LATER)).fairness
        assert seen is not None
        assert [load.driver for load in seen.loads] == [f"d{shift.driver_id}"]

    def test_a_day_without_a_shift_compares_nobody(self, company: Company) -> None:
        make_booking(company)
        assert recorded_day(measured_rows(company, DAY, LATER)).fairness is None


class TestAbsences:
    def test_the_wait_is_what_was_recorded(self, company: Company, shift: Shift) -> None:
        booking = make_booking(company)
        make_assignment(booking, shift)
        steps = ((S.EN_ROUTE, at(8, 30), ""), (S.ARRIVED, at(9, 5), ""))
        for status, moment, reason in (
            *steps,
            (S.NO_SHOW, at(9, 12), StatusReason.PATIENT_ABSENT.value),
        ):
            record_progress(
                booking_id=booking.pk, to=status, at=moment, reason=reason, expected_version=None
            )
        (trip,) = recorded_day(measured_rows(company, DAY, LATER)).trips
        assert (trip.waited_s, trip.outcome) == (7 * 60, S.NO_SHOW)
        assert measured(company)[Kpi.NO_SHOW].value == 1
        Booking.objects.update(absent_at=at(9, 8))  # as an import might tell it
        assert measured(company)[Kpi.NO_SHOW].value == 0

    def test_drafts_are_no_trips(self, company: Company) -> None:
        make_booking(company, status=S.DRAFT.value)
        assert recorded_day(measured_rows(company, DAY, LATER)).trips == ()
