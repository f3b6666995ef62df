"""Two routes exchange their ends. On the line: `s` drives out of town 0, `r` out of town 9."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.construct import construct
from dispatch.engine.cost import score
from dispatch.engine.draft import finished
from dispatch.engine.kernel.anneal import BEST, CURRENT, Search, anneal
from dispatch.engine.kernel.cross import cross
from dispatch.engine.kernel.ruin import Dials
from dispatch.engine.kernel.trial import begin, touch
from dispatch.engine.network import network_of
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Load, Pooling, Problem, Settings, Shift, Trip
from tests.dispatch.engine.builders import (
    pause,
    plan,
    problem,
    shift,
    stop,
    trip,
    visits,
)
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.kernel.arrays import search_on, sequences_of
from tests.dispatch.engine.kernel.test_anneal import state
from tests.dispatch.engine.kernel.test_places import priced_by_driving
from tests.dispatch.engine.strategies import law, problems

SEEDS = range(12)  # a place is overlooked in one of five exchanges


def early(name: str, pickup: int, dropoff: int, **rest: Any) -> Trip:
    return trip(name, stop(pickup, 0, 1_000), stop(dropoff), **rest)


def late(name: str, pickup: int, dropoff: int, **rest: Any) -> Trip:
    return trip(name, stop(pickup, 3_000, 5_000), stop(dropoff), **rest)


def far(**rest: Any) -> Shift:
    return shift("r", start_location=9, end_location=9, **rest)


def crossed(day: Problem, start: Plan, seed: int) -> Search:
    """The first route has been ruined, as if about its first trip."""
    search = search_on(day, start, seed=seed)
    begin(search.trial)
    touch(search.plan, search.trial, 0)
    cross(search.day, search.plan, search.trial, 0, search.stream, search.work)
    return search


def spelled(search: Search, day: Problem) -> str:
    """The routes as they are, "~" for any break."""
    names = [sign + trip.id for trip in day.trips for sign in "+-"]
    words = [names[node] if node < len(names) else "~" for node in range(len(search.plan.at))]
    rows = zip(search.plan.seq, search.plan.size, strict=True)
    return " | ".join(" ".join(words[node] for node in row[:size]) for row, size in rows)


def found(day: Problem, **texts: str) -> set[str]:
    """What comes of one exchange, by any seed."""
    start = plan(day, **texts)
    return {spelled(crossed(day, start, seed), day) for seed in SEEDS}


AB, CD = "+a -a +b -b", "+c -c +d -d"


def four(*parts: Trip | Shift, **rest: Any) -> Problem:
    """In the afternoon each driver has the ride that begins near the other's base."""
    towns = {
        "a": early("a", 1, 2),
        "b": late("b", 8, 7),
        "c": early("c", 8, 7),
        "d": late("d", 1, 2),
    }
    usual = {"s": shift(), "r": far()}
    named = {part.id: part for part in parts}
    return problem(*(towns | usual | named).values(), **rest)


class TestOnTheLine:
    def test_each_drives_on_with_the_others_end(self):
        assert "+a -a +d -d | +c -c +b -b" in found(four(), s=AB, r=CD)

    def test_nothing_is_exchanged_where_no_route_was_ruined(self):
        day = four()
        search = search_on(day, plan(day, s=AB, r=CD))
        begin(search.trial)
        cross(search.day, search.plan, search.trial, 0, search.stream, search.work)
        assert spelled(search, day) == f"{AB} | {CD}"

    def test_an_idle_shift_has_no_end(self):
        assert found(four(), s=AB + " " + CD.replace("+c -c", "").strip()) == {AB + " +d -d | "}

    def test_where_nobody_would_be_in_time(self):
        """Both at the same minute, eight towns apart: one behind the other is late either way."""
        one = trip("a", stop(1, 100, 100), 2), trip("c", stop(8, 100, 100), 7)
        assert found(problem(*one, shift(), far()), s="+a -a", r="+c -c") == {"+a -a | +c -c"}

    def test_nobody_is_on_board_while_ends_are_exchanged(self):
        """Of the shared ride of c and d, no driver gets one half."""
        day = four(
            early("d", 8, 7),
            settings=Settings(pooling=Pooling.unrestricted(), transition_margin_s=0),
        )
        for routes in found(day, s=AB, r="+c +d -c -d"):
            assert "+c +d -c -d" in routes

    def test_what_a_shift_may_not_carry_it_is_not_given(self):
        for routes in found(four(late("d", 1, 2, pinned_shift="r")), s=AB, r=CD):
            assert "+d" in routes.split("|")[1]

    def test_a_vehicle_too_small_for_two_together(self):
        """One seat each, and s has one seat."""
        day = four(
            late("d", 1, 2),
            late("b", 1, 2),
            shift(configurations=(Load(seats=1),)),
            settings=Settings(pooling=Pooling.unrestricted(), transition_margin_s=0),
        )
        assert found(day, s="+a -a", r="+c -c +d +b -d -b") <= {
            "+a -a | +c -c +d +b -d -b",
            " | +c -c +d +b -d -b +a -a",
        }

    def test_a_shift_gets_no_more_trips_than_it_may_have(self):
        """Of c, d and b it could take one; c alone cannot be cut off."""
        day = four(early("b", 1, 2), shift(max_trips=2))
        for routes in found(day, s="+a -a", r="+c -c +b -b +d -d"):
            assert routes.split("|")[0].count("+") <= 2

    def test_what_cannot_be_timed_stays_as_it_was(self):
        """With a ride of the afternoon the first driver would be out for longer than allowed."""
        day = four(shift(max_duration_s=1_500), trip("b", stop(1, 0, 400), 2))
        start = plan(day, s=AB, r=CD)
        before = state(search_on(day, start).plan)
        for seed in SEEDS:
            assert state(crossed(day, start, seed).plan)[:2] == before[:2]

    def test_breaks_and_what_has_begun_are_nobody_elses(self):
        """The first driver has begun with a, the second rests between c and d: cuts lie behind."""
        rested = far(breaks=(pause("L", 1_500, 2_500),))
        day = four(shift(committed=visits("+a -a")), rested)
        routes = found(day, s=AB, r="+c -c ~L +d -d")
        assert "+a -a +d -d | +c -c ~ +b -b" in routes
        assert all(each.startswith("+a -a") and "| +c -c ~" in each for each in routes)


@law
@given(problems().map(priced_by_driving), st.integers(0, 9))
def test_rounds_of_nothing_but_exchanges_keep_every_rule(day: Problem, seed: int) -> None:
    search = search_on(day, construct(day), seed=seed)
    anneal(search, Dials(cross=1.0), 10, 500)
    made = finished(network_of(day), sequences_of(day, search))
    assert not faults(day, made)
    assert search.prices[BEST] == score(day, made).total


def test_exchanges_find_what_strings_alone_do_not() -> None:
    """Strings of one trip at the price of nothing: two afternoons do not change hands one by one."""
    shifts = shift(max_trips=2), far(max_trips=2)
    day = four(*shifts)
    start = plan(day, s=AB, r=CD)
    for chance, is_better in ((0.0, False), (1.0, True)):
        search = search_on(day, start)
        before = int(search.prices[CURRENT])
        dials = Dials(mean_ruin=1.0, longest_string=1.0, cross=chance)
        anneal(search, dials, 50, 0)
        assert (search.prices[BEST] < before) == is_better
