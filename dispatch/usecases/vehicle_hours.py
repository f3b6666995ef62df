"""Which part of its hours a shift can drive when its vehicle is away for some of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Hours = tuple[int, int]


def longest_part(hours: Hours, away: Iterable[Hours], *, now_s: int) -> Hours | None:
    """The longest part of `hours` with the vehicle there, counted from now; None when there is none.

    A vehicle leaves from its base and is back there before it goes away, so that two parts are two shifts: the
    shorter one is left to people.
    """
    parts = _to_come(hours, away, now_s)
    return max(parts, key=lambda part: part[1] - max(part[0], now_s), default=None)


def first_part(hours: Hours, away: Iterable[Hours], *, now_s: int) -> Hours | None:
    """What is left of `hours` until the vehicle goes; None when it is away already, or when they begin."""
    start_s = hours[0]
    here = (
        end_s for first_s, end_s in _to_come(hours, away, now_s) if first_s <= max(start_s, now_s)
    )
    return next(((start_s, end_s) for end_s in here), None)


def _to_come(hours: Hours, away: Iterable[Hours], now_s: int) -> list[Hours]:
    return [part for part in _parts(hours, sorted(away)) if part[1] > now_s]


def _parts(hours: Hours, away: list[Hours]) -> Iterator[Hours]:
    """What is left of the hours, in order."""
    start_s, end_s = hours
    for gone_s, back_s in away:
        if start_s < min(gone_s, end_s):
            yield start_s, min(gone_s, end_s)
        start_s = max(start_s, back_s)
    if start_s < end_s:
        yield start_s, end_s
