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

from atmr.embedded.children import Child, Register, Trouble, replace_text
from atmr.embedded.home import free_port, prepare_home
from atmr.embedded.servers import Server, postgres, valkey
from atmr.environment import SERVICES_FILE, read_pairs

WAIT_FOR_OTHERS_S = 90.0
Say = Callable[[str], None]


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


class Services:
    """The embedded servers of one directory, started and stopped together by one process."""

    def __init__(self, var: Path, *, names: Sequence[str], durable: bool = True) -> None:
        self.var = var
        self.names = tuple(names)
        self.durable = durable
        self.servers: list[Server] = []
        self.lock = Lock(var / "services.lock")
        self.users = Lock(var / "services.users")
        self.register = Register(var / "children.json")

    @property
    def urls(self) -> dict[str, str]:
        return dict(zip(self.names, (server.url for server in self.servers), strict=True))

    @property
    def children(self) -> list[Child]:
        return [server.child for server in self.servers]

    def claim(self, what: str) -> bool:
        """Become the one who runs them; False when another process is."""
        with speaking_plainly():
            self.var.mkdir(parents=True, exist_ok=True)
            return self.lock.take(what=what)

    def start(self, say: Say = lambda _: None) -> None:
        """Start what has no URL. `claim` comes first; what a killed starter left is ended here."""
        with speaking_plainly():
            (self.var / SERVICES_FILE).unlink(missing_ok=True)
            home = prepare_home(self.var)
            for name in self.register.end_leftovers():
                say(f"ended {name}, left by a start that was killed")
            makers = {"DATABASE_URL": postgres, "REDIS_URL": valkey}
            for name in self.names:
                server = makers[name](home, free_port(), durable=self.durable)
                self.servers.append(server)
                server.start()
                self.register.write(self.children)
                say(f"{server.child.name} ready")
            replace_text(self.var / SERVICES_FILE, "".join(f"{k}={v}\n" for k, v in self.urls.items()))

    def stop(self) -> None:
        (self.var / SERVICES_FILE).unlink(missing_ok=True)
        for server in reversed(self.servers):
            server.child.stop()
        self.servers = []
        self.register.path.unlink(missing_ok=True)
        self.lock.release()


@contextmanager
def services_for_command(
    var: Path, names: Sequence[str], *, what: str, say: Say
) -> Iterator[dict[str, str]]:
    """The URLs of running services: those of `make up` or of another command, or our own for as long
    as this command and those that borrowed from it run."""
    services = Services(var, names=names)
    with speaking_plainly():
        var.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + WAIT_FOR_OTHERS_S
    while not services.claim(what):
        if services.users.take(what=what, shared=True):
            if urls := _running(services):
                try:
                    yield urls
                finally:
                    services.users.release()
                return
            services.users.release()
        if time.monotonic() > end:
            pid, holder = services.lock.holder()
            raise Trouble(f"The services of {var} are being started or stopped by {holder} (pid {pid}) for too long.")
        time.sleep(0.1)
    try:
        services.start()
        yield services.urls
    finally:
        _wait_for_borrowers(services, say)
        services.stop()
        services.users.release()


def _running(services: Services) -> dict[str, str]:
    urls = read_pairs(services.var / SERVICES_FILE)
    absent = [name for name in services.names if urls and name not in urls]
    if absent:
        raise Trouble(f"The services running here were started with {absent[0]} set: set it for this command too.")
    return {name: urls[name] for name in services.names} if urls else {}


def _wait_for_borrowers(services: Services, say: Say) -> None:
    said = False
    while services.servers and not services.users.take(what="stopping"):
        if not said:
            say("another command still uses the services: waiting for it")
            said = True
        time.sleep(0.2)


_PLAIN = {
    errno.ENOSPC: "The disk is full",
    errno.EDQUOT: "The disk quota is used up",
    errno.EROFS: "The file system is read-only",
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
        raise Trouble(f"{_PLAIN[error.errno]}{where}.") from error
