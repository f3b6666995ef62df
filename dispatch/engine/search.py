"""Improvement by ruin and recreate: take neighbouring trips out of a few routes and put them back better.

Slack induction by string removals (Christiaens & Vanden Berghe 2020) under simulated annealing. The rounds are
compiled (`engine.kernel`); here is how warm the search is, how long it goes on, and the way from a plan to arrays
and back. Imported late: web processes know the pipeline and stay light.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from dispatch.engine.draft import finished
from dispatch.engine.insertion import sequence_in
from dispatch.engine.kernel.anneal import Search, anneal, begin_search, complete, return_to_best
from dispatch.engine.kernel.ruin import Dials
from dispatch.engine.kernel.tables import Ints, Tables, tables_of
from dispatch.engine.network import Network, Sequence, boarding, network_of
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem, Shift, Stop, Trip, middle_s
from dispatch.engine.travel import TravelTimes

Clock = Callable[[], float]

HOT, COLD = 1.5, 0.02  # first and last warmth, in legs between neighbouring trips
MILD, COOL = (
    0.45,
    0.08,
)  # the same where ways alone are to be found: above all is chance, below nothing moves
NEIGHBOURS = 100  # how many trips are told to be near to one
HOURS_WEIGH = 8  # seconds between two pickups that count as one of driving
MANY = 200  # trips from which warmth pays whatever the prices
LARGE = 500  # trips from which there are few rounds a trip, and the first plan is far from good
WARM, MELLOW = 8.0, 0.15  # first and last warmth then
USUAL = Dials()
SHORT = Dials(mean_ruin=6.0, longest_string=4.0)  # on a large day: a round is cheaper, oftener kept
REHEAT, MILD_REHEAT = 0.3, 0.6  # how warm it is made again, of what it was at first
PATIENCE = 2  # times that a search may be warmed up for nothing
LEG_NEIGHBOURS = 10  # those whose ways make a leg
LONGEST_ROUTE = 256  # trips that the search puts into one shift: arrays end somewhere
ROUNDS_BASE, ROUNDS_PER_TRIP = 4_000, 1_500  # a small day needs no ten seconds
RUGGED = 6  # times as many where fewer shifts are worth more than ways: plans are then far from one another
CHUNK_S = 0.01  # rounds between two looks at the clock take about as long
CHUNKS = 200  # changes of warmth where rounds are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`is_cut`: time ended the search before its rounds were done."""

    plan: Plan
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a search ends: after its rounds, or when `clock` says `ends` seconds, whichever comes first.

    `patience`: with a clock it is warmed up and cools down again after its rounds, until that brought nothing so many
    times in a row; each time takes its rounds once more.
    `hot`, `cold`: how warm it begins and ends; less where the plan is good already and there is little time to cool
    down again, and where others go on from where this one ends. `reheat`: how warm it is made again, of `hot`.
    """

    rounds: int
    clock: Clock | None = None
    ends: float = math.inf
    hot: float = HOT
    cold: float = COLD
    reheat: float = REHEAT
    patience: int = 0
    dials: Dials = USUAL


def enough_rounds(problem: Problem) -> int:
    """After which a search hardly finds anything more."""
    rounds = ROUNDS_BASE + ROUNDS_PER_TRIP * len(problem.trips)
    return rounds * (RUGGED if problem.settings.weights.used_shift else 1)


def suited(problem: Problem, limits: Limits) -> Limits:
    """As warm as pays on this day: as warm as ever where fewer shifts are worth more than ways, and on days of MANY
    trips; warmer, with short strings, on LARGE ones.
    """
    if problem.settings.weights.used_shift:
        return limits
    if len(problem.trips) >= LARGE:
        return replace(limits, hot=WARM, cold=MELLOW, dials=SHORT)
    if len(problem.trips) >= MANY:
        return limits
    return replace(limits, hot=MILD, cold=COOL, reheat=MILD_REHEAT)


def improve(problem: Problem, plan: Plan, *, seed: int, limits: Limits) -> Found:
    """The best plan found, never worse than `plan` by `cost.score`; what is committed stays.

    Timed as `schedule` times it. Without a clock the result depends on the seed alone. Raises
    InvalidPlanError when a route of `plan` breaks a rule.
    """
    problem = by_hour(problem)
    network = network_of(problem)
    movable = [i for i, trip in enumerate(problem.trips) if trip.id not in problem.committed_shift]
    if not movable or not problem.shifts:
        return Found(plan=plan, is_cut=False)
    search = begun(network, plan, movable, seed)
    is_cut = _cool_down(search, limits)
    complete(search)
    return Found(plan=finished(network, best_sequences(network, search)), is_cut=is_cut)


@cache
def warm() -> None:
    """Compile the kernels, which takes most of a minute once; later ones read what was kept in a second or two."""
    town = Stop(location=0, earliest_s=0, latest_s=1, service_s=0)
    trip = Trip(id="t", pickup=town, dropoff=town, max_ride_s=1)
    shift = Shift(
        id="s",
        driver="d",
        vehicle="v",
        start_location=0,
        end_location=0,
        start_s=0,
        end_s=1,
        configurations=(trip.load,),
    )
    travel = TravelTimes(seconds=((0,),), metres=((0,),))
    problem = Problem(trips=(trip,), shifts=(shift,), travel=travel)
    improve(problem, Plan(routes=()), seed=0, limits=Limits(rounds=1))


def by_hour(problem: Problem) -> Problem:
    """The same problem, its trips in the order of the day, made once and kept with it.

    A search asks whom it could drive before and after a trip: then their ways lie side by side in its tables.
    """
    kept: dict[str, Any] = problem.__dict__
    if "_by_hour" not in kept:
        trips = tuple(sorted(problem.trips, key=lambda trip: (middle_s(trip.pickup), trip.id)))
        kept["_by_hour"] = problem if trips == problem.trips else replace(problem, trips=trips)
    ordered: Problem = kept["_by_hour"]
    return ordered


def begun(network: Network, plan: Plan, movable: list[int], seed: int) -> Search:
    problem = network.problem
    sequences = [sequence_in(network, plan, s) for s in range(len(problem.shifts))]
    breaks = max(len(shift.breaks) for shift in problem.shifts)
    longest = max([LONGEST_ROUTE, *(len(boarding(sequence)) for sequence in sequences)])
    day = tables_of(network, longest=longest)
    return begin_search(
        day,
        [_numbered(network, s, sequence) for s, sequence in enumerate(sequences)],
        near=_neighbours(day),
        movable=np.array(movable, dtype=np.int64),
        seed=seed,
        longest=2 * min(len(problem.trips), longest) + breaks,
    )


def _cool_down(search: Search, limits: Limits) -> bool:
    """Cool down, and again from the best plan while that pays; whether time cut the first time short."""
    is_cut, _gains = _cooling(search, limits, limits.hot)
    idle, clock = 0, limits.clock
    while clock is not None and idle < limits.patience and clock() < limits.ends:
        return_to_best(search)
        _, gains = _cooling(search, limits, limits.reheat * limits.hot)
        idle = 0 if gains else idle + 1
    return is_cut


def _cooling(search: Search, limits: Limits, hot: float) -> tuple[bool, int]:
    """(whether time cut it short, how often the best plan got better): warmth falls with whichever limit is nearer."""
    leg, dials, clock = leg_price(search), limits.dials, limits.clock
    began = now = clock() if clock is not None else 0.0
    done, chunk, gains = 0, max(1, limits.rounds // CHUNKS) if clock is None else 1, 0
    while done < limits.rounds and now < limits.ends:
        progress = max(done / limits.rounds, (now - began) / (limits.ends - began))
        chunk = min(chunk, limits.rounds - done)
        gains += anneal(search, dials, chunk, round(leg * hot * (limits.cold / hot) ** progress))
        done += chunk
        if clock is not None:
            before, now = now, clock()
            chunk = max(1, min(2 * chunk, int(chunk * CHUNK_S / max(now - before, 1e-6))))
    return done < limits.rounds, gains


def _neighbours(day: Tables) -> Ints:
    """(n, W) each trip's nearest ones, itself first: by ways between pickups and between drop-offs, and by hour."""
    pickups, dropoffs = day.drive[0::2, 0::2], day.drive[1::2, 1::2]
    middle = (day.low[: len(day.place) : 2] + day.high[: len(day.place) : 2]) // 2
    hours = abs(middle[:, None] - middle[None, :]) // HOURS_WEIGH
    apart = pickups + pickups.T + dropoffs + dropoffs.T + hours
    np.fill_diagonal(apart, -1)
    near: Any = np.argsort(apart, axis=1, kind="stable")[:, :NEIGHBOURS]
    return np.ascontiguousarray(near, dtype=np.int64)


