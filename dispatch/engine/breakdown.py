"""Who takes over the journeys of a vehicle or a driver that drops out: each stranded trip with its priced ways on.

People on board come first, fetched where the vehicle stands; then the pickups of the next two hours; then the
rest. Inside each of these the trip that would miss its best way the most is decided first (regret, Potvin &
Rousseau 1993), and every later one is priced beside what was decided before it, so that the proposed ways can
be driven together; at the end it is tried whether some of them weigh less in one tour. The routes of others keep their order and their committed visits; a stranded trip alone may
be late, and then by the least that its route allows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import NamedTuple

from dispatch.engine.cost import driven_metres, driven_seconds, separation_cost
from dispatch.engine.draft import finished
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.explain import unassigned_reason
from dispatch.engine.fitting import Fit, best_fit, fit_of
from dispatch.engine.insertion import sequence_in
from dispatch.engine.network import Network, boarding, network_of
from dispatch.engine.plan import Plan
from dispatch.engine.problem import DAY_S, Problem, Stop, Trip, middle_s
from dispatch.engine.rescue import (
    Breakdown,
    Choice,
    Line,
    NoLongerFitsError,
    Option,
    Rescue,
    Stranded,
    Urgency,
)
from dispatch.engine.room import Room
from dispatch.engine.rules import hard_violations
from dispatch.engine.schedule import Broken, Timing, lay_out, least_starts, timing_of
from dispatch.enums import Means

SOON_S = 2 * 3600
NOTICED_S = 60  # less than that moves nobody
LATEST_MIN = (0, 5, 10, 15, 20, 30, 40, 50, 60, 75, 90, 120, 150, 180, 240)
IN_TIME = (0,)
ENOUGH_IN_TIME = 3  # so many shifts keep the promise: the late ones are not asked
MOST_SHOWN = {Means.INSERT: 3, Means.NEW_RUN: 2, Means.PARTNER: 1}
HOUR_S, KM_M = 3600, 1000
NO_CHOICE = 1 << 60


def propose(breakdown: Breakdown) -> Rescue:
    """The cheapest way on for every stranded trip, together. Deterministic; no randomness, no clock."""
    fresh = _Desk(breakdown)
    desk = fresh.twin()
    lines: list[Line] = []
    for urgency in Urgency:
        waiting = [one for one in breakdown.stranded if _urgency(breakdown, one) is urgency]
        lines += desk.decide(waiting, urgency)
    ways = _Together(fresh, lines).ways()
    if ways == _ways_of(lines):
        return desk.rescue(lines)
    shown = [line for way in ways if (line := fresh.taken(way)) is not None]
    served = {line.trip for line in shown}
    return fresh.rescue([*shown, *(line for line in lines if line.trip not in served)])


def price(breakdown: Breakdown, order: Iterable[str], chosen: Mapping[str, Choice]) -> Rescue:
    """Every line as it is with these ways, decided in this order: each priced beside those before it, as `settle` does.

    Nothing is taken of a trip that has no way here, or whose way does not fit any more: its line is left.
    """
    desk = _Desk(breakdown)
    return desk.rescue(
        [
            (desk.taken(chosen[trip]) if trip in chosen else None) or desk.left(desk.by_trip[trip])
            for trip in order
        ]
    )


def settle(breakdown: Breakdown, chosen: Sequence[Choice]) -> Rescue:
    """Exactly these ways, one after the other: with `Rescue.choices` of the same breakdown, the same plan.

    Stranded trips that are not named stay without a driver. Raises NoLongerFitsError with all that do not fit.
    """
    desk = _Desk(breakdown)
    lines: list[Line] = []
    misfits: list[str] = []
    for choice in chosen:
        one = desk.by_trip.get(choice.trip)
        offer = None if one is None else desk.offer(one, choice.means, choice.shift)
        if one is None or offer is None:
            misfits.append(choice.trip)
            continue
        desk.take(offer)
        urgency = _urgency(breakdown, one)
        lines.append(Line(trip=one.trip, urgency=urgency, options=(offer.option,)))
    if misfits:
        raise NoLongerFitsError(tuple(misfits))
    return desk.rescue(lines)


def _urgency(breakdown: Breakdown, one: Stranded) -> Urgency:
    if one.is_aboard:
        return Urgency.ABOARD
    begins_s = breakdown.problem.trip_by_id[one.trip].pickup.earliest_s
    return Urgency.SOON if begins_s < breakdown.since_s + SOON_S else Urgency.LATER


class _Offer(NamedTuple):
    """An option, and what taking it makes of its shift's route (`s` is None for the partner)."""

    option: Option
    s: int | None = None
    sequence: tuple[int, ...] = ()
    trip: Trip | None = None


