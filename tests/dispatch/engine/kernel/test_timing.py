"""The kernel's times are those of `schedule`, which is proved by brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.cost import driven_seconds, way_parts
from dispatch.engine.kernel.routes import room_to_work
from dispatch.engine.kernel.timing import comfort, least_starts, way_price
from dispatch.engine.problem import Pooling, Problem
from dispatch.engine.schedule import Timing, timing_of
from tests.dispatch.engine.builders import PLAIN, problem, shift, stop, trip
from tests.dispatch.engine.kernel.arrays import numbered, world_of
from tests.dispatch.engine.strategies import law, orders, problems


def test_a_ride_too_long_begins_later():
    """The drop-off opens at 900, a ride lasts 300 at most: boarding at 600 and not at 0."""
    day = problem(trip("a", stop(1, 0, 900), stop(2, 900, 1000), max_ride_s=300), shift())
    _, arrays = world_of(day)
    work = room_to_work(arrays, 2)
    seq = np.array([0, 1], dtype=np.int32)
    is_timed, _home = least_starts(arrays, 0, seq, 2, work.gaps, work.starts, work.at)
    assert is_timed
    assert work.starts.tolist() == [600, 900]


def timed(day: Problem, *nodes: int) -> tuple[bool, list[int]]:
    _, arrays = world_of(day)
    work = room_to_work(arrays, len(nodes))
    seq = np.array(nodes, dtype=np.int32)
    parts = arrays, 0, seq, len(nodes), work.gaps, work.starts, work.at
    is_timed, _home = least_starts(*parts)
    return is_timed, work.starts.tolist()


class TestPushing:
    """A must be set down at 900 after 300 at most; b boards after a and before that, and is pushed along."""

    def day(self, latest_s: int) -> Problem:
        late = trip("a", stop(1, 0, 900), stop(2, 900, 1000), max_ride_s=300)
        pushed = trip("b", stop(1, 0, latest_s), stop(2, 0, 2000))
        pooled = replace(PLAIN, pooling=Pooling.unrestricted())
        return problem(late, pushed, shift(), settings=pooled)

    def test_what_stands_between_begins_later_too(self):
        assert timed(self.day(900), 0, 2, 1, 3) == (True, [600, 600, 900, 900])

    def test_until_a_window_is_overrun(self):
        assert not timed(self.day(500), 0, 2, 1, 3)[0]

    def test_a_tour_too_long_begins_later(self):
        """250 s at most, and its last trip boards at 900."""
        assert timed(self.tour(2000), 0, 1, 2, 3) == (True, [750, 850, 900, 1000])

    def test_unless_its_first_window_closes_before(self):
        assert not timed(self.tour(700), 0, 1, 2, 3)[0]

    def test_or_a_later_one_does(self):
        """Boarding at 750 would do, but nobody is set down before 850."""
        assert not timed(self.tour(2000, 840), 0, 1, 2, 3)[0]

    def tour(self, *latest_s: int) -> Problem:
        """Trip c is not driven: with it no tightened window knows that the way from a to a takes 100 s."""
        first, second = (*latest_s, 2000)[:2]
        return problem(
            trip("a", stop(1, 0, first), stop(2, 0, second)),
            trip("b", stop(2, 900, 2000), stop(3, 0, 2000)),
            trip("c", 1, 3),
            shift(start_location=1, end_location=3, max_duration_s=250),
            settings=PLAIN,
        )


@law
@given(st.data())
def test_starts_and_prices_are_those_of_the_schedule(data):
    day = data.draw(problems())
    network, arrays = world_of(day)
    s = data.draw(st.integers(0, len(day.shifts) - 1))
    sequence = network.sequence(day.shifts[s], data.draw(orders(day, day.shifts[s])))
    work = room_to_work(arrays, 20)
    seq = np.array([*numbered(network, s, sequence), 0], dtype=np.int32)
    size = len(sequence)
    is_timed, home = least_starts(arrays, s, seq, size, work.gaps, work.starts, work.at)
    timing = timing_of(network, s, sequence)
    assert is_timed == isinstance(timing, Timing)
    if not isinstance(timing, Timing) or not sequence:
        return
    price = comfort(arrays, s, seq, size, work.gaps, home, work.starts, work.at)
    assert work.starts[:size].tolist() == timing.starts
    assert work.starts[size - 1] + home == timing.back
    parts = way_parts(network, s, sequence, timing.starts, timing.waiting)
    if driven_seconds(network, s, sequence):
        assert price == parts.excess_ride + parts.waiting + parts.patient_wait + parts.overtime
        assert abs(way_price(arrays, s, seq, size) - parts.driving) <= size + 1
