"""The best way to fit one more trip into a route, and to fit a route's breaks between its trips: exact.

Breaks stay where they are if that works and are otherwise placed anew in every possible way, so that "it
does not fit" is never said because of a pause that could have moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import NamedTuple

from dispatch.engine.cost import people_parts, way_parts
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.network import Network, Sequence, boarding
from dispatch.engine.plan import Route
from dispatch.engine.room import Room
from dispatch.engine.schedule import (
    Broken,
    lay_out,
    least_starts,
    load_refusal,
    order_refusal,
    route_of,
    timing_of,
)

TRIED_ORDERS = 5  # people on board whose drop-offs are tried in every order: 120


class Fit(NamedTuple):
    """A feasible sequence of one shift and its price."""

    sequence: Sequence
    cost: int


def fit_of(network: Network, s: int, sequence: Sequence) -> Fit | None:
    """The price of a sequence if it can be timed; an empty round (breaks alone) is no round."""
    if not boarding(sequence):
        sequence = network.sequence(network.problem.shifts[s], network.problem.shifts[s].committed)
    trips = boarding(sequence)
    if trips:
        return _priced(network, s, sequence, sum(people_parts(network, s, trips)))
    return None if isinstance(timing_of(network, s, sequence), Broken) else Fit(sequence, 0)


def route_for(network: Network, s: int, sequence: Sequence) -> Route:
    """The sequence with its times. Raises InvalidPlanError when no schedule keeps it."""
    timing = timing_of(network, s, sequence)
    if isinstance(timing, Broken):
        shift = network.problem.shifts[s]
        raise InvalidPlanError(f"The route of shift {shift.id} breaks a rule: {timing.rule}.")
    return route_of(network, s, sequence, timing)


def best_fit(room: Room, trip: int) -> Fit | None:
    """The cheapest feasible sequence of the room's shift with the trip in it; None when there is none.

    "Cheapest" among those that leave the breaks where they are, and only if there is none of these, among
    all ways to set the breaks anew.
    """
    network, s, shift = room.network, room.s, room.shift
    if network.refused[s][trip] is not None:
        return None
    if shift.max_trips is not None and len(room.trips) >= shift.max_trips:
        return None
    if not room.bare.places(trip):
        return None
    if room.trips:
        fit = _cheapest(network, s, _ways(room, trip))
        if fit is not None or not shift.breaks:
            return fit
    return _cheapest(network, s, _ways_with_breaks(room.bare, trip))


def rested(network: Network, s: int, sequence: Sequence) -> Fit | None:
    """The sequence with its breaks as they are, or set anew where one is missing or that is the only way."""
    breaks = network.problem.shifts[s].breaks
    missing = [k for k in range(len(breaks)) if ~k not in sequence]
    is_driven = bool(boarding(sequence))
    is_owed = is_driven and any(breaks[k].mandatory for k in missing)
    fit = None if is_owed else fit_of(network, s, sequence)
    if not is_driven or (fit is not None and not missing):
        return fit
    bare = Room(network, s, sequence).bare
    placed = _placements(network, s, bare.sequence, _open_breaks(bare))
    anew = _cheapest(network, s, ((bare.driven, full) for full in placed))
    if is_owed:
        return anew
    found = [candidate for candidate in (fit, anew) if candidate is not None]
    return min(found, key=lambda candidate: candidate.cost, default=None)


def valid_fit(network: Network, s: int, sequence: Sequence) -> Fit | None:
    """`rested` for an order of visits that comes from outside: None when it breaks any hard rule."""
    missing = [~k for k in range(len(network.problem.shifts[s].breaks)) if ~k not in sequence]
    if order_refusal(network, s, sequence) or load_refusal(network, s, [*sequence, *missing]):
        return None
    return rested(network, s, sequence)


def begun(network: Network, s: int) -> Sequence | None:
    """What a shift is bound to do: its committed visits, then the drop-offs and breaks these call for.

    None when no schedule keeps them. Up to `TRIED_ORDERS` open drop-offs are ordered exactly, more by
    the ends of their windows.
    """
    shift = network.problem.shifts[s]
    done = network.sequence(shift, shift.committed)
    if not boarding(done):
        return done
    open_drops = [2 * trip + 1 for trip in boarding(done) if 2 * trip + 1 not in done]
    open_drops.sort(key=lambda node: (network.latest[node], node))
    orders: Iterable[tuple[int, ...]] = (tuple(open_drops),)
    if len(open_drops) <= TRIED_ORDERS:
        orders = permutations(open_drops)
    fits = (rested(network, s, [*done, *order]) for order in orders)
    found = [fit for fit in fits if fit is not None]
    return min(found, key=lambda fit: fit.cost).sequence if found else None


def _ways(room: Room, trip: int) -> Iterator[tuple[int, Sequence]]:
    """(driven seconds, sequence), from the shortest on."""
    for added, i, j in room.places(trip):
        yield room.driven + added, room.with_trip(trip, i, j)


def _ways_with_breaks(bare: Room, trip: int) -> Iterator[tuple[int, Sequence]]:
    breaks = _open_breaks(bare)
    for driven, sequence in _ways(bare, trip):
        for full in _placements(bare.network, bare.s, sequence, breaks):
            yield driven, full


def _open_breaks(bare: Room) -> list[int]:
    return [~k for k in range(len(bare.shift.breaks)) if ~k not in bare.sequence]


def _cheapest(network: Network, s: int, ways: Iterator[tuple[int, Sequence]]) -> Fit | None:
    """The best of sequences that carry the same trips; stops when driving alone costs more than the best."""
    weight = network.problem.settings.weights.driving_per_s
    best: Fit | None = None
    people: int | None = None
    for driven, sequence in ways:
        if people is None:
            people = sum(people_parts(network, s, boarding(sequence)))
        if best is not None and people + weight * driven >= best.cost:
            break
        fit = _priced(network, s, sequence, people)
        if fit is not None and (best is None or fit.cost < best.cost):
            best = fit
    return best


def _priced(network: Network, s: int, sequence: Sequence, people: int) -> Fit | None:
    """The fit of a sequence, `people` being the part of its price that order and times do not change."""
    timing = timing_of(network, s, sequence)
    if isinstance(timing, Broken):
        return None
    way = way_parts(network, s, sequence, timing.starts, timing.waiting)
    return Fit(sequence, people + sum(way))


def _placements(
    network: Network, s: int, sequence: Sequence, breaks: list[int]
) -> Iterator[Sequence]:
    """Each way to set the breaks between visits with nobody on board, then without the optional ones."""
    if not breaks:
        yield sequence
        return
    shift = network.problem.shifts[s]
    pause, rest = shift.breaks[~breaks[0]], breaks[1:]
    layout = lay_out(network, s, sequence)
    starts = least_starts(network, s, layout, sequence)
    if isinstance(starts, Broken):
        return
    on_board, free = 0, shift.start_s
    for position in range(len(sequence) + 1):
        lasts = 0
        if position:
            before = sequence[position - 1]
            if starts[position - 1] > pause.latest_s:
                break
            on_board += 0 if before < 0 else -1 if before & 1 else 1
            lasts = network.service[before] if before >= 0 else shift.breaks[~before].duration_s
            free = starts[position - 1] + lasts
        rested_s = (
            max(free, pause.earliest_s) + pause.duration_s
        )  # no schedule is done with it earlier
        is_early = (
            position < len(sequence)
            and rested_s + layout.gaps[position] - lasts > layout.high[position]
        )
        if position >= len(shift.committed) and not is_early and not on_board:
            paused = [*sequence[:position], breaks[0], *sequence[position:]]
            yield from _placements(network, s, paused, rest)
    if not pause.mandatory:
        yield from _placements(network, s, sequence, rest)
