from __future__ import annotations

from itertools import pairwise

import pytest

from dispatch.engine.travel import Point, estimate
from dispatch.notes import Note, NoteKey
from dispatch.roads import RoadLimits, route
from dispatch.roads.breaker import forget_breakers
from tests.dispatch import osrm_actor
from tests.dispatch.osrm_actor import playing

pytestmark = pytest.mark.enable_socket  # loopback only

STOPS = tuple(Point(lat=round(46.2 + 0.01 * i, 5), lon=(6.1, 6.11)[i % 2]) for i in range(6))


@pytest.fixture(autouse=True)
def _strangers() -> None:
    forget_breakers()


def straight_s(points: tuple[Point, ...]) -> int:
    legs = pairwise(points)
    return sum(estimate(leg).seconds[0][1] for leg in legs)


def test_a_line_follows_the_roads() -> None:
    with playing() as actor:
        line = route(STOPS, osrm_url=actor.url)
        assert len(actor.requests) == 1
    assert (line.source, line.is_degraded, line.notes) == ("osrm", False, ())
    assert line.geometry[0] == STOPS[0]
    assert line.geometry[-1] == STOPS[-1]
    assert len(line.geometry) > len(STOPS)
    assert line.seconds > 0
    assert line.metres > 0


def test_a_long_day_is_drawn_in_parts_that_join() -> None:
    with playing() as actor:
        whole = route(STOPS, osrm_url=actor.url)
        parts = route(STOPS, osrm_url=actor.url, limits=RoadLimits(max_route_points=3))
        assert len(actor.requests) == 1 + 3
    assert abs(parts.metres - whole.metres) <= 1
    assert set(parts.geometry) == set(whole.geometry)


def test_without_a_server_the_line_is_straight_and_no_fault() -> None:
    line = route(STOPS, osrm_url=None)
    assert (line.source, line.is_degraded, line.geometry) == ("estimate", False, STOPS)
    assert line.seconds == straight_s(STOPS)
    assert line.notes == (Note(NoteKey.STRAIGHT_LINES),)


@pytest.mark.parametrize(
    ("act", "note"),
    [
        (osrm_actor.fails, Note.of(NoteKey.ROAD_STATUS, status=500)),
        (osrm_actor.sends({"code": "NoRoute"}), Note.of(NoteKey.ROAD_REFUSED, code="NoRoute")),
        (
            osrm_actor.sends({"code": "Ok", "waypoints": [{"distance": 1}] * 6}),
            Note(NoteKey.ROAD_NO_LINE),
        ),
        (
            osrm_actor.sends(
                {
                    "code": "Ok",
                    "waypoints": [{"distance": 1}] * 6,
                    "routes": [
                        {"duration": 1, "distance": 1, "geometry": {"coordinates": [[6.1, 460]]}}
                    ],
                }
            ),
            Note(NoteKey.ROAD_NO_LINE),
        ),
    ],
    ids=["500", "no route", "no routes", "off the earth"],
)
def test_a_bad_server_gives_a_straight_line_that_says_so(act: osrm_actor.Act, note: Note) -> None:
    with playing(act=act) as actor:
        line = route(STOPS, osrm_url=actor.url)
    assert (line.source, line.is_degraded, line.geometry) == ("estimate", True, STOPS)
    assert line.notes[0] == note


def test_only_the_legs_of_a_far_place_are_straight() -> None:
    far = (6.1, 46.22)
    assert (STOPS[2].lon, STOPS[2].lat) == pytest.approx(far)
    with playing(snap_m=lambda place: 900.0 if place == far else 3.0) as actor:
        line = route(STOPS, osrm_url=actor.url)
    assert (line.source, line.is_degraded) == ("osrm+estimate", True)
    assert line.geometry[0] == STOPS[0]
    assert line.geometry[-1] == STOPS[-1]
    at = line.geometry.index(STOPS[2])
    assert line.geometry[at - 1 : at + 2] == STOPS[1:4]


def test_one_point_is_no_line() -> None:
    with pytest.raises(ValueError, match="two points"):
        route(STOPS[:1], osrm_url=None)
