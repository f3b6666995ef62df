"""One company with a row of everything, and the people who may or may not see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dispatch.enums import AbsenceReason, Role, Stance
from dispatch.models import (
    Absence,
    Company,
    DriverWish,
    Membership,
    Skill,
    VehicleUnavailability,
    WeeklyShift,
)
from tests.factories import (
    DAY,
    at,
    between,
    make_assignment,
    make_booking,
    make_break,
    make_company,
    make_driver,
    make_establishment,
    make_member,
    make_outbound,
    make_return,
    make_run,
    make_shift,
    make_standing_order,
    make_user,
)

DESKS = (
    "booking", "company", "membership", "driver", "skill", "absence", "vehicle", "shift", "patient",
    "place", "dispatchrun", "assignment", "standingorder",
)  # fmt: skip


@dataclass
class World:
    """`rows`: desk → one row of the company."""

    company: Company
    rows: dict = field(default_factory=dict)
    people: dict = field(default_factory=dict)


def make_world(**fields) -> World:
    company = make_company(**fields)
    driver = make_driver(company, skills=("oxygen",), last_name="Élan", first_name="Ève")
    shift = make_shift(company, driver=driver)
    make_break(shift)
    WeeklyShift.objects.create(driver=driver, weekday=0, start="07:00", end="15:00")
    absence = Absence.objects.create(
        driver=driver,
        first_on=DAY + timedelta(days=30),
        last_on=DAY + timedelta(days=31),
        reason=AbsenceReason.HOLIDAY,
    )
    VehicleUnavailability.objects.create(
        vehicle=shift.vehicle,
        period=between(at(9, day=date(2026, 7, 1)), at(17, day=date(2026, 7, 1))),
    )
    booking = make_outbound(company, dropoff=make_establishment(company))
    make_return(booking, is_will_call=True)
    DriverWish.objects.create(patient=booking.patient, driver=driver, stance=Stance.PREFERRED)
    rows: dict[str, Any] = {
        "booking": booking,
        "company": company,
        "driver": driver,
        "skill": Skill.objects.get(company=company),
        "absence": absence,
        "vehicle": shift.vehicle,
        "shift": shift,
        "patient": booking.patient,
        "place": booking.patient.home,
        "dispatchrun": make_run(company),
        "assignment": make_assignment(make_booking(company, pickup_at=at(11)), shift),
        "standingorder": make_standing_order(company),
    }
    people = {role.value: make_member(company, role, is_staff=True) for role in Role}
    rows["membership"] = Membership.objects.get(user=people["admin"])
    return World(company, rows, people)


@pytest.fixture
def world(db):
    world = make_world(name="Ours")
    world.people["outsider"] = make_member(make_company(name="Theirs"), Role.ADMIN, is_staff=True)
    world.people["superuser"] = make_user(is_staff=True, is_superuser=True)
    world.people["no staff"] = make_member(world.company, Role.ADMIN)
    return world


@pytest.fixture
def client_of(world):
    def signed_in(person: str) -> Client:
        client = Client()
        client.force_login(world.people[person])
        return client

    return signed_in


class Form(HTMLParser):
    """What a browser would send back of the page's form (the one with a submit row), untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.is_inside = False
        self.select = ""
        self.area = ""

    def handle_starttag(self, tag, attrs):
        has = dict(attrs)
        name = has.get("name", "")
        if tag == "form":
            self.is_inside = has.get("method") == "post" and has.get("id") != "logout-form"
        if not self.is_inside:
            return
        if tag == "input" and name and has.get("type") not in {"submit", "file"}:
            is_box = has.get("type") in {"checkbox", "radio"}
            if not is_box or "checked" in has:
                value = has.get("value", "on" if is_box else "")
                self.values.setdefault(name, []).append(value)
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in has:
            self.values.setdefault(self.select, []).append(has.get("value", ""))
        elif tag == "textarea":
            self.area = name
            self.values[name] = [""]

    def handle_endtag(self, tag):
        if tag == "form":
            self.is_inside = False
        elif tag == "textarea":
            self.area = ""

    def handle_data(self, data):
        if self.area:
            self.values[self.area][0] += data.removeprefix("\r\n").removeprefix("\n")


@pytest.fixture
def form_of():
    """The fields of a form as they were shown; changes of None take a field out."""

    def fields(response, **changes):
        form = Form()
        form.feed(response.content.decode())
        shown = {name: values for name, values in form.values.items() if "__prefix__" not in name}
        merged = shown | changes
        return {name: value for name, value in merged.items() if value is not None}

    return fields


@pytest.fixture
def send(client_of, form_of):
    """Opens a form as this person and sends it back with changes."""

    def sent(desk, row, person="admin", **changes):
        client = client_of(person)
        name = f"admin:dispatch_{desk}_" + ("add" if row is None else "change")
        url = reverse(name, args=[] if row is None else [row.pk])
        return client.post(url, form_of(client.get(url), **changes))

    return sent


def errors(page):
    assert page.status_code == 200
    return [str(message) for line in page.context["errors"] for message in line]
