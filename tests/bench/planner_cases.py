"""What `make bench-planner` can plan: published instances, and synthetic days of several sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType

from dispatch.engine.problem import Problem
from dispatch.instances import BestKnown, Instance, parse, parse_best_known
from tests.bench.synthetic import synthetic_day

SIZES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "100x12": (100, 12),
        "250x30": (250, 30),
        "500x50": (500, 50),
        "1000x100": (1_000, 100),
        "2000x200": (2_000, 200),
        "3000x300": (3_000, 300),
    }
)


class Family(StrEnum):
    """Groups of cases with bars of their own."""

    DARP = "darp"
    PDPTW = "pdptw"
    SIZE = "size"


class Planner(StrEnum):
    OURS = "ours"
    PYVRP = "pyvrp"
    VROOM = "vroom"


# Who can state the limits of a family: ride times and tour lengths are ours alone.
ABLE: Mapping[Family, tuple[Planner, ...]] = MappingProxyType(
    {
        Family.DARP: (Planner.OURS,),
        Family.PDPTW: (Planner.OURS, Planner.PYVRP, Planner.VROOM),
        Family.SIZE: (Planner.OURS, Planner.VROOM),
    }
)
SECONDS: Mapping[Family, tuple[float, ...]] = MappingProxyType(
    {Family.DARP: (1.0, 10.0), Family.PDPTW: (10.0,), Family.SIZE: (10.0, 60.0)}
)
SEEDS: Mapping[Family, int] = MappingProxyType({Family.DARP: 3, Family.PDPTW: 1, Family.SIZE: 1})
BEST_KNOWN: Mapping[Family, str] = MappingProxyType(
    {Family.DARP: "optima.csv", Family.PDPTW: "best_known.csv"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One plan to be made; `seconds`: the time it may take."""

    family: Family
    instance: str
    planner: Planner
    seconds: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A problem with what is known of it; `instance` and `path` are None for a synthetic day."""

    problem: Problem
    instance: Instance | None = None
    path: Path | None = None
    best_known: BestKnown | None = None


def names(family: Family, data: Path) -> list[str]:
    """The cases of a family, small ones first; none where the folder lacks them."""
    if family is Family.SIZE:
        return list(SIZES)
    return sorted((path.stem for path in (data / family).glob("*.txt")), key=_by_size)


def _by_size(name: str) -> tuple[int, str]:
    """a2-16 before a10-100; names of goods keep their own order."""
    head, _, tail = name.partition("-")
    return (int(tail), head) if tail.isdigit() else (0, name)


@cache
def case(family: Family, name: str, data: Path) -> Case:
    """Raises InstanceError for a file that is none, OSError for one that is not there."""
    if family is Family.SIZE:
        return Case(problem=synthetic_day(*SIZES[name]))
    path = data / family / f"{name}.txt"
    instance = parse(name, path.read_text(encoding="utf-8"))
    listed = path.parent / BEST_KNOWN[family]
    known = parse_best_known(listed.read_text(encoding="utf-8")) if listed.is_file() else {}
    return Case(problem=instance.problem, instance=instance, path=path, best_known=known.get(name))
