"""Tours made by hand beside those in force: the rules they break, what is driven, and who would move."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.enums import Rule
from dispatch.models import Booking, Company, Shift
from dispatch.usecases.judge_tours import JudgedTours, judge_tours
from dispatch.usecases.tours_by_hand import Place, ToursByHand, tours_by_hand
from tests.factories import DAY, at, make_assignment, make_booking, make_shift

pytestmark = pytest.mark.django_db


@pytest.fixture
def early(company: Company, shift: Shift) -> Booking:
    booking = make_booking(company, pickup_at=at(9))
    make_assignment(booking, shift)
    return booking


@pytest.fixture
def noon(company: Company, shift: Shift, early: Booking) -> Booking:
    """After the early one with the same driver."""
    assert early.pk
    booking = make_booking(company, pickup_at=at(12))
    make_assignment(booking, shift)
    return booking


def tours(company: Company) -> ToursByHand:
    return tours_by_hand(company=company, day=DAY, now=at(5))


def judged(company: Company, **places: Place) -> JudgedTours:
    """`places`: "b7" → where booking 7 goes; the others stay."""
    chosen = {int(name[1:]): place for name, place in places.items()}
    return judge_tours(tours=tours(company), places=chosen)


def test_the_plan_in_force_judged_beside_itself_is_the_same(
    company: Company, noon: Booking
) -> None:
    assert noon.pk
    found = judged(company)
    assert found.moves == {}
    assert (found.by_hand.broken, found.by_hand.served, found.by_hand.unserved) == (0, 2, 0)
    assert found.by_hand.cost == found.in_force.cost > 0


def test_who_leaves_the_driver_is_a_move_and_nobody_is_refused(
    company: Company, early: Booking, noon: Booking
) -> None:
    other = make_shift(company, start=at(10), end=at(18))
    found = judged(
        company,
        **{
            f"b{early.pk}": Place(shift_id=other.pk, at=at(9)),
            f"b{noon.pk}": Place(shift_id=None, at=at(12)),
        },
    )
    assert found.moves == {early.pk: other.pk, noon.pk: None}
    assert (found.by_hand.served, found.by_hand.unserved) == (1, 1)
    late = [one for one, _said in found.by_hand.found.violations if one.rule is Rule.TIME_WINDOW]
    assert found.by_hand.broken >= 1
    assert (
        max(one.amount for one in late) >= 45 * 60
    )  # the shift begins at ten, the window ends at 09:15
    assert found.in_force.broken == 0


def test_typed_hours_are_the_order_in_which_they_are_driven(
    company: Company, early: Booking, noon: Booking
) -> None:
    """Noon first: it is fetched at 11:55 at the earliest, so the early one is 160 minutes late or more."""
    place = tours(company).in_force[noon.pk]
    found = judged(company, **{f"b{noon.pk}": replace(place, at=at(8), is_typed=True)})
    assert found.moves == {}
    order = found.by_hand.found.judgement.plan.routes[0].trip_ids
    assert order == (f"b{noon.pk}", f"b{early.pk}")
    worst = max(found.by_hand.found.violations, key=lambda told: told[0].amount)[0]
    assert (worst.rule, worst.trip) == (Rule.TIME_WINDOW, f"b{early.pk}")
    assert worst.amount >= 160 * 60
