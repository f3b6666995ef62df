"""Draws the way through places for the map: along roads where OSRM knows them, else as the crow flies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from dispatch.engine.travel import Point, estimate
from dispatch.notes import Note, NoteKey
from dispatch.roads.breaker import breaker_for
from dispatch.roads.client import Answer, OsrmAnswerError, OsrmClient, OsrmError
from dispatch.roads.provider import UNHURRIED
from dispatch.roads.tables import amount, snap_distances
from dispatch.roads.values import (
    ESTIMATE,
    MIXED,
    OSRM,
    RoadLimits,
    RoadRoute,
    coordinates,
    place_of,
)

_Piece = tuple[tuple[Point, ...], float, float, bool]  # geometry, seconds, metres, is it by road


def route(
    points: tuple[Point, ...],
    *,
    detour_factor: float = 1.35,
    speed_kmh: float = 32.0,
    osrm_url: str | None,
    limits: RoadLimits = UNHURRIED,
) -> RoadRoute:
    """The line through the points in their order; straight, and said so, where no road is known.

    Never raises for a road server that fails. Raises ValueError for fewer than two points.
    """
    if len(points) < 2:
        raise ValueError("A line needs at least two points.")
    guess = (detour_factor, speed_kmh)
    if not osrm_url:
        return _joined([_straight(points, guess)], (), has_server=False)
    pieces: list[_Piece] = []
    notes: list[Note] = []
    with OsrmClient(osrm_url, limits=limits, breaker=breaker_for(osrm_url, limits)) as client:
        for part in _overlapping(points, limits.max_route_points):
            try:
                pieces += _part(client, part, limits, guess)
            except OsrmError as error:
                notes.append(error.note)
                pieces.append(_straight(part, guess))
    return _joined(pieces, tuple(dict.fromkeys(notes)), has_server=True)


def _overlapping(points: tuple[Point, ...], most: int) -> Iterator[tuple[Point, ...]]:
    """Parts of at most `most` points; each begins where the one before ended."""
    for start in range(0, len(points) - 1, most - 1):
        yield points[start : start + most]


def _part(
    client: OsrmClient, points: tuple[Point, ...], limits: RoadLimits, guess: tuple[float, float]
) -> list[_Piece]:
    """By road; legs that touch a place outside the map are straight, and the rest is asked again."""
    piece, snaps = _by_road(client, points)
    far = [snap > limits.max_snap_m for snap in snaps]
    if not any(far):
        return [piece]
    pieces: list[_Piece] = []
    for run, is_road in _runs(points, far):
        pieces.append(_by_road(client, run)[0] if is_road else _straight(run, guess))
    return pieces


def _runs(points: Sequence[Point], far: Sequence[bool]) -> Iterator[tuple[tuple[Point, ...], bool]]:
    """Longest stretches of legs of one kind; a leg is by road when both its ends lie at one."""
    by_road = [not far[i] and not far[i + 1] for i in range(len(points) - 1)]
    start = 0
    for i in range(1, len(by_road) + 1):
        if i == len(by_road) or by_road[i] != by_road[start]:
            yield tuple(points[start : i + 1]), by_road[start]
            start = i


def _straight(points: tuple[Point, ...], guess: tuple[float, float]) -> _Piece:
    seconds = metres = 0
    for a, b in pairwise(points):
        leg = estimate((a, b), detour_factor=guess[0], speed_kmh=guess[1])
        seconds += leg.seconds[0][1]
        metres += leg.metres[0][1]
    return points, seconds, metres, False


def _by_road(client: OsrmClient, points: tuple[Point, ...]) -> tuple[_Piece, list[float]]:
    path = coordinates(place_of(point) for point in points)
    return client.ask(
        f"/route/v1/driving/{path}?overview=full&geometries=geojson&steps=false&generate_hints=false",
        lambda answer: _read_route(answer, len(points)),
    )


def _read_route(answer: Answer, size: int) -> tuple[_Piece, list[float]]:
    snaps = snap_distances(answer.get("waypoints"), size)
    routes = answer.get("routes")
    best = routes[0] if isinstance(routes, list) and routes else None
    geometry = best.get("geometry") if isinstance(best, dict) else None
    line = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(best, dict) or not isinstance(line, list) or not line:
        raise OsrmAnswerError(NoteKey.ROAD_NO_LINE)
    piece = (
        tuple(_read_point(pair) for pair in line),
        amount(best.get("duration")),
        amount(best.get("distance")),
        True,
    )
    return piece, snaps


def _read_point(pair: object) -> Point:
    """GeoJSON, longitude first."""
    match pair:
        case [int() | float() as lon, int() | float() as lat] if (
            -180 <= lon <= 180 and -90 <= lat <= 90
        ):
            return Point(lat=lat, lon=lon)
    raise OsrmAnswerError(NoteKey.ROAD_NO_LINE)


def _joined(pieces: list[_Piece], complaints: tuple[Note, ...], *, has_server: bool) -> RoadRoute:
    kinds = {is_road for _geometry, _seconds, _metres, is_road in pieces}
    source = MIXED if len(kinds) == 2 else OSRM if True in kinds else ESTIMATE
    geometry: list[Point] = []
    for line, _seconds, _metres, _is_road in pieces:
        geometry += line[1:] if geometry and geometry[-1] == line[0] else line
    notes = complaints
    if source != OSRM:
        notes = (*notes, Note.of(NoteKey.STRAIGHT_LINES))
    return RoadRoute(
        geometry=tuple(geometry),
        seconds=round(sum(piece[1] for piece in pieces)),
        metres=round(sum(piece[2] for piece in pieces)),
        source=source,
        is_degraded=has_server and source != OSRM,
        notes=notes,
    )
