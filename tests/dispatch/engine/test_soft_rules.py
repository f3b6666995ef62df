from __future__ import annotations

import random
import string
from dataclasses import replace
from typing import Any

import pytest

from dispatch.engine import rules
from dispatch.engine.construct import construct
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.plan import Plan, Route, TimedVisit, Unassigned
from dispatch.engine.problem import Problem
from dispatch.engine.rules import RULES, Violation, check, hard_violations
from dispatch.engine.sentences import DETOUR, VIOLATIONS
from dispatch.enums import Rule, Severity
from tests.dispatch.engine.builders import (
    large_day,
    pause,
    plan,
    problem,
    shift,
    stop,
    trip,
    visits,
)
from tests.dispatch.engine.routes_by_hand import DIRECT, by_hand, of, one_trip

# Soft rules


def two_drivers(
    *, a: dict[str, Any] | None = None, b: dict[str, Any] | None = None, **rest
) -> tuple[Problem, Plan]:
    """Trip a with driver Ds, trip b with driver Dr."""
    day = problem(
        trip("a", 1, 2, **a or {}), trip("b", 1, 2, **b or {}), shift("s"), shift("r"), **rest
    )
    return day, plan(day, s="+a -a", r="+b -b")


def test_a_trip_that_asks_for_the_driver_of_another():
    (found,) = check(*two_drivers(b={"same_driver_as": "a"}))
    assert (found.rule, found.trip, found.other) == (Rule.SAME_DRIVER, "b", "a")
    assert found.severity is Severity.SOFT
    day, apart = two_drivers(b={"same_driver_as": "elsewhere"})
    assert check(day, apart) == ()
    day, _ = two_drivers(b={"same_driver_as": "a"})
    together = plan(day, s="+a -a +b -b")
    assert not list(rules.same_driver(day, together))


def test_a_wish_for_the_driver_of_an_unassigned_trip_binds_nobody():
    day, _ = two_drivers(b={"same_driver_as": "a"})
    left = Plan(
        routes=(plan(day, r="+b -b").routes), unassigned=(Unassigned(trip="a", reason=Rule.SHIFT),)
    )
    assert not list(rules.same_driver(day, left))


def test_none_of_the_preferred_drivers():
    found = check(*two_drivers(a={"preferred_drivers": frozenset({"Dr"})}))
    assert [(v.rule, v.trip) for v in found] == [(Rule.PREFERRED_DRIVER, "a")]
    assert check(*two_drivers(a={"preferred_drivers": frozenset({"Dr", "Ds"})})) == ()


@pytest.mark.parametrize(("recent", "gap"), [(0, 0), (1, 0), (2, 2), (5, 5)])
def test_loads_over_the_window_may_differ_by_one_trip(recent, gap):
    day = problem(
        trip("a", 1, 2),
        trip("b", 1, 2),
        shift("s", end_s=28_800, recent_trips=recent),
        shift("r", end_s=28_800),
    )
    found = [(v.rule, v.amount) for v in check(day, plan(day, s="+a -a", r="+b -b"))]
    assert found == ([(Rule.FAIRNESS, gap)] if gap else [])


def test_an_emergency_shift_in_use_is_shown_with_its_trips():
    day = problem(trip("a", 1, 2), trip("b", 3, 4), shift(is_emergency=True))
    (found,) = check(day, plan(day, s="+a -a +b -b"))
    assert (found.rule, found.amount) == (Rule.EMERGENCY_LAST, 2)


def test_a_trip_that_changes_driver():
    found = check(*two_drivers(drivers_in_force=(("a", "Dr"), ("b", "Dr"))))
    assert [(v.rule, v.trip, v.shift) for v in found] == [(Rule.STABILITY, "a", "s")]


# The whole


def test_hard_violations_come_first_and_stand_alone():
    day = problem(
        trip("a", 1, 3, preferred_drivers=frozenset({"Dx"}), needs=frozenset({"oxygen"})),
        trip("b", 1, 3),
        shift(),
    )
    found = check(day, of(DIRECT))
    assert [v.rule for v in found] == [Rule.COVERAGE, Rule.SKILLS, Rule.PREFERRED_DRIVER]
    assert hard_violations(day, of(DIRECT)) == found[:2]


@pytest.mark.parametrize(
    "stranger",
    [
        of(Route(shift="ghost")),
        of(by_hand("+ghost", 100, leave=0, back=200)),
        of(by_hand("~ghost", 100, leave=0, back=200)),
        Plan(routes=(), unassigned=(Unassigned(trip="ghost", reason=Rule.SHIFT),)),
    ],
)
@pytest.mark.parametrize("judge", [check, hard_violations])
def test_a_plan_of_another_day_is_refused(stranger, judge):
    with pytest.raises(InvalidPlanError, match="unknown"):
        judge(one_trip(), stranger)


def test_every_rule_is_checked_but_the_one_no_problem_can_break():
    assert set(RULES) == set(Rule) - {Rule.UNKNOWN_COORDINATES}
    assert set(VIOLATIONS) == set(RULES)
    assert len({rule.check for rule in RULES.values()}) == len(RULES)


