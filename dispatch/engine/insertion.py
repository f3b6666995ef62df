"""Where one trip fits into the routes there are: every feasible position, exactly timed and priced.

A position is first tried against bounds that any schedule must keep (earliest and latest times of the route
as it stands); what survives is timed exactly by `schedule`. Breaks stay where they are if that works and are
otherwise placed anew in every possible way, so that "it does not fit" is never said because of a pause
that could have moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dispatch.engine.cost import price, separation_cost
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.network import NO_LOAD, Network, Sequence, network_of
from dispatch.engine.plan import Plan, Route, Unassigned
from dispatch.engine.problem import Load, Problem
from dispatch.engine.schedule import (
    Broken,
    Refusal,
    Timing,
    approach,
    lay_out,
    least_starts,
    load_refusal,
    named,
    route_of,
    timing_of,
)
from dispatch.enums import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Insertion:
    """A feasible way to add a trip: the shift, the places in its new route, what it adds to the price."""

    trip: str
    shift: str
    pickup_at: int
    dropoff_at: int
    added_cost: int
    route: Route


@dataclass(frozen=True, slots=True)
class Fit:
    """The same as an `Insertion`, in numbers of the network: what searches pass around."""

    sequence: Sequence
    timing: Timing
    cost: int  # of the whole new sequence


def best_insertions(
    problem: Problem, plan: Plan, trip_id: str, *, limit: int = 3
) -> tuple[Insertion, ...]:
    """The cheapest way into each shift that can take the trip, cheapest first, at most `limit`.

    The plan must be valid; the trip may stand in it as unassigned or not at all.
    """
    tries = (try_insertion(problem, plan, trip_id, shift.id) for shift in problem.shifts)
    found = [answer for answer in tries if isinstance(answer, Insertion)]
    return tuple(sorted(found, key=lambda fit: (fit.added_cost, fit.shift))[:limit])


def try_insertion(problem: Problem, plan: Plan, trip_id: str, shift_id: str) -> Insertion | Refusal:
    """The best position in this shift, or the refusal that came nearest to success."""
    network = network_of(problem)
    s, trip = network.shift_index[shift_id], network.trip_index[trip_id]
    sequence = sequence_in(network, plan, s)
    fit = best_fit(network, s, sequence, trip)
    if fit is None:
        return nearest_refusal(network, s, sequence, trip)
    driver_of = drivers_in(network, plan)
    separated = separation_cost(network, trip, problem.shifts[s].driver, driver_of)
    return Insertion(
        trip=trip_id,
        shift=shift_id,
        pickup_at=fit.sequence.index(2 * trip),
        dropoff_at=fit.sequence.index(2 * trip + 1),
        added_cost=fit.cost - cost_of(network, s, sequence) + separated,
        route=route_of(network, s, fit.sequence, fit.timing),
    )


def with_insertion(plan: Plan, insertion: Insertion) -> Plan:
    """The plan with that trip driven as the insertion says."""
    others = tuple(route for route in plan.routes if route.shift != insertion.shift)
    left = tuple(item for item in plan.unassigned if item.trip != insertion.trip)
    return Plan(routes=(*others, insertion.route), unassigned=left)


def without_trip(problem: Problem, plan: Plan, trip_id: str, *, reason: Rule) -> Plan:
    """The plan with the trip taken out (its route timed anew) and listed as unassigned for `reason`."""
    network = network_of(problem)
    shift_id = plan.shift_of[trip_id]
    s = network.shift_index[shift_id]
    sequence = without(sequence_in(network, plan, s), network.trip_index[trip_id])
    fit = fit_of(network, s, sequence)
    if fit is None:  # less work can only stay feasible; anything else is a broken plan
        raise InvalidPlanError(f"The route of shift {shift_id} breaks a rule already.")
    routes = tuple(
        route_of(network, s, fit.sequence, fit.timing) if route.shift == shift_id else route
        for route in plan.routes
    )
    return Plan(routes=routes, unassigned=(*plan.unassigned, Unassigned(trip=trip_id, reason=reason)))


def sequence_in(network: Network, plan: Plan, s: int) -> Sequence:
    """The shift's sequence in this plan; a shift without a route still owes its committed visits."""
    shift = network.problem.shifts[s]
    route = plan.route_of.get(shift.id)
    visits = shift.committed if route is None else tuple(timed.visit for timed in route.visits)
    return network.sequence(shift, visits)


