"""Decides whether a road server that keeps failing is asked again yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from dispatch.roads.values import RoadLimits


class CircuitBreaker:
    """Closed, until `max_failures` in a row open it for `open_s`; then one caller tries, the others wait.

    The trial books the next opening before it starts: a trial that never reports back (its thread was
    killed) therefore delays the next one and cannot keep the circuit open for ever.
    """

    def __init__(
        self,
        *,
        max_failures: int = 3,
        open_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_failures = max_failures
        self._open_s = open_s
        self._clock = clock
        self._failures = 0
        self._open_until: float | None = None
        self._lock = Lock()

    def admit(self) -> bool:
        """Whether the caller may ask now; who is admitted reports by succeed() or fail()."""
        with self._lock:
            if self._open_until is None:
                return True
            now = self._clock()
            if now < self._open_until:
                return False
            self._open_until = now + self._open_s
            return True

    def succeed(self) -> None:
        with self._lock:
            self._failures = 0
            self._open_until = None

    def fail(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= self._max_failures:
                self._open_until = self._clock() + self._open_s

    @property
    def closed_in_s(self) -> float:
        """Seconds until the next trial; 0 when closed or due."""
        with self._lock:
            return max(0.0, self._open_until - self._clock()) if self._open_until else 0.0


_breakers: dict[tuple[str, int, float], CircuitBreaker] = {}


def breaker_for(url: str, limits: RoadLimits) -> CircuitBreaker:
    """This process's breaker of a server: every run in the process learns from the others' failures."""
    key = (url, limits.breaker_failures, limits.breaker_open_s)
    fresh = CircuitBreaker(max_failures=limits.breaker_failures, open_s=limits.breaker_open_s)
    return _breakers.setdefault(key, fresh)


def forget_breakers() -> None:
    """After the road server was replaced on purpose (a new map is served, a test begins)."""
    _breakers.clear()
