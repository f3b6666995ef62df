"""Books the journeys that series ask for in the days to come; asked twice, nothing is booked twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from dispatch.models import Company, StandingOrder
from dispatch.usecases.change_series import change_series
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.series_change import SeriesChange
from dispatch.usecases.series_difference import HORIZON_DAYS
from dispatch.usecases.series_edits import Expand


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExpanded:
    """A series that got no bookings, and why."""

    order_id: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    created: int
    notes: tuple[str, ...]
    refused: tuple[NotExpanded, ...]


def expand_series(*, order_id: int, now: datetime, until: date | None = None) -> SeriesChange:
    """The bookings made, up to `until` (28 days with today), each outbound with its return.

    Raises NotFoundError, StaleSeriesError (somebody changed the series meanwhile: try again) or
    InvalidRowError (its hours contradict each other); nothing is written then.
    """
    return change_series(
        order_id=order_id, edit=Expand(), now=now, expected_token=None, until=until
    )


def expand_all(*, now: datetime) -> Expanded:
    """Every series of every company, each by itself: one that is refused holds up no other."""
    changes: list[SeriesChange] = []
    refused: list[NotExpanded] = []
    for company in Company.objects.all():
        for order_id in _running(company, now):
            try:
                changes.append(expand_series(order_id=order_id, now=now))
            except UseCaseError as error:
                refused.append(NotExpanded(order_id=order_id, sentence=str(error)))
    return Expanded(
        created=sum(len(change.created) for change in changes),
        notes=tuple(note for change in changes for note in change.notes),
        refused=tuple(refused),
    )


def _running(company: Company, now: datetime) -> list[int]:
    today = local_day(company, now)
    orders = StandingOrder.objects.for_company(company).filter(
        Q(ends_on=None) | Q(ends_on__gte=today),
        active=True,
        starts_on__lt=today + timedelta(days=HORIZON_DAYS),
    )
    return list(orders.order_by("pk").values_list("pk", flat=True))
