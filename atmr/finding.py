"""One line of `manage.py doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: `missing` stops the console, `advice` only a part of it."""

    what: str
    state: Literal["ok", "advice", "missing"]
    found: str
    remedy: str = ""
