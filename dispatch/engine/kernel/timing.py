"""Exact times of one sequence: the least solution that `schedule.py` finds, without its reasons.

`seq` holds `size` nodes of shift s; gaps[k] are the seconds from start k-1 (or the base) to start k, at[node] the
position of a node in the sequence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.engine.kernel.compiled import compiled
from dispatch.engine.kernel.tables import FAR, Ints, Tables

Nodes = NDArray[np.int32]


@compiled
def leg_s(day: Tables, s: int, previous: int, node: int, aboard: int) -> int:
    """Seconds of the way to a stop, from the base where `previous` is -1; empty, the margin is added."""
    if previous < 0:
        return int(day.from_base[node, s])
    seconds = int(day.drive[previous, node])
    if aboard == 0 and day.place[previous] != day.place[node]:
        seconds += day.margin
    return seconds


@compiled
def lay_out(day: Tables, s: int, seq: Nodes, size: int, gaps: Ints, at: Ints) -> int:
    """Fill `gaps` and `at`; the seconds from the last start to the base."""
    stops = day.drive.shape[0]
    previous, carried, aboard = -1, 0, 0
    for k in range(size):
        node = seq[k]
        at[node] = k
        if node >= stops:
            gaps[k] = carried
        else:
            gaps[k] = carried + leg_s(day, s, previous, node, aboard)
            previous = node
            aboard += -1 if node & 1 else 1
        carried = int(day.service[node])
    return carried + (int(day.to_base[previous, s]) if previous >= 0 else 0)


@compiled
def lift(
    day: Tables, seq: Nodes, gaps: Ints, starts: Ints, span: tuple[int, int, int], over: int
) -> int:
    """Begin a span (first, last position, longest seconds) later because it is `over` too long, and what is pushed.

    The last position that moved, -1 when a window is overrun; also where driving and service alone take longer, so
    that no limit chases its own tail (see schedule.least_starts). Its last position stays: the rest has time enough.
    """
    first, last, longest = span
    reach = 0
    for q in range(first + 1, last + 1):
        reach += gaps[q]
    start = starts[first] + over
    if reach > longest or start > day.high[seq[first]]:
        return -1
    starts[first] = start
    k = first + 1
    while starts[k] < start + gaps[k]:
        start += gaps[k]
        if start > day.high[seq[k]]:
            return -1
        starts[k] = start
        k += 1
    return k - 1


@compiled
def settle(
    day: Tables,
    s: int,
    seq: Nodes,
    size: int,
    gaps: Ints,
    home: int,
    at: Ints,
    starts: Ints,
    moved: tuple[int, int],
) -> bool:
    """Begin rides later that last too long, given that the starts of positions moved[0] … moved[1] have moved.

    Whether all limits can be kept; `starts` then is the least solution above what it was.
    """
    stops = day.drive.shape[0]
    k, last = moved
    while True:
        while k <= last:
            node = seq[k]
            k += 1
            if node >= stops or (node & 1) == 0:
                continue
            first = at[node - 1]
            longest = day.service[node - 1] + day.limit[node >> 1]
            over = starts[k - 1] - starts[first] - longest
            if over <= 0:
                continue
            if lift(day, seq, gaps, starts, (first, k - 1, longest), over) < 0:
                return False
            k = first + 1
        if starts[size - 1] + home > day.ends[s]:
            return False
        longest = day.lasts[s] - home - gaps[0]
        over = starts[size - 1] - starts[0] - longest
        if over <= 0:
            return True
        last = lift(day, seq, gaps, starts, (0, size - 1, longest), over)
        if last < 0:
            return False
        k = 1


@compiled
def least_starts(
    day: Tables, s: int, seq: Nodes, size: int, gaps: Ints, starts: Ints, at: Ints
) -> tuple[bool, int]:
    """(whether the sequence can be timed, seconds from the last start to the base); `starts` the earliest."""
    home = lay_out(day, s, seq, size, gaps, at)
    if size == 0:
        return True, home
    start = day.begins[s]
    for k in range(size):
        start = max(start + gaps[k], day.low[seq[k]])
        if start > day.high[seq[k]]:
            return False, home
        starts[k] = start
    return settle(day, s, seq, size, gaps, home, at, starts, (0, size - 1)), home


@compiled
def has_comfort(day: Tables) -> bool:
    """Whether times have a price at all."""
    return bool(day.excess or day.waiting or day.patient_wait or day.overtime)


@compiled
def comfort(
    day: Tables, s: int, seq: Nodes, size: int, gaps: Ints, home: int, starts: Ints, at: Ints
) -> int:
    """Price of detours, idling, patients' waiting and overtime, once pickups have slid late into the idle time behind them.

    Changes `starts`. Who is ready is fetched at once. Overtime counts from the earliest start of the last stop, which never slides.
    """
    stops = day.drive.shape[0]
    for k in range(size - 2, -1, -1):
        node = seq[k]
        if node < stops and (node & 1) == 0 and day.ready[node >> 1] == FAR:
            latest = min(day.high[node], starts[k + 1] - gaps[k + 1])
            starts[k] = max(starts[k], latest)
    excess, idle = 0, 0
    for k in range(size):
        node = seq[k]
        if k > 0:
            idle += starts[k] - starts[k - 1] - gaps[k]
        if node < stops and node & 1:
            ride = starts[k] - starts[at[node - 1]] - day.service[node - 1]
            excess += max(0, ride - day.direct[node >> 1])
    price = day.excess * excess + day.waiting * idle
    if day.patient_wait:
        for k in range(size):
            node = seq[k]
            if node < stops and (node & 1) == 0:
                price += day.patient_wait * max(0, starts[k] - day.ready[node >> 1])
    if day.overtime:
        price += day.overtime * max(0, starts[size - 1] + home - day.rostered[s])
    return int(price)


@compiled
def cost_of_leg(day: Tables, s: int, here: int, there: int) -> int:
    """Price of a leg; -1 is the base, and an empty route drives nowhere."""
    if here < 0:
        return int(day.way_out[there, s]) if there >= 0 else 0
    return int(day.way[here, there] if there >= 0 else day.way_home[here, s])


@compiled
def way_price(day: Tables, s: int, seq: Nodes, size: int) -> int:
    """Price of the driving."""
    stops = day.drive.shape[0]
    previous, price = -1, 0
    for k in range(size):
        node = seq[k]
        if node < stops:
            price += cost_of_leg(day, s, previous, node)
            previous = node
    return price + cost_of_leg(day, s, previous, -1)
