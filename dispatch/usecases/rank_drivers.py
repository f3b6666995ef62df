"""The best drivers for one booking, each with what it would do to the others, and why the rest cannot; writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from dispatch.engine.best_fits import Difference, best_fits
from dispatch.engine.explain import refused
from dispatch.engine.schedule import Refusal
from dispatch.enums import Rule
from dispatch.models import Booking, Shift
from dispatch.usecases.impact_card import ImpactCard, impact_card, names_of
from dispatch.usecases.open_day import NotFeasibleError, OpenDay, open_day
from dispatch.usecases.references import shift_ref
from dispatch.usecases.untimed_tours import untimed_tours
from dispatch.usecases.wording import language

BEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """`difference`: against the best option."""

    shift: Shift
    card: ImpactCard
    difference: Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Unable:
    """A shift that cannot take the booking: the rule, by how much (seconds, or a count), and a sentence.

    The rule of one that takes no part in the day at all is its hours.
    """

    shift: Shift
    rule: Rule
    amount: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedDrivers:
    """`options`: cheapest first, the driver who has the booking left out; `more`: how many others can as well."""

    booking: Booking
    options: tuple[Option, ...]
    more: int
    unable: tuple[Unable, ...]


def rank_drivers(*, booking_id: int, now: datetime) -> RankedDrivers:
    """The three best drivers to give the booking to, as the day stands now.

    May ask the road server: not to be called in a transaction. Raises NotFoundError, NotAssignableError, or
    NobodyFitsError for a booking that cannot be planned at all.
    """
    day = open_day(booking_id=booking_id, now=now, expected_version=None)
    untimed = untimed_tours(day)
    found = best_fits(day.problem, day.plan, day.trip_id, n=BEST + 1, told=day.told, barred=untimed)
    fits = [fit for fit in found.fits if fit.shift != _held_by(day)][:BEST]
    shifts = {shift_ref(row.pk): row for row in day.built.shifts}
    others = {shift.id for shift in day.problem.shifts} - {_held_by(day)} - untimed.keys()
    return RankedDrivers(
        booking=day.booking,
        options=tuple(
            Option(
                shift=shifts[fit.shift],
                card=impact_card(day, fit.impact),
                difference=fit.against(fits[0]),
            )
            for fit in fits
        ),
        more=len(others - found.refusals.keys()) - len(fits),
        unable=(
            *(_untimed(shifts[s], why) for s, why in untimed.items() if s != _held_by(day)),
            *_unable(day, found.refusals, shifts, besides=untimed),
            *_left_out(day, shifts),
        ),
    )


def _held_by(day: OpenDay) -> str | None:
    return day.plan.shift_of.get(day.trip_id)


def _untimed(shift: Shift, why: NotFeasibleError) -> Unable:
    return Unable(shift=shift, rule=why.rule, amount=why.amount, sentence=str(why))


def _unable(
    day: OpenDay,
    refusals: Mapping[str, Refusal],
    shifts: Mapping[str, Shift],
    *,
    besides: Collection[str],
) -> Iterator[Unable]:
    label = names_of(day)
    for reference, refusal in refusals.items():
        if reference in besides:
            continue
        reason = refused(day.problem, day.trip_id, reference, refusal)
        sentence = reason.sentence(language(), label=label, clock=day.clock.shown)
        yield Unable(
            shift=shifts[reference], rule=refusal.rule, amount=refusal.amount, sentence=sentence
        )


def _left_out(day: OpenDay, shifts: Mapping[str, Shift]) -> Iterator[Unable]:
    """Whose driver or vehicle is not there."""
    for pk, sentence in sorted(day.left_out.items()):
        yield Unable(shift=shifts[shift_ref(pk)], rule=Rule.SHIFT, amount=0, sentence=sentence)
