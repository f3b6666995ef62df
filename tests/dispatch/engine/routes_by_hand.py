"""Routes written down with their times, as only a person would."""

from __future__ import annotations

from dispatch.engine.plan import Plan, Route, TimedVisit
from dispatch.engine.problem import Problem
from tests.dispatch.engine.builders import problem, shift, trip, visits


def by_hand(
    text: str, *times: int | tuple[int, int], by: str = "s", leave: int, back: int
) -> Route:
    """`"+a -a"` with the start of each visit, or its (arrival, start)."""
    pairs = [(time, time) if isinstance(time, int) else time for time in times]
    return Route(
        shift=by,
        visits=tuple(
            TimedVisit(id=visit.id, kind=visit.kind, arrive_s=arrive, start_s=start)
            for visit, (arrive, start) in zip(visits(text), pairs, strict=True)
        ),
        leave_s=leave,
        return_s=back,
    )


def of(route: Route, *more: Route) -> Plan:
    return Plan(routes=(route, *more))


def one_trip(**rest) -> Problem:
    """Trip a from town 1 to town 3; leaving at 0 the vehicle is there at 100 and 300, home at 600."""
    return problem(trip("a", 1, 3, **rest), shift())


DIRECT = by_hand("+a -a", 100, 300, leave=0, back=600)
