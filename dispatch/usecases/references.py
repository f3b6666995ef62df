"""Rows as the engine calls them: a letter for the kind and the row's number, so that no two kinds collide."""

from __future__ import annotations


def trip_ref(booking_id: int) -> str:
    return f"b{booking_id}"


def shift_ref(shift_id: int) -> str:
    return f"s{shift_id}"


def driver_ref(driver_id: int) -> str:
    return f"d{driver_id}"


def vehicle_ref(vehicle_id: int) -> str:
    return f"v{vehicle_id}"


def break_ref(break_id: int) -> str:
    return f"p{break_id}"


def row_id(reference: str) -> int:
    """The number of the row behind any of these."""
    return int(reference[1:])
