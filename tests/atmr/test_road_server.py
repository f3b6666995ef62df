from __future__ import annotations

from atmr.road_server import RoadServer, wanted_road_server
from dispatch.roads.prepared import MANIFEST, Prepared, write_prepared
from dispatch.roads.programs import DATA_NAME


def prepared(var, *, complete: bool = True) -> None:
    data = var / "osrm-data"
    data.mkdir()
    if complete:
        (data / f"{DATA_NAME}.osrm.hsgr").touch()
    write_prepared(
        data,
        Prepared(
            extract="town.osm.pbf",
            extract_bytes=1,
            extract_dated=None,
            box=None,
            data_version="1",
            programs="osrm 1",
            built_at="2026-01-01",
            seconds=1.0,
        ),
    )


def programs_in(var) -> None:
    """Stand-ins that know their version: what they are asked to do is what is tested."""
    package = var / "osrm" / "osrm"
    (package / "bin").mkdir(parents=True)
    (package / "share" / "profiles").mkdir(parents=True)
    (package / "share" / "profiles" / "car.lua").touch()
    for name in ("osrm-extract", "osrm-contract", "osrm-routed"):
        program = package / "bin" / name
        program.write_text("#!/bin/sh\necho v1\n")
        program.chmod(0o755)


def test_without_prepared_roads_there_is_nothing_to_start(tmp_path):
    assert wanted_road_server(tmp_path) is None


def test_a_road_server_that_is_set_is_enough(tmp_path, monkeypatch):
    monkeypatch.setenv("OSRM_URL", "http://127.0.0.1:5000")
    prepared(tmp_path)
    assert wanted_road_server(tmp_path) is None


def test_roads_that_are_incomplete_are_said(tmp_path):
    prepared(tmp_path, complete=False)
    said = wanted_road_server(tmp_path)
    assert isinstance(said, str)
    assert "estimated" in said
    assert "incomplete" in said


def test_what_cannot_be_read_is_said(tmp_path):
    prepared(tmp_path)
    (tmp_path / "osrm-data" / MANIFEST).write_text("{")
    assert "cannot be read" in str(wanted_road_server(tmp_path))


def test_prepared_roads_are_served_on_a_port_of_their_own(tmp_path):
    prepared(tmp_path)
    programs_in(tmp_path)
    wanted = wanted_road_server(tmp_path)
    assert isinstance(wanted, RoadServer)
    assert wanted.command[wanted.command.index("--port") + 1] in wanted.url
    assert wanted.shows == "town.osm.pbf, © OpenStreetMap contributors"
