"""Files as a person would have them, brought in and taken out."""

from __future__ import annotations

import csv
import io
from datetime import date

from dispatch.tables.exporting import export_lines
from dispatch.tables.importing import import_file
from tests.factories import at

NOW = at(6, day=date(2026, 3, 1))


def bring(company, kind, text, *, is_preview=False):
    content = text if isinstance(text, bytes) else text.encode()
    return import_file(kind=kind, content=content, company=company, now=NOW, is_preview=is_preview)


def exported(company, kind, **options):
    return "".join(export_lines(kind=kind, company=company, **options))


def table_of(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def rebuilt(rows, **changes):
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, rows[0].keys(), delimiter=";")
    writer.writeheader()
    writer.writerows([row | changes for row in rows])
    return buffer.getvalue()
