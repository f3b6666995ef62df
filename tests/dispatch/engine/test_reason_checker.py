from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from dispatch.engine.construct import construct
from dispatch.engine.explain import fill_reasons
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Load, Problem
from dispatch.enums import Rule
from tests.dispatch.engine.builders import large_day, plan, problem, shift, stop, trip
from tests.dispatch.engine.reason_checker import false_claims
from tests.dispatch.engine.strategies import begun_problems, law

LATE = problem(trip("a", stop(1, 0, 4_880), 2), shift(start_s=4_900))  # 120 s late in town 1
SMALL = problem(trip("a", stop(1, 3_000, 3_050), 2, load=Load(wheelchairs=1)), shift())
FIXED = problem(
    trip("a", stop(9, 0, 600), 8, pinned_shift="s"), shift(), shift("r", start_location=9)
)
IMPOSSIBLE = problem(trip("a", stop(0, 5_000, 5_000), stop(9, 0, 1_200)), shift())


def judged(day: Problem, **said: Any) -> list[str]:
    """What is false of the engine's reason with these words put into its mouth."""
    (item,) = fill_reasons(day, Plan(routes=())).unassigned
    return false_claims(day, Plan(routes=(), unassigned=(replace(item, **said),)))


@pytest.mark.parametrize("day", [LATE, SMALL, FIXED, IMPOSSIBLE, problem(trip("a", 1, 2))])
def test_what_the_engine_says_holds(day):
    assert judged(day) == []


@pytest.mark.parametrize(
    ("day", "said", "claim"),
    [
        (LATE, {"amount": 60}, "what lacks is more than that"),
        (LATE, {"amount": 180}, "what lacks is less than that"),
        (LATE, {"amount": 110}, "the lack is not in whole minutes"),
        (LATE, {"advice": "earlier:5"}, "the advice does not help"),
        (LATE, {"advice": "later:1"}, "the advice does not help"),
        (LATE, {"advice": "later:3"}, "a minute less helps too"),
        (LATE, {"advice": "all_later:3"}, "a minute less helps too"),
        (LATE, {"advice": "all_later:9"}, "a minute less helps too"),
        (LATE, {"advice": "at_that_hour:/4680/5160"}, "other times would help"),
        (FIXED, {"advice": "freed_at_that_hour:/0/5000"}, "other times would help"),
        (LATE, {"advice": "check_times"}, "the advice does not help"),
        (LATE, {"advice": ""}, "is told nothing that helps"),
        (LATE, {"is_pinned": True}, "is said to be fixed, or not to be"),
        (LATE, {"reason": Rule.SHIFT, "amount": 60}, "what lacks is more than that"),
        (SMALL, {"amount": 0}, "full vehicles and small ones are confused"),
        (SMALL, {"advice": "room:wheelchair/2880/3240"}, "the advice does not help"),
        (SMALL, {"advice": "one_more_shift:s"}, "the advice does not help"),
        (SMALL, {"advice": "at_that_hour:/0/3000"}, "the advice does not help"),
        (SMALL, {"advice": "cap:s"}, "the advice does not help"),
        (FIXED, {"shift": "r"}, "is said to be fixed elsewhere"),
        (FIXED, {"advice": "unpin:s"}, "the advice does not help"),
        (FIXED, {"advice": "freed_check_times"}, "the advice does not help"),
    ],
)
def test_words_that_do_not_hold_are_found(day, said, claim):
    found = judged(day, **said)
    assert any(claim in one for one in found), found


def test_a_reason_for_a_trip_that_fits_is_false():
    day = problem(trip("a", 1, 2), shift())
    item = Unassigned(trip="a", reason=Rule.SHIFT)
    (found,) = false_claims(day, Plan(routes=(), unassigned=(item,)))
    assert "a shift can take it" in found


def test_a_full_vehicle_is_not_called_small():
    chair = Load(wheelchairs=1)
    day = problem(
        trip("a", stop(2, 200, 200), stop(9, 4_900, 4_900), load=chair),
        trip("b", stop(1, 100, 100), stop(9, 5_000, 5_000), load=chair),
        shift(configurations=(chair,)),
    )
    told = fill_reasons(day, plan(day, s="+b -b"))
    assert false_claims(day, told) == []
    wrong = replace(told, unassigned=(replace(told.unassigned[0], amount=1),))
    assert "confused" in false_claims(day, wrong)[0]


@law
@given(begun_problems())
def test_every_word_about_a_trip_left_over_holds(begun):
    day, _routes = begun
    told = fill_reasons(day, construct(day))
    assert false_claims(day, told) == []


@pytest.mark.slow
def test_every_word_holds_on_a_crowded_day_with_pins():
    day, chance = large_day(seed=3, trips=60, shifts=4), random.Random(5)
    trips = tuple(
        replace(one, pinned_shift=f"s{chance.randrange(4):02}") if chance.random() < 0.3 else one
        for one in day.trips
    )
    pinned = replace(day, trips=trips)
    told = fill_reasons(pinned, construct(pinned))
    assert {item.is_pinned for item in told.unassigned} == {True, False}
    assert false_claims(pinned, told) == []
