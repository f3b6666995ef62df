"""What forms offer to choose from: no query a line."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dispatch.enums import LicenceKind, Role, Stance
from dispatch.models import (
    DriverLicence,
    DriverSkill,
    DriverWish,
    Membership,
    SeatConfiguration,
    Skill,
    WeeklyShift,
)
from tests.factories import (
    DAY,
    at,
    make_break,
    make_company,
    make_driver,
    make_establishment,
    make_member,
    make_vehicle,
)

pytestmark = pytest.mark.django_db


def form(desk, row):
    return reverse(f"admin:dispatch_{desk}_change", args=[row.pk])


def one_more_of_everything(world, number):
    """A further line on each form that has lines; each names a row of its own."""
    company, rows = world.company, world.rows
    skill = Skill.objects.create(company=company, code=f"skill{number}", name=f"Skill {number}")
    DriverSkill.objects.create(driver=rows["driver"], skill=skill)
    kind = [kind for kind in LicenceKind if kind != LicenceKind.B][number % 3]
    DriverLicence.objects.get_or_create(
        driver=rows["driver"], kind=kind, defaults={"expires_on": DAY + timedelta(days=99)}
    )
    WeeklyShift.objects.create(
        driver=rows["driver"],
        weekday=number,
        start=time(7),
        end=time(15),
        vehicle=make_vehicle(company),
    )
    wish = {"patient": rows["patient"], "stance": Stance.PREFERRED}
    DriverWish.objects.create(driver=make_driver(company), **wish)
    make_member(company, Role.DRIVER)
    SeatConfiguration.objects.create(vehicle=rows["vehicle"], seats=number, wheelchairs=0)
    make_break(rows["shift"], earliest_at=at(9 + number), latest_at=at(9 + number, 30))
    make_establishment(company, parent=rows["establishment"])
    Membership.objects.create(user=rows["user"], company=make_company(), role=Role.ADMIN)


@pytest.mark.parametrize(
    "desk", ["driver", "company", "patient", "vehicle", "shift", "place", "user"]
)
def test_six_lines_take_the_queries_of_one(world, client_of, desk):
    client = client_of("superuser")
    world.rows["establishment"] = make_establishment(world.company)
    world.rows["user"] = world.people["driver"]
    url = form(desk, world.rows["establishment" if desk == "place" else desk])
    asked = []
    for numbers in ([1], [], [2, 3, 4, 5, 6]):  # what is cached for good is cached at the second
        for number in numbers:
            one_more_of_everything(world, number)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url)
        assert page.status_code == 200
        asked.append(len(queries))
    assert asked[2] == asked[1]


def test_a_line_names_what_it_links_to(world, client_of, form_of):
    vehicle = make_vehicle(world.company, name="Traffic", plate="GE 77")
    WeeklyShift.objects.update(vehicle=vehicle)
    page = client_of("admin").get(form("driver", world.rows["driver"]))
    assert ">Traffic (GE 77)</option>" in page.content.decode()
    assert form_of(page)["weekly_shifts-0-vehicle"] == [str(vehicle.pk)]


def test_a_line_that_links_to_nothing_keeps_that_choice(world, client_of, form_of, send):
    WeeklyShift.objects.update(vehicle=make_vehicle(world.company))
    answer = send("driver", world.rows["driver"], **{"weekly_shifts-0-vehicle": ""})
    assert answer.status_code == 302
    assert WeeklyShift.objects.get().vehicle is None
    shown = form_of(client_of("admin").get(form("driver", world.rows["driver"])))
    assert not shown.get("weekly_shifts-0-vehicle", [""])[0]


def test_what_was_chosen_meanwhile_is_named_again_beside_an_error(world, send):
    chosen = make_vehicle(world.company, name="Master", plate="GE 88")
    WeeklyShift.objects.update(vehicle=make_vehicle(world.company))
    changes = {"weekly_shifts-0-vehicle": str(chosen.pk), "weekly_shifts-0-start": ""}
    page = send("driver", world.rows["driver"], **changes)
    assert page.status_code == 200
    assert ">Master (GE 88)</option>" in page.content.decode()
