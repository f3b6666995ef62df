"""The planner side by side with its peers: dial-a-ride, goods with time windows, and days of up to 3,000 trips.

    python -m tests.bench.planner --family pdptw --instances lc109 lr104 --seconds 10 --clock cpu

Each plan is judged by two checkers (rules.check and one of the tests) and kept as a line of --json the moment it is
there; what is there already, from the same text of the engine and the same peers, is not made again, so that a run
can be stopped with Ctrl-C and taken up. Then the table and the bars are shown, and written beside it. Peers that are
asked for have to be installed (make bench-planner does). Seconds are those of --clock: "wall" for figures that are
published, on a machine that does nothing else; "cpu" counts this process alone, for one that is shared.
Exit codes: 0 what was promised of what was measured holds, 3 it does not, 1 nothing could be measured, 2 usage,
130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

from dispatch.engine.pipeline import make_ready
from tests.bench.planner_cases import ABLE, SECONDS, SEEDS, Family, Job, Planner, names
from tests.bench.planner_runs import CLOCKS, Run, run, version_of
from tests.bench.planner_verdict import bars
from tests.bench.verdict import CANNOT, FOLDER, Row, conclude

ROOT = Path(__file__).resolve().parents[2]
INTERRUPTED = 130
LARGEST = "3000x300"  # its ten seconds tell nothing


def jobs(options: argparse.Namespace) -> list[Job]:
    """Everything that is asked for; a peer is asked for its best alone, so for the longest time only."""
    return [
        job
        for family in map(Family, options.family)
        for name in names(family, options.data)
        if not options.instances or name in options.instances
        for planner in ABLE[family]
        if planner in options.planners
        for job in _jobs(family, name, planner, options)
    ]


def _jobs(family: Family, name: str, planner: Planner, options: argparse.Namespace) -> list[Job]:
    asked = list(options.seconds or SECONDS[family])
    if planner is not Planner.OURS or name == LARGEST:
        asked = [max(asked)]
    seeds = 1 if planner is Planner.VROOM else options.seeds or SEEDS[family]
    return [
        Job(family=family, instance=name, planner=planner, seconds=seconds, seed=seed)
        for seconds in asked
        for seed in range(seeds)
    ]


Key = tuple[str, str, str, float, int, str, str]


def _key(found: Run) -> Key:
    return (
        found.family,
        found.instance,
        found.planner,
        found.seconds,
        found.seed,
        found.clock,
        found.version,
    )


def _key_of(job: Job, clock: str, versions: dict[Planner, str]) -> Key:
    family, name, planner = job.family, job.instance, job.planner
    return family, name, planner, job.seconds, job.seed, clock, versions[planner]


def kept(path: Path) -> dict[Key, Run]:
    """What earlier runs have written, the latest of each."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    found = (Run.from_json(json.loads(line)) for line in lines if line.strip())
    return {_key(item): item for item in found}


def measured(left: list[Job], options: argparse.Namespace) -> Iterator[Run]:
    """Runs as they end. Days of a size get a process of their own each, whose memory is theirs alone."""
    groups = (
        ([job for job in left if job.family is not Family.SIZE], None),
        ([job for job in left if job.family is Family.SIZE], 1),
    )
    for group, lives in groups:
        if not group:
            continue
        pool = ProcessPoolExecutor(
            options.processes,
            mp_context=get_context("spawn"),
            initializer=_get_ready,
            max_tasks_per_child=lives,
        )
        try:
            doing = [pool.submit(run, job, options.data, options.clock) for job in group]
            for done in as_completed(doing):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _get_ready() -> None:
    """A worker of the pool: Ctrl-C ends it in silence."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    make_ready()


def rows(runs: Iterable[Run]) -> list[Row]:
    return [
        {
            "family": found.family,
            "instance": found.instance,
            "planner": found.planner,
            "limit s": found.seconds,
            "seed": found.seed,
            "trips": found.trips,
            "left": found.unserved,
            "vehicles": found.vehicles,
            "above": found.vehicles_above,
            "cost": f"{found.cost:.2f}",
            "gap %": None if found.gap is None else f"{found.gap:.3f}",
            "broken": found.broken,
            "first s": found.first_s,
            "took s": found.took_s,
            "peak MiB": found.peak_mib,
        }
        for found in runs
    ]


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    data = ROOT.parent / "shared" / "data"
    all_families, all_planners = [f.value for f in Family], [p.value for p in Planner]
    parser.add_argument("--data", type=Path, default=data, help="folder with darp/ and pdptw/")
    parser.add_argument("--family", nargs="+", choices=all_families, default=all_families)
    parser.add_argument("--instances", nargs="+", metavar="NAME", help="these alone")
    parser.add_argument("--planners", nargs="+", choices=all_planners, default=all_planners)
    parser.add_argument("--seconds", nargs="+", type=_seconds, metavar="S", help="time limits")
    parser.add_argument("--seeds", type=int, help="how many seeds, from 0 on")
    parser.add_argument("--processes", type=int, choices=(1, 2), default=1)
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall")
    parser.add_argument("--json", type=Path, default=FOLDER / "planner.jsonl")
    parser.add_argument("--again", action="store_true", help="make all anew")
    return parser.parse_args(arguments)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError("a number of seconds above 0")
    return seconds


def _line(found: Run) -> str:
    gap = "" if found.gap is None else f", gap {found.gap:.3f} %"
    fault = f", {found.broken} RULES BROKEN: {found.faults[0]}" if found.broken else ""
    return (
        f"{found.family} {found.instance} {found.planner} {found.seconds:g} s seed {found.seed}: "
        f"{found.vehicles} vehicles, {found.cost:.2f}{gap}, {found.unserved} left{fault}"
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    options = _parsed(arguments)
    asked = jobs(options)
    if not asked:
        _say(
            f"There is nothing to plan: no such instances in {options.data} (say where with DATA=folder)."
        )
        return CANNOT
    versions = {planner: version_of(planner) for planner in {job.planner for job in asked}}
    keys = [_key_of(job, options.clock, versions) for job in asked]
    found = {} if options.again else kept(options.json)
    left = [job for job, key in zip(asked, keys, strict=True) if key not in found]
    is_cut = False
    options.json.parent.mkdir(parents=True, exist_ok=True)
    try:
        with options.json.open("a", encoding="utf-8") as file:
            for number, done in enumerate(measured(left, options), start=1):
                file.write(json.dumps(asdict(done)) + "\n")
                file.flush()
                found[_key(done)] = done
                _say(f"{number}/{len(left)} {_line(done)}")
    except KeyboardInterrupt:
        is_cut = True
    shown = [found[key] for key in keys if key in found]
    if not shown:
        return INTERRUPTED
    promised = jobs(_parsed(["--data", str(options.data)]))
    missing = len(set(promised) - set(asked))
    if missing:
        _say(f"{missing} of the {len(promised)} plans that the bars speak of were not asked for.")
    code = conclude(f"{options.json.stem}-bars", rows(shown), bars(shown), options.json.parent)
    return INTERRUPTED if is_cut else code


if __name__ == "__main__":
    sys.exit(main())
