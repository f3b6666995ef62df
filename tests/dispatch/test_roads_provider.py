"""Travel times from a road server that is well, away, slow or wrong; each answer says what it is."""

from __future__ import annotations

import logging
import socket
import time
from math import ceil

import pytest
from django.core.cache import cache
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.engine.travel import Point, estimate
from dispatch.notes import Note, NoteKey
from dispatch.roads import RoadAnswer, RoadLimits, pair_cache, travel_times
from dispatch.roads.breaker import forget_breakers
from dispatch.roads.provider import forget_tables
from dispatch.roads.values import place_of
from tests.dispatch import osrm_actor
from tests.dispatch.osrm_actor import Actor, drive, playing

pytestmark = pytest.mark.enable_socket  # loopback only

CITY = tuple(Point(lat=46.2 + 0.003 * i, lon=6.1 + 0.002 * ((i * 7) % 11)) for i in range(6))
AWAY = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": "redis://127.0.0.1:1/0",
}
QUICK = RoadLimits(connect_s=0.3, read_s=0.3, total_s=1.0)


@pytest.fixture(autouse=True)
def _strangers() -> None:
    """Nothing is remembered from the test before."""
    forget_breakers()
    forget_tables()
    cache.clear()


def expected(points: tuple[Point, ...]) -> tuple[tuple[tuple[int, ...], ...], ...]:
    rows = []
    for amount in (0, 1):
        finish = (ceil, round)[amount]
        rows.append(
            tuple(
                tuple(
                    finish(drive(_pair(a), _pair(b))[amount]) if place_of(a) != place_of(b) else 0
                    for b in points
                )
                for a in points
            )
        )
    return tuple(rows)


def _pair(point: Point) -> tuple[float, float]:
    lat, lon = place_of(point)
    return lon / 100_000, lat / 100_000


def require_estimate(answer: RoadAnswer, points: tuple[Point, ...] = CITY) -> None:
    """All of it is an estimate, it says so and why."""
    assert answer.source == answer.times.source == "estimate"
    assert answer.is_degraded
    assert answer.times.seconds == estimate(points).seconds
    assert answer.times.metres == estimate(points).metres
    assert answer.estimated_pairs == len(points) * (len(points) - 1)
    assert len(answer.notes) >= 2
    assert answer.notes[-1].key is NoteKey.ROADS_ESTIMATED


# Well -------------------------------------------------------------------------------------------


def test_a_good_server_gives_every_pair() -> None:
    with playing() as actor:
        answer = travel_times(CITY, traffic_permille=(1000, 1300), osrm_url=actor.url)
    assert (answer.source, answer.is_degraded, answer.notes) == ("osrm", False, ())
    assert (answer.times.seconds, answer.times.metres) == expected(CITY)
    assert answer.times.traffic_permille == (1000, 1300)
    assert answer.estimated_pairs == 0


def test_an_address_may_have_a_path_and_a_slash() -> None:
    with playing() as actor:
        assert travel_times(CITY, osrm_url=f"{actor.url}/").source == "osrm"


@pytest.mark.parametrize("points", [(), CITY[:1], (CITY[0], CITY[0])])
def test_nothing_to_ask_asks_nothing(points: tuple[Point, ...]) -> None:
    with playing() as actor:
        answer = travel_times(points, osrm_url=actor.url)
        assert actor.requests == []
    assert answer.times.size == len(points)
    assert not answer.is_degraded


