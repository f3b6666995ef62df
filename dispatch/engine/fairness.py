"""How evenly the work of a window of days falls on the drivers on duty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.engine.legs import driving_s
from dispatch.engine.plan import Plan, Route
from dispatch.engine.problem import Problem, Shift, Trip


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverLoad:
    """One driver's work: `recent_trips` and `recent_duty_s` of the earlier days of the window, the rest of today.

    `normalised`: trips of the window over the time on duty in it, for a duty as long as today's mean one:
    who worked half the time is expected to carry half the trips. With equal duties it is the plain count.
    """

    driver: str
    on_duty_s: int
    recent_duty_s: int
    recent_trips: int
    trips: int
    driving_s: int
    heavy_trips: int
    normalised: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """Gaps are the most loaded driver less the least loaded; 0 when fewer than two are on duty.

    `gini` is over the normalised loads: 0 when all carry the same, towards 1 when one carries all.
    """

    loads: tuple[DriverLoad, ...]
    gap: float
    driving_gap_s: int
    heavy_gap: int
    gini: float


def fairness(problem: Problem, plan: Plan) -> Fairness:
    """Loads and gaps over the drivers on duty; emergency drivers, used last by rule, are not compared."""
    loads = driver_loads(problem, plan)
    return Fairness(
        loads=loads,
        gap=_gap([load.normalised for load in loads]),
        driving_gap_s=int(_gap([load.driving_s for load in loads])),
        heavy_gap=int(_gap([load.heavy_trips for load in loads])),
        gini=gini([load.normalised for load in loads]),
    )


def driver_loads(problem: Problem, plan: Plan) -> tuple[DriverLoad, ...]:
    """One load a regular driver, in order of reference; a driver of two shifts is counted once."""
    shifts_of: dict[str, list[Shift]] = {}
    for shift in problem.shifts:
        if not shift.is_emergency:
            shifts_of.setdefault(shift.driver, []).append(shift)
    on_duty_s = {
        driver: sum(s.end_s - s.start_s for s in shifts) for driver, shifts in shifts_of.items()
    }
    mean_s = sum(on_duty_s.values()) / max(1, len(on_duty_s))
    return tuple(
        _load(problem, plan, shifts, mean_s) for _driver, shifts in sorted(shifts_of.items())
    )


def is_heavy(trip: Trip) -> bool:
    """Whether the passenger travels in a wheelchair or on a stretcher."""
    return trip.load.wheelchairs + trip.load.stretchers > 0


def gini(values: Sequence[float]) -> float:
    """Gini coefficient of non-negative values (mean absolute difference over twice the mean); 0 if all 0."""
    total, n = sum(values), len(values)
    if total == 0:
        return 0.0
    ranked = sum(rank * value for rank, value in enumerate(sorted(values), start=1))
    return 2 * ranked / (n * total) - (n + 1) / n


def _load(problem: Problem, plan: Plan, shifts: list[Shift], mean_s: float) -> DriverLoad:
    nothing = Route(shift="")
    ways = [(shift, plan.route_of.get(shift.id, nothing)) for shift in shifts]
    trips = [problem.trip_by_id[trip] for _, route in ways for trip in route.trip_ids]
    # The same counts stand on each shift of a driver.
    recent = max(shift.recent_trips for shift in shifts)
    recent_duty_s = max(shift.recent_duty_s for shift in shifts)
    on_duty_s = sum(shift.end_s - shift.start_s for shift in shifts)
    share = mean_s / (recent_duty_s + on_duty_s)
    return DriverLoad(
        driver=shifts[0].driver,
        on_duty_s=on_duty_s,
        recent_duty_s=recent_duty_s,
        recent_trips=recent,
        trips=len(trips),
        driving_s=sum(driving_s(problem, shift, route) for shift, route in ways),
        heavy_trips=sum(is_heavy(trip) for trip in trips),
        normalised=round((recent + len(trips)) * share, 6),  # no noise at whole trips
    )


def _gap(values: Sequence[float]) -> float:
    return max(values) - min(values) if values else 0
