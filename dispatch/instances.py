"""Published dial-a-ride and pickup-and-delivery instances as problems of the engine, and plans in their terms.

Formats: `darp` (Cordeau 2006: header `K n T Q L`, rows `i x y service load earliest latest`), `darp_dynamic`
(Berbeglia et al. 2012: the same requests as JSON, each with the time at which it becomes known) and `pdptw`
(Li & Lim 2001: header `K Q speed`, rows `i x y demand earliest latest service pickup delivery`).

One unit of a file is `TICKS` of the engine's integer seconds. Driving is rounded up and windows are rounded
inwards, so that a plan right in ticks is right in real numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from enum import StrEnum
from itertools import pairwise
from math import dist, isqrt
from typing import Any, NamedTuple

from dispatch.engine.errors import InvalidProblemError
from dispatch.engine.plan import Plan, Route
from dispatch.engine.problem import (
    Load,
    Pooling,
    Problem,
    Settings,
    Shift,
    Stop,
    Trip,
    Visit,
    Weights,
)
from dispatch.engine.travel import TravelTimes
from dispatch.enums import VisitKind

TICKS = 10_000  # per unit of a file
COST_DECIMALS = 2  # as the literature publishes them
LARGEST_NUMBER = 10**9  # far above any published file; `1e999999` as an integer would take hours
LARGEST_FLEET = 10_000  # every vehicle is a shift of the problem
UNSERVED = 10**12  # dwarfs any vehicle
VEHICLE = 10**9  # dwarfs any way: 100 000 units of driving

_DARP_HEADER, _PDPTW_HEADER = 5, 3
_STATIC_NOTE = "planned as if every request were known from the start"


class InstanceError(ValueError):
    """A file is not an instance of a known format; the message names the line or the field."""


class Family(StrEnum):
    DARP = "darp"
    DARP_DYNAMIC = "darp_dynamic"
    PDPTW = "pdptw"


class Place(NamedTuple):
    """Coordinates in the file's units."""

    x: Decimal
    y: Decimal


class BestKnown(NamedTuple):
    """The best published cost; `vehicles` where fewer vehicles come before a shorter way."""

    cost: float
    vehicles: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A problem with the way back to the numbers of its file.

    `places` by location of the problem; `nodes` the file's number of each pickup and drop-off. In a dynamic
    file, which numbers only requests, drop-offs are n + 1 … 2n as in the static files.
    """

    name: str
    family: Family
    problem: Problem
    places: tuple[Place, ...]
    nodes: Mapping[Visit, int]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A plan as anyone can check it: node numbers, times, lengths and costs of the file itself.

    `gap` is percent above the best published cost, None when none is known or when the plan does not
    compare with it (requests unserved, another number of vehicles where these come first).
    """

    instance: str
    status: str  # "served" or "partial"
    served: int
    unserved: int
    vehicles: int
    cost: float
    gap: float | None
    vehicles_above: int | None
    seconds: float
    routes: tuple[tuple[int, ...], ...]
    starts: Mapping[int, float]
    note: str

    def to_json(self) -> dict[str, Any]:
        return {
            "instance": self.instance,
            "status": self.status,
            "served": self.served,
            "unserved": self.unserved,
            "vehicles": self.vehicles,
            "cost": self.cost,
            "gap": self.gap,
            "vehicles_above": self.vehicles_above,
            "seconds": self.seconds,
            "routes": [list(route) for route in self.routes],
            "starts": {str(node): start for node, start in sorted(self.starts.items())},
            "note": self.note,
        }


def answer(
    instance: Instance, plan: Plan, *, seconds: float, best_known: BestKnown | None = None
) -> Answer:
    """The plan in the file's terms; its cost is summed in real numbers from the coordinates."""
    driven = [route for route in plan.routes if route.trip_ids]
    cost = round(sum(_length(instance, route) for route in driven), COST_DECIMALS)
    is_comparable = best_known is not None and not plan.unassigned
    above = None
    if is_comparable and best_known is not None and best_known.vehicles is not None:
        above = len(driven) - best_known.vehicles
    gap = None
    if is_comparable and best_known is not None and not above:
        gap = round(100 * (cost - best_known.cost) / best_known.cost, 2)
    return Answer(
        instance=instance.name,
        status="partial" if plan.unassigned else "served",
        served=len(instance.problem.trips) - len(plan.unassigned),
        unserved=len(plan.unassigned),
        vehicles=len(driven),
        cost=cost,
        gap=gap,
        vehicles_above=above,
        seconds=round(seconds, 2),
        routes=tuple(tuple(instance.nodes[v.visit] for v in route.visits) for route in driven),
        starts={
            instance.nodes[v.visit]: v.start_s / TICKS for route in driven for v in route.visits
        },
        note=instance.note,
    )


