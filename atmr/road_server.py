"""Decides whether a road server of our own runs beside the console: when roads were prepared and none is set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from atmr import environment
from atmr.embedded.home import free_port
from dispatch.roads import NoProgramsError, NotPreparedError, find_programs, read_prepared
from dispatch.roads.child import MAX_TABLE
from dispatch.roads.prepared import MANIFEST


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadServer:
    """How to start it, where it will answer, and the map it serves with the notice its licence asks for."""

    command: list[str]
    url: str
    shows: str


def wanted_road_server(var: Path) -> RoadServer | str | None:
    """The server to start; a sentence when prepared roads cannot be served; None when there is nothing to do."""
    data = var / "osrm-data"
    if environment.text("OSRM_URL") or not (data / MANIFEST).exists():
        return None
    try:
        prepared = read_prepared(data)
        programs = find_programs(var / "osrm")
    except (NotPreparedError, NoProgramsError) as trouble:
        return f"travel times will be estimated: {trouble}"
    port = free_port()
    return RoadServer(
        command=programs.routed_argv(data, port=port, max_table=MAX_TABLE),
        url=f"http://127.0.0.1:{port}",
        shows=f"{prepared.extract}, {prepared.attribution}",
    )
