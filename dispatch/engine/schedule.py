"""When each stop of a route is served: the exact answer, or the rule that stands in the way.

The times of a fixed order of stops are a system of difference constraints: windows, driving, ride-time
and duration limits. Its least solution is found by lifting: propagate forward; where a ride (or the whole
route) takes too long, lift its beginning as late as the limit demands and propagate again. Lifting only
ever raises times, each to a value every solution must reach, so it ends at the least solution or proves
that none exists (Bellman's fixpoint; Firat & Woeginger 2011 treat the same question). Then pickups slide
later as far as idle time allows, so that patients wait at home and not in the vehicle: the aim of the
eight-step procedure of Cordeau & Laporte (2003), reached here from exact feasibility.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from dispatch.engine.network import NO_LOAD, Network, Sequence, boarding, network_of
from dispatch.engine.plan import Route, TimedVisit
from dispatch.engine.problem import Load, Problem, Shift, Visit
from dispatch.enums import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The hard rule that a route breaks first, at which visit's reference, and by how much.

    `amount` is seconds for time rules, trips for the workload cap, 0 where nothing is counted.
    """

    rule: Rule
    visit: str
    amount: int = 0


class Timing(NamedTuple):
    """Starts of service of each node of a sequence, departure from and return to the base (seconds).

    `gaps[k]` lies between the starts of k-1 (or leaving the base) and k when nobody waits.
    """

    starts: list[int]
    gaps: list[int]
    leave: int
    back: int

    @property
    def arrivals(self) -> list[int]:
        before = [self.leave, *self.starts]
        return [start + gap for start, gap in zip(before, self.gaps, strict=False)]

    @property
    def waiting(self) -> int:
        return sum(self.starts) - sum(self.arrivals)


class Layout(NamedTuple):
    """The constraints of one sequence: start[k] >= start[k-1] + gap[k], window [low, high], rides."""

    gaps: list[int]  # gaps[0] counts from leaving the base
    last_gap: int  # from the last start to the return
    low: list[int]
    high: list[int]
    rides: list[
        tuple[int, int, int]
    ]  # (pickup position, drop-off position, longest start-to-start)


class Broken(NamedTuple):
    """A constraint no schedule can keep: which rule, at which position, by how many seconds."""

    rule: Rule
    position: int
    amount: int


def time_route(problem: Problem, shift: Shift, visits: tuple[Visit, ...]) -> Route | Refusal:
    """Times for these visits in this order, or the first hard rule that forbids them.

    Exact: a refusal for a time rule means that no schedule exists. Raises InvalidPlanError when a visit is
    a stranger to the problem.
    """
    network = network_of(problem)
    s = network.shift_index[shift.id]
    return timed(network, s, network.sequence(shift, visits))


def timed(network: Network, s: int, sequence: Sequence) -> Route | Refusal:
    """The same of these tables, whose shifts may not be those of any problem."""
    refusal = order_refusal(network, s, sequence) or load_refusal(network, s, sequence)
    if refusal is not None:
        return refusal
    timing = timing_of(network, s, sequence)
    if isinstance(timing, Broken):
        return named(network, s, sequence, timing)
    return route_of(network, s, sequence, timing)


def route_of(network: Network, s: int, sequence: Sequence, timing: Timing) -> Route:
    shift = network.problem.shifts[s]
    if not sequence:
        return Route(shift=shift.id, leave_s=shift.start_s, return_s=shift.start_s)
    timed = zip(sequence, timing.arrivals, timing.starts, strict=True)
    visits = tuple(
        TimedVisit(id=visit.id, kind=visit.kind, arrive_s=arrive, start_s=start)
        for node, arrive, start in timed
        for visit in (network.visit(shift, node),)
    )
    return Route(shift=shift.id, visits=visits, leave_s=timing.leave, return_s=timing.back)


def named(network: Network, s: int, sequence: Sequence, broken: Broken) -> Refusal:
    """A broken constraint in the words of the rules."""
    shift = network.problem.shifts[s]
    if broken.position < len(sequence):
        visit = network.visit(shift, sequence[broken.position]).id
    else:
        visit = shift.id
    return Refusal(rule=broken.rule, visit=visit, amount=broken.amount)


def timing_of(network: Network, s: int, sequence: Sequence) -> Timing | Broken:
    """The schedule of a sequence whose order and loads are already known to be right."""
    layout = lay_out(network, s, sequence)
    starts = least_starts(network, s, layout, sequence)
    if isinstance(starts, Broken):
        return starts
    if not starts:
        start = network.problem.shifts[s].start_s
        return Timing([], [], start, start)
    board_late(network, sequence, layout, starts)
    leave, back = starts[0] - layout.gaps[0], starts[-1] + layout.last_gap
    return Timing(starts, layout.gaps, leave, back)


