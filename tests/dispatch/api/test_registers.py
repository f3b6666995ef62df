"""Drivers, vehicles, patients and places over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dispatch.enums import BookingStatus
from dispatch.models import Company, Driver, Place, Skill, Vehicle
from tests.dispatch.api.caller import Caller
from tests.factories import (
    make_assignment,
    make_booking,
    make_company,
    make_driver,
    make_establishment,
    make_patient,
    make_place,
    make_shift,
    make_vehicle,
)

pytestmark = pytest.mark.django_db


def test_a_driver_with_skills_and_licences(office: Caller, company: Company) -> None:
    Skill.objects.create(company=company, code="oxygen", name="Oxygen")
    body = {
        "first_name": "Léa",
        "last_name": "Exemple",
        "skills": [{"code": "oxygen"}],
        "licences": [{"kind": "B", "expires_on": "2030-12-31"}],
    }
    made = office.post("drivers/", body)
    assert made.status == 201
    assert made.body["skills"] == [{"code": "oxygen", "name": "Oxygen", "expires_on": None}]
    assert made.body["licences"] == [{"kind": "B", "expires_on": "2030-12-31"}]
    path = f"drivers/{made.body['id']}/"
    renamed = office.patch(path, {"first_name": "Lia"}).body
    assert (renamed["first_name"], len(renamed["skills"])) == ("Lia", 1)
    assert office.patch(path, {"skills": []}).body["skills"] == []


def test_skills_that_do_not_exist_or_stand_twice(office: Caller, company: Company) -> None:
    Skill.objects.create(company=make_company(), code="theirs", name="Theirs")
    driver = make_driver(company, skills=("oxygen",))
    path = f"drivers/{driver.pk}/"
    unknown = office.patch(path, {"skills": [{"code": "oxygen"}, {"code": "theirs"}]})
    assert unknown.fields == {"skills.1.code": "The company knows no such skill."}
    twice = office.patch(path, {"skills": [{"code": "oxygen"}, {"code": "oxygen"}]})
    assert twice.status == 400
    assert set(twice.fields) == {"skills.1"}
    nameless = office.patch(path, {"licences": [{"kind": "B"}]})
    assert set(nameless.fields) == {"licences.0.expires_on"}
    assert driver.driver_skills.count() == 1  # what was there stays


def test_the_ramp_stays_while_wheelchairs_roll_in(office: Caller, company: Company) -> None:
    van = make_vehicle(company, wheelchairs=1)
    path = f"vehicles/{van.pk}/"
    refused = office.patch(path, {"equipment": ["oxygen"]})
    assert (refused.status, set(refused.fields)) == (400, {"equipment"})
    assert "ramp or lift" in refused.fields["equipment"]
    van.refresh_from_db()
    assert van.equipment == ["ramp"]
    both = {"equipment": ["oxygen"], "configurations": [{"seats": 4}]}
    assert office.patch(path, both).status == 200


def test_a_vehicle_without_a_ramp_has_no_wheelchair_place(office: Caller, company: Company) -> None:
    places = [{"seats": 3}, {"seats": 2, "wheelchairs": 1}]
    body = {"name": "Van", "plate": "GE 1", "configurations": places}
    refused = office.post("vehicles/", body)
    assert set(refused.fields) == {"configurations.1.wheelchairs"}
    assert not Vehicle.objects.exists()
    made = office.post("vehicles/", body | {"equipment": ["ramp"]})
    assert [each["wheelchairs"] for each in made.body["configurations"]] == [0, 1]


def test_a_plate_is_taken_once_in_a_company(office: Caller, company: Company) -> None:
    make_vehicle(make_company(), plate="GE 7")
    body = {"name": "Van", "plate": "GE 7"}
    assert office.post("vehicles/", body).status == 201
    again = office.post("vehicles/", body)
    assert again.status == 400
    assert again.fields == {"plate": "Vehicle: there is one with the same plate already."}


def test_links_lead_to_own_or_public_places(office: Caller, company: Company) -> None:
    vehicle = make_vehicle(company)
    path = f"vehicles/{vehicle.pk}/"
    foreign = make_place(make_company())
    assert office.patch(path, {"base": foreign.pk}).fields == {"base": "This does not exist."}
    assert office.patch(path, {"base": make_place(company).pk}).status == 200
    assert office.patch(path, {"base": None}).body["base"] is None


def test_a_patient_is_found_by_any_part_of_the_name(office: Caller, company: Company) -> None:
    patient = make_patient(company, first_name="Zoé", last_name="Ästhetik", reference="P-1")
    make_patient(company)
    for word in ("zoe", "ASTH", "ästh"):
        rows = office.get(f"patients/?search={word}").body["results"]
        assert [row["id"] for row in rows] == [patient.pk]
    assert len(office.get("patients/?reference=P-1").body["results"]) == 1
    assert office.get("patients/?search=%00").status == 400


def test_a_patient_is_added_and_changed(office: Caller, company: Company) -> None:
    home = make_place(company, kind="home")
    body = {"first_name": "A", "last_name": "B", "home": home.pk, "mobility": "stretcher"}
    made = office.post("patients/", body)
    assert (made.status, made.body["mobility"]) == (201, "stretcher")
    changed = office.patch(f"patients/{made.body['id']}/", {"max_ride_min": 3})
    assert set(changed.fields) == {"max_ride_min"}


def test_given_coordinates_are_meant(office: Caller) -> None:
    made = office.post("places/", {"name": "Café", "lat": 46.2, "lon": 6.14}).body
    assert (made["coordinates_quality"], made["is_public"]) == ("exact", False)
    unknown = office.post("places/", {"name": "Somewhere"}).body
    assert (unknown["coordinates_quality"], unknown["lat"]) == ("unknown", None)
    half = office.post("places/", {"name": "Half", "lat": 46.2})
    assert half.fields[""].startswith("Latitude and longitude lack one another")
    vague = office.post(
        "places/", {"name": "Lancy", "lat": 46.18, "lon": 6.12, "coordinates_quality": "centroid"}
    )
    assert vague.body["coordinates_quality"] == "centroid"
    forgotten = office.patch(f"places/{made['id']}/", {"lat": None, "lon": None}).body
    assert forgotten["coordinates_quality"] == "unknown"


def test_a_public_place_is_seen_and_not_changed(office: Caller, company: Company) -> None:
    hospital = make_establishment()
    ward = office.post(
        "places/", {"name": "Ward 3", "kind": "establishment", "parent": hospital.pk}
    ).body
    assert ward["full_name"] == f"{hospital.name}, Ward 3"
    assert office.get(f"places/?parent={hospital.pk}").body["results"] == [ward]
    refused = office.patch(f"places/{hospital.pk}/", {"name": "Mine"})
    assert (refused.status, refused.problem) == (403, "permission-denied")
    assert office.get(f"places/{hospital.pk}/").body["is_public"] is True
    assert office.get("places/?kind=establishment").body["results"]
    assert Place.objects.get(pk=hospital.pk).name == hospital.name


@pytest.mark.parametrize(
    ("resource", "queries"), [("drivers", 6), ("vehicles", 4), ("patients", 3), ("places", 3)]
)
def test_lists_cost_the_same_whatever_their_length(
    office: Caller,
    company: Company,
    django_assert_num_queries: Any,
    resource: str,
    queries: int,
) -> None:
    for count in (1, 4):
        for _number in range(count):
            make_driver(company, skills=("oxygen",))
            make_vehicle(company)
            patient = make_patient(company)
            make_place(company, parent=make_establishment(), kind="establishment")
            assert patient.home
        with django_assert_num_queries(queries):
            office.get(f"{resource}/")


def test_drivers_who_left_are_filtered(office: Caller, company: Company) -> None:
    make_driver(company, active=False)
    here = make_driver(company)
    rows = office.get("drivers/?active=true").body["results"]
    assert [row["id"] for row in rows] == [here.pk]
    assert Driver.objects.count() == 2


def test_a_driver_or_vehicle_that_leaves_names_the_journeys_left_behind(
    office: Caller, company: Company
) -> None:
    """Tomorrow Léa has one journey with the van; neither leaves without a word, and both may."""
    tomorrow = timezone.now() + timedelta(days=1)
    shift = make_shift(company, start=tomorrow, end=tomorrow + timedelta(hours=8))
    booking = make_booking(company, pickup_at=tomorrow, status=BookingStatus.ASSIGNED)
    make_assignment(booking, shift, start=tomorrow, end=tomorrow + timedelta(minutes=30))
    vehicle, driver = f"vehicles/{shift.vehicle_id}/", f"drivers/{shift.driver_id}/"
    assert office.patch(vehicle, {"name": "Renamed"}).body["warnings"] == []
    for path, why in ((vehicle, "vehicle out of use"), (driver, "driver no longer active")):
        answer = office.patch(path, {"active": False})
        assert answer.status == 200
        (warning,) = answer.body["warnings"]
        assert warning["journeys"] == [booking.reference]
        assert warning["day"] == booking.service_on.isoformat()
        assert why in warning["detail"]
        office.patch(path, {"active": True})
    assert "warnings" not in office.get(driver).body


@pytest.mark.parametrize("name", ["drivers", "vehicles", "patients", "places"])
def test_who_saw_another_version_of_a_row_is_told(
    office: Caller, company: Company, name: str
) -> None:
    makers: dict[str, Any] = {
        "drivers": make_driver,
        "vehicles": make_vehicle,
        "patients": make_patient,
        "places": make_place,
    }
    path = f"{name}/{makers[name](company).pk}/"
    field = "first_name" if name in {"drivers", "patients"} else "name"
    seen = office.get(path).headers["ETag"]
    changed = office.patch(path, {field: "Lia"}, match=seen)
    assert changed.status == 200
    assert changed.headers["ETag"] == office.get(path).headers["ETag"] != seen
    stale = office.patch(path, {field: "Lou"}, match=seen)
    assert (stale.status, stale.problem) == (412, "precondition-failed")
    assert office.get(path).body[field] == "Lia"
    assert office.patch(path, {field: "Lou"}).status == 200  # who names no version overwrites
    assert office.patch(path, {field: "Max"}, match="*").status == 200


def test_what_hangs_on_a_row_is_part_of_its_version(office: Caller, company: Company) -> None:
    driver = make_driver(company)
    path = f"drivers/{driver.pk}/"
    seen = office.get(path).headers["ETag"]
    driver.licences.update(expires_on="2031-01-01")
    assert office.patch(path, {"first_name": "Lia"}, match=seen).status == 412
    assert Driver.objects.get().first_name == "Léo"
