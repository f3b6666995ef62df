"""The plan being searched: the routes' nodes, and all that is known of each route as it stands."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.engine.kernel.compiled import compiled
from dispatch.engine.kernel.tables import Flags, Ints, Tables
from dispatch.engine.kernel.timing import (
    Nodes,
    comfort,
    cost_of_leg,
    has_comfort,
    least_starts,
    way_price,
)

LOADS = 4  # kinds of places, as `problem.Load` has them


class Routes(NamedTuple):
    """Routes of S shifts, at most L nodes each. Position k is the gap before node k; position `size` the end."""

    seq: Nodes  # (S, L)
    size: Ints  # (S,) nodes
    home: Ints  # (S,) seconds from the last start to the base
    trips: Ints  # (S,)
    price: Ints  # (S,)
    comfort: Ints  # (S,) the part of the price that is detours, idling and overtime
    starts: Ints  # (S, L) earliest starts
    gaps: Ints  # (S, L) from the start before to this one
    latest: Ints  # (S, L) no start is later when the rest stays as it is
    ready: Ints  # (S, L + 1) when the vehicle is free at a position
    leg: Ints  # (S, L + 1) price of the way across a position
    aboard: Ints  # (S, L + 1) patients on board at a position
    load: Ints  # (S, L + 1, 4)
    before: Nodes  # (S, L + 1) the stop before a position, -1: the base
    after: Nodes  # (S, L + 1) the stop behind it, -1: the base
    at: Ints  # (K,) position of each node in its route
    shift_of: Ints  # (n,) -1: unserved
    resting: Flags  # (B,) whether a break stands in its route
    stamp: Ints  # (S + 1,) which version of a route this is; the last one given to any


class Work(NamedTuple):
    """Room for one sequence that is tried."""

    seq: Nodes
    gaps: Ints
    starts: Ints
    at: Ints


def empty_routes(day: Tables, longest: int) -> Routes:
    shifts, stops, breaks = len(day.begins), len(day.place), len(day.owner)
    nodes, positions = (shifts, longest), (shifts, longest + 1)
    return Routes(
        seq=np.zeros(nodes, np.int32),
        size=np.zeros(shifts, np.int64),
        home=np.zeros(shifts, np.int64),
        trips=np.zeros(shifts, np.int64),
        price=np.zeros(shifts, np.int64),
        comfort=np.zeros(shifts, np.int64),
        starts=np.zeros(nodes, np.int64),
        gaps=np.zeros(nodes, np.int64),
        latest=np.zeros(nodes, np.int64),
        ready=np.zeros(positions, np.int64),
        leg=np.zeros(positions, np.int64),
        aboard=np.zeros(positions, np.int64),
        load=np.zeros((*positions, LOADS), np.int64),
        before=np.full(positions, -1, np.int32),
        after=np.full(positions, -1, np.int32),
        at=np.zeros(stops + breaks, np.int64),
        shift_of=np.full(stops // 2, -1, np.int64),
        resting=np.zeros(breaks, np.uint8),
        stamp=np.zeros(shifts + 1, np.int64),
    )


def room_to_work(day: Tables, longest: int) -> Work:
    return Work(
        seq=np.zeros(longest, np.int32),
        gaps=np.zeros(longest, np.int64),
        starts=np.zeros(longest, np.int64),
        at=np.zeros(len(day.service), np.int64),
    )


@compiled
def refresh(day: Tables, plan: Routes, s: int, work: Work) -> bool:
    """Bring all that is known of route s up to date with its nodes; False when it cannot be timed."""
    seq, size = plan.seq[s], plan.size[s]
    is_timed, home = least_starts(day, s, seq, size, work.gaps, work.starts, work.at)
    if not is_timed:
        return False
    plan.home[s] = home
    plan.aboard[s, 0], plan.before[s, 0] = 0, -1
    plan.load[s, 0, :] = 0
    plan.ready[s, 0] = day.begins[s]
    _note_forward(day, plan, s, 0, work)
    _note_backward(day, plan, s, 0)
    _stamp(plan, s)
    trips, people = _count(day, plan, s)
    plan.trips[s], plan.comfort[s], plan.price[s] = trips, 0, 0
    if trips == 0:
        return True
    if has_comfort(day):
        plan.comfort[s] = comfort(day, s, seq, size, work.gaps, home, work.starts, work.at)
    way = way_price(day, s, seq, size)
    resting = missing_breaks(day, plan, s)
    plan.price[s] = people + day.fair[s, trips] + way + plan.comfort[s] + resting
    return True


@compiled
def note_insertion(
    day: Tables, plan: Routes, s: int, i: int, home: int, added: int, work: Work
) -> None:
    """Take over from `work` route s with one more trip, whose pickup stands at position i.

    As `refresh` would, but for what stands before; `added`: to its price, without the change of comfort.
    """
    size = plan.size[s] + 2
    plan.size[s], plan.home[s] = size, home
    for k in range(i, size):
        plan.seq[s, k] = work.seq[k]
    for k in range(i):
        plan.starts[s, k] = work.starts[k]
        plan.ready[s, k + 1] = work.starts[k] + day.service[work.seq[k]]
    _note_forward(day, plan, s, i, work)
    _note_backward(day, plan, s, i)
    _stamp(plan, s)
    plan.trips[s] += 1
    before = plan.comfort[s]
    if has_comfort(day):
        plan.comfort[s] = comfort(day, s, work.seq, size, work.gaps, home, work.starts, work.at)
    plan.price[s] += added + plan.comfort[s] - before


@compiled
def _stamp(plan: Routes, s: int) -> None:
    plan.stamp[-1] += 1
    plan.stamp[s] = plan.stamp[-1]


@compiled
def _note_forward(day: Tables, plan: Routes, s: int, first: int, work: Work) -> None:
    """Times, loads and who stands where, from position `first` on."""
    stops = day.drive.shape[0]
    aboard, previous = plan.aboard[s, first], plan.before[s, first]
    for k in range(first, plan.size[s]):
        node = plan.seq[s, k]
        plan.at[node] = k
        plan.starts[s, k], plan.gaps[s, k] = work.starts[k], work.gaps[k]
        plan.ready[s, k + 1] = work.starts[k] + day.service[node]
        sign = 0
        if node >= stops:
            plan.resting[node - stops] = 1
        else:
            previous = node
            sign = -1 if node & 1 else 1
            plan.shift_of[node >> 1] = s
        aboard += sign
        for kind in range(LOADS):
            more = sign * day.load[node >> 1, kind] if sign else 0
            plan.load[s, k + 1, kind] = plan.load[s, k, kind] + more
        plan.aboard[s, k + 1], plan.before[s, k + 1] = aboard, previous


@compiled
def _note_backward(day: Tables, plan: Routes, s: int, first: int) -> None:
    """Latest starts, the stops that follow and the ways to them, from the end; before position `first` as far as they
    change.
    """
    stops, size = day.drive.shape[0], plan.size[s]
    following = -1
    bound, gap = day.ends[s], plan.home[s]
    plan.after[s, size] = -1
    plan.leg[s, size] = cost_of_leg(day, s, plan.before[s, size], -1)
    for k in range(size - 1, -1, -1):
        node = plan.seq[s, k]
        bound = min(day.high[node], bound - gap)
        if k < first and node < stops and plan.latest[s, k] == bound:
            return
        plan.latest[s, k] = bound
        gap = plan.gaps[s, k]
        if node < stops:
            following = node
        plan.after[s, k] = following
        plan.leg[s, k] = cost_of_leg(day, s, plan.before[s, k], following)


@compiled
def _count(day: Tables, plan: Routes, s: int) -> tuple[int, int]:
    """(trips of the route, price of these people for this driver)."""
    stops, trips, people = day.drive.shape[0], 0, 0
    for k in range(plan.size[s]):
        node = plan.seq[s, k]
        if node < stops and (node & 1) == 0:
            trips += 1
            people += day.people[node >> 1, s]
    return trips, people


@compiled
def missing_breaks(day: Tables, plan: Routes, s: int) -> int:
    """Price of the breaks that stand nowhere in route s."""
    price = 0
    for b in range(day.rest_from[s], day.rest_from[s + 1]):
        if not plan.resting[b]:
            price += day.missing[b]
    return price


@compiled
def separation(day: Tables, plan: Routes, trip: int, s: int) -> int:
    """What it costs that shift s drives the trip while others drive those who asked for the same driver."""
    price = 0
    for k in range(day.mate_from[trip], day.mate_from[trip + 1]):
        other = plan.shift_of[day.mate_of[k]]
        if other >= 0 and day.driver[other] != day.driver[s]:
            price += day.apart
    return price


@compiled
def total_price(day: Tables, plan: Routes) -> int:
    """The price of the whole plan; equals `cost.score(problem, plan).total`."""
    price, doubled = 0, 0
    for s in range(plan.size.shape[0]):
        price += plan.price[s]
    for trip in range(plan.shift_of.shape[0]):
        if plan.shift_of[trip] < 0:
            price += day.unserved[trip]
    if day.mate_of.shape[0]:
        for trip in range(plan.shift_of.shape[0]):
            if plan.shift_of[trip] >= 0:
                doubled += separation(day, plan, trip, plan.shift_of[trip])
    return price + doubled // 2


@compiled
def copy_route(source: Routes, goal: Routes, s: int) -> None:
    """Everything that is known of route s; where its nodes are is told by `forget` and `remember`."""
    size = source.size[s]
    goal.size[s], goal.trips[s], goal.stamp[s] = size, source.trips[s], source.stamp[s]
    goal.price[s], goal.comfort[s], goal.home[s] = (
        source.price[s],
        source.comfort[s],
        source.home[s],
    )
    for k in range(size):
        goal.seq[s, k] = source.seq[s, k]
        goal.starts[s, k] = source.starts[s, k]
        goal.gaps[s, k] = source.gaps[s, k]
        goal.latest[s, k] = source.latest[s, k]
    for k in range(size + 1):
        goal.aboard[s, k] = source.aboard[s, k]
        goal.before[s, k] = source.before[s, k]
        goal.after[s, k] = source.after[s, k]
        goal.ready[s, k] = source.ready[s, k]
        goal.leg[s, k] = source.leg[s, k]
        for kind in range(LOADS):
            goal.load[s, k, kind] = source.load[s, k, kind]


@compiled
def forget(day: Tables, plan: Routes, s: int) -> None:
    """The nodes of route s stand nowhere."""
    stops = day.drive.shape[0]
    for k in range(plan.size[s]):
        node = plan.seq[s, k]
        if node >= stops:
            plan.resting[node - stops] = 0
        else:
            plan.shift_of[node >> 1] = -1


@compiled
def remember(day: Tables, plan: Routes, s: int) -> None:
    """The nodes of route s stand where it says."""
    stops = day.drive.shape[0]
    for k in range(plan.size[s]):
        node = plan.seq[s, k]
        plan.at[node] = k
        if node >= stops:
            plan.resting[node - stops] = 1
        else:
            plan.shift_of[node >> 1] = s
