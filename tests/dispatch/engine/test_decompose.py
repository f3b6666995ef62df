from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.construct import construct
from dispatch.engine.cost import score
from dispatch.engine.decompose import Slice, Sweeps, improve_in_slices, improved, in_process
from dispatch.engine.plan import Plan, Route
from dispatch.engine.problem import Problem, Settings, Weights
from dispatch.engine.schedule import time_route
from tests.dispatch.engine.builders import (
    FREE,
    PLAIN,
    large_day,
    plan,
    problem,
    shift,
    spell,
    stop,
    trip,
)
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.strategies import begun_problems, law


def swept(day: Problem, start: Plan, *, size: int = 2, count: int = 2, seed: int = 1) -> Plan:
    sweeps = Sweeps(count=count, slice_trips=size)
    return improve_in_slices(day, start, seed=seed, sweeps=sweeps).plan


def through_json(parts: Iterable[Slice]) -> Iterator[Plan]:
    """As a worker elsewhere gets the slices and gives their plans back; the last one first."""
    sent = [json.dumps(part.to_json()) for part in parts]
    back = [
        json.dumps(improved(Slice.from_json(json.loads(text))).to_json()) for text in sent[::-1]
    ]
    return (Plan.from_json(json.loads(text)) for text in back[::-1])


class Watched:
    """Runs slices as they are and keeps them to look at."""

    def __init__(self) -> None:
        self.parts: list[Slice] = []

    def __call__(self, parts: Iterable[Slice]) -> Iterator[Plan]:
        given = list(parts)
        self.parts += given
        return in_process(given)


def slices_of(day: Problem, start: Plan, *, size: int = 2, count: int = 1) -> list[Slice]:
    watched = Watched()
    sweeps = Sweeps(count=count, slice_trips=size)
    improve_in_slices(day, start, seed=1, sweeps=sweeps, run=watched)
    return watched.parts


def two_towns() -> Problem:
    """a and b near 0, c and d near 9, and two drivers in each place; it does not matter who drives how much."""
    return problem(
        trip("a", stop(0, 0, 50), 1),
        trip("b", stop(1, 0, 400), 0),
        trip("c", stop(9, 0, 50), 8),
        trip("d", stop(8, 0, 400), 9),
        shift("p"),
        shift("q"),
        shift("x", start_location=9, end_location=9),
        shift("y", start_location=9, end_location=9),
        settings=replace(PLAIN, weights=Weights(fairness_per_trip_squared=0)),
    )


class TestSlices:
    def test_near_trips_are_in_one_slice_with_their_shifts(self):
        day = two_towns()
        start = plan(day, p="+a -a", q="+b -b", x="+c -c", y="+d -d")
        parts = slices_of(day, start)
        found = [{shift.id for shift in part.problem.shifts} for part in parts]
        assert sorted(map(sorted, found)) == [["p", "q"], ["x", "y"]]
        for part in parts:
            assert set(part.plan.shift_of) == {asked.id for asked in part.problem.trips}
            assert part.problem.travel.size == 2  # the places it needs

    def test_a_slice_mends_what_crosses_in_it(self):
        day = two_towns()
        start = plan(day, p="+a -a", q="+b -b", x="+c -c", y="+d -d")
        better = swept(day, start)
        assert spell(better.route_of[better.shift_of["a"]]) == "+a -a +b -b"
        assert spell(better.route_of[better.shift_of["c"]]) == "+c -c +d -d"

    def test_what_is_far_apart_is_mended_where_it_is_one_slice(self):
        day = problem(trip("a", 1, 2), trip("b", 8, 9), shift(), shift("r", start_location=9))
        crossed = plan(day, s="+b -b", r="+a -a")
        assert swept(day, crossed, size=1).shift_of == {"a": "r", "b": "s"}
        assert swept(day, crossed, size=2).shift_of == {"a": "s", "b": "r"}

    def test_shifts_of_one_driver_are_in_one_slice(self):
        day = problem(
            trip("a", 1, 2),
            trip("b", 8, 9),
            shift("early", driver="d"),
            shift("r"),
            shift("late", driver="d", start_s=20_000, end_s=30_000),
        )
        start = plan(day, early="+a -a", r="+b -b")
        (first,) = [
            part for part in slices_of(day, start, size=1) if "early" in part.problem.shift_by_id
        ]
        assert {shift.id for shift in first.problem.shifts} == {"early", "late"}

    def test_who_does_not_drive_yet_is_dealt_out(self):
        day = two_towns()
        start = plan(day, p="+a -a +b -b", x="+c -c +d -d")
        parts = slices_of(day, start)
        assert [len(part.problem.shifts) for part in parts] == [2, 2]

    def test_a_trip_left_over_is_tried_where_its_like_are_driven(self):
        day = two_towns()
        start = plan(day, p="+a -a +b -b", x="+c -c")
        (part,) = [p for p in slices_of(day, start, size=1) if "x" in p.problem.shift_by_id]
        assert "d" in part.problem.trip_by_id
        assert swept(day, start, size=1).unassigned == ()

    def test_a_trip_that_is_pinned_goes_to_its_shift(self):
        day = two_towns()
        pinned = tuple(replace(t, pinned_shift="p") if t.id == "d" else t for t in day.trips)
        day = replace(day, trips=pinned)
        start = plan(day, p="+a -a +b -b", x="+c -c")
        (part,) = [p for p in slices_of(day, start, size=1) if "p" in p.problem.shift_by_id]
        assert "d" in part.problem.trip_by_id

    def test_nothing_driven_is_one_slice(self):
        day = two_towns()
        (part,) = slices_of(day, Plan(routes=()))
        assert (len(part.problem.trips), len(part.problem.shifts)) == (4, 4)
        assert swept(day, Plan(routes=())).unassigned == ()

    def test_one_trip_is_near_to_none(self):
        day = problem(trip("a", 1, 2), shift())
        assert swept(day, Plan(routes=())).shift_of == {"a": "s"}


