"""Improvement by ruin and recreate: take neighbouring trips out of a few routes and put them back better.

After Schrimpf et al. (2000) and the string removals of Christiaens & Vanden Berghe (2020): the removed
trips are close to one another in place and time, so their routes can exchange them. A plan that got
slightly worse is kept for a while (simulated annealing); the best one seen is the answer, never worse than
the start.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from math import exp

from dispatch.engine.draft import Draft
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem

MEAN_RUIN = 8  # trips taken out per round
BLINK = 0.02  # chance to overlook an offer: small accidents open the way out of a local optimum
START_WARMTH = 0.003  # share of the served cost that a round may lose at the beginning
END_WARMTH = 0.00002
COOLING_ROUNDS = 4_000


def improve(
    problem: Problem,
    plan: Plan,
    *,
    should_stop: Callable[[], bool],
    rng: random.Random,
    max_iterations: int | None = None,
    patience: int | None = None,
) -> Plan:
    """The best plan found until `should_stop()`, after `max_iterations` rounds or `patience` of them in vain.

    Never worse than `plan`, timed as `schedule` times it, by `cost.score`; what is committed stays. With an iteration
    limit the result depends on the seed of `rng` alone.
    """
    current = Draft.of(problem, plan)
    movable = [trip for trip in range(len(problem.trips)) if current.is_movable(trip)]
    if not movable or not problem.shifts:
        return plan
    best, best_total, current_total = current.copy(), current.total, current.total
    near = _Neighbours(current)
    done = found_at = 0
    while not should_stop() and (max_iterations is None or done < max_iterations):
        if patience is not None and done - found_at >= patience:
            break
        trial = current.copy()
        _ruin(trial, near, movable, rng)
        _recreate(trial, rng)
        total = trial.total
        if total < current_total + _allowance(current_total, current, done, rng):
            current, current_total = trial, total
        if total < best_total:
            best, best_total, found_at = trial.copy(), total, done
        done += 1
    _complete(best)
    return best.plan()


def _allowance(total: int, draft: Draft, done: int, rng: random.Random) -> float:
    """How much worse a round may be: an exponential draw around a temperature that falls."""
    served = max(1, draft.served_cost)
    progress = min(1.0, done / COOLING_ROUNDS)
    warmth = served * START_WARMTH * exp(progress * _LOG_FALL)
    return min(rng.expovariate(1.0) * warmth, float(total))


_LOG_FALL = -5.0106  # ln(END_WARMTH / START_WARMTH)


class _Neighbours:
    """Trips by nearness: driving between their pickups and drop-offs, and the gap between their times."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._known: dict[int, list[int]] = {}

    def of(self, trip: int) -> list[int]:
        if trip not in self._known:
            network = self._draft.network
            trips = range(len(network.problem.trips))
            self._known[trip] = sorted(
                trips, key=lambda other: (self._distance(trip, other), other)
            )
        return self._known[trip]

    def _distance(self, a: int, b: int) -> int:
        network = self._draft.network
        apart = network.drive[2 * a][2 * b] + network.drive[2 * a + 1][2 * b + 1]
        return apart + abs(network.earliest[2 * a] - network.earliest[2 * b])


def _ruin(draft: Draft, near: _Neighbours, movable: list[int], rng: random.Random) -> None:
    count = min(len(movable), max(1, round(rng.expovariate(1.0 / MEAN_RUIN))))
    seed = movable[rng.randrange(len(movable))]
    removed = 0
    for trip in near.of(seed):
        if removed >= count:
            return
        if trip in draft.shift_of and draft.is_movable(trip) and rng.random() < 0.8:
            draft.remove(trip)
            removed += 1


def _recreate(draft: Draft, rng: random.Random) -> None:
    """Put every left-over trip back where it is cheapest, in an order drawn anew each time."""
    shifts = range(len(draft.courses))
    for trip in _order(draft, rng):
        seen = [s for s in shifts if rng.random() >= BLINK]
        best = draft.cheapest_offer(trip, seen)
        if best is not None:
            _, s, fit = best
            draft.insert(trip, s, fit)


def _complete(draft: Draft) -> None:
    """What an overlooked offer left behind: insert it where that is cheaper than leaving it."""
    for trip in sorted(draft.left):
        best = draft.cheapest_offer(trip, range(len(draft.courses)))
        if best is not None and best[0] <= draft.unserved_cost(trip):
            _, s, fit = best
            draft.insert(trip, s, fit)


def _order(draft: Draft, rng: random.Random) -> list[int]:
    network = draft.network
    trips = sorted(draft.left)
    rng.shuffle(trips)
    key = rng.randrange(4)
    if key == 1:
        trips.sort(key=lambda t: network.earliest[2 * t])
    elif key == 2:
        trips.sort(key=lambda t: -network.direct[t])
    elif key == 3:
        trips.sort(key=lambda t: network.latest[2 * t] - network.earliest[2 * t])
    return trips
