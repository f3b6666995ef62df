"""The bars of `make bench-planner`: what was promised of each family, judged on whatever was measured of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import mean

from tests.bench.planner_cases import Family, Planner
from tests.bench.planner_runs import Run
from tests.bench.verdict import Bar

# (seconds, longest mean gap, longest gap of one plan) in percent
DARP_BARS = ((1.0, 0.5, None), (10.0, 0.12, 1.0))
MET_SHARE = 0.95
PDPTW_S = 10.0
FIRST_S = {"250x30": 0.5, "1000x100": 2.0}
FINAL_S = {"250x30": 10.0, "3000x300": 60.0}
NEAR_OWN_MINUTE = 1.02  # of the cost after 60 s, after 10
MOST_MIB = 2_048
LATE_S = 0.05  # a plan may come so much after its time: the last chunk of a search


def bars(runs: Sequence[Run]) -> list[Bar]:
    """Those that something was measured for."""
    ours = _of(runs, Planner.OURS)
    broken = sum(bool(run.broken) for run in ours)
    found = [
        Bar(promise="no plan of ours breaks a rule", measured=f"{broken} do", is_held=not broken)
    ]
    found += _in_time(ours)
    found += _darp([run for run in ours if run.family == Family.DARP])
    found += _pdptw([run for run in runs if run.family == Family.PDPTW])
    found += _size([run for run in runs if run.family == Family.SIZE])
    return found


def _of(runs: Iterable[Run], planner: Planner) -> list[Run]:
    return [run for run in runs if run.planner == planner]


def _in_time(ours: list[Run]) -> list[Bar]:
    late = max((run.took_s - run.seconds for run in ours), default=0.0)
    return [
        Bar(
            promise=f"every plan of ours in its time, and {LATE_S:g} s",
            measured=f"the latest {late:+.2f} s",
            is_held=late <= LATE_S,
        )
    ]


def _darp(runs: list[Run]) -> list[Bar]:
    found = []
    for seconds, most_mean, most in DARP_BARS:
        asked = [run for run in runs if run.seconds == seconds]
        gaps = [run.gap for run in asked if run.gap is not None]
        if not asked:
            continue
        is_whole = len(gaps) == len(asked)
        middle, worst = (mean(gaps), max(gaps)) if gaps else (0.0, 0.0)
        limit = "" if most is None else f", worst {most:g} %"
        found.append(
            Bar(
                promise=f"dial-a-ride at {seconds:g} s: all served, mean gap {most_mean:g} %{limit}",
                measured=f"{len(gaps)} of {len(asked)}, {middle:.3f} %, {worst:.2f} %",
                is_held=is_whole and middle <= most_mean and (most is None or worst <= most),
            )
        )
    return found


def _pdptw(runs: list[Run]) -> list[Bar]:
    runs = [run for run in runs if run.seconds == PDPTW_S]
    ours = _of(runs, Planner.OURS)
    if not ours:
        return []
    met = sum(run.is_met for run in ours)
    found = [
        Bar(
            promise=f"goods at {PDPTW_S:g} s: best known met on {MET_SHARE:.0%}",
            measured=f"{met} of {len(ours)}",
            is_held=met >= MET_SHARE * len(ours),
        )
    ]
    for peer in (Planner.PYVRP, Planner.VROOM):
        found += _beaten(ours, _of(runs, peer))
    return found


def _beaten(ours: list[Run], theirs: list[Run]) -> list[Bar]:
    """Never a vehicle more, and on average no longer way where the vehicles are as many."""
    pairs = [
        (mine, other)
        for mine in ours
        for other in theirs
        if (mine.instance, mine.seed) == (other.instance, other.seed)
    ]
    if not pairs:
        return []
    worse = sum(
        not mine.is_plan or (other.is_plan and mine.vehicles > other.vehicles)
        for mine, other in pairs
    )
    fewer = sum(other.is_plan and mine.vehicles < other.vehicles for mine, other in pairs)
    without = sum(not other.is_plan for _mine, other in pairs)
    equal = [
        mine.cost / other.cost - 1
        for mine, other in pairs
        if other.is_plan and mine.vehicles == other.vehicles
    ]
    longer = 100 * mean(equal) if equal else 0.0
    found = Bar(
        promise=f"goods: as good as {pairs[0][1].planner} on each in vehicles, on average in distance",
        measured=f"{worse} worse, {fewer} better in vehicles, {without} where it has no plan; {longer:+.3f} % on {len(equal)}",
        is_held=not worse and longer <= 0,
    )
    return [found]


def _size(runs: list[Run]) -> list[Bar]:
    ours = _of(runs, Planner.OURS)
    found = []
    for run in ours:
        allowed = FINAL_S.get(run.instance)
        if allowed is not None and run.seconds <= allowed:
            found.append(
                Bar(
                    promise=f"{run.instance}: all served in {allowed:g} s",
                    measured=f"{run.unserved} left after {run.took_s:.1f} s",
                    is_held=not run.unserved and run.took_s <= allowed + LATE_S,
                )
            )
    return found + _firsts(ours) + _memory(ours) + _minutes(runs)


def _firsts(ours: list[Run]) -> list[Bar]:
    found = []
    for name, allowed in FIRST_S.items():
        times = [run.first_s for run in ours if run.instance == name and run.first_s is not None]
        if times:
            found.append(
                Bar(
                    promise=f"{name}: first plan in {allowed:g} s",
                    measured=f"{max(times):.2f} s",
                    is_held=max(times) <= allowed,
                )
            )
    return found


def _memory(ours: list[Run]) -> list[Bar]:
    peaks = [run.peak_mib for run in ours if run.peak_mib is not None]
    if not peaks:
        return []
    return [
        Bar(
            promise=f"memory up to {MOST_MIB} MiB",
            measured=f"{max(peaks)} MiB",
            is_held=max(peaks) <= MOST_MIB,
        )
    ]


def _minutes(runs: list[Run]) -> list[Bar]:
    """A thousand trips at 10 s against our own minute, and against VROOM's."""
    asked = [run for run in runs if run.instance == "1000x100"]
    at = {(run.planner, run.seconds): run for run in asked}
    early = at.get((Planner.OURS, 10.0))
    if early is None:
        return []
    found = []
    late, other = at.get((Planner.OURS, 60.0)), at.get((Planner.VROOM, 60.0))
    if late is not None:
        found.append(
            Bar(
                promise="1000x100: at 10 s within 2 % of what 60 s give",
                measured=f"{100 * (early.cost / late.cost - 1):+.2f} %",
                is_held=early.cost <= NEAR_OWN_MINUTE * late.cost,
            )
        )
    if other is not None:
        found.append(
            Bar(
                promise="1000x100: at 10 s below VROOM's 60 s",
                measured=f"{early.cost:.0f}, {other.cost:.0f} with {other.broken} limits broken",
                is_held=early.cost < other.cost,
            )
        )
    return found
