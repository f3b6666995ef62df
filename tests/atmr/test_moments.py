"""Moments come out of the database as they went in, whoever parses them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection

from atmr.moments import MomentLoader

pytestmark = pytest.mark.django_db


def _read(value: str, *, zone: str = "UTC") -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone])
        cursor.execute("SELECT %s::timestamptz", [value])
        return cursor.fetchone()[0]


def test_connections_of_this_project_read_with_it() -> None:
    connection.ensure_connection()
    loader = connection.connection.adapters.get_loader(
        connection.connection.adapters.types["timestamptz"].oid, 0
    )
    assert loader is MomentLoader


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-24 08:30+00", datetime(2026, 11, 24, 8, 30, tzinfo=UTC)),
        ("2026-11-24 08:30+01", datetime(2026, 11, 24, 7, 30, tzinfo=UTC)),
        ("2026-11-24 08:30:05.5+00", datetime(2026, 11, 24, 8, 30, 5, 500_000, tzinfo=UTC)),
        ("2026-11-24 08:30:05.000007+00", datetime(2026, 11, 24, 8, 30, 5, 7, tzinfo=UTC)),
        ("0001-01-01 00:00+00", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31 23:59:59.999999+00", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_utc(written: str, moment: datetime) -> None:
    found = _read(written)
    assert found == moment
    assert isinstance(found, datetime)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("written", ["infinity", "0044-03-15 12:00+00 BC", "10000-01-01 00:00+00"])
def test_what_python_cannot_hold_is_refused_by_the_driver(written: str) -> None:
    with pytest.raises(DataError):
        _read(written)


def test_what_a_session_writes_in_another_zone_is_the_same_moment() -> None:
    found = _read("2026-11-24 08:30+00", zone="Europe/Zurich")
    assert found == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert isinstance(found, datetime)
    assert found.tzinfo is UTC
