"""Judges a line of `plan_instance` by its file alone: real numbers, the formats' own words, none of our code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from math import dist, inf
from pathlib import Path
from typing import Any

EPSILON = 1e-6


@dataclass(frozen=True)
class Node:
    x: float
    y: float
    service: float
    load: float
    earliest: float
    latest: float


@dataclass(frozen=True)
class Published:
    vehicles: int
    capacity: float
    max_duration: float
    max_ride: float
    depot: Node
    end: Node
    nodes: dict[int, Node]
    dropoff_of: dict[int, int]


def read(path: Path) -> Published:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return _dynamic(json.loads(text))
    rows = [[float(word) for word in line.split()] for line in text.splitlines() if line.split()]
    return _darp(rows) if len(rows[0]) == 5 else _pdptw(rows)


def _darp(rows: list[list[float]]) -> Published:
    vehicles, n, duration, capacity, ride = rows[0]
    nodes = {int(r[0]): Node(r[1], r[2], r[3], r[4], r[5], r[6]) for r in rows[1:]}
    return Published(
        vehicles=int(vehicles),
        capacity=capacity,
        max_duration=duration,
        max_ride=ride,
        depot=nodes[0],
        end=nodes[max(nodes)] if max(nodes) > 2 * n else nodes[0],
        nodes=nodes,
        dropoff_of={i: i + int(n) for i in range(1, int(n) + 1)},
    )


def _pdptw(rows: list[list[float]]) -> Published:
    nodes = {int(r[0]): Node(r[1], r[2], r[6], r[3], r[4], r[5]) for r in rows[1:]}
    return Published(
        vehicles=int(rows[0][0]),
        capacity=rows[0][1],
        max_duration=inf,
        max_ride=inf,
        depot=nodes[0],
        end=nodes[0],
        nodes=nodes,
        dropoff_of={int(r[0]): int(r[8]) for r in rows[1:] if r[8]},
    )


def _dynamic(data: dict[str, Any]) -> Published:
    facts, requests = data["static_info"], data["requests"]
    place = facts["depot_location"]
    depot = Node(place["x_coord"], place["y_coord"], 0, 0, 0, facts["planing_horizon"])
    nodes: dict[int, Node] = {}
    for item in requests:
        for end, number, sign in (
            ("pickup", item["id"], 1),
            ("delivery", item["id"] + len(requests), -1),
        ):
            at = item[f"{end}_location"]
            nodes[number] = Node(
                at["x_coord"],
                at["y_coord"],
                item[f"{end}_service_time"],
                sign * item["load"],
                item[f"{end}_lower_tw"],
                item[f"{end}_upper_tw"],
            )
    return Published(
        vehicles=facts["number_of_vehicles"],
        capacity=facts["vehicle_capacity"],
        max_duration=facts["max_route_time"],
        max_ride=facts["max_ride_time"],
        depot=depot,
        end=depot,
        nodes=nodes,
        dropoff_of={item["id"]: item["id"] + len(requests) for item in requests},
    )


def faults(path: Path, line: dict[str, Any]) -> list[str]:
    """What is wrong with the plan in this line; [] when it is one."""
    file = read(path)
    starts = {int(node): start for node, start in line["starts"].items()}
    visited = [node for route in line["routes"] for node in route]
    planned = [node for node in visited if node in file.dropoff_of]
    found = []
    if len(set(visited)) != len(visited) or set(visited) != set(starts):
        found.append("a node is visited twice or has no start")
    if line["served"] != len(planned) or line["unserved"] != len(file.dropoff_of) - len(planned):
        found.append("wrong count of requests")
    if len(line["routes"]) != line["vehicles"] or line["vehicles"] > file.vehicles:
        found.append("wrong count of vehicles")
    for route in line["routes"]:
        found += [f"{route}: {fault}" for fault in _route_faults(file, route, starts)]
    length = sum(_length(file, route) for route in line["routes"])
    if abs(length - line["cost"]) > 0.005 + EPSILON:
        found.append(f"cost {line['cost']} is {length}")
    return found


def _route_faults(file: Published, route: list[int], starts: dict[int, float]) -> list[str]:
    found = []
    load, free, here = 0.0, file.depot.earliest, file.depot
    for position, number in enumerate(route):
        node, start = file.nodes[number], starts[number]
        if start < free + _way(here, node) - EPSILON:
            found.append(f"{number} begins before it is reached")
        if not node.earliest - EPSILON <= start <= node.latest + EPSILON:
            found.append(f"{number} begins outside its window")
        load += node.load
        if not -EPSILON <= load <= file.capacity + EPSILON:
            found.append(f"load {load} after {number}")
        found += _ride_faults(file, route[position:], starts)
        free, here = start + node.service, node
    if abs(load) > EPSILON:
        found.append("somebody stays on board")
    back = free + _way(here, file.end)
    if back > file.end.latest + EPSILON:
        found.append("home after the horizon")
    leave = starts[route[0]] - _way(file.depot, file.nodes[route[0]])
    if back - leave > file.max_duration + EPSILON:
        found.append("the tour takes too long")
    return found


def _ride_faults(file: Published, rest: list[int], starts: dict[int, float]) -> list[str]:
    """What is wrong with the ride that begins at the first node of `rest`, if one does."""
    number = rest[0]
    partner = file.dropoff_of.get(number)
    if partner is None:
        return []
    if partner not in rest:
        return [f"{partner} does not follow {number}"]
    ride = starts[partner] - starts[number] - file.nodes[number].service
    return [f"{number} rides too long"] if ride > file.max_ride + EPSILON else []


def _length(file: Published, route: list[int]) -> float:
    way = [file.depot, *(file.nodes[number] for number in route), file.end]
    return sum(_way(a, b) for a, b in pairwise(way))


def _way(a: Node, b: Node) -> float:
    return dist((a.x, a.y), (b.x, b.y))
