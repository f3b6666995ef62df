"""What a running console tells programs of other terminals: where it answers, and which road server it started."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from atmr.embedded.children import birth, replace_text

_FILE = Path("run/console.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """A console that runs now; `osrm_url` is empty where it started no road server."""

    pid: int
    address: str
    osrm_url: str


def announce(var: Path, *, address: str, osrm_url: str = "") -> None:
    """Say that this process is the console; the last word holds."""
    pid = os.getpid()
    row = {"pid": pid, "birth": birth(pid), "address": address, "osrm_url": osrm_url}
    replace_text(var / _FILE, json.dumps(row))


def withdraw(var: Path) -> None:
    (var / _FILE).unlink(missing_ok=True)


def running_console(var: Path) -> Presence | None:
    """None also for what a killed console left, though another process may have its number by now."""
    try:
        row = json.loads((var / _FILE).read_text("utf-8"))
        found = Presence(pid=row["pid"], address=row["address"], osrm_url=row["osrm_url"])
        born = str(row["birth"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if born and birth(found.pid) == born else None
