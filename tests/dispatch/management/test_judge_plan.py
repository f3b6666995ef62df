"""`judge_plan` reads a file, tells what it breaks, and by its exit code whether it keeps the rules."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dispatch.models import Company, Shift
from tests.factories import (
    DAY,
    at,
    make_booking,
    make_break,
    make_company,
    make_patient,
    make_shift,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(5))


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def shift(company: Company) -> Shift:
    return make_shift(company)


def said(path: Path, text: str | None, **options: Any) -> tuple[int, str]:
    """Exit code; what was printed, with the refusal after it."""
    if text is not None:
        path.write_text(text, "utf-8")
    out, code, refusal = io.StringIO(), 0, ""
    try:
        call_command("judge_plan", str(path), **{"on": DAY, **options}, stdout=out)
    except CommandError as error:
        code, refusal = error.returncode, str(error)
    return code, out.getvalue() + refusal


def test_a_plan_that_works_is_shown_with_its_times(
    tmp_path: Path, company: Company, shift: Shift
) -> None:
    booking = make_booking(company, patient=make_patient(company, last_name="Unspoken"))
    code, text = said(tmp_path / "day.csv", f"shift,booking\n{shift.pk},{booking.pk}\n")
    assert code == 0
    assert text.startswith("1 of 1 trips served, price ")
    assert f"+{booking.reference} " in text
    assert f"  {shift.driver}: " in text
    assert "assignment rate (predicted): 100.0 %" in text
    assert "Unspoken" not in text


def test_what_it_breaks_is_told_and_is_the_exit_code(
    tmp_path: Path, company: Company, shift: Shift
) -> None:
    booking = make_booking(company)
    text = f"shift,booking,at\n{shift.pk},{booking.pk},12:00\n9999,B-NONE,\n"
    code, shown = said(tmp_path / "day.csv", text)
    assert code == 3
    late = f"The pickup of trip {booking.reference} (shift {shift.driver}) is 165 min later than"
    assert f"hard: {late} its time window." in shown
    assert "odd: There is no shift 9999 on this day" in shown
    code, document = said(tmp_path / "day.csv", text, json=True)
    found = json.loads(document.removesuffix("The plan breaks hard rules."))
    assert (code, found["is_valid"], found["served"]) == (3, False, 1)
    assert found["violations"][0]["amount"] == 165 * 60
    assert [odd["kind"] for odd in found["oddities"]] == ["unknown_shift"]


def test_files_that_are_none_and_days_that_are_empty(tmp_path: Path, company: Company) -> None:
    path = tmp_path / "day.csv"
    code, text = said(path, None)
    assert (code, "No such file" in text) == (1, True)
    code, text = said(path, "shift,kind\n1,lunch\n")
    assert (code, "no kind of stop" in text) == (2, True)
    assert said(path, "shift\n")[0] == 4


def test_a_break_in_a_tour_goes_by_its_hours(
    tmp_path: Path, company: Company, shift: Shift
) -> None:
    make_break(shift)
    booking = make_booking(company)
    lines = f"{shift.pk},{booking.pk},\n{shift.pk},,break\n"
    _code, shown = said(tmp_path / "day.csv", f"shift,booking,kind\n{lines}")
    assert " break 11:30–13:00 " in shown
