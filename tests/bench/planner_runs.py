"""One plan of one planner for one case: made, judged by checkers that share no code with the searches, and kept."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from dispatch.engine.cost import score
from dispatch.engine.pipeline import Stage, make_plan
from dispatch.engine.plan import Plan
from dispatch.engine.rules import hard_violations
from dispatch.instances import answer
from tests.bench import peers
from tests.bench.planner_cases import Case, Job, Planner, case
from tests.dispatch import published
from tests.dispatch.engine import checker

FAULTS_KEPT = 5
NEAR = 0.0101  # units of the file: rounded, and added up in another order
ENGINE = Path(__file__).resolve().parents[2] / "dispatch" / "engine"
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.monotonic, "cpu": time.process_time}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What became of a job. `cost`: file units (of a synthetic day `cost.score`); `best`: the best known, if any.

    `first_s`: until the first plan; `took_s` by the clock that was chosen, `wall_s` by the wall's; `peak_mib`: of the
    process, where the system says; `broken`: hard rules, as the stricter of two checkers counts; `faults`: the first of them; `stages` of our pipeline.
    """

    family: str
    instance: str
    planner: str
    seconds: float
    seed: int
    clock: str
    version: str
    trips: int
    unserved: int
    vehicles: int
    cost: float
    best_cost: float | None
    best_vehicles: int | None
    first_s: float | None
    took_s: float
    wall_s: float
    peak_mib: int | None
    broken: int
    faults: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(**data | {"faults": tuple(data["faults"]), "stages": tuple(data["stages"])})

    @property
    def is_plan(self) -> bool:
        """Everything is served and no limit broken: what is compared."""
        return not (self.unserved or self.broken)

    @property
    def vehicles_above(self) -> int | None:
        if self.best_vehicles is None or not self.is_plan:
            return None
        return self.vehicles - self.best_vehicles

    @property
    def gap(self) -> float | None:
        """Percent above the best known cost, with as many vehicles where these come first."""
        if self.best_cost is None or not self.is_plan or self.vehicles_above:
            return None
        return 100 * (self.cost - self.best_cost) / self.best_cost

    @property
    def is_met(self) -> bool:
        """The best known, which is published rounded to a hundredth, or better."""
        if self.best_cost is None or self.gap is None:
            return False
        return self.cost <= self.best_cost + NEAR


@cache
def our_version() -> str:
    """A word that changes when the engine's text does: plans of another text are made anew.

    Read once: a text that changes while a run is on is not what this process has loaded.
    """
    files = sorted(ENGINE.rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def version_of(planner: Planner) -> str:
    return our_version() if planner is Planner.OURS else peers.versions()[planner]


def run(job: Job, data: Path, clock_name: str) -> Run:
    """Plan and judge; only the planning is timed."""
    asked, clock = case(job.family, job.instance, data), CLOCKS[clock_name]
    wall, began = time.monotonic(), clock()
    plan, stages = _planned(job, asked, clock)
    took_s, wall_s = clock() - began, time.monotonic() - wall
    peak_mib = _peak_mib()
    faults = _faults(asked, plan)
    best = asked.best_known
    return Run(
        family=job.family,
        instance=job.instance,
        planner=job.planner,
        seconds=job.seconds,
        seed=job.seed,
        clock=clock_name,
        version=version_of(job.planner),
        trips=len(asked.problem.trips),
        unserved=len(plan.unassigned),
        vehicles=sum(bool(route.trip_ids) for route in plan.routes),
        cost=_cost(asked, plan),
        best_cost=None if best is None else best.cost,
        best_vehicles=None if best is None else best.vehicles,
        first_s=_first_s(stages),
        took_s=round(took_s, 3),
        wall_s=round(wall_s, 3),
        peak_mib=peak_mib,
        broken=len(faults),
        faults=tuple(faults[:FAULTS_KEPT]),
        stages=tuple(
            f"{s.name} {s.outcome} {s.seconds:.2f}" for s in stages if s.outcome != "skipped"
        ),
    )


def _planned(job: Job, asked: Case, clock: Callable[[], float]) -> tuple[Plan, tuple[Stage, ...]]:
    problem = asked.problem
    if job.planner is Planner.PYVRP:
        found = peers.pyvrp_plan(problem, seconds=job.seconds, seed=job.seed, clock=clock)
        return found, ()
    if job.planner is Planner.VROOM:
        is_cpu = clock is CLOCKS["cpu"]
        return peers.vroom_plan(problem, seconds=job.seconds, is_cpu=is_cpu), ()
    result = make_plan(problem, time_limit_s=job.seconds, rng=random.Random(job.seed), clock=clock)
    return result.plan, result.stages


def _cost(asked: Case, plan: Plan) -> float:
    if asked.instance is None:
        return float(score(asked.problem, plan).total)
    return answer(asked.instance, plan, seconds=0.0).cost


def _first_s(stages: tuple[Stage, ...]) -> float | None:
    """Until the first stage that has a plan is over."""
    passed = 0.0
    for stage in stages:
        passed += stage.seconds
        if stage.cost is not None:
            return round(passed, 3)
    return None


def _faults(asked: Case, plan: Plan) -> list[str]:
    """By the rules, or by the words of the file (of a day, by the tests' own checker), whichever finds more."""
    said = [violation.sentence() for violation in hard_violations(asked.problem, plan)]
    if asked.instance is None or asked.path is None:
        other = [str(fault) for fault in checker.faults(asked.problem, plan)]
    else:
        found = answer(asked.instance, plan, seconds=0.0)
        other = published.faults(asked.path, found.to_json())
    return max(said, other, key=len)


def _peak_mib() -> int | None:
    """The most memory this process has held; not `ru_maxrss`, which begins at that of the process that made it."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return None
    lines = status.read_text(encoding="utf-8").splitlines()
    held = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), None)
    return None if held is None else int(held) // 1024
