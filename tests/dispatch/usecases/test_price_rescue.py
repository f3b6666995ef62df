"""Other ways than those proposed are priced before anything is applied, and what was looked at is what is applied."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatch.enums import Means
from dispatch.models import Assignment, Company
from dispatch.usecases.price_rescue import (
    STANDS_FOR,
    RepricedError,
    StaleRescueError,
    price_rescue,
    stamp_of,
)
from dispatch.usecases.propose_rescue import RescueProposal, prices_of
from dispatch.usecases.references import trip_ref
from tests.dispatch.usecases.breakdown_world import NOW, Morning, looked_at, make_morning, proposed
from tests.factories import make_company

pytestmark = pytest.mark.django_db


@pytest.fixture
def morning() -> Morning:
    """A taxi may be called, for 500 francs; the one other crew was not out yet."""
    taxi = {"partner_enabled": True, "partner_base": 500}
    return make_morning(make_company(settings={"rescue": taxi}))


def stamps(proposal: RescueProposal) -> dict[int, str]:
    return {way.booking_id: way.stamp for way in proposed(proposal)}


def test_with_a_taxi_for_the_first_the_next_one_pays_for_the_crew(morning: Morning) -> None:
    proposal = morning.proposal()
    ways = proposed(proposal)
    assert {way.means for way in ways} == {Means.NEW_RUN}
    first, *rest = ways
    taxi = replace(first, means=Means.PARTNER, shift_id=None)
    priced = price_rescue(lost=morning.lost(), shown=proposal.shown, ways=[taxi, *rest], now=NOW)
    assert [line.trip for line in priced.rescue.lines] == [
        line.trip for line in proposal.rescue.lines
    ]
    before, after = stamps(proposal), stamps(priced)
    assert before[rest[0].booking_id] != after[rest[0].booking_id]
    # As the first proposal showed them it is not what would be applied.
    with pytest.raises(RepricedError, match="some times or prices are others"):
        morning.apply(proposal, replace(taxi, stamp=after[taxi.booking_id]), *rest)
    assert not Assignment.objects.filter(shift=morning.other).exists()
    applied = morning.apply(proposal, *looked_at(proposal, taxi, *rest))
    assert applied.cost_c == priced.rescue.cost_c
    assert applied.prices_c == {
        pk: option.cost_c
        for pk in after
        for line in priced.rescue.lines
        if line.trip == trip_ref(pk) and (option := line.proposed) is not None
    }


def test_a_way_as_it_was_proposed_is_applied_without_looking_twice(morning: Morning) -> None:
    proposal = morning.proposal()
    first = proposed(proposal)[0]
    assert morning.apply(proposal, first).moved == 1


def test_who_has_no_way_is_left_with_all_there_are(morning: Morning) -> None:
    proposal = morning.proposal()
    only = [way for way in proposed(proposal) if way.booking_id == morning.eleven.pk]
    priced = price_rescue(lost=morning.lost(), shown=proposal.shown, ways=only, now=NOW)
    left = {line.trip for line in priced.rescue.lines if line.is_left}
    assert left == {trip_ref(morning.aboard.pk), trip_ref(morning.waited.pk)}
    assert all(line.options for line in priced.rescue.lines)
    assert priced.shown == proposal.shown


def test_what_is_old_or_of_another_day_is_not_priced(morning: Morning) -> None:
    proposal = morning.proposal()
    late = NOW + STANDS_FOR + timedelta(seconds=1)
    other = replace(proposal.shown, seen="another day")
    for shown, now in ((proposal.shown, late), (other, NOW)):
        with pytest.raises(StaleRescueError):
            price_rescue(lost=morning.lost(), shown=shown, ways=[], now=now)


def test_a_stamp_tells_all_that_is_shown(morning: Morning) -> None:
    option = morning.proposal().rescue.lines[0].options[0]
    others = [
        replace(option, shift="s0"),
        replace(option, pickup_s=0),
        replace(option, cost_c=0),
        replace(option, overtime_s=1),
        replace(option, moved=(("b0", 60),)),
    ]
    assert len({stamp_of(option), *map(stamp_of, others)}) == 1 + len(others)
    assert stamp_of(replace(option, added_cost=7)) == stamp_of(option)  # nobody is shown that


@pytest.mark.parametrize(
    ("weights", "an_hour_c"),
    [({}, 9_000), ({"overtime": 0}, 0), ({"driving": 2}, 4_500), ({"driving": 0}, 9_000)],
)
def test_overtime_costs_in_francs_what_it_weighs_beside_driving(
    weights: dict[str, int], an_hour_c: int
) -> None:
    """An hour at the wheel costs 45 francs; a second of overtime weighs twice a second of driving."""
    company: Company = make_company(settings={"weights": weights})
    assert prices_of(company.rules).overtime_per_hour_c == an_hour_c
