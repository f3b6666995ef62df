"""Where blocks stand on a horizontal time bar, in percent of its width: for SVG attributes, so no inline style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

HOUR = timedelta(hours=1)
MOST_TICKS = 13
WIDTH = 100.0


@dataclass(frozen=True, slots=True)
class Span:
    """Beginning and width in percent of the axis."""

    x: float
    width: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """From the full hour before everything to the full hour after it, never outside the day shown."""

    starts_at: datetime
    ends_at: datetime

    @classmethod
    def around(
        cls,
        moments: Iterable[datetime],
        *,
        day: tuple[datetime, datetime],
        usual: tuple[int, int] = (6, 20),
    ) -> Axis:
        """`usual`: the hours shown on a day on which nothing happens."""
        first, after = day
        inside = [min(max(moment, first), after) for moment in moments]
        low, high = min(inside, default=None), max(inside, default=None)
        if low is None or high is None:
            low, high = first + usual[0] * HOUR, first + usual[1] * HOUR
        start = first + (low - first) // HOUR * HOUR
        end = first - (first - high) // HOUR * HOUR  # rounded up
        return cls(starts_at=start, ends_at=max(min(end, after), start + HOUR))

    def at(self, moment: datetime) -> float:
        """Percent, held inside the axis."""
        share = (moment - self.starts_at) / (self.ends_at - self.starts_at)
        return round(WIDTH * min(max(share, 0.0), 1.0), 2)

    def span(self, start: datetime, end: datetime, *, least: float = 0.0) -> Span:
        x = self.at(start)
        return Span(x, round(max(self.at(end) - x, least), 2))

    def holds(self, moment: datetime) -> bool:
        return self.starts_at <= moment <= self.ends_at

    @property
    def ticks(self) -> list[tuple[float, datetime]]:
        """Full hours, thinned out so that their labels do not touch."""
        hours = (self.ends_at - self.starts_at) // HOUR
        step = -(-(hours + 1) // MOST_TICKS)
        moments = [self.starts_at + k * HOUR for k in range(0, hours + 1, step)]
        return [(self.at(moment), moment) for moment in moments]


class Lane(NamedTuple):
    """Which lane of how many."""

    number: int
    of: int


def lanes(spans: Sequence[tuple[datetime, datetime]]) -> list[Lane]:
    """For intervals sorted by their start: what overlaps lies one above the other, what is alone is full height.

    The first free lane is taken, so a group that hangs together needs no more lanes than it has overlaps.
    """
    chosen: list[Lane] = []
    for group in _hanging_together(spans):
        free_from: list[datetime] = []
        found = [_take_lane(free_from, start, end) for start, end in group]
        chosen += [Lane(lane, len(free_from)) for lane in found]
    return chosen


def _hanging_together(
    spans: Sequence[tuple[datetime, datetime]],
) -> list[list[tuple[datetime, datetime]]]:
    groups: list[list[tuple[datetime, datetime]]] = []
    last = None
    for start, end in spans:
        if last is None or start >= last:
            groups.append([])
        groups[-1].append((start, end))
        last = end if last is None else max(last, end)
    return groups


def _take_lane(free_from: list[datetime], start: datetime, end: datetime) -> int:
    lane = next((k for k, free in enumerate(free_from) if free <= start), len(free_from))
    free_from[lane : lane + 1] = [end]
    return lane
