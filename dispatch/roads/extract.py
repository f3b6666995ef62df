"""Reads what an OpenStreetMap extract (.osm.pbf) says of itself: the box it covers and its date.

Format: https://wiki.openstreetmap.org/wiki/PBF_Format. Only the first block is read, whatever the size.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

_MOST_HEADER_BYTES = 64 * 1024  # the format's own limit for a block's header
_MOST_BLOB_BYTES = 32 * 1024 * 1024
_NANODEGREES = 1_000_000_000

# Field numbers in the format's protobuf messages.
_BLOB_HEADER_TYPE, _BLOB_HEADER_SIZE = 1, 3
_BLOB_RAW, _BLOB_ZLIB = 1, 3
_HEADER_BOX, _HEADER_TIMESTAMP = 1, 32

Fields = dict[int, int | bytes]


class ExtractError(Exception):
    """The file is no OpenStreetMap extract; the message is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Degrees."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        if not (-180 <= self.west < self.east <= 180 and -90 <= self.south < self.north <= 90):
            raise ValueError(f"{self} is no box: west,south,east,north in degrees are wanted.")

    def __str__(self) -> str:
        return f"{self.west:.5f},{self.south:.5f},{self.east:.5f},{self.north:.5f}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """`west,south,east,north`; raises ValueError."""
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError as error:
            raise ValueError(f"'{text}' is no box: west,south,east,north are wanted.") from error
        return cls(west=west, south=south, east=east, north=north)

    def share_of(self, wanted: Box) -> float:
        """The part of the wanted box that this one covers, 0 to 1, by degrees."""
        width = min(self.east, wanted.east) - max(self.west, wanted.west)
        height = min(self.north, wanted.north) - max(self.south, wanted.south)
        area = (wanted.east - wanted.west) * (wanted.north - wanted.south)
        return max(width, 0.0) * max(height, 0.0) / area


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """What the header says; either may be left out by the program that wrote the file."""

    box: Box | None
    dated: datetime | None


def read_extract(path: Path) -> Extract:
    """Raises ExtractError for anything but an .osm.pbf, and OSError where it cannot be read."""
    with path.open("rb") as file:
        try:
            size = int.from_bytes(_exactly(file.read(4), 4), "big")
            header = _fields(_exactly(file.read(_bounded(size, _MOST_HEADER_BYTES)), size))
            if header.get(_BLOB_HEADER_TYPE) != b"OSMHeader":
                raise ExtractError(f"{path} is no OpenStreetMap extract (.osm.pbf).")
            size = _bounded(_int(header.get(_BLOB_HEADER_SIZE)), _MOST_BLOB_BYTES)
            block = _fields(_unpacked(_fields(_exactly(file.read(size), size))))
            return Extract(
                box=_box(block.get(_HEADER_BOX)), dated=_date(block.get(_HEADER_TIMESTAMP))
            )
        except (_BrokenError, zlib.error) as error:
            raise ExtractError(
                f"{path} is no OpenStreetMap extract (.osm.pbf), or is damaged."
            ) from error


class _BrokenError(Exception):
    """The bytes are not what the format says."""


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise _BrokenError
    return data


def _bounded(size: int, most: int) -> int:
    if not 0 < size <= most:
        raise _BrokenError
    return size


def _int(value: int | bytes | None) -> int:
    if not isinstance(value, int):
        raise _BrokenError
    return value


def _unpacked(blob: Fields) -> bytes:
    raw, packed = blob.get(_BLOB_RAW), blob.get(_BLOB_ZLIB)
    if isinstance(raw, bytes):
        return raw
    if not isinstance(packed, bytes):
        raise _BrokenError
    return zlib.decompressobj().decompress(packed, _MOST_BLOB_BYTES)


def _fields(data: bytes) -> Fields:
    """The fields of one protobuf message, the last one where a number repeats."""
    fields: Fields = {}
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        match key & 7:
            case 0:
                fields[key >> 3], at = _varint(data, at)
            case 2:
                size, at = _varint(data, at)
                fields[key >> 3] = _exactly(data[at : at + size], size)
                at += size
            case 1:
                at += 8
            case 5:
                at += 4
            case _:
                raise _BrokenError
    return fields


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for k in range(10):
        if at + k >= len(data):
            break
        byte = data[at + k]
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            return value, at + k + 1
    raise _BrokenError


def _box(value: int | bytes | None) -> Box | None:
    if not isinstance(value, bytes):
        return None
    fields = _fields(value)
    west, east, north, south = (_degrees(fields.get(number)) for number in (1, 2, 3, 4))
    try:
        return Box(west=west, south=south, east=east, north=north)
    except ValueError as error:
        raise _BrokenError from error


def _degrees(value: int | bytes | None) -> float:
    """ZigZag-coded nanodegrees."""
    number = _int(value)
    return ((number >> 1) ^ -(number & 1)) / _NANODEGREES


def _date(value: int | bytes | None) -> datetime | None:
    if not isinstance(value, int):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _BrokenError from error
