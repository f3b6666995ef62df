from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from atmr.embedded.home import free_port
from tests.atmr.commands import (
    begin,
    data_directory,
    environment,
    manage,
    processes_naming,
    read_until,
    wait_for_none,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """One directory for all of them: what the first prepares, the others find."""
    with data_directory() as path:
        yield path


def up(var, port: int, *words: str, **changes: str) -> subprocess.Popen[str]:
    command = ["manage.py", "up", "--no-demo", "--port", str(port), *words]
    return begin(*command, env=environment(var, **changes))


def get(port: int, path: str) -> tuple[int, bytes]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, answer.read()
    finally:
        link.close()


def ended(process: subprocess.Popen[str], limit_s: float = 60) -> tuple[int, str]:
    said, _ = process.communicate(timeout=limit_s)
    return process.returncode, said


def nothing_left(var, port: int) -> None:
    assert wait_for_none(str(var)) == []
    assert wait_for_none(f"-p {port} ") == []


def test_the_console_starts_answers_restarts_and_stops(var):
    port = free_port()
    console = up(var, port)
    said = read_until(console, "The console is ready")
    assert f"http://127.0.0.1:{port}/" in said
    assert get(port, "/healthz") == (200, b"ok")
    assert get(port, "/readyz")[0] == 200
    status, page = get(port, "/admin/login/")
    assert status == 200
    style = re.search(rb'href="(/static/admin/css/base\.[0-9a-f]+\.css)"', page)
    assert style is not None
    assert get(port, style[1].decode())[0] == 200

    second = manage("up", "--port", str(free_port()), env=environment(var))
    assert (second.returncode, second.stdout) == (1, "")
    assert re.fullmatch(
        r"CommandError: The console already runs here \(pid \d+\): stop it first\.\n", second.stderr
    )
    assert manage("check", "--database", "default", env=environment(var)).returncode == 0
    doctor = manage("doctor", "--port", str(port), env=environment(var))
    assert f"runs at http://127.0.0.1:{port}/" in doctor.stdout
    assert "and is ready" in doctor.stdout
    for said in ("all migrations applied", "append-only file on"):
        assert said in doctor.stdout

    for name, register in (("worker", "processes"), ("postgres", "postgres"), ("web", "processes")):
        os.kill(_pid(var, register, name), signal.SIGKILL)
    for name in ("postgres", "web", "worker"):
        said += (
            read_until(console, f"{name} started again")
            if f"{name} started again" not in said
            else ""
        )
    _wait_ready(port)

    console.send_signal(signal.SIGINT)
    code, rest = ended(console)
    assert (code, rest.splitlines()[-1].strip()) == (0, "stopped")
    nothing_left(var, port)


def _pid(var, register: str, name: str) -> int:
    rows = json.loads((var / "run" / f"{register}.child").read_text())
    return next(row["pid"] for row in rows if row["name"] == name)


def _wait_ready(port: int) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            if get(port, "/readyz")[0] == 200:
                return
        except OSError:
            pass
        assert time.monotonic() < end
        time.sleep(0.2)


def test_kill_9_leaves_nothing_and_the_next_start_finds_everything(var):
    port = free_port()
    console = up(var, port)
    read_until(console, "The console is ready")
    made = manage(
        "shell",
        "-v0",
        "-c",
        "from django.contrib.auth import get_user_model as m; m().objects.create_user('kept')",
        env=environment(var),
    )
    assert made.returncode == 0, made.stderr
    console.kill()
    ended(console)
    nothing_left(var, port)

    begun = time.monotonic()
    console = up(var, port, "--once")
    code, said = ended(console, 120)
    assert code == 0, said
    assert time.monotonic() - begun < 60
    found = manage(
        "shell",
        "-v0",
        "-c",
        "from django.contrib.auth import get_user_model as m; print(m().objects.filter(username='kept').count())",
        env=environment(var),
    )
    assert found.stdout.strip() == "1"
    nothing_left(var, port)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_with_its_parent_gone_it_stops_by_itself(var):
    port = free_port()
    program = (
        "import subprocess, sys; subprocess.run([sys.executable, 'manage.py', 'up', '--no-demo',"
        f" '--port', '{port}', '--leave-with-parent'])"
    )
    parent = begin("-c", program, env=environment(var))
    read_until(parent, "valkey ready")
    parent.kill()
    parent.communicate(timeout=60)
    nothing_left(var, port)


def test_a_port_in_use_is_one_sentence(var):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = ended(up(var, port))
    assert code == 1
    assert said == (
        f"CommandError: Port {port} is in use by another program: choose another, for instance "
        f"`make up PORT={port + 1}`.\n"
    )


def test_a_database_that_does_not_answer_is_said(var):
    code, said = ended(up(var, free_port(), DATABASE_URL="postgresql://u:p@127.0.0.1:1/d"))
    assert code == 1
    assert "CommandError: The database cannot be used: connection failed" in said
    assert "CommandError: The database could not be prepared; the reason stands above." in said
    assert "Traceback" not in said
    assert processes_naming(str(var)) == []


def test_a_broker_that_does_not_answer_is_said(var):
    code, said = ended(up(var, free_port(), REDIS_URL="redis://:secret@127.0.0.1:1/0"))
    assert code == 1
    assert said.splitlines()[-1] == (
        "CommandError: The broker that REDIS_URL names cannot be used: "
        "Error 111 connecting to 127.0.0.1:1. Connection refused."
    )
    assert "secret" not in said
    assert processes_naming(str(var)) == []


def test_an_unusable_data_directory_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    code, said = ended(up(tmp_path / "file" / "var", free_port()))
    assert code == 1
    assert "run/postgres.url cannot be read: Not a directory." in said
    assert said.count("\n") == 1
