"""Takes a file in as a whole or not at all, and says line by line what it would do or what is wrong."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import tablib
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext as _

from dispatch.tables.bookings import BookingTable
from dispatch.tables.drivers import DriverTable
from dispatch.tables.formulas import restore
from dispatch.tables.reading import UnreadableFileError, read_sheet
from dispatch.tables.report import Change, Line, Problem, Report
from dispatch.tables.vehicles import VehicleTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from import_export.results import InvalidRow, RowResult

    from dispatch.models import Company
    from dispatch.tables.base import CompanyTable
    from dispatch.tables.reading import Sheet

TABLES: Mapping[str, type[CompanyTable]] = MappingProxyType(
    {
        "bookings": BookingTable,
        "drivers": DriverTable,
        "vehicles": VehicleTable,
    }
)


def import_file(
    *, kind: str, content: bytes, company: Company, now: datetime, is_preview: bool
) -> Report:
    """One transaction: every line is written, or none. `is_preview` writes none and reports the same."""
    table = TABLES[kind](company)
    table.now = now
    try:
        sheet = read_sheet(content, columns=table.columns())
    except UnreadableFileError as error:
        return Report(kind=kind, problems=error.problems)
    sheet = _without_twins(sheet, table.columns()[0])
    result = table.import_data(
        tablib.Dataset(*sheet.rows, headers=sheet.header),
        dry_run=is_preview or bool(sheet.problems),
        rollback_on_validation_errors=True,
        # What is no refusal is a bug of ours: it goes up, and the transaction with it.
        raise_errors=False,
    )
    _raise_bugs(result)
    judged = [p for invalid in result.invalid_rows for p in _problems(table, sheet, invalid)]
    # What names a line that could not be read is no mistake of its own.
    own = [
        p for p in judged if p.column != "outbound" or restore(p.value).strip() not in sheet.unread
    ]
    problems = tuple(sorted([*sheet.problems, *own], key=lambda problem: problem.line))
    done = [] if problems else list(zip(sheet.lines, result.rows, strict=True))
    is_written = not (is_preview or problems)
    return Report(
        kind=kind,
        is_written=is_written,
        lines=tuple(
            _line(table, at, row, is_written=is_written) for at, row in done if not row.is_skip()
        ),
        unchanged=sum(row.is_skip() for _at, row in done),
        problems=problems,
    )


def _without_twins(sheet: Sheet, key: str) -> Sheet:
    """Two lines about one row: neither can be meant more than the other, and the first is judged."""
    position = sheet.header.index(key)
    first: dict[str, int] = {}
    kept: list[tuple[int, tuple[str, ...]]] = []
    problems = list(sheet.problems)
    for line, cells in zip(sheet.lines, sheet.rows, strict=True):
        value = restore(cells[position]).strip()
        if value and (before := first.setdefault(value, line)) != line:
            what = _("This stands on line %d already.") % before
            problems.append(Problem(line=line, column=key, value=value, what=what))
        else:
            kept.append((line, cells))
    return replace(
        sheet,
        rows=tuple(cells for _line, cells in kept),
        lines=tuple(line for line, _cells in kept),
        problems=tuple(problems),
    )


def _raise_bugs(result: object) -> None:
    rows = [error for row in result.rows for error in row.errors]  # type: ignore[attr-defined]
    for error in (*result.base_errors, *rows):  # type: ignore[attr-defined]
        raise error.error


def _problems(table: CompanyTable, sheet: Sheet, invalid: InvalidRow) -> Iterator[Problem]:
    line = sheet.lines[invalid.number - 1]
    cells = dict(zip(sheet.header, sheet.rows[invalid.number - 1], strict=True))
    for attribute, sentences in invalid.error_dict.items():
        column = None if attribute == NON_FIELD_ERRORS else table.column_of(attribute)
        for sentence in sentences:
            if column is None:
                yield Problem(line=line, what=sentence)
                continue
            yield Problem(
                line=line,
                column=column.column_name,
                value=cells.get(column.column_name, ""),
                what=sentence,
                expected=column.hint(cells),
            )


def _line(table: CompanyTable, at: int, row: RowResult, *, is_written: bool) -> Line:
    """A new row has no reference before it is written: the one a preview drew is not the one it gets."""
    key = table.columns()[0]
    is_named = is_written or not row.is_new() or row.is_key_given
    changes = tuple(
        Change(column=name, before=row.before.get(name, ""), after=after)
        for name, after in row.after.items()
        if name != key and row.before.get(name, "") != after
    )
    name = row.after[key] if is_named else ""
    return Line(
        line=at, name=name, is_new=row.is_new(), changes=changes, warnings=tuple(row.warnings)
    )
