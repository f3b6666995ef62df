"""Where one trip fits into the routes there are, what that costs, and if nowhere: what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dispatch.engine.cost import route_cost, separation_cost
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.fitting import begun, best_fit, fit_of, rested, route_for
from dispatch.engine.network import Network, Sequence, network_of
from dispatch.engine.plan import Plan, Route, Unassigned
from dispatch.engine.problem import Problem
from dispatch.engine.room import Room
from dispatch.engine.schedule import Broken, Refusal, boarding_rule, named, timing_of
from dispatch.enums import Rule

NEAR_S = 3600  # nobody waits for longer: then who is in the vehicle instead is the better answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Insertion:
    """A feasible way to add a trip: the shift, the places in its new route, what it adds to the price."""

    trip: str
    shift: str
    pickup_at: int
    dropoff_at: int
    added_cost: int
    route: Route


def best_insertions(
    problem: Problem, plan: Plan, trip_id: str, *, limit: int = 3
) -> tuple[Insertion, ...]:
    """The cheapest way into each shift that can take the trip, cheapest first, at most `limit`.

    The plan must be valid; the trip may stand in it as unassigned or not at all.
    """
    openings = Openings(problem, plan)
    offers = openings.offers(trip_id, (shift.id for shift in problem.shifts))
    found = sorted(offers, key=lambda offer: (offer.added_cost, offer.shift))
    return tuple(openings.insertion(trip_id, offer) for offer in found[:limit])


def try_insertion(problem: Problem, plan: Plan, trip_id: str, shift_id: str) -> Insertion | Refusal:
    """The best position in this shift, or the refusal that came nearest to success.

    `added_cost` is what the trip adds to `cost.score`, its own price of staying unserved left aside.
    """
    return Openings(problem, plan).answer(trip_id, shift_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The best place of a trip in one shift, before anybody asks for its times."""

    shift: str
    added_cost: int
    sequence: Sequence


