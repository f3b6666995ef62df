"""Puts a driver on duty with a vehicle."""

from __future__ import annotations

from dispatch.models import Company, Shift
from dispatch.usecases.keep_row import keep_row
from dispatch.usecases.shift_content import ShiftContent


def create_shift(*, company: Company, content: ShiftContent) -> Shift:
    """The new shift with its breaks. Raises InvalidRowError; nothing is written then."""
    shift = Shift(company=company)
    content.fill(shift)
    keep_row(shift, children=[content.pauses()])
    return shift
