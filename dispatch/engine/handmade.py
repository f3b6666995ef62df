"""A plan as a person writes it down: who drives what, in an order or not, with times or not; and what in it is odd.

Nothing is refused. What the day does not know, and what stands there twice, is left aside and named; an order that
is not given is the planner's where one works, and the hours' where none does; breaks that are not given are put
where nobody waits for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dispatch.engine.draft import Course
from dispatch.engine.fitting import begun, valid_fit
from dispatch.engine.least_late import HandVisit, late_route, lateness
from dispatch.engine.network import boarding, network_of
from dispatch.engine.plan import Route
from dispatch.engine.problem import Problem, Shift, Visit
from dispatch.engine.sentences import Figures, Label, Language, Sentence
from dispatch.enums import VisitKind


@dataclass(frozen=True, slots=True, kw_only=True)
class HandRoute:
    """What a shift does, stop by stop."""

    shift: str
    visits: tuple[HandVisit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandTrips:
    """Whom a shift drives, in no order."""

    shift: str
    trips: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandPlan:
    """`left`: trips that are left out knowingly; a shift that stands here twice does all of it."""

    routes: tuple[HandRoute | HandTrips, ...]
    left: tuple[str, ...] = ()


class Odd(StrEnum):
    """Why a part of a plan made by hand says nothing about this day."""

    UNKNOWN_SHIFT = "unknown_shift"
    UNKNOWN_TRIP = "unknown_trip"
    UNKNOWN_BREAK = "unknown_break"
    TWICE = "twice"
    LEFT_AND_DRIVEN = "left_and_driven"


ODD: Mapping[Odd, Sentence] = {
    Odd.UNKNOWN_SHIFT: Sentence(
        "There is no shift {shift} on this day: what it was given is left aside.",
        "Il n’y a pas de service {shift} ce jour-là : ce qui lui était donné est laissé de côté.",
    ),
    Odd.UNKNOWN_TRIP: Sentence(
        "There is no trip {trip} to plan on this day.",
        "Il n’y a pas de course {trip} à planifier ce jour-là.",
    ),
    Odd.UNKNOWN_BREAK: Sentence(
        "Shift {shift} has no break {other}.", "Le service {shift} n’a pas de pause {other}."
    ),
    Odd.TWICE: Sentence(
        "{other} stands in the plan twice: what is written for shift {shift} is left aside.",
        "{other} figure deux fois dans le plan : ce qui est noté pour le service {shift} est laissé de côté.",
    ),
    Odd.LEFT_AND_DRIVEN: Sentence(
        "Trip {trip} is left out and driven by shift {shift} at once: it counts as driven.",
        "La course {trip} est à la fois laissée et confiée au service {shift} : elle compte comme faite.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """`other`: what stands twice, or a break; references, "" where there is none."""

    kind: Odd
    trip: str = ""
    shift: str = ""
    other: str = ""

    def sentence(self, language: Language = "en", *, label: Label = str) -> str:
        """In words; `label` turns a reference into what people call it."""
        figures = Figures(trip=self.trip, shift=self.shift, other=self.other)
        return ODD[self.kind].spoken(language, figures, label)


@dataclass(frozen=True, kw_only=True)
class Written:
    """The routes that drive, with times; trips left out knowingly; and what was left aside."""

    routes: tuple[Route, ...]
    left: tuple[str, ...]
    oddities: tuple[Oddity, ...]


def written(problem: Problem, hand: HandPlan) -> Written:
    """Routes for what a person wrote, in the order of the shifts; never refused."""
    reading = _Reading(problem)
    for part in hand.routes:
        reading.read(part)
    routes = tuple(
        _route(problem, shift, reading.visits_of[shift.id])
        for shift in problem.shifts
        if shift.id in reading.visits_of
    )
    left = tuple(reading.leave(hand.left))
    return Written(routes=routes, left=left, oddities=tuple(reading.oddities))


@dataclass
class _Reading:
    problem: Problem
    visits_of: dict[str, list[HandVisit]] = field(default_factory=dict)
    oddities: list[Oddity] = field(default_factory=list)
    place_of: dict[Visit, str] = field(default_factory=dict)  # visit of a trip → its shift

    def read(self, part: HandRoute | HandTrips) -> None:
        shift = self.problem.shift_by_id.get(part.shift)
        if shift is None:
            self.oddities.append(Oddity(kind=Odd.UNKNOWN_SHIFT, shift=part.shift))
            return
        kept = self.visits_of.setdefault(shift.id, [])
        if isinstance(part, HandRoute):
            for hand in part.visits:
                if self._is_new(shift, hand.visit):
                    kept.append(hand)
        else:
            trips = [trip for trip in part.trips if self._is_new_trip(shift, trip)]
            kept.extend(HandVisit(visit=visit) for visit in _ordered(self.problem, shift, trips))

    def _is_new_trip(self, shift: Shift, trip: str) -> bool:
        """Both ends are taken at once; the drop-off of a known trip is as new as its pickup, or said to be twice."""
        if not self._is_new(shift, Visit(trip, VisitKind.PICKUP)):
            return False
        return self._is_new(shift, Visit(trip, VisitKind.DROPOFF))

    def _is_new(self, shift: Shift, visit: Visit) -> bool:
        odd = self._odd(shift, visit)
        if odd is not None:
            self.oddities.append(odd)
            return False
        self.place_of[visit] = shift.id
        return True

    def _odd(self, shift: Shift, visit: Visit) -> Oddity | None:
        if visit.kind is VisitKind.BREAK:
            if all(pause.id != visit.id for pause in shift.breaks):
                return Oddity(kind=Odd.UNKNOWN_BREAK, shift=shift.id, other=visit.id)
            is_taken = any(hand.visit == visit for hand in self.visits_of[shift.id])
        else:
            if visit.id not in self.problem.trip_by_id:
                return Oddity(kind=Odd.UNKNOWN_TRIP, trip=visit.id)
            is_taken = visit in self.place_of
        return Oddity(kind=Odd.TWICE, shift=shift.id, other=visit.id) if is_taken else None

    def leave(self, trips: tuple[str, ...]) -> Iterator[str]:
        for trip in dict.fromkeys(trips):
            driver = self.place_of.get(Visit(trip, VisitKind.PICKUP))
            if trip not in self.problem.trip_by_id:
                self.oddities.append(Oddity(kind=Odd.UNKNOWN_TRIP, trip=trip))
            elif driver is not None:
                self.oddities.append(Oddity(kind=Odd.LEFT_AND_DRIVEN, trip=trip, shift=driver))
            else:
                yield trip


def _ordered(problem: Problem, shift: Shift, trips: list[str]) -> list[Visit]:
    """By the exact insertion of the planner, trip by trip in the order of the hours.

    Who does not fit so drives alone, when the vehicle is empty, by the hour.
    """
    by_hour = sorted(trips, key=lambda trip: problem.trip_by_id[trip].pickup.latest_s)
    order = [visit for visit in _fitting(problem, shift, by_hour) if visit.id in trips]
    for trip in by_hour:
        if Visit(trip, VisitKind.PICKUP) not in order:
            order = _slipped_in(problem, order, trip)
    return order


def _fitting(problem: Problem, shift: Shift, trips: list[str]) -> list[Visit]:
    """A route that breaks no rule with the trips that fit, taken one by one; its breaks left out."""
    network = network_of(problem)
    s = network.shift_index[shift.id]
    owed = begun(network, s)
    fit = None if owed is None else valid_fit(network, s, owed)
    if fit is None:  # what the shift has begun breaks a rule by itself
        return []
    course = Course(network, s, fit)
    for trip in map(network.trip_index.__getitem__, trips):
        more = None if trip in boarding(course.sequence) else course.best_fit(trip)
        course = course if more is None else Course(network, s, more)
    return [network.visit(shift, node) for node in course.sequence if node >= 0]


def _slipped_in(problem: Problem, order: list[Visit], trip: str) -> list[Visit]:
    """The trip by itself, before the first pickup of a later hour at which the vehicle is empty."""
    due = problem.trip_by_id[trip].pickup.latest_s
    pair = [Visit(trip, VisitKind.PICKUP), Visit(trip, VisitKind.DROPOFF)]
    for k in _empty_places(order):
        if k < len(order) and problem.trip_by_id[order[k].id].pickup.latest_s > due:
            return [*order[:k], *pair, *order[k:]]
    return [*order, *pair]


def _empty_places(order: list[Visit]) -> Iterator[int]:
    """Positions before which nobody is on board."""
    aboard: set[str] = set()
    for k, visit in enumerate(order):
        if not aboard:
            yield k
        if visit.kind is VisitKind.PICKUP:
            aboard.add(visit.id)
        else:
            aboard.discard(visit.id)
    if not aboard:
        yield len(order)


def _route(problem: Problem, shift: Shift, visits: list[HandVisit]) -> Route:
    """With the breaks that the person did not write; as it is where they gave times."""
    route = late_route(problem, shift, tuple(visits))
    if not route.trip_ids or any(hand.at_s is not None for hand in visits):
        return route
    taken = {hand.visit.id for hand in visits if hand.visit.kind is VisitKind.BREAK}
    exact = None if taken else _exactly_rested(problem, shift, visits)
    if exact is not None:
        return exact
    for pause in shift.breaks:
        if pause.id not in taken:
            rest = HandVisit(visit=Visit(pause.id, VisitKind.BREAK))
            route, visits = _rested(problem, shift, route, visits, rest)
    return route


def _exactly_rested(problem: Problem, shift: Shift, visits: list[HandVisit]) -> Route | None:
    """As the planner sets breaks, where the order breaks no rule."""
    network = network_of(problem)
    s = network.shift_index[shift.id]
    fit = valid_fit(network, s, network.sequence(shift, (hand.visit for hand in visits)))
    if fit is None:
        return None
    order = (HandVisit(visit=network.visit(shift, node)) for node in fit.sequence)
    return late_route(problem, shift, tuple(order))


def _rested(
    problem: Problem, shift: Shift, route: Route, visits: list[HandVisit], rest: HandVisit
) -> tuple[Route, list[HandVisit]]:
    """The break where the tour ends soonest, if it can be taken without anything being later or too long for it."""
    begun_s = len(shift.committed)
    choices = [
        [*visits[:k], rest, *visits[k:]]
        for k in _empty_places([hand.visit for hand in visits])
        if k >= begun_s
    ]
    late, overlong = lateness(problem, shift, route), _overlong_s(shift, route)
    timed = [(late_route(problem, shift, tuple(choice)), choice) for choice in choices]
    fitting = [
        (found, choice)
        for found, choice in timed
        if lateness(problem, shift, found) <= late and _overlong_s(shift, found) <= overlong
    ]
    return min(fitting, key=lambda pair: pair[0].return_s, default=(route, visits))


def _overlong_s(shift: Shift, route: Route) -> int:
    """Seconds by which the tour is longer than it may be."""
    limit_s = shift.max_duration_s
    return 0 if limit_s is None else max(0, route.return_s - route.leave_s - limit_s)