def drivers_in(network: Network, plan: Plan) -> dict[int, str]:
    """trip → driver, for planned trips."""
    shift_by_id = network.problem.shift_by_id
    return {
        network.trip_index[trip]: shift_by_id[shift].driver for trip, shift in plan.shift_of.items()
    }


def without(sequence: Sequence, trip: int) -> Sequence:
    return [node for node in sequence if node >> 1 != trip or node < 0]


def fit_of(network: Network, s: int, sequence: Sequence) -> Fit | None:
    """Times and price of a sequence; an empty round (breaks alone) is no round."""
    if not any(node >= 0 for node in sequence):
        sequence = network.sequence(network.problem.shifts[s], network.problem.shifts[s].committed)
    timing = timing_of(network, s, sequence)
    if isinstance(timing, Broken):
        return None
    cost = price(network, s, sequence, timing.starts, timing.waiting).total
    return Fit(sequence, timing, cost)


def cost_of(network: Network, s: int, sequence: Sequence) -> int:
    fit = fit_of(network, s, sequence)
    return 0 if fit is None else fit.cost


def best_fit(network: Network, s: int, sequence: Sequence, trip: int) -> Fit | None:
    """The cheapest feasible sequence of this shift with the trip in it; None when there is none."""
    shift = network.problem.shifts[s]
    if network.refused[s][trip] is not None:
        return None
    if shift.max_trips is not None and _trips_in(sequence) >= shift.max_trips:
        return None
    if _trips_in(sequence):
        fit = _cheapest(network, s, _candidates(network, s, sequence, trip))
        if fit is not None:
            return fit
    return _with_breaks_anew(network, s, sequence, trip)


def _trips_in(sequence: Sequence) -> int:
    return sum(1 for node in sequence if node >= 0 and not node & 1)


def _cheapest(network: Network, s: int, candidates: Iterator[tuple[int, Sequence]]) -> Fit | None:
    """Time the candidates from the shortest drive on; stop when driving alone costs more than the best."""
    weight = network.problem.settings.weights.driving_per_s
    best: Fit | None = None
    for driven, sequence in sorted(candidates):
        if best is not None and weight * driven >= best.cost:
            break
        fit = fit_of(network, s, sequence)
        if fit is not None and (best is None or fit.cost < best.cost):
            best = fit
    return best


def _with_breaks_anew(network: Network, s: int, sequence: Sequence, trip: int) -> Fit | None:
    """Insert into the route without its open breaks, then place these; optional ones go if they must."""
    shift = network.problem.shifts[s]
    if not shift.breaks and _trips_in(sequence):
        return None
    fixed = len(shift.committed)
    open_breaks = [~k for k in range(len(shift.breaks)) if ~k not in sequence[:fixed]]
    bare = sequence[:fixed] + [node for node in sequence[fixed:] if node >= 0]
    must = [node for node in open_breaks if shift.breaks[~node].mandatory]
    candidates = sorted(_candidates(network, s, bare, trip))
    for breaks in (open_breaks, must) if must != open_breaks else (open_breaks,):
        placed = (
            (driven, full)
            for driven, candidate in candidates
            for full in _placements(network, s, candidate, breaks)
        )
        fit = _cheapest(network, s, placed)
        if fit is not None:
            return fit
    return None


