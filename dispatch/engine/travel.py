"""Travel between locations: integer seconds and metres, and how traffic stretches them over the day.

Traffic is taken at the hour of the stop that the vehicle leaves (see `Problem.leg_s`), not at the
exact departure second: an arc between two stops then has one duration, so the feasibility and
ride-time theory of the static dial-a-ride problem stays exact, and leaving later never arrives earlier.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import asin, ceil, cos, radians, sin, sqrt
from typing import Any, Self

from dispatch.engine.errors import InvalidProblemError

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
FREE_FLOW_PERMILLE = 1000

Matrix = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """WGS84 degrees."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise InvalidProblemError(f"Not a place on earth: {self.lat}, {self.lon}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelTimes:
    """Square tables over location indices, and the traffic of each hour since the day's midnight.

    `seconds[i][j]` and `metres[i][j]` go from i to j with no traffic; `traffic_permille[h]` stretches
    seconds in the h-th hour (1000 = free flow; the last hour's value holds on). Lengths in hours follow
    the local day: 23, 24 or 25. Raises InvalidProblemError for ragged, negative or non-zero-diagonal tables.
    """

    seconds: Matrix
    metres: Matrix
    traffic_permille: tuple[int, ...] = (FREE_FLOW_PERMILLE,)
    source: str = "estimate"  # "osrm", "estimate", "euclidean": each result says which it was
    # What is worked out from these tables alone, for the stops asked last: see `network`.
    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        size = len(self.seconds)
        for name, table in (("seconds", self.seconds), ("metres", self.metres)):
            if len(table) != size or any(len(row) != size for row in table):
                raise InvalidProblemError(f"The table of {name} is not square.")
            if any(min(row) < 0 for row in table if row):
                raise InvalidProblemError(f"The table of {name} holds a negative value.")
            if any(table[i][i] for i in range(size)):
                raise InvalidProblemError(f"The table of {name} has a way from a place to itself.")
        if not self.traffic_permille or min(self.traffic_permille) <= 0:
            raise InvalidProblemError("Traffic needs a positive factor for each hour.")

    @property
    def size(self) -> int:
        return len(self.seconds)

    def traffic_at(self, second: int) -> int:
        """Permille by which travel is stretched at this second of the day."""
        hour = min(max(second, 0) // 3600, len(self.traffic_permille) - 1)
        return self.traffic_permille[hour]

    def to_json(self) -> dict[str, Any]:
        return {
            "seconds": [list(row) for row in self.seconds],
            "metres": [list(row) for row in self.metres],
            "traffic_permille": list(self.traffic_permille),
            "source": self.source,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(
            seconds=tuple(tuple(row) for row in data["seconds"]),
            metres=tuple(tuple(row) for row in data["metres"]),
            traffic_permille=tuple(data["traffic_permille"]),
            source=data["source"],
        )


def haversine_m(a: Point, b: Point) -> float:
    """Great-circle metres (Sinnott 1984)."""
    d_lat, d_lon = radians(b.lat - a.lat), radians(b.lon - a.lon)
    h = sin(d_lat / 2) ** 2 + cos(radians(a.lat)) * cos(radians(b.lat)) * sin(d_lon / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(h))


def estimate(
    points: tuple[Point, ...],
    *,
    detour_factor: float = 1.35,
    speed_kmh: float = 32.0,
    traffic_permille: tuple[int, ...] = (FREE_FLOW_PERMILLE,),
) -> TravelTimes:
    """Tables from straight lines: metres = haversine × detour factor, seconds = metres at one speed.

    The defaults are those of a town with a lake in its middle (roads are 1.3–1.4 × the straight line).
    """
    if detour_factor < 1 or speed_kmh <= 0:
        raise InvalidProblemError("A detour factor is at least 1 and a speed is positive.")
    metres = _there_and_back(points, detour_factor)
    known = _Paced(3.6 / speed_kmh)
    seconds = tuple(tuple(map(known.__getitem__, row)) for row in metres)
    return TravelTimes(
        seconds=seconds,
        metres=metres,
        traffic_permille=traffic_permille,
        source="estimate",
    )


class _Paced(dict[int, int]):
    """Metres → whole seconds, rounded up, at one pace (seconds a metre)."""

    def __init__(self, pace: float) -> None:
        super().__init__()
        self._pace = pace

    def __missing__(self, metres: int) -> int:
        seconds = self[metres] = ceil(metres * self._pace)
        return seconds


def _there_and_back(points: tuple[Point, ...], detour_factor: float) -> Matrix:
    """Metres of each pair, worked out one way: a straight line is as long back, to the last bit."""
    rows = [[0] * len(points) for _ in points]
    for i, a in enumerate(points):
        row = rows[i]
        for j in range(i):
            row[j] = rows[j][i] = round(haversine_m(a, points[j]) * detour_factor)
    return tuple(map(tuple, rows))
