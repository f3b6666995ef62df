"""Local days, and who sees what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from dispatch.enums import BookingStatus, Role, ShiftStatus
from dispatch.models import Assignment, Booking, Company, DispatchRun, Patient, Place, Shift
from tests.factories import (
    at,
    bring,
    make_assignment,
    make_booking,
    make_break,
    make_company,
    make_establishment,
    make_member,
    make_outbound,
    make_patient,
    make_return,
    make_run,
    make_shift,
    make_standing_order,
)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2026, 6, 17), 24),
        (date(2026, 3, 29), 23),  # clocks go forward
        (date(2026, 10, 25), 25),  # and back
    ],
)
def test_a_local_day_has_23_24_or_25_hours(day: date, hours: int) -> None:
    start, end = Company(time_zone="Europe/Zurich").day_bounds(day)
    assert end - start == timedelta(hours=hours)
    assert start.utcoffset() == timedelta(0)


@pytest.mark.django_db
def test_a_person_sees_the_companies_of_their_roles() -> None:
    mine, other = make_company(), make_company()
    user = make_member(mine, Role.DISPATCHER)
    patient, hidden = make_patient(mine), make_patient(other)
    hospital = make_establishment()
    assert list(Company.objects.for_user(user)) == [mine]
    assert list(Patient.objects.for_user(user)) == [patient]
    assert list(Patient.objects.for_company(other)) == [hidden]
    assert set(Place.objects.for_user(user)) == {mine.base, patient.home, hospital}
    assert set(Place.objects.for_company(mine)) == {mine.base, patient.home, hospital}


@pytest.mark.django_db
def test_a_deactivated_person_sees_no_company() -> None:
    company = make_company()
    user = make_member(company, is_active=False)
    assert not Company.objects.for_user(user).exists()
    assert not Patient.objects.for_user(user).exists()


@pytest.mark.django_db
def test_a_company_goes_with_all_that_is_its_own_and_nothing_else() -> None:
    company, other = make_company(), make_company()
    hospital = make_establishment()
    outbound = make_outbound(company, dropoff=hospital)
    make_return(outbound)
    shift = make_shift(company)
    make_break(shift)
    make_assignment(outbound, shift, run=make_run(company))
    order = make_standing_order(company)
    make_booking(company, patient=order.patient, standing_order=order, series_on=order.starts_on)
    kept = make_booking(other, dropoff=hospital, status=BookingStatus.CONFIRMED)

    company.delete()

    assert list(Booking.objects.all()) == [kept]
    for model in (Shift, Assignment, DispatchRun):
        assert not model.objects.exists()
    assert Place.objects.filter(pk=hospital.pk).exists()


def _moves(company: Company) -> None:
    company.time_zone = "America/Montreal"
    company.full_clean()
    company.save()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "status", [BookingStatus.DRAFT, BookingStatus.CONFIRMED, BookingStatus.ON_BOARD]
)
def test_clocks_stay_while_a_journey_is_open(status: BookingStatus) -> None:
    company = make_company()
    if status is BookingStatus.ON_BOARD:
        booking = make_booking(company)
        make_assignment(booking, make_shift(company))
        bring(booking, status, arrived_pickup_at=at(9), boarded_at=at(9, 6))
    else:
        make_booking(company, status=status)
    with pytest.raises(ValidationError, match="journeys are open") as refusal:
        _moves(company)
    assert list(refusal.value.error_dict) == ["time_zone"]


@pytest.mark.django_db
def test_clocks_stay_while_a_shift_is_still_to_come() -> None:
    company = make_company()
    tomorrow = timezone.now() + timedelta(days=1)
    shift = make_shift(company, start=tomorrow, end=tomorrow + timedelta(hours=8))
    with pytest.raises(ValidationError, match="shifts are still to come"):
        _moves(company)
    Shift.objects.filter(pk=shift.pk).update(status=ShiftStatus.CANCELLED)
    _moves(company)


@pytest.mark.django_db
def test_what_is_over_stops_no_other_clocks() -> None:
    company, busy = make_company(), make_company()
    make_booking(company, status=BookingStatus.CANCELLED, status_reason="weather")
    make_shift(company, start=at(7, day=date(2026, 1, 5)), end=at(15, day=date(2026, 1, 5)))
    make_booking(busy)
    _moves(company)
    company.refresh_from_db()
    assert company.time_zone == "America/Montreal"
    busy.name = "Other"
    busy.full_clean()
