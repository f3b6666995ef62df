"""Names in order, needs of patients, what drivers may do on a day."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Model

from dispatch.enums import Mobility, Stance
from dispatch.models import (
    Absence,
    Driver,
    DriverLicence,
    DriverSkill,
    DriverWish,
    Patient,
    Skill,
    WeeklyShift,
)
from dispatch.models.sort_keys import sort_key
from tests.factories import (
    DAY,
    make_company,
    make_driver,
    make_establishment,
    make_patient,
    make_place,
    make_vehicle,
)

pytestmark = pytest.mark.django_db

NAMES = ["Zoé", "abricot", "Élan", "Œuvre", "Ångström", "Müller", "NAÏVE", "Łódź", "ﬁn", "çà"]


@pytest.mark.parametrize("name", NAMES)
def test_the_database_and_a_search_agree_on_the_key(name: str) -> None:
    place = make_place(None, name=name)
    place.refresh_from_db()
    assert place.sort_key == sort_key(name)


def test_names_are_ordered_without_case_or_accents() -> None:
    company = make_company()
    for name in ("Zoé", "abricot", "Élan"):
        make_patient(company, last_name=name, first_name="A")
    assert [patient.last_name for patient in Patient.objects.all()] == ["abricot", "Élan", "Zoé"]


def test_a_name_changed_in_bulk_takes_its_key_along() -> None:
    driver = make_driver(make_company(), last_name="Aa", first_name="Bb")
    Driver.objects.filter(pk=driver.pk).update(last_name="Énée")
    driver.refresh_from_db()
    assert driver.sort_key == "enee bb"


@pytest.mark.parametrize(
    ("fields", "minutes"),
    [
        ({}, (3, 2)),
        ({"mobility": Mobility.WHEELCHAIR_FIXED}, (6, 5)),
        ({"mobility": Mobility.WHEELCHAIR_FOLDABLE, "stairs_help": True}, (10, 9)),
        ({"mobility": Mobility.STRETCHER, "door_to_door": True}, (13, 13)),
        ({"mobility": Mobility.STRETCHER, "load_min": 0, "unload_min": 4}, (0, 4)),
    ],
)
def test_minutes_at_the_doors_follow_the_needs(
    fields: dict[str, object], minutes: tuple[int, int]
) -> None:
    patient = Patient(**fields)
    assert (patient.boarding_min, patient.alighting_min) == minutes


def test_needs_become_skills_and_equipment() -> None:
    assert Patient().required_skills == Patient().required_equipment == frozenset()
    patient = Patient(mobility=Mobility.STRETCHER, needs_oxygen=True, stairs_help=True)
    assert patient.required_skills == {"stretcher", "oxygen", "stairs"}
    assert patient.required_equipment == {"stretcher", "oxygen"}


def test_wishes_about_drivers() -> None:
    company = make_company()
    patient, liked, feared = make_patient(company), make_driver(company), make_driver(company)
    DriverWish.objects.create(patient=patient, driver=liked, stance=Stance.PREFERRED)
    DriverWish.objects.create(patient=patient, driver=feared, stance=Stance.EXCLUDED)
    assert patient.preferred_driver_ids == {liked.pk}
    assert patient.excluded_driver_ids == {feared.pk}


def test_references_are_made_and_say_nothing() -> None:
    company = make_company()
    first, second = make_patient(company), make_patient(company)
    assert first.reference != second.reference
    assert first.reference.startswith("P-")
    assert first.last_name not in first.reference


def test_skills_and_licences_expire() -> None:
    company = make_company()
    driver = make_driver(company, skills=("oxygen", "stairs"))
    DriverSkill.objects.filter(skill__code="stairs").update(expires_on=DAY)
    DriverLicence.objects.filter(driver=driver).update(expires_on=DAY)
    next_day = DAY + timedelta(days=1)
    assert driver.skill_codes_on(DAY) == {"oxygen", "stairs"}
    assert driver.skill_codes_on(next_day) == {"oxygen"}
    assert driver.licences_on(DAY) == {"B"}
    assert driver.licences_on(next_day) == frozenset()


def test_absences_may_follow_each_other() -> None:
    driver = make_driver(make_company())
    Absence.objects.create(driver=driver, first_on=DAY, last_on=DAY)
    next_day = DAY + timedelta(days=1)
    Absence.objects.create(driver=driver, first_on=next_day, last_on=next_day)


def test_a_night_shift_ends_on_the_next_day() -> None:
    shift = WeeklyShift(driver=make_driver(make_company()), weekday=4, start=time(22), end=time(6))
    shift.full_clean()
    assert "22:00–06:00" in str(shift)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "home"}, "This home or base has no company: choose the company"),
        ({"lon": None}, "Latitude and longitude lack one another, or how exact they are"),
        ({"coordinates_quality": "unknown"}, "leave both empty and choose “unknown”."),
    ],
)
def test_a_place_that_is_refused_says_what_to_do(wrong: dict[str, object], said: str) -> None:
    hospital = make_establishment(None, name="HUG", coordinates_quality="exact")
    for field, value in wrong.items():
        setattr(hospital, field, value)
    with pytest.raises(ValidationError, match=said):
        hospital.full_clean()


def test_a_service_is_an_establishment_too() -> None:
    hospital = make_establishment(None)
    service = make_establishment(None, parent=hospital)
    service.kind = "other"
    with pytest.raises(ValidationError, match="choose that kind, or leave the establishment empty"):
        service.full_clean()


def test_a_service_is_where_its_establishment_is() -> None:
    hospital = make_establishment(name="HUG", lat=46.193, lon=6.148)
    service = make_establishment(name="Dialysis", parent=hospital, lat=None)
    assert service.position == (46.193, 6.148)
    assert str(service) == "HUG, Dialysis"
    assert make_place(make_company(), lat=None).position is None


def test_a_service_has_no_services_and_stays_in_its_company() -> None:
    company, other = make_company(), make_company()
    hospital = make_establishment(company)
    service = make_establishment(company, parent=hospital)
    with pytest.raises(ValidationError, match="This is no establishment"):
        make_establishment(company, parent=service).full_clean()
    foreign = make_establishment(other)
    foreign.parent = hospital
    with pytest.raises(ValidationError, match="another company"):
        foreign.full_clean()
    hospital.parent = make_establishment(company)
    with pytest.raises(ValidationError, match="with services is no service"):
        hospital.full_clean()


def test_links_to_another_company_are_refused_in_words() -> None:
    company, other = make_company(), make_company()
    patient, vehicle = make_patient(company), make_vehicle(company)
    patient.home = vehicle.base = make_place(other)
    skill = Skill.objects.create(company=other, code="oxygen", name="Oxygen")
    driver = make_driver(company)
    foreign = [
        patient,
        DriverWish(patient=patient, driver=make_driver(other), stance=Stance.PREFERRED),
        DriverSkill(driver=driver, skill=skill),
        WeeklyShift(
            driver=driver, weekday=0, start=time(7), end=time(8), vehicle=make_vehicle(other)
        ),
        vehicle,
    ]
    for row in foreign:
        with pytest.raises(ValidationError, match="another company"):
            row.full_clean()


def test_a_week_of_one_driver_touches_and_never_overlaps() -> None:
    driver = make_driver(make_company())
    pause = {"break_earliest": time(23), "break_latest": time(1), "break_min": 30}
    week = [
        WeeklyShift(driver=driver, weekday=6, start=time(22), end=time(6), **pause),
        WeeklyShift(driver=driver, weekday=0, start=time(6), end=time(14)),
        WeeklyShift(driver=driver, weekday=0, start=time(14), end=time(0)),
    ]
    for row in week:
        row.full_clean()
        row.save()
    with pytest.raises(ValidationError, match="already works then"):
        WeeklyShift(driver=driver, weekday=0, start=time(5, 59), end=time(6)).full_clean()
    with pytest.raises(ValidationError, match="outside the shift"):
        WeeklyShift(driver=driver, weekday=3, start=time(8), end=time(14), **pause).full_clean()
    WeeklyShift(
        driver=make_driver(driver.company), weekday=0, start=time(5), end=time(9)
    ).full_clean()


@pytest.mark.parametrize("model", [DriverWish, DriverSkill, WeeklyShift, Patient])
def test_an_empty_form_is_refused_field_by_field(model: type[Model]) -> None:
    with pytest.raises(ValidationError) as refusal:
        model().full_clean()
    assert "__all__" not in refusal.value.message_dict
