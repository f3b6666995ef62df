"""The judge is judged on days a person can follow: towns lie 100 s apart, the vehicle starts in town 0."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.construct import construct
from dispatch.engine.plan import Plan, Route, TimedVisit, Unassigned
from dispatch.engine.problem import Load, Pooling, Problem, Settings, Visit
from dispatch.engine.rules import hard_violations
from dispatch.enums import Rule, VisitKind
from tests.dispatch.engine.builders import line, pause, problem, shift, stop, trip
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.strategies import begun_problems, problems

KINDS = {"+": VisitKind.PICKUP, "-": VisitKind.DROPOFF, "~": VisitKind.BREAK}
SHARED = Settings(pooling=Pooling.unrestricted(), transition_margin_s=0)


def driven(text: str, *, leave: int = 0, back: int, by: str = "s") -> Route:
    """`"+a@100 -a@300/320"`: a is boarded at 100; reached at 300, dropped off at 320."""
    visits = []
    for word in text.split():
        name, _, times = word[1:].partition("@")
        arrive, _, start = times.partition("/")
        visits.append(
            TimedVisit(
                id=name,
                kind=KINDS[word[0]],
                arrive_s=int(arrive),
                start_s=int(start or arrive),
            )
        )
    return Route(shift=by, visits=tuple(visits), leave_s=leave, return_s=back)


def broken(day: Problem, *routes: Route, left: tuple[str, ...] = ()) -> list[Rule]:
    unassigned = tuple(Unassigned(trip=name, reason=Rule.COVERAGE) for name in left)
    return [fault.rule for fault in faults(day, Plan(routes=routes, unassigned=unassigned))]


ONE = trip("a", 1, 3)
RIGHT = driven("+a@100 -a@300", back=600)


def test_a_right_plan_has_no_fault() -> None:
    assert broken(problem(ONE, shift()), RIGHT) == []


def test_idle_shifts_and_trips_with_a_reason_are_right() -> None:
    day = problem(ONE, shift(breaks=(pause("rest", 0, 100),)))
    assert broken(day, Route(shift="s"), left=("a",)) == []
    assert broken(day, left=("a",)) == []


@pytest.mark.parametrize(
    ("day", "route", "rule"),
    [
        pytest.param(
            problem(trip("a", stop(1, 0, 99), 3), shift()), RIGHT, Rule.TIME_WINDOW, id="late"
        ),
        pytest.param(
            problem(trip("a", 1, stop(3, 301)), shift()), RIGHT, Rule.TIME_WINDOW, id="early"
        ),
        pytest.param(
            problem(ONE, shift()),
            driven("+a@99 -a@300", back=600),
            Rule.SEQUENCE,
            id="at the pickup before it can be reached",
        ),
        pytest.param(
            problem(ONE, shift()),
            driven("+a@100/90 -a@300", back=600),
            Rule.SEQUENCE,
            id="served before arriving",
        ),
        pytest.param(
            problem(trip("a", stop(1, service=60), 3), shift()),
            driven("+a@100 -a@300", back=600),
            Rule.SEQUENCE,
            id="service takes no time",
        ),
        pytest.param(
            problem(ONE, shift(), travel=line(traffic=(1001,))),
            driven("+a@101 -a@301", back=602),
            Rule.SEQUENCE,
            id="traffic forgotten: 200 s take 201",
        ),
        pytest.param(
            problem(ONE, shift()),
            driven("+a@100 -a@300", back=599),
            Rule.SEQUENCE,
            id="back too soon",
        ),
        pytest.param(
            problem(ONE, shift()),
            driven("-a@300 +a@500", back=600),
            Rule.SEQUENCE,
            id="dropped off before boarding",
        ),
        pytest.param(
            problem(ONE, shift()), driven("+a@100", back=200), Rule.SEQUENCE, id="never dropped off"
        ),
        pytest.param(problem(ONE, shift(end_s=599)), RIGHT, Rule.SHIFT, id="home after the end"),
        pytest.param(problem(ONE, shift(start_s=1)), RIGHT, Rule.SHIFT, id="off before the start"),
        pytest.param(problem(ONE, shift(max_duration_s=599)), RIGHT, Rule.DURATION, id="too long"),
        pytest.param(
            problem(trip("a", 1, 3, needs=frozenset({"oxygen"})), shift()),
            RIGHT,
            Rule.SKILLS,
            id="no oxygen",
        ),
        pytest.param(
            problem(trip("a", 1, 3, excluded_drivers=frozenset({"Ds"})), shift()),
            RIGHT,
            Rule.EXCLUDED_DRIVER,
            id="excluded driver",
        ),
        pytest.param(
            problem(trip("a", 1, 3, pinned_shift="t"), shift(), shift("t")),
            RIGHT,
            Rule.PINNED,
            id="pinned elsewhere",
        ),
        pytest.param(
            problem(trip("a", 1, 3, load=Load(wheelchairs=1)), shift()),
            RIGHT,
            Rule.CAPACITY,
            id="no place for the chair",
        ),
        pytest.param(problem(ONE, shift(max_trips=0)), RIGHT, Rule.WORKLOAD_CAP, id="over the cap"),
        pytest.param(
            problem(ONE, shift(breaks=(pause("rest", 0, 900),))), RIGHT, Rule.BREAK, id="no rest"
        ),
        pytest.param(
            problem(ONE, shift()), driven("+a@100 ~tea@100 -a@300", back=600), Rule.BREAK, id="tea"
        ),
        pytest.param(
            problem(ONE, shift(breaks=(pause("rest", 0, 299),))),
            driven("+a@100 -a@300 ~rest@300", back=900),
            Rule.BREAK,
            id="rest too late",
        ),
        pytest.param(
            problem(ONE, shift(breaks=(pause("rest", 0, 900),))),
            driven("+a@100 ~rest@100 -a@600", back=900),
            Rule.BREAK,
            id="rest with a patient on board",
        ),
        pytest.param(
            problem(ONE, shift(breaks=(pause("rest", 0, 900, mandatory=False),))),
            driven("~rest@0 ~rest@300 +a@700 -a@900", back=1200),
            Rule.BREAK,
            id="the same rest twice",
        ),
        pytest.param(
            problem(ONE, shift(committed=(Visit("a", VisitKind.PICKUP),))),
            Route(shift="s"),
            Rule.FREEZE_TIME,
            id="what has begun is gone",
        ),
        pytest.param(problem(ONE), RIGHT, Rule.COVERAGE, id="a route of an unknown shift"),
    ],
)
def test_each_broken_rule_is_named(day: Problem, route: Route, rule: Rule) -> None:
    planned = set(route.trip_ids)
    left = tuple(one.id for one in day.trips if one.id not in planned)
    assert rule in broken(day, route, left=left)


def test_a_ride_counts_from_the_end_of_boarding() -> None:
    def day(limit: int) -> Problem:
        return problem(trip("a", stop(1, service=50), 3, max_ride_s=limit), shift())

    slow = driven("+a@100 -a@350/400", back=700)  # seated at 150
    assert broken(day(250), slow) == []
    assert broken(day(249), slow) == [Rule.MAX_RIDE_TIME]


def test_nobody_can_be_faster_than_the_road() -> None:
    assert broken(problem(trip("a", 1, 3, max_ride_s=10), shift()), RIGHT) == []


@pytest.mark.parametrize(("detour", "found"), [(100, []), (99, [Rule.POOLING])])
def test_the_pooling_detour(detour: int, found: list[Rule]) -> None:
    pooling = Pooling(same_area=False, max_pickup_gap_s=None, max_detour_s=detour)
    day = problem(ONE, shift(), settings=Settings(pooling=pooling))
    assert broken(day, driven("+a@100 -a@300/400", back=700)) == found


NORTH: dict[str, Any] = {"area": "north"}


@pytest.mark.parametrize(
    ("b", "settings", "found"),
    [
        (trip("b", 2, 4, **NORTH), Settings(transition_margin_s=0), []),
        (trip("b", 2, 4, **NORTH), Settings(pooling=None, transition_margin_s=0), [Rule.POOLING]),
        (trip("b", 2, 4, area="south"), Settings(transition_margin_s=0), [Rule.POOLING]),
        (trip("b", 2, 4, may_pool=False, **NORTH), SHARED, [Rule.POOLING]),
        (
            trip("b", stop(2, 0, 1_001_202), 4, **NORTH),
            Settings(transition_margin_s=0),
            [Rule.POOLING],
        ),
    ],
    ids=["allowed", "nobody shares", "other area", "alone", "601 s between the middles"],
)
def test_who_may_be_on_board_together(b: Any, settings: Settings, found: list[Rule]) -> None:
    day = problem(trip("a", 1, 3, **NORTH), b, shift(), settings=settings)
    assert broken(day, driven("+a@100 +b@200 -a@300 -b@400", back=800)) == found


def test_places_can_be_set_one_way_or_the_other_but_not_both() -> None:
    ways = (Load(seats=2), Load(seats=1, wheelchairs=1))
    chair = trip("b", 2, 4, load=Load(wheelchairs=1))
    one = problem(trip("a", 1, 3), chair, shift(configurations=ways), settings=SHARED)
    two = problem(
        trip("a", 1, 3, load=Load(seats=2)), chair, shift(configurations=ways), settings=SHARED
    )
    route = driven("+a@100 +b@200 -a@300 -b@400", back=800)
    assert broken(one, route) == []
    assert broken(two, route) == [Rule.CAPACITY]


def test_the_margin_is_due_between_trips_at_different_places_only() -> None:
    settings = Settings(pooling=None, transition_margin_s=120)
    elsewhere = problem(ONE, trip("b", 4, 5), shift(), settings=settings)
    assert broken(elsewhere, driven("+a@100 -a@300 +b@520 -b@620", back=1120)) == []
    assert broken(elsewhere, driven("+a@100 -a@300 +b@519 -b@619", back=1119)) == [
        Rule.TRANSITION_MARGIN
    ]
    here = problem(ONE, trip("b", 3, 5), shift(), settings=settings)
    assert broken(here, driven("+a@100 -a@300 +b@300 -b@500", back=1000)) == []


def test_a_trip_forgotten_or_unknown_is_a_fault() -> None:
    day = problem(ONE, shift())
    assert broken(day) == [Rule.COVERAGE]
    assert broken(day, RIGHT, left=("b",)) == [Rule.COVERAGE]


def test_what_has_begun_is_a_fact_that_no_preference_undoes() -> None:
    begun = (Visit("a", VisitKind.PICKUP),)
    day = problem(
        trip("a", 1, 3, excluded_drivers=frozenset({"Ds"}), needs=frozenset({"oxygen"})),
        shift(committed=begun),
    )
    assert broken(day, RIGHT) == []


@st.composite
def disturbed(draw: st.DrawFn) -> tuple[Problem, Plan]:
    """A valid plan with the times of one visit, or of the way home, moved a little; or moved not at all."""
    day = draw(st.one_of(problems(), begun_problems().map(lambda pair: pair[0])))
    plan = construct(day)
    driven_routes = [route for route in plan.routes if route.visits]
    if not driven_routes:
        return day, plan
    route = draw(st.sampled_from(driven_routes))
    k = draw(st.integers(0, len(route.visits) - 1))
    visit, moved = route.visits[k], draw(st.sampled_from((-600, -1, 0, 1, 600)))
    is_start = draw(st.booleans())
    visit = (
        replace(visit, start_s=visit.start_s + moved)
        if is_start
        else replace(visit, arrive_s=visit.arrive_s + moved)
    )
    changed = replace(
        route,
        visits=(*route.visits[:k], visit, *route.visits[k + 1 :]),
        return_s=route.return_s + draw(st.sampled_from((0, 0, -1, 600))),
    )
    others = tuple(other for other in plan.routes if other.shift != route.shift)
    return day, replace(plan, routes=(*others, changed))


@given(disturbed())
def test_the_judge_and_the_rules_agree(case: tuple[Problem, Plan]) -> None:
    """They share no code; where they differ, one of them is wrong."""
    day, plan = case
    assert {f.rule for f in faults(day, plan)} == {v.rule for v in hard_violations(day, plan)}
