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
from dispatch.engine.problem import Load, Pooling, Problem
from dispatch.engine.rules import RULES, Violation, check, hard_violations
from dispatch.engine.sentences import DETOUR, VIOLATIONS
from dispatch.enums import Rule, Severity
from tests.dispatch.engine.builders import (
    PLAIN,
    large_day,
    pause,
    plan,
    problem,
    shift,
    stop,
    trip,
    visits,
)


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


def test_a_plan_that_keeps_every_rule_has_no_violation():
    assert check(one_trip(), of(DIRECT)) == ()
    assert hard_violations(one_trip(), of(DIRECT)) == ()


# Coverage


def test_a_trip_that_is_neither_planned_nor_listed_is_found():
    day = problem(trip("a", 1, 3), trip("b", 1, 3), trip("c", 1, 3), shift())
    left = Plan(routes=(DIRECT,), unassigned=(Unassigned(trip="b", reason=Rule.SHIFT),))
    assert check(day, left) == (Violation(rule=Rule.COVERAGE, trip="c"),)


# Sequence


@pytest.mark.parametrize(
    ("text", "times", "offender"),
    [
        ("-a +a", (300, 500), "a"),
        ("+a", (100,), "a"),
        ("-a", (300,), "a"),
        ("+a -a -a", (100, 300, 300), "a"),
    ],
)
def test_pickup_comes_before_drop_off_and_each_visit_once(text, times, offender):
    found = list(rules.sequence(one_trip(), of(by_hand(text, *times, leave=0, back=9_000))))
    assert {v.other for v in found} == {offender}
    assert all(v.rule is Rule.SEQUENCE and v.trip == "a" for v in found)


@pytest.mark.parametrize(
    ("route", "late"),
    [
        (by_hand("+a -a", 99, 300, leave=0, back=600), 1),  # a hundred seconds away
        (by_hand("+a -a", 100, 250, leave=0, back=600), 50),
        (by_hand("+a -a", (120, 100), 300, leave=0, back=600), 20),  # served before it arrives
        (by_hand("+a -a", 100, 300, leave=0, back=570), 30),
    ],
)
def test_times_no_vehicle_can_keep(route, late):
    (found,) = check(one_trip(), of(route))
    assert (found.rule, found.severity, found.amount) == (Rule.SEQUENCE, Severity.HARD, late)


def test_the_way_home_is_named_by_its_shift():
    (found,) = check(one_trip(), of(by_hand("+a -a", 100, 300, leave=0, back=570)))
    assert (found.trip, found.shift, found.other) == ("", "s", "s")


def test_service_takes_its_time_before_the_vehicle_leaves():
    day = problem(trip("a", stop(1, service=60), 3), shift())
    late = by_hand("+a -a", 100, 300, leave=0, back=600)
    assert [v.amount for v in check(day, of(late))] == [60]
    assert check(day, of(by_hand("+a -a", 100, 360, leave=0, back=660))) == ()


# Time windows


@pytest.mark.parametrize(
    ("window", "amount"),
    [
        ((0, 100), 0),
        ((100, 100), 0),
        ((0, 99), 1),
        ((101, 500), 1),
        ((0, 40), 60),
        ((400, 500), 300),
    ],
)
def test_service_begins_inside_the_window_to_the_second(window, amount):
    day = problem(trip("a", stop(1, *window), 3), shift())
    found = [v.amount for v in rules.time_window(day, of(DIRECT))]
    assert found == ([amount] if amount else [])


def test_a_break_has_no_time_window_of_a_stop():
    day = problem(trip("a", 1, 3), shift(breaks=(pause("p", 0, 9_000),)))
    rest = by_hand("+a -a ~p", 100, 300, 300, leave=0, back=900)
    assert check(day, of(rest)) == ()


# Ride time and pooling

POOLED = replace(PLAIN, pooling=Pooling(same_area=False, max_pickup_gap_s=None, max_detour_s=150))


