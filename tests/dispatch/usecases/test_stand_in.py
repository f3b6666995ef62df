"""A shift that has not begun loses its driver or its vehicle: who could have the whole of it, and what is written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dispatch.enums import DriverKind, Loss
from dispatch.models import Absence, Assignment, Company, Shift, VehicleUnavailability
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.judge_crew import UnfitCrewError
from dispatch.usecases.lost_shifts import BackBeforeError
from dispatch.usecases.shift_content import StaleShiftError
from dispatch.usecases.stand_in import ShiftBegunError, StandIn, hand_over_shift, stand_in
from dispatch.usecases.stranded_shift import Lost, stranded_shift
from tests.factories import (
    DAY,
    at,
    between,
    make_assignment,
    make_booking,
    make_company,
    make_driver,
    make_shift,
    make_vehicle,
)

NOW = at(6)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shift() -> Shift:
    """From seven on, with a journey at nine and one at eleven."""
    found = make_shift(make_company())
    for hour in (9, 11):
        make_assignment(make_booking(found.company, pickup_at=at(hour)), found)
    return found


def offered(shift: Shift, what: Loss = Loss.DRIVER) -> StandIn | None:
    lost = Lost(shift_id=shift.pk, what=what)
    return stand_in(stranded_shift(lost=lost, now=NOW), now=NOW)


def test_a_driver_on_call_has_the_vehicle_and_every_journey(shift: Shift) -> None:
    driver = make_driver(shift.company, kind=DriverKind.EMERGENCY)
    crew = offered(shift)
    assert crew == StandIn(driver=driver, vehicle=shift.vehicle, refusal="")
    written = hand_over_shift(
        lost=Lost(shift_id=shift.pk, what=Loss.DRIVER),
        driver_id=driver.pk,
        vehicle_id=shift.vehicle_id,
        now=NOW,
        expected_version=shift.version,
    )
    assert (written.driver, written.period) == (driver, shift.period)
    rows = Assignment.objects.filter(shift=shift)
    assert set(rows.values_list("driver", "vehicle")) == {(driver.pk, shift.vehicle_id)}
    assert rows.count() == 2
    absence = Absence.objects.get()
    assert (absence.driver, absence.first_on, absence.last_on) == (shift.driver, DAY, DAY)


def test_a_vehicle_that_is_free_during_the_shift_has_the_driver(shift: Shift) -> None:
    """It is driven until half past six by somebody else."""
    vehicle = make_vehicle(shift.company)
    make_shift(shift.company, vehicle=vehicle, start=at(5), end=at(6, 30))
    crew = offered(shift, Loss.VEHICLE)
    assert crew == StandIn(driver=shift.driver, vehicle=vehicle, refusal="")
    hand_over_shift(
        lost=Lost(shift_id=shift.pk, what=Loss.VEHICLE, until=at(12)),
        driver_id=shift.driver_id,
        vehicle_id=vehicle.pk,
        now=NOW,
        expected_version=None,
    )
    assert set(Assignment.objects.values_list("vehicle", flat=True)) == {vehicle.pk}
    away = VehicleUnavailability.objects.get()
    assert (away.vehicle, away.period) == (shift.vehicle, between(NOW, at(12)))


def test_whom_a_patient_is_not_driven_by_is_said_and_nothing_is_written(shift: Shift) -> None:
    driver = make_driver(shift.company, kind=DriverKind.EMERGENCY)
    booking = shift.assignments.order_by("period")[0].booking
    booking.patient.wishes.create(driver=driver, stance="excluded")
    crew = offered(shift)
    assert crew is not None
    assert booking.reference in crew.refusal
    with pytest.raises(UnfitCrewError):
        hand_over_shift(
            lost=Lost(shift_id=shift.pk, what=Loss.DRIVER),
            driver_id=driver.pk,
            vehicle_id=shift.vehicle_id,
            now=NOW,
            expected_version=None,
        )
    assert not Absence.objects.exists()


def test_nobody_is_there_or_the_shift_has_begun(shift: Shift) -> None:
    assert offered(shift) is None
    driver = make_driver(shift.company, kind=DriverKind.EMERGENCY)
    lost = Lost(shift_id=shift.pk, what=Loss.DRIVER)
    late = at(7, 1)
    assert stand_in(stranded_shift(lost=lost, now=late), now=late) is None
    with pytest.raises(ShiftBegunError):
        hand_over_shift(
            lost=lost,
            driver_id=driver.pk,
            vehicle_id=shift.vehicle_id,
            now=late,
            expected_version=None,
        )


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (NotFoundError, {"shift": 0}),
        (BackBeforeError, {"until": NOW - timedelta(minutes=1)}),
        (StaleShiftError, {"version": 99}),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    shift: Shift, kind: type[Exception], fields: dict[str, Any]
) -> None:
    driver = make_driver(shift.company, kind=DriverKind.EMERGENCY)
    with pytest.raises(kind):
        hand_over_shift(
            lost=Lost(
                shift_id=fields.get("shift", shift.pk),
                what=Loss.DRIVER,
                until=fields.get("until"),
            ),
            driver_id=driver.pk,
            vehicle_id=shift.vehicle_id,
            now=NOW,
            expected_version=fields.get("version"),
        )
    assert Company.objects.filter(shifts__driver=driver).count() == 0
    assert not Absence.objects.exists()
