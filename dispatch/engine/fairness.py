"""How evenly the work of a window of days falls on the drivers on duty, as planned or as recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from dispatch.engine.legs import legs
from dispatch.engine.plan import Plan, Route
from dispatch.engine.problem import Load, Problem, Shift

FULL_SHIFT_S = 8 * 3600  # loads are compared per eight hours on duty


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverWork:
    """`recent_trips` and `recent_duty_s`: what of the window is over already; the rest is planned, or today's record.

    `driving_s` runs from the base until the last patient is there: the way home is recorded by nobody, so
    plans leave it out as well. `untold_trips`: trips whose end nobody recorded, not among `trips`;
    `untimed_trips`: trips of which the driving is not known.
    """

    driver: str
    on_duty_s: int
    recent_duty_s: int
    recent_trips: int
    trips: int
    driving_s: int
    heavy_trips: int
    untold_trips: int = 0
    untimed_trips: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverLoad(DriverWork):
    """`normalised`: trips of the window per eight hours on duty in it.

    Who worked half the time is expected to carry half the trips.
    """

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
    """Loads and gaps of a plan; emergency drivers, used last by rule, are not compared."""
    return compared(planned_work(problem, plan))


def trips_gap(problem: Problem, plan: Plan) -> float:
    """`fairness(problem, plan).gap` alone, without walking any route."""
    shift_by_id = problem.shift_by_id
    trips: dict[str, int] = {}
    for route in plan.routes:
        driver = shift_by_id[route.shift].driver
        trips[driver] = trips.get(driver, 0) + len(route.trip_ids)
    loads = {
        driver: _normalised(_duty_of(driver, shifts, trips.get(driver, 0)))
        for driver, shifts in _regular_shifts(problem).items()
    }
    return _gap(list(loads.values()))


def day_fairness(problem: Problem, plan: Plan) -> Fairness:
    """As KPI.md counts it: the day's own trips per eight hours on duty that day, whatever came before."""
    work = planned_work(problem, plan)
    return compared([replace(one, recent_duty_s=0, recent_trips=0) for one in work])


def compared(work: Sequence[DriverWork]) -> Fairness:
    """Loads and gaps over the drivers on duty, each of whom stands once."""
    loads = _loads(work)
    return Fairness(
        loads=loads,
        gap=_gap([load.normalised for load in loads]),
        driving_gap_s=int(_gap([load.driving_s for load in loads])),
        heavy_gap=int(_gap([load.heavy_trips for load in loads])),
        gini=gini([load.normalised for load in loads]),
    )


def planned_work(problem: Problem, plan: Plan) -> tuple[DriverWork, ...]:
    """What a plan gives each regular driver, in order of reference; a driver of two shifts is counted once."""
    shifts_of = _regular_shifts(problem)
    return tuple(_work(problem, plan, shifts) for _driver, shifts in sorted(shifts_of.items()))


def _regular_shifts(problem: Problem) -> dict[str, list[Shift]]:
    """driver → shifts of the day, without those of emergency drivers."""
    shifts_of: dict[str, list[Shift]] = {}
    for shift in problem.shifts:
        if not shift.is_emergency:
            shifts_of.setdefault(shift.driver, []).append(shift)
    return shifts_of


def is_heavy(load: Load) -> bool:
    """Whether the passenger travels in a wheelchair or on a stretcher."""
    return load.wheelchairs + load.stretchers > 0


def gini(values: Sequence[float]) -> float:
    """Gini coefficient of non-negative values (mean absolute difference over twice the mean); 0 if all 0."""
    total, n = sum(values), len(values)
    if total == 0:
        return 0.0
    ranked = sum(rank * value for rank, value in enumerate(sorted(values), start=1))
    return 2 * ranked / (n * total) - (n + 1) / n


def _work(problem: Problem, plan: Plan, shifts: list[Shift]) -> DriverWork:
    nothing = Route(shift="")
    ways = [(shift, plan.route_of.get(shift.id, nothing)) for shift in shifts]
    trips = [problem.trip_by_id[trip] for _, route in ways for trip in route.trip_ids]
    return replace(
        _duty_of(shifts[0].driver, shifts, len(trips)),
        driving_s=sum(_driving_s(problem, shift, route) for shift, route in ways),
        heavy_trips=sum(is_heavy(trip.load) for trip in trips),
    )


def _duty_of(driver: str, shifts: list[Shift], trips: int) -> DriverWork:
    """A driver's hours and trips, before any way is looked at."""
    return DriverWork(
        driver=driver,
        on_duty_s=sum(shift.end_s - shift.start_s for shift in shifts),
        # The same counts stand on each shift of a driver.
        recent_duty_s=max(shift.recent_duty_s for shift in shifts),
        recent_trips=max(shift.recent_trips for shift in shifts),
        trips=trips,
        driving_s=0,
        heavy_trips=0,
    )


def _driving_s(problem: Problem, shift: Shift, route: Route) -> int:
    """From the base to the last stop; the last leg goes home."""
    return sum(leg.driving_s for leg in legs(problem, shift, route)[:-1])


def _loads(work: Sequence[DriverWork]) -> tuple[DriverLoad, ...]:
    return tuple(
        DriverLoad(
            **{field.name: getattr(one, field.name) for field in fields(one)},
            normalised=_normalised(one),
        )
        for one in work
    )


def _normalised(one: DriverWork) -> float:
    share = FULL_SHIFT_S / (one.recent_duty_s + one.on_duty_s)
    return round((one.recent_trips + one.trips) * share, 6)  # no noise at whole trips


def _gap(values: Sequence[float]) -> float:
    return max(values) - min(values) if values else 0
