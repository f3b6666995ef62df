"""Runs manage.py as a person would: another process, an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atmr.environment import BASE_DIR, KNOWN


@contextmanager
def data_directory() -> Iterator[Path]:
    """A data directory that PostgreSQL can enter, which pytest's own are not when we are root."""
    path = Path(tempfile.mkdtemp(prefix="atmr-var-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def environment(var: Path, **changes: str) -> dict[str, str]:
    """This machine's environment without our variables (or those of the browser's tests), but for those given."""
    ours = {*KNOWN, "DJANGO_ALLOW_ASYNC_UNSAFE"}
    plain = {k: v for k, v in os.environ.items() if k not in ours}
    return {**plain, "ATMR_VAR": str(var), **changes}


def manage(
    *words: str, env: dict[str, str], timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def begin(*words: str, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=BASE_DIR,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What it says up to the line with these words; all of it when they never come."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"{words!r} never came:\n{said}")


def processes_naming(words: str) -> list[str]:
    """The command lines of running processes that contain these words."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words in line:
            found.append(line)
    return found


def wait_for_none(words: str, limit_s: float = 20) -> list[str]:
    end = time.monotonic() + limit_s
    while (left := processes_naming(words)) and time.monotonic() < end:
        time.sleep(0.1)
    return left
