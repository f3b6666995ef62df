"""Answers how long it takes from each place to each other: by OSRM where it can, else by estimate, and says which."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from dispatch.engine.travel import FREE_FLOW_PERMILLE, Point, TravelTimes, estimate
from dispatch.notes import Note, NoteKey
from dispatch.roads import pair_cache, tables
from dispatch.roads.breaker import breaker_for
from dispatch.roads.client import Answer, OsrmAnswerError, OsrmClient, OsrmError
from dispatch.roads.values import (
    ESTIMATE,
    MIXED,
    OSRM,
    Gap,
    Known,
    Place,
    RoadAnswer,
    RoadLimits,
    Table,
    coordinates,
    place_of,
    point_of,
)

UNHURRIED = RoadLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guess:
    """How a pair is estimated when no road time is to be had."""

    detour_factor: float
    speed_kmh: float
    traffic_permille: tuple[int, ...]

    def of(self, points: tuple[Point, ...]) -> TravelTimes:
        return estimate(
            points,
            detour_factor=self.detour_factor,
            speed_kmh=self.speed_kmh,
            traffic_permille=self.traffic_permille,
        )


def travel_times(
    points: tuple[Point, ...],
    *,
    traffic_permille: tuple[int, ...] = (FREE_FLOW_PERMILLE,),
    detour_factor: float = 1.35,
    speed_kmh: float = 32.0,
    osrm_url: str | None,
    limits: RoadLimits = UNHURRIED,
) -> RoadAnswer:
    """Square tables over the points, within `limits.total_s` plus the arithmetic of an estimate.

    With no `osrm_url` everything is estimated and that is no fault. With one, each pair is OSRM's, or
    an estimate that the notes account for; `is_degraded` is set then. Never raises for a road server
    or a cache that fails.
    """
    started = time.monotonic()
    guess = _Guess(
        detour_factor=detour_factor, speed_kmh=speed_kmh, traffic_permille=traffic_permille
    )
    if not osrm_url:
        note = Note.of(NoteKey.NO_ROAD_SERVER)
        return _estimated(points, guess, started, notes=(note,))
    places = list(dict.fromkeys(place_of(point) for point in points))
    if len(places) < 2:
        return _estimated(points, guess, started, notes=())
    known, complaint = _ask(places, osrm_url, limits)
    return _completed(points, known, complaint, guess, started)


def _estimated(
    points: tuple[Point, ...], guess: _Guess, started: float, *, notes: tuple[Note, ...]
) -> RoadAnswer:
    times = guess.of(points)
    return RoadAnswer(
        times=times,
        source=ESTIMATE,
        is_degraded=False,
        notes=notes,
        seconds_taken=time.monotonic() - started,
        estimated_pairs=len(points) * max(len(points) - 1, 0),
    )


def _ask(places: list[Place], url: str, limits: RoadLimits) -> tuple[Known, Note | None]:
    """Everything the cache and the server know, and why it is not more."""
    known = Known.nothing_of(places)
    with OsrmClient(url, limits=limits, breaker=breaker_for(url, limits)) as client:
        try:
            version = client.ask(f"/nearest/v1/driving/{coordinates(places[:1])}", _read_version)
        except OsrmError as error:
            # The server is silent: what it said of the map it last served still holds.
            last = pair_cache.last_version(url)
            pair_cache.load(known, pair_cache.scope(url, last, limits))
            return known, error.note
        return known, _ask_missing(client, known, version, limits)


def _ask_missing(
    client: OsrmClient, known: Known, version: str | None, limits: RoadLimits
) -> Note | None:
    """Block by block, so that what came before a failure is kept; returns that failure."""
    if version:
        pair_cache.remember_version(client.url, version)
    scope = pair_cache.scope(client.url, version, limits)
    rows = pair_cache.load(known, scope)
    complaint = None
    try:
        for block in tables.blocks(known, limits.max_table):
            tables.ask_block(client, known, block, limits)
    except OsrmError as error:
        complaint = error.note
    pair_cache.save(known, rows, scope)
    return complaint


def _read_version(answer: Answer) -> str | None:
    """Which map is served; None where the server was prepared without saying."""
    if not isinstance(answer.get("waypoints"), list):
        raise OsrmAnswerError(NoteKey.ROAD_NOT_OSRM)
    version = answer.get("data_version")
    return version if isinstance(version, str) and version else None


def _completed(
    points: tuple[Point, ...],
    known: Known,
    complaint: Note | None,
    guess: _Guess,
    started: float,
) -> RoadAnswer:
    """What is known as tables over the points asked, with estimates where the road server has no time."""
    row_of = {place: i for i, place in enumerate(known.places)}
    index = np.array([row_of[place_of(point)] for point in points])
    wanted = np.ix_(index, index)
    gaps = int((known.seconds[wanted] < 0).sum())
    source = OSRM if not gaps else MIXED if _has_roads(known) else ESTIMATE
    seconds, metres = _filled(known, guess)
    return RoadAnswer(
        times=TravelTimes(
            seconds=_tuples(seconds[wanted]),
            metres=_tuples(metres[wanted]),
            traffic_permille=guess.traffic_permille,
            source=source,
        ),
        source=source,
        is_degraded=gaps > 0,
        notes=_notes(known, complaint, gaps, pairs=len(index) * (len(index) - 1)),
        seconds_taken=time.monotonic() - started,
        estimated_pairs=gaps,
        far_points=tuple(np.flatnonzero(known.far[index]).tolist()),
    )


def _filled(known: Known, guess: _Guess) -> tuple[Table, Table]:
    """Seconds and metres of each pair; estimates are computed only when a pair needs one."""
    is_gap = known.seconds < 0
    if not is_gap.any():
        return known.seconds, known.metres
    guessed = guess.of(tuple(point_of(place) for place in known.places))
    return (
        np.where(is_gap, np.array(guessed.seconds, dtype=np.int32), known.seconds),
        np.where(is_gap, np.array(guessed.metres, dtype=np.int32), known.metres),
    )


def _tuples(table: Table) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(row) for row in table.tolist())


def _has_roads(known: Known) -> bool:
    answered = known.seconds >= 0
    np.fill_diagonal(answered, val=False)
    return bool(answered.any())


def _notes(known: Known, complaint: Note | None, gaps: int, *, pairs: int) -> tuple[Note, ...]:
    notes = [complaint] if complaint else []
    far = int(known.far.sum())
    if far:
        notes.append(Note.of(NoteKey.ROAD_PLACES_OFF_MAP, count=far))
    unroutable = int((known.seconds == Gap.UNROUTABLE).sum())
    if unroutable:
        notes.append(Note.of(NoteKey.ROAD_PAIRS_UNLINKED, count=unroutable))
    if gaps:
        notes.append(Note.of(NoteKey.ROADS_ESTIMATED, gaps=gaps, pairs=pairs))
    return tuple(notes)
