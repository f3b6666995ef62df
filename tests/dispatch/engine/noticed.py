"""Who is told of a change by a re-plan, counted anew: it shares no code with the engine's own count."""

from __future__ import annotations

from dispatch.engine.budget import InForce
from dispatch.engine.plan import Plan


def told_of_a_change(day: InForce, plan: Plan) -> set[str]:
    """Counted anew, trip by trip, from what people were told and the plan in force as it would go on."""
    drivers = {one.id: one.driver for one in day.problem.shifts}
    changed = set()
    for one, told_driver in day.problem.drivers_in_force:
        before = day.plan.shift_of.get(one)
        if before is None or one in day.problem.committed_shift:
            continue
        times = times_known(day, one)
        start = plan.pickup_start_s[one]
        if drivers[plan.shift_of[one]] not in (told_driver, drivers[before]):
            changed.add(one)
        if start <= min(times) - 300 or start >= max(times) + 300:
            changed.add(one)
    return changed


def times_known(day: InForce, name: str) -> tuple[int, ...]:
    """What was told, and where that cannot be kept within five minutes, when the vehicle comes."""
    told, forced = day.told[name], day.plan.pickup_start_s[name]
    return (told,) if abs(told - forced) < 300 else (told, forced)
