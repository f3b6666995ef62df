"""The simulated days keep the published scales, can be planned, and are the same on any machine."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from itertools import chain, pairwise
from math import log
from statistics import median

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dispatch.engine.construct import construct
from dispatch.engine.problem import Problem
from dispatch.engine.rules import hard_violations
from dispatch.enums import DriverKind, Equipment, Leg, Mobility, Priority, SkillCode
from dispatch.twin.carrier import EARLY_S
from dispatch.twin.demand import LARGE, SMALL, Carrier, DemandDay, make_day, to_problem
from dispatch.twin.geneva import BASE_SMALL, COMMUNES, ESTABLISHMENTS, HOMES
from dispatch.twin.population import is_qualified, make_population
from dispatch.twin.requests import CARE_PLACES, Request

MONDAY = date(2025, 1, 6)
HOUR_S = 3600
a_seed = st.integers(min_value=0, max_value=10_000)
a_day = st.dates(min_value=date(2024, 1, 1), max_value=date(2027, 12, 31))


def days_of(carrier: Carrier, *, weeks: int, seed: int) -> list[DemandDay]:
    return [make_day(carrier, seed, MONDAY + timedelta(days=n)) for n in range(7 * weeks)]


@pytest.fixture(scope="module")
def small() -> list[DemandDay]:
    """420 days of five companies: one company's dialysis patients would colour its hours."""
    return list(chain.from_iterable(days_of(SMALL, weeks=12, seed=seed) for seed in range(5)))


@pytest.fixture(scope="module")
def large() -> list[DemandDay]:
    """301 days."""
    return days_of(LARGE, weeks=43, seed=1)


def requests_of(days: list[DemandDay]) -> list[Request]:
    return [request for day in days for request in day.requests]


def sizes(days: list[DemandDay]) -> list[int]:
    return [len(day.requests) for day in days]


def share(part: int, whole: int) -> float:
    return part / whole


