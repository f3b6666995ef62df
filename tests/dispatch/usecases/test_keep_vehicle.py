"""A vehicle is written with the ways to set its places, or not at all."""

from __future__ import annotations

import pytest

from dispatch.models import SeatConfiguration, Vehicle
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.keep_vehicle import keep_vehicle
from tests.factories import make_company, make_vehicle

pytestmark = pytest.mark.django_db


def test_a_new_vehicle_with_two_ways_to_set_its_places() -> None:
    vehicle = Vehicle(company=make_company(), name="Van", plate="GE 1", equipment=["ramp"])
    ways = [SeatConfiguration(seats=6), SeatConfiguration(seats=3, wheelchairs=1)]
    keep_vehicle(vehicle=vehicle, configurations=ways)
    assert [(c.seats, c.wheelchairs) for c in vehicle.configurations.all()] == [(6, 0), (3, 1)]


def test_what_is_not_said_stays_and_the_last_way_cannot_be_taken() -> None:
    vehicle = make_vehicle(make_company(), seats=3)
    vehicle.name = "Renamed"
    keep_vehicle(vehicle=vehicle, changed=["name"])
    with pytest.raises(InvalidRowError) as refusal:
        keep_vehicle(vehicle=vehicle, configurations=[])
    assert set(refusal.value.errors) == {"configurations"}
    assert vehicle.configurations.count() == 1


def test_no_wheelchair_place_without_a_way_in() -> None:
    vehicle = make_vehicle(make_company(), seats=3, wheelchairs=1)
    vehicle.equipment = []
    with pytest.raises(InvalidRowError) as refusal:
        keep_vehicle(vehicle=vehicle, changed=["equipment"])
    assert set(refusal.value.errors) == {"equipment"}
    ways = [SeatConfiguration(seats=3), SeatConfiguration(seats=2, wheelchairs=1)]
    with pytest.raises(InvalidRowError) as refusal:
        keep_vehicle(vehicle=vehicle, changed=["equipment"], configurations=ways)
    assert set(refusal.value.errors) == {"configurations.1.wheelchairs"}
    assert Vehicle.objects.get(pk=vehicle.pk).equipment == ["ramp"]
