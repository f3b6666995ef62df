"""Re-plans of a large day as it changes, and single insertions: how long, how good, how many changes.

    python -m tests.bench.replans --events 40

250 trips and 30 shifts; a plan in force; at four hours of the day one of eight things happens (`begun_day.EVENTS`). The
clock is the one on the wall, on one thread, from the changed problem on: its tables, the windows that only travel times
settle, the routes in force timed anew, the re-plan and the check. Changes are counted anew. What reading the rows adds is measured
by tests/bench/test_replan_of_a_day.py. Exit codes: 0 every promise holds, 3 not so, 2 usage.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path
from typing import Any

from dispatch.engine.construct import construct
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.insertion import best_insertions, without_trip
from dispatch.engine.network import Network, network_of
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.engine.replan import replan
from dispatch.engine.search import Limits, improve, warm
from dispatch.enums import Rule
from tests.bench.begun_day import EVENTS, in_force, under_way
from tests.bench.verdict import FOLDER, Bar, conclude
from tests.dispatch.engine.builders import large_day
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.noticed import told_of_a_change

HOURS = (9, 10, 12, 14)  # by nine somebody was brought somewhere and may call
BUDGET = 5
REPLAN_S, INSERTION_MS = 2.0, 20.0


def percentile(values: list[float], percent: int) -> float:
    """Nearest rank: no value is invented."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]


def replanned(
    day: Problem, plan: Plan, kind: str, now_s: int, seed: int, limit_s: float
) -> dict[str, Any]:
    rng = random.Random(seed)
    changed, orders = EVENTS[kind](rng, under_way(day, plan, now_s), plan, now_s)
    began = time.perf_counter()
    told = in_force(changed, orders, plan, now_s=now_s, budget=BUDGET)
    ready = time.perf_counter()
    made = replan(told, time_limit_s=limit_s, rng=rng, clock=time.perf_counter)
    ended = time.perf_counter()
    return {
        "event": kind,
        "hour": now_s // 3600,
        "cpu_s": ended - began,
        "ready_s": ready - began,
        "gain": made.gain,
        "changes": len(told_of_a_change(told, made.result.plan)),
        "left_before": len(told.plan.unassigned),
        "left": len(made.result.plan.unassigned),
        "late_before": len(told.broken(told.plan)),
        "late": len(made.broken),
        "faults": len(faults(told.problem, made.result.plan)),
    }


def insertions_ms(problem: Problem, plan: Plan, count: int) -> list[float]:
    """The three best places of trips taken out of the plan one by one; the tables of the day are there already."""
    found = []
    for trip in random.Random(1).sample(sorted(plan.shift_of), count):
        try:
            rest = without_trip(problem, plan, trip, reason=Rule.COVERAGE)
        except InvalidPlanError:
            continue  # a pause on its way cannot be taken without it
        began = time.perf_counter()
        best_insertions(problem, rest, trip)
        found.append(1_000 * (time.perf_counter() - began))
    return found


def main(arguments: list[str] | None = None, folder: Path = FOLDER) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--events", type=int, default=40)
    parser.add_argument("--trips", type=int, default=250)
    parser.add_argument("--shifts", type=int, default=30)
    parser.add_argument("--time-limit", type=float, default=2.0, help="seconds of a re-plan")
    options = parser.parse_args(arguments)
    warm()
    day = large_day(trips=options.trips, shifts=options.shifts)
    plan = improve(day, construct(day), seed=1, limits=Limits(rounds=30_000)).plan
    rows = [
        replanned(
            day,
            plan,
            list(EVENTS)[k % len(EVENTS)],
            3_600 * HOURS[k // len(EVENTS) % len(HOURS)],
            k,
            options.time_limit,
        )
        for k in range(options.events)
    ]
    began = time.perf_counter()
    Network(day)
    tables_ms = 1_000 * (time.perf_counter() - began)
    network_of(day)
    inserted = insertions_ms(day, plan, min(100, len(plan.shift_of)))
    slow, placed = percentile([row["cpu_s"] for row in rows], 95), percentile(inserted, 95)
    bars = [
        Bar(promise="p95 of a re-plan <= 2 s", measured=f"{slow:.2f} s", is_held=slow <= REPLAN_S),
        Bar(
            promise="never worse",
            measured=f"least gain {min(row['gain'] for row in rows)}",
            is_held=all(row["gain"] >= 0 for row in rows),
        ),
        Bar(
            promise="within the budget, by the rules",
            measured=f"most changes {max(row['changes'] for row in rows)} of {BUDGET}",
            is_held=all(row["changes"] <= BUDGET and not row["faults"] for row in rows),
        ),
        Bar(
            promise="p95 of the three best places <= 20 ms",
            measured=f"{placed:.1f} ms, and {tables_ms:.0f} ms for the tables of a day read anew",
            is_held=placed <= INSERTION_MS,
        ),
    ]
    return conclude("replans", rows, bars, folder)


if __name__ == "__main__":
    sys.exit(main())
