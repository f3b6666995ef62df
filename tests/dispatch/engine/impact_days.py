"""Days with a plan in force: what changes are tried on."""

from __future__ import annotations

from hypothesis import strategies as st

from dispatch.engine.draft import resume
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.enums import VisitKind
from tests.dispatch.engine.builders import visits
from tests.dispatch.engine.strategies import begun_problems


def in_force(day: Problem, **texts: str) -> Plan:
    """One keyword per shift, as for `builders.plan`; it lists whom nobody drives, and sets the breaks."""
    return resume(day, {shift: visits(text) for shift, text in texts.items()})


def reread(day: Problem, plan: Plan) -> Plan:
    """The plan as it comes back from its rides: their order, and the breaks that have begun."""
    done = {visit for shift in day.shifts for visit in shift.committed}
    orders = {
        route.shift: tuple(
            timed.visit
            for timed in route.visits
            if timed.kind is not VisitKind.BREAK or timed.visit in done
        )
        for route in plan.routes
    }
    return resume(day, orders)


@st.composite
def days_in_force(draw: st.DrawFn, *, max_trips: int = 4) -> tuple[Problem, Plan]:
    day, routes = draw(begun_problems(max_trips=max_trips, max_breaks=1))
    return day, reread(day, resume(day, routes))
