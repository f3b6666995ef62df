"""How days and times are written in Geneva: 17.06.2026, 14:05."""

from __future__ import annotations

SHORT_DATE_FORMAT = "d.m.Y"
SHORT_DATETIME_FORMAT = "d.m.Y H:i"
