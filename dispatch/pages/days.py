"""How an address names a day."""

from __future__ import annotations

from datetime import date


class DayConverter:
    """A day of this century; one that no calendar has is no address."""

    regex = r"20\d{2}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        return value if isinstance(value, str) else value.isoformat()
