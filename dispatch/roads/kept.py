"""Travel tables that this process has worked out already, so that a person who asks twice about a day does not wait twice.

A key holds all that a value depends on; nothing is ever corrected here, it only gives way to what was asked later.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

MOST_PAIRS = 1_000_000  # some 75 MB: ten days of 300 places each; a larger day is not kept

V = TypeVar("V")


class Kept(Generic[V]):
    """The values used last, as many as `most` pairs of places allow; one for all threads of a process."""

    def __init__(self, most: int = MOST_PAIRS) -> None:
        self._most = most
        self._pairs = 0
        self._values: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Hashable) -> V | None:
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def keep(self, key: Hashable, value: V, places: int) -> None:
        """`places`: how many the table is over; one too large for all there is room for is not kept."""
        pairs = places * places
        if pairs > self._most:
            return
        with self._lock:
            self._drop(key)
            self._values[key] = (value, pairs)
            self._pairs += pairs
            while self._pairs > self._most:
                self._drop(next(iter(self._values)))

    def forget(self) -> None:
        with self._lock:
            self._values.clear()
            self._pairs = 0

    def _drop(self, key: Hashable) -> None:
        _value, pairs = self._values.pop(key, (None, 0))
        self._pairs -= pairs
