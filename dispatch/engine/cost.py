"""The price of a plan: integers in the currency of `Weights`, about one driven second each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from dispatch.engine.fairness import FULL_SHIFT_S
from dispatch.engine.network import Network, Sequence, boarding, network_of
from dispatch.engine.plan import Plan, Route
from dispatch.engine.problem import Problem, Shift


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What each concern adds to the price of a plan."""

    unserved: int = 0
    driving: int = 0
    excess_ride: int = 0
    waiting: int = 0
    patient_wait: int = 0
    overtime: int = 0
    emergency: int = 0
    used_shifts: int = 0
    optional_breaks: int = 0
    preferred: int = 0
    same_driver: int = 0
    fairness: int = 0
    stability: int = 0

    @property
    def total(self) -> int:
        return int(sum(_parts(self)))


_NAMES = [field.name for field in fields(Score)]
_parts = attrgetter(*_NAMES)


def score(problem: Problem, plan: Plan) -> Score:
    """The whole plan's price, part by part."""
    return score_with(problem, plan, (route_score(problem, route) for route in plan.routes))


def score_with(problem: Problem, plan: Plan, routes: Iterable[Score]) -> Score:
    """The same where the price of each route is known already."""
    whole = Score(unserved=_unserved(problem, plan), same_driver=_separated(problem, plan))
    sums = map(sum, zip(*map(_parts, (whole, *routes)), strict=True))
    return Score(**dict(zip(_NAMES, sums, strict=True)))


def route_cost(problem: Problem, route: Route) -> int:
    """The price of one route; a route without trips costs nothing."""
    return route_score(problem, route).total


def route_score(problem: Problem, route: Route) -> Score:
    network = network_of(problem)
    shift = problem.shift_by_id[route.shift]
    sequence = network.sequence(shift, (timed.visit for timed in route.visits))
    starts = [timed.start_s for timed in route.visits]
    waiting = sum(timed.start_s - timed.arrive_s for timed in route.visits)
    return price(network, network.shift_index[shift.id], sequence, starts, waiting)


def price(network: Network, s: int, sequence: Sequence, starts: list[int], waiting: int) -> Score:
    """The parts of the price of one sequence served at `starts`, with `waiting` idle seconds."""
    trips = boarding(sequence)
    if not trips:
        return Score()
    way, people = way_parts(network, s, sequence, starts, waiting), people_parts(network, s, trips)
    return Score(**way._asdict(), **people._asdict())


class WayParts(NamedTuple):
    """What depends on the order and the times of the stops."""

    driving: int
    excess_ride: int
    waiting: int
    patient_wait: int
    overtime: int
    optional_breaks: int


class PeopleParts(NamedTuple):
    """What depends only on who drives whom."""

    emergency: int
    used_shifts: int
    preferred: int
    stability: int
    fairness: int


def way_parts(
    network: Network, s: int, sequence: Sequence, starts: list[int], waiting: int
) -> WayParts:
    weights = network.problem.settings.weights
    driving = weights.driving_per_s * driven_seconds(network, s, sequence)
    if weights.driving_per_km:
        driving += weights.driving_per_km * driven_metres(network, s, sequence) // 1000
    missed = sum(
        1
        for k, pause in enumerate(network.problem.shifts[s].breaks)
        if not pause.mandatory and ~k not in sequence
    )
    return WayParts(
        driving,
        weights.excess_ride_per_s * _excess_ride_s(network, sequence, starts),
        weights.waiting_per_s * waiting,
        weights.patient_wait_per_s * _patient_wait_s(network, sequence, starts),
        weights.overtime_per_s * _overtime_s(network, s, sequence, starts),
        weights.missed_optional_break * missed,
    )


def people_parts(network: Network, s: int, trips: list[int]) -> PeopleParts:
    shift, weights = network.problem.shifts[s], network.problem.settings.weights
    not_preferred, moved = network.not_preferred[s], network.moved[s]
    return PeopleParts(
        weights.emergency_shift * shift.is_emergency,
        weights.used_shift,
        sum(map(not_preferred.__getitem__, trips)),
        sum(map(moved.__getitem__, trips)),
        _fairness(network, shift, len(trips)),
    )


def _fairness(network: Network, shift: Shift, trips: int) -> int:
    """Quadratic, so that the next trip is cheapest for the driver whose window is lightest for the time on duty."""
    weight = network.problem.settings.weights.fairness_per_trip_squared
    before, after = shift.recent_trips, shift.recent_trips + trips
    duty_s = shift.end_s - shift.start_s + shift.recent_duty_s
    return weight * (after**2 - before**2) * FULL_SHIFT_S // duty_s


def driven_seconds(network: Network, s: int, sequence: Sequence) -> int:
    nodes = [node for node in sequence if node >= 0]
    if not nodes:
        return 0
    drive = network.drive
    between = sum(drive[a][b] for a, b in pairwise(nodes))
    return network.from_base[s][nodes[0]] + between + network.to_base[s][nodes[-1]]


def driven_metres(network: Network, s: int, sequence: Sequence) -> int:
    shift, table = network.problem.shifts[s], network.problem.travel.metres
    places = [network.location[node] for node in sequence if node >= 0]
    if not places:
        return 0
    way = [shift.start_location, *places, shift.end_location]
    return sum(table[a][b] for a, b in pairwise(way))


def _overtime_s(network: Network, s: int, sequence: Sequence, starts: list[int]) -> int:
    """Seconds from the rostered end until the vehicle is back."""
    shift = network.problem.shifts[s]
    if shift.rostered_end_s is None:
        return 0
    last = sequence[-1]
    lasts = network.service[last] if last >= 0 else shift.breaks[~last].duration_s
    home = next((network.to_base[s][node] for node in reversed(sequence) if node >= 0), 0)
    return shift.overtime_s(starts[-1] + lasts + home)


def _patient_wait_s(network: Network, sequence: Sequence, starts: list[int]) -> int:
    """Seconds that patients who are ready wait for the vehicle, over all trips."""
    return sum(
        max(0, start - ready)
        for node, start in zip(sequence, starts, strict=True)
        if (ready := network.ready_at(node)) is not None
    )


def _excess_ride_s(network: Network, sequence: Sequence, starts: list[int]) -> int:
    """Seconds on board beyond the direct way, over all trips."""
    boarded: dict[int, int] = {}
    excess = 0
    for node, start in zip(sequence, starts, strict=True):
        if node < 0:
            continue
        trip = node >> 1
        if node & 1:
            excess += max(0, start - boarded[trip] - network.direct[trip])
        else:
            boarded[trip] = start + network.service[node]
    return excess


def _unserved(problem: Problem, plan: Plan) -> int:
    weights = problem.settings.weights
    return sum(weights.unserved(problem.trip_by_id[u.trip].priority) for u in plan.unassigned)


def separation_cost(network: Network, trip: int, driver: str, driver_of: dict[int, str]) -> int:
    """What it costs that trips which asked for one driver get another; `driver_of`: planned trips."""
    weight = network.problem.settings.weights.not_same_driver
    others = (driver_of.get(other, driver) for other in network.companions[trip])
    return weight * sum(other != driver for other in others)


def _separated(problem: Problem, plan: Plan) -> int:
    network, shift_of = network_of(problem), plan.shift_of
    asking = ((trip, shift_of.get(problem.trips[trip].id)) for trip in network.paired)
    driver_of = {
        trip: problem.shift_by_id[shift].driver for trip, shift in asking if shift is not None
    }
    doubled = sum(
        separation_cost(network, trip, driver, driver_of) for trip, driver in driver_of.items()
    )
    return doubled // 2  # each pair was met from both ends
