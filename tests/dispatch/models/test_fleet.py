"""Shifts beside each other, and what a form refuses before the database has to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from pytest_django.fixtures import DjangoAssertNumQueries

from dispatch.models import (
    Absence,
    DriverLicence,
    SeatConfiguration,
    Shift,
    Vehicle,
    VehicleUnavailability,
)
from tests.factories import (
    DAY,
    at,
    between,
    make_break,
    make_company,
    make_driver,
    make_place,
    make_shift,
    make_vehicle,
)

pytestmark = pytest.mark.django_db


def test_shifts_of_a_driver_and_of_a_vehicle_may_touch() -> None:
    company = make_company()
    driver, vehicle = make_driver(company), make_vehicle(company)
    make_shift(company, driver=driver, vehicle=vehicle, start=at(6), end=at(12))
    make_shift(company, driver=driver, vehicle=vehicle, start=at(12), end=at(18))


def test_a_cancelled_shift_stands_in_nobodys_way() -> None:
    company = make_company()
    cancelled = make_shift(company, status="cancelled")
    shift = make_shift(company, driver=cancelled.driver, vehicle=cancelled.vehicle)
    assert list(Shift.objects.planned()) == [shift]


def test_the_vehicle_under_a_shift_can_be_swapped() -> None:
    company = make_company()
    shift, spare = make_shift(company), make_vehicle(company)
    with transaction.atomic():
        shift.vehicle = spare
        shift.full_clean()
        shift.save()


def test_the_shifts_of_a_day_are_those_that_touch_the_local_day() -> None:
    company = make_company()
    night = make_shift(company, start=at(22, day=DAY - timedelta(days=1)), end=at(6))
    day = make_shift(company)
    make_shift(
        company, start=at(0, day=DAY + timedelta(days=1)), end=at(8, day=DAY + timedelta(days=1))
    )
    make_shift(make_company())
    assert list(Shift.objects.on_day(company, DAY)) == [night, day]


def test_a_shift_starts_at_its_place_or_at_the_nearest_base_known() -> None:
    company = make_company()
    garage, elsewhere = make_place(company), make_place(company)
    shift = make_shift(company)
    assert shift.starts_where == shift.ends_where == company.base
    shift.vehicle.base = garage
    assert shift.starts_where == shift.ends_where == garage
    shift.start_place = elsewhere
    assert (shift.starts_where, shift.ends_where) == (elsewhere, garage)


def _refused(shift: Shift, field: str) -> str:
    with pytest.raises(ValidationError) as refusal:
        shift.full_clean()
    return refusal.value.message_dict[field][0]


def test_a_shift_needs_a_driver_who_may_and_can_drive() -> None:
    company = make_company()
    shift = make_shift(company)
    shift.full_clean()
    DriverLicence.objects.filter(driver=shift.driver).update(expires_on=DAY - timedelta(days=1))
    assert "licence" in _refused(shift, "driver")
    DriverLicence.objects.filter(driver=shift.driver).update(expires_on=DAY)
    Absence.objects.create(driver=shift.driver, first_on=DAY, last_on=DAY)
    assert "absent" in _refused(shift, "driver")


def test_a_shift_needs_a_vehicle_that_is_there() -> None:
    shift = make_shift(make_company())
    VehicleUnavailability.objects.create(vehicle=shift.vehicle, period=between(at(18), at(20)))
    assert "unavailable" in _refused(shift, "vehicle")


def test_a_shift_belongs_to_one_company() -> None:
    company, other = make_company(), make_company()
    shift = make_shift(company)
    shift.driver = make_driver(other)
    assert "another company" in _refused(shift, "driver")


def test_an_overlap_is_said_in_words() -> None:
    shift = make_shift(make_company())
    twin = Shift(
        company=shift.company, driver=shift.driver, vehicle=shift.vehicle, period=shift.period
    )
    with pytest.raises(ValidationError) as refusal:
        twin.full_clean()
    assert set(refusal.value.messages) == {
        "The driver already has a shift then.",
        "The vehicle already has a shift then.",
    }


@pytest.mark.parametrize("period", [(None, at(9)), (at(7), None), (at(7), at(7)), None])
def test_a_shift_without_a_proper_period_is_refused_in_words(period: object) -> None:
    company = make_company()
    shift = Shift(
        company=company, driver=make_driver(company), vehicle=make_vehicle(company), period=period
    )
    with pytest.raises(ValidationError):
        shift.full_clean()


def test_a_wheelchair_place_needs_a_ramp_or_a_lift() -> None:
    company = make_company()
    car = make_vehicle(company, wheelchairs=0, equipment=[])
    with pytest.raises(ValidationError, match="ramp or lift"):
        SeatConfiguration(vehicle=car, seats=3, wheelchairs=1).full_clean()
    new = Vehicle(company=company, name="New", plate="GE 0")
    with pytest.raises(ValidationError, match="ramp or lift"):
        SeatConfiguration(vehicle=new, seats=3, wheelchairs=1).clean()
    van = make_vehicle(company, equipment=["lift"])
    SeatConfiguration(vehicle=van, seats=5, wheelchairs=1).full_clean()


@pytest.mark.parametrize("model", [Vehicle, SeatConfiguration, Shift, VehicleUnavailability])
def test_an_empty_form_is_refused(model: type[Model]) -> None:
    with pytest.raises(ValidationError):
        model().full_clean()


def test_a_problem_reads_shifts_in_a_fixed_number_of_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    company = make_company()
    for _several in range(3):
        make_break(make_shift(company))
    with django_assert_num_queries(7):
        for shift in Shift.objects.on_day(company, DAY).planned().with_plan_relations():
            assert shift.starts_where == company.base
            assert shift.driver.licences_on(DAY) == {"B"}
            assert shift.driver.skill_codes_on(DAY) == frozenset()
            assert len(shift.breaks.all()) == 1
            assert len(shift.vehicle.configurations.all()) == 1
            assert not shift.vehicle.unavailabilities.all()
            assert not shift.driver.absences.all()
