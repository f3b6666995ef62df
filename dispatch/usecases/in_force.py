"""What people know of a day that is to be re-planned: its routes, what was told and promised, and how much may change."""

from __future__ import annotations

from datetime import datetime

from dispatch.engine.budget import InForce, Promise
from dispatch.engine.notice import going_on
from dispatch.engine.problem import DAY_S
from dispatch.models import Booking, CompanySettings
from dispatch.usecases.build_problem import BuiltProblem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_rows import MIN_S
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.day_trips import promise_of
from dispatch.usecases.references import row_id, trip_ref

NEVER_S = (
    9 * DAY_S
)  # after which nobody waits any more: a ride without an appointment is bounded by its length


def in_force(
    built: BuiltProblem, *, clock: DayClock, rules: CompanySettings, now: datetime
) -> InForce:
    """Raises InvalidPlanError when what a shift has begun breaks a rule."""
    held = Booking.objects.filter(pk__in=[row_id(trip.id) for trip in built.problem.trips])
    told: dict[str, int] = {}
    promised: dict[str, Promise] = {}
    for booking in held.select_related("assignment"):
        due_s = clock.second_if(booking.appointment_at)
        until_s = clock.second(promise_of(booking)[1])
        promised[trip_ref(booking.pk)] = Promise(until_s, NEVER_S if due_s is None else due_s)
        row = assignment_of(booking)
        if row is not None:
            noticed_at = row.noted_pickup_at or row.planned_pickup_at
            told[trip_ref(booking.pk)] = clock.second(noticed_at)
    frozen_until_s = clock.second(now) + rules.freeze_min * MIN_S
    return InForce(
        problem=built.problem,
        plan=going_on(built.problem, built.in_force, told_s=told, frozen_until_s=frozen_until_s),
        told_s=told,
        promised=promised,
        budget=rules.stability_budget,
        frozen_until_s=frozen_until_s,
    )
