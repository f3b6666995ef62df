"""`make bench-planner`: what is asked for is planned once, kept, judged by its file, and held against the bars."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from dispatch.engine.problem import Visit
from dispatch.engine.rules import hard_violations
from dispatch.enums import Rule, VisitKind
from dispatch.instances import TICKS, parse
from tests.bench import peers, planner
from tests.bench.planner_cases import Family, Planner, names
from tests.bench.planner_runs import Run, our_version
from tests.bench.planner_verdict import bars
from tests.bench.synthetic import LONGEST_RIDE_S, synthetic_day
from tests.bench.verdict import CANNOT, HELD
from tests.dispatch.small_instances import DARP, DARP_OPTIMUM, PDPTW, PDPTW_BEST


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "darp").mkdir()
    (tmp_path / "pdptw").mkdir()
    (tmp_path / "darp" / "a1-2.txt").write_text(DARP)
    (tmp_path / "darp" / "optima.csv").write_text(f"instance,optimum\na1-2,{DARP_OPTIMUM}\n")
    (tmp_path / "pdptw" / "lx1.txt").write_text(PDPTW)
    (tmp_path / "pdptw" / "best_known.csv").write_text(
        f"instance,vehicles,cost\nlx1,1,{PDPTW_BEST}\n"
    )
    return tmp_path


def asked(data: Path, *more: str) -> list[str]:
    """Ours alone: the peers are not installed where tests run."""
    return [
        *("--data", str(data), "--family", "darp", "pdptw", "--planners", "ours"),
        *("--seconds", "0.2", "--seeds", "1", "--json", str(data / "kept.jsonl"), *more),
    ]


def a_run(**changes: Any) -> Run:
    usual = Run(
        family="pdptw",
        instance="lc101",
        planner="ours",
        seconds=10.0,
        seed=0,
        clock="wall",
        version="x",
        trips=53,
        unserved=0,
        vehicles=10,
        cost=828.94,
        best_cost=828.94,
        best_vehicles=10,
        first_s=0.1,
        took_s=9.9,
        wall_s=9.9,
        peak_mib=300,
        broken=0,
    )
    return replace(usual, **changes)


def missed(*runs: Run) -> list[str]:
    return [bar.promise for bar in bars(runs) if not bar.is_held]


def test_each_case_is_planned_judged_and_kept_once(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert planner.main(asked(data)) == HELD
    lines = [json.loads(line) for line in (data / "kept.jsonl").read_text().splitlines()]
    assert [(line["instance"], line["cost"], line["broken"]) for line in lines] == [
        ("a1-2", DARP_OPTIMUM, 0),
        ("lx1", PDPTW_BEST, 0),
    ]
    assert all(line["version"] == our_version() for line in lines)
    said = capsys.readouterr()
    assert "held: no plan of ours breaks a rule (0 do)" in said.out
    assert "plans that the bars speak of were not asked for" in said.err
    assert planner.main(asked(data)) == HELD  # and nothing is planned again
    assert len((data / "kept.jsonl").read_text().splitlines()) == 2
    assert (data / "kept-bars.json").is_file()


def test_a_stopped_run_goes_on_where_it_was(data: Path) -> None:
    options = planner._parsed(asked(data))
    first, second = planner.jobs(options)
    versions = {Planner.OURS: our_version()}
    done = a_run(
        family="darp", instance="a1-2", seconds=0.2, clock="wall", version=our_version(), trips=2
    )
    (data / "kept.jsonl").write_text(json.dumps(asdict(done)) + "\n")
    kept = planner.kept(data / "kept.jsonl")
    assert planner._key_of(first, "wall", versions) in kept
    assert planner._key_of(first, "cpu", versions) not in kept
    assert planner._key_of(second, "wall", versions) not in kept


def test_interrupted_at_once_there_is_nothing_to_show(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> list[Run]:
        raise KeyboardInterrupt

    monkeypatch.setattr(planner, "measured", stop)
    assert planner.main(asked(data)) == planner.INTERRUPTED


def test_instances_that_are_not_there_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--data", str(tmp_path / "nowhere"), "--family", "darp", "--planners", "ours"]
    assert planner.main(options) == CANNOT
    assert "say where with DATA=folder" in capsys.readouterr().err


def test_small_instances_come_first(tmp_path: Path) -> None:
    (tmp_path / "darp").mkdir()
    for name in ("a10-100", "a2-16", "a3-24", "a2-24"):
        (tmp_path / "darp" / f"{name}.txt").write_text(DARP)
    assert names(Family.DARP, tmp_path) == ["a2-16", "a2-24", "a3-24", "a10-100"]


def test_best_known_is_met_to_a_hundredth_with_as_many_vehicles() -> None:
    assert a_run(cost=828.95).is_met
    assert not a_run(cost=828.96).is_met
    assert not a_run(vehicles=11, cost=800.0).is_met
    assert a_run(vehicles=11).gap is None
    assert a_run(vehicles=11).vehicles_above == 1
    assert a_run(unserved=1).gap is None
    assert a_run(broken=1).vehicles_above is None


def test_bars_of_goods_compare_vehicles_first() -> None:
    peer = a_run(planner="vroom", vehicles=11, cost=700.0)
    assert missed(a_run(), peer) == []  # fewer vehicles: the longer way counts for nothing
    assert len(missed(a_run(vehicles=12), peer)) == 2  # best known, and the peer
    assert len(missed(a_run(cost=828.95), replace(peer, vehicles=10, cost=828.94))) == 1
    broken = replace(peer, vehicles=9, broken=1)
    assert missed(a_run(), broken) == []  # no plan, no comparison


def test_bars_of_dial_a_ride_are_means_over_all() -> None:
    usual = a_run(family="darp", best_vehicles=None, best_cost=100.0, cost=100.0, seconds=10.0)
    assert missed(usual) == []
    assert len(missed(usual, replace(usual, cost=101.5))) == 1
    assert len(missed(replace(usual, unserved=1))) == 1
    assert missed(replace(usual, cost=100.4, seconds=1.0, took_s=1.04)) == []


def test_a_plan_that_is_late_is_no_plan_of_its_time() -> None:
    usual = a_run(family="darp", best_vehicles=None, best_cost=100.0, cost=100.0)
    assert missed(replace(usual, took_s=10.04)) == []
    assert missed(replace(usual, took_s=10.06)) == ["every plan of ours in its time, and 0.05 s"]


def test_bars_of_sizes() -> None:
    early = a_run(
        family="size", instance="1000x100", best_cost=None, best_vehicles=None, cost=100.0
    )
    late, peer = replace(early, seconds=60.0, cost=98.5), replace(early, seconds=60.0, cost=101.0)
    assert missed(early, late, replace(peer, planner="vroom")) == []
    assert len(missed(early, replace(late, cost=97.0), replace(peer, planner="vroom"))) == 1
    assert len(missed(early, late, replace(peer, planner="vroom", cost=99.0))) == 1
    assert len(missed(replace(early, first_s=2.1, peak_mib=3_000))) == 2
    largest = replace(early, instance="3000x300", seconds=60.0, took_s=59.0)
    assert missed(largest) == []
    assert len(missed(replace(largest, unserved=1))) == 1


def test_a_synthetic_day_is_the_same_each_time() -> None:
    day = synthetic_day(40, 5)
    assert day.hash == synthetic_day(40, 5).hash != synthetic_day(40, 5, seed=1).hash
    assert (len(day.trips), len(day.shifts)) == (40, 5)
    longest = max(LONGEST_RIDE_S, *(day.direct_s(trip) for trip in day.trips))
    assert all(LONGEST_RIDE_S <= trip.max_ride_s <= longest for trip in day.trips)


def test_a_peers_order_is_timed_by_our_schedule_where_one_keeps_it() -> None:
    problem = parse("lx1", PDPTW).problem
    order = [("1", "+"), ("1", "-"), ("2", "+"), ("2", "-"), ("3", "+"), ("3", "-")]
    kinds = {"+": VisitKind.PICKUP, "-": VisitKind.DROPOFF}
    times = [(Visit(trip, kinds[sign]), 0) for trip, sign in order]
    plan = peers.plan_of(problem, {0: times})
    assert hard_violations(problem, plan) == ()
    assert plan.routes[0].visits[0].start_s == 3 * TICKS


def test_a_peers_false_route_keeps_its_times_and_is_told() -> None:
    problem = parse("lx1", PDPTW).problem
    order = (("3", "+", 45), ("3", "-", 47), ("1", "+", 49), ("1", "-", 51))  # 1 is to go by 10
    kinds = {"+": VisitKind.PICKUP, "-": VisitKind.DROPOFF}
    times = [(Visit(trip, kinds[sign]), at * TICKS) for trip, sign, at in order]
    plan = peers.plan_of(problem, {1: times})
    assert [item.trip for item in plan.unassigned] == ["2"]
    broken = hard_violations(problem, plan)
    assert {(violation.rule, violation.trip) for violation in broken} == {(Rule.TIME_WINDOW, "1")}
