"""Plans of people, days as they might be, and the choice between fair and cheap, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from dispatch.enums import RunTrigger
from dispatch.models import Assignment, Company, DispatchRun
from tests.dispatch.api.caller import Caller
from tests.factories import DAY, at, make_booking, make_break, make_shift

pytestmark = pytest.mark.django_db


def rules(body: dict[str, Any]) -> list[str]:
    return [violation["rule"] for violation in body["violations"]]


def test_a_plan_of_a_person_is_judged_and_nothing_is_refused(
    office: Caller, company: Company
) -> None:
    shift = make_shift(company)
    make_break(shift)
    one, two, forgotten = (make_booking(company, pickup_at=at(hour)) for hour in (9, 11, 15))
    visits = [
        {"kind": "pickup", "booking": one.pk, "at": "2026-06-17T12:00:00"},
        {"kind": "dropoff", "booking": one.pk},
        {"kind": "break", "break": 1},
        {"kind": "dropoff", "booking": two.pk},
    ]
    body = {
        "day": str(DAY),
        "routes": [{"shift": shift.pk, "visits": visits}, {"shift": 999, "bookings": [two.pk]}],
        "left": [two.pk],
    }
    answer = office.post("plans/judge/", body)
    assert answer.status == 200, answer
    assert not answer.body["keeps_rules"]
    late = next(v for v in answer.body["violations"] if v["rule"] == "time_window")
    assert (late["amount"], late["severity"]) == (165 * 60, "hard")
    assert (late["booking"], late["shift"]) == (one.pk, shift.pk)
    assert one.reference in late["sentence"]
    assert {"sequence", "coverage"} <= set(rules(answer.body))
    assert [odd["kind"] for odd in answer.body["oddities"]] == ["unknown_shift"]
    (route,) = answer.body["routes"]
    assert route["visits"][0]["start_at"] == "2026-06-17T10:00:00Z"
    assert [visit["kind"] for visit in route["visits"]].count("break") == 1
    price = answer.body["price"]
    assert price["total"] == sum(value for name, value in price.items() if name != "total")
    assert price["unserved"] == 2 * 2_000_000
    assert forgotten.reference in " ".join(v["sentence"] for v in answer.body["violations"])
    assert answer.body["kpis"]
    assert not Assignment.objects.exists()


def test_an_order_may_be_left_to_the_planner(office: Caller, company: Company) -> None:
    shift, booking = make_shift(company), make_booking(company)
    body = {"day": str(DAY), "routes": [{"shift": shift.pk, "bookings": [booking.pk]}]}
    answer = office.post("plans/judge/", body)
    assert answer.body["keeps_rules"]
    assert answer.body["violations"] == []
    assert [visit["booking"] for visit in answer.body["routes"][0]["visits"]] == [booking.pk] * 2


@pytest.mark.parametrize(
    ("route", "field"),
    [
        ({"shift": 1}, "routes.0.visits"),
        ({"shift": 1, "visits": [], "bookings": []}, "routes.0.visits"),
        ({"shift": 1, "visits": [{"kind": "pickup"}]}, "routes.0.visits.0.booking"),
        ({"shift": 1, "visits": [{"kind": "break", "booking": 1}]}, "routes.0.visits.0.break"),
        ({"shift": 1, "stops": []}, "routes.0.stops"),
    ],
)
def test_what_is_no_plan_at_all_is_refused(
    office: Caller, route: dict[str, Any], field: str
) -> None:
    answer = office.post("plans/judge/", {"day": str(DAY), "routes": [route]})
    assert answer.status == 400
    assert field in answer.fields


def test_a_day_is_planned_as_it_might_be(office: Caller, company: Company) -> None:
    shift = make_shift(company)
    booking = make_booking(company)
    hours = {
        "shift": shift.pk,
        "starts_at": "2026-06-17T08:00:00",
        "ends_at": "2026-06-17T18:00:00",
    }
    body = {
        "day": str(DAY),
        "seconds": 0.3,
        "without_shifts": [shift.pk],
        "extra_shifts": [hours],
        "weights": {"fairness": 0},
    }
    answer = office.post("plans/what-if/", body)
    assert answer.status == 200, answer
    assert (answer.body["as_is"]["served"], answer.body["as_if"]["served"]) == (1, 1)
    assert answer.body["seconds"] == 0.6  # no plan is in force: one is made for both first
    (move,) = answer.body["moves"]
    assert (move["booking"], move["to_driver"]) == (booking.pk, "one shift more")
    assert not DispatchRun.objects.exists()


def test_a_weight_that_does_not_exist_is_refused(office: Caller) -> None:
    answer = office.post("plans/what-if/", {"day": str(DAY), "weights": {"beauty": 1}})
    assert (answer.status, list(answer.fields)) == (400, ["weights"])


def test_what_cannot_be_thought_is_a_conflict(office: Caller, company: Company) -> None:
    make_shift(company)
    answer = office.post("plans/what-if/", {"day": str(DAY), "without_vehicles": [9_999]})
    assert (answer.status, answer.problem) == (409, "unanswerable-change")
    with translation.override("fr"):
        french = Caller(office.user, **{"Accept-Language": "fr"})
    said = french.post("plans/what-if/", {"day": str(DAY), "without_vehicles": [9_999]})
    assert said.body["detail"] != answer.body["detail"]


def test_plans_between_fair_and_cheap_are_runs_that_can_be_applied(
    office: Caller, company: Company
) -> None:
    make_shift(company)
    make_booking(company)
    answer = office.post("plans/choices/", {"day": str(DAY)})
    assert answer.status == 201, answer
    (choice,) = answer.body["choices"]
    assert (choice["price"], choice["served"], choice["unserved"]) == (0, 1, 0)
    run = DispatchRun.objects.get()
    assert (run.pk, run.version, run.trigger) == (choice["run"], choice["version"], RunTrigger.API)
    assert run.requested_by == office.user
    assert office.post(f"runs/{run.pk}/apply/").status == 200
