"""Local days, and who sees what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dispatch.enums import BookingStatus, Role
from dispatch.models import Assignment, Booking, Company, DispatchRun, Patient, Place, Shift
from tests.factories import (
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
