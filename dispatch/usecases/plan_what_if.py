"""Plans a day as it is and as it might be, with the same chance and the same seconds, and sets the two side by side.

Nothing is written: the plan in force, its runs and its rows stay as they are, and the answer is kept nowhere.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils.translation import gettext as _
from pydantic import ValidationError

from dispatch.engine.cost import score
from dispatch.engine.draft import resume
from dispatch.engine.errors import InvalidProblemError
from dispatch.engine.kpi import Kpi, KpiValue
from dispatch.engine.pipeline import Result, make_plan, make_ready
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem, Visit
from dispatch.engine.what_if import HasBegunError, NoSuchPartError, ask, orders_left
from dispatch.models import Company
from dispatch.usecases.build_problem import BuiltProblem, build_problem
from dispatch.usecases.compare_plans import Moved, compare_plans
from dispatch.usecases.day_change import DayChange, questions_of
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_content import refuse_past_day
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.measure_day import predicted_kpis
from dispatch.usecases.references import row_id
from dispatch.usecases.wording import labels, labels_of, unassigned_sentences

# Of search for each of the two, and for what both go on from where the day has trips without a driver; less where
# the company plans quicker: a person waits for all of it.
QUICK_S = 2.5


Orders = Mapping[str, tuple[Visit, ...]]  # shift → its visits


class UnanswerableChangeError(UseCaseError):
    """The change speaks of what the day does not have, of what has begun, or of hours or weights that cannot be."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two days: planned, priced by the weights the company has, and measured."""

    problem: Problem
    result: Result
    cost: int
    kpis: tuple[KpiValue, ...]

    @property
    def served(self) -> int:
        return len(self.result.plan.shift_of)

    @property
    def unserved(self) -> int:
        return len(self.result.plan.unassigned)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftThen:
    """A journey that nobody would drive. `sentence`: why, and the least that would help; `is_new`: only then."""

    called: str
    sentence: str
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """`as_is` is planned anew like `as_if`, so that they differ by the change and not by when they were planned.

    `moves`: journeys of the day whose driver or pickup differs between the two; of those that are withdrawn there
    is no `after`. `left`: who would have no driver. `seconds`: of search in each.
    """

    change: DayChange
    as_is: Side
    as_if: Side
    moves: tuple[Moved, ...]
    left: tuple[LeftThen, ...]
    seconds: float

    @property
    def withdrawn(self) -> frozenset[int]:
        """Of the moves: asked away, not left without a driver."""
        return frozenset(self.change.without_bookings)


def plan_what_if(
    *,
    company: Company,
    day: date,
    change: DayChange,
    now: datetime,
    clock: Callable[[], float],
    seconds: float | None = None,
) -> WhatIf:
    """Both plans, each after about `seconds` of `clock`; a change of nothing gives the same plan twice.

    Both go on from the plan in force. Where that leaves trips without a driver, the day as it is is planned first, for
    as long again, and both go on from there: neither of the two has had more search than the other.
    Raises UnanswerableChangeError, DayOverError and NothingToPlanError. May ask the road server.
    """
    make_ready()
    refuse_past_day(company=company, day=day, now=now)
    built = build_problem(company=company, day=day, now=now)
    walls = DayClock.of(company, day)
    other = _asked(built.problem, change, walls, now)
    limit_s = seconds or min(QUICK_S, float(company.rules.solver_time_limit_s))
    days = _Days(built, company, day, clock, limit_s)
    begun = days.begun()
    as_is = days.planned(built.problem, begun)
    as_if = as_is if other.hash == built.problem.hash else days.planned(other, begun)
    moves = compare_plans(as_is.result.plan, as_if.result.plan, clock=walls)
    return WhatIf(
        change=change,
        as_is=as_is,
        as_if=as_if,
        moves=tuple(_told(move) for move in moves if move.is_noticeable and move.booking_id > 0),
        left=_left(as_is.result.plan, as_if.result.plan, walls),
        seconds=limit_s if begun is built.in_force else 2 * limit_s,
    )


