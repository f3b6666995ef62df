"""What a line of a file of bookings costs, unchanged, changed and new; it prints and judges nothing.

    python -m pytest -m bench -s tests/bench/test_csv_rows.py

Milliseconds a line of this process's own CPU: the database works in another, and a busy machine does not count.
"""

from __future__ import annotations

import json
import time

import pytest

from dispatch.models import Company
from tests.dispatch.csv_files import bring, exported, rebuilt, table_of
from tests.factories import (
    make_booking,
    make_company,
    make_establishment,
    make_patient,
    make_place,
    make_vehicle,
)

LINES = 300
LATER = {
    "reference": "",
    "day": "2026-06-18",
    "requested": "10:00",
    "promised_from": "09:55",
    "promised_to": "10:15",
}


def booked() -> Company:
    """A company whose patients are each driven to the same clinic once."""
    company = make_company()
    make_vehicle(company)
    homes = [make_place(company) for _ in range(50)]
    clinic = make_establishment()
    for k in range(LINES):
        make_booking(company, patient=make_patient(company, home=homes[k % 50]), dropoff=clinic)
    return company


@pytest.mark.bench
@pytest.mark.django_db
def test_what_a_line_costs() -> None:
    company = booked()
    text = exported(company, "bookings")
    rows = table_of(text)
    files = {
        "unchanged": text,
        "notes changed": rebuilt(rows, urgent="yes", notes="abc"),
        "window changed": rebuilt(
            rows, requested="11:00", promised_from="10:55", promised_to="11:15"
        ),
        "new": rebuilt(rows, **LATER),
    }
    figures = {}
    for name, content in files.items():
        began = time.process_time()
        report = bring(company, "bookings", content)
        figures[name] = round((time.process_time() - began) * 1000 / LINES, 2)
        assert report.problems == ()
        assert report.created + report.updated + report.unchanged == LINES
    print(json.dumps({"ms CPU a line": figures}))
