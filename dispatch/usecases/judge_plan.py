"""Judges a day's plan that a person made: every rule it breaks, in words, with what it costs. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from dispatch.engine.handmade import HandPlan, Oddity
from dispatch.engine.judge import Judgement, judge
from dispatch.engine.kpi import Kpi, KpiValue
from dispatch.engine.problem import Problem
from dispatch.engine.rules import Violation
from dispatch.models import Company
from dispatch.usecases.build_problem import BuiltProblem, build_problem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_content import refuse_past_day
from dispatch.usecases.measure_day import predicted_kpis
from dispatch.usecases.wording import labels, language


@dataclass(frozen=True, kw_only=True)
class JudgedPlan:
    """`violations` and `oddities` each with its sentence; the KPIs count half a journey as not served."""

    judgement: Judgement
    clock: DayClock
    violations: tuple[tuple[Violation, str], ...]
    oddities: tuple[tuple[Oddity, str], ...]
    kpis: tuple[KpiValue, ...]
    breaks: Mapping[str, str]  # what a break is called: the hours it may begin in


def judge_plan(*, company: Company, day: date, hand: HandPlan, now: datetime) -> JudgedPlan:
    """What is wrong with this plan by the day as it is, whatever a person wrote; references as in the engine.

    May ask the road server: not to be called in a transaction. Raises DayOverError and NothingToPlanError.
    """
    refuse_past_day(company=company, day=day, now=now)
    return judged(build_problem(company=company, day=day, now=now), company, day, hand)


def judged(built: BuiltProblem, company: Company, day: date, hand: HandPlan) -> JudgedPlan:
    """The same of a day that has been read."""
    found = judge(built.problem, hand)
    clock = DayClock.of(company, day)
    spoken = language()
    breaks = _breaks(built.problem, clock)
    label = labels(_references(found), breaks, of=company)
    values = predicted_kpis(
        company=company,
        day=day,
        problem=built.problem,
        plan=found.served,
        unplannable=[item.trip for item in built.unplannable],
    )
    return JudgedPlan(
        judgement=found,
        clock=clock,
        violations=tuple((v, v.sentence(spoken, label=label)) for v in found.violations),
        oddities=tuple((odd, odd.sentence(spoken, label=label)) for odd in found.oddities),
        kpis=tuple(value for value in values if value.key is not Kpi.FAIRNESS_PRICE),
        breaks=breaks,
    )


def _references(found: Judgement) -> set[str]:
    said: tuple[Violation | Oddity, ...] = (*found.violations, *found.oddities)
    return {reference for item in said for reference in (item.trip, item.shift, item.other)}


def _breaks(problem: Problem, clock: DayClock) -> dict[str, str]:
    """A break is called by the hours it may begin in."""
    return {
        pause.id: f"{clock.shown(pause.earliest_s)}–{clock.shown(pause.latest_s)}"
        for shift in problem.shifts
        for pause in shift.breaks
    }
