"""Which trips a tour gives up. Towns lie 100 s apart on a line, the vehicle starts in town 0."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.draft import resume
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.misfits import most_kept
from dispatch.engine.network import network_of
from dispatch.engine.problem import Load, Pooling, Problem, Settings, Visit
from dispatch.engine.schedule import time_route
from dispatch.engine.travel import TravelTimes
from dispatch.enums import Priority, VisitKind
from tests.dispatch.engine.brute import feasible, with_breaks
from tests.dispatch.engine.builders import line, pause, problem, shift, spell, stop, trip, visits
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.strategies import PLACES, begun_problems, law

SHARED = Settings(pooling=Pooling.unrestricted(), transition_margin_s=0)


def kept(day: Problem, text: str) -> str:
    """What the first shift goes on with, spelled."""
    network, worker = network_of(day), day.shifts[0]
    found = most_kept(network, 0, network.sequence(worker, visits(text)))
    assert found is not None
    answer = time_route(day, worker, tuple(network.visit(worker, node) for node in found))
    return spell(answer)  # type: ignore[arg-type] # it is timed


def at(town: int, second: int) -> dict[str, Any]:
    """A ride of 100 s from this town to the next, met at this second exactly."""
    return {"pickup": stop(town, second, second), "dropoff": stop(town + 1)}


class TestMostKept:
    def test_a_tour_that_works_stays_as_it_is(self):
        assert kept(problem(trip("a", 1, 2), trip("b", 3, 4), shift()), "+a -a +b -b") == (
            "+a -a +b -b"
        )

    def test_a_vehicle_without_a_wheelchair_place_leaves_the_wheelchair(self):
        """The vehicle was swapped: two of four are in a wheelchair, the others keep their driver."""
        day = problem(
            trip("a", 1, 2),
            trip("b", 2, 3, load=Load(wheelchairs=1)),
            trip("c", 3, 4),
            trip("d", 4, 5, load=Load(wheelchairs=1)),
            shift(),
        )
        assert kept(day, "+a -a +b -b +c -c +d -d") == "+a -a +c -c"

    def test_a_shift_that_ends_earlier_leaves_what_lies_behind_its_end(self):
        """Back in town 0 by 1 000: c is met at 900."""
        day = problem(
            trip("a", **at(1, 100)), trip("b", **at(2, 500)), trip("c", **at(3, 900)),
            shift(end_s=1_000),
        )  # fmt: skip
        assert kept(day, "+a -a +b -b +c -c") == "+a -a +b -b"

    def test_one_goes_rather_than_two_although_it_weighs_more(self):
        """From town 9, where a is met at 900, nobody is in town 1 by 1 100 or by 1 400."""
        day = problem(
            trip("a", stop(9, 900, 900), 9, priority=Priority.VITAL),
            trip("b", **at(1, 1_100)),
            trip("c", **at(1, 1_400)),
            shift(),
        )
        assert kept(day, "+a -a +b -b +c -c") == "+b -b +c -c"

    @pytest.mark.parametrize(
        ("first", "second", "stays"),
        [
            (Priority.NORMAL, Priority.NORMAL, "+a -a"),  # the later one can be told in time
            (Priority.NORMAL, Priority.HIGH, "+b -b"),
            (Priority.HIGH, Priority.NORMAL, "+a -a"),
        ],
    )
    def test_of_two_who_cannot_both_stay_the_one_that_weighs_more(self, first, second, stays):
        """Both at second 300, six towns apart."""
        day = problem(
            trip("a", **at(2, 300), priority=first),
            trip("b", stop(8, 800, 800), 9, priority=second),
            shift(),
        )
        assert kept(day, "+a -a +b -b") == stays

    def test_two_patients_who_shared_need_two_seats(self):
        day = problem(
            trip("a", 1, 4), trip("b", 2, 3), trip("c", 5, 6),
            shift(configurations=(Load(seats=1),)), settings=SHARED,
        )  # fmt: skip
        assert kept(day, "+a +b -b -a +c -c") == "+a -a +c -c"

    def test_a_smaller_cap_leaves_the_last_ones(self):
        day = problem(*(trip(name, 1, 2) for name in "abcde"), shift(max_trips=3))
        assert kept(day, "+a -a +b -b +c -c +d -d +e -e") == "+a -a +b -b +c -c"

    def test_a_new_break_pushes_out_who_stands_in_its_way(self):
        """From 400 to 700 the driver rests: b, met at 500, goes."""
        day = problem(
            trip("a", **at(1, 100)), trip("b", **at(2, 500)), trip("c", **at(3, 1_000)),
            shift(breaks=(pause("rest", 400, 400),)),
        )  # fmt: skip
        assert kept(day, "+a -a +b -b +c -c") == "+a -a ~rest +c -c"

    def test_nobody_goes_because_of_a_break_that_can_move(self):
        day = problem(trip("a", 1, 2), shift(breaks=(pause("rest", 0, 9_000),)))
        assert kept(day, "+a ~rest -a") == "~rest +a -a"

    def test_what_has_begun_stays_and_who_does_not_fit_beside_it_goes(self):
        day = problem(
            trip("a", stop(9, 900, 900), 8), trip("b", **at(1, 1_100)), trip("c", **at(1, 2_000)),
            shift(committed=visits("+a -a")),
        )  # fmt: skip
        assert kept(day, "+a -a +b -b +c -c") == "+a -a +c -c"

    def test_who_is_on_board_gets_out_in_another_order_where_only_that_works(self):
        """a and b are on board; b has to be in town 3 by 300, which the order in force has behind town 9."""
        day = problem(
            trip("a", stop(1, 100, 100), 9), trip("b", stop(2, 200, 200), stop(3, 300, 300)),
            trip("c", 9, 8), shift(committed=visits("+a +b")), settings=SHARED,
        )  # fmt: skip
        assert kept(day, "+a +b -a -b +c -c") == "+a +b -b -a +c -c"

    def test_half_a_ride_is_none(self):
        day = problem(trip("a", 1, 2), trip("b", 3, 4), shift())
        assert kept(day, "+a +b -b") == "+b -b"

    @pytest.mark.parametrize("begun", [{"pickup": stop(9, 0, 10)}, {"load": Load(stretchers=1)}])
    def test_nothing_is_kept_where_what_has_begun_breaks_a_rule(self, begun):
        """Nobody is in town 9 at 10; nobody lies in a car."""
        day = problem(
            trip("a", **{"pickup": stop(1), "dropoff": stop(2)} | begun),
            shift(committed=visits("+a -a")),
        )
        network = network_of(day)
        assert most_kept(network, 0, network.sequence(day.shifts[0], visits("+a -a"))) is None

    def test_who_fits_only_beside_somebody_stays_with_them(self):
        """The table has no triangles: to town 2 it is 900 s from the base, and 100 s by way of town 1."""
        table = ((0, 50, 900, 10), (50, 0, 50, 10), (900, 50, 0, 10), (10, 10, 10, 0))
        travel = TravelTimes(seconds=table, metres=table)
        day = problem(
            trip("a", 1, 1), trip("b", stop(2, 0, 100), 2), trip("c", stop(3, 5_000, 5_000), 3),
            shift(end_s=1_500), travel=travel,
        )  # fmt: skip
        assert kept(day, "+a -a +b -b +c -c") == "+a -a +b -b"

    def test_beyond_the_tries_they_stay_one_by_one_the_heaviest_first(self):
        """Thirty times two at one second, four towns apart: too many sets to look at them all."""
        pairs = [
            trip(f"{name}{k:02}", **at(town, 1_000 * (k + 1)), priority=priority)
            for k in range(30)
            for name, town, priority in (("a", 1, Priority.NORMAL), ("b", 5, Priority.HIGH))
        ]
        day = problem(*pairs, shift(end_s=99_000), travel=line())
        text = " ".join(f"+{one.id} -{one.id}" for one in pairs)
        assert kept(day, text) == " ".join(f"+b{k:02} -b{k:02}" for k in range(30))


Begun = tuple[Problem, dict[str, tuple[Visit, ...]]]


@st.composite
def changed_days(draw: st.DrawFn, *, max_breaks: int = 1) -> Begun:
    """A day that has begun, and orders that worked once: other patients got into the tours since, and hours were cut."""
    day, routes = draw(begun_problems(max_breaks=max_breaks))
    orders: dict[str, tuple[Visit, ...]] = {}
    for worker in day.shifts:
        order = [visit for visit in routes[worker.id] if visit.kind is not VisitKind.BREAK]
        done = len([v for v in worker.committed if v.kind is not VisitKind.BREAK])
        held = {visit.id for route in (*orders.values(), *routes.values()) for visit in route}
        for one in day.trips:
            if one.id not in held and draw(st.booleans()):
                k = draw(st.integers(done, len(order)))
                order[k:k] = [Visit(one.id, VisitKind.PICKUP), Visit(one.id, VisitKind.DROPOFF)]
        orders[worker.id] = (*worker.committed, *order[done:])
    cut = st.sampled_from((0, 0, 2_000, 6_000))
    crew = (
        replace(shift, end_s=max(shift.start_s + 1, shift.end_s - draw(cut)))
        for shift in day.shifts
    )
    return replace(day, shifts=tuple(crew)), orders


def beside(order: tuple[Visit, ...], stays: set[str]) -> tuple[Visit, ...]:
    return tuple(visit for visit in order if visit.id in stays or visit.kind is VisitKind.BREAK)


@law
@given(changed_days())
def test_what_stays_is_valid_and_nobody_who_went_fits_alone_in_it(begun: Begun):
    """By the judge that shares no code with the engine, and by trying every place of the breaks."""
    day, orders = begun
    try:
        found = resume(day, orders)
    except InvalidPlanError:
        return  # what was cut had begun
    assert not faults(day, found)
    assert found == resume(day, orders)
    for worker in day.shifts:
        order, stays = orders[worker.id], set(found.route_of[worker.id].trip_ids)
        stays_in_order = [v.visit for v in found.route_of[worker.id].visits if v.id in stays]
        if stays_in_order != [visit for visit in order if visit.id in stays]:
            continue  # those on board had to get out in another order
        for gone in {v.id for v in order if v.kind is VisitKind.PICKUP} - stays:
            ways = with_breaks(worker, beside(order, {*stays, gone}))
            assert not any(feasible(day, worker, way) for way in ways)


@law
@given(changed_days(max_breaks=0))
def test_as_many_stay_as_can(begun: Begun):
    """Every set of trips is tried, on a road where no detour is shorter and at an hour like any other."""
    day, orders = begun
    day = replace(day, travel=line(towns=PLACES))
    try:
        found = resume(day, orders)
    except InvalidPlanError:
        return
    for worker in day.shifts:
        order = orders[worker.id]
        stays = set(found.route_of[worker.id].trip_ids)
        everyone = {visit.id for visit in order}
        more = combinations(sorted(everyone), len(stays) + 1)
        assert not any(feasible(day, worker, beside(order, set(some))) for some in more)
