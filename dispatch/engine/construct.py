"""A first plan: regret insertion, the trip that would miss its best shift the most goes first.

Potvin & Rousseau (1993): a trip with one good place and bad alternatives must not wait; ranking by the
difference between the best and the second-best offer sees that, cheapest-first does not.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import nsmallest

from dispatch.engine.draft import Draft
from dispatch.engine.fitting import Fit
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem

Offer = tuple[int, Fit]
Rough = Callable[[Problem, Plan], Plan]

MANY_OFFERS = (
    3_000  # asking a shift for a place exactly takes 30 to 40 µs: no more than a tenth of a second
)


def construct(problem: Problem, *, start: Plan | None = None, rough: Rough | None = None) -> Plan:
    """A valid plan with every trip that finds a place, beside the routes of `start` and what is committed.

    `rough`: a faster way to place most trips of a large day, keeping the plan it is given; what it leaves is then
    tried exactly, as everything is where there is little to do. Trips that find no place are listed as unassigned.
    Deterministic where `rough` is. Raises InvalidPlanError when a committed route (or one of `start`) breaks a hard
    rule by itself.
    """
    draft = Draft.of(problem, start)
    if rough is not None and _offers_to_ask_for(draft) > MANY_OFFERS:
        draft = Draft.of(problem, rough(problem, draft.plan()))
    fill(draft, set(draft.left))
    return draft.plan()


def _offers_to_ask_for(draft: Draft) -> int:
    """About how often `fill` asks: each trip every shift, then the shift that changed after each other trip."""
    return len(draft.left) * (len(draft.courses) + len(draft.left) // 2)


def fill(draft: Draft, trips: set[int]) -> None:
    """Insert these left-over trips by regret; only the shift that changed is asked for new offers.

    In the end every one of them that still finds a place anywhere has one.
    """
    offers = {trip: _offers(draft, trip) for trip in sorted(trips)}
    regrets = {trip: _regret(draft, trip, known) for trip, known in offers.items()}
    while offers:
        trip = max(offers, key=lambda t: (regrets[t], -t))
        chosen = _best(offers.pop(trip))
        if chosen is None:
            continue
        s, fit = chosen
        draft.insert(trip, s, fit)
        for other, known in offers.items():
            if trip in draft.network.companions[other]:
                known[:] = _offers(draft, other)
            elif known[s] is None:  # a fuller route hardly ever takes whom it could not take before
                continue
            else:
                known[s] = draft.offer(other, s)
            regrets[other] = _regret(draft, other, known)
    if any(_best(_offers(draft, trip)) is not None for trip in trips & draft.left):
        fill(draft, trips & draft.left)


def _offers(draft: Draft, trip: int) -> list[Offer | None]:
    return [draft.offer(trip, s) for s in range(len(draft.courses))]


def _regret(draft: Draft, trip: int, offers: list[Offer | None]) -> int:
    """What it costs to take the second-best shift; a trip with one shift left regrets staying unserved."""
    costs = [offer[0] for offer in offers if offer is not None]
    if not costs:
        return -1
    if len(costs) > 1:
        best, second = nsmallest(2, costs)
        return second - best
    return draft.unserved_cost(trip) - costs[0]


def _best(offers: list[Offer | None]) -> tuple[int, Fit] | None:
    found = [(offer[0], s, offer[1]) for s, offer in enumerate(offers) if offer is not None]
    if not found:
        return None
    _, s, fit = min(found, key=lambda item: item[:2])
    return s, fit
