"""`plan_day` for every company: one that cannot be planned holds up no other, and the exit code says so."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dispatch.enums import RunStatus
from dispatch.models import Company, DispatchRun
from tests.factories import DAY, make_booking, make_company, make_run, make_shift

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