@pytest.mark.parametrize("url", [None, ""])
def test_no_server_is_no_fault(url: str | None) -> None:
    answer = travel_times(CITY, osrm_url=url, detour_factor=1.2, speed_kmh=40)
    assert (answer.source, answer.is_degraded) == ("estimate", False)
    assert answer.times == estimate(CITY, detour_factor=1.2, speed_kmh=40)
    assert answer.notes == (Note(NoteKey.NO_ROAD_SERVER),)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    places=st.lists(
        st.tuples(st.integers(4_610_000, 4_630_000), st.integers(600_000, 620_000)),
        min_size=2,
        max_size=14,
    ),
    max_table=st.integers(2, 9),
    known_before=st.integers(0, 14),
)
def test_batches_equal_one_table(
    road_server: Actor, places: list[tuple[int, int]], max_table: int, known_before: int
) -> None:
    """However the pairs are cut into requests and whatever the cache held, the tables are the same."""
    cache.clear()
    forget_tables()
    road_server.requests.clear()
    points = tuple(Point(lat=lat / 100_000, lon=lon / 100_000) for lat, lon in places)
    limits = RoadLimits(max_table=max_table)
    travel_times(points[:known_before], osrm_url=road_server.url, limits=limits)
    answer = travel_times(points, osrm_url=road_server.url, limits=limits)
    assert (answer.times.seconds, answer.times.metres) == expected(points)
    assert not answer.is_degraded
    for path in road_server.tables:
        query = path.partition("sources=")[2]
        assert all(part.count(";") < max_table for part in query.split("&destinations="))


@pytest.fixture(scope="module")
def road_server() -> object:
    with playing() as actor:
        yield actor


# Away, slow, wrong ------------------------------------------------------------------------------


def test_a_refused_connection_is_an_estimate_that_says_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        answer = travel_times(
            CITY, osrm_url=f"http://127.0.0.1:{taken.getsockname()[1]}", limits=QUICK
        )
    require_estimate(answer)
    assert answer.notes[0] == Note(NoteKey.ROAD_UNREACHABLE)


@pytest.mark.parametrize("act", [osrm_actor.hangs, osrm_actor.trickles])
def test_a_silent_server_costs_no_more_than_the_budget(act: osrm_actor.Act) -> None:
    with playing(act=act) as actor:
        started = time.monotonic()
        answer = travel_times(CITY, osrm_url=actor.url, limits=QUICK)
        taken = time.monotonic() - started
    require_estimate(answer)
    assert answer.notes[0] == Note(NoteKey.ROAD_SLOW)
    assert taken < QUICK.total_s + 0.5
    assert answer.seconds_taken == pytest.approx(taken, abs=0.2)


@pytest.mark.slow
def test_the_default_limits_leave_a_run_half_its_time() -> None:
    with playing(act=osrm_actor.hangs) as actor:
        answer = travel_times(CITY, osrm_url=actor.url)
    require_estimate(answer)
    assert answer.seconds_taken <= 5.5


