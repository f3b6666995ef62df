"""Decides where the embedded services keep their data and which user they run as."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from atmr.embedded.children import Owner, PlainError, plain_env, replace_text, run_quietly
from atmr.embedded.programs import Programs

FREE_DISK_BYTES = 500_000_000
# Where root's services go when `var` lies in a directory that is closed to everybody else.
OPEN_PLACE = Path("/var/lib/atmr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where the services keep their data, and as whom they run (nobody else when we are not root)."""

    var: Path
    data: Path
    owner: Owner | None

    @property
    def log(self) -> Path:
        return self.var / "log"

    def owned_dir(self, name: str) -> Path:
        """A private directory of the services' user."""
        path = self.data / name
        path.mkdir(mode=0o700, exist_ok=True)
        if self.owner and path.stat().st_uid != self.owner.uid:
            os.chown(path, self.owner.uid, self.owner.gid)
        return path

    def runnable(self, programs: Programs) -> Path:
        """The programs, or a copy of them where the services' user can reach them."""
        if self.owner is None or _can_enter(self.owner, programs.path):
            return programs.path
        package = programs.path.parent if programs.path.is_dir() else programs.path
        key = hashlib.sha256(f"{package}{package.stat().st_mtime_ns}".encode()).hexdigest()[:12]
        copy = OPEN_PLACE / f"programs-{key}"
        if not copy.exists():
            half = copy.with_name(f"{copy.name}.{os.getpid()}.new")
            _open_dir(half)
            _copy(package, half / package.name)
            half.rename(copy)
        return copy / package.name / programs.path.relative_to(package)


def prepare_home(var: Path) -> Home:
    """The directories, with the owner the services run as. Root's services may not run as root: their
    data moves where that user can go when `var` lies in a place closed to it."""
    refuse_full_disk(var)
    try:
        _open_dir(var)
        _open_dir(var / "log")
        owner = _unprivileged_owner(var) if os.geteuid() == 0 else None
        data = var
        if owner and not _can_enter(owner, var):
            data = _open_dir(_open_data(var))
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise PlainError(
            f"{error.filename} cannot be written by this user ({_user_name()}): {error.strerror}."
        ) from error
    return Home(var=var, data=data, owner=owner)


def refuse_full_disk(var: Path) -> None:
    place = next(path for path in (var, *var.parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < FREE_DISK_BYTES:
        raise PlainError(
            f"The disk of {place} has only {free // 1_000_000} MB free; 500 MB are needed to start."
        )


def _unprivileged_owner(var: Path) -> Owner:
    for place in (var / "postgres", _open_data(var) / "postgres"):
        with contextlib.suppress(FileNotFoundError, KeyError):
            if uid := place.stat().st_uid:
                return _owner(pwd.getpwuid(uid))
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return _owner(pwd.getpwnam(name))
    raise PlainError(
        "PostgreSQL refuses to run as root and there is no user postgres or nobody to run it as."
    )


def _owner(row: pwd.struct_passwd) -> Owner:
    return Owner(name=row.pw_name, uid=row.pw_uid, gid=row.pw_gid)


def _user_name() -> str:
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name
    return str(os.geteuid())


def _can_enter(owner: Owner, place: Path) -> bool:
    try:
        run_quietly(["/usr/bin/test", "-x", str(place)], owner=owner, env=plain_env())
    except PlainError:
        return False
    return True


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def _open_dir(path: Path) -> Path:
    """A directory that others may enter, whatever the umask; one that was there stays as it was."""
    for place in (*reversed(path.parents), path):
        if not place.exists():
            place.mkdir()
            place.chmod(0o755)
    return path


def _open_data(var: Path) -> Path:
    return OPEN_PLACE / hashlib.sha256(str(var).encode()).hexdigest()[:12]


def password_of(var: Path, name: str) -> str:
    """A random password, made once and kept in a private file."""
    path = var / f"{name}.password"
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8").strip()
    replace_text(path, secrets.token_urlsafe(24))
    return path.read_text(encoding="utf-8").strip()


def port_trouble(port: int) -> str:
    """Why nothing of ours can listen on this port, and which one to try; empty when it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            return "needs more rights than this user has: choose another, for instance `make up PORT=8000`"
        except OSError:
            other = port + 1 if port < 65535 else 8000
            return (
                f"is in use by another program: choose another, for instance `make up PORT={other}`"
            )
    return ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
