"""Planning over HTTP: a run is a preview, compared and then put in force, or refused as stale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone, translation

from atmr.celery import app
from dispatch.enums import Role, RunTrigger
from dispatch.models import Assignment, Booking, Company, DispatchRun, Shift, Unassigned
from dispatch.notes import Note, NoteKey
from dispatch.usecases.unassign import unassign
from tests.dispatch.api.caller import Caller, member
from tests.factories import (
    DAY,
    at,
    make_booking,
    make_break,
    make_company,
    make_patient,
    make_place,
    make_run,
    make_shift,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def planned(office: Caller, company: Company) -> dict[str, Any]:
    """A shift with a pause, two journeys that fit and one whose place nobody knows; planned at once."""
    make_break(make_shift(company))
    make_booking(company, pickup_at=at(9))
    make_booking(company, pickup_at=at(11))
    lost = make_booking(company, pickup_at=at(15), pickup=make_place(company, lat=None))
    lost.reference = "B-LOST"
    lost.save()
    answer = office.post("runs/?wait=true", {"day": str(DAY)})
    assert answer.status == 201, answer
    assert office.get(answer.headers["Location"]).body == answer.body
    body: dict[str, Any] = answer.body
    return body


def test_a_run_shows_its_plan_and_changes_nothing(planned: dict[str, Any]) -> None:
    assert (planned["status"], planned["trigger"], planned["is_in_force"]) == ("done", "api", False)
    (route,) = planned["routes"]
    kinds = [visit["kind"] for visit in route["visits"]]
    assert kinds.count("pickup") == kinds.count("dropoff") == 2
    assert kinds.count("break") == 1
    moments = [visit["start_at"] for visit in route["visits"]]
    assert moments == sorted(moments)
    assert moments[0].startswith("2026-06-17T06:5") or moments[0].startswith("2026-06-17T07:")
    assert all(
        (visit["booking"] is None) == (visit["kind"] == "break") for visit in route["visits"]
    )
    assert not Assignment.objects.exists()


def test_what_is_left_carries_its_reason_in_the_language_of_the_caller(
    planned: dict[str, Any], company: Company
) -> None:
    (left,) = planned["unassigned"]
    assert (left["reference"], left["reason"]) == ("B-LOST", "unknown_coordinates")
    french = member(company, Role.AUDITOR, {"Accept-Language": "fr"})
    (dit,) = french.get(f"runs/{planned['id']}/").body["unassigned"]
    assert dit["sentence"]
    assert dit["sentence"] != left["sentence"]


def test_notes_and_errors_are_keys_and_sentences(planned: dict[str, Any], company: Company) -> None:
    failed = Note.of(NoteKey.SETTINGS_NOT_VALID, fields="speed_kmh").to_json()
    ended = {"status": "failed", "started_at": at(5), "finished_at": at(5), "error": failed}
    absent = Note.of(NoteKey.SHIFT_DRIVER_ABSENT, shift=f"s{Shift.objects.get().pk}").to_json()
    make_run(company, **ended, notes=["Written before keys.", absent])
    french = member(company, Role.AUDITOR, {"Accept-Language": "fr"})
    run, before = french.get("runs/").body["results"]
    assert run["note_keys"] == [None, "shift_driver_absent"]
    assert run["notes"][0] == "Written before keys."
    assert run["notes"][1].endswith("07:00–19:00. Le chauffeur est absent.")
    assert run["error_key"] == "settings_not_valid"
    assert (
        run["error"]
        == "Les réglages de l’entreprise ne sont pas valables\N{NO-BREAK SPACE}: speed_kmh."
    )
    assert (before["note_keys"], before["error"], before["error_key"]) == (
        ["no_road_server"],
        "",
        None,
    )
    assert planned["notes"][0].startswith("No road server is set")


def test_a_run_says_its_stages_and_what_it_predicts(planned: dict[str, Any]) -> None:
    assert planned["stages"]
    assert all(stage["seconds"] >= 0 for stage in planned["stages"])
    rates = [kpi for kpi in planned["kpis"] if kpi["key"] == "assignment_rate"]
    assert [(kpi["numerator"], kpi["denominator"]) for kpi in rates] == [(2, 3)]
    assert all(kpi["is_predicted"] for kpi in planned["kpis"])


def test_a_run_is_put_in_force_once(planned: dict[str, Any], office: Caller) -> None:
    path = f"runs/{planned['id']}/"
    before = office.get(path + "diff/").body
    assert before["against"] is None
    assert [(m["from_shift"], m["to_shift"] is None) for m in before["moves"]] == [
        (None, False)
    ] * 2
    applied = office.post(path + "apply/").body
    assert (applied["assigned"], applied["run"]["is_in_force"]) == (2, True)
    assert Assignment.objects.count() == 2
    again = office.post(path + "apply/")
    assert (again.status, again.problem) == (409, "run-not-ready")


def test_a_plan_of_a_day_that_changed_is_stale(planned: dict[str, Any], office: Caller) -> None:
    booking = Booking.objects.order_by("pk").first()
    assert booking is not None
    office.patch(f"bookings/{booking.pk}/", {"notes": "ring twice"}, match=1)
    answer = office.post(f"runs/{planned['id']}/apply/")
    assert (answer.status, answer.problem) == (409, "stale-plan")
    assert answer.body["bookings"] == [booking.reference]
    assert not Assignment.objects.exists()


def test_two_plans_are_compared(planned: dict[str, Any], office: Caller, company: Company) -> None:
    office.post(f"runs/{planned['id']}/apply/")
    new = make_booking(company, pickup_at=at(17))
    second = office.post("runs/?wait=1", {"day": str(DAY)}).body
    path = f"runs/{second['id']}/diff/"
    in_force = office.get(path).body
    assert in_force["against"] == planned["id"]
    (move,) = [move for move in in_force["moves"] if move["from_shift"] is None]
    assert (move["booking"], move["reference"]) == (new.pk, new.reference)
    assert move["to_driver"]
    assert move["to_pickup_at"].startswith("2026-06-17T1")
    assert office.get(path + f"?against={planned['id']}").body == in_force
    itself = office.get(path + f"?against={second['id']}").body
    assert itself["moves"] == []
    backwards = office.get(f"runs/{planned['id']}/diff/?against={second['id']}").body
    (move,) = [move for move in backwards["moves"] if move["to_shift"] is None]
    assert move["from_driver"]


def test_the_difference_is_to_the_day_as_it_stands(
    planned: dict[str, Any], office: Caller, company: Company
) -> None:
    """A journey taken off its driver since the run in force: the new run gives it one, and moves nothing else."""
    office.post(f"runs/{planned['id']}/apply/")
    freed = Booking.objects.filter(status="assigned").order_by("pk").first()
    assert freed is not None
    unassign(booking_id=freed.pk, now=timezone.now(), expected_version=None)
    second = office.post("runs/?wait=1", {"day": str(DAY)}).body
    diff = office.get(f"runs/{second['id']}/diff/").body
    assert diff["against"] == planned["id"]
    assert [(m["booking"], m["from_shift"]) for m in diff["moves"]] == [(freed.pk, None)]
    office.post(f"runs/{second['id']}/apply/")
    assert office.get(f"runs/{second['id']}/diff/").body["moves"] == []


@pytest.mark.parametrize(("word", "status"), [("x", 400), ("²", 400), ("999999", 404)])
def test_only_runs_of_the_day_are_compared(
    office: Caller, company: Company, word: str, status: int
) -> None:
    run = make_run(company)
    assert office.get(f"runs/{run.pk}/diff/?against={word}").status == status
    foreign = make_run(make_company())
    assert office.get(f"runs/{run.pk}/diff/?against={foreign.pk}").status == 404


def test_a_run_without_a_plan_is_shown_without_routes(office: Caller, company: Company) -> None:
    body = office.get(f"runs/{make_run(company).pk}/").body
    assert (body["status"], body["routes"], body["kpis"]) == ("queued", [], [])


@pytest.fixture
def _no_worker() -> Iterator[None]:
    """Messages go to the broker, and wait there."""
    app.conf.task_always_eager = False
    yield
    app.conf.task_always_eager = True
    app.control.purge()


@pytest.mark.usefixtures("_no_worker")
def test_a_run_that_nobody_waits_for_is_queued(office: Caller, company: Company) -> None:
    make_shift(company)
    answer = office.post("runs/", {"day": str(DAY)})
    assert (answer.status, answer.body["status"]) == (202, "queued")
    assert office.get(answer.headers["Location"]).body["id"] == answer.body["id"]
    run = DispatchRun.objects.get()
    assert (run.trigger, run.requested_by) == (RunTrigger.API, office.user)
    assert run.is_handed_over


def test_a_worker_plans_what_was_queued(office: Caller, company: Company) -> None:
    make_shift(company)
    answer = office.post("runs/?wait=false", {"day": str(DAY)})
    assert (answer.status, answer.body["status"]) == (202, "done")  # the worker of tests is eager


def test_a_day_with_nothing_is_not_planned(office: Caller) -> None:
    for wait in ("true", "false"):
        answer = office.post(f"runs/?wait={wait}", {"day": str(DAY)})
        assert (answer.status, answer.problem) == (409, "nothing-to-plan")
    assert not DispatchRun.objects.exists()


@pytest.mark.parametrize("day", ["17.06.2026", "2026-02-30", "1999-01-01", None])
def test_a_day_is_a_day(office: Caller, day: str | None) -> None:
    assert set(office.post("runs/", {"day": day}).fields) == {"day"}


def test_waiting_is_a_yes_or_a_no(office: Caller) -> None:
    assert set(office.post("runs/?wait=maybe", {"day": str(DAY)}).fields) == {"wait"}


def test_runs_are_listed_newest_first(office: Caller, company: Company) -> None:
    runs = [make_run(company) for _n in range(3)]
    first = office.get("runs/?limit=2").body
    second = office.get(first["next"]).body
    seen = [row["id"] for page in (first, second) for row in page["results"]]
    assert seen == [run.pk for run in reversed(runs)]
    assert office.get(second["previous"]).body["results"] == first["results"]
    assert office.get("runs/?day=2026-06-18").body["results"] == []


def test_a_run_costs_the_same_whatever_it_holds(
    planned: dict[str, Any], office: Caller, company: Company, django_assert_max_num_queries: Any
) -> None:
    path = f"runs/{planned['id']}/"
    for number in range(5):
        Unassigned.objects.create(
            run_id=planned["id"],
            booking=make_booking(company, patient=make_patient(company)),
            reason="shift",
            advice="fits",
            params={"amount": number, "detail": f"s{number + 1}"},
        )
    with django_assert_max_num_queries(9):
        assert len(office.get(path).body["unassigned"]) == 6
    with django_assert_max_num_queries(7):
        office.get(path + "diff/")
    with django_assert_max_num_queries(3), translation.override("fr"):
        office.get("runs/")
