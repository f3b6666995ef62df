"""KPIs over HTTP: what was recorded, and apart from it what the plans in force predict."""

from __future__ import annotations

import pytest

from dispatch.enums import BookingStatus, Role
from dispatch.models import Company
from tests.dispatch.api.caller import Caller, member
from tests.factories import DAY, at, bring, make_assignment, make_booking, make_shift

pytestmark = pytest.mark.django_db

PATH = f"kpis/?from={DAY}&to={DAY}"


def driven(company: Company, *, hour: int, late_min: int) -> None:
    booking = make_booking(company, pickup_at=at(hour))
    make_assignment(booking, make_shift(company))
    bring(
        booking,
        BookingStatus.COMPLETED,
        en_route_at=at(hour - 1),
        arrived_pickup_at=at(hour, late_min),
        boarded_at=at(hour, late_min + 2),
        arrived_dropoff_at=at(hour, late_min + 12),
        alighted_at=at(hour, late_min + 14),
    )


def test_recorded_numbers_carry_their_n_and_interval(office: Caller, company: Company) -> None:
    driven(company, hour=8, late_min=0)
    driven(company, hour=9, late_min=10)
    driven(company, hour=10, late_min=30)  # the window ends 15 min after the hour
    body = office.get(PATH).body
    (row,) = [kpi for kpi in body["recorded"] if kpi["key"] == "pickup_on_time"]
    assert (row["numerator"], row["denominator"], row["counted"], row["excluded"]) == (2, 3, 3, 0)
    assert row["value"] == pytest.approx(2 / 3)
    assert row["interval"][0] < row["value"] < row["interval"][1]
    assert (row["unit"], row["is_predicted"], row["is_on_target"]) == ("share", False, False)
    assert row["target"] == {"bound": 0.95, "is_least": True}
    assert row["text"] == "66.7 %"
    assert body["predicted"] == []


def test_what_has_no_source_says_what_is_missing(office: Caller, company: Company) -> None:
    driven(company, hour=8, late_min=0)
    rows = {kpi["key"]: kpi for kpi in office.get(PATH).body["recorded"]}
    tours = rows["productivity"]
    assert (tours["value"], tours["excluded"], tours["missing"]) == (None, 1, "breaks")
    assert tours["text"] == "not measurable: nobody records when breaks are taken"
    assert rows["pickup_on_time"]["missing"] is rows["return_wait"]["missing"] is None


def test_predicted_numbers_stand_apart(office: Caller, company: Company) -> None:
    make_shift(company)
    make_booking(company)
    run = office.post("runs/?wait=true", {"day": str(DAY)}).body
    assert office.get(PATH).body["predicted"] == []  # a preview predicts nothing that is in force
    office.post(f"runs/{run['id']}/apply/")
    body = office.get(PATH).body
    (day,) = body["predicted"]
    assert (day["day"], day["run"]) == (str(DAY), run["id"])
    assert all(kpi["is_predicted"] for kpi in day["kpis"])
    (price,) = [kpi for kpi in day["kpis"] if kpi["key"] == "fairness_price"]
    assert price["missing"] in {None, "unfinished"}  # the day is as the run left it
    assert price["unit"] == "points"
    assert not any(kpi["is_predicted"] for kpi in body["recorded"])


def test_names_are_in_the_language_of_the_caller(company: Company) -> None:
    french = member(company, Role.AUDITOR, {"Accept-Language": "fr"})
    (row,) = [kpi for kpi in french.get(PATH).body["recorded"] if kpi["key"] == "mean_delay"]
    assert (row["name"], row["text"]) == ("retard moyen", "rien à compter")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "from"),
        ("from=2026-06-17", "to"),
        ("from=2026-06-17&to=2026-06-16", "to"),
        ("from=2026-06-01&to=2026-07-02", "to"),
        ("from=yesterday&to=2026-07-02", "from"),
    ],
)
def test_days_that_cannot_be_asked_for(office: Caller, query: str, field: str) -> None:
    answer = office.get(f"kpis/?{query}")
    assert answer.problem == "invalid"
    assert field in answer.fields


def test_a_month_can_be_asked_for(office: Caller) -> None:
    assert office.get("kpis/?from=2026-06-01&to=2026-07-01").status == 200
