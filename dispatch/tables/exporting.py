"""A company's rows as CSV, line by line, in a form that spreadsheets open and imports read back."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from dispatch.tables.importing import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from dispatch.models import Company

SEPARATOR = ";"  # what a spreadsheet set to French opens without questions
UTF8_MARK = "\ufeff"


def export_lines(*, kind: str, company: Company, day: date | None = None) -> Iterator[str]:
    """Lines of text, the first with the mark that tells spreadsheets it is UTF-8.

    `day`: bookings of this day only. Nothing is held in memory but a few hundred rows.
    """
    table = TABLES[kind](company)
    rows = table.get_queryset()
    if day is not None:
        rows = rows.filter(service_on=day)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=SEPARATOR)
    buffer.write(UTF8_MARK)
    for cells in table.export_rows(rows):
        writer.writerow(cells)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
