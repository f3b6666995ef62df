"""What it costs to be guarded: each row that is written is compared with its own, not with all that were written before."""

from __future__ import annotations

import pytest
from django.db import connection

from dispatch.models import Company
from tests.factories import make_assignment, make_booking, make_company, make_shift

pytestmark = pytest.mark.django_db
MANY = 150


def _rows_read() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables "
            "WHERE relname IN ('dispatch_assignment', 'dispatch_shift', 'dispatch_driver', 'dispatch_vehicle')"
        )
        return int(cursor.fetchone()[0])


def _written(company: Company) -> int:
    """Rows read to write one journey's row."""
    booking, shift = make_booking(company), make_shift(company)
    before = _rows_read()
    make_assignment(booking, shift)
    return _rows_read() - before


def test_a_journey_is_compared_with_its_own_shift() -> None:
    company = make_company()
    for _ in range(MANY):
        make_assignment(make_booking(company), make_shift(company))
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # as in tables that are not small
        cursor.execute(
            "ANALYZE dispatch_assignment, dispatch_shift, dispatch_driver, dispatch_vehicle"
        )
    _written(company)  # the first one after that plans its queries anew
    assert _written(company) < MANY
