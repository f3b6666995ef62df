"""Ends a series: after a last day, or at once."""

from __future__ import annotations

from datetime import date, datetime

from dispatch.usecases.change_series import change_series
from dispatch.usecases.series_change import SeriesChange
from dispatch.usecases.series_rests import End


def end_series(
    *, order_id: int, last_on: date | None, now: datetime, expected_token: str | None = None
) -> SeriesChange:
    """Open journeys after the last day are cancelled; without one, all that have not begun, and the series stops.

    An edit of the whole series (a later last day, or active again) brings them back. Raises NotFoundError,
    StaleSeriesError, PastDayError or InvalidRowError; nothing is written then.
    """
    return change_series(
        order_id=order_id, edit=End(last_on=last_on), now=now, expected_token=expected_token
    )
