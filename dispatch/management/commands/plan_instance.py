"""Plans published instances and prints each plan in the numbers of its own file."""

from __future__ import annotations

import json
import random
import sys
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dispatch.engine.errors import EngineError
from dispatch.engine.pipeline import Stage, make_plan, make_ready
from dispatch.instances import (
    Answer,
    BestKnown,
    Instance,
    InstanceError,
    answer,
    parse,
    parse_best_known,
)

BEST_KNOWN_FILES = ("optima.csv", "best_known.csv")
SOME_UNSERVED = 3  # exit status


class Command(BaseCommand):
    help = (
        "Plan dial-a-ride (Cordeau; Berbeglia, as if all were known) and pickup-and-delivery (Li & Lim) "
        "instances. One line an instance on stdout, in the order of the files; progress on stderr. The gap "
        "is in percent of the best published cost, found in optima.csv or best_known.csv beside the file. "
        "Exit status: 0 all served, 1 an error, 2 wrong usage, 3 some requests unserved."
    )
    requires_system_checks = ()  # reads files alone: no database, no services

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument(
            "--time-limit",
            type=_seconds,
            default=10.0,
            metavar="S",
            help="seconds an instance (10)",
        )
        parser.add_argument(
            "--threads", type=_count, default=1, metavar="N", help="instances planned at once (1)"
        )
        parser.add_argument(
            "--seed", type=int, default=0, metavar="N", help="seed of the search (0)"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *_args: Any, **options: Any) -> None:
        tasks = [_read(path) for path in options["files"]]
        write = _json_line if options["json"] else _text_line
        is_all_served = True
        for done, (found, stages) in enumerate(_planned(tasks, options), start=1):
            self.stdout.write(write(found))
            self.stdout.flush()
            self.stderr.write(f"{done}/{len(tasks)} {found.instance}: {_spoken(stages)}")
            is_all_served = is_all_served and not found.unserved
        if not is_all_served:
            sys.exit(SOME_UNSERVED)


@dataclass(frozen=True, slots=True)
class _Task:
    path: Path
    instance: Instance
    best_known: BestKnown | None


_Planned = tuple[Answer, tuple[Stage, ...]]


def _planned(tasks: list[_Task], options: dict[str, Any]) -> Iterator[_Planned]:
    """Answers in the order of the files, each as soon as it and all before it are there."""
    plan = partial(_plan, time_limit_s=options["time_limit"], seed=options["seed"])
    workers = min(options["threads"], len(tasks))
    if workers == 1:
        make_ready()
        yield from map(plan, tasks)
        return
    # Spawned, not forked: a fork would inherit whatever threads and connections this process has.
    spawned = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawned, initializer=make_ready) as pool:
        yield from pool.map(plan, tasks)


def _plan(task: _Task, *, time_limit_s: float, seed: int) -> _Planned:
    began = time.monotonic()
    try:
        result = make_plan(
            task.instance.problem,
            time_limit_s=time_limit_s,
            rng=random.Random(seed),
            clock=time.monotonic,
        )
    except EngineError as error:
        raise CommandError(f"{task.path}: {error}") from error
    seconds = time.monotonic() - began
    found = answer(task.instance, result.plan, seconds=seconds, best_known=task.best_known)
    return found, result.stages


def _read(path: Path) -> _Task:
    name = path.stem
    try:
        instance = parse(name, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    except InstanceError as error:
        raise CommandError(f"{path}: {error}") from error
    return _Task(path, instance, _best_known(path.parent).get(name))


def _best_known(folder: Path) -> dict[str, BestKnown]:
    known: dict[str, BestKnown] = {}
    for file in BEST_KNOWN_FILES:
        path = folder / file
        if path.is_file():
            try:
                known |= parse_best_known(path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError, InstanceError) as error:
                raise CommandError(f"{path}: {error}") from error
    return known


def _json_line(found: Answer) -> str:
    return json.dumps(found.to_json(), separators=(",", ":"))


def _text_line(found: Answer) -> str:
    total = found.served + found.unserved
    gap = "" if found.gap is None else f"  gap {found.gap:.2f} %"
    above = (
        "" if not found.vehicles_above else f"  vehicles {found.vehicles_above:+d} to best known"
    )
    return (
        f"{found.instance}  {found.status}  {found.served}/{total} served  {found.vehicles} vehicles"
        f"  cost {found.cost:.2f}{gap}{above}  {found.seconds:.1f} s"
    )


def _spoken(stages: tuple[Stage, ...]) -> str:
    return ", ".join(
        f"{stage.name} {stage.outcome} ({stage.note or f'{stage.seconds:.1f} s'})"
        for stage in stages
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ArgumentTypeError("the time limit is a number of seconds above 0")
    return seconds


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ArgumentTypeError("at least one instance is planned at a time")
    return count
