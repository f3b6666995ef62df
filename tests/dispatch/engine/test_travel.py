from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.errors import InvalidProblemError
from dispatch.engine.travel import Point, TravelTimes, estimate, haversine_m
from tests.dispatch.engine.builders import line

points = st.builds(
    Point,
    lat=st.floats(-90, 90, allow_nan=False),
    lon=st.floats(-180, 180, allow_nan=False),
)


def test_a_degree_of_latitude_is_a_sixtieth_of_the_meridian_arc():
    # One degree on a sphere of 6371.0088 km: 2 π R / 360.
    assert haversine_m(Point(lat=46, lon=6), Point(lat=47, lon=6)) == pytest.approx(111_195, abs=1)


@given(points, points)
def test_distance_is_symmetric_and_never_longer_than_half_the_globe(a, b):
    assert haversine_m(a, b) == pytest.approx(haversine_m(b, a))
    assert 0 <= haversine_m(a, b) <= 20_015_200


def test_points_near_the_antipodes_do_not_leave_the_domain_of_the_arc_sine():
    assert haversine_m(Point(lat=0, lon=0), Point(lat=0, lon=180)) == pytest.approx(
        20_015_115, abs=1
    )


@pytest.mark.parametrize(
    ("lat", "lon"), [(90.1, 0), (-91, 0), (0, 180.5), (0, -181), (float("nan"), 0)]
)
def test_a_point_off_the_earth_is_refused(lat, lon):
    with pytest.raises(InvalidProblemError, match="Not a place"):
        Point(lat=lat, lon=lon)


def test_an_estimate_counts_detour_and_speed():
    here, there = Point(lat=46.2, lon=6.1), Point(lat=46.2, lon=6.2)
    straight = haversine_m(here, there)
    travel = estimate((here, there), detour_factor=1.5, speed_kmh=36)
    assert travel.metres[0][1] == round(straight * 1.5)
    assert travel.seconds[0][1] == -(-travel.metres[0][1] // 10)  # 36 km/h are 10 m/s, rounded up
    assert travel.seconds[0][0] == travel.metres[1][1] == 0
    assert travel.source == "estimate"


@pytest.mark.parametrize("bad", [{"detour_factor": 0.9}, {"speed_kmh": 0}])
def test_an_impossible_estimate_is_refused(bad):
    with pytest.raises(InvalidProblemError, match="detour factor"):
        estimate((Point(lat=46, lon=6),), **bad)


def test_traffic_holds_its_hour_and_the_last_hour_holds_on():
    travel = line(traffic=(1000, 1500, 2000))
    assert [travel.traffic_at(s) for s in (-50, 0, 3599, 3600, 7199, 7200, 90_000)] == [
        1000, 1000, 1000, 1500, 1500, 2000, 2000,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "metres", "traffic", "what"),
    [
        (((0, 1),), ((0,),), (1000,), "seconds is not square"),
        (((0, 1), (1, 0)), ((0,),), (1000,), "metres is not square"),
        (((0, -1), (1, 0)), ((0, 1), (1, 0)), (1000,), "seconds holds a negative"),
        (((0, 1), (1, 0)), ((0, 1), (1, 7)), (1000,), "metres has a way from a place to itself"),
        (((0,),), ((0,),), (), "positive factor"),
        (((0,),), ((0,),), (0,), "positive factor"),
    ],
)
def test_a_broken_table_is_refused(seconds, metres, traffic, what):
    with pytest.raises(InvalidProblemError, match=what):
        TravelTimes(seconds=seconds, metres=metres, traffic_permille=traffic)


def test_no_places_at_all_is_a_table_too():
    assert TravelTimes(seconds=(), metres=()).size == 0


def test_json_gives_the_same_tables_back():
    travel = line(towns=3, traffic=(1000, 1200))
    assert TravelTimes.from_json(travel.to_json()) == travel
