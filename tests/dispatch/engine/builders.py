"""Small worlds a person can compute, and one day of a large carrier's size."""

from __future__ import annotations

import random
from typing import Any

from dispatch.engine.plan import Plan, Route
from dispatch.engine.problem import (
    Break,
    Load,
    Problem,
    Settings,
    Shift,
    Stop,
    Trip,
    Visit,
    Weights,
)
from dispatch.engine.schedule import Refusal, time_route
from dispatch.engine.travel import Matrix, TravelTimes
from dispatch.enums import VisitKind

TOWN_S = 100  # driving seconds from a town to the next
TOWN_M = 1_000
LATE_S = 1_000_000  # a window's end that never matters

FREE = Weights(
    unserved_low=0,
    unserved_normal=0,
    unserved_high=0,
    unserved_vital=0,
    driving_per_s=0,
    excess_ride_per_s=0,
    overtime_per_s=0,
    patient_wait_per_s=0,
    emergency_shift=0,
    missed_optional_break=0,
    not_preferred_driver=0,
    not_same_driver=0,
    fairness_per_trip_squared=0,
    moved_to_other_driver=0,
)
PLAIN = Settings(pooling=None, transition_margin_s=0)


def line(*, towns: int = 10, traffic: tuple[int, ...] = (1000,)) -> TravelTimes:
    """Towns 0, 1, 2 … on one road, `TOWN_S` seconds and `TOWN_M` metres apart."""

    def table(step: int) -> Matrix:
        return tuple(tuple(abs(a - b) * step for b in range(towns)) for a in range(towns))

    return TravelTimes(seconds=table(TOWN_S), metres=table(TOWN_M), traffic_permille=traffic)


def stop(town: int, earliest: int = 0, latest: int = LATE_S, *, service: int = 0) -> Stop:
    return Stop(location=town, earliest_s=earliest, latest_s=latest, service_s=service)


def trip(name: str, pickup: Stop | int, dropoff: Stop | int, **rest: Any) -> Trip:
    """Stops given as bare towns are open all day."""
    ends = {
        "pickup": stop(pickup) if isinstance(pickup, int) else pickup,
        "dropoff": stop(dropoff) if isinstance(dropoff, int) else dropoff,
    }
    return Trip(id=name, **{"max_ride_s": LATE_S, **ends, **rest})


def shift(name: str = "s", **rest: Any) -> Shift:
    """On duty from 0 to 10 000 out of town 0, in a vehicle of four seats, with driver `D<name>`."""
    usual: dict[str, Any] = {
        "driver": f"D{name}",
        "vehicle": f"V{name}",
        "start_location": 0,
        "end_location": 0,
        "start_s": 0,
        "end_s": 10_000,
        "configurations": (Load(seats=4),),
    }
    return Shift(id=name, **{**usual, **rest})


def pause(
    name: str, earliest: int, latest: int, *, lasts: int = 300, mandatory: bool = True
) -> Break:
    return Break(
        id=name, earliest_s=earliest, latest_s=latest, duration_s=lasts, mandatory=mandatory
    )


def problem(*parts: Trip | Shift, **rest: Any) -> Problem:
    """A problem on the line of towns; `PLAIN` settings (no pooling, no margin) unless said otherwise."""
    usual: dict[str, Any] = {
        "trips": tuple(part for part in parts if isinstance(part, Trip)),
        "shifts": tuple(part for part in parts if isinstance(part, Shift)),
        "travel": line(),
        "settings": PLAIN,
    }
    return Problem(**{**usual, **rest})


def visits(text: str) -> tuple[Visit, ...]:
    """`"+a +b -a -b ~lunch"`: pick up a and b, drop them off, rest."""
    kinds = {"+": VisitKind.PICKUP, "-": VisitKind.DROPOFF, "~": VisitKind.BREAK}
    return tuple(Visit(word[1:], kinds[word[0]]) for word in text.split())


def spell(route: Route) -> str:
    """The reverse of `visits`."""
    signs = {VisitKind.PICKUP: "+", VisitKind.DROPOFF: "-", VisitKind.BREAK: "~"}
    return " ".join(signs[v.kind] + v.id for v in route.visits)


