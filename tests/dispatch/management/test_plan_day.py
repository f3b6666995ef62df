"""`plan_day` for every company: one that cannot be planned holds up no other, and the exit code says so."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dispatch.enums import Mobility, RunStatus
from dispatch.models import Company, DispatchRun
from dispatch.usecases.day_clock import local_day
from tests.factories import DAY, at, make_booking, make_company, make_patient, make_run, make_shift

QUICK = {"solver_time_limit_s": 1}

pytestmark = pytest.mark.django_db


def company_with_a_day(name: str) -> Company:
    company = make_company(name=name, settings=QUICK)
    make_shift(company)
    make_booking(company)
    return company


def plan(**options: Any) -> tuple[int, list[str], str]:
    """Exit code, the companies planned, what was said beside."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("plan_day", on=DAY, json=True, stdout=out, stderr=err, **options)
    except CommandError as error:
        code = error.returncode
        err.write(str(error))
    slugs = [json.loads(line)["company"] for line in out.getvalue().splitlines()]
    return code, slugs, err.getvalue()


@pytest.fixture(autouse=True)
def dawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands look at the clock themselves: it is the morning of DAY."""
    monkeypatch.setattr(timezone, "now", lambda: at(5))


def test_a_day_that_is_over_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(5) + timedelta(days=1))
    company_with_a_day("Town")
    code, slugs, said = plan()
    assert (code, slugs) == (4, [])
    assert "This day is over" in said


def test_an_empty_company_holds_up_no_other() -> None:
    make_company(name="Ahead", settings=QUICK)
    planned = [company_with_a_day(name).slug for name in ("Between", "Last")]
    code, slugs, said = plan()
    assert (code, slugs) == (4, planned)
    assert "Ahead: " in said
    assert "1 of 3 companies were not planned." in said


def test_the_worst_code_is_that_of_the_whole() -> None:
    make_company(name="Empty", settings=QUICK)
    busy = company_with_a_day("Under way")
    now = timezone.now()
    make_run(
        busy,
        status=RunStatus.RUNNING,
        started_at=now,
        lease_until=now + timedelta(minutes=5),
    )
    assert plan()[0] == 75
    broken = company_with_a_day("Broken")
    Company.objects.filter(pk=broken.pk).update(settings={"speed_kmh": "fast"})
    code, slugs, said = plan()
    assert (code, slugs) == (1, [])
    assert "3 of 3 companies" in said


def test_one_company_keeps_its_own_sentence_and_code() -> None:
    empty = make_company(name="Empty", settings=QUICK)
    company_with_a_day("Other")
    code, slugs, said = plan(company=empty.slug)
    assert (code, slugs) == (4, [])
    assert "neither a shift nor a booking" in said
    assert not DispatchRun.objects.exists()


def test_a_company_that_is_not_there_is_a_mistake_of_usage() -> None:
    make_company(slug="here")
    code, slugs, said = plan(company="there")
    assert (code, slugs, said) == (2, [], "There is no company “there” (there are: here).")


def test_without_any_company_there_is_nothing_to_do() -> None:
    assert plan() == (4, [], "There is no company yet.")


def test_each_trip_left_over_says_why_and_what_would_help() -> None:
    company = company_with_a_day("Town")
    patient = make_patient(company, mobility=Mobility.STRETCHER)
    lying = make_booking(company, patient=patient, pickup_at=at(14))
    out = io.StringIO()
    call_command("plan_day", on=DAY, stdout=out, stderr=io.StringIO())
    line = next(line for line in out.getvalue().splitlines() if lying.reference in line)
    assert line.startswith(f"  unassigned: {lying.reference}: ")
    assert line.count(".") >= 2  # a sentence why, and one of advice
    out = io.StringIO()
    call_command("replan", on=DAY, json=True, stdout=out, stderr=io.StringIO())
    left_out = {row["booking"]: row["sentence"] for row in json.loads(out.getvalue())["left_out"]}
    assert line == f"  unassigned: {lying.reference}: {left_out[lying.reference]}"


def test_a_word_is_a_day_of_the_company(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever day it is where the server stands."""
    monkeypatch.setattr(timezone, "now", lambda: at(5) + timedelta(days=9))
    company = make_company(name="Kiritimati", time_zone="Pacific/Kiritimati")
    tomorrow = local_day(company, timezone.now()) + timedelta(days=1)
    err = io.StringIO()
    with pytest.raises(CommandError):
        call_command("plan_day", "--on", "tomorrow", stdout=io.StringIO(), stderr=err)
    assert f"Planning {tomorrow} for Kiritimati" in err.getvalue()
