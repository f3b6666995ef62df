"""Which part of its hours a shift can drive when its vehicle is away for some of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Hours = tuple[int, int]


def drivable(hours: Hours, away: Iterable[Hours], *, now_s: int, has_begun: bool) -> Hours | None:
    """The longest part of `hours` with the vehicle there, counted from now; None when there is none.

    A vehicle leaves from its base and is back there before it goes away, so that two parts are two shifts: the
    shorter one is left to people. A shift that `has_begun` keeps its beginning and ends when the vehicle goes.
    """
    to_come = [part for part in _parts(hours, sorted(away)) if part[1] > now_s]
    if has_begun:
        start_s = hours[0]
        here = (end for first, end in to_come if first <= max(start_s, now_s))
        return start_s, next(here, start_s + 1)  # past that second only for what has begun
    return max(to_come, key=lambda part: part[1] - max(part[0], now_s), default=None)


def _parts(hours: Hours, away: list[Hours]) -> Iterator[Hours]:
    """What is left of the hours, in order."""
    start_s, end_s = hours
    for gone_s, back_s in away:
        if start_s < min(gone_s, end_s):
            yield start_s, min(gone_s, end_s)
        start_s = max(start_s, back_s)
    if start_s < end_s:
        yield start_s, end_s
