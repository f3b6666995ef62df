"""Prepares an OpenStreetMap extract for routing; the roads in use stay until the new ones are whole."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from dispatch.roads.child import last_words, start_child, stop_child
from dispatch.roads.extract import Extract, read_extract
from dispatch.roads.prepared import Prepared, write_prepared
from dispatch.roads.programs import DATA_NAME, Kind, Programs

# Prepared data and scratch files took 2–4 × the extract; the rest is margin.
_DISK_FACTOR = 8
_DISK_FLOOR_BYTES = 100 * 1024 * 1024
_POLL_S = 0.1
_SAY_EVERY_S = 30.0

Say = Callable[[str], None]


class BuildError(Exception):
    """The roads were not prepared; the message is one sentence."""


class BuildBusyError(BuildError):
    """Another build is at work in the same place."""


def build_roads(extract: Path, data: Path, programs: Programs, *, say: Say) -> Prepared:
    """Prepares the extract into `data`; on any failure what was there before is untouched.

    Raises ExtractError, BuildBusyError or BuildError.
    """
    started = time.monotonic()
    about = read_extract(extract)
    data.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(data.with_name(f"{data.name}.lock")):
        _require_disk(extract, data.parent)
        work = data.with_name(f"{data.name}.new")
        shutil.rmtree(work, ignore_errors=True)  # left by a build that was killed
        work.mkdir()
        try:
            version = _version(extract, programs)
            _prepare(extract.resolve(), work, programs, version, say)
            prepared = _describe(extract, about, version, programs, time.monotonic() - started)
            write_prepared(work, prepared)
            _swap(work, data)
        except OSError as error:
            raise BuildError(f"The roads cannot be prepared: {error.strerror}.") from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return prepared


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BuildBusyError("Another build of the roads is at work.") from error
        yield


def _require_disk(extract: Path, folder: Path) -> None:
    needed = extract.stat().st_size * _DISK_FACTOR + _DISK_FLOOR_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BuildError(
            f"The disk of {folder} has {free // 2**20} MiB free; about {needed // 2**20} MiB are needed."
        )


def _version(extract: Path, programs: Programs) -> str:
    """Changes with the map, the profile and the programs, so that no cached time outlives any of them."""
    digest = hashlib.sha256(f"{programs.kind} {programs.version}".encode())
    if (
        programs.kind is not Kind.CONTAINER
    ):  # a container's profile is in the image, named by its id
        digest.update(Path(programs.profile).read_bytes())
    with extract.open("rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _prepare(extract: Path, work: Path, programs: Programs, version: str, say: Say) -> None:
    link = work / f"{DATA_NAME}.osm.pbf"
    if programs.kind is not Kind.CONTAINER:
        link.symlink_to(extract)
    log = work / "build.log"
    _run("osrm-extract", programs.extract_argv(work, extract, version), log, say)
    _run("osrm-contract", programs.contract_argv(work), log, say)
    link.unlink(missing_ok=True)


def _run(name: str, argv: list[str], log: Path, say: Say) -> None:
    say(f"{name} …")
    started = said = time.monotonic()
    process = start_child(argv, log=log)
    try:
        while process.poll() is None:
            time.sleep(_POLL_S)
            if time.monotonic() - said >= _SAY_EVERY_S:
                said = time.monotonic()
                say(f"{name} … {said - started:.0f} s")
    finally:
        stop_child(process)
    if process.returncode < 0:
        raise BuildError(
            f"{name} was ended by signal {-process.returncode}; the memory or the disk may be full."
        )
    if process.returncode:
        raise BuildError(f"{name} failed: {last_words(log)}")
    say(f"{name} done in {time.monotonic() - started:.1f} s")


def _describe(
    extract: Path, about: Extract, version: str, programs: Programs, seconds: float
) -> Prepared:
    return Prepared(
        extract=extract.name,
        extract_bytes=extract.stat().st_size,
        extract_dated=about.dated.date().isoformat() if about.dated else None,
        box=str(about.box) if about.box else None,
        data_version=version,
        programs=f"{programs.kind} {programs.version}",
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(seconds, 1),
    )


def _swap(work: Path, data: Path) -> None:
    """Two renames: a crash between them leaves the old roads whole beside the new ones."""
    old = data.with_name(f"{data.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if data.exists():
        data.rename(old)
    work.rename(data)
    shutil.rmtree(old, ignore_errors=True)
