"""A measurement ends with a table, a document, and a code that says whether what was promised holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench import demo_days, dial_a_ride
from tests.bench.verdict import CANNOT, HELD, MISSED, Bar, conclude, table
from tests.dispatch.small_instances import DARP

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


def test_instances_that_are_not_there_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dial_a_ride.main(["--data", str(tmp_path / "nowhere")], tmp_path) == CANNOT
    assert "make bench-darp DARP=/path/to/them" in capsys.readouterr().err


def test_a_file_that_cannot_be_planned_measures_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a1-2.txt").write_text("no numbers")
    assert dial_a_ride.main(["--data", str(tmp_path)], tmp_path) == CANNOT
    assert "plan_instance ended with 1." in capsys.readouterr().err


def test_an_instance_is_planned_and_judged(tmp_path: Path) -> None:
    (tmp_path / "a1-2.txt").write_text(DARP)
    options = ["--data", str(tmp_path), "--time-limit", "0.3", "--threads", "1"]
    assert dial_a_ride.main(options, tmp_path) == HELD
    (line,) = json.loads((tmp_path / "dial_a_ride.json").read_text())["rows"]
    assert (line["instance"], line["unserved"], line["faults"]) == ("a1-2", 0, 0)
