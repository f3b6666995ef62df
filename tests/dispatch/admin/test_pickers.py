"""What forms offer to choose from: rows of their own company, told apart, and no query a line."""

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
from tests.dispatch.admin.conftest import errors, make_world
from tests.factories import (
    DAY,
    at,
    make_break,
    make_company,
    make_driver,
    make_establishment,
    make_member,
    make_shift,
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


# Whose rows --------------------------------------------------------------------------------------


@pytest.fixture
def second(world):
    """A second company of our administrator, with namesakes of the first one's people."""
    second = make_world(name="Second")
    ours = world.people["admin"]
    Membership.objects.create(user=ours, company=second.company, role=Role.ADMIN)
    return second


@pytest.fixture
def found(client_of):
    """What the search box of a form's field answers: the texts of the choices."""

    def texts(model, field, term, person="admin", **more):
        source = {"app_label": "dispatch", "model_name": model, "field_name": field, "term": term}
        answer = client_of(person).get(reverse("admin:dispatch_choices"), source | more)
        return [row["text"] for row in answer.json()["results"]]

    return texts


def test_of_several_companies_each_choice_says_its_own(world, second, found):
    ours, theirs = world.rows["driver"], second.rows["driver"]
    assert found("shift", "driver", "Élan") == [
        f"Élan Ève · {ours.reference} · Ours",
        f"Élan Ève · {theirs.reference} · Second",
    ]
    assert found("shift", "driver", "Élan", company=str(second.company.pk)) == [
        f"Élan Ève · {theirs.reference}"
    ]
    assert found("shift", "driver", "Élan", person="dispatcher") == [f"Élan Ève · {ours.reference}"]


@pytest.mark.parametrize(
    ("form_of_field", "field", "term"),
    [
        ("shift", "driver", "Élan"),
        ("shift", "vehicle", "GE"),
        ("weeklyshift", "vehicle", "GE"),
        ("absence", "driver", "Élan"),
    ],
)
def test_who_has_left_and_what_is_out_of_use_is_offered_no_more(
    world, found, form_of_field, field, term
):
    assert len(found(form_of_field, field, term)) == 1
    type(world.rows[field]).objects.filter(pk=world.rows[field].pk).update(active=False)
    assert found(form_of_field, field, term) == []


def test_who_has_left_stays_on_the_form_that_names_them(world, client_of, form_of, send):
    driver = world.rows["driver"]
    type(driver).objects.filter(pk=driver.pk).update(active=False)
    page = client_of("admin").get(form("shift", world.rows["shift"]))
    assert f">Élan Ève · {driver.reference}</option>" in page.content.decode()
    assert form_of(page)["driver"] == [str(driver.pk)]
    refused = send("shift", world.rows["shift"], max_trips="7")
    assert errors(refused) == ["The driver is no longer active."]
    assert form_of(refused)["driver"] == [str(driver.pk)]


def accounts(page):
    field = page.context["adminform"].form.fields["user"]
    return {user.username for user in field.queryset}


def test_a_drivers_account_is_one_of_the_drivers_company(world, second, client_of):
    ours = world.rows["driver"]
    ours.user = held = world.people["dispatcher"]
    ours.save()
    client = client_of("admin")
    mine = {row.user.username for row in Membership.objects.filter(company=world.company)}
    theirs = {row.user.username for row in Membership.objects.filter(company=second.company)}
    assert accounts(client.get(form("driver", ours))) == mine
    assert accounts(client.get(form("driver", second.rows["driver"]))) == theirs
    other = make_driver(world.company)
    assert accounts(client.get(form("driver", other))) == mine - {held.username}
    Membership.objects.filter(user=held).delete()
    assert accounts(client.get(form("driver", ours))) == mine  # who was chosen is never dropped


def test_a_new_drivers_account_is_one_of_the_company_that_was_chosen(
    world, second, client_of, form_of
):
    client, add = client_of("admin"), reverse("admin:dispatch_driver_add")
    page = client.get(add)
    ours, theirs = world.people["driver"], second.people["driver"]
    assert {ours.username, theirs.username} <= accounts(page)
    named = {"company": world.company.pk, "last_name": "Neuve", "first_name": "Nina"}
    sent = form_of(page) | named
    refused = client.post(add, sent | {"user": theirs.pk})
    assert errors(refused) == [
        "Select a valid choice. That choice is not one of the available choices."
    ]
    assert theirs.username not in accounts(refused)
    assert client.post(add, sent | {"user": ours.pk}).status_code == 302
    assert type(world.rows["driver"]).objects.get(user=ours).company == world.company


def test_another_companys_number_finds_nothing(world, found):
    foreign = make_world()
    assert found("shift", "driver", "Élan", company=str(foreign.company.pk)) == []
    assert len(found("shift", "driver", "Élan", company="x")) == 1


def test_places_are_told_apart_by_their_address_and_public_ones_are_everybodys(world, found):
    make_establishment(world.company, name="Clinique", address="Rue Une 1", town="Carouge")
    make_establishment(None, name="Clinique", address="", town="Onex")
    company = str(world.company.pk)
    assert found("booking", "dropoff", "clinique", company=company) == [
        "Clinique · Rue Une 1 · Carouge",
        "Clinique · Onex",
    ]


def test_people_with_an_account_are_offered_whatever_the_company(world, second, found):
    """Who works in one of my companies may get a role in the other."""
    name = world.people["dispatcher"].username
    assert found("membership", "user", name, company=str(second.company.pk)) == [name]
    companies = found("membership", "company", "", company=str(second.company.pk))
    assert companies == ["Ours", "Second"]


@pytest.mark.parametrize(
    ("desk", "name"),
    [("shift", "driver"), ("patient", "home"), ("driver", "weekly_shifts-0-vehicle")],
)
def test_the_form_of_a_row_asks_for_its_company_only(world, second, client_of, desk, name):
    page = client_of("admin").get(form(desk, world.rows[desk])).content.decode()
    address = reverse("admin:dispatch_choices") + f"?company={world.company.pk}"
    box = page.partition(f'<select name="{name}"')[2].partition(">")[0]
    assert f'data-ajax--url="{address}"' in box


def test_a_form_for_a_new_row_waits_for_the_company(world, second, client_of):
    add = reverse("admin:dispatch_shift_add")
    assert "?company=" not in client_of("admin").get(add).content.decode()
    assert f"?company={world.company.pk}" in client_of("dispatcher").get(add).content.decode()


@pytest.mark.parametrize(
    ("desk", "name", "other"),
    [
        ("absence", "driver", "driver"),
        ("driver", "driver_skills-0-skill", "skill"),
        ("patient", "home", "place"),
        ("patient", "wishes-0-driver", "driver"),
        ("shift", "vehicle", "vehicle"),
        ("booking", "pickup", "place"),
    ],
)
def test_a_row_never_takes_one_of_the_other_company(world, second, send, desk, name, other):
    page = send(desk, world.rows[desk], **{name: str(second.rows[other].pk)})
    assert page.status_code == 200
    assert "not one of the available choices" in page.content.decode()


@pytest.mark.parametrize(
    ("desk", "link", "other"),
    [
        ("shift", "driver", "driver"),
        ("booking", "patient", "patient"),
        ("standingorder", "pickup", "place"),
    ],
)
def test_nor_does_a_new_one_whatever_the_browser_sends(
    world, second, client_of, form_of, desk, link, other
):
    client, rows = client_of("admin"), world.rows
    add = reverse(f"admin:dispatch_{desk}_add")
    journey = rows["booking"]
    linked = {
        "driver": rows["driver"].pk,
        "vehicle": rows["vehicle"].pk,
        "patient": journey.patient_id,
        "pickup": journey.pickup_id,
        "dropoff": journey.dropoff_id,
    }
    sent = linked | {
        "company": world.company.pk,
        "period_0": "2026-12-20T07:00",
        "period_1": "2026-12-20T15:00",
        "requested_at": "2026-12-20T09:00",
        "weekdays": ["0"],
        "starts_on": "2026-12-21",
        "pickup_time": "09:00",
        link: second.rows[other].pk,
    }
    page = client.post(add, form_of(client.get(add)) | sent)
    assert page.status_code == 200
    assert errors(page) in (["This belongs to another company."], ["This does not exist."])


def test_an_auditor_elsewhere_notes_no_absence_there(world, client_of, form_of):
    other = make_world()
    dispatcher = world.people["dispatcher"]
    Membership.objects.create(user=dispatcher, company=other.company, role=Role.AUDITOR)
    client, add = client_of("dispatcher"), reverse("admin:dispatch_absence_add")
    days = {"first_on": "2026-12-20", "last_on": "2026-12-21"}
    sent = form_of(client.get(add)) | days
    page = client.post(add, sent | {"driver": other.rows["driver"].pk})
    assert "not one of the available choices" in page.content.decode()
    assert client.post(add, sent | {"driver": world.rows["driver"].pk}).status_code == 302


# Plates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["GE 123 456", "ge123456", "GE-123 456", "G E123456", "GE · 123 456"]
)
@pytest.mark.parametrize("plate", ["GE 123456", "GE 123 456", "GE123456"])
def test_a_plate_is_found_however_it_is_spaced(world, found, client_of, plate, typed):
    company = world.company
    vehicle = make_vehicle(company, name="Traffic", plate=plate)
    make_vehicle(company, name="Other", plate="GE 124 456")
    assert found("shift", "vehicle", typed) == [f"Traffic ({plate})"]
    shift = make_shift(company, vehicle=vehicle)
    page = client_of("admin").get(reverse("admin:dispatch_shift_changelist"), {"q": typed})
    assert [row.pk for row in page.context["cl"].result_list] == [shift.pk]


def test_a_name_and_a_part_of_the_plate_find_it_too(world, found):
    make_vehicle(world.company, name="Traffic", plate="GE 123456")
    assert found("shift", "vehicle", "traffic 456") == ["Traffic (GE 123456)"]
    assert found("shift", "vehicle", "traffic 457") == []