def _asked(problem: Problem, change: DayChange, walls: DayClock, now: datetime) -> Problem:
    try:
        return ask(problem, *questions_of(change, problem, walls, now=now))
    except NoSuchPartError as error:
        said = _("%(what)s is not part of what is planned on this day.")
        raise UnanswerableChangeError(
            said % {"what": _called(error.reference, walls.company)}
        ) from error
    except HasBegunError as error:
        said = _("%(what)s has begun, or is about to: that is not thought away.")
        raise UnanswerableChangeError(
            said % {"what": _called(error.reference, walls.company)}
        ) from error
    except InvalidProblemError as error:
        said = _("These hours are none: they end before they begin, or are over.")
        raise UnanswerableChangeError(said) from error
    except ValidationError as error:
        fields = ", ".join(str(line["loc"][0]) for line in error.errors())
        said = _("No company may set these weights so: %(fields)s.")
        raise UnanswerableChangeError(said % {"fields": fields}) from error


def _left(as_is: Plan, as_if: Plan, walls: DayClock) -> tuple[LeftThen, ...]:
    """By reference; a journey that is only thought of is called so."""
    before = {item.trip for item in as_is.unassigned}
    called = labels((item.trip for item in as_if.unassigned), of=walls.company)
    named = labels_of(as_if.unassigned)
    found = (
        LeftThen(
            called=_("one journey more") if row_id(item.trip) < 0 else called(item.trip),
            sentence=unassigned_sentences(item, walls, named),
            is_new=item.trip not in before,
        )
        for item in as_if.unassigned
    )
    return tuple(sorted(found, key=lambda left: left.called))


def _told(moved: Moved) -> Moved:
    """A shift that is only thought of has no driver yet, and is not gone either."""
    if moved.after is None or moved.after.shift_id > 0:
        return moved
    return replace(moved, after=replace(moved.after, driver=_("one shift more")))


def _called(reference: str, company: Company) -> str:
    """A journey or a shift as people call it; vehicles and strangers by their number."""
    called = labels([reference], of=company)(reference)
    return f"#{reference[1:]}" if called == reference else called


@dataclass(frozen=True)
class _Days:
    built: BuiltProblem
    company: Company
    day: date
    clock: Callable[[], float]
    limit_s: float

    def begun(self) -> Orders:
        """The orders that both sides go on from."""
        problem, orders = self.built.problem, self.built.in_force
        start = resume(problem, orders)
        if not start.unassigned:
            return orders
        made = self._made(problem, start if orders else None)
        return {route.shift: tuple(v.visit for v in route.visits) for route in made.plan.routes}

    def planned(self, problem: Problem, begun: Orders) -> Side:
        orders = orders_left(problem, begun)
        result = self._made(problem, resume(problem, orders) if orders else None)
        by_usual_weights = replace(problem, settings=self.built.problem.settings)
        return Side(
            problem=problem,
            result=result,
            cost=score(by_usual_weights, result.plan).total,
            kpis=self._kpis(problem, result),
        )

    def _made(self, problem: Problem, start: Plan | None) -> Result:
        return make_plan(
            problem,
            start=start,
            time_limit_s=self.limit_s,
            rng=random.Random(f"{self.company.pk}:{self.day}"),
            clock=self.clock,
        )

    def _kpis(self, problem: Problem, result: Result) -> tuple[KpiValue, ...]:
        """Without the price of fairness, which belongs to a search and not to a plan."""
        values = predicted_kpis(
            company=self.company,
            day=self.day,
            problem=problem,
            plan=result.plan,
            unplannable=[item.trip for item in self.built.unplannable],
            longer_s=_longer_s(self.built.problem, problem),
        )
        return tuple(value for value in values if value.key is not Kpi.FAIRNESS_PRICE)


def _longer_s(before: Problem, after: Problem) -> Mapping[str, int]:
    """Driver → how many seconds more (or fewer) on duty than the rows say."""
    longer: Counter[str] = Counter()
    known = {shift.driver for shift in before.shifts}
    for sign, problem in ((1, after), (-1, before)):
        for shift in problem.shifts:
            if shift.driver in known:
                longer[shift.driver] += sign * (shift.end_s - shift.start_s)
    return longer
