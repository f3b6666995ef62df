"""Problems as the kernels see them, for the tests of all of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.engine.kernel.anneal import Search, begin_search
from dispatch.engine.kernel.tables import Tables, tables_of
from dispatch.engine.network import Network, Sequence, network_of
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.engine.search import _numbered, begun, best_sequences

LONGEST = 20


class World(NamedTuple):
    network: Network
    day: Tables


def world_of(problem: Problem) -> World:
    network = network_of(problem)
    return World(network, tables_of(network, longest=LONGEST))


def numbered(network: Network, s: int, sequence: Sequence) -> list[int]:
    return _numbered(network, s, sequence)


def search_on(problem: Problem, plan: Plan, *, seed: int = 1) -> Search:
    """A search from this plan, nothing done yet."""
    return begun(network_of(problem), plan, list(range(len(problem.trips))), seed)


def search_from(problem: Problem, sequences: list[Sequence], *, seed: int = 1) -> Search:
    """As `search_on`, from sequences of the engine's own nodes."""
    network, day = world_of(problem)
    trips = len(problem.trips)
    everybody = np.arange(trips, dtype=np.int64)
    return begin_search(
        day,
        [_numbered(network, s, sequence) for s, sequence in enumerate(sequences)],
        near=np.tile(everybody, (trips, 1)),
        movable=everybody,
        seed=seed,
        longest=2 * LONGEST,
    )


def sequences_of(problem: Problem, search: Search) -> list[Sequence]:
    return best_sequences(network_of(problem), search)