class Openings:
    """A plan whose routes are made ready for insertions, each when it is first asked for.

    To ask about many trips of one plan: what is known of a route is the same for all of them. `prices`: of routes that
    were priced already, by shift.
    """

    def __init__(
        self, problem: Problem, plan: Plan, prices: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        self.problem, self.plan, self.network = problem, plan, network_of(problem)
        self._prices = prices
        self._rooms: dict[str, Room] = {}

    def room(self, shift_id: str) -> Room:
        if shift_id not in self._rooms:
            s = self.network.shift_index[shift_id]
            sequence = sequence_in(self.network, self.plan, s)
            self._rooms[shift_id] = Room(self.network, s, sequence)
        return self._rooms[shift_id]

    def offer(self, trip_id: str, shift_id: str) -> Offer | None:
        """The best position in this shift, None when there is none."""
        room, trip = self.room(shift_id), self.network.trip_index[trip_id]
        fit = best_fit(room, trip)
        if fit is None:
            return None
        drivers = _companions_drivers(self.network, self.plan, trip)
        separated = separation_cost(self.network, trip, room.shift.driver, drivers)
        priced = self._prices.get(shift_id)
        before = _cost_before(self.problem, self.plan, room) if priced is None else priced
        added = fit.cost - before + separated
        return Offer(shift=shift_id, added_cost=added, sequence=fit.sequence)

    def offers(self, trip_id: str, shifts: Iterable[str]) -> list[Offer]:
        """Of each of these that can take the trip."""
        tries = (self.offer(trip_id, shift) for shift in shifts)
        return [offer for offer in tries if offer is not None]

    def insertion(self, trip_id: str, offer: Offer) -> Insertion:
        """The offer with its times."""
        trip, s = self.network.trip_index[trip_id], self.network.shift_index[offer.shift]
        return Insertion(
            trip=trip_id,
            shift=offer.shift,
            pickup_at=offer.sequence.index(2 * trip),
            dropoff_at=offer.sequence.index(2 * trip + 1),
            added_cost=offer.added_cost,
            route=route_for(self.network, s, offer.sequence),
        )

    def ask(self, trip_id: str, shift_id: str) -> Insertion | None:
        """The best position in this shift, None when there is none."""
        found = self.offer(trip_id, shift_id)
        return None if found is None else self.insertion(trip_id, found)

    def answer(self, trip_id: str, shift_id: str) -> Insertion | Refusal:
        """The best position in this shift, or the refusal that came nearest to success."""
        return self.ask(trip_id, shift_id) or self.refusal(trip_id, shift_id)

    def refusal(self, trip_id: str, shift_id: str) -> Refusal:
        """The refusal that came nearest to success, of a shift that has no place for the trip."""
        return nearest_refusal(self.room(shift_id), self.network.trip_index[trip_id])


def _companions_drivers(network: Network, plan: Plan, trip: int) -> dict[int, str]:
    """Who drives those that want to share a driver with the trip."""
    problem = network.problem
    shifts = (
        (other, plan.shift_of.get(problem.trips[other].id)) for other in network.companions[trip]
    )
    return {
        other: problem.shift_by_id[shift].driver for other, shift in shifts if shift is not None
    }


def _cost_before(problem: Problem, plan: Plan, room: Room) -> int:
    """The price of the shift's route as the plan has it, or of what it is bound to do anyway."""
    route = plan.route_of.get(room.shift.id)
    if route is not None and route.visits:
        return route_cost(problem, route)
    owed = fit_of(room.network, room.s, room.sequence)
    return 0 if owed is None else owed.cost


def with_insertion(plan: Plan, insertion: Insertion) -> Plan:
    """The plan with that trip driven as the insertion says."""
    others = tuple(route for route in plan.routes if route.shift != insertion.shift)
    left = tuple(item for item in plan.unassigned if item.trip != insertion.trip)
    return Plan(routes=(*others, insertion.route), unassigned=left)


def without_trip(problem: Problem, plan: Plan, trip_id: str, *, reason: Rule) -> Plan:
    """The plan with the trip taken out (its route timed anew) and listed as unassigned for `reason`.

    Raises InvalidPlanError when the rest of the route cannot be driven any more: rare, but a pause that
    was taken half-way to this trip may then leave too little time for the whole way.
    """
    network = network_of(problem)
    shift_id = plan.shift_of[trip_id]
    s = network.shift_index[shift_id]
    fit = rested(network, s, without(sequence_in(network, plan, s), network.trip_index[trip_id]))
    if fit is None:
        raise InvalidPlanError(
            f"Without trip {trip_id} the route of shift {shift_id} does not work."
        )
    routes = tuple(
        route_for(network, s, fit.sequence) if route.shift == shift_id else route
        for route in plan.routes
    )
    return Plan(
        routes=routes, unassigned=(*plan.unassigned, Unassigned(trip=trip_id, reason=reason))
    )


def sequence_in(network: Network, plan: Plan, s: int) -> Sequence:
    """The shift's sequence in this plan; without a route there, what it is bound to do.

    Raises InvalidPlanError when no schedule keeps what the shift has begun.
    """
    shift = network.problem.shifts[s]
    route = plan.route_of.get(shift.id)
    if route is not None and route.visits:
        return network.sequence(shift, (timed.visit for timed in route.visits))
    owed = begun(network, s)
    if owed is None:
        raise InvalidPlanError(f"What shift {shift.id} has begun breaks a rule.")
    return owed


def without(sequence: Sequence, trip: int) -> Sequence:
    return [node for node in sequence if node >> 1 != trip or node < 0]


def nearest_refusal(room: Room, trip: int) -> Refusal:
    """The refusal that came nearest to success over all positions: least missing time, else what else.

    For a trip that `best_fit` found no place for.
    """
    network, s, shift = room.network, room.s, room.shift
    rule = network.refused[s][trip]
    if rule is not None:
        return Refusal(rule=rule, visit=network.problem.trips[trip].id)
    if shift.max_trips is not None and len(room.trips) >= shift.max_trips:
        return Refusal(rule=Rule.WORKLOAD_CAP, visit=shift.id, amount=1)
    off_duty_s = _off_duty_s(room, trip)
    if off_duty_s > NEAR_S:  # nearer than that, the missing minutes say more
        return Refusal(rule=Rule.SHIFT, visit=shift.id, amount=off_duty_s)
    return min(_refusals(room.bare, trip), key=_distance)


def _off_duty_s(room: Room, trip: int) -> int:
    """By how much an otherwise empty shift starts too late or ends too early for the trip."""
    network, s, shift = room.network, room.s, room.shift
    pickup, dropoff = 2 * trip, 2 * trip + 1
    at_pickup = shift.start_s + network.from_base[s][pickup]
    boarded = max(at_pickup, network.earliest[pickup]) + network.service[pickup]
    at_dropoff = max(boarded + network.drive[pickup][dropoff], network.earliest[dropoff])
    home = at_dropoff + network.service[dropoff] + network.to_base[s][dropoff]
    return max(at_pickup - network.latest[pickup], home - shift.end_s)


def _refusals(bare: Room, trip: int) -> Iterator[Refusal]:
    """The refusals of all positions; drop-offs further on are skipped where they would be refused alike."""
    last = len(bare.sequence)
    for i in range(bare.fixed, last + 1):
        for j in range(i, last + 1):
            refusal, is_settled = _refusal_at(bare, trip, i, j)
            yield refusal
            if is_settled:
                break


def _refusal_at(bare: Room, trip: int, i: int, j: int) -> tuple[Refusal, bool]:
    """The refusal of one position, and whether every later drop-off of this pickup meets the same one.

    For a drop-off behind one that nobody on board refused: a longer ride meets the same people and more.
    """
    network, s, shift = bare.network, bare.s, bare.shift
    aboard = _aboard_refusal(bare, trip, i, j)
    if aboard is not None:
        return aboard, True
    new = bare.with_trip(trip, i, j)
    timing = timing_of(network, s, new)
    if isinstance(timing, Broken):
        is_before_boarding = timing.rule is Rule.TIME_WINDOW and timing.position <= i
        return named(network, s, new, timing), is_before_boarding
    # Without its pauses the route would work: there is no room left for one of them.
    pause = next(p for k, p in enumerate(shift.breaks) if p.mandatory and ~k not in new)
    return Refusal(rule=Rule.BREAK, visit=pause.id), False


def _aboard_refusal(bare: Room, trip: int, i: int, j: int) -> Refusal | None:
    """Who cannot be on board together: when the trip boards (j = i), or with who boards just before j."""
    network, trips = bare.network, bare.network.problem.trips
    boards, others = trip, bare.on_board[i]
    if j > i:
        node = bare.sequence[j - 1]
        if node & 1:
            return None
        boards, others = node >> 1, bare.on_board[j - 1] | 1 << trip
    rule = boarding_rule(network, bare.s, boards, bare.loads[j].plus(trips[trip].load), others)
    return None if rule is None else Refusal(rule=rule, visit=trips[boards].id)


def _distance(refusal: Refusal) -> tuple[int, int]:
    """Missing seconds come nearest to success, then a pause, then places; hours that are missing come last."""
    if refusal.rule is Rule.BREAK and not refusal.amount:
        return 1, 0
    if not refusal.amount:
        return 2, 0
    return (0 if refusal.amount <= NEAR_S else 3), refusal.amount
