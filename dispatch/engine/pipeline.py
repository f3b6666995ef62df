"""From a problem to the plan that is offered: construct, OR-Tools where it can help, search; the best, checked.

Each stage starts from the best plan so far and says what became of it. No plan leaves here that breaks a
hard rule, and every trip is driven or carries its true reason.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from dispatch.engine.construct import construct
from dispatch.engine.cost import Score, score
from dispatch.engine.errors import EngineError, InvalidPlanError
from dispatch.engine.explain import fill_reasons, unassigned_reason
from dispatch.engine.fairness_price import fairness_price, without_fairness
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.engine.rules import Violation, check
from dispatch.enums import Severity

if TYPE_CHECKING:
    from dispatch.engine.decompose import Runner
    from dispatch.engine.search import Found, Limits

VERY_LARGE = 2_000  # trips: searched in slices
SWEEPS_COUNTED = 2  # by zones and by hours, where rounds are counted and not seconds
PLACES_SHARE = 0.1  # of the time left, for what may yet save OR-Tools the question
SOLVER_SHARE = (
    0.25  # of what is then left, where trips are still left over; the search has the rest
)
FLEET_SHARE = 0.1  # of the time left then, where sending a shift out has a price
PRICE_SHARE = 0.05  # of the whole limit, kept for what fairness costs
LEAST_SOLVER_S = 0.5  # less is not enough to state a day to OR-Tools
REHEARSED_REASONS = (
    5  # unserved trips whose reasons are sought early, to know how long all will take
)
REASONS_MARGIN = 1.3  # one reason takes longer to find than another
CLOSING_MARGIN = 4  # checks of a plan: two, and routes timed and priced after the last search

Clock = Callable[[], float]
Outcome = Literal["taken", "kept", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What one stage did: its own plan's price and unserved trips (None without a plan).

    `outcome`: "taken" when its plan became the best, "kept" when the one before stays, "failed" and "skipped"
    with the reason in `note`: a key, of a failure the error's class with its words for the log after a colon.
    """

    name: str
    seconds: float
    cost: int | None
    unserved: int | None
    outcome: Outcome
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A plan fit to be applied; `violations` are soft ones only.

    `fairness_price`: the least that the plan pays for fairness, nothing where that concern has no price; None when
    there was no time to find out, and when the last search or the one for the price was cut by time: their
    difference is unfinished search then.
    """

    plan: Plan
    score: Score
    violations: tuple[Violation, ...]
    stages: tuple[Stage, ...]
    fairness_price: int | None = None


class UnfitPlanError(InvalidPlanError):
    """The best plan breaks hard rules: a mistake of the engine, never offered to anybody."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        super().__init__(" ".join(violation.sentence() for violation in violations))
        self.violations = violations


def make_plan(  # noqa: PLR0913 - the dials of a run, all but four with a default
    problem: Problem,
    *,
    time_limit_s: float,
    rng: random.Random,
    clock: Clock,
    start: Plan | None = None,
    max_iterations: int | None = None,
    use_solver: bool = True,
    run_slices: Runner | None = None,
) -> Result:
    """The best plan found in about `time_limit_s` seconds of `clock`.

    Neither the construction nor the search for the reasons of what is left unassigned is ever cut short; time
    for the reasons is kept free, as much as a few of them took after the construction, and time to judge the plan.
    `start`: the plan in force; its routes are the first draft. With `max_iterations` the searches count
    rounds instead of seconds and OR-Tools, which counts seconds, stays out: same seed, same plan. A day of
    VERY_LARGE or more is searched in slices, by `run_slices` (one after the other if None). Raises
    InvalidPlanError when what is committed breaks a hard rule, UnfitPlanError when the engine erred.
    """
    make_ready()
    price_s = PRICE_SHARE * time_limit_s if _is_fairness_priced(problem) else 0.0
    run = _Run(problem, clock, rng, clock() + time_limit_s - price_s, max_iterations, run_slices)
    run.construct(start)
    run.rehearse()
    if run.why_no_solver(use_solver=use_solver) is None:
        run.search("search for places", PLACES_SHARE)
    run.solve(SOLVER_SHARE, run.why_no_solver(use_solver=use_solver))
    run.drop_shifts(FLEET_SHARE)
    run.search("search", 1.0)
    run.deadline += price_s
    run.price_fairness(price_s)
    return run.result()


def make_ready() -> None:
    """Load what searches need, compiled if it is not yet: before any clock runs, or a lease."""
    from dispatch.engine.search import warm

    warm()


def _rough(problem: Problem, plan: Plan) -> Plan:
    """Every trip left over offered once to every shift, compiled: 0.04 s for 250 trips, 0.4 s for 1,000."""
    from dispatch.engine.search import Limits, improve

    return improve(problem, plan, seed=0, limits=Limits(rounds=0)).plan