@pytest.mark.parametrize(
    ("max_ride_s", "settings", "arrival", "expected"),
    [
        (250, PLAIN, 350, None),
        (250, PLAIN, 351, (Rule.MAX_RIDE_TIME, 1)),
        (50, PLAIN, 300, None),  # the direct way is always allowed
        (50, PLAIN, 310, (Rule.MAX_RIDE_TIME, 10)),
        (1_000, POOLED, 450, None),
        (1_000, POOLED, 460, (Rule.POOLING, 10)),  # over the detour, within the patient's limit
        (300, POOLED, 400, None),
        (300, POOLED, 460, (Rule.MAX_RIDE_TIME, 60)),
    ],
)
def test_nobody_is_on_board_too_long(max_ride_s, settings, arrival, expected):
    day = replace(one_trip(max_ride_s=max_ride_s), settings=settings)
    route = by_hand("+a -a", 100, arrival, leave=0, back=arrival + 300)
    found = [(v.rule, v.amount) for v in check(day, of(route))]
    assert found == ([] if expected is None else [expected])


def test_boarding_is_no_riding():
    day = problem(trip("a", stop(1, service=500), 3, max_ride_s=200), shift())
    assert check(day, of(by_hand("+a -a", 100, 800, leave=0, back=1_100))) == ()


def test_each_pair_on_board_together_must_be_allowed_to():
    day = problem(
        trip("a", 1, 4, may_pool=False), trip("b", 2, 5), trip("c", 3, 5), shift(), settings=POOLED
    )
    route = by_hand("+a +b +c -a -b -c", 100, 200, 300, 400, 500, 500, leave=0, back=1_000)
    found = check(day, of(route))
    assert [(v.rule, v.trip, v.other) for v in found] == [
        (Rule.POOLING, "a", "b"),
        (Rule.POOLING, "a", "c"),
    ]


def test_one_after_the_other_is_not_together():
    day = problem(trip("a", 1, 2), trip("b", 2, 3), shift())
    assert check(day, of(by_hand("+a -a +b -b", 100, 200, 200, 300, leave=0, back=600))) == ()


# Capacity

TWO_WAYS = shift(configurations=(Load(seats=4), Load(seats=1, wheelchairs=1)))


@pytest.mark.parametrize(
    ("loads", "missing"),
    [
        ((Load(seats=2), Load(seats=2)), 0),
        ((Load(seats=2), Load(seats=3)), 1),
        ((Load(seats=1), Load(wheelchairs=1)), 0),
        ((Load(seats=2), Load(wheelchairs=1)), 1),
        ((Load(seats=1), Load(seats=1, wheelchairs=2)), 2),
    ],
)
def test_the_load_fits_one_configuration_after_each_pickup(loads, missing):
    day = problem(
        trip("a", 1, 4, load=loads[0]),
        trip("b", 2, 5, load=loads[1]),
        TWO_WAYS,
        settings=replace(PLAIN, pooling=Pooling.unrestricted()),
    )
    route = by_hand("+a +b -a -b", 100, 200, 400, 500, leave=0, back=1_000)
    found = [(v.rule, v.trip, v.amount) for v in check(day, of(route))]
    assert found == ([(Rule.CAPACITY, "b", missing)] if missing else [])


def test_places_are_free_again_after_the_drop_off():
    day = problem(trip("a", 1, 2, load=Load(seats=4)), trip("b", 2, 3, load=Load(seats=4)), shift())
    assert check(day, of(by_hand("+a -a +b -b", 100, 200, 200, 300, leave=0, back=600))) == ()


# Who


def test_missing_skills_are_counted_and_named_in_order():
    day = problem(
        trip("a", 1, 3, needs=frozenset({"stairs", "oxygen", "ramp"})),
        shift(capabilities=frozenset({"ramp"})),
    )
    (found,) = check(day, of(DIRECT))
    assert (found.rule, found.amount, found.skills) == (Rule.SKILLS, 2, ("oxygen", "stairs"))


def test_an_excluded_driver_is_found():
    (found,) = check(one_trip(excluded_drivers=frozenset({"Ds"})), of(DIRECT))
    assert (found.rule, found.trip, found.shift) == (Rule.EXCLUDED_DRIVER, "a", "s")
    assert check(one_trip(excluded_drivers=frozenset({"Dr"})), of(DIRECT)) == ()


