"""Judges tours that a person made by hand beside those in force, by the same rules and the same figures; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.engine.judge import Judgement
from dispatch.enums import Severity
from dispatch.usecases.judge_plan import JudgedPlan, judged
from dispatch.usecases.tours_by_hand import Place, ToursByHand


@dataclass(frozen=True, kw_only=True)
class Side:
    """A plan as the judge sees it. `cost`: its price, leaving out that somebody is not served."""

    found: JudgedPlan

    @property
    def cost(self) -> int:
        price = self._judgement.score
        return price.total - price.unserved

    @property
    def served(self) -> int:
        return len(self._judgement.served.shift_of)

    @property
    def unserved(self) -> int:
        return len(self._judgement.served.unassigned)

    @property
    def broken(self) -> int:
        """How many hard rules it breaks."""
        return sum(one.severity is Severity.HARD for one, _said in self.found.violations)

    @property
    def _judgement(self) -> Judgement:
        return self.found.judgement


@dataclass(frozen=True, kw_only=True)
class JudgedTours:
    """`moves`: booking → the shift it would go to (None: nobody), for those that leave the one they have."""

    in_force: Side
    by_hand: Side
    moves: Mapping[int, int | None]


def judge_tours(*, tours: ToursByHand, places: Mapping[int, Place]) -> JudgedTours:
    """Nothing is refused. A booking of the day without a place stays where it is."""
    before = tours.in_force
    wanted = {pk: places.get(pk, place) for pk, place in before.items()}
    return JudgedTours(
        in_force=_side(tours, before),
        by_hand=_side(tours, wanted),
        moves={
            pk: place.shift_id
            for pk, place in wanted.items()
            if place.shift_id != before[pk].shift_id
        },
    )


def _side(tours: ToursByHand, places: Mapping[int, Place]) -> Side:
    hand = tours.hand_plan(places)
    return Side(found=judged(tours.built, tours.company, tours.day, hand))
