"""Rounds of ruin and recreate; a plan that got a little worse is kept for a while (simulated annealing)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.engine.kernel.chance import Stream, allowance, below, stream_of, uniform
from dispatch.engine.kernel.compiled import compiled
from dispatch.engine.kernel.cross import cross
from dispatch.engine.kernel.places import Known, Offers, no_offers, nothing_known
from dispatch.engine.kernel.recreate import recreate, rest_all
from dispatch.engine.kernel.routes import (
    Routes,
    Work,
    empty_routes,
    refresh,
    room_to_work,
    total_price,
)
from dispatch.engine.kernel.ruin import Dials, ruin
from dispatch.engine.kernel.tables import FAR, Ints, Tables
from dispatch.engine.kernel.trial import (
    LEFT,
    REMOVED,
    Trial,
    begin,
    list_left,
    no_trial,
    take_back,
)

CURRENT, BEST = range(2)


class Search(NamedTuple):
    """All that a search holds."""

    day: Tables
    plan: Routes
    best: Routes  # its nodes alone are kept up to date
    trial: Trial
    known: Known
    offers: Offers
    work: Work
    near: Ints  # (n, W) the trips nearest to each, itself first
    movable: Ints  # trips that are not committed
    stream: Stream
    prices: Ints  # (2,) of the plan as it is, of the best one


def begin_search(
    day: Tables,
    sequences: list[list[int]],
    *,
    near: Ints,
    movable: Ints,
    seed: int,
    longest: int,
) -> Search:
    """From routes as lists of nodes, which can be driven (else ValueError); breaks that lack are set."""
    search = Search(
        day=day,
        plan=empty_routes(day, longest),
        best=empty_routes(day, longest),
        trial=no_trial(day, longest),
        known=nothing_known(day),
        offers=no_offers(),
        work=room_to_work(day, longest),
        near=near,
        movable=movable,
        stream=stream_of(seed),
        prices=np.zeros(2, np.int64),
    )
    for s, sequence in enumerate(sequences):
        search.plan.seq[s, : len(sequence)] = sequence
        search.plan.size[s] = len(sequence)
        if not refresh(day, search.plan, s, search.work):
            raise ValueError(f"Route {s} cannot be driven.")
    rest_all(day, search.plan, search.trial, search.work)
    begin(search.trial)
    list_left(search.plan, search.trial)
    search.prices[:] = total_price(day, search.plan)
    keep_best(search.plan, search.best)
    return search


@compiled
def anneal(search: Search, dials: Dials, rounds: int, warmth: int) -> int:
    """`rounds` rounds that may each lose about `warmth`; in how many the best plan got better."""
    day, plan, trial, prices = search.day, search.plan, search.trial, search.prices
    improved = 0
    for _ in range(rounds):
        begin(trial)
        seed = search.movable[below(search.stream, search.movable.shape[0])]
        ruin(day, plan, trial, search.near, dials, seed, search.stream, search.work)
        if uniform(search.stream) < dials.cross:
            cross(day, plan, trial, seed, search.stream, search.work)
        _add_leftovers(trial, dials.old_leftovers, search.stream)
        most = prices[CURRENT] + allowance(search.stream, warmth)
        is_whole = recreate(
            day,
            plan,
            trial,
            search.known,
            search.offers,
            search.near,
            dials.blink,
            most,
            search.stream,
            search.work,
        )
        price = total_price(day, plan) if is_whole else most
        if price >= most:
            take_back(day, plan, trial)
            continue
        prices[CURRENT] = price
        list_left(plan, trial)
        if price < prices[BEST]:
            prices[BEST] = price
            keep_best(plan, search.best)
            improved += 1
    return improved


@compiled
def _add_leftovers(trial: Trial, most: int, stream: Stream) -> None:
    """Some of the trips that were unserved before this round go the way of those just removed."""
    for _ in range(min(trial.counts[LEFT], most)):
        trip = trial.left[below(stream, trial.counts[LEFT])]
        is_new = True
        for k in range(trial.counts[REMOVED]):
            is_new = is_new and trial.removed[k] != trip
        if is_new:
            trial.removed[trial.counts[REMOVED]] = trip
            trial.counts[REMOVED] += 1


@compiled
def keep_best(plan: Routes, best: Routes) -> None:
    """Its nodes, of routes that are another than in the best plan before."""
    for s in range(plan.size.shape[0]):
        if best.stamp[s] == plan.stamp[s]:
            continue
        best.stamp[s] = plan.stamp[s]
        best.size[s] = plan.size[s]
        for k in range(plan.size[s]):
            best.seq[s, k] = plan.seq[s, k]


def return_to_best(search: Search) -> None:
    """The plan as it is becomes the best one again."""
    day, plan = search.day, search.plan
    plan.shift_of[:], plan.resting[:] = -1, 0
    for s in range(len(day.begins)):
        plan.size[s] = search.best.size[s]
        plan.seq[s] = search.best.seq[s]
        refresh(day, plan, s, search.work)
    begin(search.trial)
    list_left(plan, search.trial)
    search.prices[CURRENT] = search.prices[BEST]


def complete(search: Search) -> None:
    """Offer what the best plan leaves out to every route once more, as its breaks stand, overlooking none."""
    return_to_best(search)
    day, plan, trial = search.day, search.plan, search.trial
    count = trial.counts[LEFT]
    trial.removed[:count] = trial.left[:count]
    trial.counts[REMOVED] = count
    known, offers, near = search.known, search.offers, search.near
    recreate(day, plan, trial, known, offers, near, 0.0, FAR, search.stream, search.work)
    price = total_price(day, plan)
    if price < search.prices[BEST]:
        search.prices[BEST] = price
        keep_best(plan, search.best)
