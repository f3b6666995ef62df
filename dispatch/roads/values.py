"""What a road provider is asked within and what it answers: limits, tables and lines, each saying its source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dispatch.engine.travel import Point, TravelTimes
from dispatch.notes import Note

ATTRIBUTION = "© OpenStreetMap contributors"
LICENCE = "Open Database License (ODbL) 1.0, https://www.openstreetmap.org/copyright"

OSRM, ESTIMATE, MIXED = "osrm", "estimate", "osrm+estimate"

# Degrees × 1e5, about one metre: the same home geocoded twice is one place, and integers are exact keys.
Place = tuple[int, int]
PLACE_SCALE = 100_000


class Gap(IntEnum):
    """Why a pair has no time; negative, so that it stands where the seconds would."""

    UNROUTABLE = -1
    FAR = -2  # an end lies too far from any road of the map: the answer would be for somewhere else
    UNKNOWN = -3  # not heard yet


Table = NDArray[np.int32]


@dataclass(slots=True)
class Known:
    """What one run knows so far of the pairs between its places."""

    places: list[Place]
    seconds: Table  # or a Gap
    metres: Table
    far: NDArray[np.bool_]  # places too far from any road
    fresh: NDArray[np.bool_]  # places whose row holds something that the cache does not

    @classmethod
    def nothing_of(cls, places: list[Place]) -> Self:
        size = len(places)
        seconds = np.full((size, size), Gap.UNKNOWN, dtype=np.int32)
        np.fill_diagonal(seconds, 0)
        return cls(
            places,
            seconds,
            np.zeros((size, size), dtype=np.int32),
            np.zeros(size, dtype=np.bool_),
            np.zeros(size, dtype=np.bool_),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadLimits:
    """How long and how hard a road server is asked; the defaults leave a 10 s run 5 s to plan."""

    max_table: int = 100  # places a side in one request; OSRM's own default limit
    max_route_points: int = 100
    connect_s: float = 1.0
    read_s: float = 2.0
    total_s: float = 5.0
    retries: int = 2
    max_snap_m: float = 500.0
    max_answer_bytes: int = 64 * 1024 * 1024
    breaker_failures: int = 3
    breaker_open_s: float = 30.0

    def __post_init__(self) -> None:
        if self.max_table < 2 or self.max_route_points < 2:
            raise ValueError("A request holds at least two places.")
        if not 0 <= self.retries <= 2:
            raise ValueError("A failed request is sent again at most twice.")
        if min(self.connect_s, self.read_s, self.total_s, self.max_snap_m) <= 0:
            raise ValueError("Limits are positive.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadAnswer:
    """Travel times between the points asked, in their order.

    `is_degraded`: a road server is set and at least one pair is an estimate all the same.
    `far_points`: indices of points too far from any road of the server's map.
    `notes` are for a dispatcher; they name no place, since a place may be a patient's home.
    """

    times: TravelTimes
    source: str
    is_degraded: bool
    notes: tuple[Note, ...]
    seconds_taken: float
    estimated_pairs: int = 0
    far_points: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadRoute:
    """One line through the points asked, for the map; seconds are free flow."""

    geometry: tuple[Point, ...]
    seconds: int
    metres: int
    source: str
    is_degraded: bool
    notes: tuple[Note, ...]


def place_of(point: Point) -> Place:
    return round(point.lat * PLACE_SCALE), round(point.lon * PLACE_SCALE)


def point_of(place: Place) -> Point:
    return Point(lat=place[0] / PLACE_SCALE, lon=place[1] / PLACE_SCALE)


def coordinates(places: Iterable[Place]) -> str:
    """Places as OSRM's paths want them: longitude first."""
    return ";".join(f"{lon / PLACE_SCALE:.5f},{lat / PLACE_SCALE:.5f}" for lat, lon in places)