@pytest.mark.parametrize(
    ("act", "note"),
    [
        (osrm_actor.slams, Note(NoteKey.ROAD_UNREACHABLE)),
        (osrm_actor.fails, Note.of(NoteKey.ROAD_STATUS, status=500)),
        (osrm_actor.refuses, Note.of(NoteKey.ROAD_REFUSED, code="TooBig")),
        (osrm_actor.babbles, Note(NoteKey.ROAD_NOT_JSON)),
        (osrm_actor.floods, Note(NoteKey.ROAD_TOO_LARGE)),
        (osrm_actor.sends([1, 2]), Note(NoteKey.ROAD_NOT_OSRM)),
        (osrm_actor.sends({"status": "fine"}), Note(NoteKey.ROAD_NOT_OSRM)),
        (osrm_actor.sends({"code": "Ok"}), Note(NoteKey.ROAD_NOT_OSRM)),
        (osrm_actor.sends_bytes(b"[" * 200_000), Note(NoteKey.ROAD_NOT_JSON)),
        (osrm_actor.sends_bytes(b'{"code": "Ok", "waypoints": NaN}'), Note(NoteKey.ROAD_NOT_JSON)),
    ],
    ids=[
        *("hangs up", "500", "400", "a page", "too much", "a list", "another program", "half"),
        *("too deep", "NaN"),
    ],
)
def test_a_wrong_answer_is_an_estimate_that_says_so(act: osrm_actor.Act, note: Note) -> None:
    with playing(act=act) as actor:
        answer = travel_times(
            CITY, osrm_url=actor.url, limits=RoadLimits(max_answer_bytes=1_000_000)
        )
    require_estimate(answer)
    assert answer.notes[0] == note


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda a: a.pop("distances"), Note(NoteKey.ROAD_TABLE_INCOMPLETE)),
        (lambda a: a["durations"].pop(), Note(NoteKey.ROAD_TABLE_INCOMPLETE)),
        (lambda a: a["durations"][2].pop(), Note(NoteKey.ROAD_TABLE_INCOMPLETE)),
        (lambda a: a.update(distances=None), Note(NoteKey.ROAD_TABLE_INCOMPLETE)),
        (lambda a: a["durations"].__setitem__(0, None), Note(NoteKey.ROAD_TABLE_INCOMPLETE)),
        (lambda a: a.pop("sources"), Note(NoteKey.ROAD_NO_SNAP)),
        (lambda a: a["destinations"].pop(), Note(NoteKey.ROAD_NO_SNAP)),
        (lambda a: a["sources"].__setitem__(1, None), Note(NoteKey.ROAD_NO_NUMBER)),
        (lambda a: a["sources"][1].pop("distance"), Note(NoteKey.ROAD_NO_NUMBER)),
        (lambda a: a["durations"][0].__setitem__(1, "12"), Note(NoteKey.ROAD_NO_NUMBER)),
        (lambda a: a["durations"][0].__setitem__(1, True), Note(NoteKey.ROAD_NO_NUMBER)),
        (lambda a: a["durations"][0].__setitem__(1, -3), Note(NoteKey.ROAD_IMPOSSIBLE)),
        (lambda a: a["durations"][0].__setitem__(1, 10**400), Note(NoteKey.ROAD_IMPOSSIBLE)),
        (lambda a: a["distances"][0].__setitem__(1, 1e12), Note(NoteKey.ROAD_IMPOSSIBLE)),
    ],
    ids=[
        *("no metres", "a row short", "a cell short", "null metres", "a null row"),
        *("no sources", "a place short", "a null place", "no snap"),
        *("text", "true", "negative", "beyond a float", "beyond the earth"),
    ],
)
def test_half_a_matrix_is_no_matrix(change: object, note: Note) -> None:
    with playing(act=osrm_actor.spoils(change)) as actor:  # type: ignore[arg-type]
        answer = travel_times(CITY, osrm_url=actor.url)
    require_estimate(answer)
    assert answer.notes[0] == note


def test_an_address_that_is_none_is_an_estimate() -> None:
    require_estimate(travel_times(CITY, osrm_url="road-server:5000"))


def test_what_came_before_a_failure_is_kept() -> None:
    with playing() as actor:

        def act(handler: osrm_actor.Handler, answer: dict[str, object]) -> None:
            if len(actor.tables) > 2:
                handler.reply({"code": "InternalError"}, status=503)
            else:
                handler.reply(answer)

        actor.act = act
        answer = travel_times(CITY, osrm_url=actor.url, limits=RoadLimits(max_table=2))
        assert answer.source == "osrm+estimate"
        assert answer.is_degraded
        assert 0 < answer.estimated_pairs < 30
        actor.act = None
        forget_breakers()
        asked = len(actor.tables)
        again = travel_times(CITY, osrm_url=actor.url, limits=RoadLimits(max_table=2))
        assert (again.times.seconds, again.times.metres) == expected(CITY)
        assert len(actor.tables) - asked == 9 - 2, "the two blocks that came are not asked again"


# Retries and the breaker ------------------------------------------------------------------------


@pytest.mark.parametrize("act", [osrm_actor.slams, osrm_actor.fails])
def test_what_may_pass_is_asked_again(act: osrm_actor.Act) -> None:
    with playing(act=act, bad_requests=2) as actor:
        answer = travel_times(CITY, osrm_url=actor.url)
    assert (answer.source, answer.is_degraded) == ("osrm", False)
    assert len(actor.requests) == 4  # twice in vain, the version, the table


