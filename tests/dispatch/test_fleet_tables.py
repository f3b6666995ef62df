"""CSV files of drivers and vehicles: written as over HTTP, and who is stranded by a line is told."""

from __future__ import annotations

from datetime import date

import pytest

from dispatch.enums import BookingStatus, Equipment
from dispatch.models import Booking, Driver, SeatConfiguration, Skill, Vehicle
from tests.dispatch.csv_files import bring, exported
from tests.factories import (
    make_assignment,
    make_booking,
    make_company,
    make_driver,
    make_shift,
    make_vehicle,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company()


def test_exported_drivers_and_vehicles_come_back_unchanged():
    company = make_company()
    make_driver(company, phone="+41 22 000 00 00", skills=("oxygen", "stairs"))
    van = make_vehicle(company, equipment=[Equipment.LIFT, Equipment.OXYGEN], base=company.base)
    SeatConfiguration.objects.create(vehicle=van, seats=6)
    for kind in ("drivers", "vehicles"):
        report = bring(company, kind, exported(company, kind))
        assert (report.problems, report.lines, report.unchanged) == ((), (), 1)


def test_the_rows_of_one_company_make_the_same_rows_in_another():
    one, other = make_company(), make_company()
    Skill.objects.create(company=other, code="oxygen", name="Oxygen")
    make_driver(one, skills=("oxygen",), phone="=1")
    make_vehicle(one)
    for kind in ("drivers", "vehicles"):
        text = exported(one, kind)
        assert bring(other, kind, text).created == 1
        assert exported(other, kind) == text


def test_skills_and_licences_are_replaced_by_those_of_the_file(company):
    Skill.objects.create(company=company, code="stairs", name="Stairs")
    driver = make_driver(company, skills=("oxygen",))
    text = f"reference;skills;licences\n{driver.reference};stairs:2027-01-31;B:2030-05-31 | D1:01.02.2028\n"
    assert bring(company, "drivers", text).updated == 1
    assert {s.skill.code: s.expires_on for s in driver.driver_skills.all()} == {
        "stairs": date(2027, 1, 31)
    }
    assert {row.kind: row.expires_on for row in driver.licences.all()} == {
        "B": date(2030, 5, 31),
        "D1": date(2028, 2, 1),
    }


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ("Roux;Ana;magic;", "skills", "not a skill"),
        ("Roux;Ana;;Z:2030-01-01", "licences", "not one of the words"),
        ("Roux;Ana;;B", "licences", "last valid day"),
        ("Roux;Ana;;B:2030-01-01 | B:2031-01-01", "licences", "twice"),
        (";Ana;;", "last_name", "needed"),
        (f"{'x' * 81};Ana;;", "last_name", "80"),
    ],
)
def test_wrong_drivers(company, cells, column, words):
    report = bring(
        company, "drivers", f"reference;last_name;first_name;skills;licences\n;{cells}\n"
    )
    assert [(p.line, p.column) for p in report.problems] == [(2, column)]
    assert words in report.problems[0].sentence
    assert not Driver.objects.exists()


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        (";3+1+0+0", "configurations", "ramp or lift"),
        ("ramp;", "configurations", "at least one way"),
        ("ramp;three", "configurations", "four numbers"),
        ("ramp;0+0+0+2", "configurations", "takes nobody"),
        ("rocket;3+0+0+0", "equipment", "not one of the words"),
    ],
)
def test_wrong_vehicles(company, cells, column, words):
    report = bring(company, "vehicles", f"plate;name;equipment;configurations\nGE 9;Van;{cells}\n")
    assert [(p.line, p.column) for p in report.problems] == [(2, column)]
    assert words in report.problems[0].sentence
    assert not Vehicle.objects.exists()


def test_configurations_that_stay_keep_their_row(company):
    van = make_vehicle(company, seats=3, wheelchairs=1, folded_chairs=0)
    kept = van.configurations.get().pk
    SeatConfiguration.objects.create(vehicle=van, seats=9)
    text = f"plate;configurations\n{van.plate};3+1+0+0 | 5+0+0+0\n"
    assert bring(company, "vehicles", text).updated == 1
    assert {(c.pk == kept, c.seats) for c in van.configurations.all()} == {(True, 3), (False, 5)}


def test_configurations_are_judged_as_at_the_desk(company):
    """The ramp of a van goes with its wheelchair places, not before them."""
    van = make_vehicle(company, seats=3, wheelchairs=1)
    report = bring(company, "vehicles", f"plate;equipment\n{van.plate};oxygen\n")
    assert [(p.line, p.column) for p in report.problems] == [(2, "equipment")]
    assert "ramp or lift" in report.problems[0].what
    text = f"plate;equipment;configurations\n{van.plate};oxygen;4+0+0+0\n"
    assert bring(company, "vehicles", text).updated == 1


@pytest.mark.parametrize(
    ("kind", "head", "cells", "why"),
    [
        ("drivers", "reference;active", "{driver};no", "driver no longer active"),
        ("drivers", "reference;licences", "{driver};B:2026-06-16", "no licence for the vehicle"),
        ("vehicles", "plate;active", "{plate};no", "vehicle out of use"),
        ("vehicles", "plate;configurations", "{plate};0+1+0+0", "not enough places"),
    ],
)
def test_whose_journeys_are_stranded_is_told_before_and_when_it_is_written(
    company, kind, head, cells, why
):
    """Léa drives a walking patient with the van on DAY; the file takes one of the two away from it."""
    shift = make_shift(company)
    booking = make_booking(company)
    make_assignment(booking, shift)
    line = cells.format(driver=shift.driver.reference, plate=shift.vehicle.plate)
    for is_preview in (True, False):
        report = bring(company, kind, f"{head}\n{line}\n", is_preview=is_preview)
        assert report.problems == ()
        ((warning,),) = [line.warnings for line in report.lines]
        assert booking.reference in warning
        assert why in warning
    assert Booking.objects.get(pk=booking.pk).status == BookingStatus.ASSIGNED


def test_who_strands_nobody_is_told_nothing(company):
    shift = make_shift(company)
    make_assignment(make_booking(company), shift)
    report = bring(company, "vehicles", f"plate;name\n{shift.vehicle.plate};Renamed\n")
    assert [(line.name, line.warnings) for line in report.lines] == [(shift.vehicle.plate, ())]