def test_a_pinned_trip_stays_on_its_shift():
    day = problem(trip("a", 1, 3, pinned_shift="r"), shift("s"), shift("r"))
    (found,) = hard_violations(day, of(DIRECT))
    assert (found.rule, found.shift, found.other) == (Rule.PINNED, "s", "r")
    assert hard_violations(day, of(replace(DIRECT, shift="r"))) == ()


def test_what_a_shift_has_begun_is_a_fact_and_no_choice():
    day = problem(
        trip(
            "a",
            1,
            3,
            needs=frozenset({"oxygen"}),
            excluded_drivers=frozenset({"Ds"}),
            pinned_shift="r",
        ),
        shift("s", committed=visits("+a")),
        shift("r"),
    )
    assert hard_violations(day, of(DIRECT)) == ()


@pytest.mark.parametrize(
    ("routes", "displaced", "first"),
    [
        ((by_hand("+a +b -b -a", 100, 100, 300, 300, leave=0, back=600),), 0, None),
        ((by_hand("+b +a -b -a", 100, 100, 300, 300, leave=0, back=600),), 2, "a"),
        ((by_hand("+a -a +b -b", 100, 300, 500, 700, leave=0, back=1_000),), 1, "b"),
        ((by_hand("+a", 100, leave=0, back=200),), 1, "b"),
        ((), 2, "a"),
    ],
)
def test_committed_visits_stay_the_beginning_of_the_route(routes, displaced, first):
    day = problem(trip("a", 1, 3), trip("b", 1, 3), shift(committed=visits("+a +b")))
    found = list(rules.freeze_time(day, Plan(routes=routes)))
    expected = [Violation(rule=Rule.FREEZE_TIME, amount=displaced, shift="s", other=first or "")]
    assert found == (expected if displaced else [])


# The shift


@pytest.mark.parametrize(
    ("start", "end", "off"), [(0, 600, 0), (10, 600, 10), (0, 550, 50), (10, 550, 60)]
)
def test_the_vehicle_drives_within_its_hours_of_duty(start, end, off):
    day = problem(trip("a", 1, 3), shift(start_s=start, end_s=end))
    found = [(v.rule, v.amount) for v in check(day, of(DIRECT))]
    assert found == ([(Rule.SHIFT, off)] if off else [])


@pytest.mark.parametrize(("longest", "excess"), [(None, 0), (600, 0), (599, 1)])
def test_a_tour_lasts_no_longer_than_it_may(longest, excess):
    day = problem(trip("a", 1, 3), shift(max_duration_s=longest))
    assert [v.amount for v in rules.duration(day, of(DIRECT))] == ([excess] if excess else [])


def test_a_shift_that_does_not_drive_breaks_nothing():
    day = problem(
        shift(start_s=500, max_duration_s=1, breaks=(pause("p", 600, 700),), is_emergency=True)
    )
    assert check(day, of(Route(shift="s"))) == ()
    assert check(day, Plan(routes=())) == ()


@pytest.mark.parametrize(("cap", "excess"), [(None, 0), (2, 0), (1, 1), (0, 2)])
def test_a_shift_has_no_more_trips_than_it_may(cap, excess):
    day = problem(trip("a", 1, 2), trip("b", 2, 3), shift(max_trips=cap))
    route = by_hand("+a -a +b -b", 100, 200, 200, 300, leave=0, back=600)
    found = [(v.rule, v.amount) for v in check(day, of(route))]
    assert found == ([(Rule.WORKLOAD_CAP, excess)] if excess else [])


# Breaks


@pytest.mark.parametrize(
    ("mandatory", "rule", "severity"),
    [(True, Rule.BREAK, Severity.HARD), (False, Rule.OPTIONAL_BREAK, Severity.SOFT)],
)
def test_a_working_shift_without_its_break(mandatory, rule, severity):
    day = problem(trip("a", 1, 3), shift(breaks=(pause("p", 0, 9_000, mandatory=mandatory),)))
    (found,) = check(day, of(DIRECT))
    assert (found.rule, found.severity, found.amount, found.other) == (rule, severity, 300, "p")


