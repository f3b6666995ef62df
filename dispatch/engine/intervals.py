"""How sure a number is: 95 % intervals for shares and for means of several days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, sqrt
from random import Random
from typing import TypeVar

T = TypeVar("T")

Z_95 = 1.959963984540054  # the normal quantile of 97.5 %
RESAMPLES = 1_000

Interval = tuple[float, float]


def wilson(successes: int, trials: int) -> Interval:
    """95 % score interval of a share (Wilson 1927), inside [0, 1]; needs at least one trial.

    Unlike the textbook interval it stays honest at 0 % and 100 % and for small counts.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"Not a share: {successes} of {trials}.")
    share, z2 = successes / trials, Z_95**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    half = Z_95 / (1 + z2 / trials) * spread
    # At the ends the bounds are 0 and 1 exactly; rounding must not move them.
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == trials else centre + half
    return low, high


def bootstrap(
    days: Sequence[T], statistic: Callable[[Sequence[T]], float], rng: Random
) -> Interval | None:
    """95 % percentile interval of a statistic over days drawn with replacement (Efron 1979).

    Days, not trips, are drawn: trips of one day share their traffic and their drivers. None with fewer than
    two days: one day says nothing about the next.
    """
    if len(days) < 2:
        return None
    drawn = sorted(statistic(rng.choices(days, k=len(days))) for _ in range(RESAMPLES))
    tail = 0.025 * (RESAMPLES - 1)
    return drawn[floor(tail)], drawn[ceil(RESAMPLES - 1 - tail)]
