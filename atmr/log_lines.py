"""Decides what of a log record is written: all of it but the rows that PostgreSQL quotes."""

from __future__ import annotations

import logging
import re

# PostgreSQL puts the refused row after this word; it ends where Python goes on with the next exception.
_QUOTED_ROW = re.compile(
    r"DETAIL:.*?(?=\n\n(?:The above exception was the direct cause"
    r"|During handling of the above exception, another)|\Z)",
    re.DOTALL,
)


class DiscreetFormatter(logging.Formatter):
    """Cuts what a database error says after DETAIL, where names of patients may stand."""

    def format(self, record: logging.LogRecord) -> str:
        return _QUOTED_ROW.sub("DETAIL: (left out)", super().format(record))
