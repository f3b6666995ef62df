"""The best drivers for one trip, each with what it would do to everybody else, and why the others cannot."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from dispatch.engine.change import Carried, Refused, taken_in, taken_off
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.impact import Before, Impact, Told
from dispatch.engine.insertion import Insertion, Openings
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.engine.schedule import Refusal

# So many of the cheapest ways in are looked at in full: breaks set anew may change which one is best.
MOST = 6


class Difference(NamedTuple):
    """By what an alternative differs from the best one: points, metres, seconds driven, seconds that pickups
    of others move, people to tell (patients and drivers), and the gap between drivers (trips per eight hours).
    """

    points: int
    metres: int
    driving_s: int
    moved_s: int
    people: int
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    shift: str
    impact: Impact

    def against(self, best: Alternative) -> Difference:
        mine, theirs = self.impact, best.impact
        return Difference(
            points=mine.points - theirs.points,
            metres=mine.metres - theirs.metres,
            driving_s=mine.driving_s - theirs.driving_s,
            moved_s=mine.moved_s - theirs.moved_s,
            people=_people(mine) - _people(theirs),
            gap=round(mine.gap[1] - theirs.gap[1], 6),
        )


@dataclass(frozen=True, kw_only=True)
class BestFits:
    """`fits`: cheapest first. `asked`: the plan without the trip, or why the trip cannot leave its shift. `unable`:
    the shifts that were asked and have no place for it.
    """

    trip: str
    fits: tuple[Alternative, ...]
    asked: Openings | Refused
    unable: tuple[str, ...] = ()

    @cached_property
    def refusals(self) -> dict[str, Refusal]:
        """shift → the rule it comes nearest to keeping, of all that cannot take the trip; worked out when asked."""
        if isinstance(self.asked, Refused):
            one = self.asked
            return {s.id: one.refusal for s in one.problem.shifts if s.id != one.shift}
        return {shift: self.asked.refusal(self.trip, shift) for shift in self.unable}


def best_fits(
    problem: Problem,
    plan: Plan,
    trip_id: str,
    *,
    n: int = 3,
    told: Told | None = None,
    barred: Collection[str] = (),
) -> BestFits:
    """The `n` (at most MOST) cheapest shifts for a trip, its own among them where it has one, which it would keep.

    Every shift is asked but those `barred`, which take nobody in. `plan` and `told` as for `impact`. Raises InvalidPlanError for a trip the problem does
    not know.
    """
    if trip_id not in problem.trip_by_id:
        raise InvalidPlanError(f"Trip {trip_id} is unknown.")
    rest = taken_off(problem, plan, trip_id)
    if isinstance(rest, Refused):
        return BestFits(trip=trip_id, fits=(), asked=rest)
    before = Before(problem, plan, told or Told())
    known = {
        route.shift: before.scores[route.shift].total
        for route in rest.routes
        if route.visits and route is plan.route_of.get(route.shift)
    }
    openings = Openings(problem, rest, known)
    asked = [shift.id for shift in problem.shifts if shift.id not in barred]
    found = sorted(openings.offers(trip_id, asked), key=lambda one: (one.added_cost, one.shift))
    plans = {
        one.shift: _carried(problem, rest, openings.insertion(trip_id, one)) for one in found[:MOST]
    }
    ranked = sorted(plans, key=lambda shift: (before.price(plans[shift]).total, shift))
    fits = tuple(Alternative(shift=s, impact=before.impact(plans[s])) for s in ranked[:n])
    able = {one.shift for one in found}
    unable = tuple(shift for shift in asked if shift not in able)
    return BestFits(trip=trip_id, fits=fits, asked=openings, unable=unable)


def _carried(problem: Problem, rest: Plan, insertion: Insertion) -> Carried:
    plan = taken_in(problem, rest, insertion)
    return Carried(problem=problem, plan=plan, written=frozenset({insertion.shift}))


def _people(impact: Impact) -> int:
    return len(impact.patients) + len(impact.drivers)
