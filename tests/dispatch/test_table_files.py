"""A file is read as the table a person meant, and what a spreadsheet would run is shielded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.tables.formulas import neutralise, restore
from dispatch.tables.reading import MOST_BYTES, UnreadableFileError, read_sheet


@pytest.mark.parametrize(
    "text", ["=1+1", "+41 22 000 00 00", "-5", "@SUM(A1)", "\t=1", "\r=1", "＝1"]
)
def test_what_a_spreadsheet_would_run_is_shielded(text):
    assert neutralise(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Ana", "1+1", "'quoted'", "O'Neil"])
def test_what_is_harmless_stays_as_it_is(text):
    assert neutralise(text) == text


@given(st.text(alphabet="'=+-@\t\r\n a1＝", max_size=6))
def test_a_shielded_text_never_starts_a_formula_and_comes_back(text):
    shielded = neutralise(text)
    assert not shielded.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))
    assert restore(shielded) == text


# Files ---------------------------------------------------------------------------------------------

COLUMNS = ("plate", "name", "active")


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_separator_and_encoding_are_found(separator, encoding):
    text = f"plate{separator}name\r\nGE 1{separator}Élan\r\n"
    sheet = read_sheet(text.encode(encoding), columns=COLUMNS)
    assert sheet.header == ("plate", "name")
    assert sheet.rows == (("GE 1", "Élan"),)
    assert sheet.separator == separator


def test_lines_are_counted_as_an_editor_counts_them():
    text = 'plate;name\r\n"GE 1";"two\r\nlines"\r\n\r\nGE 2;x\r\n'
    assert read_sheet(text.encode(), columns=COLUMNS).lines == (2, 5)


def test_a_line_of_another_width_is_told_and_the_others_are_read():
    sheet = read_sheet(b"plate;name\nGE 1;Van;too much\nGE 2;Bus\n", columns=COLUMNS)
    assert (sheet.rows, sheet.lines) == ((("GE 2", "Bus"),), (3,))
    (problem,) = sheet.problems
    assert (problem.line, problem.what) == (2, "This line has 3 cells, the header has 2.")
    assert sheet.unread == {"GE 1"}


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", 0, "empty"),
        (b"\r\n \r\n", 0, "empty"),
        (b'plate;name\nGE 1;"Van\nGE 2;x\n', 2, "quotation marks"),
        (b'plate;name\nGE 1;"Van" one\n', 2, "quotation marks"),
        (b"plate;name\nGE 1;V\0n\n", 2, "NUL"),
        (b"PK\x03\x04 workbook", 0, "workbook"),
        ("plate;name".encode("utf-16"), 0, "UTF-16"),
        (b"plate;name\nGE 1;\x81\xe9\n", 2, "UTF-8"),
        (b"plate;colour\nGE 1;red\n", 1, "not known"),
        (b"name\nVan\n", 1, "missing"),
        (b"plate;name;name\nGE 1;a;b\n", 1, "twice"),
        (b"plate;name\n" + b"GE 1;x\n" * 6_000, 0, "2000 lines"),
        (b"plate;name\n" + b"x" * 10_000_000, 0, "10.0 MB"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(content, line, words):
    with pytest.raises(UnreadableFileError) as refusal:
        read_sheet(content, columns=COLUMNS)
    assert [problem.line for problem in refusal.value.problems] == [line]
    assert words in str(refusal.value)


def test_the_limit_is_a_limit_of_bytes():
    content = b"plate;name\n" + b"GE 1;" + b"x" * MOST_BYTES
    with pytest.raises(UnreadableFileError, match=r"5\.0 MB"):
        read_sheet(content, columns=COLUMNS)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    try:
        sheet = read_sheet(content, columns=COLUMNS)
    except UnreadableFileError:
        return  # any other exception fails this test
    assert all(len(row) == len(sheet.header) for row in sheet.rows)


# Round trips ---------------------------------------------------------------------------------------
