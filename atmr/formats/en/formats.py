"""How days and times are written in English: 17 Jun 2026, 14:05; a day is never mistaken for a month."""

from __future__ import annotations

DATE_FORMAT = SHORT_DATE_FORMAT = "d M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "d M Y H:i"
MONTH_DAY_FORMAT = "d M"
