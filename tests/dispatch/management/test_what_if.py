"""`what_if` plans a day twice and shows both; its words become a change of the day."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dispatch.models import Company, DispatchRun, Shift
from tests.factories import DAY, at, make_booking, make_company, make_shift

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(5))


@pytest.fixture
def company() -> Company:
    return make_company(settings={"solver_time_limit_s": 1})


@pytest.fixture
def shift(company: Company) -> Shift:
    return make_shift(company)


def said(*arguments: object) -> tuple[int, str]:
    """Exit code; what was printed, with the refusal after it."""
    given = ["--on", str(DAY), "--seconds", "0.3", *map(str, arguments)]
    out, code, refusal = io.StringIO(), 0, ""
    try:
        call_command("what_if", *given, stdout=out)
    except CommandError as error:
        code, refusal = error.returncode, str(error)
    return code, out.getvalue() + refusal


def test_both_days_are_shown_side_by_side(company: Company, shift: Shift) -> None:
    make_booking(company)
    code, text = said("--without-shift", shift.pk)
    assert code == 0
    assert "as it is: 1 of 1 trips served, price " in text
    assert "as if: 0 of 1 trips served, price " in text
    assert "Journeys with another driver or minute: 1" in text
    assert "assignment rate (predicted): 100.0 % → 0.0 %" in text
    assert not DispatchRun.objects.exists()


def test_all_that_can_be_asked_can_be_typed(company: Company, shift: Shift) -> None:
    booking, other = make_booking(company), make_booking(company)
    code, text = said(
        "--hours", f"{shift.pk}=08:00-18:00", "--extra-shift", f"{shift.pk}=09:00-12:30",
        "--weight", "fairness=0", "--without-booking", other.pk, "--extra-booking", booking.pk,
        "--json",
    )  # fmt: skip
    found: dict[str, Any] = json.loads(text)
    assert code == 0
    assert (found["as_is"]["served"], found["as_if"]["served"]) == (2, 2)
    assert other.reference in found["moved"]
    assert found["seconds"] == 0.6, "0.3 together, for nobody had a driver yet, and 0.3 of its own"


def test_what_cannot_be_asked_is_refused(company: Company, shift: Shift) -> None:
    assert said("--without-vehicle", 999_999)[0] == 1
    assert said("--hours", "eight")[1].endswith("SHIFT=HH:MM-HH:MM.")
    assert said("--hours", f"{shift.pk}=8-25:00")[1].endswith("SHIFT=HH:MM-HH:MM.")
    assert said("--weight", "fairness=much")[1].endswith("NAME=VALUE.")
    shift.delete()
    assert said()[0] == 4


def test_parts_of_the_day_go_by_the_names_people_see(company: Company, shift: Shift) -> None:
    booking = make_booking(company)
    assert "as if: 0 of 1" in said("--without-shift", str(shift.driver).upper())[1]
    assert "as if: 0 of 1" in said("--without-vehicle", shift.vehicle.plate)[1]
    assert "as if: 0 of 0" in said("--without-booking", booking.reference)[1]
    text = said("--hours", f"{shift.driver}=20:00-22:00")[1]
    assert "as if: 0 of 1" in text
    assert f"without a driver: {booking.reference}: " in text


def test_a_name_of_nothing_or_of_two_is_refused(company: Company, shift: Shift) -> None:
    make_booking(company)
    assert "No journey of this day is called “B-NONE”." in said("--extra-booking", "B-NONE")[1]
    assert said("--hours", "=08:00-09:00")[1].endswith("SHIFT=HH:MM-HH:MM.")
    twin = make_shift(company, driver=shift.driver, start=shift.ends_at, end=at(23))
    refused = said("--without-shift", shift.driver)[1]
    assert f"is more than one shift of this day: {shift.pk}, {twin.pk}." in refused