@pytest.mark.parametrize("rule", list(RULES))
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_rule_speaks_both_languages_with_labels_for_references(rule, language):
    violation = Violation(
        rule=rule, amount=61, trip="t1", shift="s1", other="o1", skills=("oxygen",)
    )
    said = violation.sentence(
        language, label=lambda reference: f"<{reference}>" if reference else ""
    )
    fields = {
        name for _, name, _, _ in string.Formatter().parse(VIOLATIONS[rule].said(language)) if name
    }
    for field, shown in {
        "trip": "<t1>",
        "shift": "<s1>",
        "other": "<o1>",
        "amount": "61",
        "minutes": "2",
    }.items():
        assert (shown in said) == (field in fields)
    assert "{" not in said


@pytest.mark.parametrize(
    ("stop_at", "en", "fr"),
    [
        ((100, 200, 0, 999), "The pickup of trip a (shift s) is 2 min earlier", "prise en charge"),
        ((0, 5, 0, 999), "The pickup of trip a (shift s) is 1 min later", "après sa plage"),
        ((0, 999, 900, 999), "The arrival of trip a (shift s) is 14 min earlier", "L’arrivée"),
        ((0, 999, 0, 10), "The arrival of trip a (shift s) is 1 min later", "après sa plage"),
    ],
)
def test_a_missed_window_says_which_end_and_to_which_side(stop_at, en, fr):
    """Pickup at second 10 and drop-off at second 60, as a person wrote them."""
    day = problem(trip("a", stop(1, *stop_at[:2]), stop(2, *stop_at[2:])), shift())
    pickup, dropoff = (
        TimedVisit(id=visit.id, kind=visit.kind, arrive_s=at_s, start_s=at_s)
        for visit, at_s in zip(visits("+a -a"), (10, 60), strict=True)
    )
    written = Plan(routes=(Route(shift="s", visits=(pickup, dropoff), return_s=100),))
    (found,) = [v for v in check(day, written) if v.rule is Rule.TIME_WINDOW]
    assert found.sentence().startswith(en)
    assert fr in found.sentence("fr")


@pytest.mark.parametrize(
    ("violation", "en", "fr"),
    [
        (
            Violation(rule=Rule.TIME_WINDOW, amount=420, trip="T12", shift="S3"),
            "Trip T12 (shift S3) is served 7 min outside its time window.",
            "La course T12 (service S3) est servie 7 min hors de sa plage horaire.",
        ),
        (
            Violation(rule=Rule.SKILLS, amount=2, trip="T12", shift="S3", skills=("oxygen", "xyz")),
            "Shift S3 lacks what trip T12 needs: oxygen, xyz.",
            "Il manque au service S3 ce que demande la course T12 : oxygène, xyz.",
        ),
        (
            Violation(rule=Rule.POOLING, trip="T1", other="T2", shift="S3"),
            "Trips T1 and T2 may not be on board together (shift S3).",
            "Les courses T1 et T2 ne peuvent pas être à bord ensemble (service S3).",
        ),
        (
            Violation(rule=Rule.POOLING, amount=61, trip="T1", shift="S3"),
            DETOUR.en.format(trip="T1", shift="S3", minutes=2),
            DETOUR.fr.format(trip="T1", shift="S3", minutes=2),
        ),
    ],
)
def test_sentences_word_for_word(violation, en, fr):
    assert violation.sentence() == en
    assert violation.sentence("fr") == fr


def test_rules_judge_any_order_of_visits_without_falling():
    """Whatever a hand may put together of known references gets a verdict, never a crash."""
    day = problem(
        trip("a", 1, 4),
        trip("b", 2, 3),
        shift(breaks=(pause("p", 0, 9_000),), committed=visits("+a")),
    )
    rng = random.Random(7)
    for _ in range(300):
        words = rng.choices(["-a", "+b", "-b", "~p"], k=rng.randrange(6))
        text = " ".join([*words, *(["+a"] if rng.random() < 0.5 else [])])
        if text.split().count("+b") > 1:
            continue
        times = [rng.randrange(2_000) for _ in text.split()]
        found = check(day, of(by_hand(text, *times, leave=rng.randrange(500), back=2_000)))
        assert all(violation.sentence("fr") for violation in found)
        assert any(violation.rule in {Rule.SEQUENCE, Rule.COVERAGE} for violation in found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_what_the_engine_plans_keeps_every_hard_rule_and_a_nudge_does_not(seed):
    """Scheduling and rules share no code, so each is the other's witness."""
    day = large_day(seed=seed, trips=60, shifts=8)
    made = construct(day)
    assert hard_violations(day, made) == ()
    rng = random.Random(seed)
    for route in made.routes:
        if not route.visits:
            continue
        k = rng.randrange(len(route.visits))
        early = replace(route.visits[k], arrive_s=route.visits[k].arrive_s - 1)
        nudged = replace(route, visits=(*route.visits[:k], early, *route.visits[k + 1 :]))
        others = tuple(other for other in made.routes if other is not route)
        found = hard_violations(day, replace(made, routes=(*others, nudged)))
        # Arriving a second before the way allows: too soon on the road, or into the margin.
        assert {v.rule for v in found} <= {Rule.SEQUENCE, Rule.TRANSITION_MARGIN}
        assert [v.amount for v in found] == [1]