def leg_price(search: Search) -> float:
    """What a way between the pickups of neighbouring trips costs."""
    near = search.near[:, 1 : LEG_NEIGHBOURS + 1]
    if not near.size:
        return 1.0
    ways = np.take_along_axis(search.day.way[0::2, 0::2], near, axis=1)
    return max(1.0, float(np.mean(ways)))


def _first_break(network: Network, s: int) -> int:
    shifts = network.problem.shifts
    return len(network.stops) + sum(len(shift.breaks) for shift in shifts[:s])


def _numbered(network: Network, s: int, sequence: Sequence) -> list[int]:
    """Nodes as the kernel numbers them: breaks of all shifts behind the stops."""
    first = _first_break(network, s)
    return [node if node >= 0 else first + ~node for node in sequence]


def best_sequences(network: Network, search: Search) -> list[Sequence]:
    """The best routes; a shift without trips keeps what is committed alone."""
    stops = len(network.stops)
    found = []
    for s, shift in enumerate(network.problem.shifts):
        nodes = search.best.seq[s, : search.best.size[s]].tolist()
        if any(node < stops for node in nodes):
            first = _first_break(network, s)
            found.append([node if node < stops else ~(node - first) for node in nodes])
        else:
            found.append(network.sequence(shift, shift.committed))
    return found