def _broken(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    return _hard(check(problem, plan))


def _is_fairness_priced(problem: Problem) -> bool:
    """Whether it costs anything who carries how much."""
    return len(problem.shifts) > 1 and problem.settings.weights.fairness_per_trip_squared > 0


def _hard(violations: tuple[Violation, ...]) -> tuple[Violation, ...]:
    return tuple(v for v in violations if v.severity is Severity.HARD)


@dataclass
class _Run:
    problem: Problem
    clock: Clock
    rng: random.Random
    deadline: float
    max_iterations: int | None
    run_slices: Runner | None = None
    best: Plan = field(default_factory=lambda: Plan(routes=()))
    best_score: Score | None = None
    reason_s: float = 0.0  # what finding the reason of one unserved trip takes
    closing_s: float = 0.0  # what judging the plan in the end takes
    stages: list[Stage] = field(default_factory=list)
    unfair: Plan | None = None
    is_settled: bool = False  # the last search did all its rounds

    def construct(self, start: Plan | None) -> None:
        if start is not None:
            self._try(
                "construct on the plan in force",
                lambda: construct(self.problem, start=start, rough=_rough),
            )
        if self.best_score is None:
            began = self.clock()
            self._keep_best("construct", began, construct(self.problem, rough=_rough))

    def rehearse(self) -> None:
        """Measure what the end will take: judging the plan, and the reasons of the trips left over by those of a few."""
        if self.max_iterations is not None:
            return
        began = self.clock()
        _broken(self.problem, self.best)
        self.closing_s = CLOSING_MARGIN * (self.clock() - began)
        left = [item.trip for item in self.best.unassigned]
        if not left:
            return
        some = left[:: -(-len(left) // REHEARSED_REASONS)]
        began = self.clock()
        for trip in some:
            unassigned_reason(self.problem, self.best, trip)
        self.reason_s = REASONS_MARGIN * (self.clock() - began) / len(some)

    def search(self, name: str, share: float) -> None:
        """Ruin and recreate on the best plan for this share of the time left, or for the rounds given."""
        began, left = self.clock(), self._left_s()
        self.is_settled = self.max_iterations is not None
        if self.max_iterations is None and left <= 0:
            self.skip(name, "no_time_left")
            return
        found = self._improve(self.problem, self.best, began + share * left, is_last=share == 1.0)
        self.is_settled = not found.is_cut
        self._keep_best(name, began, found.plan)

    def drop_shifts(self, share: float) -> None:
        """Where a shift that drives has a price: the same trips with fewer of them, before ways are shortened."""
        name, began, left = "fewer shifts", self.clock(), self._left_s()
        if not self.problem.settings.weights.used_shift:
            return
        if self.max_iterations is None and left <= 0:
            self.skip(name, "no_time_left")
            return
        found = self._dropped(began + share * left)
        self._keep_best(name, began, found.plan)

    def _dropped(self, ends: float) -> Found:
        # Imported late: web processes read this module and must stay light.
        from dispatch.engine.fleet import fewer_shifts

        seed = self.rng.getrandbits(31)
        return fewer_shifts(self.problem, self.best, seed=seed, limits=self._limits(ends))

    def price_fairness(self, limit_s: float) -> None:
        """A plan that shares unevenly, to compare with; where it is better all in all, it is the best plan."""
        name, began = "price of fairness", self.clock()
        if not _is_fairness_priced(self.problem):
            self.skip(name, "fairness_is_free")
            return
        ends = began + min(limit_s, self._left_s())
        if self.max_iterations is None and ends <= began:
            self.skip(name, "no_time_left")
            return
        found = self._improve(without_fairness(self.problem), self.best, ends)
        self.unfair = found.plan
        self.is_settled &= not found.is_cut
        self._keep_best(name, began, found.plan)

    def _improve(
        self, problem: Problem, plan: Plan, ends: float, *, is_last: bool = False
    ) -> Found:
        # Imported late: web processes read this module and must stay light.
        from dispatch.engine.search import PATIENCE, improve, suited

        if len(problem.trips) >= VERY_LARGE:
            return self._improve_in_slices(problem, plan, ends)
        limits = suited(problem, self._limits(ends, patience=PATIENCE if is_last else 0))
        return improve(problem, plan, seed=self.rng.getrandbits(31), limits=limits)

    def _improve_in_slices(self, problem: Problem, plan: Plan, ends: float) -> Found:
        # Imported late: web processes read this module and must stay light.
        from dispatch.engine.decompose import SWEEPS, Sweeps, improve_in_slices, in_process
        from dispatch.engine.search import Found

        sweeps = Sweeps(count=SWEEPS, clock=self.clock, ends=ends)
        if self.max_iterations is not None:
            sweeps = Sweeps(count=SWEEPS_COUNTED)
        seed, run = self.rng.getrandbits(31), self.run_slices or in_process
        swept = improve_in_slices(problem, plan, seed=seed, sweeps=sweeps, run=run)
        return Found(plan=swept.plan, is_cut=swept.is_cut)

    def _limits(self, ends: float, patience: int = 0) -> Limits:
        from dispatch.engine.search import Limits, enough_rounds

        if self.max_iterations is not None:
            return Limits(rounds=self.max_iterations)
        rounds = enough_rounds(self.problem)
        return Limits(rounds=rounds, clock=self.clock, ends=ends, patience=patience)

    def why_no_solver(self, *, use_solver: bool) -> str | None:
        """Why OR-Tools is not asked; None when it may find places for trips left over."""
        reasons = (
            (not use_solver, "switched_off"),
            (self.max_iterations is not None, "rounds_counted"),
            (not (self.problem.trips and self.problem.shifts), "nothing_to_plan"),
            # Measured (ARCHITECTURE.md): of 26 plans on demo and overloaded days one was cheaper, none served more.
            (_is_fairness_priced(self.problem), "fair_loads_priced"),
            (len(self.problem.trips) >= VERY_LARGE, "day_very_large"),
            (not self.best.unassigned, "every_trip_placed"),
        )
        return next((reason for holds, reason in reasons if holds), None)

    def solve(self, share: float, silence: str | None) -> None:
        """OR-Tools on the best plan, unless there is a reason not to; trips it leaves out are offered once more."""
        limit_s = share * self._left_s()
        if silence is None and limit_s < LEAST_SOLVER_S:
            silence = "no_time_left"
        if silence is None:
            self._try("solver", lambda: self._solved(limit_s))
        else:
            self.skip("solver", silence)

    def _solved(self, limit_s: float) -> Plan:
        # Imported late: web processes read this module and must stay light.
        from dispatch.engine.solver import solve

        seed = self.rng.getrandbits(31)
        found = solve(self.problem, warm_start=self.best, time_limit_s=limit_s, seed=seed)
        return construct(self.problem, start=found) if found.unassigned else found

    def result(self) -> Result:
        began = self.clock()
        plan = fill_reasons(self.problem, self.best)
        violations = check(self.problem, plan)
        if broken := _hard(violations):
            raise UnfitPlanError(broken)
        priced = score(self.problem, plan)
        self._add("check", began, priced.total, len(plan.unassigned), "taken")
        return Result(
            plan=plan,
            score=priced,
            violations=violations,
            stages=tuple(self.stages),
            fairness_price=self._fairness_price(),
        )

    def _fairness_price(self) -> int | None:
        if not _is_fairness_priced(self.problem):
            return 0
        if self.unfair is None or not self.is_settled:
            return None
        return fairness_price(self.problem, self.best, self.unfair)

    def _left_s(self) -> float:
        """Until the deadline, without the time that the end will take: the reasons of what is unserved now, the check."""
        end_s = self.reason_s * len(self.best.unassigned) + self.closing_s
        return max(0.0, self.deadline - end_s - self.clock())

    def _try(self, name: str, stage: Callable[[], Plan]) -> None:
        """A stage that may fail without ending the run: the engine's own errors become its outcome."""
        began = self.clock()
        try:
            found = stage()
        except EngineError as error:
            self._add(name, began, None, None, "failed", f"{type(error).__name__}: {error}")
        else:
            self._keep_best(name, began, found)

    def _keep_best(self, name: str, began: float, found: Plan) -> None:
        priced = score(self.problem, found)
        is_better = self.best_score is None or priced.total < self.best_score.total
        broken = _broken(self.problem, found) if is_better and self.best_score is not None else ()
        if broken:  # a mistake of that stage; the plan before it is not lost for it
            self._add(name, began, None, None, "failed", f"UnfitPlanError: {broken[0].sentence()}")
            return
        if is_better:
            self.best, self.best_score = found, priced
        outcome: Outcome = "taken" if is_better else "kept"
        self._add(name, began, priced.total, len(found.unassigned), outcome)

    def skip(self, name: str, note: str) -> None:
        self.stages.append(
            Stage(name=name, seconds=0.0, cost=None, unserved=None, outcome="skipped", note=note)
        )

    def _add(
        self,
        name: str,
        began: float,
        cost: int | None,
        unserved: int | None,
        outcome: Outcome,
        note: str = "",
    ) -> None:
        self.stages.append(
            Stage(
                name=name,
                seconds=self.clock() - began,
                cost=cost,
                unserved=unserved,
                outcome=outcome,
                note=note,
            )
        )
