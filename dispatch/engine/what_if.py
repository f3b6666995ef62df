"""A day as it might be: questions turn its problem into another one, which is planned like any other.

Nothing that has begun is asked away: who is on board stays on board (`breakdown` answers that). No question at all
gives the same problem, so that its plan is the plan of the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dispatch.engine.errors import EngineError
from dispatch.engine.problem import Break, Problem, Shift, Trip, Visit, Weights
from dispatch.enums import VisitKind


class UnanswerableError(EngineError):
    """The question cannot be put to this day; `reference`: what it speaks of."""

    def __init__(self, message: str, reference: str) -> None:
        super().__init__(message)
        self.reference = reference


class NoSuchPartError(UnanswerableError):
    """The day has no such shift, vehicle or trip."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"The day has no {reference}.", reference)


class HasBegunError(UnanswerableError):
    """What has begun, or is about to, cannot be thought away."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"{reference} has begun, or is about to.", reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutShift:
    """The shift does not drive; journeys that a person fixed on it are free for the others."""

    shift: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutVehicle:
    """None of the vehicle's shifts drives."""

    vehicle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherHours:
    """The shift is on duty in [start_s, end_s], by its roster until `rostered_end_s`; of its breaks those stay that still have room in it."""

    shift: str
    start_s: int
    end_s: int
    rostered_end_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraShift:
    """One more driver and vehicle like those of shift `like`, from where that one ends, at hours of their own.

    The breaks move along with the hours. `shift`, `driver`, `vehicle`: references that the day does not have yet.
    """

    like: str
    shift: str
    driver: str
    vehicle: str
    start_s: int
    end_s: int
    rostered_end_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherWeights:
    weights: Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutTrips:
    """These journeys are not asked for any more."""

    trips: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraTrip:
    """One more journey like trip `like`, for somebody else; `trip`: a reference that the day does not have yet."""

    like: str
    trip: str


Question = (
    WithoutShift
    | WithoutVehicle
    | OtherHours
    | ExtraShift
    | OtherWeights
    | WithoutTrips
    | ExtraTrip
)


def ask(problem: Problem, *questions: Question) -> Problem:
    """The day as it would be, one question after the other.

    Raises NoSuchPartError, HasBegunError, and InvalidProblemError for hours that end before they begin or for
    a reference that is taken.
    """
    for question in questions:
        problem = _asked(problem, question)
    return problem


def orders_left(
    problem: Problem, orders: Mapping[str, tuple[Visit, ...]]
) -> dict[str, tuple[Visit, ...]]:
    """Of the orders of a day's shifts what is still in this problem: where its plan begins from."""
    return {
        shift.id: tuple(_known(problem, shift, orders[shift.id]))
        for shift in problem.shifts
        if shift.id in orders
    }


def _known(problem: Problem, shift: Shift, visits: tuple[Visit, ...]) -> Iterator[Visit]:
    pauses = {pause.id for pause in shift.breaks}
    for visit in visits:
        if visit.id in (pauses if visit.kind is VisitKind.BREAK else problem.trip_by_id):
            yield visit


def _asked(problem: Problem, question: Question) -> Problem:
    match question:
        case WithoutShift(shift=shift):
            asked = _without_shifts(problem, {_shift(problem, shift).id})
        case WithoutVehicle(vehicle=vehicle):
            asked = _without_shifts(problem, _shifts_with(problem, vehicle))
        case OtherHours():
            asked = _with_hours(problem, question)
        case ExtraShift():
            asked = replace(problem, shifts=(*problem.shifts, _extra_shift(problem, question)))
        case OtherWeights(weights=weights):
            asked = replace(problem, settings=replace(problem.settings, weights=weights))
        case WithoutTrips(trips=trips):
            asked = _without_trips(problem, trips)
        case _:
            asked = replace(problem, trips=(*problem.trips, _extra_trip(problem, question)))
    return asked


def _shifts_with(problem: Problem, vehicle: str) -> set[str]:
    found = {shift.id for shift in problem.shifts if shift.vehicle == vehicle}
    if not found:
        raise NoSuchPartError(vehicle)
    return found


def _shift(problem: Problem, reference: str) -> Shift:
    if reference not in problem.shift_by_id:
        raise NoSuchPartError(reference)
    return problem.shift_by_id[reference]


def _idle_shift(problem: Problem, reference: str) -> Shift:
    shift = _shift(problem, reference)
    if shift.committed:
        raise HasBegunError(reference)
    return shift


def _without_shifts(problem: Problem, gone: set[str]) -> Problem:
    for reference in sorted(gone):
        _idle_shift(problem, reference)
    return replace(
        problem,
        trips=tuple(
            replace(trip, pinned_shift=None) if trip.pinned_shift in gone else trip
            for trip in problem.trips
        ),
        shifts=tuple(shift for shift in problem.shifts if shift.id not in gone),
    )


def _with_hours(problem: Problem, asked: OtherHours) -> Problem:
    shift = _idle_shift(problem, asked.shift)
    other = replace(
        shift,
        start_s=asked.start_s,
        end_s=asked.end_s,
        rostered_end_s=asked.rostered_end_s,
        breaks=tuple(_inside(shift.breaks, asked.start_s, asked.end_s)),
    )
    return replace(problem, shifts=tuple(other if old is shift else old for old in problem.shifts))


def _extra_shift(problem: Problem, asked: ExtraShift) -> Shift:
    like = _shift(problem, asked.like)
    later_s = asked.start_s - like.start_s
    moved = tuple(
        replace(pause, earliest_s=pause.earliest_s + later_s, latest_s=pause.latest_s + later_s)
        for pause in like.breaks
    )
    return replace(
        like,
        id=asked.shift,
        driver=asked.driver,
        vehicle=asked.vehicle,
        start_location=like.end_location,
        start_s=asked.start_s,
        end_s=asked.end_s,
        rostered_end_s=asked.rostered_end_s,
        breaks=tuple(_inside(moved, asked.start_s, asked.end_s)),
        committed=(),
    )


def _inside(breaks: tuple[Break, ...], start_s: int, end_s: int) -> Iterator[Break]:
    """Breaks that can still be taken in these hours, as `build_problem` keeps them."""
    for pause in breaks:
        begins_s = max(pause.earliest_s, start_s)
        if begins_s <= pause.latest_s and begins_s + pause.duration_s <= end_s:
            yield replace(pause, earliest_s=begins_s)


def _without_trips(problem: Problem, gone: frozenset[str]) -> Problem:
    for reference in sorted(gone):
        if reference not in problem.trip_by_id:
            raise NoSuchPartError(reference)
        if reference in problem.committed_shift:
            raise HasBegunError(reference)
    return replace(
        problem,
        trips=tuple(trip for trip in problem.trips if trip.id not in gone),
        drivers_in_force=tuple(pair for pair in problem.drivers_in_force if pair[0] not in gone),
    )


def _extra_trip(problem: Problem, asked: ExtraTrip) -> Trip:
    if asked.like not in problem.trip_by_id:
        raise NoSuchPartError(asked.like)
    like = problem.trip_by_id[asked.like]
    return replace(like, id=asked.trip, pinned_shift=None, same_driver_as=None)
