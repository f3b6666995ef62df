"""Edits a series: this day of it, this and the following ones, or all from today on."""

from __future__ import annotations

from datetime import datetime

from dispatch.usecases.change_series import change_series
from dispatch.usecases.series_change import SeriesChange
from dispatch.usecases.series_edits import EditAll, EditFollowing, EditThis


def edit_series(
    *, order_id: int, edit: EditThis | EditFollowing | EditAll, now: datetime, expected_token: str
) -> SeriesChange:
    """What was done, which is what `preview_series` had told together with its token.

    Open bookings follow; drivers whose journeys change are freed; what has begun stays, and what a person
    had changed by hand stays unless the edit overwrites it. The change names the series that goes on.

    Raises NotFoundError, StaleSeriesError, PastDayError, NoSuchDayError or InvalidRowError; nothing is
    written then.
    """
    return change_series(order_id=order_id, edit=edit, now=now, expected_token=expected_token)