@pytest.mark.parametrize("act", [osrm_actor.refuses, osrm_actor.babbles])
def test_what_stays_wrong_is_not_asked_again(act: osrm_actor.Act) -> None:
    with playing(act=act) as actor:
        travel_times(CITY, osrm_url=actor.url)
    assert len(actor.requests) == 1


def test_a_server_that_keeps_failing_is_left_alone_and_tried_later() -> None:
    limits = RoadLimits(breaker_open_s=0.3)
    with playing(act=osrm_actor.fails) as actor:
        travel_times(CITY, osrm_url=actor.url, limits=limits)
        assert len(actor.requests) == 3
        answer = travel_times(CITY, osrm_url=actor.url, limits=limits)
        assert len(actor.requests) == 3, "the circuit is open: not asked"
        require_estimate(answer)
        assert answer.notes[0].key is NoteKey.ROAD_RESTING
        actor.act = None
        time.sleep(0.35)
        assert travel_times(CITY, osrm_url=actor.url, limits=limits).source == "osrm"


def test_wrong_tables_open_the_circuit_too() -> None:
    half = osrm_actor.spoils(lambda answer: answer.pop("distances"))
    with playing(act=half) as actor:
        limits = RoadLimits(breaker_failures=1)
        travel_times(CITY, osrm_url=actor.url, limits=limits)
        asked = len(actor.requests)
        travel_times(CITY, osrm_url=actor.url, limits=limits)
        assert len(actor.requests) == asked


# Pairs without a road ---------------------------------------------------------------------------


def test_a_pair_without_a_way_is_estimated_and_the_rest_is_not() -> None:
    ends = (_pair(CITY[1]), _pair(CITY[4]))
    with playing(no_way=lambda a, b: (a, b) == ends) as actor:
        answer = travel_times(CITY, osrm_url=actor.url)
        forget_tables()
        again = travel_times(CITY, osrm_url=actor.url)
        assert len(actor.tables) == 1, "that there is no way is remembered too"
    seconds, _metres = expected(CITY)
    assert (answer.source, answer.is_degraded, answer.estimated_pairs) == ("osrm+estimate", True, 1)
    assert answer.times.seconds[1][4] == estimate(CITY).seconds[1][4]
    assert answer.times.seconds[4][1] == seconds[4][1]
    assert answer.notes[0] == Note.of(NoteKey.ROAD_PAIRS_UNLINKED, count=1)
    assert again.times == answer.times
    assert again.notes == answer.notes


def test_a_place_far_from_any_road_is_estimated() -> None:
    village = _pair(CITY[2])
    with playing(snap_m=lambda place: 32_452.3 if place == village else 499.9) as actor:
        answer = travel_times((*CITY, CITY[2]), osrm_url=actor.url)
        forget_tables()
        again = travel_times((*CITY, CITY[2]), osrm_url=actor.url)
        assert len(actor.tables) == 1
    guess = estimate((*CITY, CITY[2]))
    seconds, _metres = expected((*CITY, CITY[2]))
    assert answer.far_points == again.far_points == (2, 6)
    assert answer.times.seconds[2] == guess.seconds[2]
    assert [row[2] for row in answer.times.seconds] == [row[2] for row in guess.seconds]
    assert answer.times.seconds[0][1] == seconds[0][1]
    assert answer.is_degraded
    assert answer.notes[0] == Note.of(NoteKey.ROAD_PLACES_OFF_MAP, count=1)
    assert again.times == answer.times
    assert again.notes == answer.notes


def test_a_map_of_somewhere_else_is_an_estimate() -> None:
    with playing(snap_m=lambda _place: 5_153_956.9) as actor:
        answer = travel_times(CITY, osrm_url=actor.url)
    require_estimate(answer)
    assert answer.far_points == tuple(range(len(CITY)))


# The cache --------------------------------------------------------------------------------------


