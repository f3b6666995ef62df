"""Decides how a child process begins and ends: alone in its session, gone when its parent is gone."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypedDict

# Loaded here and not in the child: between fork and exec nothing may be imported.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1
_LOG_LIMIT_BYTES = 10_000_000


class PlainError(Exception):
    """Something a person must know in one sentence: no traceback is shown for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The unprivileged user a service runs as when we are root."""

    name: str
    uid: int
    gid: int


@dataclass(slots=True, kw_only=True)
class Child:
    """A process of ours: `ask` is the signal that lets it finish, `grace_s` how long it may take.
    Without a log it speaks where we speak."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path | None = None
    cwd: Path = Path("/")
    owner: Owner | None = None
    ask: signal.Signals = signal.SIGTERM
    on_parent_death: signal.Signals = signal.SIGKILL
    grace_s: float = 10.0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it from the calling thread, which must be the main one: Linux ties the death signal
        to the thread that forked."""
        with _log_file(self.log) as log:
            self.process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT if log else None,
                cwd=self.cwd,
                env=dict(self.env),
                start_new_session=True,
                preexec_fn=_die_with(os.getpid(), self.on_parent_death),  # noqa: PLW1509 (one thread)
                **_as_user(self.owner),
            )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        code = self.process.poll() if self.process else None
        if code is None:
            return "not started" if self.process is None else "running"
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def tail(self, lines: int = 5) -> str:
        """The last words of its log."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace") if self.log else ""
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.ask)

    def stop(self) -> None:
        """Ask, wait, then end its whole process group."""
        if self.process is None:
            return
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self.grace_s)
        _kill_group(self.process.pid)
        self.process.wait()
        self.process = None


def run_quietly(
    command: Sequence[str], *, env: Mapping[str, str], owner: Owner | None = None
) -> str:
    """Run a short program to its end and return what it said; a failure is a PlainError."""
    done = subprocess.run(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=dict(env),
        text=True,
        errors="replace",
        check=False,
        **_as_user(owner),
    )
    if done.returncode:
        last = done.stdout.strip().splitlines()[-1:] or ["it said nothing"]
        raise PlainError(f"{Path(command[0]).name} failed: {last[0]}")
    return done.stdout


def leave_with_parent(ask: signal.Signals) -> None:
    """Be sent this signal when the process that started us is gone (Linux only)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(ask))


def plain_env() -> dict[str, str]:
    """A service needs neither our secrets nor the locale of whoever typed the command."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": "/nonexistent"}


def birth(pid: int) -> str:
    """When a process began, in the system's own words; empty when there is none. A pid with the same
    birth is the same process, whatever happened in between."""
    return _birth_in_proc(pid) if _LIBC is not None else _birth_by_ps(pid)


def _birth_in_proc(pid: int) -> str:
    try:
        after_name = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        )
    except OSError:
        return ""
    return "" if after_name[0] == "Z" else after_name[19]


def _birth_by_ps(pid: int) -> str:
    command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    return shown.stdout.strip()


class Register:
    """The pids of our children on disk, so that a next start finds those a killed parent left."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, children: Sequence[Child]) -> None:
        rows = [
            {"name": c.name, "pid": c.process.pid, "birth": birth(c.process.pid), "ask": int(c.ask)}
            for c in children
            if c.process is not None
        ]
        replace_text(self.path, json.dumps(rows))

    def end_leftovers(self, *, grace_s: float = 15.0) -> list[str]:
        """End what an earlier parent left running; the names of those found."""
        left = [
            row for row in self._rows() if row["birth"] and birth(int(row["pid"])) == row["birth"]
        ]
        for row in reversed(left):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(row["pid"]), int(row["ask"]))
        end = time.monotonic() + grace_s
        for row in left:
            pid, born = int(row["pid"]), row["birth"]
            while birth(pid) == born and time.monotonic() < end:
                time.sleep(0.05)
            if birth(pid) == born:
                _kill_group(pid)
        self.path.unlink(missing_ok=True)
        return [str(row["name"]) for row in left]

    def _rows(self) -> list[dict[str, str]]:
        try:
            return [
                {k: str(v) for k, v in row.items()}
                for row in json.loads(self.path.read_text("utf-8"))
            ]
        except (FileNotFoundError, ValueError):
            # Half a file means that we were killed while writing it: the services' own pid files help then.
            return []


def replace_text(path: Path, text: str) -> None:
    """Write a private file at once: a reader sees the old text or the new one."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(
        os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    new.replace(path)


def wait_until(condition: Callable[[], bool], limit_s: float, *, pause_s: float = 0.05) -> bool:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause_s)
    return True


class _AsUser(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _as_user(owner: Owner | None) -> _AsUser:
    return {} if owner is None else {"user": owner.uid, "group": owner.gid, "extra_groups": []}


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    def in_child() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal))
            if os.getppid() != parent:  # it died between fork and prctl
                os._exit(1)

    return in_child


def _kill_group(pid: int) -> None:
    # start_new_session made the child leader of a group with its own number.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


@contextlib.contextmanager
def _log_file(log: Path | None) -> Iterator[IO[bytes] | None]:
    if log is None:
        yield None
        return
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_LIMIT_BYTES:
            log.replace(log.with_name(log.name + ".1"))
    with log.open("ab") as file:
        yield file
