"""Lists of changes: looked at together, put in force together, and the way back in the answer."""

from __future__ import annotations

from typing import Any

import pytest

from dispatch.models import Assignment, Company
from tests.dispatch.api.caller import Caller
from tests.factories import at, make_assignment, make_booking, make_company, make_shift

pytestmark = pytest.mark.django_db

PATH = "plans/changes/"


def preview(office: Caller, changes: list[dict[str, Any]]) -> dict[str, Any]:
    answer = office.post(f"{PATH}preview/", {"changes": changes})
    assert answer.status == 200, answer
    impact: dict[str, Any] = answer.body["impact"]
    return impact


def test_all_kinds_at_once_and_the_way_back(office: Caller, company: Company) -> None:
    one, two = make_shift(company), make_shift(company)
    a, b, c, d = (make_booking(company, pickup_at=at(hour)) for hour in (8, 10, 12, 14))
    make_assignment(a, one)
    make_assignment(b, two)
    make_assignment(d, one)
    changes = [
        {"id": a.pk, "action": "swap", "booking": b.pk},
        {"id": c.pk, "action": "give", "shift": two.pk},
        {
            "id": c.pk,
            "action": "retime",
            "promised_from": "2026-06-17T12:30:00",
            "promised_to": "2026-06-17T12:50:00",
        },
        {"id": d.pk, "action": "take_off"},
    ]
    seen = preview(office, changes)
    assert {move["booking"]["id"] for move in seen["moves"]} == {a.pk, b.pk, c.pk, d.pk}
    done = office.post(PATH, {"changes": changes, "token": seen["token"]})
    assert done.status == 200, done
    held = {row["id"]: (row["assignment"] or {}).get("shift") for row in done.body["bookings"]}
    assert held == {a.pk: two.pk, b.pk: one.pk, c.pk: two.pk, d.pk: None}
    back = done.body["back"]
    assert [row["action"] for row in back] == ["give", "retime", "take_off", "swap"]
    assert back[0] == {"id": d.pk, "action": "give", "shift": one.pk}
    assert back[1]["requested_at"] == "2026-06-17T10:00:00Z"
    undone = office.post(PATH, {"changes": back, "token": preview(office, back)["token"]})
    assert undone.status == 200, undone
    shifts = dict(Assignment.objects.values_list("booking_id", "shift_id"))
    assert shifts == {a.pk: one.pk, b.pk: two.pk, d.pk: one.pk}


def test_none_is_written_where_one_has_changed(office: Caller, company: Company) -> None:
    shift, a, b = make_shift(company), make_booking(company), make_booking(company)
    changes = [{"id": pk, "action": "give", "shift": shift.pk} for pk in (a.pk, b.pk)]
    token = preview(office, changes)["token"]
    make_assignment(b, make_shift(company))
    answer = office.post(PATH, {"changes": changes, "token": token})
    assert (answer.status, answer.problem) == (412, "stale-day")
    assert not Assignment.objects.filter(booking=a).exists()


def test_what_is_no_list(office: Caller, company: Company) -> None:
    foreign = make_booking(make_company())
    mine = {"id": make_booking(company).pk, "action": "take_off"}
    for changes in ([], [{"id": foreign.pk, "action": "take_off"}], [mine | {"action": "give"}]):
        answer = office.post(f"{PATH}preview/", {"changes": changes})
        assert answer.status == 400, answer
    swap = mine | {"action": "swap", "booking": foreign.pk}
    assert set(office.post(f"{PATH}preview/", {"changes": [swap]}).fields) == {"changes"}
