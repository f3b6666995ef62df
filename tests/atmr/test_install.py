from __future__ import annotations

import importlib.util
import io
import shutil
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from atmr.environment import BASE_DIR


def loaded() -> Any:
    """The installer as a module: it lies beside the locks, in no package."""
    path = BASE_DIR / "requirements" / "install.py"
    spec = importlib.util.spec_from_file_location("install", path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def install(tmp_path, monkeypatch):
    module = loaded()
    locks = tmp_path / "locks"
    shutil.copytree(BASE_DIR / "requirements", locks)
    monkeypatch.setattr(module, "LOCKS", locks)
    module.installed = []
    monkeypatch.setattr(module, "_pip", lambda venv, step: module.installed.append(step))
    monkeypatch.setattr(module, "_works", lambda venv: venv.exists())
    monkeypatch.setattr(module, "_make", lambda venv: venv.mkdir())
    return module


def test_torch_comes_first_and_only_once(install, tmp_path):
    install.install(tmp_path / "venv", "run")
    assert install.installed == [("torch.txt",), ("base.txt", "learn.txt")]
    install.install(tmp_path / "venv", "run")
    assert len(install.installed) == 2
    install.install(tmp_path / "venv", "dev")
    assert install.installed[2:] == [("dev.txt",)]
    install.install(tmp_path / "venv", "bench")
    assert install.installed[3:] == [("bench.txt",)]


def test_a_changed_lock_is_installed_again(install, tmp_path):
    install.install(tmp_path / "venv", "run")
    (install.LOCKS / "learn.txt").write_text("numpy==2.0.0\n")
    install.install(tmp_path / "venv", "run")
    assert install.installed[2:] == [("base.txt", "learn.txt")]


def test_an_interrupted_step_is_done_again(install, tmp_path, monkeypatch):
    def fail(venv, step):
        raise install.RefusalError("no network")

    monkeypatch.setattr(install, "_pip", fail)
    with pytest.raises(install.RefusalError):
        install.install(tmp_path / "venv", "run")
    assert list((tmp_path / "venv").glob(".installed-*")) == []


def test_another_python_is_refused(install, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    with pytest.raises(install.RefusalError, match=r"Python 3\.11 is needed; this is 3\.13"):
        install.install(tmp_path / "venv", "run")


def test_pips_last_error_is_kept(install):
    kept = io.StringIO()
    lines = io.StringIO("Collecting django==5\nERROR: first\nERROR: no space left\n")
    assert install._follow(lines, kept) == "no space left"
    assert "Collecting django" in kept.getvalue()


def test_too_small_a_disk_is_refused(tmp_path, monkeypatch):
    module = loaded()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1e9))
    with pytest.raises(module.RefusalError, match=r"need 3\.5 GB"):
        module._make(tmp_path / "venv")