def _length(instance: Instance, route: Route) -> float:
    problem = instance.problem
    shift = problem.shift_by_id[route.shift]
    way = [shift.start_location]
    for visit in route.visits:
        trip = problem.trip_by_id[visit.id]
        stop = trip.pickup if visit.kind is VisitKind.PICKUP else trip.dropoff
        way.append(stop.location)
    way.append(shift.end_location)
    points = [(float(instance.places[k].x), float(instance.places[k].y)) for k in way]
    return sum(dist(a, b) for a, b in pairwise(points))


def ticks_between(a: Place, b: Place) -> int:
    """The Euclidean distance in ticks, rounded up; exact, with no floating point on the way."""
    square = ((a.x - b.x) ** 2 + (a.y - b.y) ** 2) * TICKS**2
    ceiling = int(square.to_integral_value(ROUND_CEILING))
    return isqrt(ceiling - 1) + 1 if ceiling else 0


def parse_best_known(text: str) -> dict[str, BestKnown]:
    """`instance,optimum` or `instance,vehicles,cost` with a header line → best known by instance."""
    known: dict[str, BestKnown] = {}
    for number, line in enumerate(text.splitlines()[1:], start=2):
        if not line.strip():
            continue
        name, *figures = line.strip().split(",")
        try:
            cost = float(figures[-1])
            if not 0 < cost <= LARGEST_NUMBER:
                raise ValueError(cost)
            known[name] = BestKnown(cost, int(figures[0]) if len(figures) > 1 else None)
        except (ValueError, IndexError) as error:
            raise InstanceError(f"Line {number}: not a best known cost.") from error
    return known


def parse(name: str, text: str) -> Instance:
    """An instance of whichever format the text is in; raises InstanceError."""
    try:
        if text.lstrip().startswith("{"):
            return _parse_dynamic(name, text)
        rows = _rows(text)
        header = rows[0] if rows else _Row(1, ())
        if len(header.fields) == _DARP_HEADER:
            return _parse_darp(name, rows)
        if len(header.fields) == _PDPTW_HEADER:
            return _parse_pdptw(name, rows)
    except InvalidProblemError as error:
        raise InstanceError(f"{name} describes no problem: {error}") from error
    raise InstanceError(f"Line {header.line}: neither `K n T Q L` nor `K Q speed`.")


class _Row(NamedTuple):
    line: int
    fields: tuple[Decimal, ...]

    def whole(self, field: int) -> int:
        value = self.fields[field]
        if value != int(value):
            raise InstanceError(f"Line {self.line}: {value} is not a whole number.")
        return int(value)


def _rows(text: str) -> list[_Row]:
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                fields = tuple(Decimal(word) for word in line.split())
            except InvalidOperation as error:
                raise InstanceError(f"Line {number}: not a row of numbers.") from error
            if not all(field.is_finite() for field in fields):
                raise InstanceError(f"Line {number}: not a row of finite numbers.")
            if not all(map(_is_bounded, fields)):
                raise InstanceError(f"Line {number}: not a row of numbers up to {LARGEST_NUMBER}.")
            rows.append(_Row(number, fields))
    return rows


def _is_bounded(value: Decimal) -> bool:
    return value.is_finite() and -LARGEST_NUMBER <= value <= LARGEST_NUMBER


def _bounded(value: str | int | float | Decimal) -> Decimal:
    """A number of a JSON file, which may also stand there as a text."""
    number = Decimal(value)
    if not _is_bounded(number):
        raise ValueError(f"{number} is not a number up to {LARGEST_NUMBER}")
    return number


