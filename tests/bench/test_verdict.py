"""A measurement ends with a table, a document, and a code that says whether what was promised holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench import demo_days
from tests.bench.verdict import HELD, MISSED, Bar, conclude, table

ROWS = [{"carrier": "small", "rate": 0.99871, "gap": None}]


def test_the_table_has_a_column_for_each_name() -> None:
    assert table(ROWS) == "carrier    rate  gap\n  small  0.9987    –"
    assert table([]) == ""


@pytest.mark.parametrize(
    ("is_held", "code", "word"), [(True, HELD, "held"), (False, MISSED, "MISSED")]
)
def test_the_code_says_whether_all_bars_hold(
    tmp_path: Path, is_held: bool, code: int, word: str
) -> None:
    bars = [
        Bar(promise="no rule is broken", measured="0 faults", is_held=True),
        Bar(promise="no day is slow", measured="9 s", is_held=is_held),
    ]
    assert conclude("days", ROWS, bars, tmp_path / "bench") == code
    assert f"{word}: no day is slow (9 s)" in (tmp_path / "bench/days.txt").read_text()
    kept = json.loads((tmp_path / "bench/days.json").read_text())
    assert kept["rows"] == ROWS
    assert [bar["is_held"] for bar in kept["bars"]] == [True, is_held]


def row(**changes: Any) -> dict[str, Any]:
    good = {
        "faults": 0,
        "false_reasons": 0,
        "assignment_rate_on_feasible_days": 0.99,
        "seconds_max": 10.0,
    }
    return good | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"faults": 1},
        {"false_reasons": 1},
        {"assignment_rate_on_feasible_days": 0.9899},
        {"assignment_rate_on_feasible_days": None},  # no day was feasible: nothing is proved
        {"seconds_max": 10.1},
    ],
)
def test_one_miss_at_one_carrier_is_a_miss(changes: dict[str, Any]) -> None:
    assert all(bar.is_held for bar in demo_days.bars([row(), row()]))
    missed = [bar for bar in demo_days.bars([row(), row(**changes)]) if not bar.is_held]
    assert len(missed) == 1
