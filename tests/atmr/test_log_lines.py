"""Rows that PostgreSQL quotes in its refusals never reach a line of our logs."""

from __future__ import annotations

import logging
import sys
from types import TracebackType

import pytest
from django.conf import settings
from django.db import DatabaseError, OperationalError
from redis.exceptions import ConnectionError as RedisGone

from atmr.log_lines import DiscreetFormatter

NAME = "Zzmarkername"
SAID = f'null value in column "born"\nDETAIL:  Failing row contains (1, {NAME},\n{NAME}).'

_Caught = tuple[type[BaseException], BaseException, TracebackType | None]


def caught() -> _Caught:
    """The database's refusal, raised again as another error as Django does."""
    try:
        try:
            raise ValueError(SAID)
        except ValueError as error:
            raise DatabaseError(SAID) from error
    except DatabaseError as error:
        return type(error), error, sys.exc_info()[2]


@pytest.mark.parametrize("exc_info", [None, caught()])
def test_a_refused_row_is_cut_from_messages_and_tracebacks(exc_info: _Caught | None) -> None:
    record = logging.LogRecord("atmr", logging.ERROR, "", 0, "Task: %s", (SAID,), exc_info)
    line = DiscreetFormatter("{message}", style="{").format(record)
    assert NAME not in line
    assert line.startswith('Task: null value in column "born"\nDETAIL: (left out)')


def test_both_exceptions_of_a_chain_are_still_named() -> None:
    record = logging.LogRecord("atmr", logging.ERROR, "", 0, "Task failed.", None, caught())
    line = DiscreetFormatter("{message}", style="{").format(record)
    assert NAME not in line
    assert line.count("DETAIL: (left out)") == 2
    assert "direct cause of" in line
    assert "django.db.utils.DatabaseError: null value" in line


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (OperationalError("connection to 10.0.0.1 failed"), "database is away: OperationalError"),
        (RedisGone("Error 111 connecting to 10.0.0.1"), "cache is away: ConnectionError"),
    ],
)
def test_a_request_that_found_no_database_or_cache_is_one_line(error: Exception, what: str) -> None:
    def line(logger: str) -> str:
        try:
            raise error
        except (OperationalError, RedisGone):
            said = ("Service Unavailable", "/days/")
            record = logging.LogRecord(logger, logging.ERROR, "", 0, "%s: %s", said, sys.exc_info())
        return DiscreetFormatter("{message}", style="{").format(record)

    away = f"Service Unavailable: /days/ (the {what})"
    assert line("django.request") == away
    assert "Traceback" in line("dispatch.tasks")


def test_the_house_writes_its_lines_so() -> None:
    console = settings.LOGGING["handlers"]["console"]
    formatter = settings.LOGGING["formatters"][console["formatter"]]
    assert formatter["()"] == f"{DiscreetFormatter.__module__}.{DiscreetFormatter.__qualname__}"