class TestPrice:
    def test_what_a_slice_does_not_see_does_not_make_the_plan_dearer(self):
        """To take b gains 10 in its slice, and costs 1,000 since a, in another, has another driver."""
        day = problem(
            trip("a", 0, 1),
            trip("b", 9, 8, same_driver_as="a"),
            trip("c", 9, 8),
            trip("d", 9, 8),
            shift("s", max_trips=1),
            shift("r", start_location=9, end_location=9),
            settings=Settings(
                pooling=None, weights=replace(FREE, unserved_normal=10, not_same_driver=1_000)
            ),
        )
        start = plan(day, s="+a -a", r="+c -c +d -d")
        (part,) = [p for p in slices_of(day, start, size=1) if "r" in p.problem.shift_by_id]
        assert "b" in improved(part).shift_of
        assert set(swept(day, start, size=1).shift_of) == {"a", "c", "d"}


class TestTime:
    DAY = two_towns()
    START = plan(DAY, p="+a -a", q="+b -b", x="+c -c", y="+d -d")

    def test_no_time_no_slice(self):
        sweeps = Sweeps(count=5, clock=lambda: 1.0, ends=1.0)
        found = improve_in_slices(self.DAY, self.START, seed=1, sweeps=sweeps)
        assert (found.sweeps, found.is_cut) == (0, True)
        assert found.plan == self.START

    def test_what_was_not_reached_in_time_stays(self):
        """Looked at before the sweep and after each slice: one of two is done."""
        ticks = itertools.count()
        sweeps = Sweeps(count=5, slice_trips=2, clock=lambda: float(next(ticks)), ends=1.0)
        found = improve_in_slices(self.DAY, self.START, seed=1, sweeps=sweeps)
        assert (found.sweeps, found.is_cut) == (1, True)
        assert sorted(len(r.trip_ids) for r in found.plan.routes) == [0, 1, 1, 2]
        assert not faults(self.DAY, found.plan)

    def test_all_sweeps_in_time_are_not_cut(self):
        sweeps = Sweeps(count=2, clock=lambda: 0.0, ends=1.0)
        found = improve_in_slices(self.DAY, self.START, seed=1, sweeps=sweeps)
        assert (found.sweeps, found.is_cut) == (2, False)


class TestLaws:
    @law
    @given(begun_problems(max_trips=4), st.integers(1, 4))
    def test_no_trip_is_lost_and_no_rule_broken(self, begun, size):
        day, routes = begun
        answers = [time_route(day, day.shift_by_id[name], order) for name, order in routes.items()]
        start = construct(day, start=Plan(routes=tuple(r for r in answers if isinstance(r, Route))))
        made = swept(day, start, size=size)
        assert sorted([*made.shift_of, *(item.trip for item in made.unassigned)]) == sorted(
            asked.id for asked in day.trips
        )
        assert not faults(day, made)
        assert score(day, made).total <= score(day, start).total

    def test_slices_that_run_elsewhere_give_the_same_plan(self):
        day = large_day(trips=40, shifts=6)
        start, sweeps = construct(day), Sweeps(count=2, slice_trips=12)
        here = improve_in_slices(day, start, seed=4, sweeps=sweeps)
        there = improve_in_slices(day, start, seed=4, sweeps=sweeps, run=through_json)
        assert here == there
        assert score(day, here.plan).total < score(day, start).total
        assert not faults(day, here.plan)

    def test_a_slice_survives_json(self):
        day = large_day(trips=20, shifts=3)
        part = Slice(problem=day, plan=construct(day), seed=3, rounds=10, hot=1.5, cold=0.1)
        assert Slice.from_json(json.loads(json.dumps(part.to_json()))) == part
