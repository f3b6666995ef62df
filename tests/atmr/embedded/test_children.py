from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from atmr.embedded.children import (
    Child,
    PlainError,
    Register,
    birth,
    plain_env,
    replace_text,
    run_quietly,
    wait_until,
)

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]


def make_child(tmp_path: Path, command: list[str], **fields) -> Child:
    return Child(name="child", command=command, env=plain_env(), log=tmp_path / "log", **fields)


def started(child: Child) -> Child:
    child.start()
    assert wait_until(lambda: "up" in child.tail(), 20)
    return child


def test_a_child_starts_speaks_into_its_log_and_stops(tmp_path):
    child = make_child(tmp_path, SLEEP)
    assert child.ending == "not started"
    started(child)
    assert child.is_running
    pid = child.process.pid
    assert os.getpgid(pid) == pid
    child.stop()
    assert not child.is_running
    assert birth(pid) == ""


def test_a_deaf_child_is_ended_after_its_grace(tmp_path):
    child = started(make_child(tmp_path, DEAF, grace_s=0.2))
    begun = time.monotonic()
    child.stop()
    assert time.monotonic() - begun < 5


def test_grandchildren_are_ended_with_the_child(tmp_path):
    program = f"import subprocess; subprocess.Popen({DEAF!r}).wait()"
    child = started(make_child(tmp_path, [sys.executable, "-c", program], grace_s=0.2))
    group = child.process.pid
    child.stop()
    assert wait_until(lambda: not _group_lives(group), 5)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("program", "ending"),
    [("raise SystemExit(3)", "exit code 3"), ("import os; os.kill(os.getpid(), 9)", "signal 9")],
)
def test_how_it_ended_in_words(tmp_path, program, ending):
    child = make_child(tmp_path, [sys.executable, "-c", program])
    child.start()
    assert wait_until(lambda: not child.is_running, 20)
    assert child.ending == ending
    child.stop()


def test_a_large_log_is_put_aside(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"x" * 10_000_001)
    started(make_child(tmp_path, SLEEP)).stop()
    assert (tmp_path / "log.1").stat().st_size == 10_000_001
    assert log.read_text() == "up\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_a_child_dies_with_a_killed_parent(tmp_path):
    program = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from atmr.embedded.children import Child
        child = Child(name="c", command={DEAF!r}, env={{}}, log=Path({str(tmp_path / "log")!r}))
        child.start()
        print(child.process.pid, flush=True)
        time.sleep(600)
    """)
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with parent:
        pid = int(parent.stdout.readline())
        assert birth(pid)
        parent.kill()
    assert wait_until(lambda: not birth(pid), 5)


def test_leftovers_of_a_dead_parent_are_ended(tmp_path):
    child = started(make_child(tmp_path, SLEEP))
    register = Register(tmp_path / "register")
    register.write([child])
    assert register.end_leftovers() == ["child"]
    assert child.process.wait(5) == -signal.SIGTERM
    assert not register.path.exists()
    assert register.end_leftovers() == []


def test_a_deaf_leftover_is_ended_too(tmp_path):
    child = started(make_child(tmp_path, DEAF))
    register = Register(tmp_path / "register")
    register.write([child])
    assert register.end_leftovers(grace_s=0.2) == ["child"]
    assert child.process.wait(5) == -signal.SIGKILL


def test_another_process_with_the_same_number_is_left_alone(tmp_path):
    child = started(make_child(tmp_path, SLEEP))
    register = Register(tmp_path / "register")
    row = {"name": "old", "pid": child.process.pid, "birth": "1", "ask": 15}
    register.path.write_text(json.dumps([row]))
    assert register.end_leftovers() == []
    assert child.is_running
    child.stop()


def test_half_a_register_is_no_register(tmp_path):
    register = Register(tmp_path / "register")
    register.path.write_text('[{"name": "po')
    assert register.end_leftovers() == []


def test_a_failing_program_is_one_sentence():
    with pytest.raises(PlainError, match=r"python.* failed: it hurts"):
        run_quietly([sys.executable, "-c", "raise SystemExit('it hurts')"], env=plain_env())


def test_replaced_text_is_private(tmp_path):
    path = tmp_path / "secret"
    replace_text(path, "a")
    replace_text(path, "b")
    assert path.read_text() == "b"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]
