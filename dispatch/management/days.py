"""Which day a command means: a date, or a word counted from today."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date, timedelta

WORDS = {"yesterday": -1, "today": 0, "tomorrow": 1}
ACCEPTED = "YYYY-MM-DD, today, tomorrow or yesterday"


def day_or_word(text: str) -> date | str:
    """For argparse. A word stays one: which day it is depends on where the company is."""
    if text in WORDS:
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is no day of the calendar: give {ACCEPTED}.") from None


def day_meant(given: date | str | None, *, today: date) -> date:
    """Without a day, today."""
    if isinstance(given, date):
        return given
    return today + timedelta(days=WORDS[given or "today"])
