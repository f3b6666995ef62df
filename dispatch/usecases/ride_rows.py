"""A plan's routes as the columns of assignment rows: who, when, and who shares the vehicle with whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from dispatch.engine.plan import Plan, Route
from dispatch.engine.problem import Problem
from dispatch.enums import VisitKind
from dispatch.models import Assignment
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.references import row_id


@dataclass(frozen=True, slots=True, kw_only=True)
class RideRow:
    """The part of an assignment that a plan decides; `direct_s`: the drive without a detour."""

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "shift",
        "driver",
        "vehicle",
        "period",
        "planned_pickup_at",
        "planned_dropoff_at",
        "ride_group",
        "position",
        "noted_pickup_at",
        "direct_s",
    )

    booking_id: int
    shift_id: int
    driver_id: int
    vehicle_id: int
    planned_pickup_at: datetime
    planned_dropoff_at: datetime
    ends_at: datetime
    ride_group: int
    position: int
    direct_s: int

    @property
    def period(self) -> DateTimeTZRange:
        return DateTimeTZRange(self.planned_pickup_at, self.ends_at)

    def equals(self, row: Assignment) -> bool:
        mine = (self.shift_id, self.driver_id, self.vehicle_id, self.ride_group, self.position)
        theirs = (row.shift_id, row.driver_id, row.vehicle_id, row.ride_group, row.position)
        return (
            mine == theirs
            and self.period == row.period
            and (
                self.planned_pickup_at,
                self.planned_dropoff_at,
            )
            == (row.planned_pickup_at, row.planned_dropoff_at)
        )

    def write(self, row: Assignment) -> None:
        """All but `direct_s` and `noted_pickup_at`, which a plan does not decide alone (see write_rides)."""
        row.shift_id, row.driver_id, row.vehicle_id = self.shift_id, self.driver_id, self.vehicle_id
        row.period, row.ride_group, row.position = self.period, self.ride_group, self.position
        row.planned_pickup_at = self.planned_pickup_at
        row.planned_dropoff_at = self.planned_dropoff_at


def ride_rows(problem: Problem, plan: Plan, clock: DayClock) -> Iterator[RideRow]:
    """One row for each planned trip."""
    for route in plan.routes:
        yield from route_rows(problem, route, clock)


def route_rows(problem: Problem, route: Route, clock: DayClock) -> Iterator[RideRow]:
    shift = problem.shift_by_id[route.shift]
    starts = {(visit.id, visit.kind): visit.start_s for visit in route.visits}
    for position, (trip_id, group) in enumerate(_groups(route)):
        pickup_s = starts[trip_id, VisitKind.PICKUP]
        dropoff_s = starts[trip_id, VisitKind.DROPOFF]
        # The columns want a ride that lasts: one second is what the clock can tell apart.
        dropoff_s = max(dropoff_s, pickup_s + 1)
        service_s = max(problem.trip_by_id[trip_id].dropoff.service_s, 1)
        yield RideRow(
            booking_id=row_id(trip_id),
            shift_id=row_id(shift.id),
            driver_id=row_id(shift.driver),
            vehicle_id=row_id(shift.vehicle),
            planned_pickup_at=clock.moment(pickup_s),
            planned_dropoff_at=clock.moment(dropoff_s),
            ends_at=clock.moment(dropoff_s + service_s),
            ride_group=group,
            position=position,
            direct_s=problem.direct_s(problem.trip_by_id[trip_id]),
        )


def _groups(route: Route) -> Iterator[tuple[str, int]]:
    """(trip, group) in pickup order: from an empty vehicle to an empty vehicle is one group."""
    on_board: set[str] = set()
    group = 0
    for visit in route.visits:
        if visit.kind is VisitKind.PICKUP:
            group = group if on_board else row_id(visit.id)
            on_board.add(visit.id)
            yield visit.id, group
        elif visit.kind is VisitKind.DROPOFF:
            on_board.discard(visit.id)
