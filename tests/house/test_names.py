"""No file may be a dumping ground or too long to read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from atmr.environment import BASE_DIR

ROOMS = ("atmr", "dispatch", "audit", "rl", "mlops", "tests", "requirements")
LONGEST = 500
DUMPING_GROUND = re.compile(
    r"^(services?|utils?|helpers?|managers?|common|misc|.*_v\d+|.*_final|(improved|enhanced|unified|new|old)_.*)$"
)


def files() -> list[Path]:
    found = [path for room in ROOMS for path in (BASE_DIR / room).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


def test_there_is_something_to_judge():
    assert len(files()) > 50


def test_every_file_says_what_it_decides_by_its_name():
    names = [path for path in files() if DUMPING_GROUND.match(path.stem)]
    names += [path.parent for path in files() if DUMPING_GROUND.match(path.parent.name)]
    assert names == []


@pytest.mark.parametrize(
    ("stem", "bad"),
    [
        ("services", True),
        ("helpers", True),
        ("plan_v2", True),
        ("new_board", True),
        ("board", False),
    ],
)
def test_the_pattern(stem, bad):
    assert bool(DUMPING_GROUND.match(stem)) is bad


def test_no_file_is_too_long_to_read():
    long = {str(p.relative_to(BASE_DIR)): n for p in files() if (n := _lines(p)) > LONGEST}
    assert long == {}


def _lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


def test_every_module_of_the_rooms_says_what_it_decides():
    silent = [
        str(path.relative_to(BASE_DIR))
        for path in files()
        if "tests" not in path.relative_to(BASE_DIR).parts
        and path.name != "__init__.py"
        and path.name != "apps.py"
        and not path.read_text(encoding="utf-8")
        .removeprefix("#!/usr/bin/env python\n")
        .startswith('"""')
    ]
    assert silent == []
