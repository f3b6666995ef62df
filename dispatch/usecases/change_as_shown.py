"""Carries out changes of the plan in force as a person was shown them beforehand, or none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.engine.impact import Impact
from dispatch.models import User
from dispatch.usecases.assign_booking import cannot
from dispatch.usecases.change_token import refuse_other_outcome
from dispatch.usecases.preview_change import preview_changes
from dispatch.usecases.wanted_changes import GiveTo, SwapWith, WantedChange, taking_back
from dispatch.usecases.write_impact import write_impact


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """`back`: the changes that lead back, to be looked at and put in force as any other."""

    impact: Impact
    back: tuple[WantedChange, ...]


def change_as_shown(
    *,
    asked: Sequence[WantedChange],
    shown: str,
    by: User | None,
    now: datetime,
    pin: bool = True,
    versions: Mapping[int, int] | None = None,
) -> Done:
    """What was done. `shown`: the token of the preview that the person decided on; `pin`: who is given or swapped
    stays there.

    Raises StaleDayError when it would do something else by now, NotFeasibleError when a rule forbids it by now,
    and what `preview_changes` and `write_impact` raise; nothing is written then.
    """
    found = preview_changes(asked=asked, now=now, versions=versions)
    if not isinstance(found.answer, Impact):
        raise cannot(found.day, found.answer)
    refuse_other_outcome(found.day, found.answer, shown)
    write_impact(found.day, found.answer, by=by, pinned=dict.fromkeys(_placed(asked), pin))
    return Done(impact=found.answer, back=taking_back(found.day, asked))


def _placed(asked: Sequence[WantedChange]) -> set[int]:
    """The bookings that a person gave to somebody."""
    swapped = {one.wanted.booking_id for one in asked if isinstance(one.wanted, SwapWith)}
    return swapped | {one.booking_id for one in asked if isinstance(one.wanted, GiveTo | SwapWith)}