@dataclass
class _Waiting:
    one: Stranded
    by_shift: dict[int, _Offer] = field(default_factory=dict)
    partner: _Offer | None = None
    latest: tuple[int, ...] = LATEST_MIN

    @property
    def offers(self) -> list[_Offer]:
        found = [*self.by_shift.values(), *([] if self.partner is None else [self.partner])]
        return sorted(found, key=lambda offer: offer.option.rank)

    @property
    def regret(self) -> int:
        weights = [offer.option.weight for offer in self.offers]
        if not weights:
            return -1
        return NO_CHOICE if len(weights) == 1 else weights[1] - weights[0]


class _Desk:
    """The routes as decided so far."""

    def __init__(self, breakdown: Breakdown) -> None:
        self.of, problem = breakdown, breakdown.problem
        self.by_trip = {one.trip: one for one in breakdown.stranded}
        self.network = network_of(problem)
        shifts = range(len(problem.shifts))
        self.sequences = [sequence_in(self.network, breakdown.plan, s) for s in shifts]
        self.open = [s for s in shifts if problem.shifts[s].id not in breakdown.closed]
        self.rooms: dict[int, Room] = {}
        self.settled: dict[str, Trip] = {}
        self.driver_of = {
            trip: problem.shifts[s].driver for s in shifts for trip in boarding(self.sequences[s])
        }

    def twin(self) -> _Desk:
        """Decides on its own from here on."""
        twin = copy(self)
        twin.sequences, twin.rooms = list(self.sequences), dict(self.rooms)
        twin.settled, twin.driver_of = dict(self.settled), dict(self.driver_of)
        return twin

    def taken(self, way: Choice) -> Line | None:
        """This way, taken, and the others that the trip has beside what was decided before it; None if it does not fit."""
        one = self.by_trip.get(way.trip)
        offer = None if one is None else self.offer(one, way.means, way.shift)
        if one is None or offer is None:
            return None
        others = self._asked(one).offers
        self.take(offer)
        rest = [other for other in others if other.option.key != offer.option.key]
        return Line(trip=one.trip, urgency=_urgency(self.of, one), options=_shown([offer, *rest]))

    def left(self, one: Stranded) -> Line:
        """Nothing of it is taken."""
        ways = _shown(self._asked(one).offers)
        return Line(trip=one.trip, urgency=_urgency(self.of, one), options=ways, is_left=True)

    def rescue(self, lines: Iterable[Line]) -> Rescue:
        """With the reasons of what nobody takes, which are sought in the day as it was left.

        Raises InvalidPlanError when the plan breaks a hard rule: it never leaves then.
        """
        trips = (self.settled.get(trip.id, trip) for trip in self.of.problem.trips)
        problem = replace(self.of.problem, trips=tuple(trips))
        plan = finished(self.network, self.sequences)
        if broken := hard_violations(problem, plan):
            raise InvalidPlanError(f"The rescue breaks a rule: {broken[0].rule}.")
        told = tuple(
            line if line.options else self._explained(problem, plan, line) for line in lines
        )
        return Rescue(lines=told, problem=problem, plan=plan)

    def _explained(self, problem: Problem, plan: Plan, line: Line) -> Line:
        """Shifts that take nobody are not asked, nor spoken of."""
        closed = self.of.closed
        gone = {trip for trip, shift in plan.shift_of.items() if shift in closed}
        trips = (trip for trip in problem.trips if trip.id not in gone)
        asked = replace(
            problem,
            shifts=tuple(shift for shift in problem.shifts if shift.id not in closed),
            trips=tuple(
                replace(trip, pinned_shift=None) if trip.pinned_shift in closed else trip
                for trip in trips
            ),
        )
        routes = tuple(route for route in plan.routes if route.shift not in closed)
        rest = Plan(routes=routes, unassigned=plan.unassigned)
        return replace(line, reason=unassigned_reason(asked, rest, line.trip))

    def decide(self, stranded: Sequence[Stranded], urgency: Urgency) -> Iterator[Line]:
        """One line for each, in the order decided."""
        waiting = {one.trip: self._asked(one) for one in stranded}
        while waiting:
            trip = max(waiting, key=lambda t: (waiting[t].regret, -waiting[t].one.promised_to_s, t))
            offers = waiting.pop(trip).offers
            yield Line(trip=trip, urgency=urgency, options=_shown(offers))
            if not offers:
                continue
            self.take(offers[0])
            for other in waiting:
                waiting[other] = self._ask_again(waiting[other], offers[0].s)

    def _asked(self, one: Stranded) -> _Waiting:
        """Those who keep the promise; the late ones as well where these are few, and for people on the road."""
        waiting = _Waiting(one, partner=self._by_partner(one))
        if not one.is_aboard:
            waiting.by_shift = self._asked_of(self.open, one, IN_TIME)
            if len(waiting.by_shift) >= ENOUGH_IN_TIME:
                return replace(waiting, latest=IN_TIME)
        others = [s for s in self.open if s not in waiting.by_shift]
        waiting.by_shift |= self._asked_of(others, one, LATEST_MIN)
        return waiting

    def _asked_of(
        self, shifts: Iterable[int], one: Stranded, latest: Sequence[int]
    ) -> dict[int, _Offer]:
        found = ((s, self._by_shift(one, s, latest)) for s in shifts)
        return {s: offer for s, offer in found if offer is not None}

    def _ask_again(self, waiting: _Waiting, s: int | None) -> _Waiting:
        """Only the route that has changed gives another answer; a fuller one hardly ever takes whom it refused."""
        if s is None or s not in waiting.by_shift:
            return waiting
        offer = self._by_shift(waiting.one, s, waiting.latest)
        if offer is not None:
            waiting.by_shift[s] = offer
            return waiting
        del waiting.by_shift[s]
        is_short = waiting.latest is IN_TIME and len(waiting.by_shift) < ENOUGH_IN_TIME
        return self._asked(waiting.one) if is_short else waiting

    def offer(self, one: Stranded, means: Means, shift: str) -> _Offer | None:
        """This way and no other."""
        if means is Means.PARTNER:
            return self._by_partner(one)
        s = self.network.shift_index.get(shift)
        return None if s is None or s not in self.open else self._by_shift(one, s, LATEST_MIN)

    def take(self, offer: _Offer) -> None:
        if offer.s is None or offer.trip is None:
            return
        trip = self.network.trip_index[offer.trip.id]
        self.network = self.network.with_trip(trip, offer.trip)
        self.sequences[offer.s] = list(offer.sequence)
        self.settled[offer.trip.id] = offer.trip
        self.driver_of[trip] = self.of.problem.shifts[offer.s].driver
        self.rooms.pop(offer.s, None)

    def _room(self, s: int) -> Room:
        if s not in self.rooms:
            self.rooms[s] = Room(self.network, s, self.sequences[s])
        return self.rooms[s]

    def _by_shift(self, one: Stranded, s: int, latest: Sequence[int]) -> _Offer | None:
        """With the least lateness, in steps of `latest`, with which the trip finds a place in the route."""
        i = self.network.trip_index[one.trip]
        if self.network.refused[s][i] is not None:
            return None
        fits: dict[int, Fit | None] = {}

        def fit(minutes: int) -> Fit | None:
            if minutes not in fits:
                view = self.network.with_trip(i, self._until(one, minutes * 60))
                fits[minutes] = best_fit(self._room(s).beside(view), i)
            return fits[minutes]

        if fit(latest[-1]) is None:
            return None
        step = bisect_left(latest, True, key=lambda minutes: fit(minutes) is not None)
        found = fit(latest[step])
        assert found is not None  # more never helps less, and the last step helped
        return self._offered(one, s, found.sequence, self._until(one, latest[step] * 60))

    def _until(self, one: Stranded, late_s: int) -> Trip:
        """The trip as it was asked for, but so much later; who is on the road arrives whenever they can."""
        trip = self.of.problem.trip_by_id[one.trip]
        last_s = self.of.since_s + DAY_S if one.is_aboard else trip.dropoff.latest_s + late_s
        return replace(
            trip,
            pickup=_open_until(trip.pickup, trip.pickup.latest_s + late_s),
            dropoff=_open_until(trip.dropoff, max(last_s, trip.dropoff.latest_s)),
        )

    def _offered(self, one: Stranded, s: int, sequence: list[int], wide: Trip) -> _Offer:
        """The way priced, with the trip's windows no wider than this way needs: nobody makes it later again."""
        i = self.network.trip_index[one.trip]
        view = self.network.with_trip(i, wide)
        starts = least_starts(view, s, lay_out(view, s, sequence), sequence)
        assert not isinstance(starts, Broken)
        asked = self.of.problem.trip_by_id[one.trip]
        first, last = starts[sequence.index(2 * i)], starts[sequence.index(2 * i + 1)]
        trip = replace(
            asked,
            pickup=_open_until(asked.pickup, max(asked.pickup.latest_s, first)),
            dropoff=_open_until(asked.dropoff, max(asked.dropoff.latest_s, last)),
        )
        after = self.network.with_trip(i, trip)
        timing = _timed(after, s, sequence)
        pickup_s, dropoff_s = (timing.starts[sequence.index(2 * i + end)] for end in (0, 1))
        old = self.sequences[s]
        extra_s = driven_seconds(after, s, sequence) - driven_seconds(self.network, s, old)
        extra_m = driven_metres(after, s, sequence) - driven_metres(self.network, s, old)
        late_s, wait_s = self._late(one, pickup_s, dropoff_s)
        before = _timed(self.network, s, old)
        shift = self.of.problem.shifts[s]
        overtime_s = shift.overtime_s(timing.back) - shift.overtime_s(before.back)
        cost_c = self._cost(s, extra_s, extra_m, overtime_s)
        option = Option(
            means=Means.INSERT if self._is_used(s) else Means.NEW_RUN,
            shift=shift.id,
            pickup_s=pickup_s,
            dropoff_s=dropoff_s,
            late_s=late_s,
            wait_s=wait_s,
            extra_s=extra_s,
            extra_m=extra_m,
            overtime_s=overtime_s,
            cost_c=cost_c,
            weight=cost_c + self._weight_of(one, late_s, wait_s),
            added_cost=self._added(after, s, sequence, i),
            moved=tuple(self._moved(old, before, sequence, timing)),
        )
        return _Offer(option, s, tuple(sequence), trip)

    def _cost(self, s: int, extra_s: int, extra_m: int, overtime_s: int) -> int:
        prices = self.of.prices
        driving = extra_s * prices.per_hour_c // HOUR_S + extra_m * prices.per_km_c // KM_M
        overtime = overtime_s * prices.overtime_per_hour_c // HOUR_S
        is_first = not boarding(self.sequences[s])
        return max(0, driving + overtime) + (prices.new_run_c if is_first else 0)

    def _is_used(self, s: int) -> bool:
        """Whether the plan in force sends this crew out already; who joins a new run joins a new run."""
        shift = self.of.problem.shifts[s].id
        route = self.of.plan.route_of.get(shift)
        return shift != self.of.relief and route is not None and bool(route.trip_ids)

    def _added(self, after: Network, s: int, sequence: list[int], i: int) -> int:
        """To the price of the plan, in the currency of `Weights`."""
        new, old = fit_of(after, s, sequence), fit_of(self.network, s, self.sequences[s])
        assert new is not None
        before = 0 if old is None else old.cost
        driver = self.of.problem.shifts[s].driver
        return new.cost - before + separation_cost(self.network, i, driver, self.driver_of)

    def _late(self, one: Stranded, pickup_s: int, dropoff_s: int) -> tuple[int, int]:
        """Seconds late, and seconds that people on board wait for somebody to come."""
        overdue_s = 0 if one.appointment_s is None else dropoff_s - one.appointment_s
        if one.is_aboard:
            return max(0, overdue_s), pickup_s - self.of.since_s
        return max(0, overdue_s, pickup_s - one.promised_to_s), 0

    def _weight_of(self, one: Stranded, late_s: int, wait_s: int) -> int:
        """Who has waited for a while has the dear minutes before them."""
        prices, since_s = self.of.prices, self.of.since_s
        waited_s = 0 if one.waits_since_s is None else max(0, since_s - one.waits_since_s)
        return (
            prices.late_c(late_s) + prices.aboard_c(waited_s + wait_s) - prices.aboard_c(waited_s)
        )

    def _moved(
        self, old: list[int], old_timing: Timing, sequence: list[int], timing: Timing
    ) -> Iterator[tuple[str, int]]:
        before = dict(zip(old, old_timing.starts, strict=True))
        trips = self.of.problem.trips
        for node, start in zip(sequence, timing.starts, strict=True):
            is_pickup = node >= 0 and not node & 1
            if is_pickup and node in before and abs(start - before[node]) >= NOTICED_S:
                yield trips[node >> 1].id, start - before[node]

    def _by_partner(self, one: Stranded) -> _Offer | None:
        partner, problem = self.of.partner, self.of.problem
        trip = problem.trip_by_id[one.trip]
        if partner is None or not partner.can_take(trip):
            return None
        pickup_s = max(trip.pickup.earliest_s, self.of.since_s + partner.notice_s)
        ride_s = trip.pickup.service_s + problem.direct_s(trip)
        dropoff_s = max(pickup_s + ride_s, trip.dropoff.earliest_s)
        late_s, wait_s = self._late(one, pickup_s, dropoff_s)
        metres = problem.travel.metres[trip.pickup.location][trip.dropoff.location]
        cost_c = partner.base_c + metres * partner.per_km_c // KM_M
        return _Offer(
            Option(
                means=Means.PARTNER,
                shift="",
                pickup_s=pickup_s,
                dropoff_s=dropoff_s,
                late_s=late_s,
                wait_s=wait_s,
                extra_s=0,
                extra_m=0,
                cost_c=cost_c,
                weight=cost_c + self._weight_of(one, late_s, wait_s),
            )
        )


