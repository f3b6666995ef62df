"""The arrays of a problem where they are laid out otherwise than the network's tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dispatch.engine.kernel.tables import MOST_OF_A_LEG
from dispatch.engine.problem import Problem, Weights
from tests.dispatch.engine.builders import PLAIN, problem, shift, trip
from tests.dispatch.engine.kernel.arrays import world_of


def priced(**weights: int) -> Problem:
    """Two rides on the line, one place a hundred seconds and a kilometre from the next."""
    settings = replace(PLAIN, weights=Weights(**weights))
    return problem(trip("a", 1, 5), trip("b", 5, 7), shift(), settings=settings)


def test_ways_lie_there_by_origins_and_by_goals():
    day = world_of(priced(driving_per_s=3)).day
    assert day.drive[0].tolist() == [0, 400, 400, 600]
    assert day.way[0].tolist() == [0, 1_200, 1_200, 1_800]
    assert np.array_equal(day.drive_to, day.drive.T)
    assert np.array_equal(day.way_to, day.way.T)


def test_seconds_that_are_prices_are_kept_once():
    day = world_of(priced()).day
    assert day.way is day.drive
    assert day.way_to is day.drive_to


def test_what_shifts_are_asked_about_a_trip_lies_side_by_side():
    day = world_of(priced()).day
    assert day.fit.shape == day.people.shape == (2, 1)
    assert day.from_base[:, 0].tolist() == day.way_out[:, 0].tolist() == [100, 500, 500, 700]


def test_a_leg_that_is_too_dear_to_be_counted_is_refused():
    with pytest.raises(ValueError, match="more than the search can count"):
        world_of(priced(driving_per_s=MOST_OF_A_LEG))
