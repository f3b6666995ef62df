"""Tables that a process keeps: what was used last stays, as far as there is room."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from django.core.cache import cache

from dispatch.engine.travel import Point
from dispatch.roads import RoadAnswer, RoadLimits, pair_cache, travel_times
from dispatch.roads.breaker import forget_breakers
from dispatch.roads.kept import Kept
from dispatch.roads.provider import forget_tables
from tests.dispatch import osrm_actor
from tests.dispatch.osrm_actor import playing
from tests.dispatch.test_roads_provider import CITY, require_estimate

pytestmark = pytest.mark.enable_socket  # loopback only


VILLAGE = (CITY[2].lon, CITY[2].lat)  # as a road server says it


@pytest.fixture(autouse=True)
def _strangers() -> None:
    """Nothing is remembered from the test before."""
    forget_breakers()
    forget_tables()
    cache.clear()


def test_what_was_used_last_stays() -> None:
    kept: Kept[str] = Kept(most=30)  # pairs
    kept.keep("a", "A", 3)
    kept.keep("b", "B", 3)
    kept.keep("c", "C", 3)
    assert (kept.find("a"), kept.find("b"), kept.find("c")) == ("A", "B", "C")
    kept.find("a")
    kept.keep("d", "D", 3)  # 36 pairs: b was used longest ago
    assert (kept.find("a"), kept.find("b"), kept.find("c"), kept.find("d")) == ("A", None, "C", "D")


def test_one_that_is_large_drives_out_several() -> None:
    kept: Kept[str] = Kept(most=30)
    for name in "abc":
        kept.keep(name, name.upper(), 3)
    kept.keep("large", "L", 5)  # 25 pairs beside 9 are too many
    assert [kept.find(name) for name in ("a", "b", "c", "large")] == [None, None, None, "L"]


def test_one_without_room_drives_out_nobody() -> None:
    kept: Kept[str] = Kept(most=30)
    kept.keep("a", "A", 5)
    kept.keep("huge", "H", 6)
    assert (kept.find("a"), kept.find("huge")) == ("A", None)


def test_the_same_key_counts_once() -> None:
    kept: Kept[str] = Kept(most=30)
    for value in "XYZ":
        kept.keep("a", value, 3)
    kept.keep("b", "B", 4)  # 9 + 16
    assert (kept.find("a"), kept.find("b")) == ("Z", "B")


def test_all_is_forgotten_when_asked() -> None:
    kept: Kept[str] = Kept(most=30)
    kept.keep("a", "A", 5)
    kept.forget()
    assert kept.find("a") is None
    kept.keep("b", "B", 5)
    assert kept.find("b") == "B"


@pytest.mark.parametrize(
    "other",
    [
        {"points": CITY[:5]},
        {"points": (*CITY[:-1], Point(lat=46.3, lon=6.1))},
        {"points": CITY[::-1]},
        {"traffic_permille": (1000, 1300)},
        {"detour_factor": 1.5},
        {"speed_kmh": 20},
    ],
    ids=lambda other: next(iter(other)),
)
@pytest.mark.parametrize("has_server", [False, True])
def test_what_is_kept_is_for_the_very_same_question(
    other: dict[str, object], *, has_server: bool
) -> None:
    """A village far from any road is estimated, so that each of these counts with a server, too."""
    asked = {"points": CITY, "traffic_permille": (1000,), "detour_factor": 1.35, "speed_kmh": 32.0}
    with playing(snap_m=lambda place: 9_999 if place == VILLAGE else 0) as actor:
        url = actor.url if has_server else None
        first = _asked(asked, url)
        assert _asked(asked, url).times is first.times, "not worked out twice"
        changed = _asked(asked | other, url)
        forget_tables()
        cache.clear()
        assert changed.times == _asked(asked | other, url).times, "as if asked for the first time"
        assert changed.times != first.times
        assert _asked(asked, url).times == first.times


def _asked(question: dict[str, object], url: str | None) -> RoadAnswer:
    return travel_times(**question, osrm_url=url)  # type: ignore[arg-type]


def test_an_answer_that_is_kept_says_all_that_it_said() -> None:
    with playing(snap_m=lambda place: 9_999 if place == VILLAGE else 0) as actor:
        first = travel_times(CITY, osrm_url=actor.url)
        cache.clear()
        again = travel_times(CITY, osrm_url=actor.url)
        assert len(actor.tables) == 1
    assert replace(again, seconds_taken=0.0) == replace(first, seconds_taken=0.0)


def test_another_map_or_another_snapping_limit_is_another_question() -> None:
    with playing() as actor:
        first = travel_times(CITY, osrm_url=actor.url)
        actor.version = "map-2"
        actor.no_way = lambda _a, _b: True
        assert travel_times(CITY, osrm_url=actor.url).source == "estimate"
        actor.version = "map-1"
        assert travel_times(CITY, osrm_url=actor.url).times == first.times
        strict = RoadLimits(max_snap_m=1)
        actor.snap_m = lambda _place: 2
        assert travel_times(CITY, osrm_url=actor.url, limits=strict).source == "estimate"


def test_a_week_later_the_server_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    with playing() as actor:
        travel_times(CITY, osrm_url=actor.url)
        monkeypatch.setattr(time, "time", lambda: now + pair_cache.TTL_S)
        travel_times(CITY, osrm_url=actor.url)
        assert len(actor.tables) == 2


def test_a_map_without_a_name_is_not_kept() -> None:
    with playing(version=None) as actor:
        travel_times(CITY, osrm_url=actor.url)
        cache.clear()
        travel_times(CITY, osrm_url=actor.url)
        assert len(actor.tables) == 2


def test_half_an_answer_is_not_kept() -> None:
    half = osrm_actor.spoils(lambda answer: answer.pop("distances"))
    with playing(act=half) as actor:
        require_estimate(travel_times(CITY, osrm_url=actor.url))
        actor.act = None
        assert travel_times(CITY, osrm_url=actor.url).source == "osrm"
