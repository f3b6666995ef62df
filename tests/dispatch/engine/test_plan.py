from __future__ import annotations

import json

import pytest

from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.plan import Move, Plan, Route, TimedVisit, Unassigned
from dispatch.engine.problem import Visit
from dispatch.enums import Rule, VisitKind


def served(shift: str, *stops: tuple[str, VisitKind, int]) -> Route:
    """A route with a visit at each (trip, kind, second)."""
    return Route(
        shift=shift,
        visits=tuple(TimedVisit(id=t, kind=k, arrive_s=s, start_s=s) for t, k, s in stops),
        leave_s=0,
        return_s=999,
    )


def ride(trip: str, start: int, end: int) -> tuple[tuple[str, VisitKind, int], ...]:
    return (trip, VisitKind.PICKUP, start), (trip, VisitKind.DROPOFF, end)


@pytest.fixture
def two_routes() -> Plan:
    return Plan(
        routes=(
            served(
                "s", *ride("a", 100, 200), ("lunch", VisitKind.BREAK, 250), *ride("b", 300, 400)
            ),
            served("r", *ride("c", 150, 350)),
        ),
        unassigned=(
            Unassigned(
                trip="d",
                reason=Rule.SKILLS,
                advice="able:oxygen/0/60",
                amount=2,
                shift="r",
                is_pinned=True,
            ),
        ),
    )


def test_a_plan_knows_who_drives_whom_and_when(two_routes):
    assert two_routes.shift_of == {"a": "s", "b": "s", "c": "r"}
    assert two_routes.pickup_start_s == {"a": 100, "b": 300, "c": 150}
    assert two_routes.route_of["r"].trip_ids == ("c",)
    assert two_routes.routes[0].trip_ids == ("a", "b")


def test_plans_kept_before_reasons_named_their_shift_are_read():
    kept = {"routes": [], "unassigned": [["d", "skills", "able:oxygen", 2]]}
    assert Plan.from_json(kept).unassigned == (
        Unassigned(trip="d", reason=Rule.SKILLS, advice="able:oxygen", amount=2),
    )


def test_a_timed_visit_knows_its_visit():
    timed = TimedVisit(id="a", kind=VisitKind.DROPOFF, arrive_s=1, start_s=2)
    assert timed.visit == Visit("a", VisitKind.DROPOFF)


@pytest.mark.parametrize(
    "routes_and_left",
    [
        ((served("s", *ride("a", 1, 2)), served("r", *ride("a", 3, 4))), ()),
        ((served("s", *ride("a", 1, 2)),), (Unassigned(trip="a", reason=Rule.SHIFT),)),
        ((), (Unassigned(trip="a", reason=Rule.SHIFT), Unassigned(trip="a", reason=Rule.BREAK))),
    ],
)
def test_a_trip_stands_in_a_plan_once(routes_and_left):
    routes, left = routes_and_left
    with pytest.raises(InvalidPlanError, match="twice"):
        Plan(routes=routes, unassigned=left)


def test_a_shift_has_one_route():
    with pytest.raises(InvalidPlanError, match="two routes"):
        Plan(routes=(Route(shift="s"), Route(shift="s")))


def test_a_plan_does_not_differ_from_itself(two_routes):
    assert two_routes.diff(two_routes) == ()


def test_the_difference_names_moved_retimed_dropped_and_new_trips(two_routes):
    other = Plan(
        routes=(
            served("s", *ride("b", 310, 400)),
            served("r", *ride("c", 150, 500), *ride("d", 600, 700)),
        ),
        unassigned=(Unassigned(trip="a", reason=Rule.SHIFT),),
    )
    assert two_routes.diff(other) == (
        Move(trip="a", from_shift="s", to_shift=None, from_start_s=100, to_start_s=None),
        Move(trip="b", from_shift="s", to_shift="s", from_start_s=300, to_start_s=310),
        Move(trip="d", from_shift=None, to_shift="r", from_start_s=None, to_start_s=600),
    )
    # c keeps its driver and its pickup; a later drop-off is no change for the patient at the door.


def test_the_difference_the_other_way_round_mirrors_it(two_routes):
    empty = Plan(routes=())
    there, back = two_routes.diff(empty), empty.diff(two_routes)
    assert [(m.trip, m.from_shift, m.to_shift) for m in there] == [
        (m.trip, m.to_shift, m.from_shift) for m in back
    ]


def test_json_text_gives_the_same_plan_back(two_routes):
    assert Plan.from_json(json.loads(json.dumps(two_routes.to_json()))) == two_routes
