"""Series over HTTP: taken with their journeys, previewed, changed in a scope, paused, resumed and ended."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from dispatch.enums import BookingStatus, StatusReason
from dispatch.models import Booking, Company, StandingOrder
from tests.dispatch.api.caller import Answer, Caller, member
from tests.factories import (
    DAY,
    at,
    make_company,
    make_establishment,
    make_patient,
    make_place,
    make_standing_order,
)

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 6, 22)
WEDNESDAY = MONDAY + timedelta(days=2)
NEXT = MONDAY + timedelta(days=7)


@pytest.fixture
def body(company: Company) -> dict[str, Any]:
    """Mondays at nine, from the coming one on."""
    patient = make_patient(company)
    return {
        "patient": patient.pk,
        "pickup": patient.home_id,
        "dropoff": make_establishment().pk,
        "weekdays": [0],
        "starts_on": str(MONDAY),
        "pickup_time": "09:00",
    }


@pytest.fixture
def series(office: Caller, body: dict[str, Any]) -> dict[str, Any]:
    answer = office.post("series/", body)
    assert answer.status == 201, answer
    found: dict[str, Any] = answer.body
    return found


def path(series: dict[str, Any], verb: str = "") -> str:
    return f"series/{series['id']}/{verb}/" if verb else f"series/{series['id']}/"


def tag(series: dict[str, Any]) -> str:
    return f'"{series["version"]}"'


def do(office: Caller, series: dict[str, Any], verb: str, said: Any, **more: Any) -> Answer:
    return office.post(path(series, verb), said, match=more.pop("match", tag(series)), **more)


def journeys(series: dict[str, Any]) -> list[Booking]:
    return list(Booking.objects.filter(standing_order=series["id"]).order_by("service_on", "pk"))


class TestTaken:
    def test_with_its_journeys_of_four_weeks(
        self, office: Caller, series: dict[str, Any], body: dict[str, Any]
    ) -> None:
        days = [row.service_on for row in journeys(series)]
        assert days == [MONDAY + timedelta(weeks=n) for n in range(4)]
        assert {row.status for row in journeys(series)} == {BookingStatus.CONFIRMED}
        shown = office.get(path(series))
        assert shown.body == series
        assert shown.headers["ETag"] == tag(series)
        assert (series["weekdays"], series["pickup_time"]) == ([0], "09:00")
        assert (series["patient"]["id"], series["pauses"]) == (body["patient"], [])

    def test_a_return_on_call_comes_along(self, office: Caller, body: dict[str, Any]) -> None:
        found = office.post("series/", body | {"return_mode": "will_call"}).body
        assert len(journeys(found)) == 8
        assert sum(row.is_will_call for row in journeys(found)) == 4

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"weekdays": []}, "weekdays"),
            ({"weekdays": [7]}, "weekdays.0"),
            ({"pickup_time": None}, ""),
            ({"pickup_time": "25:00"}, "pickup_time"),
            ({"appointment_time": "09:00", "pickup_time": "09:30"}, "appointment_time"),
            ({"return_mode": "fixed"}, ""),
            ({"return_mode": "fixed", "return_time": "08:00"}, "return_time"),
            ({"ends_on": "2026-06-16", "starts_on": "2026-06-01"}, "ends_on"),
            ({"ends_on": "2026-06-20"}, ""),
            ({"starts_on": "22.06.2026"}, "starts_on"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_what_cannot_be_is_refused_whole(
        self, office: Caller, body: dict[str, Any], change: dict[str, Any], field: str
    ) -> None:
        answer = office.post("series/", body | change)
        assert answer.status == 400, answer
        assert answer.problem
        assert field in answer.fields
        assert not StandingOrder.objects.exists()
        assert not Booking.objects.exists()

    @pytest.mark.parametrize("name", ["patient", "pickup", "dropoff"])
    def test_rows_of_another_company_do_not_exist(
        self, office: Caller, body: dict[str, Any], name: str
    ) -> None:
        other = make_company()
        row = make_patient(other) if name == "patient" else make_place(other)
        answer = office.post("series/", body | {name: row.pk})
        assert (answer.status, answer.fields) == (400, {name: "This does not exist."})
        assert not StandingOrder.objects.exists()


class TestListed:
    def test_narrowed_and_in_pages(self, office: Caller, company: Company) -> None:
        first = make_standing_order(company)
        ended = make_standing_order(company, ends_on=DAY, active=False)
        later = make_standing_order(company, starts_on=NEXT, return_mode="will_call")
        make_standing_order(make_company())

        def ids(query: str = "") -> list[int]:
            return [row["id"] for row in office.get(f"series/{query}").body["results"]]

        assert ids() == [first.pk, ended.pk, later.pk]
        assert ids(f"?day={WEDNESDAY}") == [first.pk]
        assert ids("?active=false") == [ended.pk]
        assert ids("?return_mode=will_call") == [later.pk]
        assert ids(f"?patient={ended.patient_id}") == [ended.pk]
        page = office.get("series/?limit=2").body
        assert [row["id"] for row in page["results"]] == [first.pk, ended.pk]
        assert [row["id"] for row in office.get(page["next"]).body["results"]] == [later.pk]
        assert office.get("series/?day=soon").status == 400

    def test_with_queries_that_do_not_grow(
        self,
        office: Caller,
        company: Company,
        django_assert_max_num_queries: Any,
    ) -> None:
        for _n in range(5):
            make_standing_order(company)
        with django_assert_max_num_queries(5):
            assert len(office.get("series/").body["results"]) == 5


class TestChanged:
    def test_a_preview_says_what_would_be_and_writes_nothing(
        self, office: Caller, series: dict[str, Any]
    ) -> None:
        before = [(row.pk, row.version) for row in journeys(series)]
        said = {"edit": {"scope": "all", "pickup_time": "10:00"}}
        answer = office.post(path(series, "preview"), said)
        assert answer.status == 200
        assert {one["effect"] for one in answer.body["changed"]} == {"moved"}
        assert len(answer.body["changed"]) == 4
        assert answer.body["changed"][0]["requested_at"] == f"{MONDAY}T08:00:00Z"
        assert "it is now 09:55–10:15" in answer.body["changed"][0]["promise_moved"]
        assert "requested_at" in answer.body["changed"][0]["fields_changed"]
        assert [(row.pk, row.version) for row in journeys(series)] == before
        assert office.get(path(series)).body == series

    def test_what_was_previewed_is_done_with_its_token(
        self, office: Caller, series: dict[str, Any]
    ) -> None:
        said = {"scope": "all", "pickup_time": "10:00"}
        token = office.post(path(series, "preview"), {"edit": said}).body["token"]
        done = office("POST", path(series, "edit"), said, match=tag(series), HTTP_X_PREVIEW=token)
        assert (done.status, done.body["series"]) == (200, series["id"])
        assert journeys(series)[0].requested_at == at(10, day=MONDAY)
        again = office.get(path(series))
        assert (again.headers["ETag"], again.body["pickup_time"]) == (
            done.headers["ETag"],
            "10:00",
        )

    def test_a_token_of_something_else_is_stale(
        self, office: Caller, series: dict[str, Any]
    ) -> None:
        token = office.post(path(series, "preview"), {"end": {}}).body["token"]
        said = {"scope": "all", "pickup_time": "10:00"}
        answer = office("POST", path(series, "edit"), said, match=tag(series), HTTP_X_PREVIEW=token)
        assert (answer.status, answer.problem) == (412, "stale-series")
        assert journeys(series)[0].requested_at == at(9, day=MONDAY)

    def test_this_day_only(self, office: Caller, series: dict[str, Any]) -> None:
        said = {"scope": "this", "on": str(NEXT), "serve_on": str(NEXT + timedelta(days=1))}
        assert do(office, series, "edit", said | {"pickup_time": "11:00"}).status == 200
        rows = journeys(series)
        assert [row.service_on for row in rows][:2] == [MONDAY, NEXT + timedelta(days=1)]
        assert rows[1].requested_at == at(11, day=NEXT + timedelta(days=1))
        assert office.get(path(series)).body == series  # the series stays

    def test_this_and_the_following_days_make_another_series(
        self, office: Caller, series: dict[str, Any]
    ) -> None:
        said = {"scope": "following", "on": str(NEXT), "pickup_time": "11:00"}
        answer = do(office, series, "edit", said)
        assert answer.status == 200
        after = office.get(f"series/{answer.body['series']}/")
        assert (after.body["starts_on"], after.body["pickup_time"]) == (str(NEXT), "11:00")
        assert after.headers["ETag"] == answer.headers["ETag"]
        assert office.get(path(series)).body["ends_on"] == str(NEXT - timedelta(days=1))
        assert len(journeys(series)) == 1

    def test_a_pause_cancels_and_its_end_brings_back(
        self, office: Caller, series: dict[str, Any]
    ) -> None:
        said = {"first_on": str(MONDAY), "last_on": str(NEXT)}
        answer = do(office, series, "pause", said)
        assert [one["effect"] for one in answer.body["changed"]] == ["cancelled"] * 2
        assert [one["promise_moved"] for one in answer.body["changed"]] == ["", ""]
        assert journeys(series)[0].status_reason == StatusReason.SERIES_CHANGED
        paused = office.get(path(series)).body
        (pause,) = paused["pauses"]
        back = do(office, paused, "resume", {"pause": pause["id"], "from_on": str(NEXT)})
        assert [one["effect"] for one in back.body["changed"]] == ["restored"]
        assert [row.status for row in journeys(series)][:2] == ["cancelled", "confirmed"]

    def test_an_end_cancels_what_comes_after(self, office: Caller, series: dict[str, Any]) -> None:
        assert do(office, series, "end", {"last_on": str(MONDAY)}).status == 200
        assert [row.status for row in journeys(series)] == ["confirmed"] + ["cancelled"] * 3
        ended = office.get(path(series)).body
        assert do(office, ended, "end", {}).status == 200
        assert office.get(path(series)).body["active"] is False

    def test_what_has_ended_rests_and_changes_no_more(
        self, office: Caller, series: dict[str, Any]
    ) -> None:
        assert do(office, series, "end", {}).status == 200
        ended = office.get(path(series)).body
        rest = {"first_on": str(MONDAY), "last_on": str(NEXT)}
        for verb, said in (("pause", rest), ("edit", {"scope": "all", "pickup_time": "11:00"})):
            answer = do(office, ended, verb, said)
            assert (answer.status, answer.problem) == (409, "past-day"), answer
        assert do(office, ended, "edit", {"scope": "all", "active": True}).status == 200

    def test_without_a_return_its_time_goes_by_itself(
        self, office: Caller, series: dict[str, Any]
    ) -> None:
        back = {"scope": "all", "return_mode": "fixed", "return_time": "15:00"}
        assert do(office, series, "edit", back).status == 200
        fixed = office.get(path(series)).body
        assert do(office, fixed, "edit", {"scope": "all", "return_mode": "none"}).status == 200
        assert office.get(path(series)).body["return_time"] is None


class TestRefused:
    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"scope": "some"}, "scope"),
            ({}, "scope"),
            ({"scope": "this"}, "on"),
            ({"scope": "following"}, "on"),
            ({"scope": "all", "on": "2026-06-22"}, "on"),
            ({"scope": "all", "serve_on": "2026-06-22"}, "serve_on"),
            ({"scope": "this", "on": "2026-06-22", "overwrite_edited": True}, "overwrite_edited"),
            ({"scope": "this", "on": "2026-06-22", "weekdays": [1]}, "weekdays"),
            ({"scope": "all", "pickup": 1}, "pickup"),
            ({"scope": "all", "starts_on": "2026-06-22"}, "starts_on"),
        ],
    )
    def test_a_scope_that_means_nothing(
        self, office: Caller, series: dict[str, Any], said: dict[str, Any], field: str
    ) -> None:
        answer = do(office, series, "edit", said)
        assert answer.status == 400, answer
        assert field in answer.fields

    @pytest.mark.parametrize(
        ("verb", "said", "problem"),
        [
            ("edit", {"scope": "this", "on": "2026-06-15"}, "past-day"),
            ("edit", {"scope": "following", "on": "2026-06-15"}, "past-day"),
            ("edit", {"scope": "this", "on": "2026-06-23"}, "no-such-day"),
            ("pause", {"first_on": "2026-06-01", "last_on": "2026-06-15"}, "past-day"),
            ("end", {"last_on": "2026-06-15"}, "past-day"),
        ],
    )
    def test_days_that_are_over_or_not_of_the_series(
        self,
        office: Caller,
        series: dict[str, Any],
        verb: str,
        said: dict[str, Any],
        problem: str,
    ) -> None:
        answer = do(office, series, verb, said)
        assert (answer.status, answer.problem) == (409, problem)
        assert office.get(path(series)).body == series

    def test_a_pause_that_ends_before_it_begins_or_overlaps(
        self, office: Caller, series: dict[str, Any]
    ) -> None:
        said = {"first_on": str(NEXT), "last_on": str(MONDAY)}
        assert do(office, series, "pause", said).fields == {
            "": "The pause ends before its first day: choose a later last day."
        }
        week = {"first_on": str(MONDAY), "last_on": str(NEXT)}
        assert do(office, series, "pause", week).status == 200
        paused = office.get(path(series)).body
        assert do(office, paused, "pause", week).fields == {
            "": "The series is already paused then."
        }

    def test_who_does_not_say_what_they_saw_or_saw_something_older(
        self, office: Caller, series: dict[str, Any]
    ) -> None:
        missing = office.post(path(series, "end"), {})
        assert (missing.status, missing.problem) == (428, "precondition-required")
        assert do(office, series, "edit", {"scope": "all", "pickup_time": "10:00"}).status == 200
        stale = do(office, series, "end", {})
        assert (stale.status, stale.problem) == (412, "precondition-failed")
        assert do(office, series, "end", {}, match="*").status == 200

    def test_one_change_at_a_time_is_previewed(
        self, office: Caller, series: dict[str, Any]
    ) -> None:
        for said in ({}, {"end": {}, "edit": {"scope": "all"}}):
            answer = office.post(path(series, "preview"), said)
            assert (answer.status, answer.fields) == (
                400,
                {"": "Name one change: edit, pause, resume or end."},
            )
        answer = office.post(path(series, "preview"), {"edit": {"scope": "some"}})
        assert "edit.scope" in answer.fields

    def test_a_series_and_a_pause_of_another_company_are_not_found(
        self, office: Caller, series: dict[str, Any]
    ) -> None:
        stranger = member(make_company())
        for verb in ("preview", "edit", "pause", "resume", "end"):
            answer = do(stranger, series, verb, {})
            assert (answer.status, answer.problem) == (404, "not-found")
        assert office.get("series/999999/").status == 404
        foreign = make_standing_order(make_company())
        pause = foreign.pauses.create(first_on=MONDAY, last_on=NEXT)
        answer = do(office, series, "resume", {"pause": pause.pk, "from_on": str(NEXT)})
        assert (answer.status, answer.problem) == (404, "not-found")


def test_moments_are_those_of_the_summer(series: dict[str, Any]) -> None:
    """Nine o'clock in Geneva is seven in UTC: the fixture's hours are local ones."""
    (first, *_rest) = journeys(series)
    assert first.requested_at == datetime.fromisoformat(f"{MONDAY}T07:00:00+00:00")