def test_known_pairs_are_not_asked_again() -> None:
    with playing() as actor:
        first = travel_times(CITY[:5], osrm_url=actor.url)
        again = travel_times(tuple(reversed(CITY[:5])), osrm_url=actor.url)
        assert len(actor.tables) == 1
        assert again.times.seconds[0][1] == first.times.seconds[4][3]
        travel_times(CITY, osrm_url=actor.url)
        asked = [path.partition("sources=")[2].count(";") for path in actor.tables[1:]]
        assert asked == [4, 4], "only the row and the column of the new place"


def test_another_map_is_asked_afresh() -> None:
    with playing() as actor:
        travel_times(CITY, osrm_url=actor.url)
        actor.version = "map-2"
        travel_times(CITY, osrm_url=actor.url)
        assert len(actor.tables) == 2


def test_a_map_without_a_version_belongs_to_its_address() -> None:
    with playing(version=None) as actor, playing(version=None) as other:
        travel_times(CITY, osrm_url=actor.url)
        travel_times(CITY, osrm_url=actor.url)
        travel_times(CITY, osrm_url=other.url)
        assert (len(actor.tables), len(other.tables)) == (1, 1)


def test_a_silent_server_has_not_unsaid_what_it_said() -> None:
    with playing() as actor:
        travel_times(CITY[:5], osrm_url=actor.url)
        actor.act = osrm_actor.fails
        known = travel_times(CITY[:5], osrm_url=actor.url)
        assert (known.source, known.is_degraded) == ("osrm", False)
        assert known.notes[0].key is NoteKey.ROAD_STATUS, (
            "still said: somebody should look at the server"
        )
        more = travel_times(CITY, osrm_url=actor.url)
        assert (more.source, more.estimated_pairs) == ("osrm+estimate", 10)


def test_without_server_and_cache_there_is_the_estimate() -> None:
    with playing(act=osrm_actor.fails) as actor, override_settings(CACHES={"default": AWAY}):
        require_estimate(travel_times(CITY, osrm_url=actor.url))


def test_a_cache_that_is_away_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with playing() as actor, override_settings(CACHES={"default": AWAY}):
        answer = travel_times(CITY, osrm_url=actor.url)
    assert (answer.times.seconds, answer.times.metres) == expected(CITY)
    assert not answer.is_degraded
    assert "could not be read in the cache" in caplog.text


@pytest.mark.parametrize("rubbish", ["text", b"short", b"\x01" * 15, b"\xff" * 32, 7])
def test_rubbish_in_the_cache_is_not_believed(rubbish: object) -> None:
    with playing() as actor:
        scope = pair_cache.scope(actor.url, "map-1", RoadLimits())
        names = [pair_cache._row_name(scope, place_of(point)) for point in CITY]
        cache.set_many(dict.fromkeys(names, rubbish))
        answer = travel_times(CITY, osrm_url=actor.url)
    assert (answer.times.seconds, answer.times.metres) == expected(CITY)


def test_an_old_answer_is_not_kept_alive_by_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    scope = pair_cache.scope("http://roads", "map-1", RoadLimits())
    monkeypatch.setattr(time, "time", lambda: now + pair_cache.TTL_S)
    assert pair_cache.scope("http://roads", "map-1", RoadLimits()) != scope


# Manners ----------------------------------------------------------------------------------------


def test_no_home_is_written_into_notes_or_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with playing(act=osrm_actor.fails, bad_requests=1, snap_m=lambda _place: 9999) as actor:
        answer = travel_times(CITY, osrm_url=actor.url)
        assert "46.2" in actor.requests[0]
    assert "46.2" not in caplog.text + " ".join(map(str, answer.notes))
    assert caplog.text


@pytest.mark.parametrize(
    ("name", "value"), [("max_table", 1), ("retries", 3), ("total_s", 0), ("max_route_points", 1)]
)
def test_limits_that_make_no_sense_are_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        RoadLimits(**{name: value})