def timed(day: Problem, text: str, *, by: str = "s") -> Route | Refusal:
    return time_route(day, day.shift_by_id[by], visits(text))


def route(day: Problem, text: str, *, by: str = "s") -> Route:
    answer = timed(day, text, by=by)
    assert isinstance(answer, Route), answer
    return answer


def plan(day: Problem, **texts: str) -> Plan:
    """One keyword per shift: `plan(day, s="+a -a")`; the trips it leaves out are not listed at all."""
    return Plan(routes=tuple(route(day, text, by=name) for name, text in texts.items()))


def starts(answer: Route | Refusal) -> list[int]:
    assert isinstance(answer, Route), answer
    return [visit.start_s for visit in answer.visits]


def large_day(*, seed: int = 1, trips: int = 225, shifts: int = 26) -> Problem:
    """A day of a large carrier's size on a square of 15 km: windows of 20 minutes, one break a shift,
    seats and wheelchairs, pooling by neighbourhood, half of the patients brought back later.
    """
    rng = random.Random(seed)
    spots = [(rng.uniform(0, 15_000), rng.uniform(0, 15_000)) for _ in range(140)]
    places = range(len(spots))
    hospitals = rng.sample(places, 12)
    metres = tuple(
        tuple(round(1.35 * ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5) for bx, by in spots)
        for ax, ay in spots
    )
    travel = TravelTimes(
        seconds=tuple(tuple(-(-m * 36 // 320) for m in row) for row in metres), metres=metres
    )
    return Problem(
        trips=tuple(_patients(rng, spots, hospitals, travel, trips)),
        shifts=tuple(_crew(k, hospitals[0]) for k in range(shifts)),
        travel=travel,
    )


def _patients(
    rng: random.Random,
    spots: list[tuple[float, float]],
    hospitals: list[int],
    travel: TravelTimes,
    count: int,
) -> list[Trip]:
    made: list[Trip] = []
    while len(made) < count:
        home, hospital = rng.randrange(len(spots)), rng.choice(hospitals)
        if home in hospitals:
            continue
        due = round(rng.choice((rng.gauss(9, 1.2), rng.gauss(13, 1.2), rng.uniform(7, 16))) * 3600)
        due = min(max(due, 7 * 3600 + 1800), 17 * 3600)
        needs_chair = rng.random() < 0.25
        usual: dict[str, Any] = {
            "load": Load(wheelchairs=1) if needs_chair else Load(seats=1),
            "max_ride_s": 3600,
            "area": f"{int(spots[home][0] // 3000)}-{int(spots[home][1] // 3000)}",
        }
        service = 420 if needs_chair else 240
        ride = travel.seconds[home][hospital]
        leave = due - ride - service - 900
        out = trip(
            f"t{len(made):03}",
            stop(home, leave - 600, leave + 600, service=service),
            stop(hospital, due - 1800, due, service=service),
            **usual,
        )
        made.append(out)
        if rng.random() < 0.4 and len(made) < count:
            back = due + rng.randrange(3600, 3 * 3600)
            made.append(
                trip(
                    f"t{len(made):03}",
                    stop(hospital, back, back + 1200, service=service),
                    stop(home, back, back + 7200, service=service),
                    same_driver_as=out.id if rng.random() < 0.2 else None,
                    **usual | {"area": f"h{hospital}"},
                )
            )
    return made


def _crew(k: int, base: int) -> Shift:
    start = (6 + k % 4) * 3600
    return shift(
        f"s{k:02}",
        start_location=base,
        end_location=base,
        start_s=start,
        end_s=start + 9 * 3600 + 1800,
        configurations=(Load(seats=4), Load(seats=2, wheelchairs=1))
        if k % 2
        else (Load(seats=3, wheelchairs=1), Load(seats=1, wheelchairs=2)),
        breaks=(pause("lunch", start + 3 * 3600, start + 6 * 3600, lasts=2700),),
        recent_trips=30 + k % 5,
        is_emergency=k >= 24,
    )
