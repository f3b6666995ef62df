"""The plots of docs/planner.md, drawn from what `make bench-planner` has kept: gap over time, time and cost over size.

    python -m tests.bench.plots --json var/bench/planner.jsonl --out docs/planner

Of each job the last run kept is drawn, of one clock; runs of other texts of the engine are left out, so that a plot
never mixes two planners. Needs matplotlib (requirements/bench.txt).
Exit codes: 0 drawn, 1 nothing kept that could be drawn, 2 usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from statistics import mean
from typing import Any

from tests.bench.planner import ROOT, kept
from tests.bench.planner_cases import SIZES, Family, Planner
from tests.bench.planner_runs import CLOCKS, Run, version_of
from tests.bench.planner_verdict import DARP_BARS, FIRST_S
from tests.bench.verdict import CANNOT, FOLDER, HELD

OURS, PEER, BAR = "#0b6e4f", "#b4541a", "#777777"
LOOK = {
    "svg.hashsalt": "atmr",  # the same runs give the same file
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}

Points = Mapping[float, float]


def by_limit(runs: Iterable[Run], of: Callable[[Iterable[float]], float]) -> Points:
    """Time limit → `of` the gaps of all plans found within it; limits at which one left a trip are left out."""
    gaps: dict[float, list[float | None]] = {}
    for run in runs:
        gaps.setdefault(run.seconds, []).append(run.gap)
    return {
        seconds: of(gap for gap in found if gap is not None)
        for seconds, found in sorted(gaps.items())
        if None not in found
    }


def by_size(runs: Iterable[Run], of: Callable[[Run], float | None]) -> Points:
    """Trips of the day → `of` its run; days for which it is None are left out."""
    found = {float(run.trips): of(run) for run in runs}
    return {trips: value for trips, value in sorted(found.items()) if value is not None}


def cost_a_trip(run: Run) -> float | None:
    """Driven seconds a trip; None where a trip was left out or a limit broken, which costs nothing on the road."""
    return run.cost / run.trips if run.is_plan else None


def draw_gap(pyplot: Any, runs: Sequence[Run], file: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(7, 4.2))
    _line(axes, by_limit(runs, max), "worst", OURS, "o:")
    _line(axes, by_limit(runs, mean), "mean", OURS, "o-")
    for seconds, most_mean, _ in DARP_BARS:
        axes.plot([seconds], [most_mean], "_", color=BAR, markersize=22, markeredgewidth=2)
    axes.plot([], [], "_", color=BAR, markeredgewidth=2, label="promised mean")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    _name(axes, "time limit (s, one thread)", "above the optimum (%)")
    axes.set_title(_counted(runs), fontsize=10, loc="left")
    _keep(pyplot, figure, file)


def _counted(runs: Sequence[Run]) -> str:
    instances = len({run.instance for run in runs})
    seeds = len({run.seed for run in runs})
    return f"static dial-a-ride, {instances} instances, {seeds} seeds"


def draw_size(pyplot: Any, runs: Sequence[Run], file: Path) -> None:
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4.2))
    ours = [run for run in runs if run.planner == Planner.OURS]
    _line(left, by_size(ours, lambda run: run.first_s), "first plan", OURS, "o-")
    sizes = [float(SIZES[name][0]) for name in FIRST_S]
    left.plot(sizes, list(FIRST_S.values()), "_", color=BAR, markersize=18, label="promised")
    left.set_yscale("log")
    _name(left, "trips of the day", "seconds until the first plan")
    for planner, colour in ((Planner.OURS, OURS), (Planner.VROOM, PEER)):
        for seconds, style in ((10.0, "o:"), (60.0, "o-")):
            asked = [run for run in runs if (run.planner, run.seconds) == (planner, seconds)]
            label = f"{planner} at {seconds:g} s"
            _line(right, by_size(asked, cost_a_trip), label, colour, style)
    _name(right, "trips of the day", "driven seconds a trip")
    right.set_ylim(bottom=0)
    trips = sorted({run.trips for run in runs})
    for axes in (left, right):
        axes.set_xscale("log")
        axes.minorticks_off()
        axes.set_xticks(trips, labels=[f"{count:,}" for count in trips])
    _keep(pyplot, figure, file)


def _line(axes: Any, points: Points, label: str, colour: str, style: str) -> None:
    if points:
        axes.plot(list(points), list(points.values()), style, color=colour, label=label)


def _name(axes: Any, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.legend()


def _keep(pyplot: Any, figure: Any, file: Path) -> None:
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)


DRAWN: Mapping[Family, tuple[str, Callable[[Any, Sequence[Run], Path], None]]] = {
    Family.DARP: ("gap-over-time.svg", draw_gap),
    Family.SIZE: ("time-and-cost-over-size.svg", draw_size),
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", type=Path, default=FOLDER / "planner.jsonl")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "planner")
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall")
    options = parser.parse_args(arguments)
    versions = {planner: version_of(planner) for planner in {Planner.OURS, *_peers(options.json)}}
    runs = [
        run
        for run in kept(options.json).values()
        if run.clock == options.clock and run.version == versions[Planner(run.planner)]
    ]
    matplotlib: Any = import_module("matplotlib")
    matplotlib.use("svg")
    pyplot: Any = import_module("matplotlib.pyplot")
    drawn = 0
    options.out.mkdir(parents=True, exist_ok=True)
    with pyplot.rc_context(LOOK):
        for family, (name, draw) in DRAWN.items():
            asked = [run for run in runs if run.family == family]
            if asked:
                draw(pyplot, asked, options.out / name)
                drawn += 1
                print(options.out / name)
    if not drawn:
        print(f"No run of this engine is kept in {options.json} yet.", file=sys.stderr)
    return HELD if drawn else CANNOT


def _peers(path: Path) -> set[Planner]:
    return {Planner(run.planner) for run in kept(path).values()}


if __name__ == "__main__":
    sys.exit(main())
