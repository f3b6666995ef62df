"""Plans the published static dial-a-ride instances and checks each answer with a program of its own.

    python -m tests.bench.dial_a_ride --data ../shared/data/darp --time-limit 20 --threads 2

`manage.py plan_instance` plans, tests/dispatch/published.py reads the files once more and judges. Exit codes: 0 every
plan is one and serves all, 3 not so, 1 nothing could be measured, 2 usage.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.bench.verdict import CANNOT, FOLDER, Bar, conclude
from tests.dispatch.published import faults

ROOT = Path(__file__).resolve().parents[2]
SOME_UNSERVED = 3  # plan_instance's exit code
SHOWN = ("instance", "served", "unserved", "vehicles", "cost", "gap", "seconds")


def instances(data: Path) -> list[Path]:
    """a2-16.txt and its like, the smallest fleet first."""
    return sorted(data.glob("a*-*.txt"))


def answers(files: list[Path], *, time_limit_s: float, threads: int) -> list[dict[str, Any]]:
    """One answer a file, in their order; raises CalledProcessError when the command cannot plan."""
    command = [sys.executable, str(ROOT / "manage.py"), "plan_instance", *map(str, files), "--json"]
    command += ["--time-limit", str(time_limit_s), "--threads", str(threads)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    if done.returncode not in {0, SOME_UNSERVED}:
        raise subprocess.CalledProcessError(done.returncode, command)
    return [json.loads(line) for line in done.stdout.splitlines()]


def judged(files: list[Path], lines: list[dict[str, Any]], folder: Path = FOLDER) -> int:
    found = [faults(path, line) for path, line in zip(files, lines, strict=True)]
    rows = [
        {name: line[name] for name in SHOWN} | {"faults": len(wrong)}
        for line, wrong in zip(lines, found, strict=True)
    ]
    unserved, wrong = sum(line["unserved"] for line in lines), sum(map(len, found))
    gaps = [line["gap"] for line in lines if line["gap"] is not None]
    mean = f"{sum(gaps) / len(gaps):.2f} %" if gaps else "not known"
    bars = [
        Bar(promise="every request is served", measured=f"{unserved} left", is_held=not unserved),
        Bar(promise="every plan is one", measured=f"{wrong} faults", is_held=not wrong),
    ]
    code = conclude("dial_a_ride", rows, bars, folder)
    print(f"{len(lines)} instances, mean gap to the best published cost: {mean}")
    return code


def main(arguments: list[str] | None = None, folder: Path = FOLDER) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "darp")
    parser.add_argument("--time-limit", type=float, default=20.0, help="seconds an instance")
    parser.add_argument("--threads", type=int, default=2, help="instances planned at once")
    parser.add_argument("--count", type=int, default=None, help="only so many, the first")
    options = parser.parse_args(arguments)
    files = instances(options.data)[: options.count]
    if not files:
        print(
            f"There are no dial-a-ride instances (a2-16.txt …) in {options.data}: "
            "say where they are with make bench-darp DARP=/path/to/them.",
            file=sys.stderr,
        )
        return CANNOT
    try:
        lines = answers(files, time_limit_s=options.time_limit, threads=options.threads)
    except subprocess.CalledProcessError as error:
        print(f"plan_instance ended with {error.returncode}.", file=sys.stderr)
        return CANNOT
    return judged(files, lines, folder)


if __name__ == "__main__":
    sys.exit(main())
