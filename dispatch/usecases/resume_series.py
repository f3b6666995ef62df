"""Ends a pause of a series: what the pause had cancelled comes back."""

from __future__ import annotations

from datetime import date, datetime

from dispatch.usecases.change_series import change_series
from dispatch.usecases.series_change import SeriesChange
from dispatch.usecases.series_rests import Resume


def resume_series(
    *,
    order_id: int,
    pause_id: int,
    from_on: date,
    now: datetime,
    expected_token: str | None = None,
) -> SeriesChange:
    """The series goes on from this day; its journeys are confirmed again, with what the series asks for now.

    Journeys that were cancelled for another reason stay cancelled. Raises NotFoundError, StaleSeriesError or
    PastDayError; nothing is written then.
    """
    edit = Resume(pause_id=pause_id, from_on=from_on)
    return change_series(order_id=order_id, edit=edit, now=now, expected_token=expected_token)
