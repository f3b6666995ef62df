"""The random numbers of the compiled search: one stream, the same on any machine (xorshift, Marsaglia 2003)."""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import NDArray

from dispatch.engine.kernel.compiled import compiled

Stream = NDArray[np.uint64]  # (1,) the state

_LEFT, _RIGHT, _LAST, _LOW_BITS = np.uint64(13), np.uint64(7), np.uint64(17), np.uint64(11)
_UNIT = 1.0 / 9007199254740992.0  # 2**-53
_CELLS = 4_096
SCALE = 1 << 20
_DRAWS = np.array(
    [round(-SCALE * log((cell + 0.5) / _CELLS)) for cell in range(_CELLS)], dtype=np.int64
)


def stream_of(seed: int) -> Stream:
    """A stream of its own for each seed; never the state 0, in which it would stay."""
    mixed = (seed * 0x9E3779B97F4A7C15 + 0xBF58476D1CE4E5B9) % (1 << 64)
    stream = np.array([mixed or 1], dtype=np.uint64)
    for _ in range(8):
        uniform(stream)
    return stream


@compiled
def uniform(stream: Stream) -> float:
    """The next number in [0, 1)."""
    x = stream[0]
    x ^= x << _LEFT
    x ^= x >> _RIGHT
    x ^= x << _LAST
    stream[0] = x
    return float(x >> _LOW_BITS) * _UNIT


@compiled
def below(stream: Stream, bound: int) -> int:
    """The next integer in [0, bound)."""
    return int(uniform(stream) * bound)


@compiled
def allowance(stream: Stream, warmth: int) -> int:
    """An exponential draw of mean `warmth`: how much worse a round may be.

    Drawn from a table of integers, so that no machine's logarithm decides which plan is found.
    """
    return warmth * int(_DRAWS[below(stream, _CELLS)]) // SCALE
