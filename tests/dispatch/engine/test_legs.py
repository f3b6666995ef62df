from __future__ import annotations

from dispatch.engine.legs import driving_s, legs
from dispatch.engine.plan import Route, TimedVisit
from dispatch.enums import VisitKind
from tests.dispatch.engine.builders import pause, problem, route, shift, stop, trip


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


def test_breaks_alone_lead_home_from_the_base():
    day = problem(shift(end_location=5, breaks=(pause("p", 0, 9_000),)))
    rest = Route(
        shift="s",
        visits=(TimedVisit(id="p", kind=VisitKind.BREAK, arrive_s=0, start_s=0),),
        return_s=800,
    )
    assert [leg.driving_s for leg in legs(day, day.shifts[0], rest)] == [0, 500]
