"""A first plan: regret insertion, the trip that would miss its best shift the most goes first.

Potvin & Rousseau (1993): a trip with one good place and bad alternatives must not wait; ranking by the
difference between the best and the second-best offer sees that, cheapest-first does not.
"""

from __future__ import annotations

from dispatch.engine.draft import Draft
from dispatch.engine.insertion import Fit
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem

Offer = tuple[int, Fit]


def construct(problem: Problem, *, start: Plan | None = None) -> Plan:
    """A valid plan with every trip that finds a place, beside the routes of `start` and what is committed.

    Trips that find none are listed as unassigned. Deterministic. Raises InvalidPlanError when a committed
    route (or one of `start`) breaks a hard rule by itself.
    """
    draft = Draft.of(problem, start)
    fill(draft, set(draft.left))
    return draft.plan()


def fill(draft: Draft, trips: set[int]) -> None:
    """Insert these left-over trips by regret; only the shift that changed is asked for new offers."""
    offers = {trip: _offers(draft, trip) for trip in sorted(trips)}
    while offers:
        trip = max(offers, key=lambda t: (_regret(draft, t, offers[t]), -t))
        chosen = _best(offers.pop(trip))
        if chosen is None:
            continue
        s, fit = chosen
        draft.insert(trip, s, fit)
        for other, known in offers.items():
            known[s] = draft.offer(other, s)
            if trip in draft.network.companions[other]:
                known[:] = _offers(draft, other)


def _offers(draft: Draft, trip: int) -> list[Offer | None]:
    return [draft.offer(trip, s) for s in range(len(draft.sequences))]


def _regret(draft: Draft, trip: int, offers: list[Offer | None]) -> int:
    """What it costs to take the second-best shift; a trip with one shift left regrets staying unserved."""
    costs = sorted(offer[0] for offer in offers if offer is not None)
    if not costs:
        return -1
    problem = draft.network.problem
    unserved = problem.settings.weights.unserved(problem.trips[trip].priority)
    return (costs[1] if len(costs) > 1 else unserved) - costs[0]


def _best(offers: list[Offer | None]) -> tuple[int, Fit] | None:
    found = [(offer[0], s, offer[1]) for s, offer in enumerate(offers) if offer is not None]
    if not found:
        return None
    _, s, fit = min(found, key=lambda item: item[:2])
    return s, fit
