"""Decides what of a log record is written: all of it but the rows that PostgreSQL quotes."""

from __future__ import annotations

import logging
import re

from dispatch.api.outages import is_cache_away, is_database_away

# PostgreSQL puts the refused row after this word; it ends where Python goes on with the next exception.
_QUOTED_ROW = re.compile(
    r"DETAIL:.*?(?=\n\n(?:The above exception was the direct cause"
    r"|During handling of the above exception, another)|\Z)",
    re.DOTALL,
)


class DiscreetFormatter(logging.Formatter):
    """Cuts what a database error says after DETAIL, where names of patients may stand.

    A request that found no database or no cache is one line: where in the code it asked says nothing.
    """

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        if record.name == "django.request" and (what := _away(error)):
            message = f"{record.getMessage()} (the {what} is away: {type(error).__name__})"
            told = {"msg": message, "args": (), "exc_info": None, "exc_text": None}
            record = logging.makeLogRecord(record.__dict__ | told)
        return _QUOTED_ROW.sub("DETAIL: (left out)", super().format(record))


def _away(error: BaseException | None) -> str:
    if is_database_away(error):
        return "database"
    return "cache" if is_cache_away(error) else ""
