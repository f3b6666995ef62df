"""A driver is written with skills and licences, or not at all."""

from __future__ import annotations

from datetime import date

import pytest

from dispatch.models import Driver, DriverLicence
from dispatch.usecases.keep_driver import HeldSkill, keep_driver
from dispatch.usecases.keep_row import InvalidRowError
from tests.factories import make_company, make_driver

pytestmark = pytest.mark.django_db


def test_a_new_driver_with_skills_and_licences() -> None:
    company = make_driver(make_company(), skills=("oxygen",)).company
    driver = Driver(company=company, first_name="Ana", last_name="Roux")
    until = date(2030, 1, 1)
    keep_driver(
        driver=driver,
        skills=[HeldSkill(code="oxygen", expires_on=until)],
        licences=[DriverLicence(kind="B", expires_on=until)],
    )
    assert driver.skill_codes_on(until) == {"oxygen"}
    assert driver.licences_on(until) == {"B"}


def test_what_is_not_said_stays() -> None:
    driver = make_driver(make_company(), skills=("oxygen",))
    driver.phone = "1"
    keep_driver(driver=driver, changed=["phone"])
    assert (driver.driver_skills.count(), driver.licences.count()) == (1, 1)
    keep_driver(driver=driver, skills=[], licences=[])
    assert (driver.driver_skills.count(), driver.licences.count()) == (0, 0)


def test_a_skill_of_another_company_is_unknown() -> None:
    make_driver(make_company(), skills=("stairs",))
    driver = make_driver(make_company(), skills=("oxygen",))
    with pytest.raises(InvalidRowError) as refusal:
        keep_driver(driver=driver, skills=[HeldSkill(code="oxygen"), HeldSkill(code="stairs")])
    assert set(refusal.value.errors) == {"skills.1.code"}
    assert driver.driver_skills.count() == 1
