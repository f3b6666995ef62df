"""Prices a breakdown's ways anew as a person has chosen them; nothing is written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from dispatch.engine.breakdown import price
from dispatch.engine.rescue import Choice, Option, Rescue
from dispatch.enums import Means
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.propose_rescue import RescueProposal, Shown, propose_rescue
from dispatch.usecases.references import shift_ref, trip_ref
from dispatch.usecases.stranded_shift import Lost

STANDS_FOR = timedelta(minutes=5)
STAMP_LENGTH = 16


class StaleRescueError(UseCaseError):
    """The day has changed since the proposal was made, or the proposal is too old to be driven."""


class RepricedError(StaleRescueError):
    """Beside what was chosen a way is not what was looked at: it has to be looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A journey and the way on chosen for it; `shift_id`: of an own shift, 0 for the crew that stands in.

    `stamp`: the way as it was looked at (`stamp_of`).
    """

    booking_id: int
    means: Means
    shift_id: int | None = None
    stamp: str = ""

    @property
    def choice(self) -> Choice:
        shift = "" if self.shift_id is None else shift_ref(self.shift_id)
        return Choice(trip_ref(self.booking_id), self.means, shift)


def price_rescue(*, lost: Lost, shown: Shown, ways: Iterable[Way], now: datetime) -> RescueProposal:
    """What was proposed as `shown`, with these ways: all lines priced beside them, in the same order.

    A journey that has no way here, or whose way does not fit beside the others, is left. May ask the road server: not
    to be called in a transaction. Raises StaleRescueError and whatever `propose_rescue` refuses.
    """
    proposal = proposal_as_shown(lost=lost, shown=shown, now=now)
    chosen = {way.choice.trip: way.choice for way in ways}
    order = [line.trip for line in proposal.rescue.lines]
    return replace(proposal, rescue=price(proposal.breakdown, order, chosen))


def proposal_as_shown(*, lost: Lost, shown: Shown, now: datetime) -> RescueProposal:
    """The proposal made once more for its own moment: the day has the same fingerprint, so it is the same."""
    if not shown.as_of <= now <= shown.as_of + STANDS_FOR:
        raise StaleRescueError(_("This proposal is some minutes old: here is a new one."))
    proposal = propose_rescue(lost=lost, now=shown.as_of)
    if proposal.shown != shown:
        raise StaleRescueError(_("The day changed meanwhile: here is a new proposal."))
    return proposal


def stamp_of(option: Option) -> str:
    """Of all that is shown of a way: who comes when, what it costs, whom it moves."""
    said = (
        *option.key,
        option.pickup_s,
        option.dropoff_s,
        option.late_s,
        option.wait_s,
        option.extra_s,
        option.extra_m,
        option.overtime_s,
        option.cost_c,
        *option.moved,
    )
    return hashlib.sha256(repr(said).encode()).hexdigest()[:STAMP_LENGTH]


def refuse_repriced(rescue: Rescue, ways: Iterable[Way]) -> None:
    """Raises RepricedError unless every way is as it was looked at."""
    looked_at = {way.choice.trip: way.stamp for way in ways}
    settled = (
        (line.trip, option) for line in rescue.lines if (option := line.proposed) is not None
    )
    if any(stamp_of(option) != looked_at[trip] for trip, option in settled):
        raise RepricedError(
            _(
                "Beside what you chose, some times or prices are others: look at them as they are now, and apply."
            )
        )
