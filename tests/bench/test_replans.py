"""The measurement of re-plans, on a small day."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.begun_day import EVENTS
from tests.bench.replans import main, percentile


@pytest.mark.parametrize(("percent", "value"), [(50, 2.0), (95, 4.0), (1, 1.0)])
def test_percentiles_are_values_of_their_own(percent: int, value: float) -> None:
    assert percentile([4.0, 2.0, 1.0, 3.0], percent) == value


def test_each_kind_of_event_is_a_row(tmp_path: Path) -> None:
    arguments = ["--events", "8", "--trips", "40", "--shifts", "8", "--time-limit", "0.2"]
    main(arguments, folder=tmp_path)
    document = json.loads((tmp_path / "replans.json").read_text())
    assert [row["event"] for row in document["rows"]] == list(EVENTS)
    assert all(row["ready_s"] < row["cpu_s"] for row in document["rows"])
    by_promise = {bar["promise"]: bar["is_held"] for bar in document["bars"]}
    assert by_promise["never worse"]
    assert by_promise["within the budget, by the rules"]