def _placements(
    network: Network, s: int, sequence: Sequence, breaks: list[int]
) -> Iterator[Sequence]:
    """Each way to set the breaks, in their order, between visits with nobody on board."""
    if not breaks:
        yield sequence
        return
    shift = network.problem.shifts[s]
    pause = shift.breaks[~breaks[0]]
    layout = lay_out(network, s, sequence)
    starts = least_starts(network, s, layout, sequence)
    if isinstance(starts, Broken):
        return
    ends = _service_ends(network, s, sequence, starts)
    for position in range(len(shift.committed), len(sequence) + 1):
        is_late = position > 0 and ends[position - 1] > pause.latest_s
        is_early = position < len(sequence) and pause.earliest_s + pause.duration_s > (
            layout.high[position]
        )
        if is_late:
            return
        if not is_early and _is_empty_at(sequence, position):
            paused = [*sequence[:position], breaks[0], *sequence[position:]]
            yield from _placements(network, s, paused, breaks[1:])


def _service_ends(network: Network, s: int, sequence: Sequence, starts: list[int]) -> list[int]:
    breaks = network.problem.shifts[s].breaks
    lasts = (breaks[~v].duration_s if v < 0 else network.service[v] for v in sequence)
    return [start + last for start, last in zip(starts, lasts, strict=True)]


def _is_empty_at(sequence: Sequence, position: int) -> bool:
    return sum(-1 if node & 1 else 1 for node in sequence[:position] if node >= 0) == 0


def _candidates(
    network: Network, s: int, sequence: Sequence, trip: int
) -> Iterator[tuple[int, Sequence]]:
    """(driven seconds, sequence) of each position that passes the bounds of `_Room`."""
    room = _Room.of(network, s, sequence)
    if room is None:
        return
    for i in range(len(network.problem.shifts[s].committed), len(sequence) + 1):
        if i > 0 and room.earliest[i - 1] > network.latest[2 * trip]:
            return
        for j in room.dropoffs(trip, i):
            new = [*sequence[:i], 2 * trip, *sequence[i:j], 2 * trip + 1, *sequence[j:]]
            yield _driven(network, s, new), new


def _driven(network: Network, s: int, sequence: Sequence) -> int:
    previous, total = -1, 0
    drive = network.drive
    for node in sequence:
        if node >= 0:
            total += drive[previous][node] if previous >= 0 else network.from_base[s][node]
            previous = node
    return total + network.to_base[s][previous]