def lay_out(network: Network, s: int, sequence: Sequence) -> Layout:
    """The difference constraints of a sequence, in one walk."""
    breaks = network.problem.shifts[s].breaks
    drive, empty_drive, service = network.drive, network.empty_drive, network.service
    gaps: list[int] = []
    rides: list[tuple[int, int, int]] = []
    boarded: dict[int, int] = {}
    previous, carried = -1, 0
    for k, node in enumerate(sequence):
        if node < 0:
            gaps.append(carried)
            carried = breaks[~node].duration_s
            continue
        if previous < 0:
            gaps.append(carried + network.from_base[s][node])
        else:
            gaps.append(carried + (drive if boarded else empty_drive)[previous][node])
        carried, previous, trip = service[node], node, node >> 1
        if node & 1:
            longest = service[node - 1] + network.ride_limit[trip]
            rides.append((boarded.pop(trip), k, longest))
        else:
            boarded[trip] = k
    last_gap = carried + (network.to_base[s][previous] if previous >= 0 else 0)
    low = [network.earliest[v] if v >= 0 else breaks[~v].earliest_s for v in sequence]
    high = [network.latest[v] if v >= 0 else breaks[~v].latest_s for v in sequence]
    return Layout(gaps, last_gap, low, high, rides)


def least_starts(
    network: Network, s: int, layout: Layout, sequence: Sequence
) -> list[int] | Broken:
    """The earliest start of every stop that all constraints allow, or the one that cannot be kept."""
    shift = network.problem.shifts[s]
    starts = list(layout.low)
    if not starts:
        return starts
    starts[0] = max(starts[0], shift.start_s + layout.gaps[0])
    broken = _propagate(layout, starts, 0, sequence) or _too_far(network, shift, layout, sequence)
    # Ends after as many rounds as there are limits, plus one: no limit can chase its own tail, for what
    # stops and driving alone make too long was refused, and a longest path uses each limit once at most.
    while broken is None:
        late = starts[-1] + layout.last_gap - shift.end_s
        if late > 0:
            return Broken(Rule.SHIFT, len(starts), late)
        lifted = _lift(network, shift, layout, sequence, starts)
        if lifted is None:
            return starts
        first, broken = lifted
        broken = broken or _propagate(layout, starts, first, sequence)
    return broken


def _too_far(network: Network, shift: Shift, layout: Layout, sequence: Sequence) -> Broken | None:
    """A ride, or a route, whose stops and driving alone take longer than it may."""
    reached = list(accumulate(layout.gaps))
    for pickup, dropoff, longest in layout.rides:
        excess = reached[dropoff] - reached[pickup] - longest
        if excess > 0:
            return Broken(_ride_rule(network, sequence[dropoff]), dropoff, excess)
    if shift.max_duration_s is not None:
        excess = reached[-1] + layout.last_gap - shift.max_duration_s
        if excess > 0:
            return Broken(Rule.DURATION, len(sequence), excess)
    return None


def _lift(
    network: Network,
    shift: Shift,
    layout: Layout,
    sequence: Sequence,
    starts: list[int],
) -> tuple[int, Broken | None] | None:
    """Raise the beginnings of rides (and of the route) that last too long.

    Gives the first position raised, with the window that overran if one did; None when all is well.
    """
    raised: list[int] = []
    for pickup, dropoff, longest in layout.rides:
        excess = starts[dropoff] - starts[pickup] - longest
        if excess > 0:
            starts[pickup] += excess
            raised.append(pickup)
            if starts[pickup] > layout.high[pickup]:
                amount = starts[pickup] - layout.high[pickup]
                rule = _ride_rule(network, sequence[dropoff])
                return pickup, Broken(rule, dropoff, amount)
    excess = _excess_duration(shift, layout, starts)
    if excess > 0:
        starts[0] += excess
        raised.append(0)
        if starts[0] > layout.high[0]:
            return 0, Broken(Rule.DURATION, len(starts), starts[0] - layout.high[0])
    return (min(raised), None) if raised else None


def _excess_duration(shift: Shift, layout: Layout, starts: list[int]) -> int:
    if shift.max_duration_s is None:
        return 0
    duration = starts[-1] + layout.last_gap - (starts[0] - layout.gaps[0])
    return duration - shift.max_duration_s


