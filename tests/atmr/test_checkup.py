from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from atmr import checkup
from atmr.checkup import examine
from atmr.embedded.home import free_port
from atmr.finding import Finding


def by_name(var, port: int | None = None) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(var, port or free_port())}


@pytest.fixture(autouse=True)
def _no_urls(monkeypatch):
    for name in ("DATABASE_URL", "REDIS_URL", "OSRM_URL"):
        monkeypatch.delenv(name, raising=False)


def test_this_machine_can_run_the_console(var):
    findings = by_name(var)
    assert [f for f in findings.values() if f.state == "missing"] == []
    assert findings["python"].found.startswith("3.11.")
    assert "PostgreSQL) 18" in findings["PostgreSQL"].found
    assert "9.1" in findings["Valkey"].found


def test_what_is_not_installed_as_locked_is_named(var, monkeypatch):
    real = checkup._installed
    monkeypatch.setattr(
        checkup, "_installed", lambda n: "" if n in {"django", "torch"} else real(n)
    )
    findings = by_name(var)
    assert findings["base.txt"].state == "missing"
    assert findings["base.txt"].remedy.startswith("django: the console does not start")
    assert findings["torch.txt"].state == "advice"


def test_missing_programs_and_space(var, monkeypatch):
    monkeypatch.setattr(checkup, "find_postgres", lambda: None)
    monkeypatch.setattr(checkup, "find_valkey", lambda: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    findings = by_name(var)
    missing = {name for name, finding in findings.items() if finding.state == "missing"}
    assert missing == {"PostgreSQL", "Valkey", "disk"}
    assert all(findings[name].remedy for name in missing)
    assert {n for n in ("OSRM", "gettext", "chromium") if findings[n].state == "advice"} == {
        "OSRM",
        "gettext",
        "chromium",
    }


def test_servers_by_url_replace_the_programs(var, monkeypatch):
    """Nobody listens there, and that is said of the servers."""
    monkeypatch.setenv("REDIS_URL", "redis://:secret@127.0.0.1:1")
    findings = by_name(var)
    assert (findings["Valkey"].state, findings["broker"].state) == ("ok", "missing")
    assert "REDIS_URL names a server" in findings["Valkey"].found
    assert "secret" not in str(findings)
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/d")
    assert "DATABASE_URL names a server" in checkup._postgres().found


def test_an_unusable_data_directory_is_missing(tmp_path):
    (tmp_path / "file").write_text("")
    assert by_name(tmp_path / "file" / "var")["data"].state == "missing"


@pytest.mark.django_db
def test_the_command_prints_lines_or_json(capsys):
    call_command("doctor", port=free_port())
    assert "PostgreSQL" in capsys.readouterr().out
    call_command("doctor", json=True, port=free_port())
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is True
    assert {"what", "state", "found", "remedy"} == set(answer["findings"][0])


@pytest.mark.django_db
def test_the_command_exits_with_1_when_something_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(checkup, "find_valkey", lambda: None)
    with pytest.raises(SystemExit) as leaving:
        call_command("doctor", port=free_port())
    assert leaving.value.code == 1
    assert "set REDIS_URL" in capsys.readouterr().out
