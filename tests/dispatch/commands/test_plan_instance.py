"""`manage.py plan_instance`, judged by a reader of the files that shares no code with it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.dispatch.published import faults
from tests.dispatch.small_instances import DARP, DARP_OPTIMUM, DYNAMIC, PDPTW, PDPTW_BEST

PUBLISHED = Path("/work/shared/data")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A street for patients, the same with requests that come later, and one for goods."""
    (tmp_path / "street.txt").write_text(DARP)
    (tmp_path / "later.json").write_text(DYNAMIC)
    (tmp_path / "goods.txt").write_text(PDPTW)
    (tmp_path / "optima.csv").write_text("instance,optimum\nstreet,12.0\n")
    (tmp_path / "best_known.csv").write_text("instance,vehicles,cost\ngoods,1,24.0\n")
    return tmp_path


def lines(*files: Path, limit: float = 0.3, **options: Any) -> list[dict[str, Any]]:
    out = io.StringIO()
    names = [str(file) for file in files]
    call_command(
        "plan_instance",
        *names,
        time_limit=limit,
        json=True,
        stdout=out,
        stderr=io.StringIO(),
        **options,
    )
    return [json.loads(line) for line in out.getvalue().splitlines()]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a person types it, with no terminal and nothing to read from."""
    command = [sys.executable, "manage.py", "plan_instance", *arguments]
    return subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_patients_share_the_way(folder: Path) -> None:
    (line,) = lines(folder / "street.txt")
    assert faults(folder / "street.txt", line) == []
    assert (line["status"], line["served"], line["unserved"]) == ("served", 2, 0)
    assert (line["cost"], line["gap"], line["vehicles"]) == (DARP_OPTIMUM, 0.0, 1)


def test_goods_take_as_few_vehicles_as_they_can(folder: Path) -> None:
    (line,) = lines(folder / "goods.txt")
    assert faults(folder / "goods.txt", line) == []
    assert (line["vehicles"], line["vehicles_above"], line["cost"]) == (1, 0, PDPTW_BEST)


def test_a_dynamic_instance_is_planned_as_if_all_were_known_and_says_so(folder: Path) -> None:
    (line,) = lines(folder / "later.json")
    assert faults(folder / "later.json", line) == []
    assert "known from the start" in line["note"]
    assert line["gap"] is None


def test_several_processes_answer_in_the_order_of_the_files(folder: Path) -> None:
    files = [folder / name for name in ("street.txt", "goods.txt", "later.json")]
    found = lines(*files, threads=2)
    assert [line["instance"] for line in found] == ["street", "goods", "later"]
    assert [faults(file, line) for file, line in zip(files, found, strict=True)] == [[], [], []]


def test_requests_that_nobody_can_serve_are_counted_and_end_with_status_3(folder: Path) -> None:
    """The first request's pickup closes before anybody can be there."""
    file = folder / "street.txt"
    file.write_text(DARP.replace("1 3.0 0.0 1  1 0  50", "1 3.0 0.0 1  1 0  2"))
    done = run(str(file), "--time-limit", "0.3", "--json")
    assert done.returncode == 3
    line = json.loads(done.stdout)
    assert faults(file, line) == []
    assert (line["status"], line["served"], line["unserved"]) == ("partial", 1, 1)
    assert line["gap"] is None


def test_what_a_person_reads(folder: Path) -> None:
    done = run(str(folder / "street.txt"), "--time-limit", "0.3")
    assert done.returncode == 0
    assert done.stdout.startswith(
        "street  served  2/2 served  1 vehicles  cost 12.00  gap 0.00 %  "
    )
    assert done.stderr.startswith("1/1 street: construct taken (")


@pytest.mark.parametrize(
    "arguments",
    [[], ["street.txt", "--threads", "0"], ["street.txt", "--time-limit", "-1"]],
    ids=["no file", "no process", "no time"],
)
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    assert run(*arguments).returncode == 2


def test_a_file_that_cannot_be_read_is_an_error_before_any_planning(folder: Path) -> None:
    (folder / "binary.txt").write_bytes(b"\xff\xfe\x00")
    for name, sentence in (
        ("nowhere.txt", "cannot be read"),
        ("binary.txt", "cannot be read"),
        ("optima.csv", "not a row of numbers"),
    ):
        with pytest.raises(CommandError, match=sentence):
            lines(folder / "street.txt", folder / name, limit=60.0)


def test_a_broken_list_of_best_known_costs_is_an_error(folder: Path) -> None:
    (folder / "optima.csv").write_text("instance,optimum\nstreet,soon\n")
    with pytest.raises(CommandError, match=r"optima\.csv: Line 2"):
        lines(folder / "street.txt")


@pytest.mark.slow
@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published instances are not here")
@pytest.mark.parametrize(
    "name",
    [
        "darp/a2-16.txt",
        "darp/a4-24.txt",
        "darp_dynamic/a2-20.json",
        "pdptw/lc101.txt",
        "pdptw/lr109.txt",
    ],
)
def test_published_instances_are_served_whole(name: str) -> None:
    (line,) = lines(PUBLISHED / name, limit=2.0)
    assert faults(PUBLISHED / name, line) == []
    assert line["unserved"] == 0


RIGHT: dict[str, Any] = {
    "served": 2,
    "unserved": 0,
    "vehicles": 1,
    "cost": 12.0,
    "routes": [[1, 2, 4, 3]],
    "starts": {"1": 3.0, "2": 5.0, "4": 7.0, "3": 9.0},  # away from 0 to 16
}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"cost": 11.98}, "cost 11.98 is 12"),
        ({"starts": RIGHT["starts"] | {"1": 51.0}}, "1 begins outside its window"),
        ({"starts": RIGHT["starts"] | {"1": 2.9}}, "1 begins before it is reached"),
        ({"starts": RIGHT["starts"] | {"3": 10.1}}, "1 rides too long"),
        ({"starts": RIGHT["starts"] | {"3": 94.0}}, "home after the horizon"),
        ({"starts": RIGHT["starts"] | {"3": 50.0}}, "the tour takes too long"),
        ({"routes": [[1, 3, 4, 2]]}, "4 does not follow 2"),
        ({"routes": [[1, 2, 4]]}, "somebody stays on board"),
        ({"routes": [[1, 3], [2, 4]], "vehicles": 2}, "wrong count of vehicles"),
        ({"routes": [[1, 2, 4, 3, 3]]}, "visited twice"),
        ({"served": 3}, "wrong count of requests"),
    ],
)
def test_the_judge_sees_what_is_wrong(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    """So that its silence above means something."""
    file = tmp_path / "street.txt"
    file.write_text(DARP.replace("1 2 100 2 6", "1 2 40 2 6"))
    assert faults(file, RIGHT) == []
    assert sentence in " ".join(faults(file, RIGHT | change))


def test_the_judge_counts_who_is_on_board(tmp_path: Path) -> None:
    file = tmp_path / "street.txt"
    file.write_text(DARP.replace("1 2 100 2 6", "1 2 100 1 6"))
    assert "load 2.0 after 2" in " ".join(faults(file, RIGHT))
