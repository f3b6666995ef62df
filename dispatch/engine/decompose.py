"""A very large day improved part by part: shifts whose trips are near to one another, each part a problem of its own.

Route-based decomposition (POPMUSIC, Taillard & Voß 2002; Santini, Schneider, Vidal & Vigo 2023). A sweep cuts the plan
into slices, by zones and by hours in turn, improves each by itself and puts their routes together again. Slices share
neither trips nor shifts, so that they may run anywhere and in any order; the next sweep cuts elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from dispatch.engine.cost import score
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Problem, Shift, Stop, Trip, middle_s
from dispatch.engine.travel import Matrix
from dispatch.enums import Rule

SLICE_TRIPS = 250  # about how many trips a slice has
ROUNDS_PER_TRIP = 8  # of a slice in one sweep
SWEEPS = 200  # after which hardly anything more is found
NEAR = 24  # trips told to be near to one
HOURS_WEIGH = (4, 1)  # seconds between two pickups that count as one of driving: zones, time slices

Ints = NDArray[np.int64]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of a day, its routes as they are, and how far to search: all that a worker elsewhere needs."""

    problem: Problem
    plan: Plan
    seed: int
    rounds: int
    hot: float
    cold: float

    def to_json(self) -> dict[str, Any]:
        return {
            "problem": self.problem.to_json(),
            "plan": self.plan.to_json(),
            "seed": self.seed,
            "rounds": self.rounds,
            "hot": self.hot,
            "cold": self.cold,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(
            problem=Problem.from_json(data["problem"]),
            plan=Plan.from_json(data["plan"]),
            seed=data["seed"],
            rounds=data["rounds"],
            hot=data["hot"],
            cold=data["cold"],
        )


Runner = Callable[[Iterable[Slice]], Iterable[Plan]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeps:
    """Slices of about `slice_trips` trips, until `count` sweeps are done or `clock` says `ends` seconds.

    The sweeps cool down together, as one search would: each goes on as warm as the one before it ended.
    """

    count: int
    slice_trips: int = SLICE_TRIPS
    rounds_per_trip: int = ROUNDS_PER_TRIP  # of a slice in one sweep
    clock: Clock | None = None
    ends: float = math.inf

    def now(self) -> float:
        return 0.0 if self.clock is None else self.clock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """`sweeps`: how many were begun; `is_cut`: time ended them before all were done."""

    plan: Plan
    sweeps: int
    is_cut: bool


def improved(part: Slice) -> Plan:
    """The slice's plan after its rounds: the same on any machine."""
    # Imported late: what hands slices out knows them and stays light.
    from dispatch.engine.search import Limits, improve

    limits = Limits(rounds=part.rounds, hot=part.hot, cold=part.cold)
    return improve(part.problem, part.plan, seed=part.seed, limits=limits).plan


def in_process(parts: Iterable[Slice]) -> Iterator[Plan]:
    """One slice after the other, each when it is asked for."""
    return map(improved, parts)


def improve_in_slices(
    problem: Problem, plan: Plan, *, seed: int, sweeps: Sweeps, run: Runner = in_process
) -> Swept:
    """A plan that is never dearer than `plan` by `cost.score`; each trip is in it once, driven or left over.

    `run` gives the slices' plans in the order of the slices. Without a clock the result depends on the seed alone,
    wherever the slices run. Raises InvalidPlanError when a route of `plan` breaks a rule.
    """
    from dispatch.engine.search import COLD, HOT

    nearness = [_near(problem, weigh) for weigh in HOURS_WEIGH]
    plan = _stitched(problem, plan, ())  # whoever is left over is listed, and has a price
    price, done = score(problem, plan).total, 0
    began = now = sweeps.now()
    while done < sweeps.count and now < sweeps.ends:
        progress = max(done / sweeps.count, (now - began) / (sweeps.ends - began))
        step = max(1 / sweeps.count, progress / max(1, done))
        hot, cold = (HOT * (COLD / HOT) ** at for at in (progress, min(1.0, progress + step)))
        rng = Random(f"{seed}/{done}")
        cuts = _cuts(problem, plan, nearness[done % len(nearness)], sweeps.slice_trips, rng)
        parts = [
            _slice(problem, plan, cut, sweeps.rounds_per_trip, (hot, cold), rng) for cut in cuts
        ]
        together = _stitched(problem, plan, _in_time(run(parts), sweeps))
        total = score(problem, together).total
        if total < price:  # a slice does not see its trips' companions in others
            plan, price = together, total
        done, now = done + 1, sweeps.now()
    return Swept(plan=plan, sweeps=done, is_cut=done < sweeps.count or now >= sweeps.ends)


def _in_time(answers: Iterable[Plan], sweeps: Sweeps) -> Iterator[Plan]:
    """The slices' plans up to the one that was ready when time was over."""
    for answer in answers:
        yield answer
        if sweeps.now() >= sweeps.ends:
            return


class _Cut(NamedTuple):
    """Numbers of the shifts of a slice, and of the trips left over that it tries to place."""

    shifts: list[int]
    left: list[int]


def _stitched(problem: Problem, plan: Plan, parts: Iterable[Plan]) -> Plan:
    """The plan with the routes of these parts in the place of its own; who is left over is seen from the routes."""
    route_of = plan.route_of | {route.shift: route for part in parts for route in part.routes}
    routes = tuple(route_of[shift.id] for shift in problem.shifts if shift.id in route_of)
    driven = {trip for route in routes for trip in route.trip_ids}
    left = [trip.id for trip in problem.trips if trip.id not in driven]
    return Plan(routes=routes, unassigned=_unassigned(left))


def _unassigned(trips: Iterable[str]) -> tuple[Unassigned, ...]:
    return tuple(Unassigned(trip=trip, reason=Rule.COVERAGE) for trip in trips)


def _near(problem: Problem, hours_weigh: int) -> Ints:
    """(n, NEAR) the trips nearest to each, the nearest first: by ways between pickups and between drop-offs, and by hour."""
    trips = problem.trips
    seconds = np.array(problem.travel.seconds, dtype=np.int32)
    hour = np.array([middle_s(trip.pickup) for trip in trips], dtype=np.int32)
    apart = abs(hour[:, None] - hour[None, :]) // hours_weigh
    for ends in ([trip.pickup for trip in trips], [trip.dropoff for trip in trips]):
        place = np.array([stop.location for stop in ends], dtype=np.int64)
        apart += seconds[place[:, None], place[None, :]] + seconds[place[None, :], place[:, None]]
    np.fill_diagonal(apart, np.iinfo(np.int32).max)
    count = min(NEAR, len(trips) - 1)
    nearest: Ints = np.argsort(apart, axis=1, kind="stable")[:, :count]
    return nearest


def _cuts(problem: Problem, plan: Plan, near: Ints, size: int, rng: Random) -> list[_Cut]:
    """Each shift in one slice, those of one driver in the same, and each trip left over where its like are driven."""
    number = {shift.driver: 0 for shift in problem.shifts}
    number = {driver: crew for crew, driver in enumerate(number)}
    crew_of_shift = {shift.id: number[shift.driver] for shift in problem.shifts}
    crews = [crew_of_shift.get(plan.shift_of.get(trip.id, ""), -1) for trip in problem.trips]
    crew_of = np.array(crews, dtype=np.int64)
    loads = np.bincount(crew_of[crew_of >= 0], minlength=len(number))
    slice_of, count = _grouped(_links(crew_of, near, len(number)), loads, size, rng)
    cuts = [_Cut([], []) for _ in range(count)]
    for s, shift in enumerate(problem.shifts):
        cuts[slice_of[number[shift.driver]]].shifts.append(s)
    for i in np.flatnonzero(crew_of < 0).tolist():
        pinned = problem.trips[i].pinned_shift
        if pinned is not None:
            cuts[slice_of[crew_of_shift[pinned]]].left.append(i)
            continue
        around = (slice_of[crew] for crew in crew_of[near[i]].tolist() if crew >= 0)
        cuts[next(around, i % count)].left.append(i)
    return cuts


def _links(crew_of: Ints, near: Ints, crews: int) -> Ints:
    """(crews, crews) how many pairs of near trips two of them drive; the nearer, the more they count."""
    links = np.zeros((crews, crews), np.int64)
    mine, theirs = np.repeat(crew_of, near.shape[1]), crew_of[near].ravel()
    both = (mine >= 0) & (theirs >= 0)
    weight = np.tile(np.arange(near.shape[1], 0, -1), len(near))
    np.add.at(links, (mine[both], theirs[both]), weight[both])
    return links + links.T


def _grouped(links: Ints, loads: Ints, size: int, rng: Random) -> tuple[list[int], int]:
    """(the slice of each crew, how many there are): about `size` trips in each, idle crews dealt out evenly.

    A slice begins at the edge, with whoever has the fewest links to those not yet taken, and takes in whoever is linked
    most with it; chance, less than any link, decides between equals.
    """
    busy, idle = np.flatnonzero(loads), np.flatnonzero(loads == 0).tolist()
    count = max(1, round(int(loads.sum()) / size))
    enough = -(-int(loads.sum()) // count)
    chance = np.array([rng.random() for _ in loads])
    slice_of, free, used = [0] * len(loads), set(busy.tolist()), 0
    while free:
        rest = sorted(free)
        edge = links[np.ix_(rest, rest)].sum(axis=1) + chance[rest]
        crew, pull, load = rest[int(edge.argmin())], chance.copy(), 0
        while True:
            slice_of[crew] = used
            free.discard(crew)
            load += int(loads[crew])
            pull += links[crew]
            if load >= enough or not free:
                break
            rest = sorted(free)
            crew = rest[int(pull[rest].argmax())]
        used += 1
    rng.shuffle(idle)
    for k, crew in enumerate(idle):
        slice_of[crew] = k % max(1, used)
    return slice_of, max(1, used)


def _slice(
    problem: Problem,
    plan: Plan,
    cut: _Cut,
    rounds_per_trip: int,
    warmth: tuple[float, float],
    rng: Random,
) -> Slice:
    """The part as a problem of its own, over the places it needs."""
    crew = [problem.shifts[s] for s in cut.shifts]
    routes = tuple(plan.route_of[shift.id] for shift in crew if shift.id in plan.route_of)
    left = [problem.trips[i].id for i in cut.left]
    names = {trip for route in routes for trip in route.trip_ids} | set(left)
    trips = [trip for trip in problem.trips if trip.id in names]
    places = sorted(
        {stop.location for trip in trips for stop in (trip.pickup, trip.dropoff)}
        | {place for shift in crew for place in (shift.start_location, shift.end_location)}
    )
    number = {place: k for k, place in enumerate(places)}
    travel = replace(
        problem.travel,
        seconds=_within(problem.travel.seconds, places),
        metres=_within(problem.travel.metres, places),
    )
    part = Problem(
        trips=tuple(_trip_there(trip, number) for trip in trips),
        shifts=tuple(_shift_there(shift, number) for shift in crew),
        travel=travel,
        settings=problem.settings,
        drivers_in_force=tuple(pair for pair in problem.drivers_in_force if pair[0] in names),
    )
    return Slice(
        problem=part,
        plan=Plan(routes=routes, unassigned=_unassigned(left)),
        seed=rng.getrandbits(31),
        rounds=rounds_per_trip * len(trips),
        hot=warmth[0],
        cold=warmth[1],
    )


def _trip_there(trip: Trip, number: dict[int, int]) -> Trip:
    return replace(
        trip, pickup=_stop_there(trip.pickup, number), dropoff=_stop_there(trip.dropoff, number)
    )


def _stop_there(stop: Stop, number: dict[int, int]) -> Stop:
    return replace(stop, location=number[stop.location])


def _shift_there(shift: Shift, number: dict[int, int]) -> Shift:
    return replace(
        shift,
        start_location=number[shift.start_location],
        end_location=number[shift.end_location],
    )


def _within(table: Matrix, places: list[int]) -> Matrix:
    return tuple(tuple(table[here][there] for there in places) for here in places)
