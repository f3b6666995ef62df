from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from dispatch.roads.extract import Box, ExtractError, read_extract


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def zigzag(degrees: float) -> int:
    nano = round(degrees * 1e9)
    return nano * 2 if nano >= 0 else -nano * 2 - 1


def pbf(block: bytes, *, kind: bytes = b"OSMHeader", is_packed: bool = True) -> bytes:
    blob = field(2, len(block)) + field(3, zlib.compress(block)) if is_packed else field(1, block)
    header = field(1, kind) + field(3, len(blob))
    return len(header).to_bytes(4, "big") + header + blob


def box_field(west: float, east: float, north: float, south: float) -> bytes:
    sides = zip((1, 2, 3, 4), (west, east, north, south), strict=True)
    return field(1, b"".join(field(number, zigzag(value)) for number, value in sides))


@pytest.mark.parametrize("is_packed", [True, False])
def test_box_and_date_are_read(tmp_path: Path, is_packed: bool) -> None:
    block = box_field(-6.25, 6.5, 46.25, -46.5) + field(4, b"OsmSchema-V0.6") + field(32, 86_400)
    path = tmp_path / "x.osm.pbf"
    path.write_bytes(pbf(block, is_packed=is_packed) + b"the rest is not looked at")
    about = read_extract(path)
    assert about.box == Box(west=-6.25, south=-46.5, east=6.5, north=46.25)
    assert str(about.dated) == "1970-01-02 00:00:00+00:00"


def test_a_header_may_be_silent(tmp_path: Path) -> None:
    path = tmp_path / "x.osm.pbf"
    path.write_bytes(pbf(field(4, b"OsmSchema-V0.6")))
    about = read_extract(path)
    assert (about.box, about.dated) == (None, None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<?xml version='1.0'?><osm/>",
        b"\0\0\0\x05hello" * 9,
        pbf(b"", kind=b"OSMData"),
        pbf(box_field(6.1, 6.2, 46.3, 46.2))[:-5],
        pbf(box_field(6.2, 6.1, 46.3, 46.2)),
        pbf(b"\xff" * 20),
        (10**9).to_bytes(4, "big") + b"\0" * 100,
    ],
)
def test_anything_else_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.osm.pbf"
    path.write_bytes(content)
    with pytest.raises(ExtractError, match=r"is no OpenStreetMap extract \(\.osm\.pbf\)"):
        read_extract(path)


def test_share_of_a_box() -> None:
    wanted = Box.parse("6.0,46.0,6.2,46.2")
    assert wanted.share_of(wanted) == 1
    assert Box.parse("5,45,7,47").share_of(wanted) == 1
    assert Box.parse("6.1,46.1,7,47").share_of(wanted) == pytest.approx(0.25)
    assert Box.parse("7,47,8,48").share_of(wanted) == 0


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "a,b,c,d", "6.2,46,6.1,47", "6,46,7,nan", "0,0,1,91"]
)
def test_what_is_no_box_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no box"):
        Box.parse(text)
