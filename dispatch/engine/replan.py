"""A plan for a day that has changed: it begins with the plan in force, and changes no more of it than it may.

Five steps, each kept only where it pays: late trips go to who comes in time; who has no driver gets one, where nobody
else notices; the routes are searched, each trip on its own shift first and then across shifts at rising prices of a
change; whom only a noticeable shift of others can serve comes last. After each step the part that pays most within
the budget is taken (`budget.within_budget`), so every step begins where the one before ended, never worse.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from dispatch.engine.budget import BrokenPromise, InForce, within_budget
from dispatch.engine.construct import construct
from dispatch.engine.cost import score
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.explain import fill_reasons
from dispatch.engine.insertion import best_insertions, with_insertion, without_trip
from dispatch.engine.notice import as_promised, unnoticed
from dispatch.engine.pipeline import Clock, Outcome, Result, Stage, UnfitPlanError, make_ready
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.engine.rules import check
from dispatch.enums import Rule, Severity

HOT = 0.2  # the plan is good already: a search as warm as a first one's would not be cold again in a second
DEARER = (1, 4, 16)  # how many times its price a change costs in the searches, one after the other
SEARCH_SHARE = 0.7  # of the time; the day was read before, judging and the reasons of what is left over come after
REASON_SHARE = 0.02  # of the time, for each trip that nobody drives
TRIED_SHIFTS = 3  # in which a trip may push others noticeably


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """The best plan that was seen and changes too much: what it would gain, for how many changes in all."""

    gain: int
    changes: int
    served: tuple[str, ...]  # trips that it drives and the plan offered does not


@dataclass(frozen=True, slots=True, kw_only=True)
class Replanned:
    """`result`: the plan fit to be applied, like any other run's.

    `changes`: trips that get another driver or another time by choice, at most the budget; `unavoidable`: those that
    had lost their driver or their time before, some of which may be changed beyond that. `gain`: by how much the plan is better than the one in force, timed
    anew, in the currency of `Weights` (who is served beside it counts with the price of staying unserved).
    """

    result: Result
    changes: tuple[str, ...]
    unavoidable: tuple[str, ...]
    gain: int
    broken: tuple[BrokenPromise, ...]
    held_back: HeldBack | None


def replan(
    day: InForce,
    *,
    time_limit_s: float,
    rng: random.Random,
    clock: Clock,
    max_iterations: int | None = None,
) -> Replanned:
    """The best plan found in about `time_limit_s` seconds that changes at most `day.budget` trips.

    Never worse than `day.plan` by `day.price`; every trip it drives stays driven, and what is committed stays. With
    `max_iterations` rounds are counted instead of seconds: same seed, same plan. Raises InvalidPlanError when a route
    of `day.plan` breaks a rule, UnfitPlanError when the engine erred.
    """
    make_ready()
    run = _Run(day, rng, clock, clock(), time_limit_s, max_iterations)
    run.keep_promises()
    run.place()
    run.search()
    run.push()
    return run.replanned()


@dataclass
class _Run:
    day: InForce
    rng: random.Random
    clock: Clock
    began: float
    time_limit_s: float
    max_iterations: int | None
    plan: Plan = field(init=False)
    wished: Plan = field(init=False)
    stages: list[Stage] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.plan = self.wished = self.day.plan
        self._add("plan in force", self.began, self.plan, "taken")

    @property
    def problem(self) -> Problem:
        return self.day.problem

    def keep_promises(self) -> None:
        """Trips that come late go where they are in time, the earliest first: who follows may be in time again."""
        began, before = self.clock(), self.plan
        late = [promise.trip for promise in self.day.broken(self.plan)]
        for trip in sorted(late, key=lambda one: (self.plan.pickup_start_s[one], one)):
            if trip not in self.problem.committed_shift and self._is_late(trip):
                self._keep_promise(trip)
        if late:
            self._add("promises", began, self.plan, _outcome(before, self.plan))

    def _keep_promise(self, trip: str) -> None:
        problem = as_promised(self.day, self.plan, in_time=trip)
        try:
            rest = without_trip(problem, self.plan, trip, reason=Rule.COVERAGE)
        except InvalidPlanError:
            return  # a pause on its way cannot be taken without it
        self._insert(problem, rest, trip)

    def _insert(self, problem: Problem, rest: Plan, trip: str) -> None:
        """The cheapest of its places that pays and does not change too much."""
        before = self.plan
        for insertion in best_insertions(problem, rest, trip, limit=TRIED_SHIFTS):
            self._take(with_insertion(rest, insertion))
            if self.plan.routes != before.routes:
                return

    def _is_late(self, trip: str) -> bool:
        return any(promise.trip == trip for promise in self.day.broken(self.plan))

    def place(self) -> None:
        """Whom nobody drives, in the cheapest places that nobody else notices: at the time that was told, if any."""
        self._place_promised()
        for holds_lost in (True, False):
            left = {item.trip for item in self.plan.unassigned}
            if left and (holds_lost or left & self.day.lost):
                began, before = self.clock(), self.plan
                problem = unnoticed(self.day, self.plan, holds_lost=holds_lost)
                self._take(construct(problem, start=self.plan))
                self._add("places", began, self.plan, _outcome(before, self.plan))

    def _place_promised(self) -> None:
        """Who lost the driver comes before who never had one and weighs no more, at another time rather than never."""
        for trip in self._promised_first():
            for holds_lost in (True, False):
                if trip not in self.plan.shift_of:
                    problem = unnoticed(self.day, self.plan, holds_lost=holds_lost)
                    self._insert(problem, self.plan, trip)

    def _promised_first(self) -> list[str]:
        """Nobody where nobody new is left either: then all are placed together."""
        prices, trips = self.problem.settings.weights, self.problem.trip_by_id
        left = {
            item.trip: prices.unserved(trips[item.trip].priority) for item in self.plan.unassigned
        }
        new = [price for trip, price in left.items() if trip not in self.day.lost]
        lost = [trip for trip in left if trip in self.day.lost and new and left[trip] >= max(new)]
        return sorted(lost, key=lambda trip: (-left[trip], self.day.told.get(trip, 0), trip))

    def search(self) -> None:
        """Better routes where nobody notices; then, as far as the budget goes, other drivers."""
        steps: list[int | None] = [None, *DEARER] if self.day.budget else [None]
        for k, dearer in enumerate(steps):
            began, before = self.clock(), self.plan
            ends = began + self._left_s() / (len(steps) - k)
            if self.max_iterations is None and ends <= began:
                return
            self._take(self._searched(dearer, ends, len(steps)))
            self._add("search", began, self.plan, _outcome(before, self.plan))

    def _searched(self, dearer: int | None, ends: float, steps: int) -> Plan:
        # Imported late: web processes read this module and must stay light.
        from dispatch.engine.search import Limits, enough_rounds, improve

        if self.max_iterations is None:
            limits = Limits(
                rounds=enough_rounds(self.problem), clock=self.clock, ends=ends, hot=HOT
            )
        else:
            limits = Limits(rounds=max(1, self.max_iterations // steps), hot=HOT)
        problem = unnoticed(self.day, self.plan, dearer=dearer or 1, is_pinned=dearer is None)
        return improve(problem, self.plan, seed=self.rng.getrandbits(31), limits=limits).plan

    def push(self) -> None:
        """Whom no unnoticed place was found for, where others then come noticeably earlier or later."""
        left = [item.trip for item in self.plan.unassigned]
        if not left:
            return
        began, before = self.clock(), self.plan
        for trip in left:
            self._insert(as_promised(self.day, self.plan), self.plan, trip)
        self._add("places others notice", began, self.plan, _outcome(before, self.plan))

    def _take(self, found: Plan) -> None:
        """As much of the plan as pays and may be changed; what would pay beyond that is remembered."""
        day = self.day
        unbound = within_budget(replace(day, budget=len(self.problem.trips)), self.plan, found)
        if day.price(unbound) < day.price(self.wished):
            self.wished = unbound
        self.plan = within_budget(day, self.plan, found)

    def _left_s(self) -> float:
        """Until judging and the reasons of what is unserved now must begin."""
        share = max(0.2, SEARCH_SHARE - REASON_SHARE * len(self.plan.unassigned))
        return max(0.0, self.began + share * self.time_limit_s - self.clock())

    def replanned(self) -> Replanned:
        day, began = self.day, self.clock()
        plan = fill_reasons(self.problem, self.plan)
        violations = check(self.problem, plan)
        hard = tuple(v for v in violations if v.severity is Severity.HARD)
        if hard:
            raise UnfitPlanError(hard)
        self._add("check", began, plan, "taken")
        return Replanned(
            result=Result(
                plan=plan,
                score=score(self.problem, plan),
                violations=violations,
                stages=tuple(self.stages),
            ),
            changes=tuple(sorted(day.changes(plan))),
            unavoidable=tuple(sorted(day.unavoidable)),
            gain=day.price(day.plan) - day.price(plan),
            broken=day.broken(plan),
            held_back=self._held_back(),
        )

    def _held_back(self) -> HeldBack | None:
        gain = self.day.price(self.plan) - self.day.price(self.wished)
        if gain <= 0:
            return None
        served = self.wished.shift_of.keys() - self.plan.shift_of.keys()
        changes = len(self.day.changes(self.wished))
        return HeldBack(gain=gain, changes=changes, served=tuple(sorted(served)))

    def _add(self, name: str, began: float, plan: Plan, outcome: Outcome) -> None:
        self.stages.append(
            Stage(
                name=name,
                seconds=self.clock() - began,
                cost=score(self.problem, plan).total,
                unserved=len(plan.unassigned),
                outcome=outcome,
            )
        )


def _outcome(before: Plan, after: Plan) -> Outcome:
    return "kept" if before.routes == after.routes else "taken"
