"""What a CSV file is made of: its encoding, its separator, its header and its lines, or why it cannot be read."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from dispatch.tables.report import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_BYTES = 5_000_000
MOST_LINES = 2_000  # some ten seconds; more than a page should wait for
SEPARATORS = ";,\t"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx and ods; xls


class UnreadableFileError(Exception):
    """The file is no table that can be checked line by line; its problems say why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file taken apart: each row with the number of the line it starts on, all as wide as the header.

    `problems`: the lines that are not among the rows, because their cells belong to no column; `unread`
    is what stands first in them.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    encoding: str
    separator: str
    problems: tuple[Problem, ...] = ()
    unread: frozenset[str] = frozenset()


def read_sheet(content: bytes, *, columns: Sequence[str]) -> Sheet:
    """Raises UnreadableFileError for what is not a CSV file with columns of these names."""
    text, encoding = _decoded(content)
    separator = _separator(text, columns)
    records = list(_records(text, separator))
    if not records:
        raise _unreadable(_("The file is empty."))
    (line, header), body = records[0], records[1:]
    names = tuple(cell.strip().lower() for cell in header)
    _check_header(names, columns, line)
    fitting = [(at, cells) for at, cells in body if len(cells) == len(names)]
    uneven = [(at, cells) for at, cells in body if len(cells) != len(names)]
    return Sheet(
        header=names,
        rows=tuple(cells for _line, cells in fitting),
        lines=tuple(at for at, _cells in fitting),
        encoding=encoding,
        separator=separator,
        problems=tuple(_uneven(at, cells, names) for at, cells in uneven),
        unread=frozenset(cells[0].strip() for _line, cells in uneven),
    )


def _unreadable(sentence: str, *, line: int = 0) -> UnreadableFileError:
    return UnreadableFileError(Problem(line=line, what=sentence))


def _decoded(content: bytes) -> tuple[str, str]:
    if len(content) > MOST_BYTES:
        raise _unreadable(
            _(
                "The file has %(size).1f MB; at most %(most).0f MB are read at once. Please split it."
            )
            % {"size": len(content) / 1e6, "most": MOST_BYTES / 1e6}
        )
    if content.startswith(_WORKBOOKS):
        raise _unreadable(_("This is a workbook. Save it as “CSV UTF-8” in the spreadsheet first."))
    if content.startswith(_UTF16_MARKS):
        raise _unreadable(_("The file is in UTF-16. Save it as “CSV UTF-8” in the spreadsheet."))
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        raise _unreadable(_("The file holds a NUL byte: it is damaged or no text."), line=line)
    return _text(content)


def _text(content: bytes) -> tuple[str, str]:
    marked = content.startswith(_UTF8_MARK)
    line = 0
    for encoding in ("utf-8-sig" if marked else "utf-8", "cp1252"):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
    raise _unreadable(
        _("The letters of the file are neither UTF-8 nor Windows-1252. Save it as “CSV UTF-8”."),
        line=line,
    )


def _separator(text: str, columns: Sequence[str]) -> str:
    """The one that cuts the most known columns out of the first line; the first one when none does."""
    first = next((line for line in text.splitlines() if line.strip()), "")

    def known(separator: str) -> int:
        cells = {cell.strip().strip('"').lower() for cell in first.split(separator)}
        return len(cells & set(columns))

    return max(SEPARATORS, key=known)


def _records(text: str, separator: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each record that says something, with the line it starts on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for number, cells in enumerate(reader):
            if number > MOST_LINES:
                raise _unreadable(
                    _("The file has more than %(most)d lines. Please split it.")
                    % {"most": MOST_LINES}
                )
            if any(cell.strip() for cell in cells):
                yield line, tuple(cells)
            line = reader.line_num + 1
    except csv.Error:
        raise _unreadable(
            _(
                "The quotation marks do not match from this line on: one is opened and not closed, or "
                "text follows a closed one. A quotation mark inside a cell is written twice."
            ),
            line=line,
        ) from None


def _check_header(names: tuple[str, ...], columns: Sequence[str], line: int) -> None:
    unknown = [name for name in names if name not in columns]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    expected = ", ".join(columns)
    problems = [
        Problem(
            line=line,
            column=name,
            what=_("This column is not known.") if name else _("A column has no name."),
            expected=expected,
        )
        for name in unknown
    ]
    problems += [
        Problem(line=line, column=name, what=_("This column stands twice.")) for name in twice
    ]
    if columns[0] not in names:
        problems.append(
            Problem(
                line=line, column=columns[0], what=_("This column is missing."), expected=expected
            )
        )
    if problems:
        raise UnreadableFileError(*problems)


def _uneven(line: int, cells: tuple[str, ...], names: tuple[str, ...]) -> Problem:
    return Problem(
        line=line,
        what=_("This line has %(cells)d cells, the header has %(columns)d.")
        % {"cells": len(cells), "columns": len(names)},
    )
