"""Starts OSRM's programs as children that never outlive this process, and serves prepared roads by one."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from dispatch.roads.client import tls_for
from dispatch.roads.prepared import read_prepared
from dispatch.roads.programs import Programs

MAX_TABLE = 2000
_GRACE_S = 3.0
_POLL_S = 0.02
_PR_SET_PDEATHSIG = 1

# Loaded here and not in the child: between fork and exec only what is already in memory is safe.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class RoadServerError(Exception):
    """osrm-routed did not start; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class OsrmChild:
    """A running osrm-routed; `stop` it, or use it as a context manager."""

    url: str
    process: subprocess.Popen[bytes]

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        stop_child(self.process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def osrm_child(
    *, data: Path, programs: Programs, log: Path, port: int = 0, ready_s: float = 60.0
) -> OsrmChild:
    """Serves the roads prepared in `data` on loopback and returns when it answers (port 0: a free one).

    Call it from a thread that lives as long as the child may: Linux ends the child with the thread
    that started it. Raises NotPreparedError or RoadServerError.
    """
    read_prepared(data)
    chosen = _free_port(port)
    argv = programs.routed_argv(data, port=chosen, max_table=MAX_TABLE)
    try:
        process = start_child(argv, log=log)
    except OSError as error:
        raise RoadServerError(f"osrm-routed cannot be started: {error.strerror}.") from error
    child = OsrmChild(url=f"http://127.0.0.1:{chosen}", process=process)
    try:
        _wait_until_ready(child, log, ready_s)
    except BaseException:
        child.stop()
        raise
    return child


def _free_port(port: int) -> int:
    """osrm-routed shares its port with another one without a word, so that it is looked at before."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise RoadServerError(
                f"Port {port} is in use or not allowed; choose another with --port."
            ) from error
        except OverflowError as error:
            raise RoadServerError(f"{port} is no port; ports go from 1 to 65535.") from error
        chosen: int = probe.getsockname()[1]
        return chosen


def _wait_until_ready(child: OsrmChild, log: Path, ready_s: float) -> None:
    deadline = time.monotonic() + ready_s
    while time.monotonic() < deadline:
        if not child.is_alive:
            raise RoadServerError(f"osrm-routed stopped at once: {last_words(log)}")
        if answers(child.url):
            return
        time.sleep(_POLL_S)
    raise RoadServerError(f"osrm-routed did not answer within {ready_s:.0f} s: {last_words(log)}")


def answers(url: str, *, timeout_s: float = 1.0) -> bool:
    """Whether a road server answers there."""
    try:
        response = httpx.get(
            f"{url.rstrip('/')}/nearest/v1/driving/0,0",
            timeout=timeout_s,
            trust_env=False,
            verify=tls_for(url),
        )
    except (httpx.RequestError, httpx.InvalidURL):
        return False
    return response.status_code == 200


def start_child(argv: Sequence[str], *, log: Path) -> subprocess.Popen[bytes]:
    """A child in a session of its own, so that Ctrl-C reaches it through us only, and dies with us."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 — argv from Programs, no shell
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 — prctl only, loaded before
        )


def _die_with(parent: int) -> Callable[[], None] | None:
    libc = _libc
    if libc is None:
        return None

    def bind() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died between fork and prctl: no signal would ever come
            os._exit(1)

    return bind


def stop_child(process: subprocess.Popen[bytes], *, grace_s: float = _GRACE_S) -> None:
    """SIGTERM, then SIGKILL to the whole group after the grace time."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def last_words(log: Path) -> str:
    """The last error line of a log, or its last line: what the program itself says is wrong."""
    try:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    except OSError:
        return "it left no log."
    said = [line for line in lines if line]
    errors = [line for line in said if "[error]" in line or "rror" in line]
    last = (errors or said or ["it left no word."])[-1]
    return last.rpartition("[error]")[2].strip() or last
