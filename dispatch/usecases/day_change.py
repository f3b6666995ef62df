"""What might be otherwise on a day, as people say it: rows and moments; and the same as the engine's questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.engine.problem import Problem
from dispatch.engine.what_if import (
    ExtraShift,
    ExtraTrip,
    OtherHours,
    OtherWeights,
    Question,
    WithoutShift,
    WithoutTrips,
    WithoutVehicle,
)
from dispatch.models.settings import Weights
from dispatch.usecases.build_problem import engine_settings
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.references import driver_ref, shift_ref, trip_ref, vehicle_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Of a shift that would have other hours, or of one more like it."""

    shift: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChange:
    """Rows by their numbers. `weights`: those of the company's that would be other ones."""

    without_shifts: tuple[int, ...] = ()
    without_vehicles: tuple[int, ...] = ()
    other_hours: tuple[Hours, ...] = ()
    extra_shifts: tuple[Hours, ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict)
    without_bookings: tuple[int, ...] = ()
    extra_bookings: tuple[int, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return self == DayChange()


def questions_of(
    change: DayChange, problem: Problem, clock: DayClock, *, now: datetime
) -> tuple[Question, ...]:
    """What is more comes before what is less, so that one may ask for a shift like one that stays at home.

    Nothing new begins before `now`. What does not exist yet has negative numbers: no row has those. Raises pydantic's ValidationError for weights
    that no company may set.
    """
    now_s = clock.second(now)
    return (
        *_extra_shifts(change.extra_shifts, clock, now_s),
        *_extra_trips(change.extra_bookings),
        *_other_hours(change.other_hours, problem, clock, now_s),
        *(WithoutShift(shift=shift_ref(pk)) for pk in change.without_shifts),
        *(WithoutVehicle(vehicle=vehicle_ref(pk)) for pk in change.without_vehicles),
        *_weights(change.weights, clock),
        *_without_trips(change.without_bookings),
    )


def _extra_shifts(hours: Iterable[Hours], clock: DayClock, now_s: int) -> Iterator[Question]:
    for number, extra in enumerate(hours, start=1):
        yield ExtraShift(
            like=shift_ref(extra.shift),
            shift=shift_ref(-number),
            driver=driver_ref(-number),
            vehicle=vehicle_ref(-number),
            start_s=max(clock.second(extra.starts_at), now_s),
            end_s=clock.second(extra.ends_at) + _overtime_s(clock),
            rostered_end_s=clock.second(extra.ends_at),
        )


def _extra_trips(bookings: Iterable[int]) -> Iterator[Question]:
    for number, booking in enumerate(bookings, start=1):
        yield ExtraTrip(like=trip_ref(booking), trip=trip_ref(-number))


def _other_hours(
    hours: Iterable[Hours], problem: Problem, clock: DayClock, now_s: int
) -> Iterator[Question]:
    for other in hours:
        known = problem.shift_by_id.get(shift_ref(other.shift))
        # A shift on the road begins where it stands, and not before it is free there.
        is_out = known is not None and known.start_s <= now_s
        begins_s = known.start_s if known is not None and is_out else now_s
        yield OtherHours(
            shift=shift_ref(other.shift),
            start_s=max(clock.second(other.starts_at), begins_s),
            end_s=clock.second(other.ends_at) + _overtime_s(clock),
            rostered_end_s=clock.second(other.ends_at),
        )


def _weights(changed: Mapping[str, int], clock: DayClock) -> Iterator[Question]:
    if changed:
        rules = clock.company.rules
        other = Weights.model_validate(rules.weights.model_dump() | dict(changed))
        settings = engine_settings(rules.model_copy(update={"weights": other}))
        yield OtherWeights(weights=settings.weights)


def _without_trips(bookings: tuple[int, ...]) -> Iterator[Question]:
    if bookings:
        yield WithoutTrips(trips=frozenset(map(trip_ref, bookings)))


def _overtime_s(clock: DayClock) -> int:
    return clock.company.rules.max_overtime_min * 60
