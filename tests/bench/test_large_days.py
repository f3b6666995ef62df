from __future__ import annotations

import pytest

from tests.bench.large_days import bare_day, company_day


@pytest.mark.parametrize("day", [bare_day, company_day])
def test_a_day_has_the_size_asked_for_and_is_the_same_for_the_same_seed(day):
    made = day(trips=60, vehicles=8, seed=3)
    assert len(made.trips) == 60
    assert len({shift.vehicle for shift in made.shifts}) <= 8
    assert made.hash == day(trips=60, vehicles=8, seed=3).hash
    assert made.hash != day(trips=60, vehicles=8, seed=4).hash


def test_a_bare_day_has_a_shift_a_vehicle_and_ways_that_can_be_driven_in_time():
    made = bare_day(trips=60, vehicles=8)
    assert len(made.shifts) == 8
    for trip in made.trips:
        assert made.direct_s(trip) <= made.ride_limit_s(trip)
        assert trip.pickup.earliest_s + trip.pickup.service_s < trip.dropoff.latest_s


def test_a_larger_company_is_the_large_carrier_many_times():
    assert len({shift.vehicle for shift in company_day(trips=400, vehicles=52).shifts}) > 45
