from __future__ import annotations

import json
import os

import pytest

from atmr import environment
from atmr.presence import announce, running_console, withdraw

HERE = "http://127.0.0.1:8000/"
ROADS = "http://127.0.0.1:5000"


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("ATMR_VAR", str(tmp_path))
    monkeypatch.setenv("ATMR_ENV", "dev")
    monkeypatch.delenv("OSRM_URL", raising=False)
    return tmp_path


def test_other_terminals_find_the_console_until_it_stops(home):
    assert running_console(home) is None
    announce(home, address=HERE)
    console = running_console(home)
    assert console is not None
    assert (console.pid, console.address, console.osrm_url) == (os.getpid(), HERE, "")
    withdraw(home)
    withdraw(home)
    assert running_console(home) is None


def test_its_road_server_is_used_where_none_is_set(home, monkeypatch):
    announce(home, address=HERE, osrm_url=ROADS)
    assert environment.osrm_url() == ROADS
    monkeypatch.setenv("OSRM_URL", "https://roads.example")
    assert environment.osrm_url() == "https://roads.example"


@pytest.mark.parametrize("name", ["test", "prod"])
def test_only_where_one_develops(home, monkeypatch, name):
    announce(home, address=HERE, osrm_url=ROADS)
    monkeypatch.setenv("ATMR_ENV", name)
    assert environment.osrm_url() == ""


@pytest.mark.parametrize(
    "change", [{"birth": "another"}, {"birth": ""}, {"pid": 2**22 + 1}, {"osrm_url": None}]
)
def test_what_a_killed_console_left_is_not_believed(home, change):
    """Its number may be another process's by now, which was born at another moment."""
    announce(home, address=HERE, osrm_url=ROADS)
    path = home / "run/console.json"
    row = json.loads(path.read_text()) | change
    path.write_text(json.dumps({k: v for k, v in row.items() if v is not None}))
    assert running_console(home) is None
    path.write_text("{half")
    assert running_console(home) is None
