"""Answers how long it takes from each place to each other: by OSRM where it can, else by estimate, and says which."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from dispatch.engine.travel import FREE_FLOW_PERMILLE, Point, TravelTimes, estimate
from dispatch.notes import Note, NoteKey
from dispatch.roads import pair_cache, tables
from dispatch.roads.breaker import breaker_for
from dispatch.roads.client import Answer, OsrmAnswerError, OsrmClient, OsrmError
from dispatch.roads.kept import Kept
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

_estimates: Kept[TravelTimes] = Kept()
_answers: Kept[RoadAnswer] = Kept()


def forget_tables() -> None:
    """What this process keeps of travel tables (a test begins)."""
    _estimates.forget()
    _answers.forget()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guess:
    """How a pair is estimated when no road time is to be had."""

    detour_factor: float
    speed_kmh: float
    traffic_permille: tuple[int, ...]

    def of(self, points: tuple[Point, ...]) -> TravelTimes:
        key = (self, points)
        times = _estimates.find(key)
        if times is None:
            times = estimate(
                points,
                detour_factor=self.detour_factor,
                speed_kmh=self.speed_kmh,
                traffic_permille=self.traffic_permille,
            )
            _estimates.keep(key, times, len(points))
        return times


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
    return _Question(points, places, guess, osrm_url, limits, started).answer()


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


@dataclass(frozen=True, slots=True)
class _Question:
    """What one caller asks of a road server."""

    points: tuple[Point, ...]
    places: list[Place]
    guess: _Guess
    url: str
    limits: RoadLimits
    started: float

    def answer(self) -> RoadAnswer:
        """The server says each time which map it serves: only what it said of that very map is shown again."""
        known = Known.nothing_of(self.places)
        with OsrmClient(
            self.url, limits=self.limits, breaker=breaker_for(self.url, self.limits)
        ) as client:
            try:
                nearest = f"/nearest/v1/driving/{coordinates(self.places[:1])}"
                version = client.ask(nearest, _read_version)
            except OsrmError as error:
                # The server is silent: what it said of the map it last served still holds.
                last = pair_cache.last_version(self.url)
                pair_cache.load(known, pair_cache.scope(self.url, last, self.limits))
                return self._completed(known, error.note)
            return self._of_map(client, known, version)

    def _of_map(self, client: OsrmClient, known: Known, version: str | None) -> RoadAnswer:
        """Kept by map, points in their order and what estimates are made of, where the map has a name and none failed."""
        scope = pair_cache.scope(self.url, version, self.limits)
        if version:
            pair_cache.remember_version(self.url, version)
        key = (scope, self.points, self.guess)
        if (kept := _answers.find(key)) is not None:
            return replace(kept, seconds_taken=self._seconds())
        complaint = _ask_missing(client, known, scope, self.limits)
        answer = self._completed(known, complaint)
        if version and complaint is None:
            _answers.keep(key, answer, len(self.points))
        return answer

    def _seconds(self) -> float:
        return time.monotonic() - self.started

    def _completed(self, known: Known, complaint: Note | None) -> RoadAnswer:
        """What is known as tables over the points asked, with estimates where the road server has no time."""
        row_of = {place: i for i, place in enumerate(known.places)}
        index = np.array([row_of[place_of(point)] for point in self.points])
        wanted = np.ix_(index, index)
        gaps = int((known.seconds[wanted] < 0).sum())
        source = OSRM if not gaps else MIXED if _has_roads(known) else ESTIMATE
        seconds, metres = _filled(known, self.guess)
        return RoadAnswer(
            times=TravelTimes(
                seconds=_tuples(seconds[wanted]),
                metres=_tuples(metres[wanted]),
                traffic_permille=self.guess.traffic_permille,
                source=source,
            ),
            source=source,
            is_degraded=gaps > 0,
            notes=_notes(known, complaint, gaps, pairs=len(index) * (len(index) - 1)),
            seconds_taken=self._seconds(),
            estimated_pairs=gaps,
            far_points=tuple(np.flatnonzero(known.far[index]).tolist()),
        )


def _ask_missing(client: OsrmClient, known: Known, scope: str, limits: RoadLimits) -> Note | None:
    """Block by block, so that what came before a failure is kept; returns that failure."""
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
