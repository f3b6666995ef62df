"""Finds the OSRM programs of this machine: the system's, those inside the osrm-bindings wheel, or a container's."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

CONTAINER_IMAGE = "ghcr.io/project-osrm/osrm-backend"
INSTALL_HINT = (
    "pip install --target {folder} --python-version 3.12 --only-binary=:all: --no-deps"
    " osrm-bindings==26.10.0"
)
DATA_NAME = "roads"  # the prepared files are roads.osrm.*
_CONTAINER_DATA = "/data"
_CONTAINER_PORT = 5000
_NEEDED = ("osrm-extract", "osrm-contract", "osrm-routed")
_ASK_S = 10.0


class NoProgramsError(Exception):
    """OSRM is not on this machine; the message says how to get it."""


class Kind(StrEnum):
    SYSTEM = "system"
    WHEEL = "wheel"
    CONTAINER = "container"


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Where the programs are and how they are called; `folder` or `runtime` with `image` is set."""

    kind: Kind
    version: str
    profile: str
    folder: Path | None = None
    runtime: str = ""
    image: str = ""

    def extract_argv(self, work: Path, extract: Path, data_version: str) -> list[str]:
        """Call osrm-extract; it writes beside its input, so `work` holds a link or a mount of the extract."""
        name = f"{DATA_NAME}.osm.pbf"
        mount = ["-v", f"{extract}:{_CONTAINER_DATA}/{name}:ro"]
        return [
            *self._call("osrm-extract", work, mount),
            *("-p", self.profile, "--data_version", data_version, self._seen(work, name)),
        ]

    def contract_argv(self, work: Path) -> list[str]:
        return [*self._call("osrm-contract", work), self._seen(work, f"{DATA_NAME}.osrm")]

    def routed_argv(self, data: Path, *, port: int, max_table: int) -> list[str]:
        """Loopback only, since the server asks nobody who they are, and quiet: at its usual verbosity it
        writes every request into its log, and those hold the coordinates of patients' homes."""
        is_container = self.kind is Kind.CONTAINER
        publish = ["-p", f"127.0.0.1:{port}:{_CONTAINER_PORT}"]
        return [
            *self._call("osrm-routed", data, publish),
            *("--ip", "0.0.0.0" if is_container else "127.0.0.1"),  # noqa: S104 — inside the container
            *("--port", str(_CONTAINER_PORT if is_container else port)),
            *("--verbosity", "WARNING", "--max-table-size", str(max_table)),
            self._seen(data, f"{DATA_NAME}.osrm"),
        ]

    def _call(self, program: str, data: Path, options: Sequence[str] = ()) -> list[str]:
        if self.folder is not None:
            return [str(self.folder / program)]
        owner = ["--user", f"{os.getuid()}:{os.getgid()}"]
        mounts = ["-v", f"{data.resolve()}:{_CONTAINER_DATA}", *options]
        return [self.runtime, "run", "--rm", "--init", *owner, *mounts, self.image, program]

    def _seen(self, data: Path, name: str) -> str:
        return str(data / name) if self.folder is not None else f"{_CONTAINER_DATA}/{name}"


def find_programs(wheel_folder: Path, *, image: str = CONTAINER_IMAGE) -> Programs:
    """The first complete set; raises NoProgramsError. A container image is used, never downloaded."""
    found = all_programs(wheel_folder, image=image)
    if not found:
        hint = INSTALL_HINT.format(folder=wheel_folder)
        raise NoProgramsError(f"No OSRM programs found; install them with: {hint}")
    return found[0]


def all_programs(wheel_folder: Path, *, image: str = CONTAINER_IMAGE) -> list[Programs]:
    candidates = (_system(), _wheel(wheel_folder), _container(image))
    return [programs for programs in candidates if programs is not None]


def _system() -> Programs | None:
    paths = [shutil.which(name) for name in _NEEDED]
    folders = {Path(path).parent for path in paths if path}
    if not all(paths) or len(folders) != 1:
        return None
    folder = folders.pop()
    shares = (folder.parent / "share/osrm/profiles", Path("/usr/share/osrm/profiles"))
    return _in_folder(Kind.SYSTEM, folder, shares)


def _wheel(folder: Path) -> Programs | None:
    """From `pip install --target`, or installed in this environment (Python 3.12 and later)."""
    spec = importlib.util.find_spec("osrm")
    installed = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    for package in (folder / "osrm", *installed):
        programs = _in_folder(Kind.WHEEL, package / "bin", (package / "share/profiles",))
        if programs:
            return programs
    return None


def _in_folder(kind: Kind, folder: Path, shares: Sequence[Path]) -> Programs | None:
    profile = next((share / "car.lua" for share in shares if (share / "car.lua").is_file()), None)
    if profile is None or not all(os.access(folder / name, os.X_OK) for name in _NEEDED):
        return None
    version = _asked([str(folder / "osrm-routed"), "--version"])
    if version is None:
        return None
    return Programs(kind=kind, version=version, profile=str(profile), folder=folder)


def _container(image: str) -> Programs | None:
    for name in ("docker", "podman"):
        runtime = shutil.which(name)
        if runtime:
            digest = _asked([runtime, "image", "inspect", "--format", "{{.Id}}", image])
            if digest:
                return Programs(
                    kind=Kind.CONTAINER,
                    version=digest,
                    profile="/opt/car.lua",
                    runtime=runtime,
                    image=image,
                )
    return None


def _asked(argv: list[str]) -> str | None:
    """What a program prints, or None where it does not run here (other machine, no daemon)."""
    try:
        done = subprocess.run(  # noqa: S603 — paths that this module found itself
            argv, capture_output=True, text=True, timeout=_ASK_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
