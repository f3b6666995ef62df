"""What a change of the plan in force would do: to the other trips, to promises, hours, kilometres, loads and the price.

It speaks of references only. What people know of the day (`Told`) is measured against what they would be told
(`Impact`); the plan that comes of it is part of the answer, so that what is put in force is what was shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from dispatch.engine.change import Carried, Change, Refused, carry_out
from dispatch.engine.cost import Score, route_score, score_with
from dispatch.engine.fairness import trips_gap
from dispatch.engine.insertion import Openings
from dispatch.engine.plan import Move, Plan, Route, Unassigned
from dispatch.engine.problem import Problem
from dispatch.engine.remedies import remedies
from dispatch.engine.schedule import Refusal
from dispatch.engine.stability import is_change
from dispatch.engine.tour import Ride, Tour, tour_of
from dispatch.enums import VisitKind


class Promise(NamedTuple):
    """What the patient was promised: the pickup's window, and the appointment if there is one (seconds)."""

    earliest_s: int
    latest_s: int
    appointment_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What people know of the day before the change.

    The windows of a problem may be stretched for who is late already, and the times of a plan are worked out anew
    for now: neither is what people were told. Rides that are left out here are taken from them all the same; a trip whose promise is left out was promised the window that the plan keeps.
    """

    rides: Mapping[str, Ride] = field(default_factory=dict)
    promises: Mapping[str, Promise] = field(default_factory=dict)


class Span(NamedTuple):
    """A figure before and after."""

    before: int
    after: int

    @property
    def added(self) -> int:
        return self.after - self.before


class Pledge(StrEnum):
    PICKUP = "pickup"
    APPOINTMENT = "appointment"


class Breach(NamedTuple):
    """A promise that the change breaks, or breaks by more: seconds outside the window, or after the appointment."""

    trip: str
    pledge: Pledge
    off_s: Span


class LongerRide(NamedTuple):
    """Somebody who would be on board for longer (seconds)."""

    trip: str
    aboard_s: Span


class TourChange(NamedTuple):
    shift: str
    before: Tour
    after: Tour


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What the changes would do. `carried` is the plan that comes of it, and which shifts' rides get its times.

    `moves`: trips with another shift or another pickup. `tours`: the shifts whose tour changes. `longer_rides`:
    who stays with a shift and sits longer. `gap`: trips per eight hours between the most and the least loaded
    driver, before and after. `patients`: who wait and lose their driver or get another one, whose pickup moves
    noticeably (stability.is_change), leaves its window or is promised anew. `drivers`: shifts whose journeys are not what they were.
    """

    carried: Carried
    moves: tuple[Move, ...]
    breaches: tuple[Breach, ...]
    longer_rides: tuple[LongerRide, ...]
    tours: tuple[TourChange, ...]
    gap: tuple[float, float]
    price: tuple[Score, Score]
    patients: tuple[str, ...]
    drivers: tuple[str, ...]

    @property
    def points(self) -> int:
        """What the change adds to the price; whether a trip is served at all is not among it."""
        before, after = self.price
        return after.total - after.unserved - before.total + before.unserved

    @property
    def driving_s(self) -> int:
        """Seconds driven more (negative: less) by all together."""
        return sum(tour.after.driving_s - tour.before.driving_s for tour in self.tours)

    @property
    def metres(self) -> int:
        return sum(tour.after.metres - tour.before.metres for tour in self.tours)

    @property
    def empty_metres(self) -> int:
        """Metres more with no patient on board."""
        return sum(tour.after.empty_metres - tour.before.empty_metres for tour in self.tours)

    @property
    def moved_s(self) -> int:
        """By how much pickups move, all together, of trips that keep their shift."""
        kept = (m for m in self.moves if m.from_shift == m.to_shift)
        return sum(abs(slide_s(move)) for move in kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impossible:
    """The rule that forbids a change, for which trip at which shift, and what would help (`Unassigned.advice`).

    `problem`: with the windows it was asked with.
    """

    trip: str
    shift: str
    refusal: Refusal
    advice: str
    problem: Problem = field(repr=False)

    @property
    def unassigned(self) -> Unassigned:
        """The same as the reason of a trip that nobody drives: what turns advice into words."""
        return Unassigned(
            trip=self.trip,
            reason=self.refusal.rule,
            advice=self.advice,
            amount=self.refusal.amount,
            shift=self.shift,
        )


def impact(
    problem: Problem, plan: Plan, changes: Iterable[Change], *, told: Told | None = None
) -> Impact | Impossible:
    """What these changes, one after the other, would do to the plan in force; nothing is kept of it.

    `plan`: valid for the problem, in force. `told`: what people know; without it the plan's own times and the
    problem's own windows. Raises InvalidPlanError as `change.carry_out` does.
    """
    carried = carry_out(problem, plan, changes)
    if isinstance(carried, Refused):
        return impossible(carried)
    return Before(problem, plan, told or Told()).impact(carried)


def impossible(refused: Refused) -> Impossible:
    """With what would help the trip into that very shift, proved by trying it."""
    openings = Openings(refused.problem, refused.at)
    advice = ""
    if refused.trip not in refused.at.shift_of:
        trip = refused.problem.trip_by_id[refused.trip]
        advice = next(remedies(openings, trip, {refused.shift: refused.refusal}), "")
    return Impossible(
        trip=refused.trip,
        shift=refused.shift,
        refusal=refused.refusal,
        advice=advice,
        problem=refused.problem,
    )


def slide_s(move: Move) -> int:
    """By how many seconds the pickup moves (later: positive); 0 for a trip that comes or goes."""
    if move.from_start_s is None or move.to_start_s is None:
        return 0
    return move.to_start_s - move.from_start_s


class Before:
    """The plan in force and what people know of it: one side of every comparison, measured once."""

    def __init__(self, problem: Problem, plan: Plan, told: Told) -> None:
        self.problem, self.plan, self.told = problem, plan, told
        self.rides = {**_rides(problem, plan.routes), **told.rides}

    @cached_property
    def scores(self) -> dict[str, Score]:
        return {route.shift: route_score(self.problem, route) for route in self.plan.routes}

    @cached_property
    def score(self) -> Score:
        return score_with(self.problem, self.plan, self.scores.values())

    @cached_property
    def gap(self) -> float:
        return trips_gap(self.problem, self.plan)

    def price(self, carried: Carried) -> Score:
        """The price of the plan that the one in force would become."""
        known = self.plan.route_of
        scores = (
            self.scores[route.shift]
            if route == known.get(route.shift)
            else route_score(carried.problem, route)
            for route in carried.plan.routes
        )
        return score_with(carried.problem, carried.plan, scores)

    def impact(self, carried: Carried) -> Impact:
        """What it means that the plan in force becomes this one."""
        return _Comparison(self, carried).impact()


class _Comparison:
    """One plan against the one in force; what was not touched is not looked at."""

    def __init__(self, before: Before, carried: Carried) -> None:
        self.before, self.carried = before, carried
        written = [route for route in carried.plan.routes if route.shift in carried.written]
        self.rides = _rides(carried.problem, written)  # as people would be told
        self.moves = tuple(self._moves())

    def impact(self) -> Impact:
        tours = tuple(self._tours())
        return Impact(
            carried=self.carried,
            moves=self.moves,
            breaches=tuple(self._breaches()),
            longer_rides=tuple(self._longer_rides()),
            tours=tours,
            gap=(self.before.gap, trips_gap(self.carried.problem, self.carried.plan)),
            price=(self.before.score, self.before.price(self.carried)),
            patients=tuple(self._patients()),
            drivers=tuple(self._drivers()),
        )

    def _moves(self) -> Iterator[Move]:
        was, is_now = self.before.plan.shift_of, self.carried.plan.shift_of
        for trip in sorted(self.rides.keys() | (was.keys() - is_now.keys())):
            old, new = self.before.rides.get(trip), self.rides.get(trip)
            move = Move(
                trip=trip,
                from_shift=was.get(trip),
                to_shift=is_now.get(trip),
                from_start_s=None if old is None else old.pickup_s,
                to_start_s=None if new is None else new.pickup_s,
            )
            if move.from_shift != move.to_shift or slide_s(move):
                yield move

    def _breaches(self) -> Iterator[Breach]:
        for trip, ride in self.rides.items():
            promise, was = self.before.told.promises.get(trip), self.before.rides.get(trip)
            if promise is None:
                continue  # held to the windows of the problem, which a valid plan keeps
            for pledge, off_s in _off(promise, ride).items():
                if pledge is Pledge.PICKUP and trip in self.carried.promised_anew:
                    continue  # another pickup is promised; the appointment is the same
                span = Span(0 if was is None else _off(promise, was)[pledge], off_s)
                if span.added > 0:
                    yield Breach(trip, pledge, span)

    def _longer_rides(self) -> Iterator[LongerRide]:
        for trip, ride in self.rides.items():
            was = self.before.rides.get(trip)
            if was is None or self._changes_shift(trip):
                continue
            boarding_s = self.carried.problem.trip_by_id[trip].pickup.service_s
            aboard = (one.dropoff_s - one.pickup_s - boarding_s for one in (was, ride))
            span = Span(*aboard)
            if span.added > 0:
                yield LongerRide(trip, span)

    def _changes_shift(self, trip: str) -> bool:
        """Whether another shift has the trip now: its ride is a new one."""
        was, is_now = self.before.plan.shift_of, self.carried.plan.shift_of
        return was.get(trip) != is_now.get(trip)

    def _tours(self) -> Iterator[TourChange]:
        """Both as the rides stand: a shift that only loses trips keeps the times of the others."""
        before, known = self.before, self.before.plan.route_of
        rides = {**before.rides, **self.rides}
        for route in self.carried.plan.routes:
            old = known.get(route.shift, Route(shift=route.shift))
            if route == old and route.shift not in self.carried.written:
                continue
            was = tour_of(before.problem, old, before.rides)
            is_now = tour_of(self.carried.problem, route, rides)
            if was != is_now:
                yield TourChange(route.shift, was, is_now)

    def _patients(self) -> Iterator[str]:
        """By reference. Who only gets a driver is where they were promised to be."""
        broken = {b.trip for b in self._breaches() if b.pledge is Pledge.PICKUP}
        moved = self.rides.keys() | {move.trip for move in self.moves}
        noticed = {trip for trip in moved if self._is_noticed(trip)}
        yield from sorted(broken | noticed | self.carried.promised_anew)

    def _is_noticed(self, trip: str) -> bool:
        """By who waits for a driver they know of."""
        was, ride = self.before.rides.get(trip), self.rides.get(trip)
        if was is None or was.noticed_s is None:
            return False
        slide = 0 if ride is None else ride.pickup_s - was.noticed_s
        return is_change(same_driver=self._keeps_driver(trip), slide_s=slide)

    def _keeps_driver(self, trip: str) -> bool:
        shifts = self.before.problem.shift_by_id
        old, new = self.before.plan.shift_of.get(trip), self.carried.plan.shift_of.get(trip)
        if old is None or new is None:
            return old == new
        return shifts[old].driver == shifts[new].driver

    def _drivers(self) -> Iterator[str]:
        was, is_now = self.before.plan.shift_of, self.carried.plan.shift_of
        told = {m.from_shift for m in self.moves} | {m.to_shift for m in self.moves}
        for trip, ride in self.rides.items():
            old = self.before.rides.get(trip)
            if old is not None and old[:2] != ride[:2]:
                told |= {was.get(trip), is_now[trip]}
        yield from sorted(shift for shift in told if shift is not None)


def _off(promise: Promise, ride: Ride) -> dict[Pledge, int]:
    """Seconds by which a ride misses each promise."""
    outside = max(promise.earliest_s - ride.pickup_s, ride.pickup_s - promise.latest_s, 0)
    late = 0
    if promise.appointment_s is not None:
        late = max(ride.dropoff_s - promise.appointment_s, 0)
    return {Pledge.PICKUP: outside, Pledge.APPOINTMENT: late}


def _rides(problem: Problem, routes: Iterable[Route]) -> dict[str, Ride]:
    """trip → its times in these routes; nobody waits for a trip that has begun."""
    found: dict[str, Ride] = {}
    for route in routes:
        starts = {(visit.id, visit.kind): visit.start_s for visit in route.visits}
        for trip in route.trip_ids:
            pickup_s = starts[trip, VisitKind.PICKUP]
            noticed_s = None if trip in problem.committed_shift else pickup_s
            found[trip] = Ride(pickup_s, starts[trip, VisitKind.DROPOFF], noticed_s)
    return found