def _nodes(rows: list[_Row], width: int) -> dict[int, _Row]:
    """Rows by node number, which must run from 0 without a gap."""
    for expected, row in enumerate(rows):
        if len(row.fields) != width:
            raise InstanceError(f"Line {row.line}: {width} fields are due.")
        if row.whole(0) != expected:
            raise InstanceError(f"Line {row.line}: node {expected} is due.")
    return dict(enumerate(rows))


class _Request(NamedTuple):
    """One request in file units: windows, service and place of both ends."""

    pickup: int
    dropoff: int
    load: int
    pickup_stop: _Stop
    dropoff_stop: _Stop


class _Stop(NamedTuple):
    location: int
    earliest: Decimal
    latest: Decimal
    service: Decimal

    def in_ticks(self) -> Stop:
        return Stop(
            location=self.location,
            earliest_s=_up(self.earliest),
            latest_s=_down(self.latest),
            service_s=_up(self.service),
        )


class _Fleet(NamedTuple):
    """Vehicles that are all alike, in file units; None is no limit."""

    vehicles: int
    seats: int
    opens: Decimal
    closes: Decimal
    max_duration: Decimal | None
    max_ride: Decimal | None
    end_location: int


def _parse_darp(name: str, rows: list[_Row]) -> Instance:
    head = rows[0]
    count, n, seats = head.whole(0), head.whole(1), head.whole(3)
    nodes = _nodes(rows[1:], 7)
    if len(nodes) not in (2 * n + 1, 2 * n + 2):
        raise InstanceError(f"{n} requests need {2 * n + 2} rows; there are {len(nodes)}.")
    stops = {i: _Stop(i, row.fields[5], row.fields[6], row.fields[3]) for i, row in nodes.items()}
    requests = [
        _Request(i, n + i, nodes[i].whole(4), stops[i], stops[n + i]) for i in range(1, n + 1)
    ]
    last = len(nodes) - 1
    fleet = _Fleet(
        vehicles=count,
        seats=seats,
        opens=stops[0].earliest,
        closes=stops[0].latest,
        max_duration=head.fields[2],
        max_ride=head.fields[4],
        end_location=last if last == 2 * n + 1 else 0,
    )
    places = tuple(Place(row.fields[1], row.fields[2]) for row in nodes.values())
    return _instance(name, Family.DARP, fleet, requests, places)


def _parse_pdptw(name: str, rows: list[_Row]) -> Instance:
    head = rows[0]
    if head.fields[2] not in (0, 1):  # 0 stands for "not used" in some of the published files
        raise InstanceError(f"Line {head.line}: only speed 1 is known.")
    nodes = _nodes(rows[1:], 9)
    if not nodes:
        raise InstanceError("There is no depot.")
    stops = {i: _Stop(i, row.fields[4], row.fields[5], row.fields[6]) for i, row in nodes.items()}
    requests = []
    for i, row in nodes.items():
        partner = row.whole(8)
        if not partner:
            continue
        if partner not in nodes or nodes[partner].whole(7) != i:
            raise InstanceError(f"Line {row.line}: node {partner} is not the delivery of {i}.")
        requests.append(_Request(i, partner, row.whole(3), stops[i], stops[partner]))
    if 2 * len(requests) + 1 != len(nodes):
        raise InstanceError("Some node is neither the depot nor an end of a request.")
    fleet = _Fleet(head.whole(0), head.whole(1), stops[0].earliest, stops[0].latest, None, None, 0)
    places = tuple(Place(row.fields[1], row.fields[2]) for row in nodes.values())
    return _instance(name, Family.PDPTW, fleet, requests, places)