@pytest.mark.parametrize("mandatory", [True, False])
@pytest.mark.parametrize(("at", "off"), [(300, 20), (320, 0), (400, 0), (430, 30)])
def test_a_break_begins_in_its_window(mandatory, at, off):
    day = problem(trip("a", 1, 3), shift(breaks=(pause("p", 320, 400, mandatory=mandatory),)))
    route = by_hand("+a -a ~p", 100, 300, (300, at), leave=0, back=at + 600)
    found = [(v.rule, v.amount) for v in check(day, of(route))]
    assert found == ([(Rule.BREAK, off)] if off else [])


def test_nobody_rests_with_a_patient_on_board():
    day = problem(trip("a", 1, 3), shift(breaks=(pause("p", 0, 9_000),)))
    route = by_hand("+a ~p -a", 100, 100, 600, leave=0, back=900)
    assert [(v.rule, v.amount) for v in check(day, of(route))] == [(Rule.BREAK, 0)]


def test_a_break_at_the_base_is_taken_before_the_way():
    day = problem(trip("a", 1, 3), shift(breaks=(pause("p", 0, 9_000),)))
    good = by_hand("~p +a -a", 0, 400, 600, leave=0, back=900)
    hasty = by_hand("~p +a -a", 0, 300, 600, leave=0, back=900)
    assert check(day, of(good)) == ()
    assert [(v.rule, v.amount) for v in check(day, of(hasty))] == [(Rule.SEQUENCE, 100)]


def test_a_break_at_an_impossible_time_is_no_trips_violation():
    day = problem(trip("a", 1, 3), shift(breaks=(pause("p", 0, 9_000),)))
    early = by_hand("+a -a ~p", 100, 300, 250, leave=0, back=900)
    (found,) = check(day, of(early))
    assert (found.rule, found.trip, found.other, found.amount) == (Rule.SEQUENCE, "", "p", 50)


# Margin between two trips

MARGIN = replace(PLAIN, transition_margin_s=120)


def margin_route(text: str, arrive: int) -> Route:
    return by_hand(text, 100, 200, arrive, arrive + 100, leave=0, back=9_000)


@pytest.mark.parametrize(
    ("arrive", "expected"),
    [
        (420, None),
        (400, (Rule.TRANSITION_MARGIN, 20)),
        (300, (Rule.TRANSITION_MARGIN, 120)),
        (290, (Rule.SEQUENCE, 10)),  # not even the way: the margin is not what is missing
    ],
)
def test_slack_is_kept_between_two_trips(arrive, expected):
    day = problem(trip("a", 1, 2), trip("b", 3, 4), shift(), settings=MARGIN)
    found = [(v.rule, v.amount) for v in check(day, of(margin_route("+a -a +b -b", arrive)))]
    assert found == ([] if expected is None else [expected])


def test_the_next_patient_at_the_same_door_needs_no_margin():
    day = problem(trip("a", 1, 2), trip("b", 2, 3), shift(), settings=MARGIN)
    assert check(day, of(margin_route("+a -a +b -b", 200))) == ()


def test_the_margin_holds_across_a_break():
    day = problem(
        trip("a", 1, 2), trip("b", 3, 4), shift(breaks=(pause("p", 0, 9_000),)), settings=MARGIN
    )

    def route(arrive: int) -> Route:
        return by_hand("+a -a ~p +b -b", 100, 200, 200, arrive, arrive + 100, leave=0, back=9_000)

    assert check(day, of(route(720))) == ()
    assert [v.amount for v in rules.transition_margin(day, of(route(600)))] == [120]


def test_a_vehicle_with_somebody_on_board_is_not_between_trips():
    shared = replace(MARGIN, pooling=Pooling.unrestricted())
    day = problem(trip("a", 1, 2), trip("c", 1, 5), trip("b", 3, 5), shift(), settings=shared)
    route = by_hand("+a +c -a +b -b -c", 100, 100, 200, 300, 500, 500, leave=0, back=1_000)
    assert check(day, of(route)) == ()


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
    day = problem(trip("a", 1, 2), trip("b", 1, 2), shift("s", recent_trips=recent), shift("r"))
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
