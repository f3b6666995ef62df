"""`replay_run` says what differs in references, drivers and minutes, and by its exit code whether rules are kept."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from dispatch.enums import RunTrigger
from dispatch.models import Booking, Company, DispatchRun
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from tests.factories import DAY, at, make_booking, make_company, make_patient, make_shift

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    company = make_company(settings={"solver_time_limit_s": 1})
    make_shift(company)
    make_booking(company, patient=make_patient(company, last_name="Unspoken"))
    return company


def planned(company: Company) -> DispatchRun:
    run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    return run_dispatch(run_id=run.pk, clock=lambda: at(5))


def said(*arguments: object, **options: Any) -> tuple[int, str]:
    """Exit code; what was printed, with the refusal after it."""
    out, code, refusal = io.StringIO(), 0, ""
    try:
        call_command(
            "replay_run", *map(str, arguments), stdout=out, stderr=io.StringIO(), **options
        )
    except CommandError as error:
        code, refusal = error.returncode, str(error)
    return code, out.getvalue() + refusal


def test_a_replay_names_what_differs_and_no_patient(company: Company) -> None:
    run = planned(company)
    booking = Booking.objects.get()
    visits = run.plan["routes"][0]["visits"]
    for visit in visits:  # a stored plan with the whole ride two minutes later keeps its rules
        visit[2], visit[3] = visit[2] + 120, visit[3] + 120
    run.plan["routes"][0]["return_s"] += 120
    DispatchRun.objects.filter(pk=run.pk).update(plan=run.plan)
    code, text = said(run.pk, time_limit=0.5)
    assert code == 0
    assert f"version 1 (run {run.pk}), planned again with seed {run.seed} in 0.5 s" in text
    assert "stored: 1 of 1 trips served" in text
    assert "Journeys: 1 differ, 0 newly served, 0 no longer served" in text
    assert f"  {booking.reference}: " in text
    assert "(-2 min)" in text
    assert "Stages:\n  construct: " in text
    assert "Unspoken" not in text


def test_machines_read_one_document(company: Company) -> None:
    run = planned(company)
    code, text = said(run.pk, json=True)
    found = json.loads(text)
    assert code == 0
    assert (found["run"], found["against"], found["moves"]) == (run.pk, None, [])
    assert (found["served"], found["unserved"], found["broken_rules"]) == ([1, 1], [0, 0], [])
    assert all(value["counted"] >= 0 for values in found["kpis"] for value in values)
    assert [stages[0]["name"] for stages in found["stages"]] == ["construct", "construct"]
    assert "Unspoken" not in text


def test_a_stored_plan_that_breaks_a_rule_is_3(company: Company) -> None:
    run = planned(company)
    run.plan["routes"][0]["visits"][0][3] += 7200
    DispatchRun.objects.filter(pk=run.pk).update(plan=run.plan)
    code, text = said(run.pk)
    assert code == 3
    assert "broken rule: " in text


def test_two_stored_runs_beside_each_other(company: Company) -> None:
    first = planned(company)
    added = make_booking(company, pickup_at=at(14))
    second = planned(company)
    code, text = said(first.pk, against=second.pk)
    assert code == 0
    assert "They planned different problems." in text
    assert f"  {added.reference}: nobody → 1" in text
    rate = next(line for line in text.splitlines() if "assignment rate" in line)
    assert ("1 / 1, n = 1" in rate, "2 / 2, n = 2" in rate) == (True, True)
    assert "1 newly served" in text
    code, text = said(second.pk, against=first.pk, json=True)
    (move,) = json.loads(text)["moves"]
    assert (code, move["booking"], move["after"]) == (0, added.reference, None)
    assert "Both planned the same problem." in said(first.pk, against=first.pk)[1]


def test_what_is_refused(company: Company) -> None:
    run = planned(company)
    stranger = make_company(settings={"solver_time_limit_s": 1})
    make_shift(stranger)
    other = planned(stranger)
    assert said(0) == (1, "There is no planning run 0.")
    code, text = said(run.pk, against=other.pk)
    assert (code, "are not of one company and day" in text) == (2, True)
    assert said(run.pk, against=run.pk, time_limit=1.0)[0] == 2
    for wrong in ("0", "nan"):
        assert (
            said(run.pk, "--time-limit", wrong)[0] == 1
        )  # argparse's own refusal, through call_command
