"""Remembers what OSRM said for pairs of places, for seven days and one version of the map.

One cache entry holds the pairs *from* one place. A day of 450 places has 202 500 pairs: as single
keys they took 5.5 s to write and 2.8 s to read in Valkey (two shared cores), as 450 rows well under 0.1 s.
"""

from __future__ import annotations

import hashlib
import logging
import pickle
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import numpy as np
from django.core.cache import cache
from django.core.cache.backends.base import InvalidCacheBackendError
from numpy.typing import NDArray
from redis.exceptions import RedisError

from dispatch.roads.values import Gap, Known, Place, RoadLimits

logger = logging.getLogger(__name__)

TTL_S = 7 * 24 * 3600
_PREFIX = "roads:1"
_MOST_ENTRIES = 2000  # a row beyond it forgets the places that this run did not ask for
_ENTRY = np.dtype([("to", "<i8"), ("seconds", "<i4"), ("metres", "<i4")])  # seconds or a Gap

Row = NDArray[np.void]
_Keys = NDArray[np.int64]

# What a cache that is away, full or filled by another program raises: a run goes on without it.
CACHE_ERRORS = (
    RedisError,
    OSError,
    InvalidCacheBackendError,
    pickle.UnpicklingError,
    EOFError,
    AttributeError,
    ImportError,
    IndexError,
)


def scope(url: str, version: str | None, limits: RoadLimits) -> str:
    """What answers may be shared: the same map of the same host under the same snapping limit.

    Without a version the full address stands for the map. With one the port does not count, because
    the local child gets a new port at each start. The week keeps any answer from being used when it is
    older than TTL_S although its row was written again later for other pairs.
    """
    host = urlsplit(url).hostname if version else url
    identity = f"{host}|{version}|{limits.max_snap_m}|{int(time.time() // TTL_S)}"
    return hashlib.sha256(identity.encode()).hexdigest()[:20]


def last_version(url: str) -> str | None:
    """The map that this address served when it was last heard; tells which rows a silent server left."""
    try:
        value = cache.get(_version_key(url))
    except CACHE_ERRORS as error:
        _say("read", error)
        return None
    return value if isinstance(value, str) else None


def remember_version(url: str, version: str) -> None:
    try:
        cache.set(_version_key(url), version, TTL_S)
    except CACHE_ERRORS as error:
        _say("written", error)


def load(known: Known, scope: str) -> list[Row]:
    """Writes cached pairs into what is known; returns the rows read, one a place, for `save`."""
    names = [_row_name(scope, place) for place in known.places]
    try:
        found = cache.get_many(names)
    except CACHE_ERRORS as error:
        _say("read", error)
        found = {}
    rows = [_decode(found.get(name)) for name in names]
    keys = _keys(known)
    order = np.argsort(keys)
    for i, row in enumerate(rows):
        if len(row):
            _merge(known, i, row, (keys[order], order))
    return rows


def _merge(known: Known, i: int, row: Row, sorted_keys: tuple[_Keys, NDArray[np.intp]]) -> None:
    """Entries for places of this run; an entry for the row's own place says that it is too far."""
    keys, order = sorted_keys
    at = np.minimum(np.searchsorted(keys, row["to"]), len(keys) - 1)
    here = keys[at] == row["to"]
    columns, entries = order[at[here]], row[here]
    known.far[i] |= bool((entries["seconds"][columns == i] == Gap.FAR).any())
    known.seconds[i, columns], known.metres[i, columns] = entries["seconds"], entries["metres"]
    known.seconds[i, i] = known.metres[i, i] = 0


def save(known: Known, rows: Sequence[Row], scope: str) -> None:
    """Keeps what is known beyond the rows that were loaded."""
    keys = _keys(known)
    entries = {
        _row_name(scope, known.places[i]): _merged(rows[i], _current(known, i, keys)).tobytes()
        for i in np.flatnonzero(known.fresh).tolist()
    }
    if not entries:
        return
    try:
        cache.set_many(entries, TTL_S)
    except CACHE_ERRORS as error:
        _say("written", error)


def _current(known: Known, i: int, keys: _Keys) -> Row:
    seconds = known.seconds[i].copy()
    seconds[i] = Gap.FAR if known.far[i] else Gap.UNKNOWN
    heard = seconds != Gap.UNKNOWN
    row = np.zeros(int(heard.sum()), dtype=_ENTRY)
    row["to"], row["seconds"], row["metres"] = keys[heard], seconds[heard], known.metres[i][heard]
    return row


def _merged(row: Row, current: Row) -> Row:
    others = row[~np.isin(row["to"], current["to"])]
    return (
        current if len(others) + len(current) > _MOST_ENTRIES else np.concatenate((current, others))
    )


def _decode(value: object) -> Row:
    if not isinstance(value, bytes) or len(value) % _ENTRY.itemsize:
        return np.zeros(0, dtype=_ENTRY)
    row = np.frombuffer(value, dtype=_ENTRY)
    is_sound = (row["seconds"] >= Gap.FAR) & (row["metres"] >= 0)
    return row if is_sound.all() else np.zeros(0, dtype=_ENTRY)


def _keys(known: Known) -> _Keys:
    """Each place as one number: latitude in the high half, longitude in the low one."""
    pairs = np.array(known.places, dtype=np.int64)
    return (pairs[:, 0] << 32) + pairs[:, 1]


def _row_name(scope: str, place: Place) -> str:
    return f"{_PREFIX}:{scope}:{place[0]}:{place[1]}"


def _version_key(url: str) -> str:
    return f"{_PREFIX}:version:{hashlib.sha256(url.encode()).hexdigest()[:20]}"


def _say(verb: str, error: Exception) -> None:
    logger.warning("Road times could not be %s in the cache: %s", verb, type(error).__name__)
