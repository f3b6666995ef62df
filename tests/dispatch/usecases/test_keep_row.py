"""One writer for the registers: all of a row and what hangs on it, or nothing; refusals in words."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import OperationalError, connection, transaction

from dispatch.models import Driver, DriverLicence, Place
from dispatch.usecases.keep_row import Children, InvalidRowError, keep_row, refusals_explained
from tests.factories import make_company, make_driver, make_patient, make_place

pytestmark = pytest.mark.django_db


def licences(*kinds: str) -> Children:
    rows = [DriverLicence(kind=kind, expires_on=date(2030, 1, 1)) for kind in kinds]
    return Children(relation="licences", rows=rows, field="papers")


def test_a_row_and_what_hangs_on_it() -> None:
    driver = Driver(company=make_company(), first_name="A", last_name="B")
    keep_row(driver, children=[licences("B", "D1")])
    assert driver.licences.count() == 2
    kept = driver.licences.get(kind="D1").pk
    keep_row(driver, children=[licences("D", "D1")])
    assert {row.kind: row.pk == kept for row in driver.licences.all()} == {"D": False, "D1": True}


def test_a_fault_in_a_part_leaves_everything_as_it_was() -> None:
    driver = make_driver(make_company(), first_name="Old")
    driver.first_name = "New"
    with pytest.raises(InvalidRowError) as refusal:
        keep_row(driver, changed=["first_name"], children=[licences("B", "Z")])
    assert set(refusal.value.errors) == {"papers.1.kind"}
    driver.refresh_from_db()
    assert (driver.first_name, driver.licences.count()) == ("Old", 1)


def test_only_what_changed_is_written() -> None:
    place = make_place(make_company(), name="Old", town="Bernex")
    Place.objects.filter(pk=place.pk).update(town="Onex")
    place.name = "New"
    keep_row(place, changed=["name"])
    place.refresh_from_db()
    assert (place.name, place.town) == ("New", "Onex")
    place.town = "Lancy"
    keep_row(place)
    place.refresh_from_db()
    assert place.town == "Onex"


def test_what_only_the_database_sees_is_said_in_its_words() -> None:
    patient = make_patient(make_company())
    with pytest.raises(InvalidRowError, match="same reference"), refusals_explained(at="here"):
        make_patient(patient.company, reference=patient.reference)
    make_patient(patient.company)  # the transaction goes on


@pytest.mark.django_db(transaction=True)
def test_who_changes_only_what_hangs_on_a_row_waits_for_who_holds_it() -> None:
    driver = make_driver(make_company())
    somebody_else = connection.copy()
    try:
        somebody_else.set_autocommit(False)
        with somebody_else.cursor() as cursor:
            cursor.execute("SELECT FROM dispatch_driver WHERE id = %s FOR UPDATE", [driver.pk])
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
            with pytest.raises(OperationalError, match="lock timeout"):
                keep_row(driver, children=[licences()])
    finally:
        somebody_else.close()
    keep_row(driver, children=[licences()])
    assert driver.licences.count() == 0
