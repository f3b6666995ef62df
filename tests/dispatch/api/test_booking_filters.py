"""Lists of bookings over HTTP: what they may be narrowed to."""

from __future__ import annotations

import pytest

from dispatch.models import Company
from tests.dispatch.api.caller import Caller
from tests.factories import make_assignment, make_booking, make_shift

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=assigned", ["second"]),
        ("status=assigned&status=confirmed", ["first", "second"]),
        ("leg=return", []),
        ("day_from=2026-06-18", []),
        ("day_to=2026-06-17", ["first", "second"]),
        ("is_will_call=true", []),
    ],
)
def test_filters(office: Caller, company: Company, query: str, expected: list[str]) -> None:
    make_booking(company, reference="first")
    second = make_booking(company, reference="second")
    shift = make_shift(company)
    make_assignment(second, shift)
    rows = office.get(f"bookings/?{query}").body["results"]
    assert [row["reference"] for row in rows] == expected
    by_shift = office.get(f"bookings/?shift={shift.pk}").body["results"]
    assert [row["reference"] for row in by_shift] == ["second"]
    by_patient = office.get(f"bookings/?patient={second.patient_id}").body["results"]
    assert [row["reference"] for row in by_patient] == ["second"]


@pytest.mark.parametrize(
    "query", ["day=17.06.2026", "day=0001-01-01", "status=gone", "patient=99999999999999999999"]
)
def test_filters_that_make_no_sense_are_refused(office: Caller, query: str) -> None:
    answer = office.get(f"bookings/?{query}")
    assert (answer.status, answer.problem) == (400, "invalid")
    assert set(answer.fields) == {query.partition("=")[0]}
