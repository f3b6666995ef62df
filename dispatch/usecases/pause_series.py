"""Lets a series rest: hospital, holidays."""

from __future__ import annotations

from datetime import date, datetime

from dispatch.usecases.change_series import change_series
from dispatch.usecases.series_change import SeriesChange
from dispatch.usecases.series_rests import Pause


def pause_series(
    *,
    order_id: int,
    first_on: date,
    last_on: date,
    now: datetime,
    expected_token: str | None = None,
) -> SeriesChange:
    """The open journeys of these days, both included, are cancelled: the series changed.

    Raises NotFoundError, StaleSeriesError, PastDayError or InvalidRowError; nothing is written then.
    """
    edit = Pause(first_on=first_on, last_on=last_on)
    return change_series(order_id=order_id, edit=edit, now=now, expected_token=expected_token)
