"""Finds the rows a caller names by number, among those of the company and no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from dispatch.models import Company, Driver, Patient, Place, Vehicle
from dispatch.usecases.keep_row import InvalidRowError

Named = type[Driver] | type[Patient] | type[Place] | type[Vehicle]


def own_rows(company: Company, wanted: Mapping[str, tuple[Named, int | None]]) -> dict[str, Any]:
    """field → row, or None where no number was given; public places belong to everybody.

    Raises InvalidRowError that names each field whose row is missing or somebody else's, in the same words.
    """
    found = {field: _row(company, kind, pk) for field, (kind, pk) in wanted.items()}
    missing = [
        field for field, (_kind, pk) in wanted.items() if pk is not None and not found[field]
    ]
    if missing:
        raise InvalidRowError({field: [_("This does not exist.")] for field in missing})
    return found


def _row(
    company: Company, kind: Named, pk: int | None
) -> Driver | Patient | Place | Vehicle | None:
    if pk is None:
        return None
    row: Driver | Patient | Place | Vehicle | None = (
        kind.objects.for_company(company).filter(pk=pk).first()
    )
    return row
