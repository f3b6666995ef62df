from __future__ import annotations

from dispatch.engine.construct import construct
from dispatch.engine.legs import driving_s, legs
from dispatch.engine.plan import Route
from dispatch.engine.rules import hard_violations
from dispatch.enums import VisitKind
from tests.dispatch.engine.builders import pause, problem, route, shift, stop, trip, visits
from tests.dispatch.engine.checker import faults


def test_the_way_of_a_tour_leg_by_leg():
    day = problem(
        trip("a", stop(1, service=50), 3), shift(end_location=4, breaks=(pause("p", 0, 9_000),))
    )
    way = legs(day, day.shifts[0], route(day, "+a -a ~p"))
    assert [(leg.driving_s, leg.metres, leg.riders) for leg in way] == [
        (100, 1_000, ()),
        (200, 2_000, ("a",)),
        (0, 0, ()),  # the break is taken where the vehicle stands
        (100, 1_000, ()),
    ]
    assert [leg.visit and leg.visit.kind for leg in way] == [
        VisitKind.PICKUP, VisitKind.DROPOFF, VisitKind.BREAK, None,
    ]  # fmt: skip
    assert way[1].leaving_s == 150
    assert way[1].reached_s == 350
    assert driving_s(day, day.shifts[0], route(day, "+a -a ~p")) == 400


def test_a_route_without_visits_has_no_way():
    day = problem(shift())
    assert legs(day, day.shifts[0], Route(shift="s")) == ()


def test_a_rest_without_patients_is_no_tour():
    """The shift ends 500 s from where it starts; it has rested, and nobody asks for it."""
    day = problem(shift(committed=visits("~rest"), breaks=(pause("rest", 0, 600),), end_location=5))
    going = construct(day)
    assert [leg.driving_s for leg in legs(day, day.shifts[0], going.routes[0])] == [0, 0]
    assert hard_violations(day, going) == ()
    assert faults(day, going) == []
