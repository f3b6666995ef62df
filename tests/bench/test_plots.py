"""The plots of the planner: what is drawn is what was kept, of one engine and one clock."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from statistics import mean

import pytest

from tests.bench import plots
from tests.bench.planner_runs import our_version
from tests.bench.test_planner import a_run
from tests.bench.verdict import CANNOT, HELD


def test_a_gap_over_time_leaves_out_limits_at_which_trips_were_left() -> None:
    late = a_run(family="darp", seconds=10.0, cost=101.0, best_cost=100.0, best_vehicles=None)
    runs = [
        late,
        replace(late, seed=1, cost=103.0),
        replace(late, seconds=1.0, cost=105.0),
        replace(late, seconds=0.1, unserved=1),
    ]
    assert plots.by_limit(runs, mean) == pytest.approx({1.0: 5.0, 10.0: 2.0})
    assert plots.by_limit(runs, max) == pytest.approx({1.0: 5.0, 10.0: 3.0})


def test_a_cost_over_size_is_that_of_whole_plans() -> None:
    day = a_run(family="size", trips=250, cost=5_000.0)
    runs = [day, replace(day, trips=100, cost=3_000.0), replace(day, trips=500, broken=1)]
    assert plots.by_size(runs, plots.cost_a_trip) == {100.0: 30.0, 250.0: 20.0}


def test_runs_of_another_engine_are_not_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    kept = tmp_path / "kept.jsonl"
    asked = ["--json", str(kept), "--out", str(tmp_path)]
    old = a_run(family="darp", version="another", best_vehicles=None)
    kept.write_text(json.dumps(asdict(old)) + "\n")
    assert plots.main(asked) == CANNOT
    assert "No run of this engine" in capsys.readouterr().err

    new = replace(old, version=our_version())
    day = replace(new, family="size", instance="250x30", trips=250, seconds=60.0)
    kept.write_text("".join(json.dumps(asdict(run)) + "\n" for run in (new, day)))
    assert plots.main(asked) == HELD
    drawn = (tmp_path / "gap-over-time.svg").read_text()
    assert "static dial-a-ride, 1 instances" in drawn
    assert (tmp_path / "time-and-cost-over-size.svg").is_file()
    plots.main(asked)
    assert (tmp_path / "gap-over-time.svg").read_text() == drawn  # the same runs, the same file
