"""Says what changes of the plan in force would do, before anybody decides; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.engine.impact import Impact, Impossible, impact
from dispatch.usecases.change_token import token_of
from dispatch.usecases.open_day import OpenDay
from dispatch.usecases.untimed_tours import refuse_untimed
from dispatch.usecases.wanted_changes import Wanted, WantedChange, changes_of, day_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`token`: what `change_as_shown` is to be told, so that nothing else is put in force; "" when impossible."""

    day: OpenDay
    answer: Impact | Impossible
    token: str


def preview_change(*, booking_id: int, wanted: Wanted, now: datetime) -> Preview:
    """Of one booking, as for several."""
    return preview_changes(asked=[WantedChange(booking_id, wanted)], now=now)


def preview_changes(
    *, asked: Sequence[WantedChange], now: datetime, versions: Mapping[int, int] | None = None
) -> Preview:
    """What these changes, one after the other, would do; or the rule that forbids one, and what would help.

    `versions`: of bookings the caller saw. May ask the road server: not to be called in a transaction. Raises
    NothingAskedError, NotFoundError, StaleBookingError, NotAssignableError, InvalidRowError for a promise that
    cannot be made, NobodyFitsError, NothingToSwapError, or NotFeasibleError for a shift that takes no part or a tour
    that cannot be timed.
    """
    day = day_of(asked, now=now, versions=versions)
    answer = impact(day.problem, day.plan, changes_of(day, asked), told=day.told)
    if not isinstance(answer, Impact):
        return Preview(day=day, answer=answer, token="")
    refuse_untimed(day, answer.carried.written)
    return Preview(day=day, answer=answer, token=token_of(day, answer))
