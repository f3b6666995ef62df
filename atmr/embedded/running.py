"""Decides who runs the embedded services of a directory: one starter, and the commands that borrow them."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from atmr.embedded.children import PlainError, Register, replace_text
from atmr.embedded.home import free_port, prepare_home
from atmr.embedded.servers import Server, postgres, valkey
from atmr.environment import SERVICES, read_text

WAIT_FOR_OTHERS_S = 90.0
Say = Callable[[str], None]
_MAKERS = {"DATABASE_URL": postgres, "REDIS_URL": valkey}


class Lock:
    """A file lock that the system takes back when its holder dies, with a word about the holder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def take(self, *, what: str, shared: bool = False) -> bool:
        """Take it without waiting; False when another process has it."""
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._file = handle
        if not shared:
            os.truncate(handle, 0)
            os.pwrite(handle, json.dumps({"pid": os.getpid(), "what": what}).encode(), 0)
        return True

    @property
    def is_held(self) -> bool:
        """Whether this very object has it."""
        return self._file is not None

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def holder(self) -> tuple[int, str]:
        """The pid and the purpose of who has it, (0, "") when it says nothing."""
        try:
            row = json.loads(self.path.read_text("utf-8"))
            return int(row["pid"]), str(row["what"])
        except (OSError, ValueError, KeyError):
            return 0, ""


class Service:
    """The embedded server behind one URL variable, run by one process at a time."""

    def __init__(self, var: Path, variable: str, *, durable: bool = True) -> None:
        self.name = name = SERVICES[variable]
        run = var / "run"
        self.var = var
        self.variable = variable
        self.durable = durable
        self.server: Server | None = None
        self.url_file = run / f"{name}.url"
        self.lock = Lock(run / f"{name}.lock")
        self.users = Lock(run / f"{name}.users")
        self.register = Register(run / f"{name}.child")

    def claim(self, what: str) -> bool:
        """Become the one who runs it; False when another process is."""
        with speaking_plainly():
            self.url_file.parent.mkdir(parents=True, exist_ok=True)
            return self.lock.take(what=what)

    def start(self, say: Say = lambda _: None) -> str:
        """Start it and return its URL. `claim` comes first; what a killed starter left is ended here."""
        with speaking_plainly():
            self.url_file.unlink(missing_ok=True)
            home = prepare_home(self.var)
            for name in self.register.end_leftovers():
                say(f"ended {name}, left by a start that was killed")
            self.server = _MAKERS[self.variable](home, free_port(), durable=self.durable)
            self.restart()
            replace_text(self.url_file, self.server.url)
        return self.server.url

    def restart(self) -> None:
        """Start the same server at the same address: the first time, or after it died."""
        if self.server is None:
            raise RuntimeError("restart before start")
        self.server.start()
        self.register.write([self.server.child])

    def stop(self) -> None:
        self.url_file.unlink(missing_ok=True)
        if self.server is not None:
            self.server.child.stop()
            self.server = None
        self.register.path.unlink(missing_ok=True)
        self.lock.release()


@contextmanager
def services_for_command(
    var: Path, variables: Sequence[str], *, what: str, say: Say
) -> Iterator[dict[str, str]]:
    """The URLs of running services: those of `make up` or of another command, or our own for as long
    as this command and those that borrowed from it run."""
    with contextlib.ExitStack() as stack:
        yield {
            variable: stack.enter_context(_borrow(Service(var, variable), what=what, say=say))
            for variable in variables
        }


@contextmanager
def _borrow(service: Service, *, what: str, say: Say) -> Iterator[str]:
    end = time.monotonic() + WAIT_FOR_OTHERS_S
    while not service.claim(what):
        if url := _join(service, what):
            try:
                yield url
            finally:
                service.users.release()
            return
        if time.monotonic() > end:
            pid, holder = service.lock.holder()
            raise PlainError(
                f"{holder} (pid {pid}) has neither started nor stopped its services for {WAIT_FOR_OTHERS_S:.0f} s."
            )
        time.sleep(0.1)
    try:
        yield service.start(say)
    finally:
        _wait_for_borrowers(service, say)
        service.stop()
        service.users.release()


def _join(service: Service, what: str) -> str:
    """Be counted among the users of a running service; an empty string while it does not run."""
    if not service.users.take(what=what, shared=True):
        return ""
    url = read_text(service.url_file)
    if not url:
        service.users.release()
    return url


def _wait_for_borrowers(service: Service, say: Say) -> None:
    said = False
    while service.server and not service.users.take(what="stopping"):
        if not said:
            say("another command still uses the services: waiting for it")
            said = True
        time.sleep(0.2)


_PLAIN = {
    errno.ENOSPC: "The disk is full",
    errno.EDQUOT: "The disk quota is used up",
    errno.EROFS: "The file system is read-only",
    errno.ENOTDIR: "A file stands where a directory is needed",
    errno.EEXIST: "A file stands where a directory is needed",
    errno.EACCES: "This user may not read or write a needed file",
    errno.EPERM: "This user may not do this",
}


@contextmanager
def speaking_plainly() -> Iterator[None]:
    """What the machine refuses becomes one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in _PLAIN:
            raise
        where = f": {error.filename}" if error.filename else ""
        raise PlainError(f"{_PLAIN[error.errno]}{where}.") from error
