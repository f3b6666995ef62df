"""What a driver or a vehicle can no longer drive is named by day; nobody else's journeys are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.enums import BookingStatus, LicenceKind, Mobility
from dispatch.models import (
    Absence,
    Booking,
    Company,
    DriverLicence,
    Shift,
    VehicleUnavailability,
)
from dispatch.usecases.stranded_journeys import stranded_journeys
from tests.factories import (
    DAY,
    at,
    between,
    make_assignment,
    make_booking,
    make_driver,
    make_patient,
    make_shift,
    make_vehicle,
)

pytestmark = pytest.mark.django_db

NOW = at(6)


@pytest.fixture
def shift(company: Company) -> Shift:
    return make_shift(company, driver=make_driver(company, last_name="Rey", first_name="Anna"))


def journey(shift: Shift, hour: int, **patient: object) -> Booking:
    who = make_patient(shift.company, **patient)
    booking = make_booking(shift.company, pickup_at=at(hour), patient=who)
    make_assignment(booking, shift, start=at(hour), end=at(hour, 30))
    Booking.objects.filter(pk=booking.pk).update(status=BookingStatus.ASSIGNED)
    return booking


def said(row: object) -> list[str]:
    return [each.sentence for each in stranded_journeys(row, now=NOW)]  # type: ignore[arg-type]


def test_an_absence_names_the_journeys_of_its_day(shift: Shift) -> None:
    one, two = journey(shift, 9), journey(shift, 11)
    assert said(shift.driver) == []
    Absence.objects.create(driver=shift.driver, first_on=DAY, last_on=DAY)
    (found,) = stranded_journeys(shift.driver, now=NOW)
    assert (found.day, found.references) == (DAY, (one.reference, two.reference))
    assert found.sentence.startswith(
        "2 journeys on 17 Jun 2026 are planned with Rey Anna (driver absent)"
    )
    assert found.sentence.endswith(f"{one.reference}, {two.reference}.")


def test_an_absence_on_another_day_names_none(shift: Shift) -> None:
    journey(shift, 9)
    other = DAY + timedelta(days=1)
    Absence.objects.create(driver=shift.driver, first_on=other, last_on=other)
    assert said(shift.driver) == []


def test_a_vehicle_away_strands_what_it_would_drive_then(shift: Shift) -> None:
    early = journey(shift, 9)
    journey(shift, 14)
    VehicleUnavailability.objects.create(vehicle=shift.vehicle, period=between(at(8), at(10)))
    (found,) = stranded_journeys(shift.vehicle, now=NOW)
    assert found.references == (early.reference,)
    assert "(vehicle unavailable)" in found.sentence


def test_out_of_use_inactive_and_without_places(company: Company) -> None:
    for row, change, why in (
        ("vehicle", {"active": False}, "vehicle out of use"),
        ("driver", {"active": False}, "driver no longer active"),
        ("vehicle", {"configurations": []}, "vehicle without places"),
    ):
        shift = make_shift(company)
        journey(shift, 9)
        changed = getattr(shift, row)
        if "active" in change:
            changed.active = False
            changed.save(update_fields=["active"])
        else:
            changed.configurations.all().delete()
        (sentence,) = said(changed)
        assert f"({why})" in sentence


def test_what_one_patient_needs_strands_that_journey_alone(company: Company, shift: Shift) -> None:
    journey(shift, 9)
    chair = journey(shift, 11, mobility=Mobility.WHEELCHAIR_FIXED)
    oxygen = journey(shift, 14, needs_oxygen=True)
    shift.vehicle.configurations.update(wheelchairs=0)
    found = stranded_journeys(shift.vehicle, now=NOW)
    assert [each.references for each in found] == [(chair.reference,), (oxygen.reference,)]
    first, second = said(shift.vehicle)
    assert "(not enough places)" in first
    assert "(skill or equipment missing)" in second


def test_a_licence_that_ran_out(company: Company) -> None:
    shift = make_shift(company, vehicle=make_vehicle(company, required_licences=[LicenceKind.D1]))
    journey(shift, 9)
    yesterday = DAY - timedelta(days=1)
    DriverLicence.objects.create(driver=shift.driver, kind=LicenceKind.D1, expires_on=yesterday)
    assert "(no licence for the vehicle)" in said(shift.driver)[0]


def test_what_is_over_or_under_way_is_not_named(shift: Shift) -> None:
    done, moving = journey(shift, 9), journey(shift, 11)
    Booking.objects.filter(pk=moving.pk).update(status=BookingStatus.EN_ROUTE, en_route_at=at(5))
    shift.driver.active = False
    shift.driver.save(update_fields=["active"])
    assert done.reference in said(shift.driver)[0]
    assert moving.reference not in said(shift.driver)[0]
    assert stranded_journeys(shift.driver, now=at(10)) == ()
