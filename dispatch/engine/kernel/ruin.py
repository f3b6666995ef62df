"""Take strings of neighbouring trips out of a few routes (slack induction by string removals, Christiaens & Vanden
Berghe 2020): trips near to one another, each string from another route, so that their routes can exchange them.
"""

from __future__ import annotations

from typing import NamedTuple

from dispatch.engine.kernel.chance import Stream, below, uniform
from dispatch.engine.kernel.compiled import compiled
from dispatch.engine.kernel.routes import Routes, Work, copy_route, refresh, remember
from dispatch.engine.kernel.tables import Ints, Tables
from dispatch.engine.kernel.trial import REMOVED, Trial, touch


class Dials(NamedTuple):
    """How a round goes about it; names after Christiaens & Vanden Berghe where they have one."""

    mean_ruin: float = 10.0  # trips taken out in a round, on average
    longest_string: float = 10.0
    split: float = 0.5  # chance that a string leaves some of its middle in place
    split_depth: float = 0.01  # chance that what is left in place grows no longer
    blink: float = 0.01  # chance that a route is overlooked: small accidents open the way out
    unrest: float = 0.2  # chance that the breaks of a ruined route are set anew
    cross: float = 0.2  # chance that two routes exchange their ends
    old_leftovers: int = 10  # trips unserved before the round that are tried again


@compiled
def ruin(
    day: Tables,
    plan: Routes,
    trial: Trial,
    near: Ints,
    dials: Dials,
    seed: int,
    stream: Stream,
    work: Work,
) -> None:
    """Strings from the routes that serve the trips nearest to the trip `seed`."""
    used, served = 0, 0
    for s in range(plan.trips.shape[0]):
        if plan.trips[s]:
            used += 1
            served += plan.trips[s]
    if used == 0:
        return
    longest = min(dials.longest_string, served / used)
    most = 4.0 * dials.mean_ruin / (1.0 + longest) - 1.0
    strings = int(uniform(stream) * most + 1.0)
    for r in range(near.shape[1]):
        if strings == 0:
            return
        trip = near[seed, r]
        s = plan.shift_of[trip]
        if s < 0 or trial.is_touched[s]:
            continue
        mine, count = _list_string(day, plan, trial, s, trip)
        if mine >= 0:
            touch(plan, trial, s)
            _remove_string(day, plan, trial, s, (mine, count, longest), dials, stream, work)
            strings -= 1


@compiled
def _list_string(day: Tables, plan: Routes, trial: Trial, s: int, trip: int) -> tuple[int, int]:
    """(where the trip is among the route's movable ones, -1: it is none; how many there are)."""
    stops = day.drive.shape[0]
    mine, count = -1, 0
    for k in range(day.fixed[s], plan.size[s]):
        node = plan.seq[s, k]
        if node < stops and (node & 1) == 0:
            if node >> 1 == trip:
                mine = count
            trial.string[count] = node >> 1
            count += 1
    return mine, count


@compiled
def _remove_string(
    day: Tables,
    plan: Routes,
    trial: Trial,
    s: int,
    around: tuple[int, int, float],
    dials: Dials,
    stream: Stream,
    work: Work,
) -> None:
    """Remove a string of trips around one of them; some of its middle may stay."""
    mine, count, longest = around
    length = min(count, int(uniform(stream) * min(float(count), longest) + 1.0))
    kept = 0
    if 1 < length < count and uniform(stream) < dials.split:
        kept = 1
        while length + kept < count and uniform(stream) > dials.split_depth:
            kept += 1
    begin = mine - below(stream, length + kept)
    begin = max(0, min(begin, count - length - kept))
    keep_from = begin
    if kept:
        keep_from = begin + 1 + below(stream, length - 1)
    first = trial.counts[REMOVED]
    for k in range(begin, begin + length + kept):
        if keep_from <= k < keep_from + kept:
            continue
        plan.shift_of[trial.string[k]] = -1
        trial.removed[trial.counts[REMOVED]] = trial.string[k]
        trial.counts[REMOVED] += 1
    _close_up(day, plan, s, uniform(stream) < dials.unrest)
    if not refresh(day, plan, s, work):
        # Without them the rest breaks a rule (what has begun may need them): they stay.
        copy_route(trial.saved, plan, s)
        remember(day, plan, s)
        trial.counts[REMOVED] = first


@compiled
def _close_up(day: Tables, plan: Routes, s: int, lifts_breaks: bool) -> None:
    """The route's nodes without those of trips that are unserved now and, if asked, without its breaks."""
    stops, size = day.drive.shape[0], 0
    for k in range(plan.size[s]):
        node = plan.seq[s, k]
        if node >= stops:
            if lifts_breaks and k >= day.fixed[s]:
                plan.resting[node - stops] = 0
                continue
        elif plan.shift_of[node >> 1] < 0:
            continue
        plan.seq[s, size] = node
        size += 1
    plan.size[s] = size