def local_maxima(days: list[DemandDay], *, among: range) -> set[int]:
    """Hours with more pickups than both neighbours."""
    by_hour = Counter(request.pickup_s // HOUR_S for request in requests_of(days))
    return {
        hour
        for hour in among
        if by_hour[hour] > by_hour[hour - 1] and by_hour[hour] > by_hour[hour + 1]
    }


def busiest_hours(days: list[DemandDay], count: int) -> set[int]:
    by_hour = Counter(request.pickup_s // HOUR_S for request in requests_of(days))
    return {hour for hour, _trips in by_hour.most_common(count)}


# Published scales ----------------------------------------------------------------------------


def test_the_small_carrier_has_a_median_of_12_trips_a_day_between_3_and_24(small):
    assert median(sizes(small)) == pytest.approx(12, abs=1)
    assert min(sizes(small)) == 3
    assert 21 <= max(sizes(small)) <= 24


def test_the_large_carrier_has_225_trips_on_a_working_day_and_26_vehicles(large):
    working_days = [day for day in large if day.day.weekday() < 5]
    assert median(sizes(working_days)) == pytest.approx(225, rel=0.02)
    assert len(large[0].vehicles) == 26


@pytest.mark.parametrize("carrier", ["small", "large"])
def test_44_percent_of_the_trips_belong_to_out_and_return_pairs(carrier, small, large):
    requests = requests_of(small if carrier == "small" else large)
    paired = sum(request.partner is not None for request in requests)
    assert share(paired, len(requests)) == pytest.approx(0.44, abs=0.02)


@pytest.mark.parametrize("carrier", ["small", "large"])
def test_pickups_peak_at_9_13_and_16_h(carrier, small, large):
    days = small if carrier == "small" else large
    assert {9, 13, 16} <= local_maxima(days, among=range(7, 19))
    assert busiest_hours(days, 3) == {9, 13, 16}


def test_30_percent_of_the_large_carriers_transports_are_known_early_in_the_morning(large):
    requests = requests_of(large)
    known = sum(request.plannable_s <= EARLY_S for request in requests)
    assert share(known, len(requests)) == pytest.approx(0.30, abs=0.01)


def test_few_patients_make_many_trips(small):
    """Outside series the k-th patient travels about 1 / k^0.9 as often as the first (Zipf)."""
    for seed in range(5):
        days = [day for day in small if day.seed == seed]
        trips = Counter(r.patient for r in requests_of(days))
        ranked = [count for _patient, count in trips.most_common()]
        assert share(sum(ranked[: SMALL.patients // 10]), sum(ranked)) > 0.4
        free = Counter(r.patient for r in requests_of(days) if not r.is_series)
        by_rank = [count for _patient, count in free.most_common(40)]
        slope = log(by_rank[39] / by_rank[1]) / log(40 / 2)
        assert -1.3 < slope < -0.5


def test_weekends_are_quieter_and_sundays_have_no_dialysis(small, large):
    for days in (small, large):
        by_weekday = [median(sizes([d for d in days if d.day.weekday() == n])) for n in range(7)]
        assert max(by_weekday[5:]) < 0.8 * min(by_weekday[:5])
        assert not any(r.is_series for r in requests_of([d for d in days if d.day.weekday() == 6]))


# What a day is made of -----------------------------------------------------------------------


def test_dialysis_runs_on_three_fixed_days_at_a_fixed_hour():
    people = make_population(SMALL, 3).patients
    every = [patient.series for patient in people if patient.series is not None]
    assert {tuple(sorted(series.weekdays)) for series in every} == {(0, 2, 4), (1, 3, 5)}
    for day in days_of(SMALL, weeks=4, seed=3):
        for request in day.requests:
            if request.is_series and request.leg is Leg.OUTBOUND:
                own = day.patients[request.patient].series
                assert own is not None
                assert day.day.weekday() in own.weekdays
                assert request.appointment_s == own.start_min * 60
                assert request.dropoff.establishment == own.centre
                assert request.priority is Priority.VITAL


@given(seed=a_seed, day=a_day)
@hypothesis_settings(max_examples=40, deadline=None)
def test_a_pair_is_one_patient_there_and_back_with_time_for_care(seed, day):
    requests = make_day(SMALL, seed, day).requests
    for back in requests:
        if back.partner is None or back.leg is not Leg.RETURN:
            continue
        out = requests[back.partner]
        assert out.partner == back.index
        assert out.leg is Leg.OUTBOUND
        assert (out.patient, out.pickup, out.dropoff) == (back.patient, back.dropoff, back.pickup)
        assert out.appointment_s is not None
        assert out.appointment_s + 45 * 60 <= back.pickup_s
        assert out.known_s == back.known_s


@given(seed=a_seed, day=a_day)
@hypothesis_settings(max_examples=40, deadline=None)
def test_nobody_travels_twice_and_nothing_is_asked_for_after_the_fact(seed, day):
    drawn = make_day(SMALL, seed, day)
    travellers = Counter(r.patient for r in drawn.requests if r.leg is not Leg.RETURN)
    assert set(travellers.values()) <= {1}
    assert [r.pickup_s for r in drawn.requests] == sorted(r.pickup_s for r in drawn.requests)
    for request in drawn.requests:
        assert request.known_s < request.pickup_s
        assert request.pickup.location != request.dropoff.location
        assert request.pickup_s // HOUR_S in range(6, 21)


def test_needs_appear_in_their_stated_shares():
    people = make_population(LARGE, 5).patients
    mobility = Counter(patient.mobility for patient in people)
    assert share(mobility[Mobility.WHEELCHAIR_FIXED], len(people)) == pytest.approx(0.18, abs=0.03)
    assert share(mobility[Mobility.WHEELCHAIR_FOLDABLE], len(people)) == pytest.approx(
        0.22, abs=0.03
    )
    assert 0 < share(mobility[Mobility.STRETCHER], len(people)) < 0.05
    assert share(sum(p.escort_seats for p in people), len(people)) == pytest.approx(0.14, abs=0.03)


def test_some_returns_wait_for_a_call_and_some_are_urgent(large):
    requests = requests_of(large)
    returns = [r for r in requests if r.leg is Leg.RETURN and not r.is_series]
    assert share(sum(r.is_will_call for r in returns), len(returns)) == pytest.approx(0.5, abs=0.03)
    assert share(sum(r.is_urgent for r in requests), len(requests)) == pytest.approx(0.04, abs=0.01)
    for urgent in (r for r in requests if r.is_urgent):
        assert urgent.pickup_s - urgent.known_s <= 30 * 60
        assert urgent.priority is Priority.HIGH


# Who is on duty ------------------------------------------------------------------------------


@given(seed=a_seed, day=a_day, carrier=st.sampled_from([SMALL, LARGE]))
@hypothesis_settings(max_examples=30, deadline=None)
def test_duties_go_to_qualified_people_who_are_there_and_vehicles_are_not_shared(
    seed, day, carrier
):
    drawn = make_day(carrier, seed, day)
    absent = {absence.driver for absence in drawn.absences}
    drivers = [duty.driver for duty in drawn.duties]
    assert len(set(drivers)) == len(drivers)
    assert absent.isdisjoint(drivers)
    for duty in drawn.duties:
        assert is_qualified(carrier, drawn.drivers[duty.driver], duty.slot)
    for vehicle in range(len(carrier.fleet)):
        slots = sorted(
            (d.slot.start_min, d.slot.end_min) for d in drawn.duties if d.vehicle == vehicle
        )
        assert all(a[1] <= b[0] for a, b in pairwise(slots))


@given(seed=a_seed, carrier=st.sampled_from([SMALL, LARGE]))
@hypothesis_settings(max_examples=10, deadline=None)
def test_the_rota_leaves_two_days_off_and_eleven_hours_between_duties(seed, carrier):
    for driver in make_population(carrier, seed).drivers:
        assert sum(slot is not None for slot in driver.week) <= 5
        for today, tomorrow in zip(driver.week, (*driver.week[1:], driver.week[0]), strict=True):
            if today is not None and tomorrow is not None:
                assert tomorrow.start_min + 24 * 60 - today.end_min >= 11 * 60


@pytest.mark.parametrize("carrier", [SMALL, LARGE])
def test_every_line_of_the_rota_has_its_driver(carrier):
    drivers = make_population(carrier, 11).drivers
    for slot in carrier.slots:
        for weekday in slot.weekdays:
            holders = [d for d in drivers if d.week[weekday] is slot]
            assert len(holders) == 1
            assert slot.is_emergency == (holders[0].kind is DriverKind.EMERGENCY)


def test_absent_drivers_are_replaced_by_colleagues_where_there_are_any(large):
    replaced = [duty for day in large for duty in day.duties if duty.is_replacement]
    wanted = sum(1 for day in large for slot in LARGE.slots if day.day.weekday() in slot.weekdays)
    assert replaced
    assert share(sum(len(day.duties) for day in large), wanted) > 0.995


# The planner's problem -----------------------------------------------------------------------


@given(seed=a_seed, day=a_day)
@hypothesis_settings(max_examples=40, deadline=None)
def test_any_seed_gives_a_valid_problem_that_survives_json(seed, day):
    problem = to_problem(make_day(SMALL, seed, day))
    assert Problem.from_json(problem.to_json()).hash == problem.hash
    assert problem.travel.source == "estimate"


@given(seed=a_seed)
@hypothesis_settings(max_examples=3, deadline=None)
def test_any_seed_gives_a_valid_problem_for_the_large_carrier_too(seed):
    day = make_day(LARGE, seed, MONDAY)
    problem = to_problem(day)
    assert len(problem.trips) == len(day.requests)
    assert len(problem.shifts) == len(day.duties)


@given(seed=a_seed, day=a_day)
@hypothesis_settings(max_examples=40, deadline=None)
def test_a_pickup_at_the_promised_time_makes_the_appointment(seed, day):
    drawn = make_day(SMALL, seed, day)
    problem = to_problem(drawn)
    for trip, request in zip(problem.trips, drawn.requests, strict=True):
        if request.appointment_s is None or request.pickup_s == 6 * HOUR_S:
            continue
        latest_arrival = trip.pickup.latest_s + trip.pickup.service_s + problem.direct_s(trip)
        assert latest_arrival <= request.appointment_s
        assert trip.dropoff.latest_s == request.appointment_s


def test_windows_and_places_are_those_of_the_request():
    day = make_day(SMALL, 7, MONDAY)
    problem = to_problem(day)
    scheduled = next(r for r in day.requests if r.leg is Leg.OUTBOUND and r.is_series)
    trip = problem.trips[scheduled.index]
    assert trip.pickup.earliest_s == scheduled.pickup_s - 5 * 60
    assert trip.pickup.latest_s == scheduled.pickup_s + 15 * 60
    assert scheduled.appointment_s is not None
    assert trip.dropoff.earliest_s == scheduled.appointment_s - 45 * 60
    assert trip.pickup.service_s == day.patients[scheduled.patient].load_s
    assert day.points[0] == BASE_SMALL
    assert {shift.start_location for shift in problem.shifts} == {0}


def test_at_six_the_planner_sees_only_what_has_been_told():
    day = make_day(LARGE, 2, MONDAY)
    early = {trip.id for trip in to_problem(day, known_by_s=EARLY_S).trips}
    assert early == {f"T{r.index:03d}" for r in day.requests if r.plannable_s <= EARLY_S}
    assert share(len(early), len(day.requests)) == pytest.approx(0.30, abs=0.02)
    waiting = next(r for r in day.requests if r.is_will_call and r.known_s < EARLY_S)
    assert f"T{waiting.index:03d}" not in early
    after_the_call = to_problem(day, known_by_s=waiting.pickup_s)
    assert f"T{waiting.index:03d}" in after_the_call.trip_by_id


def test_needs_reach_the_planner_as_skills_equipment_and_places():
    day = make_day(LARGE, 2, MONDAY)
    problem = to_problem(day)
    lying = [r for r in day.requests if day.patients[r.patient].mobility is Mobility.STRETCHER]
    assert lying
    for request in lying:
        trip = problem.trips[request.index]
        assert trip.load.stretchers == 1
        assert trip.needs >= {f"skill:{SkillCode.STRETCHER}", f"equipment:{Equipment.STRETCHER}"}
        assert not trip.may_pool
        assert any(s.can_hold(trip.load) and trip.needs <= s.capabilities for s in problem.shifts)


def test_the_small_carriers_days_can_be_planned_to_99_percent():
    """By construction alone, without any search."""
    served = asked = 0
    for day in days_of(SMALL, weeks=6, seed=21):
        problem = to_problem(day)
        plan = construct(problem)
        assert not hard_violations(problem, plan)
        served += len(plan.shift_of)
        asked += len(problem.trips)
    assert share(served, asked) >= 0.99


@pytest.mark.slow
def test_a_large_working_day_can_be_planned_to_99_percent():
    problem = to_problem(make_day(LARGE, 7, MONDAY))
    plan = construct(problem)
    assert not hard_violations(problem, plan)
    assert share(len(plan.shift_of), len(problem.trips)) >= 0.99


# Reproducible --------------------------------------------------------------------------------


@given(seed=a_seed, day=a_day)
@hypothesis_settings(max_examples=15, deadline=None)
def test_the_same_seed_gives_the_same_day_and_another_seed_another_one(seed, day):
    assert make_day(SMALL, seed, day) == make_day(SMALL, seed, day)
    assert make_day(SMALL, seed, day).requests != make_day(SMALL, seed + 1, day).requests


def test_the_day_does_not_depend_on_hash_randomisation():
    script = (
        "from datetime import date\n"
        "from dispatch.twin.demand import SMALL, make_day, to_problem\n"
        "print(to_problem(make_day(SMALL, 7, date(2025, 1, 6))).hash)\n"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in (1, 2)
    }
    assert told == {to_problem(make_day(SMALL, 7, date(2025, 1, 6))).hash}


# Geneva --------------------------------------------------------------------------------------


def test_the_canton_has_its_45_communes_and_every_place_lies_in_or_near_it():
    assert len({commune.name for commune in COMMUNES}) == 45
    for point in [place.point for place in ESTABLISHMENTS] + [home.point for home in HOMES]:
        assert 46.12 < point.lat < 46.40
        assert 5.95 < point.lon < 6.31


def test_places_have_distinct_codes_names_and_points_and_say_how_good_their_point_is():
    assert len({place.code for place in ESTABLISHMENTS}) == len(ESTABLISHMENTS)
    assert len({place.name for place in ESTABLISHMENTS}) == len(ESTABLISHMENTS)
    assert len({place.point for place in ESTABLISHMENTS}) == len(ESTABLISHMENTS)
    assert {place.quality.value for place in ESTABLISHMENTS} == {"street"}
    assert {commune.quality.value for commune in COMMUNES} == {"centroid"}
    assert all(place.services and place.postal_code.isdigit() for place in ESTABLISHMENTS)
    assert CARE_PLACES
