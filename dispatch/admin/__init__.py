"""The desks of the office: plain Django admin, one company at a time, by what each role may do."""

from __future__ import annotations

from dispatch.admin import booking, company, drivers, fleet, patients, people, places, run, standing

__all__ = [
    "booking",
    "company",
    "drivers",
    "fleet",
    "patients",
    "people",
    "places",
    "run",
    "standing",
]
