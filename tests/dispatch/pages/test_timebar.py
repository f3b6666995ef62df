"""Blocks stand where the clock says, inside the bar, and shared rides lie one above the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatch.pages.timebar import Axis, Lane, Span, lanes

MIDNIGHT = datetime(2026, 6, 17, tzinfo=UTC)
DAY = (MIDNIGHT, MIDNIGHT + timedelta(days=1))


def at(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


def test_a_day_without_anything_shows_the_usual_hours() -> None:
    axis = Axis.around([], day=DAY)
    assert (axis.starts_at, axis.ends_at) == (at(6), at(20))


def test_the_axis_reaches_to_the_full_hours_around_everything() -> None:
    axis = Axis.around([at(7.5), at(16.25), at(9)], day=DAY)
    assert (axis.starts_at, axis.ends_at) == (at(7), at(17))


def test_a_night_shift_is_cut_at_midnight() -> None:
    axis = Axis.around([at(-2), at(6)], day=DAY)
    assert (axis.starts_at, axis.ends_at) == (at(0), at(6))
    assert axis.span(at(-2), at(3)) == Span(0.0, 50.0)


def test_a_block_stands_at_its_share_of_the_axis() -> None:
    axis = Axis(starts_at=at(8), ends_at=at(18))
    assert axis.span(at(9), at(11.5)) == Span(10.0, 25.0)
    assert Span(10.0, 25.0).middle == 22.5


def test_a_short_journey_keeps_a_width_that_is_seen() -> None:
    axis = Axis(starts_at=at(8), ends_at=at(18))
    assert axis.span(at(9), at(9), least=0.4).width == 0.4


def test_few_hours_have_a_tick_each_and_a_long_day_one_in_two() -> None:
    short = Axis(starts_at=at(8), ends_at=at(12))
    assert [x for x, _moment in short.ticks] == [0, 25, 50, 75, 100]
    long = Axis(starts_at=at(0), ends_at=at(24))
    assert [moment for _x, moment in long.ticks] == [at(hour) for hour in range(0, 25, 2)]


def test_now_is_on_the_axis_or_not() -> None:
    axis = Axis(starts_at=at(8), ends_at=at(12))
    assert [axis.holds(at(hour)) for hour in (7.9, 8, 12, 12.1)] == [False, True, True, False]


def test_only_what_overlaps_shares_the_height() -> None:
    alone, first, second, later = (
        (at(8), at(9)),
        (at(10), at(12)),
        (at(11), at(13)),
        (at(13), at(14)),
    )
    assert lanes([alone, first, second, later]) == [Lane(0, 1), Lane(0, 2), Lane(1, 2), Lane(0, 1)]


def test_a_lane_that_is_free_again_is_used_again() -> None:
    long, short, following = (at(8), at(12)), (at(9), at(10)), (at(10), at(11))
    assert lanes([long, short, following]) == [Lane(0, 2), Lane(1, 2), Lane(1, 2)]


minutes = st.integers(min_value=0, max_value=24 * 60)
spans = st.lists(st.tuples(minutes, st.integers(min_value=1, max_value=180)), max_size=25)


@given(spans)
def test_no_two_blocks_of_one_lane_overlap(drawn: list[tuple[int, int]]) -> None:
    rides = sorted((at(start / 60), at((start + length) / 60)) for start, length in drawn)
    places = lanes(rides)
    assert len(places) == len(rides)
    for k, (start, _end) in enumerate(rides):
        assert 0 <= places[k].number < places[k].of
        for j in range(k):
            if rides[j][1] > start:
                assert places[j].number != places[k].number
                assert places[j].of == places[k].of  # one height for what hangs together


@given(st.lists(minutes, min_size=1), minutes, minutes)
def test_whatever_is_drawn_stays_inside_the_bar(known: list[int], one: int, other: int) -> None:
    axis = Axis.around([at(minute / 60) for minute in known], day=DAY)
    span = axis.span(at(min(one, other) / 60), at(max(one, other) / 60))
    assert 0 <= span.x <= 100
    assert span.width >= 0
    assert span.x + span.width <= 100.02  # two roundings
