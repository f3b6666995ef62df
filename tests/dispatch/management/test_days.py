from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date

import pytest

from dispatch.management.days import day_meant, day_or_word

TODAY = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-06-17", date(2026, 6, 17)),
        ("today", TODAY),
        ("tomorrow", date(2027, 1, 1)),
        ("yesterday", date(2026, 12, 30)),
    ],
)
def test_a_date_or_a_word(text, day):
    assert day_meant(day_or_word(text), today=TODAY) == day


def test_nothing_is_today():
    assert day_meant(None, today=TODAY) == TODAY


@pytest.mark.parametrize("text", ["2026-02-30", "morgen", "17.06.2026", "", "Today"])
def test_what_is_accepted_is_said(text):
    with pytest.raises(ArgumentTypeError) as refusal:
        day_or_word(text)
    assert str(refusal.value) == (
        f"“{text}” is no day of the calendar: give YYYY-MM-DD, today, tomorrow or yesterday."
    )
