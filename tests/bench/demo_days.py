"""Plans many demo days of each carrier and judges every plan with the independent checker.

    python -m tests.bench.demo_days --days 100 --small-s 2 --large-s 8 --processes 2

Shows a line a carrier: days, trips, assigned, assignment rate on feasible days, faults, false reasons, seconds a day;
the same as JSON under var/bench. Exit codes: 0 what was promised of these days holds, 3 it does not, 2 usage. A day
is feasible when every trip left unassigned could not be served even by an empty copy of any shift. A reason is false
when some shift can take the trip after all, tried by every insertion, when the number it tells is not the least with
which the trip fits, or when its advice, followed, does not help.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from dispatch.engine.insertion import Insertion, try_insertion
from dispatch.engine.pipeline import make_plan, make_ready
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.twin.demand import CARRIERS, make_day, to_problem
from tests.bench.verdict import FOLDER, Bar, conclude
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.reason_checker import false_claims

FIRST_DAY = date(2026, 1, 5)
LEAST_RATE = 0.99  # of the trips of feasible days
LONGEST_S = 10.0  # a day, whatever its carrier


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One planned day; `impossible`: unassigned trips that no empty shift could serve either."""

    carrier: str
    day: str
    trips: int
    unassigned: int
    impossible: int
    false_reasons: tuple[str, ...]
    faults: tuple[str, ...]
    seconds: float


def plan_one(carrier: str, index: int, seed: int, limit_s: float) -> Outcome:
    day = FIRST_DAY + timedelta(days=index)
    problem = to_problem(make_day(CARRIERS[carrier], seed, day))
    began = time.monotonic()
    result = make_plan(
        problem, time_limit_s=limit_s, rng=random.Random(index), clock=time.monotonic
    )
    seconds = time.monotonic() - began
    left = [item.trip for item in result.plan.unassigned]
    return Outcome(
        carrier=carrier,
        day=day.isoformat(),
        trips=len(problem.trips),
        unassigned=len(left),
        impossible=sum(not _fits_anywhere(_emptied(problem), Plan(routes=()), t) for t in left),
        false_reasons=tuple(false_claims(problem, result.plan)),
        faults=tuple(map(str, faults(problem, result.plan))),
        seconds=round(seconds, 2),
    )


def _emptied(problem: Problem) -> Problem:
    return replace(problem, shifts=tuple(replace(s, committed=()) for s in problem.shifts))


def _fits_anywhere(problem: Problem, plan: Plan, trip: str) -> bool:
    answers = (try_insertion(problem, plan, trip, shift.id) for shift in problem.shifts)
    return any(isinstance(answer, Insertion) for answer in answers)


def summary(carrier: str, outcomes: list[Outcome]) -> dict[str, Any]:
    feasible = [o for o in outcomes if not o.impossible]
    asked, left = (sum(getattr(o, n) for o in feasible) for n in ("trips", "unassigned"))
    seconds = sorted(o.seconds for o in outcomes)
    return {
        "carrier": carrier,
        "days": len(outcomes),
        "trips": sum(o.trips for o in outcomes),
        "feasible_days": len(feasible),
        "assignment_rate_on_feasible_days": round(1 - left / asked, 5) if asked else None,
        "unassigned": sum(o.unassigned for o in outcomes),
        "impossible": sum(o.impossible for o in outcomes),
        "false_reasons": sum(len(o.false_reasons) for o in outcomes),
        "faults": sum(len(o.faults) for o in outcomes),
        "seconds_median": seconds[len(seconds) // 2],
        "seconds_max": seconds[-1],
    }


def _outcomes(
    carrier: str, options: argparse.Namespace, limit_s: float, pool: ProcessPoolExecutor
) -> Iterator[Outcome]:
    jobs = [
        pool.submit(plan_one, carrier, index, options.seed, limit_s)
        for index in range(options.days)
    ]
    for done, job in enumerate(jobs, start=1):
        outcome = job.result()
        if outcome.faults or outcome.false_reasons:
            print(outcome, file=sys.stderr)
        if done % 10 == 0:
            print(f"{carrier}: {done} of {len(jobs)} days", file=sys.stderr)
        yield outcome


def bars(rows: list[dict[str, Any]]) -> list[Bar]:
    """What the issue promises of the days of both carriers together, and of each."""
    broken, false = (sum(row[name] for row in rows) for name in ("faults", "false_reasons"))
    rates = [row["assignment_rate_on_feasible_days"] for row in rows]
    slowest = max(row["seconds_max"] for row in rows)
    return [
        Bar(promise="no rule is broken", measured=f"{broken} faults", is_held=not broken),
        Bar(promise="every reason is true", measured=f"{false} false", is_held=not false),
        Bar(
            promise=f"{LEAST_RATE:.0%} of the trips of feasible days are assigned, at each carrier",
            measured=", ".join(
                "none feasible" if rate is None else f"{rate:.2%}" for rate in rates
            ),
            is_held=all(rate is not None and rate >= LEAST_RATE for rate in rates),
        ),
        Bar(
            promise=f"no day takes longer than {LONGEST_S:g} s",
            measured=f"the slowest took {slowest:.1f} s",
            is_held=slowest <= LONGEST_S,
        ),
    ]


def main(arguments: list[str] | None = None, folder: Path = FOLDER) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--days", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small-s", type=float, default=2.0)
    parser.add_argument("--large-s", type=float, default=8.0)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    if options.days < 1:
        parser.error("at least one day is planned")
    rows = []
    with ProcessPoolExecutor(options.processes, initializer=make_ready) as pool:
        for carrier, limit_s in (("small", options.small_s), ("large", options.large_s)):
            rows.append(summary(carrier, list(_outcomes(carrier, options, limit_s, pool))))
    return conclude("demo_days", rows, bars(rows), folder)


if __name__ == "__main__":
    sys.exit(main())
