"""Which pairs are asked together, and whether what comes back is a table of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from dispatch.notes import NoteKey
from dispatch.roads.client import Answer, OsrmAnswerError, OsrmClient
from dispatch.roads.values import Gap, Known, Place, RoadLimits, Table, coordinates

# Longer than any drive (115 days, 10 000 km): a larger number is a wrong answer.
_MOST = 10_000_000

Block = tuple[list[int], list[int]]
_Flags = NDArray[np.bool_]
_ReadTable = tuple[_Flags, _Flags, Table, Table]  # far rows, far columns, seconds or Gap, metres


def blocks(known: Known, max_table: int) -> Iterator[Block]:
    """Rows and columns that together hold every missing pair, at most `max_table` of each.

    Places with the most missing pairs stand together, and a block leaves out rows and columns that
    miss nothing: a day with one new place among known ones asks for that place's row and column only.
    Blocks share no pair, so that filling one while iterating changes no later one.
    """
    missing = known.seconds == Gap.UNKNOWN
    order = np.argsort(-(missing.sum(axis=0) + missing.sum(axis=1)), kind="stable")
    chunks = [order[k : k + max_table] for k in range(0, len(order), max_table)]
    for sources in chunks:
        for targets in chunks:
            for part in _rectangles(missing[np.ix_(sources, targets)]):
                yield sources[part.any(axis=1)].tolist(), targets[part.any(axis=0)].tolist()


def _rectangles(missing: _Flags) -> Iterator[_Flags]:
    """Rows that miss most of their pairs apart from rows that miss a few: else a cross asks for all."""
    is_most = missing.mean(axis=1) > 0.5
    for rows in (is_most, ~is_most):
        part = missing & rows[:, None]
        if part.any():
            yield part


def ask_block(client: OsrmClient, known: Known, block: Block, limits: RoadLimits) -> None:
    """Writes the block as OSRM times it into what is known; raises OsrmError and then writes nothing."""
    rows, columns = block
    far_rows, far_columns, seconds, metres = client.ask(
        _table_path(known.places, block),
        lambda answer: _read_table(answer, block, limits.max_snap_m),
    )
    where = np.ix_(rows, columns)
    known.seconds[where], known.metres[where] = seconds, metres
    np.fill_diagonal(known.seconds, 0)
    np.fill_diagonal(known.metres, 0)
    known.far[np.array(rows)[far_rows]] = True
    known.far[np.array(columns)[far_columns]] = True
    known.fresh[rows] = True


def _table_path(places: Sequence[Place], block: Block) -> str:
    rows, columns = block
    asked = list(dict.fromkeys(rows + columns))
    position = {place: k for k, place in enumerate(asked)}
    sources = ";".join(str(position[i]) for i in rows)
    destinations = ";".join(str(position[j]) for j in columns)
    return (
        f"/table/v1/driving/{coordinates(places[i] for i in asked)}"
        f"?annotations=duration,distance&generate_hints=false"
        f"&sources={sources}&destinations={destinations}"
    )


def _read_table(answer: Answer, block: Block, max_snap_m: float) -> _ReadTable:
    height, width = len(block[0]), len(block[1])
    # OSRM answers for the nearest road however far; only the snapping distance tells.
    far_rows = np.array(snap_distances(answer.get("sources"), height)) > max_snap_m
    far_columns = np.array(snap_distances(answer.get("destinations"), width)) > max_snap_m
    seconds = _amounts(answer.get("durations"), height, width)
    metres = _amounts(answer.get("distances"), height, width)
    no_way = np.isnan(seconds) | np.isnan(metres)
    far = far_rows[:, None] | far_columns[None, :]
    whole_seconds = np.ceil(np.where(no_way | far, 0, seconds)).astype(np.int32)
    whole_seconds[no_way] = Gap.UNROUTABLE
    whole_seconds[far] = Gap.FAR
    return (
        far_rows,
        far_columns,
        whole_seconds,
        np.rint(np.where(no_way | far, 0, metres)).astype(np.int32),
    )


def _amounts(value: object, height: int, width: int) -> NDArray[np.float64]:
    """A table of the wanted size, NaN where OSRM says null (no way); raises OsrmAnswerError."""
    if not isinstance(value, list) or len(value) != height:
        raise OsrmAnswerError(NoteKey.ROAD_TABLE_INCOMPLETE)
    if any(not isinstance(row, list) or len(row) != width for row in value):
        raise OsrmAnswerError(NoteKey.ROAD_TABLE_INCOMPLETE)
    # By type and not by conversion: numpy would take "12" and true for numbers.
    if any(not {type(cell) for cell in row} <= {int, float, type(None)} for row in value):
        raise OsrmAnswerError(NoteKey.ROAD_NO_NUMBER)
    try:
        table = np.array(value, dtype=np.float64)
    except OverflowError as error:
        raise _impossible() from error
    if ((table < 0) | (table > _MOST)).any():
        raise _impossible()
    return table


def snap_distances(value: object, size: int) -> list[float]:
    """Metres from each place asked to the road it was put on; raises OsrmAnswerError."""
    if not isinstance(value, list) or len(value) != size:
        raise OsrmAnswerError(NoteKey.ROAD_NO_SNAP)
    return [amount(place.get("distance") if isinstance(place, dict) else None) for place in value]


def amount(value: object) -> float:
    """A finite, non-negative number; raises OsrmAnswerError (true is no number)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OsrmAnswerError(NoteKey.ROAD_NO_NUMBER)
    if not isfinite(value) or value < 0:
        raise _impossible()
    return value


def _impossible() -> OsrmAnswerError:
    return OsrmAnswerError(NoteKey.ROAD_IMPOSSIBLE)
