"""Decides what a machine must have for the console, what helps, and what to do where it lacks."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from atmr import environment
from atmr.embedded.children import PlainError
from atmr.embedded.home import FREE_DISK_BYTES, refuse_full_disk
from atmr.embedded.programs import find_postgres, find_valkey, version_of
from atmr.finding import Finding
from atmr.reachability import broker, console, database, roads

_PIN = re.compile(r"^(?P<name>[\w.\-]+)==(?P<version>[^\s;]+)")


def examine(var: Path, port: int) -> list[Finding]:
    """Everything, in the order in which a person would mend it."""
    return [
        _python(),
        *_packages(),
        _disk(var),
        _var(var),
        _postgres(),
        database(var),
        _valkey(),
        broker(var),
        *console(var, port),
        roads(var),
        _program("gettext", ("msgfmt",), "needed to change texts: install the package gettext"),
        _program(
            "chromium",
            ("chromium", "chromium-browser", "google-chrome"),
            "needed by the browser tests: install the package chromium",
        ),
    ]


def _python() -> Finding:
    version = sys.version.split()[0]
    good = sys.version_info[:2] == (3, 11)
    return Finding(
        what="python",
        state="ok" if good else "missing",
        found=version,
        remedy="" if good else "The console runs on Python 3.11: make it with `make up PYTHON=…`.",
    )


def _packages() -> Iterator[Finding]:
    """Each lock file against what is installed; only the first is needed to serve the console."""
    for lock, state, purpose in (
        ("base", "missing", "the console does not start"),
        ("torch", "advice", "learned policies are not used"),
        ("learn", "advice", "nothing can be trained"),
        ("dev", "advice", "tests and checks do not run"),
    ):
        pins = _pins(environment.BASE_DIR / "requirements" / f"{lock}.txt")
        wrong = [name for name, version in pins.items() if _installed(name) != version]
        shown = ", ".join(wrong[:4]) + (" …" if len(wrong) > 4 else "")
        yield Finding(
            what=f"{lock}.txt",
            state="ok" if not wrong else state,  # type: ignore[arg-type]
            found=f"{len(pins) - len(wrong)} of {len(pins)} packages as locked",
            remedy=f"{shown}: {purpose}; `make {'test' if lock == 'dev' else 'up'}` installs."
            if wrong
            else "",
        )


def _pins(lock: Path) -> dict[str, str]:
    matches = (_PIN.match(line) for line in lock.read_text("utf-8").splitlines())
    return {match["name"]: match["version"] for match in matches if match}


def _installed(name: str) -> str:
    try:
        # A local build, such as 2.13.0+cpu, is the locked version made for this machine.
        return importlib.metadata.version(name).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return ""


def _disk(var: Path) -> Finding:
    place = next(path for path in (var, *var.parents) if path.exists())
    found = f"{shutil.disk_usage(place).free / 1e9:.1f} GB free at {place}"
    try:
        refuse_full_disk(var)
    except PlainError:
        need = FREE_DISK_BYTES // 1_000_000
        return Finding(what="disk", state="missing", found=found, remedy=f"Free {need} MB.")
    return Finding(what="disk", state="ok", found=found)


def _var(var: Path) -> Finding:
    try:
        var.mkdir(parents=True, exist_ok=True)
        probe = var / ".doctor"
        probe.write_text("", "utf-8")
        probe.unlink()
    except OSError as error:
        remedy = "Give it to this user, or set ATMR_VAR to another directory."
        return Finding(
            what="data", state="missing", found=f"{var}: {error.strerror}", remedy=remedy
        )
    return Finding(what="data", state="ok", found=str(var))


def _postgres() -> Finding:
    if environment.text("DATABASE_URL"):
        return _not_needed("PostgreSQL", "DATABASE_URL")
    programs = find_postgres()
    if programs is None:
        remedy = "Install PostgreSQL 15 or newer, or set DATABASE_URL."
        return Finding(what="PostgreSQL", state="missing", found="none", remedy=remedy)
    version = version_of(programs.path / "postgres")
    return _runnable("PostgreSQL", version, programs.origin, "DATABASE_URL")


def _valkey() -> Finding:
    if environment.text("REDIS_URL"):
        return _not_needed("Valkey", "REDIS_URL")
    programs = find_valkey()
    if programs is None:
        remedy = "Install valkey-server, or set REDIS_URL."
        return Finding(what="Valkey", state="missing", found="none", remedy=remedy)
    version = " ".join(version_of(programs.path).split()[:3])
    return _runnable("Valkey", version, programs.origin, "REDIS_URL")


def _not_needed(what: str, variable: str) -> Finding:
    return Finding(what=what, state="ok", found=f"not needed: {variable} names a server")


def _runnable(what: str, version: str, origin: str, variable: str) -> Finding:
    if version:
        return Finding(what=what, state="ok", found=f"{version}, {origin}")
    remedy = f"The program does not run on this machine: install another, or set {variable}."
    return Finding(what=what, state="missing", found=origin, remedy=remedy)


def _program(what: str, names: tuple[str, ...], remedy: str) -> Finding:
    for name in names:
        if path := shutil.which(name):
            return Finding(what=what, state="ok", found=path)
    return Finding(what=what, state="advice", found="not found", remedy=f"It is {remedy}.")
