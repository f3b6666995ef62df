"""Seeded days of any size, to measure how planning grows with it: a company's whole day, and one of roads alone.

`company_day` is the twin's large carrier many times over: breaks, skills, places for chairs, pooling, fair loads.
`bare_day` asks for driving alone (any two patients may share, seats only), so that planners which know nothing else can
be asked for the same: its price is seconds driven, and `DROPPED` for a trip left unserved.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from dispatch.engine.problem import Load, Pooling, Problem, Settings, Shift, Stop, Trip, Weights
from dispatch.engine.travel import TravelTimes
from dispatch.twin.carrier import LARGE, Carrier, Slot
from dispatch.twin.demand import make_day, to_problem

WEDNESDAY = date(2026, 1, 7)
DROPPED = 100_000  # more than any trip can cost on a bare day
TOWN_M, TOWNS, HOSPITALS = 12_000, 6, 15
SPEED_M_S, DETOUR = 11.0, 1.3
DAY_STARTS_S, DAY_ENDS_S = 6 * 3600, 20 * 3600
SHIFT_S, SERVICE_S, SEATS = 10 * 3600, 180, 4
WINDOW_S, LONGEST_RIDE_S = 1200, 2700

Spot = tuple[float, float]


def company_day(*, trips: int, vehicles: int, seed: int = 1) -> Problem:
    """A working day of about so many trips (the twin's `LARGE` has 225 with 26 vehicles, most in two shifts)."""
    return to_problem(make_day(_carrier(trips, vehicles), seed, WEDNESDAY))


def _carrier(trips: int, vehicles: int) -> Carrier:
    times = -(-vehicles // len(LARGE.fleet))
    slots = tuple(slot for k in range(times) for slot in _slots(k) if slot.vehicle < vehicles)
    scale = vehicles / len(LARGE.fleet)
    return replace(
        LARGE,
        name=f"large-{trips}-{vehicles}",
        fleet=(LARGE.fleet * times)[:vehicles],
        slots=slots,
        regular_drivers=round(LARGE.regular_drivers * scale),
        emergency_drivers=max(1, round(LARGE.emergency_drivers * scale)),
        patients=round(LARGE.patients * scale),
        dialysis_patients=round(LARGE.dialysis_patients * scale),
        trips_by_weekday=(float(trips),) * 7,
        trips_range=(trips, trips),
        trips_spread=0.0,
    )


def _slots(k: int) -> Iterator[Slot]:
    first = k * len(LARGE.fleet)
    for slot in LARGE.slots:
        yield replace(slot, code=f"{slot.code}-{k}", vehicle=slot.vehicle + first)


def bare_day(*, trips: int, vehicles: int, seed: int = 1) -> Problem:
    """Homes around a few towns, hospitals among them, two thirds of the patients brought back later."""
    rng = random.Random(f"bare/{trips}/{vehicles}/{seed}")
    towns = [(rng.uniform(0, TOWN_M), rng.uniform(0, TOWN_M)) for _ in range(TOWNS)]
    hospitals = [_near(rng, towns) for _ in range(HOSPITALS)]
    spots = [*hospitals, *(_near(rng, towns) for _ in range(trips))]
    travel = _travel(spots)
    return Problem(
        trips=tuple(_trips(rng, travel, trips)),
        shifts=tuple(_shift(rng, k) for k in range(vehicles)),
        travel=travel,
        settings=Settings(
            pooling=Pooling.unrestricted(),
            transition_margin_s=0,
            weights=Weights(
                unserved_normal=DROPPED, excess_ride_per_s=0, fairness_per_trip_squared=0
            ),
        ),
    )


def _near(rng: random.Random, towns: list[Spot]) -> Spot:
    x, y = rng.choice(towns)
    return rng.gauss(x, TOWN_M / 8), rng.gauss(y, TOWN_M / 8)


def _travel(spots: list[Spot]) -> TravelTimes:
    metres = tuple(
        tuple(round(DETOUR * ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5) for bx, by in spots)
        for ax, ay in spots
    )
    seconds = tuple(tuple(-int(-m // SPEED_M_S) for m in row) for row in metres)
    return TravelTimes(seconds=seconds, metres=metres, source="euclidean")


def _trips(rng: random.Random, travel: TravelTimes, count: int) -> Iterator[Trip]:
    made = 0
    while made < count:
        home, hospital = HOSPITALS + made, rng.randrange(HOSPITALS)
        direct = travel.seconds[home][hospital]
        due = round(min(max(rng.gauss(11, 2.2), 7.5), 17) * 3600)
        last = due - direct - SERVICE_S
        yield _trip(
            made, (home, last - WINDOW_S - 900, last), (hospital, due - WINDOW_S, due), direct
        )
        made += 1
        if made < count and rng.random() < 2 / 3:
            back = due + rng.randrange(1800, 7200)
            span = LONGEST_RIDE_S + SERVICE_S + WINDOW_S + direct
            ends = (hospital, back, back + WINDOW_S), (home, back, back + span)
            yield _trip(made, *ends, travel.seconds[hospital][home])
            made += 1


def _trip(
    index: int, origin: tuple[int, int, int], goal: tuple[int, int, int], direct: int
) -> Trip:
    pickup, dropoff = (
        Stop(location=place, earliest_s=first, latest_s=last, service_s=SERVICE_S)
        for place, first, last in (origin, goal)
    )
    return Trip(
        id=f"t{index:04d}",
        pickup=pickup,
        dropoff=dropoff,
        max_ride_s=max(LONGEST_RIDE_S, 3 * direct // 2),
    )


def _shift(rng: random.Random, k: int) -> Shift:
    start = DAY_STARTS_S + 1800 * rng.randrange((DAY_ENDS_S - DAY_STARTS_S - SHIFT_S) // 1800 + 1)
    depot = k % HOSPITALS
    return Shift(
        id=f"s{k:03d}",
        driver=f"d{k:03d}",
        vehicle=f"v{k:03d}",
        start_location=depot,
        end_location=depot,
        start_s=start,
        end_s=start + SHIFT_S,
        configurations=(Load(seats=SEATS),),
    )