def _ride_rule(network: Network, node: int) -> Rule:
    """The patient's own limit, or the detour that pooling allows when that is the tighter one."""
    trip = network.problem.trips[node >> 1]
    is_detour = network.ride_limit[node >> 1] < trip.max_ride_s
    return Rule.POOLING if is_detour else Rule.MAX_RIDE_TIME


def _propagate(layout: Layout, starts: list[int], first: int, sequence: Sequence) -> Broken | None:
    """Push later starts up behind `first`; the broken window, if one is overrun."""
    gaps, high = layout.gaps, layout.high
    start = starts[first]
    if start > high[first]:
        return _overrun(sequence, first, start - high[first])
    for k in range(first + 1, len(starts)):
        start += gaps[k]
        if starts[k] >= start:
            start = starts[k]
        else:
            starts[k] = start
        if start > high[k]:
            return _overrun(sequence, k, start - high[k])
    return None


def _overrun(sequence: Sequence, position: int, amount: int) -> Broken:
    rule = Rule.BREAK if sequence[position] < 0 else Rule.TIME_WINDOW
    return Broken(rule, position, amount)


def board_late(network: Network, sequence: Sequence, layout: Layout, starts: list[int]) -> None:
    """Slide pickups later into the idle time behind them; no other stop and no longer ride results.

    Who is ready and waits for the vehicle is not made to wait longer.
    """
    for k in range(len(sequence) - 2, -1, -1):
        node = sequence[k]
        if node >= 0 and not node & 1 and network.ready_at(node) is None:
            starts[k] = max(starts[k], min(layout.high[k], starts[k + 1] - layout.gaps[k + 1]))


def order_refusal(network: Network, s: int, sequence: Sequence) -> Refusal | None:
    """Pickup before drop-off, both in this route, nothing twice, committed visits first."""
    shift = network.problem.shifts[s]
    seen: set[int] = set()
    for node in sequence:
        is_early = node >= 0 and node & 1 and node - 1 not in seen
        if node in seen or is_early:
            return Refusal(rule=Rule.SEQUENCE, visit=network.visit(shift, node).id)
        seen.add(node)
    for node in sequence:
        if node >= 0 and node ^ 1 not in seen:
            return Refusal(rule=Rule.SEQUENCE, visit=network.visit(shift, node).id)
    committed = network.sequence(shift, shift.committed)
    if sequence[: len(committed)] != committed:
        return Refusal(rule=Rule.FREEZE_TIME, visit=shift.id)
    return None


def load_refusal(network: Network, s: int, sequence: Sequence) -> Refusal | None:
    """Places, pooling, breaks with somebody on board, skills and the workload cap: what needs no clock."""
    shift = network.problem.shifts[s]
    trips = boarding(sequence)
    refusal = _aboard_refusal(network, s, sequence)
    if refusal is not None:
        return refusal
    if shift.max_trips is not None and len(trips) > shift.max_trips:
        return Refusal(rule=Rule.WORKLOAD_CAP, visit=shift.id, amount=len(trips) - shift.max_trips)
    return _missing_break(shift, sequence) if trips else None


def _aboard_refusal(network: Network, s: int, sequence: Sequence) -> Refusal | None:
    """The first visit at which somebody is on board who may not be."""
    shift = network.problem.shifts[s]
    load, on_board = NO_LOAD, 0
    for node in sequence:
        i = node >> 1
        if node < 0:
            if on_board:
                return Refusal(rule=Rule.BREAK, visit=shift.breaks[~node].id)
        elif node & 1:
            load, on_board = load.minus(network.problem.trips[i].load), on_board & ~(1 << i)
        else:
            load = load.plus(network.problem.trips[i].load)
            rule = boarding_rule(network, s, i, load, on_board)
            if rule is not None:
                return Refusal(rule=rule, visit=network.problem.trips[i].id)
            on_board |= 1 << i
    return None


def boarding_rule(network: Network, s: int, trip: int, load: Load, on_board: int) -> Rule | None:
    """What forbids a trip to board who is with `on_board` then; `load` is that of all of them together."""
    if network.refused[s][trip] is not None:
        return network.refused[s][trip]
    if not network.problem.shifts[s].can_hold(load):
        return Rule.CAPACITY
    return Rule.POOLING if on_board & ~network.share_mask[trip] else None


def _missing_break(shift: Shift, sequence: Sequence) -> Refusal | None:
    for k, pause in enumerate(shift.breaks):
        if pause.mandatory and ~k not in sequence:
            return Refusal(rule=Rule.BREAK, visit=pause.id)
    return None
