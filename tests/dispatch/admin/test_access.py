"""Every page of every desk, opened as each persona: owner, team mate, outsider, and those in between."""

from __future__ import annotations

import pytest
from django.urls import reverse

from dispatch.models import Place
from tests.dispatch.admin.conftest import DESKS, make_world
from tests.factories import make_establishment

pytestmark = pytest.mark.django_db

# Who opens a row of the company to change it (True), to look at it (False); the others get the number.
CHANGES = {
    "superuser": set(DESKS) - {"dispatchrun", "assignment"},
    "admin": set(DESKS) - {"dispatchrun", "assignment"},
    "dispatcher": {"booking", "absence", "shift", "patient", "place", "standingorder"},
    "auditor": set(),
}
HIDDEN = {"dispatcher": {"membership"}, "auditor": {"membership"}}


def changelist(desk):
    return reverse(f"admin:dispatch_{desk}_changelist")


def change(desk, row):
    return reverse(f"admin:dispatch_{desk}_change", args=[row.pk])


@pytest.mark.parametrize("person", ["superuser", "admin", "dispatcher", "auditor"])
@pytest.mark.parametrize("desk", DESKS)
def test_the_team_finds_its_rows(world, client_of, person, desk):
    client = client_of(person)
    is_hidden = desk in HIDDEN.get(person, ())
    assert client.get(changelist(desk), {"q": ""}).status_code == (403 if is_hidden else 200)
    page = client.get(change(desk, world.rows[desk]))
    if is_hidden:
        assert page.status_code in {403, 404}
        return
    assert page.status_code == 200
    assert page.context["has_change_permission"] is (desk in CHANGES[person])
    history = reverse(f"admin:dispatch_{desk}_history", args=[world.rows[desk].pk])
    assert client.get(history).status_code == 200


@pytest.mark.parametrize("desk", DESKS)
def test_an_outsider_finds_nothing_of_it(world, client_of, desk):
    client, row = client_of("outsider"), world.rows[desk]
    listed = client.get(changelist(desk), {"q": ""})
    assert listed.status_code == 200
    assert row.pk not in {each.pk for each in listed.context["cl"].result_list}
    pages = ["change", "history"] + ([] if desk in {"dispatchrun", "assignment"} else ["delete"])
    for page in pages:
        url = reverse(f"admin:dispatch_{desk}_{page}", args=[row.pk])
        expected = 403 if (desk, page) == ("company", "delete") else 404
        assert client.get(url).status_code == expected, page


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("person", ["driver", "no staff"])
def test_who_has_no_desk_role_sees_no_desk(world, client_of, person, desk):
    client = client_of(person)
    expected = {403} if person == "driver" else {302}
    for url in (changelist(desk), change(desk, world.rows[desk])):
        assert client.get(url).status_code in expected


@pytest.mark.parametrize("desk", DESKS)
def test_a_visitor_is_asked_to_sign_in(world, client, desk):
    for url in (changelist(desk), change(desk, world.rows[desk])):
        answer = client.get(url)
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("admin:login"))


@pytest.mark.parametrize("desk", sorted(set(DESKS) - {"dispatchrun", "assignment"}))
def test_an_auditor_writes_nothing(world, client_of, desk):
    client, row = client_of("auditor"), world.rows[desk]
    assert client.post(change(desk, row), {"name": "x"}).status_code == 403
    assert client.get(reverse(f"admin:dispatch_{desk}_add")).status_code == 403
    url = reverse(f"admin:dispatch_{desk}_delete", args=[row.pk])
    assert client.post(url, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("desk", ["company", "driver", "vehicle", "skill"])
def test_a_dispatcher_does_not_change_the_house(world, client_of, desk):
    client = client_of("dispatcher")
    assert client.post(change(desk, world.rows[desk]), {"name": "x"}).status_code == 403


def test_public_places_are_seen_by_all_and_changed_by_superusers(world, client_of):
    public = make_establishment(None, name="Hospital")
    page = client_of("admin").get(change("place", public))
    assert page.status_code == 200
    assert page.context["has_change_permission"] is False
    assert client_of("superuser").get(change("place", public)).context["has_change_permission"]


def test_nobody_but_superusers_makes_public_places(world, client_of, form_of):
    client = client_of("dispatcher")
    add = reverse("admin:dispatch_place_add")
    answer = client.post(add, form_of(client.get(add), name="Corner"))
    assert answer.status_code == 302, answer.context["errors"]
    assert Place.objects.get(name="Corner").company == world.company


@pytest.mark.parametrize(
    ("desk", "link"),
    [
        ("booking", "patient"),
        ("booking", "pickup"),
        ("shift", "driver"),
        ("shift", "vehicle"),
        ("patient", "home"),
    ],
)
def test_a_link_to_another_company_is_no_choice(world, client_of, form_of, desk, link):
    other = make_world()
    foreign = getattr(other.rows[desk], link)
    client = client_of("admin")
    add = reverse(f"admin:dispatch_{desk}_add")
    page = client.post(add, form_of(client.get(add)) | {link: str(foreign.pk)})
    assert page.status_code == 200
    assert "not one of the available choices" in str(page.context["adminform"].form.errors[link])


def test_the_choices_of_a_search_box_are_ones_own(world, client_of):
    make_world()
    source = {"app_label": "dispatch", "model_name": "booking", "field_name": "patient"}
    url = reverse("admin:dispatch_choices")
    ours = client_of("dispatcher").get(url, {**source, "term": "Ana"}).json()["results"]
    assert {int(row["id"]) for row in ours} == set(
        world.company.patients.values_list("pk", flat=True)
    )
    assert client_of("driver").get(url, {**source, "term": "Ana"}).status_code == 403


def test_two_companies_two_roles(world, client_of):
    other = make_world()
    person = world.people["auditor"]
    other.company.memberships.create(user=person, role="dispatcher")
    client = client_of("auditor")
    ours = client.get(change("patient", world.rows["patient"]))
    theirs = client.get(change("patient", other.rows["patient"]))
    assert (ours.context["has_change_permission"], theirs.context["has_change_permission"]) == (
        False,
        True,
    )


def test_the_filter_of_companies_names_no_stranger(world, client_of):
    make_world(name="Stranger")
    page = client_of("admin").get(changelist("booking"), follow=True)
    assert b"Stranger" not in page.content


def test_the_front_page_lists_the_desks_of_the_role(world, client_of):
    page = client_of("dispatcher").get(reverse("admin:index")).content.decode()
    assert changelist("booking") in page
    assert changelist("membership") not in page
    assert (
        changelist("booking")
        not in client_of("driver").get(reverse("admin:index")).content.decode()
    )
