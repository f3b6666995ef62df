"""Dial-a-ride with requests that arrive over the day: re-planning at each arrival, against insertion and hindsight.

    python -m tests.bench.dynamic_requests --data ../shared/data --rounds 4000 --seeds 1

At each arrival the plan so far is frozen up to now (a stop is fixed once its vehicle has set off for it) and the day is
planned anew. Beside it the same loop with insertion alone: into the first vehicle that can take the request ("first
fit") and at the cheapest place of all ("best fit"). Hindsight is the proven optimum with every request known from
the start (darp/optima.csv). The finished day is judged as a whole: by the rules on the untouched instance, and by the
clock, since no vehicle may set off for a request nobody has made yet. Exit codes: 0 every request is served, 3 not so,
1 nothing could be measured, 2 usage.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dispatch.engine.budget import InForce
from dispatch.engine.draft import resume
from dispatch.engine.insertion import Openings, best_insertions, with_insertion
from dispatch.engine.plan import Plan, Route, TimedVisit
from dispatch.engine.problem import Problem, Shift, Trip, Visit
from dispatch.engine.replan import replan
from dispatch.engine.search import warm
from dispatch.enums import VisitKind
from dispatch.instances import TICKS, BestKnown, Instance, answer, parse, parse_best_known
from tests.bench.verdict import CANNOT, FOLDER, Bar, conclude
from tests.dispatch.engine.checker import faults

ROOT = Path(__file__).resolve().parents[2]

Planner = Callable[[Problem, Plan, random.Random], Plan]


@dataclass(frozen=True)
class Arrivals:
    """An instance, and the tick from which each of its requests is known."""

    instance: Instance
    known_s: dict[str, int]

    @classmethod
    def read(cls, path: Path) -> Arrivals:
        text = path.read_text()
        requests = json.loads(text)["requests"]
        known = {str(item["id"]): round(item["arrival_time"] * TICKS) for item in requests}
        return cls(parse(path.stem, text), known)

    def moments(self) -> list[int]:
        return sorted(set(self.known_s.values()))


def first_fit(problem: Problem, plan: Plan, _rng: random.Random) -> Plan:
    """Each new request into the first vehicle that can take it."""
    for item in plan.unassigned:
        openings = Openings(problem, plan)
        tries = (openings.ask(item.trip, shift.id) for shift in problem.shifts)
        found = next((one for one in tries if one is not None), None)
        plan = plan if found is None else with_insertion(plan, found)
    return plan


def best_fit(problem: Problem, plan: Plan, _rng: random.Random) -> Plan:
    """Each new request at the place that adds the least."""
    for item in plan.unassigned:
        for found in best_insertions(problem, plan, item.trip, limit=1):
            plan = with_insertion(plan, found)
    return plan


def planned_anew(rounds: int) -> Planner:
    def plan_again(problem: Problem, plan: Plan, rng: random.Random) -> Plan:
        made = replan(
            InForce(problem=problem, plan=plan),
            time_limit_s=1,
            rng=rng,
            clock=lambda: 0.0,
            max_iterations=rounds,
        )
        return made.result.plan

    return plan_again


def lived(arrivals: Arrivals, planner: Planner, rng: random.Random) -> Plan:
    """The day as it was driven in the end; requests that found no place are asked again at each later arrival."""
    whole = arrivals.instance.problem
    plan = Plan(routes=())
    for now in arrivals.moments():
        known = tuple(trip for trip in whole.trips if arrivals.known_s[trip.id] <= now)
        today = frozen(replace(whole, trips=known), plan, now)
        orders = {
            route.shift: tuple(visit.visit for visit in route.visits) for route in plan.routes
        }
        plan = planner(today, resume(today, orders), rng)
    return plan


def frozen(problem: Problem, plan: Plan, now: int) -> Problem:
    """The problem at this moment: where vehicles have been, or are on the way to, is a fact with its time.

    A vehicle sets off just in time to begin service when the plan says, and waits where it is until then. From its
    last fixed stop it does not leave before now: that stop lasts as long, and the ride of who boarded there is cut.
    """
    at = {
        visit.visit: visit.start_s
        for route in plan.routes
        for visit in route.visits[: _fixed(problem, route, now)]
    }
    last = {
        route.visits[_fixed(problem, route, now) - 1].visit
        for route in plan.routes
        if _fixed(problem, route, now)
    }
    trips = tuple(_as_driven(trip, at, last, now) for trip in problem.trips)
    shifts = tuple(_as_driven_by(shift, problem, plan, now) for shift in problem.shifts)
    return replace(problem, trips=trips, shifts=shifts)


def _fixed(problem: Problem, route: Route, now: int) -> int:
    """How many of its visits the vehicle has set off for."""
    return sum(1 for left in departures(problem, route) if left < now)


def departures(problem: Problem, route: Route) -> Iterator[int]:
    """When the vehicle leaves for each visit of the route."""
    shift, before = problem.shift_by_id[route.shift], None
    for visit in route.visits:
        stop = _stop(problem, visit)
        yield visit.start_s - problem.leg_s(before, stop, shift)
        before = stop


def _stop(problem: Problem, visit: TimedVisit) -> Any:
    trip = problem.trip_by_id[visit.id]
    return trip.pickup if visit.kind is VisitKind.PICKUP else trip.dropoff


def _as_driven(trip: Trip, at: dict[Visit, int], last: set[Visit], now: int) -> Trip:
    pickup, dropoff = (Visit(trip.id, kind) for kind in (VisitKind.PICKUP, VisitKind.DROPOFF))
    if pickup not in at:
        return trip
    boards = replace(trip.pickup, earliest_s=at[pickup], latest_s=at[pickup])
    stays = max(0, now - at[pickup] - boards.service_s) if pickup in last else 0
    trip = replace(
        trip,
        pickup=replace(boards, service_s=boards.service_s + stays),
        max_ride_s=trip.max_ride_s - stays,
    )
    if dropoff not in at:
        return trip
    alights = replace(trip.dropoff, earliest_s=at[dropoff], latest_s=at[dropoff])
    stays = max(0, now - at[dropoff] - alights.service_s) if dropoff in last else 0
    return replace(trip, dropoff=replace(alights, service_s=alights.service_s + stays))


def _as_driven_by(shift: Shift, problem: Problem, plan: Plan, now: int) -> Shift:
    route = plan.route_of.get(shift.id)
    fixed = 0 if route is None else _fixed(problem, route, now)
    if route is None or not fixed:
        return replace(shift, start_s=max(shift.start_s, now))
    return replace(shift, committed=tuple(visit.visit for visit in route.visits[:fixed]))


def too_early(arrivals: Arrivals, plan: Plan) -> list[str]:
    """Requests a vehicle set off for before anybody had made them."""
    return [
        visit.id
        for route in plan.routes
        for visit, left in zip(
            route.visits, departures(arrivals.instance.problem, route), strict=True
        )
        if left < arrivals.known_s[visit.id]
    ]


def day(arrivals: Arrivals, planner: Planner, seed: int, best: BestKnown | None) -> dict[str, Any]:
    """How the day went, in the figures of its file."""
    began = time.process_time()
    plan = lived(arrivals, planner, random.Random(seed))
    seconds = time.process_time() - began
    told = answer(arrivals.instance, plan, seconds=seconds, best_known=best)
    wrong = len(faults(arrivals.instance.problem, plan)) + len(too_early(arrivals, plan))
    return {
        "served": told.served,
        "cost": told.cost,
        "gap": told.gap,
        "cpu_ms": 1_000 * seconds / len(arrivals.moments()),
        "faults": wrong,
    }


def compared(path: Path, best: BestKnown | None, *, rounds: int, seeds: int) -> dict[str, Any]:
    """One row of the table; of several seeds the fewest served and the mean cost."""
    arrivals = Arrivals.read(path)
    row: dict[str, Any] = {"instance": path.stem, "requests": len(arrivals.known_s)}
    row["optimum"] = None if best is None else best.cost
    wrong = 0
    for name, planner in (
        ("first", first_fit),
        ("best", best_fit),
        ("replan", planned_anew(rounds)),
    ):
        tried = range(1, 1 + (seeds if name == "replan" else 1))
        runs = [day(arrivals, planner, seed, best) for seed in tried]
        row[f"{name}_served"] = min(run["served"] for run in runs)
        row[f"{name}_cost"] = round(sum(run["cost"] for run in runs) / len(runs), 2)
        row[f"{name}_ms"] = round(sum(run["cpu_ms"] for run in runs) / len(runs), 1)
        wrong += sum(run["faults"] for run in runs)
    row["faults"] = wrong
    return row


def judged(rows: list[dict[str, Any]], folder: Path = FOLDER) -> int:
    left = {
        name: sum(row["requests"] - row[f"{name}_served"] for row in rows)
        for name in ("first", "best", "replan")
    }
    wrong = sum(row["faults"] for row in rows)
    bars = [
        Bar(
            promise="all that hindsight serves are served",
            measured=f"{left['replan']} left",
            is_held=not left["replan"],
        ),
        Bar(promise="every day was one", measured=f"{wrong} faults", is_held=not wrong),
    ]
    code = conclude("dynamic_requests", rows, bars, folder)
    known = [row for row in rows if row["optimum"]]
    for name in ("first", "best", "replan"):
        above = [100 * (row[f"{name}_cost"] / row["optimum"] - 1) for row in known]
        mean = sum(above) / len(above) if above else float("nan")
        print(f"{name}: {left[name]} left, mean {mean:.1f} % above the optimum in hindsight")
    return code


def main(arguments: list[str] | None = None, folder: Path = FOLDER) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--rounds", type=int, default=4_000, help="of the search, each arrival")
    parser.add_argument("--seeds", type=int, default=1, help="how many runs of each instance")
    parser.add_argument("--only", default="a*", help="instances, as a pattern")
    options = parser.parse_args(arguments)
    files = sorted((options.data / "darp_dynamic").glob(f"{options.only}.json"))
    known = options.data / "darp" / "optima.csv"
    if not files or not known.exists():
        print(f"There are no instances in {options.data / 'darp_dynamic'}.", file=sys.stderr)
        return CANNOT
    warm()
    optima = parse_best_known(known.read_text())
    rows = []
    for path in files:
        row = compared(path, optima.get(path.stem), rounds=options.rounds, seeds=options.seeds)
        print(json.dumps(row), file=sys.stderr, flush=True)
        rows.append(row)
    return judged(rows, folder)


if __name__ == "__main__":
    sys.exit(main())