@dataclass(frozen=True, slots=True)
class _Room:
    """Bounds of a feasible route: nothing starts before `earliest` or may start after `latest`.

    `before[k]` is the last real node before position k (-1: the base), `loads[k]` and `on_board[k]` what
    is in the vehicle when it comes to position k.
    """

    network: Network
    s: int
    sequence: Sequence
    earliest: list[int]
    latest: list[int]
    ends: list[int]
    before: list[int]
    loads: list[Load]
    on_board: list[int]

    @classmethod
    def of(cls, network: Network, s: int, sequence: Sequence) -> _Room | None:
        layout = lay_out(network, s, sequence)
        starts = least_starts(network, s, layout, sequence)
        if isinstance(starts, Broken):
            return None
        latest = list(layout.high)
        bound, gap = network.problem.shifts[s].end_s, layout.last_gap
        for k in range(len(sequence) - 1, -1, -1):
            bound = latest[k] = min(latest[k], bound - gap)
            gap = layout.gaps[k]
        ends = _service_ends(network, s, sequence, starts)
        before, loads, on_board = [-1], [NO_LOAD], [0]
        for node in sequence:
            load, mask = loads[-1], on_board[-1]
            if node >= 0:
                carried = network.problem.trips[node >> 1].load
                load = load.minus(carried) if node & 1 else load.plus(carried)
                mask ^= 1 << (node >> 1)
            before.append(node if node >= 0 else before[-1])
            loads.append(load)
            on_board.append(mask)
        return cls(network, s, sequence, starts, latest, ends, before, loads, on_board)

    def dropoffs(self, trip: int, i: int) -> Iterator[int]:
        """Drop-off positions j >= i that the bounds allow when the pickup goes before position i."""
        network, sequence = self.network, self.sequence
        pickup, dropoff = 2 * trip, 2 * trip + 1
        now = self._reach(self.before[i], self._end(i), pickup, is_empty=not self.on_board[i])
        start = max(now, network.earliest[pickup])
        if start > network.latest[pickup]:
            return
        end, previous = start + network.service[pickup], pickup
        limit = network.latest[pickup] + network.service[pickup] + network.ride_limit[trip]
        for j in range(i, len(sequence) + 1):
            if not self._can_carry(trip, j):
                return
            if self._fits_dropoff(previous, end, dropoff, j):
                yield j
            if j == len(sequence) or sequence[j] < 0:
                return  # nobody rests with a patient on board
            node = sequence[j]
            start = max(end + network.drive[previous][node], self.earliest[j])
            if start > self.latest[j] or start > limit:
                return
            end, previous = start + network.service[node], node

    def _end(self, position: int) -> int:
        return self.ends[position - 1] if position else self.network.problem.shifts[self.s].start_s

    def _reach(self, previous: int, end: int, node: int, *, is_empty: bool) -> int:
        return end + approach(self.network, self.s, previous, node, is_empty=is_empty)

    def _can_carry(self, trip: int, j: int) -> bool:
        """Whether the trip may be on board with those that are there when position j is reached."""
        if self.on_board[j] & ~self.network.share_mask[trip]:
            return False
        extra = self.network.problem.trips[trip].load
        return self.network.has_room(self.s, self.loads[j], extra)

    def _fits_dropoff(self, previous: int, end: int, dropoff: int, j: int) -> bool:
        network = self.network
        start = max(end + network.drive[previous][dropoff], network.earliest[dropoff])
        if start > network.latest[dropoff]:
            return False
        end = start + network.service[dropoff]
        if j == len(self.sequence):
            return end + network.to_base[self.s][dropoff] <= network.problem.shifts[self.s].end_s
        node = self.sequence[j]
        if node < 0:
            return end <= self.latest[j]
        is_empty = not self.on_board[j]
        return self._reach(dropoff, end, node, is_empty=is_empty) <= self.latest[j]


def nearest_refusal(network: Network, s: int, sequence: Sequence, trip: int) -> Refusal:
    """The refusal that came nearest to success over all positions: least missing time, else what else."""
    shift, reference = network.problem.shifts[s], network.problem.trips[trip].id
    rule = network.refused[s][trip]
    if rule is not None:
        return Refusal(rule=rule, visit=reference)
    if shift.max_trips is not None and _trips_in(sequence) >= shift.max_trips:
        return Refusal(rule=Rule.WORKLOAD_CAP, visit=shift.id, amount=1)
    fixed = len(shift.committed)
    bare = sequence[:fixed] + [node for node in sequence[fixed:] if node >= 0]
    breaks = [~k for k in range(len(shift.breaks)) if ~k not in bare and shift.breaks[k].mandatory]
    refusals = (
        _refusal_at(network, s, bare, breaks, (trip, i, j))
        for i in range(fixed, len(bare) + 1)
        for j in range(i, len(bare) + 1)
    )
    return min(refusals, key=_distance)


def _refusal_at(
    network: Network, s: int, bare: Sequence, breaks: list[int], place: tuple[int, int, int]
) -> Refusal:
    trip, i, j = place
    new = [*bare[:i], 2 * trip, *bare[i:j], 2 * trip + 1, *bare[j:]]
    loads = load_refusal(network, s, [*new, *breaks])
    if loads is not None:
        return loads
    timing = timing_of(network, s, new)
    if isinstance(timing, Broken):
        return named(network, s, new, timing)
    # Without its pauses the route would work: there is no room left for one of them.
    return Refusal(rule=Rule.BREAK, visit=network.visit(network.problem.shifts[s], breaks[0]).id)


def _distance(refusal: Refusal) -> tuple[int, int]:
    """Seconds that are missing come nearest to success, then a pause, then places."""
    if refusal.amount and refusal.rule is not Rule.WORKLOAD_CAP:
        return 0, refusal.amount
    return (1 if refusal.rule is Rule.BREAK else 2), 0
