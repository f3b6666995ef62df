"""Fewer shifts on the road: close one, and find its trips places among the others.

Where sending a shift out has a price, ways alone do not lead there: a plan with half a tour less is longer, not better.
So a shift is closed, its trips are left over, and rounds of ruin and recreate run on prices of their own: what is left
out costs, for each trip, as much as all driving, times how often it was left out before. A trip that is hard to place
grows dear and pushes easier ones out, until all have a place or patience ends. That is the sum of absences of
Christiaens & Vanden Berghe (2020), counted every `CHUNK` rounds instead of every one, in the place of the ejections of
Nagata & Braysy (2009). Imported late, as `search` is.
"""

from __future__ import annotations

import numpy as np

from dispatch.engine.cost import score
from dispatch.engine.draft import finished
from dispatch.engine.kernel.anneal import BEST, CURRENT, Search, anneal, keep_best
from dispatch.engine.kernel.routes import refresh, total_price
from dispatch.engine.kernel.ruin import Dials
from dispatch.engine.kernel.tables import Ints
from dispatch.engine.kernel.trial import begin, list_left
from dispatch.engine.network import network_of
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.engine.search import Found, Limits, begun, best_sequences, by_hour, leg_price

CHUNK = 25  # rounds between two counts of who is left out
PATIENCE = 250  # rounds a trip of the day to do without one shift, before another is tried
WARMTH = 0.3  # what a round may lose, in legs between neighbouring trips
MOST_LEFT = 1 << 50  # the price of all trips left out, at most …
NO_BREAK = 1 << 51  # … which is less than that of a mandatory break
DIALS = Dials(old_leftovers=30, cross=0.0)


def fewer_shifts(problem: Problem, plan: Plan, *, seed: int, limits: Limits) -> Found:
    """The cheapest plan found that serves the trips of `plan` with fewer shifts, or `plan` itself.

    Whom `plan` leaves out stays out. Shifts that have begun stay, and those that alone can carry one of their trips; one
    that does not drive in `plan` is not sent out. Without a clock the result depends on the seed alone. Raises
    InvalidPlanError when a route of `plan` breaks a rule.
    """
    problem = by_hour(problem)
    movable = [i for i, trip in enumerate(problem.trips) if trip.id not in problem.committed_shift]
    if not movable or not problem.shifts:
        return Found(plan=plan, is_cut=False)
    search = begun(network_of(problem), plan, movable, seed)
    squeeze = _Squeeze(search, problem, limits)
    best, price = plan, score(problem, squeeze.plan()).total
    while squeeze.drops_one():
        made = squeeze.plan()
        cost = score(problem, made).total
        if cost >= price:
            break
        best, price = made, cost
    return Found(plan=best, is_cut=squeeze.is_late())


class _Squeeze:
    """`search.best` is the plan with the fewest shifts, `search.plan` the one that is tried."""

    def __init__(self, search: Search, problem: Problem, limits: Limits) -> None:
        day = search.day
        self.search, self.limits, self.done = search, limits, 0
        self._network = network_of(problem)
        self._tried: set[int] = set()  # shifts closed in vain since the last success
        self._most = day.most.copy()
        self._trip_price = max(
            1, int(search.plan.price.sum())
        )  # of one left out for the first time
        self._most_often = max(1, MOST_LEFT // (len(day.unserved) * self._trip_price))
        self._served = search.plan.shift_of >= 0
        day.fit[~self._served] = 0
        self._absences: Ints = np.ones(len(day.unserved), np.int64)
        self._warmth = round(WARMTH * leg_price(search))
        self._patience = PATIENCE * len(day.unserved)
        breaks = [pause for shift in problem.shifts for pause in shift.breaks]
        day.missing[[k for k, pause in enumerate(breaks) if pause.mandatory]] = NO_BREAK
        search.prices[BEST] = -1  # rounds keep no best plan: only one without left-overs is

    def plan(self) -> Plan:
        """The one with the fewest shifts."""
        return finished(self._network, best_sequences(self._network, self.search))

    def drops_one(self) -> bool:
        """Whether the plan now does without one more shift; else time, rounds or shifts to close have run out."""
        while self._has_time():
            chosen = self._next()
            if chosen is None:
                return False
            self._close(chosen)
            if self._all_placed():
                keep_best(self.search.plan, self.search.best)
                self._tried.clear()
                return True
            self._restore()
            self._tried.add(chosen)
        return False

    def is_late(self) -> bool:
        """Whether seconds, and not rounds, have run out."""
        return self.limits.clock is not None and self.limits.clock() >= self.limits.ends

    def _has_time(self) -> bool:
        return self.done < self.limits.rounds and not self.is_late()

    def _next(self) -> int | None:
        """The shift whose trips were left out least often; each one before any is tried again."""
        found = self._closable()
        if self._tried.issuperset(found):
            self._tried.clear()
        fresh = [s for s in found if s not in self._tried]
        shift_of = self.search.plan.shift_of
        return min(fresh, key=lambda s: (int(self._absences[shift_of == s].sum()), s), default=None)

    def _closable(self) -> list[int]:
        """Driving, not begun, and every trip of theirs may go with another that drives."""
        day, plan = self.search.day, self.search.plan
        driving = plan.trips > 0
        able = day.fit[:, driving].sum(axis=1) > 1  # trips that more than one of them may carry
        stuck = set(plan.shift_of[~able].tolist())
        return [s for s in np.flatnonzero(driving & (day.fixed == 0)).tolist() if s not in stuck]

    def _close(self, chosen: int) -> None:
        """Take its trips out; it and whoever does not drive take nobody."""
        day, plan, trial = self.search.day, self.search.plan, self.search.trial
        day.most[:] = np.where(plan.trips > 0, self._most, 0)
        day.most[chosen] = 0
        stops = len(day.place)
        route = plan.seq[chosen, : plan.size[chosen]]
        breaks = route[route >= stops].copy()
        plan.shift_of[plan.shift_of == chosen] = -1
        plan.size[chosen] = len(breaks)
        plan.seq[chosen, : len(breaks)] = breaks
        refresh(day, plan, chosen, self.search.work)
        begin(trial)
        list_left(plan, trial)
        self._count_prices()

    def _count_prices(self) -> None:
        search = self.search
        often = np.minimum(self._absences, self._most_often)
        search.day.unserved[:] = often * self._trip_price
        search.prices[CURRENT] = total_price(search.day, search.plan)

    def _all_placed(self) -> bool:
        """Whether all trips find places among the shifts that are left, with all their breaks."""
        search, patience = self.search, self._patience
        while patience > 0 and self._has_time():
            anneal(search, DIALS, CHUNK, self._warmth)
            self.done += CHUNK
            patience -= CHUNK
            left = self._served & (search.plan.shift_of < 0)
            if not left.any():
                return int(search.prices[CURRENT]) < NO_BREAK
            self._absences[left] += 1
            self._count_prices()
        return False

    def _restore(self) -> None:
        """The plan with the fewest shifts again."""
        day, plan = self.search.day, self.search.plan
        plan.shift_of[:], plan.resting[:] = -1, 0
        for s in range(len(day.begins)):
            plan.size[s], plan.seq[s] = self.search.best.size[s], self.search.best.seq[s]
            refresh(day, plan, s, self.search.work)
