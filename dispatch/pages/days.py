"""Which days have a page, and how an address names one."""

from __future__ import annotations

from datetime import date

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)


class DayConverter:
    """A day of this century; one that no calendar has is no address."""

    regex = r"20\d{2}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        return value if isinstance(value, str) else value.isoformat()


def has_page(day: date) -> bool:
    return FIRST_DAY <= day <= LAST_DAY
