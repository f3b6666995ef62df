"""The smallest move of a trip's times, also where the traffic or who may share the ride changes with the hour."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.construct import construct
from dispatch.engine.explain import fill_reasons, unassigned_reason
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Pooling, Problem, Stop, Trip, middle_s
from tests.dispatch.engine.builders import (
    PLAIN,
    line,
    pause,
    plan,
    problem,
    shift,
    stop,
    trip,
)
from tests.dispatch.engine.reason_checker import false_claims
from tests.dispatch.engine.strategies import law

EMPTY = Plan(routes=())
TEN_MIN = replace(PLAIN, pooling=Pooling(same_area=False, max_pickup_gap_s=600, max_detour_s=None))


def advice(day: Problem, going: Plan = EMPTY) -> str:
    return unassigned_reason(day, going, "a").advice


def clocked(day: Problem) -> Problem:
    """As a day is read from its rows: each stop keeps the second of its window's middle."""

    def kept(one: Stop) -> Stop:
        return replace(one, clock_s=middle_s(one))

    trips = (replace(t, pickup=kept(t.pickup), dropoff=kept(t.dropoff)) for t in day.trips)
    return replace(day, trips=tuple(trips))


def shared() -> Problem:
    """b is fetched at 1 000 and a waits from then on, but its window has its middle at 1 601: a second too late for
    one ride together. Behind b the vehicle is back at 1 800, and a is due by 1 500.
    """
    return problem(
        trip("a", stop(1, 1_000, 2_202), stop(5, 0, 1_500)),
        trip("b", stop(1, 1_000, 1_000), stop(5, 1_400, 1_400)),
        shift(),
        settings=TEN_MIN,
    )


def slow_from_one() -> Problem:
    """From 01:00 on all takes three times as long. The driver is at town 1 at 4 300 while the middle of the window lies
    before one o'clock, at 4 500 when it does not; then the appointment at 4 450 is lost.
    """
    return problem(
        trip("a", stop(1, 2_000, 4_100), stop(2, 0, 4_450)),
        shift(start_s=4_200),
        travel=line(traffic=(1000, 3000)),
    )


class TestTheHourMovesWithTheWindow:
    @pytest.mark.parametrize("as_read", [lambda day: day, clocked])
    def test_a_minute_may_bring_a_companion_whom_an_hour_takes_away(self, as_read):
        day = as_read(shared())
        assert advice(day, plan(day, s="+b -b")) == "earlier:1"

    @pytest.mark.parametrize("as_read", [lambda day: day, clocked])
    def test_minutes_may_help_where_an_hour_is_a_slower_one(self, as_read):
        """200 s late. With 4 to 18 min the middle stays before 3 600; with more, both ends would have to move."""
        assert advice(as_read(slow_from_one())) == "later:4"

    def test_a_companion_of_another_shift_changes_nothing(self):
        """With r, who is 120 s late, nobody rides at all; b rides with s, who cannot take a at any hour."""
        day = problem(
            trip("a", stop(1, 4_800, 4_880), 2),
            trip("b", stop(1, 4_000, 4_000), stop(5, 4_400, 4_400)),
            shift("r", start_s=4_900),
            shift("s", end_s=4_900),
            settings=TEN_MIN,
        )
        assert advice(day, plan(day, s="+b -b")) == "later:2"


class TestWithoutAnAppointment:
    def day(self, *, start_s: int = 0, end_s: int = 10_000) -> Problem:
        """Fetched from 1 000 to 1 300, at the door 100 s on; 600 s on board at most, so there by 1 900."""
        going_home = trip("a", stop(1, 1_000, 1_300), stop(2, 1_000, 1_900), max_ride_s=600)
        return problem(going_home, shift(start_s=start_s, end_s=end_s))

    @pytest.mark.parametrize(("start_s", "expected"), [(1_300, "later:2"), (2_700, "later:25")])
    def test_the_arrival_goes_with_the_pickup(self, start_s, expected):
        """At town 1 at 1 400, or at 2 800; with an arrival of its own that would be both ends, from 1 900 on."""
        assert advice(self.day(start_s=start_s)) == expected

    def test_so_it_does_when_it_comes_earlier(self):
        """Home by 900, so at town 2 by 700 and at town 1 by 600: 400 s earlier; the arrival's beginning is no wall."""
        assert advice(self.day(end_s=900)) == "earlier:7"

    def test_its_own_hour_goes_with_it(self):
        """Home is 200 s from town 2 before 01:00 and 400 s after. At 3 590 + 30 s the middle of the arrival is past it."""
        day = problem(
            trip("a", stop(1, 3_000, 3_580), stop(2, 3_000, 4_180), max_ride_s=600),
            shift(start_s=3_540, end_s=4_000),
            travel=line(traffic=(1000, 2000)),
        )
        # At town 1 at 3 640, a minute late; at town 2 at 3 740, home at 3 940 or, in traffic, at 4 140.
        assert advice(day) == "at_that_hour:/2880/3300"
        held = replace(day, trips=(replace(day.trips[0], dropoff=stop(2, 3_000, 4_179)),))
        assert advice(held) == "later:1"


@st.composite
def crowded(draw: st.DrawFn) -> Problem:
    """Two drivers, five journeys on one road: who is left over lacks minutes, the right hour, or company."""
    hours = st.lists(st.sampled_from((1000, 1000, 1300, 1600, 2000)), min_size=1, max_size=4)
    names, towns = "abcde", st.integers(0, 9)
    pooling = draw(st.sampled_from((TEN_MIN, PLAIN)))
    made: list[Trip] = []
    for name in names:
        ready = 60 * draw(st.integers(50, 200))
        until = ready + draw(st.sampled_from((0, 300, 1_200)))
        limit = draw(st.sampled_from((900, 3_600)))
        due = draw(st.sampled_from((until + 3_000, ready + 1_500, until + limit)))
        made.append(
            trip(
                name,
                stop(draw(towns), ready, until),
                stop(draw(towns), ready, due),
                max_ride_s=limit,
            )
        )
    crew = (
        shift(
            name,
            start_s=60 * draw(st.integers(33, 100)),
            end_s=60 * draw(st.integers(150, 233)),
            breaks=(pause(f"p{name}", 6_000, 8_000, lasts=600),) if draw(st.booleans()) else (),
        )
        for name in ("s", "r")
    )
    day = problem(*made, *crew, travel=line(traffic=tuple(draw(hours))), settings=pooling)
    return clocked(day) if draw(st.booleans()) else day


@law
@given(crowded())
def test_no_smaller_move_helps_and_none_that_helps_is_kept_back(day):
    """Every move by every number of minutes is tried by hand."""
    told = fill_reasons(day, construct(day))
    assert false_claims(day, told) == []