def _parse_dynamic(name: str, text: str) -> Instance:
    try:
        data = json.loads(text, parse_float=_bounded, parse_int=_bounded)
        facts, listed = data["static_info"], data["requests"]
        requests = [_dynamic_request(item, len(listed)) for item in listed]
        fleet = _Fleet(
            vehicles=int(facts["number_of_vehicles"]),
            seats=int(facts["vehicle_capacity"]),
            opens=Decimal(0),
            closes=_bounded(facts["planing_horizon"]),  # spelled so in the files
            max_duration=_bounded(facts["max_route_time"]),
            max_ride=_bounded(facts["max_ride_time"]),
            end_location=0,
        )
        at = {request.pickup: item["pickup_location"] for request, item in _zip(requests, listed)}
        at |= {r.dropoff: item["delivery_location"] for r, item in _zip(requests, listed)}
        at[0] = facts["depot_location"]
        places = tuple(_point(at[node]) for node in range(len(at)))
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise InstanceError(f"{name} is no dynamic instance: {error!r}") from error
    return _instance(name, Family.DARP_DYNAMIC, fleet, requests, places, note=_STATIC_NOTE)


def _zip(requests: list[_Request], listed: list[Any]) -> list[tuple[_Request, Any]]:
    return list(zip(requests, listed, strict=True))


def _dynamic_request(item: dict[str, Any], n: int) -> _Request:
    node = int(item["id"])
    ends = [
        _Stop(
            place,
            _bounded(item[f"{end}_lower_tw"]),
            _bounded(item[f"{end}_upper_tw"]),
            _bounded(item[f"{end}_service_time"]),
        )
        for end, place in (("pickup", node), ("delivery", n + node))
    ]
    return _Request(node, n + node, int(item["load"]), *ends)


def _point(place: dict[str, Any]) -> Place:
    return Place(_bounded(place["x_coord"]), _bounded(place["y_coord"]))


def _instance(
    name: str,
    family: Family,
    fleet: _Fleet,
    requests: list[_Request],
    places: tuple[Place, ...],
    note: str = "",
) -> Instance:
    if fleet.vehicles > LARGEST_FLEET:
        raise InstanceError(f"{fleet.vehicles} vehicles are too many: up to {LARGEST_FLEET}.")
    problem = Problem(
        trips=tuple(_trip(request, fleet) for request in requests),
        shifts=tuple(_shift(number, fleet) for number in range(1, fleet.vehicles + 1)),
        travel=_travel(places),
        settings=Settings(
            pooling=Pooling.unrestricted(),
            transition_margin_s=0,
            weights=_weights(family),
        ),
    )
    nodes = {Visit(str(r.pickup), VisitKind.PICKUP): r.pickup for r in requests}
    nodes |= {Visit(str(r.pickup), VisitKind.DROPOFF): r.dropoff for r in requests}
    return Instance(
        name=name, family=family, problem=problem, places=places, nodes=nodes, note=note
    )


def _trip(request: _Request, fleet: _Fleet) -> Trip:
    max_ride = fleet.closes if fleet.max_ride is None else fleet.max_ride
    return Trip(
        id=str(request.pickup),
        pickup=request.pickup_stop.in_ticks(),
        dropoff=request.dropoff_stop.in_ticks(),
        max_ride_s=_down(max_ride),
        load=Load(seats=request.load),
    )


def _shift(number: int, fleet: _Fleet) -> Shift:
    return Shift(
        id=f"{number:03}",
        driver=f"{number:03}",
        vehicle=f"{number:03}",
        start_location=0,
        end_location=fleet.end_location,
        start_s=_up(fleet.opens),
        end_s=_down(fleet.closes),
        configurations=(Load(seats=fleet.seats),),
        max_duration_s=None if fleet.max_duration is None else _down(fleet.max_duration),
    )


def _travel(places: tuple[Place, ...]) -> TravelTimes:
    table = tuple(tuple(ticks_between(a, b) for b in places) for a in places)
    return TravelTimes(seconds=table, metres=table, source="euclidean")


def _weights(family: Family) -> Weights:
    """Requests first, then (for goods) vehicles, then the way; nothing else has a price."""
    return Weights(
        unserved_low=UNSERVED,
        unserved_normal=UNSERVED,
        unserved_high=UNSERVED,
        unserved_vital=UNSERVED,
        driving_per_s=1,
        excess_ride_per_s=0,
        used_shift=VEHICLE if family is Family.PDPTW else 0,
        fairness_per_trip_squared=0,
    )


def _rounded(mode: str) -> Callable[[Decimal], int]:
    return lambda value: int((value * TICKS).to_integral_value(mode))


_up, _down = _rounded(ROUND_CEILING), _rounded(ROUND_FLOOR)
