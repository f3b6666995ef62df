"""The network as arrays: all that the compiled search knows of a problem.

Nodes 0 … 2n-1 are stops (trip i: pickup 2i, drop-off 2i + 1); node 2n + b is the b-th break of all shifts,
counted shift by shift. Times are seconds, prices the currency of `Weights`, all int64 unless said otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.engine.fairness import FULL_SHIFT_S
from dispatch.engine.network import Network
from dispatch.engine.problem import Shift
from dispatch.engine.travel import FREE_FLOW_PERMILLE

Ints = NDArray[np.int64]
Narrow = NDArray[np.int32]
Flags = NDArray[np.uint8]
FAR = 1 << 60  # no price, no second is as large
MOST_OF_A_LEG = 1 << 28  # eight years of driving: four such legs fit into 32 bits


class Tables(NamedTuple):
    """One problem; n trips, S shifts, B breaks, C ways to set places, K = 2n + B nodes."""

    drive: Narrow  # (2n, 2n) seconds from stop to stop
    drive_to: Narrow  # (2n, 2n) the same by goals: all ways to one stop lie side by side
    way: Narrow  # (2n, 2n) price of a leg
    way_to: Narrow  # (2n, 2n) by goals
    from_base: Ints  # (2n, S) seconds
    to_base: Ints  # (2n, S)
    way_out: Ints  # (2n, S) price of the leg from the base
    way_home: Ints  # (2n, S)
    place: Ints  # (2n,) location: between two trips at different ones the margin counts
    margin: int
    low: Ints  # (K,) earliest start
    high: Ints  # (K,) latest start
    service: Ints  # (K,) seconds of service, or of the pause
    limit: Ints  # (n,) longest ride, from the end of boarding to the start of alighting
    direct: Ints  # (n,) seconds of the ride alone
    ready: Ints  # (n,) since when the patient waits for the vehicle, FAR: waits at home
    load: Ints  # (n, 4)
    places: (
        Ints  # (S, C, 4) what each way of setting the places offers; unused ways repeat the first
    )
    share: Flags  # (n, n) whether two may be on board together
    fit: Flags  # (n, S) whether the shift may carry the trip at all
    people: Ints  # (n, S) price of this driver for this trip
    fair: Ints  # (S, n + 1) price of a route's number of trips, with what the shift costs at all
    unserved: Ints  # (n,)
    mate_from: Ints  # (n + 1,) where a trip's mates begin in `mate_of`
    mate_of: Ints  # trips that ask for the same driver
    apart: int  # price of a separated pair
    driver: Ints  # (S,)
    kind: Ints  # (S,) the first shift that is like this one while both are empty
    begins: Ints  # (S,)
    ends: Ints  # (S,)
    rostered: Ints  # (S,) rostered end, FAR where nobody may work beyond it
    lasts: Ints  # (S,) longest duration
    most: Ints  # (S,) most trips
    fixed: Ints  # (S,) committed nodes
    owner: Ints  # (B,) shift of each break
    rest_from: Ints  # (S + 1,) where a shift's breaks begin
    missing: Ints  # (B,) price of a break left out
    excess: int  # price of a second on board beyond the direct ride
    waiting: int  # price of an idle second
    patient_wait: int  # price of a second that a patient who is ready waits, 0 where nobody does
    overtime: int  # price of a second beyond the rostered end, 0 where no shift can have any


def tables_of(network: Network, *, longest: int) -> Tables:
    """Arrays of the whole problem; windows are tightened, which takes no plan away; `longest`: trips a shift at most.

    What is asked about one trip lies side by side: a search asks many shifts and stops about a trip in turn. Raises
    ValueError where a leg takes or costs more than `_narrow` holds.
    """
    problem = network.problem
    weights, shifts, trips = problem.settings.weights, problem.shifts, problem.trips
    low, high, service = _ints(network.earliest), _ints(network.latest), _ints(network.service)
    limit, direct = _ints(network.ride_limit), _ints(network.direct)
    breaks = [(s, pause) for s, shift in enumerate(shifts) for pause in shift.breaks]
    unserved = _ints([weights.unserved(trip.priority) for trip in trips])
    priceless = 2 * int(unserved.sum()) + 1  # no trips are worth a mandatory break, all together
    stops = (len(shifts), len(network.stops))
    drive = _drive(network)
    _tighten(low, high, service[0::2], limit, _least_ways(drive))
    from_base = _ints(network.from_base).reshape(stops)
    to_base = _ints(network.to_base).reshape(stops)
    ways = _Ways(network)
    pairs = (len(shifts), len(trips))
    calls = any(trip.ready_s is not None for trip in trips)
    over = any(shift.most_overtime_s for shift in shifts)
    seconds, prices = _both_ways(drive, ways.between(drive))
    return Tables(
        drive=seconds[0],
        drive_to=seconds[1],
        way=prices[0],
        way_to=prices[1],
        from_base=_by_trip(from_base),
        to_base=_by_trip(to_base),
        way_out=_by_trip(ways.out(from_base)),
        way_home=_by_trip(ways.home(to_base)),
        place=_ints(network.location),
        margin=problem.settings.transition_margin_s,
        low=np.append(low, _ints([pause.earliest_s for _, pause in breaks])),
        high=np.append(high, _ints([pause.latest_s for _, pause in breaks])),
        service=np.append(service, _ints([pause.duration_s for _, pause in breaks])),
        limit=limit,
        direct=direct,
        ready=_ints([FAR if trip.ready_s is None else trip.ready_s for trip in trips]),
        load=_ints([trip.load for trip in trips]).reshape(len(trips), 4),
        places=_places(shifts),
        share=_shares(network),
        fit=np.ascontiguousarray(
            np.array([[rule is None for rule in row] for row in network.refused], dtype=np.uint8)
            .reshape(pairs)
            .T
        ),
        people=_by_trip(
            _ints(network.not_preferred).reshape(pairs) + _ints(network.moved).reshape(pairs)
        ),
        fair=_ints([_prices_of_loads(network, shift) for shift in shifts]).reshape(
            len(shifts), len(trips) + 1
        ),
        unserved=unserved,
        mate_from=_ints(list(accumulate(map(len, network.companions), initial=0))),
        mate_of=_ints([other for mates in network.companions for other in mates]),
        apart=weights.not_same_driver,
        driver=_numbered([shift.driver for shift in shifts]),
        kind=_kinds(network),
        begins=_ints([shift.start_s for shift in shifts]),
        ends=_ints([shift.end_s for shift in shifts]),
        rostered=_ints([FAR if s.rostered_end_s is None else s.rostered_end_s for s in shifts]),
        lasts=_ints([FAR if s.max_duration_s is None else s.max_duration_s for s in shifts]),
        most=_ints([min(longest, longest if s.max_trips is None else s.max_trips) for s in shifts]),
        fixed=_ints([len(shift.committed) for shift in shifts]),
        owner=_ints([s for s, _ in breaks]),
        rest_from=_ints(list(accumulate((len(shift.breaks) for shift in shifts), initial=0))),
        missing=_ints(
            [priceless if pause.mandatory else weights.missed_optional_break for _, pause in breaks]
        ),
        excess=weights.excess_ride_per_s,
        waiting=weights.waiting_per_s,
        patient_wait=weights.patient_wait_per_s if calls else 0,
        overtime=weights.overtime_per_s if over else 0,
    )


def _tighten(low: Ints, high: Ints, board: Ints, limit: Ints, way: Ints) -> None:
    """What the ride of a trip implies for the windows of its ends (Cordeau 2006, time window tightening)."""
    low[0::2] = np.maximum(low[0::2], low[1::2] - limit - board)
    high[0::2] = np.minimum(high[0::2], high[1::2] - way - board)
    low[1::2] = np.maximum(low[1::2], low[0::2] + board + way)
    high[1::2] = np.minimum(high[1::2], high[0::2] + board + limit)


def _drive(network: Network) -> Ints:
    """`Network.drive` as one array, without a row of Python integers for each stop."""
    place = _ints(network.location)
    drive: Ints = _ints(network.problem.travel.seconds)[place[:, None], place[None, :]]
    drive *= -_ints(network.permille)[:, None]
    drive //= FREE_FLOW_PERMILLE  # floor of the negative: rounded up, as `Problem.leg_s` has it
    return np.negative(drive, out=drive)


def _least_ways(drive: Ints) -> Ints:
    """(n,) no ride is shorter, over whatever stops: the nearest leg from its pickup or to its drop-off.

    The direct way is no such bound: with traffic by the hour a detour can be the faster one.
    """
    diagonal = drive.diagonal().copy()
    np.fill_diagonal(drive, FAR)
    least = _ints(np.maximum(drive.min(axis=1)[0::2], drive.min(axis=0)[1::2]))
    np.fill_diagonal(drive, diagonal)
    return least


def _both_ways(drive: Ints, way: Ints) -> tuple[tuple[Narrow, Narrow], tuple[Narrow, Narrow]]:
    """Seconds and prices of legs, each by origins and by goals; where they are the same, so are the arrays."""
    by_origin = _narrow(drive)
    seconds = by_origin, np.ascontiguousarray(by_origin.T)
    if way is drive:
        return seconds, seconds
    by_origin = _narrow(way)
    return seconds, (by_origin, np.ascontiguousarray(by_origin.T))


def _narrow(legs: Ints) -> Narrow:
    """Half as wide, so that the ways of one stop stay near the processor; a few of them may be added up."""
    if legs.size and int(abs(legs).max()) > MOST_OF_A_LEG:
        raise ValueError(f"A leg of {int(abs(legs).max())} is more than the search can count.")
    return legs.astype(np.int32)


def _by_trip(table: Ints) -> Ints:
    return np.ascontiguousarray(table.T)


class _Ways:
    """Prices of legs: their seconds and, where a kilometre costs something, their metres."""

    def __init__(self, network: Network) -> None:
        problem = network.problem
        self._weights = problem.settings.weights
        self._metres = _ints(problem.travel.metres if self._weights.driving_per_km else ((0,),))
        self._place = _ints(network.location)
        self._starts = _ints([shift.start_location for shift in problem.shifts])
        self._finishes = _ints([shift.end_location for shift in problem.shifts])

    def between(self, seconds: Ints) -> Ints:
        return self._priced(seconds, self._place[:, None], self._place[None, :])

    def out(self, seconds: Ints) -> Ints:
        return self._priced(seconds, self._starts[:, None], self._place[None, :])

    def home(self, seconds: Ints) -> Ints:
        return self._priced(seconds, self._place[None, :], self._finishes[:, None])

    def _priced(self, seconds: Ints, origin: Ints, goal: Ints) -> Ints:
        if self._weights.driving_per_s == 1 and not self._weights.driving_per_km:
            return seconds  # one table in memory and not two
        priced = seconds * self._weights.driving_per_s
        if self._weights.driving_per_km and seconds.size:
            priced = priced + self._metres[origin, goal] * self._weights.driving_per_km // 1000
        return priced


def _places(shifts: tuple[Shift, ...]) -> Ints:
    most = max((len(shift.configurations) for shift in shifts), default=1)
    ways = [list(shift.configurations) for shift in shifts]
    full = [way + way[:1] * (most - len(way)) for way in ways]
    return _ints(full).reshape(len(shifts), most, 4)


def _shares(network: Network) -> Flags:
    trips = len(network.problem.trips)
    width = trips // 8 + 1
    packed = b"".join(mask.to_bytes(width, "little") for mask in network.share_mask)
    bits = np.frombuffer(packed, dtype=np.uint8).reshape(trips, width)
    return np.ascontiguousarray(np.unpackbits(bits, axis=1, count=trips, bitorder="little"))


def _prices_of_loads(network: Network, shift: Shift) -> list[int]:
    """As `cost` has it: nothing for no trip; else the shift itself and the square of its load."""
    weights, before = network.problem.settings.weights, shift.recent_trips
    duty_s = shift.end_s - shift.start_s + shift.recent_duty_s
    once = weights.emergency_shift * shift.is_emergency + weights.used_shift
    steps = range(before + 1, before + len(network.problem.trips) + 1)
    per_square = weights.fairness_per_trip_squared
    return [0] + [
        once + per_square * (after**2 - before**2) * FULL_SHIFT_S // duty_s for after in steps
    ]


def _kinds(network: Network) -> Ints:
    known: dict[object, int] = {}
    shifts = range(len(network.problem.shifts))
    return _ints([known.setdefault(_nature(network, s), s) for s in shifts])


def _nature(network: Network, s: int) -> object:
    """All that tells one empty shift from another; who drives matters where two trips ask for the same."""
    shift = network.problem.shifts[s]
    breaks = tuple(replace(pause, id=str(k)) for k, pause in enumerate(shift.breaks))
    driver = shift.driver if network.paired else ""
    bare = replace(shift, id="any", driver=driver, vehicle="", breaks=breaks)
    return bare, tuple(network.refused[s]), tuple(network.not_preferred[s]), tuple(network.moved[s])


def _ints(values: object) -> Ints:
    return np.array(values, dtype=np.int64)


def _numbered(names: list[str]) -> Ints:
    known = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return _ints([known[name] for name in names])
