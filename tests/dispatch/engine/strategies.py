"""Random small problems for laws: every rule has its say, and small enough for brute force."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dispatch.engine.problem import (
    Break,
    Load,
    Pooling,
    Problem,
    Settings,
    Shift,
    Stop,
    Trip,
    Visit,
    Weights,
)
from dispatch.engine.travel import Matrix, TravelTimes
from dispatch.enums import Priority, VisitKind
from tests.dispatch.engine.brute import insertions

law = hypothesis_settings(deadline=None, max_examples=75)  # brute force takes its time

PLACES = 4
SPAN_S = 8_000  # a little over two hours: traffic changes twice
CONFIGURATIONS = (
    (Load(seats=4),),
    (Load(seats=1),),
    (Load(seats=3), Load(seats=1, wheelchairs=1)),
    (Load(seats=2, wheelchairs=2),),
)
LOADS = (*[Load(seats=1)] * 5, Load(wheelchairs=1), Load(seats=2))


def tables(places: int = PLACES) -> st.SearchStrategy[Matrix]:
    """Square tables with an empty diagonal; the triangle inequality need not hold."""
    row = st.lists(st.integers(0, 500), min_size=places, max_size=places)
    rows = st.lists(row, min_size=places, max_size=places)
    return rows.map(
        lambda table: tuple(
            tuple(0 if a == b else value for b, value in enumerate(line))
            for a, line in enumerate(table)
        )
    )


@st.composite
def travels(draw: st.DrawFn) -> TravelTimes:
    seconds = draw(tables())
    traffic = draw(st.lists(st.sampled_from((700, 1000, 1300)), min_size=1, max_size=3))
    return TravelTimes(
        seconds=seconds,
        metres=tuple(tuple(9 * value for value in row) for row in zip(*seconds, strict=True)),
        traffic_permille=tuple(traffic),
    )


def settings_of_a_company() -> st.SearchStrategy[Settings]:
    small = st.integers(0, 5)
    weights = st.one_of(
        st.just(Weights()),
        st.builds(
            Weights,
            driving_per_s=small,
            driving_per_km=small,
            excess_ride_per_s=small,
            waiting_per_s=small,
            overtime_per_s=small,
            patient_wait_per_s=small,
            used_shift=st.integers(0, 500),
            fairness_per_trip_squared=st.integers(0, 90),
        ),
    )
    pooling = st.sampled_from(
        (
            Pooling.unrestricted(),
            Pooling(same_area=False, max_pickup_gap_s=3_000, max_detour_s=600),
            Pooling(),
            None,
        )
    )
    return st.builds(
        Settings,
        pooling=pooling,
        transition_margin_s=st.sampled_from((0, 120, 300)),
        weights=weights,
    )


@st.composite
def trips(draw: st.DrawFn, name: str, others: tuple[str, ...], shifts: tuple[str, ...]) -> Trip:
    """A trip that is usually possible: its drop-off opens no earlier than its pickup."""
    opens = draw(st.integers(0, SPAN_S))
    lasts = draw(st.sampled_from((600, 1_800, 4_000, 0)))
    later = opens + draw(st.integers(0, 1_500))
    pickup = Stop(
        location=draw(st.integers(0, PLACES - 1)),
        earliest_s=opens,
        latest_s=opens + lasts,
        service_s=draw(st.sampled_from((0, 60, 300))),
    )
    dropoff = Stop(
        location=draw(st.integers(0, PLACES - 1)),
        earliest_s=later,
        latest_s=later + draw(st.sampled_from((2_500, 6_000, 900))),
        service_s=draw(st.sampled_from((0, 60, 300))),
    )
    drivers = tuple(f"D{shift}" for shift in shifts)
    return Trip(
        id=name,
        pickup=pickup,
        dropoff=dropoff,
        max_ride_s=draw(st.sampled_from((10_000, 1_500, 600))),
        load=draw(st.sampled_from(LOADS)),
        needs=_rarely(draw, frozenset({"oxygen"}), frozenset()),
        priority=draw(st.sampled_from(Priority)),
        area=draw(st.sampled_from(("north", "north", None))),
        may_pool=_rarely(draw, False, True),
        same_driver_as=draw(st.sampled_from((None, *others))),
        preferred_drivers=_rarely(draw, frozenset({drivers[-1]}), frozenset()),
        excluded_drivers=_rarely(draw, frozenset({drivers[0]}), frozenset()),
        pinned_shift=_rarely(draw, shifts[0], None),
        ready_s=draw(st.sampled_from((None, None, None, opens - 300))),
    )


def _rarely(draw: st.DrawFn, rare: Any, usual: Any) -> Any:
    return draw(st.sampled_from((usual,) * 9 + (rare,)))


@st.composite
def breaks(draw: st.DrawFn, name: str, start: int) -> Break:
    earliest = start + draw(st.integers(0, 6_000))
    return Break(
        id=name,
        earliest_s=earliest,
        latest_s=earliest + draw(st.sampled_from((4_000, 900, 0))),
        duration_s=draw(st.sampled_from((300, 1_200))),
        mandatory=draw(st.booleans()),
    )


@st.composite
def shifts(draw: st.DrawFn, name: str, *, max_breaks: int = 2) -> Shift:
    start = draw(st.integers(0, 1_500))
    count = draw(st.integers(0, max_breaks))
    end = start + draw(st.sampled_from((20_000, 12_000, 5_000)))
    over = draw(st.sampled_from((None, None, 0, 2_000, 8_000)))
    return Shift(
        id=name,
        driver=f"D{name}",
        vehicle=f"V{name}",
        start_location=draw(st.integers(0, PLACES - 1)),
        end_location=draw(st.integers(0, PLACES - 1)),
        start_s=start,
        end_s=end,
        rostered_end_s=None if over is None else end - over,
        configurations=draw(st.sampled_from(CONFIGURATIONS)),
        capabilities=draw(st.sampled_from((frozenset({"oxygen"}), frozenset[str]()))),
        breaks=tuple(draw(breaks(f"{name}-rest{k}", start)) for k in range(count)),
        max_duration_s=draw(st.sampled_from((None, None, 8_000, 3_000))),
        max_trips=draw(st.sampled_from((None, None, 2))),
        is_emergency=_rarely(draw, True, False),
        recent_trips=draw(st.integers(0, 5)),
    )


@st.composite
def problems(
    draw: st.DrawFn,
    *,
    min_trips: int = 2,
    max_trips: int = 4,
    max_shifts: int = 2,
    max_breaks: int = 2,
) -> Problem:
    """Nothing committed yet; `min_trips` … `max_trips` trips and 1 … `max_shifts` shifts."""
    crew = tuple(f"s{k}" for k in range(draw(st.integers(1, max_shifts))))
    names = tuple(f"t{k}" for k in range(draw(st.integers(min_trips, max_trips))))
    asked = tuple(draw(trips(name, names[:k], crew)) for k, name in enumerate(names))
    in_force = tuple((name, f"D{crew[0]}") for name in names if draw(st.integers(0, 4)) == 0)
    return Problem(
        trips=asked,
        shifts=tuple(draw(shifts(name, max_breaks=max_breaks)) for name in crew),
        travel=draw(travels()),
        settings=draw(settings_of_a_company()),
        drivers_in_force=in_force,
    )


@st.composite
def orders(draw: st.DrawFn, problem: Problem, shift: Shift) -> tuple[Visit, ...]:
    """Some of the trips, early ones mostly first, and the breaks anywhere: often feasible, often not."""
    chosen = draw(st.lists(st.sampled_from(problem.trips), unique_by=lambda trip: trip.id))
    if draw(st.booleans()):
        chosen.sort(key=lambda trip: trip.pickup.earliest_s)
    visits: list[Visit] = []
    for trip in chosen:
        back = draw(st.integers(0, min(2, len(visits))))
        visits.insert(len(visits) - back, Visit(trip.id, VisitKind.PICKUP))
        visits.append(Visit(trip.id, VisitKind.DROPOFF))
    for pause in shift.breaks:
        where = draw(st.integers(0, len(visits)))
        visits.insert(where, Visit(pause.id, VisitKind.BREAK))
    return tuple(visits)


@st.composite
def feasible_orders(
    draw: st.DrawFn, problem: Problem, shift: Shift, trips: tuple[Trip, ...]
) -> tuple[Visit, ...]:
    """A route that works by brute force: trip after trip where chance puts it; () if none fits."""
    kept: tuple[Visit, ...] = ()
    for trip in trips:
        choices = list(insertions(problem, shift, kept, trip.id))
        is_taken = draw(st.integers(0, 3)) > 0
        if choices and is_taken:
            kept = draw(st.sampled_from(choices))
    return kept


@st.composite
def begun_problems(
    draw: st.DrawFn, *, max_trips: int = 4, max_breaks: int = 1
) -> tuple[Problem, dict[str, tuple[Visit, ...]]]:
    """A problem whose shifts have begun, and feasible routes that keep what is committed."""
    problem = draw(problems(max_trips=max_trips, max_breaks=max_breaks))
    routes: dict[str, tuple[Visit, ...]] = {}
    free = problem.trips
    crew = []
    for shift in problem.shifts:
        route = draw(feasible_orders(problem, shift, free))
        free = tuple(trip for trip in free if trip.id not in {visit.id for visit in route})
        done = draw(st.sampled_from((0, 1, 2, 3))) if route else 0
        crew.append(replace(shift, committed=route[:done]))
        routes[shift.id] = route
    return replace(problem, shifts=tuple(crew)), routes
