"""What one round changes, and what it keeps to take itself back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.engine.kernel.compiled import compiled
from dispatch.engine.kernel.routes import Routes, copy_route, empty_routes, forget, remember
from dispatch.engine.kernel.tables import Flags, Ints, Tables

TOUCHED, REMOVED, LEFT, QUESTIONS = range(4)


class Trial(NamedTuple):
    """`counts` holds how many entries of each list are in use, and how often shifts were asked for a place."""

    saved: Routes
    touched: Ints  # (S,) the routes changed in this round
    is_touched: Flags  # (S,)
    removed: Ints  # (n,) the trips to put back
    order: NDArray[np.float64]  # (n,) what they are sorted by
    string: Ints  # (n,) a route's trips in the order of boarding
    left: Ints  # (n,) unserved trips of the plan before this round
    is_open: Flags  # (S,) shifts that may still have a cheaper place for a trip
    asked: Ints  # (S,) by kind of shift: the last question an empty one answered
    counts: Ints  # (4,)


def no_trial(day: Tables, longest: int) -> Trial:
    shifts, trips = len(day.begins), len(day.unserved)
    return Trial(
        saved=empty_routes(day, longest),
        touched=np.zeros(shifts, np.int64),
        is_touched=np.zeros(shifts, np.uint8),
        removed=np.zeros(trips, np.int64),
        order=np.zeros(trips, np.float64),
        string=np.zeros(trips, np.int64),
        left=np.zeros(trips, np.int64),
        is_open=np.zeros(shifts, np.uint8),
        asked=np.zeros(shifts, np.int64),
        counts=np.zeros(4, np.int64),
    )


@compiled
def begin(trial: Trial) -> None:
    for k in range(trial.counts[TOUCHED]):
        trial.is_touched[trial.touched[k]] = 0
    trial.counts[TOUCHED] = trial.counts[REMOVED] = 0


@compiled
def touch(plan: Routes, trial: Trial, s: int) -> None:
    """Keep the route as it is, once a round."""
    if not trial.is_touched[s]:
        trial.is_touched[s] = 1
        trial.touched[trial.counts[TOUCHED]] = s
        trial.counts[TOUCHED] += 1
        copy_route(plan, trial.saved, s)


@compiled
def take_back(day: Tables, plan: Routes, trial: Trial) -> None:
    """The plan as it was before the round."""
    for k in range(trial.counts[TOUCHED]):
        forget(day, plan, trial.touched[k])
    for k in range(trial.counts[TOUCHED]):
        copy_route(trial.saved, plan, trial.touched[k])
        remember(day, plan, trial.touched[k])


@compiled
def list_left(plan: Routes, trial: Trial) -> None:
    trial.counts[LEFT] = 0
    for trip in range(plan.shift_of.shape[0]):
        if plan.shift_of[trip] < 0:
            trial.left[trial.counts[LEFT]] = trip
            trial.counts[LEFT] += 1