class _Together:
    """Looks for people who should share a tour: one after the other, nobody sees that a second seat costs next to nothing.

    Every two people on board, all of them, and then everybody, in every shift in turn; the rest keep their ways.
    """

    def __init__(self, fresh: _Desk, lines: Sequence[Line]) -> None:
        self.fresh, self.lines = fresh, lines
        self.best = _ways_of(lines)
        self.weights = {
            line.trip: line.proposed.weight for line in lines if line.proposed is not None
        }

    def ways(self) -> list[Choice]:
        """The lightest found, in the order in which they fit together."""
        aboard = [line.trip for line in self.lines if line.urgency is Urgency.ABOARD]
        groups = [*combinations(aboard, 2), tuple(aboard), tuple(line.trip for line in self.lines)]
        for group in dict.fromkeys(group for group in groups if len(group) > 1):
            for s in self.fresh.open:
                self._try(group, s)
        return self.best

    def _try(self, group: tuple[str, ...], s: int) -> None:
        """More journeys with a driver are better at any price; as many, for less."""
        shift = self.fresh.of.problem.shifts[s].id
        known = {way.trip: k for k, way in enumerate(self.best)}
        ordered = sorted(group, key=lambda trip: known.get(trip, len(known)))
        rest = [way for way in self.best if way.trip not in group]
        ways = [*(Choice(trip, Means.INSERT, shift) for trip in ordered), *rest]
        is_more = len(ways) > len(self.best)
        limit = NO_CHOICE if is_more else sum(self.weights.values())
        own = NO_CHOICE if is_more else sum(self.weights[trip] for trip in ordered)
        desk, found, options = self.fresh.twin(), 0, []
        for k, way in enumerate(ways):
            offer = desk.offer(desk.by_trip[way.trip], way.means, way.shift)
            found += NO_CHOICE if offer is None else offer.option.weight
            # The rest weighs hardly ever less beside them: they have to weigh less themselves.
            if offer is None or found >= (own if k < len(ordered) else limit):
                return
            desk.take(offer)
            options.append(offer.option)
        self.best = [
            Choice(way.trip, *option.key) for way, option in zip(ways, options, strict=True)
        ]
        self.weights = {way.trip: option.weight for way, option in zip(ways, options, strict=True)}


def _ways_of(lines: Iterable[Line]) -> list[Choice]:
    first = ((line.trip, line.proposed) for line in lines)
    return [Choice(trip, *option.key) for trip, option in first if option is not None]


def _timed(network: Network, s: int, sequence: list[int]) -> Timing:
    """Of a sequence that is known to work."""
    timing = timing_of(network, s, sequence)
    assert not isinstance(timing, Broken)
    return timing


def _open_until(stop: Stop, latest_s: int) -> Stop:
    """Driving keeps the traffic of the hour the stop was meant for."""
    return replace(stop, latest_s=latest_s, clock_s=middle_s(stop))


def _shown(offers: Sequence[_Offer]) -> tuple[Option, ...]:
    """The best of each kind, the best of all first."""
    left: dict[Means, int] = dict(MOST_SHOWN)
    shown: list[Option] = []
    for offer in offers:
        if left[offer.option.means]:
            left[offer.option.means] -= 1
            shown.append(offer.option)
    return tuple(shown)
