"""Large synthetic days of any size: a town and its hospitals on a plane, the same day for the same size and seed.

They have what a peer can state as well (windows, seats, working hours) and one thing that it cannot: nobody may be on
board for longer than 45 minutes. The price is the driving alone, beside the trips left out.
"""

from __future__ import annotations

from math import ceil, dist
from random import Random

from dispatch.engine.problem import (
    Load,
    Pooling,
    Problem,
    Settings,
    Shift,
    Stop,
    Trip,
    Weights,
)
from dispatch.engine.travel import TravelTimes

SIDE_M, TOWN_M = 14_000, 2_500  # the region; the spread of homes around each of its towns
TOWNS, HOSPITALS = 9, 12
METRES_PER_S = 9.0  # 32 km/h over straight lines
OPENS_S, LAST_PICKUP_S, CLOSES_S = 6 * 3600, 18 * 3600, 20 * 3600
WINDOW_S, SERVICE_S, LONGEST_RIDE_S = 1_800, 180, 2_700
SEATS = 4

Place = tuple[float, float]


def synthetic_day(trips: int, vehicles: int, seed: int = 0) -> Problem:
    """`trips` rides between homes and hospitals for `vehicles` vehicles on duty for nine hours each."""
    rng = Random(f"synthetic/{trips}/{vehicles}/{seed}")
    towns = [_anywhere(rng) for _ in range(TOWNS)]
    bases = [towns[k] for k in range(3)]
    hospitals = [_near(rng, rng.choice(towns)) for _ in range(HOSPITALS)]
    homes = [_near(rng, rng.choice(towns)) for _ in range(trips)]
    places = [*bases, *hospitals, *homes]
    travel = _travel(places)
    first_home = len(bases) + len(hospitals)
    rides = []
    for number in range(trips):
        ends = [rng.randrange(first_home, len(places)), rng.randrange(len(bases), first_home)]
        if rng.random() < 0.5:
            ends.reverse()
        rides.append(_trip(number, ends[0], ends[1], travel, rng))
    return Problem(
        trips=tuple(rides),
        shifts=tuple(_shift(number, len(bases)) for number in range(vehicles)),
        travel=travel,
        settings=Settings(
            pooling=Pooling.unrestricted(),
            transition_margin_s=0,
            weights=Weights(excess_ride_per_s=0, fairness_per_trip_squared=0),
        ),
    )


def _anywhere(rng: Random) -> Place:
    return rng.uniform(0, SIDE_M), rng.uniform(0, SIDE_M)


def _near(rng: Random, town: Place) -> Place:
    return rng.gauss(town[0], TOWN_M), rng.gauss(town[1], TOWN_M)


def _travel(places: list[Place]) -> TravelTimes:
    metres = tuple(tuple(ceil(dist(a, b)) for b in places) for a in places)
    seconds = tuple(tuple(ceil(way / METRES_PER_S) for way in row) for row in metres)
    return TravelTimes(seconds=seconds, metres=metres, source="euclidean")


def _trip(number: int, here: int, there: int, travel: TravelTimes, rng: Random) -> Trip:
    at_s = rng.randrange(OPENS_S + 3600, LAST_PICKUP_S)
    longest_s = max(LONGEST_RIDE_S, travel.seconds[here][there])
    pickup = Stop(location=here, earliest_s=at_s, latest_s=at_s + WINDOW_S, service_s=SERVICE_S)
    dropoff = Stop(
        location=there,
        earliest_s=at_s,
        latest_s=at_s + WINDOW_S + SERVICE_S + longest_s,
        service_s=SERVICE_S,
    )
    seats = 2 if rng.random() < 0.2 else 1
    return Trip(
        id=f"t{number:04}",
        pickup=pickup,
        dropoff=dropoff,
        max_ride_s=longest_s,
        load=Load(seats=seats),
    )


def _shift(number: int, bases: int) -> Shift:
    """Half of them begin with the day, half end with it."""
    start_s = OPENS_S if number % 2 else CLOSES_S - 9 * 3600
    return Shift(
        id=f"s{number:03}",
        driver=f"d{number:03}",
        vehicle=f"v{number:03}",
        start_location=number % bases,
        end_location=number % bases,
        start_s=start_s,
        end_s=start_s + 9 * 3600,
        configurations=(Load(seats=SEATS),),
    )
