"""A carrier's administrator runs the accounts, roles and keys of its people, and of nobody else."""

from __future__ import annotations

import pytest
from django.urls import reverse
from rest_framework.authtoken.models import Token

from dispatch.enums import Role
from dispatch.models import Membership, User
from tests.factories import make_company, make_member

pytestmark = pytest.mark.django_db

LAST = "would be left without an administrator"


def url(name, *args):
    return reverse(f"admin:{name}", args=args)


def change(user):
    return url("dispatch_user_change", user.pk)


@pytest.fixture
def admin(client_of):
    return client_of("admin")


@pytest.fixture
def shared(world):
    """A dispatcher of ours, and of another company too."""
    user = make_member(world.company, Role.DISPATCHER, is_staff=True)
    Membership.objects.create(user=user, company=make_company(name="Elsewhere"), role=Role.AUDITOR)
    return user


def role_of(world, person):
    return Membership.objects.get(user=world.people[person], company=world.company)


def new_person(world, **changes):
    return {
        "username": "new.colleague",
        "usable_password": "true",
        "password1": "first-secret-of-theirs",
        "password2": "first-secret-of-theirs",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        "memberships-0-company": str(world.company.pk),
        "memberships-0-role": "dispatcher",
    } | changes


# People ----------------------------------------------------------------------------------------


def test_the_people_of_ones_company_are_listed_and_no_others(world, admin, shared):
    page = admin.get(url("dispatch_user_changelist"))
    listed = {user.pk for user in page.context["cl"].result_list}
    assert listed == {m.user_id for m in world.company.memberships.all()}
    assert "Elsewhere" not in page.content.decode()
    assert admin.get(change(world.people["outsider"])).status_code == 302


@pytest.mark.parametrize("person", ["dispatcher", "auditor"])
@pytest.mark.parametrize("desk", ["dispatch_user", "authtoken_tokenproxy"])
def test_others_do_not_see_these_desks(client_of, person, desk):
    for page in ("changelist", "add"):
        assert client_of(person).get(url(f"{desk}_{page}")).status_code == 403


@pytest.mark.parametrize(("role", "is_staff"), [("dispatcher", True), ("driver", False)])
def test_a_colleague_is_added_with_a_role_and_a_password(world, admin, role, is_staff):
    sent = new_person(world, **{"memberships-0-role": role}, is_superuser="on", is_staff="on")
    answer = admin.post(url("dispatch_user_add"), sent)
    assert answer.status_code == 302, answer.context["errors"]
    user = User.objects.get(username="new.colleague")
    assert user.check_password("first-secret-of-theirs")
    assert (user.is_staff, user.is_superuser) == (is_staff, False)
    assert user.memberships.get().company == world.company


def test_nobody_is_added_without_a_role_or_into_another_company(world, admin):
    theirs = world.people["outsider"].memberships.get().company
    for changes in (
        {"memberships-0-company": str(theirs.pk)},
        {"memberships-0-company": "", "memberships-0-role": ""},
    ):
        page = admin.post(url("dispatch_user_add"), new_person(world, **changes))
        assert page.status_code == 200
        assert not User.objects.filter(username="new.colleague").exists()


def test_a_colleague_is_deactivated_and_never_made_a_superuser(world, admin, form_of):
    user = world.people["dispatcher"]
    shown = form_of(admin.get(change(user)))
    assert not {"is_superuser", "is_staff", "user_permissions", "groups"} & set(shown)
    sent = form_of(admin.get(change(user)), is_active=None, is_superuser="on")
    assert admin.post(change(user), sent).status_code == 302
    user.refresh_from_db()
    assert (user.is_active, user.is_superuser) == (False, False)
    assert admin.get(url("dispatch_user_delete", user.pk)).status_code == 403


def test_an_account_that_opens_another_company_too_is_not_theirs(world, admin, form_of, shared):
    page = admin.get(change(shared))
    assert "Elsewhere" not in page.content.decode()
    sent = form_of(page, username="taken.over", is_active=None, **{"memberships-0-role": "auditor"})
    assert admin.post(change(shared), sent).status_code == 302
    name = shared.username
    shared.refresh_from_db()
    assert (shared.username, shared.is_active) == (name, True)
    assert shared.memberships.get(company=world.company).role == "auditor"
    for page in ("auth_user_password_change", "dispatch_user_history"):
        assert admin.get(url(page, shared.pk)).status_code == 403


def test_a_superuser_who_works_here_keeps_account_and_rights(world, admin, form_of):
    user = make_member(world.company, Role.AUDITOR, is_staff=True, is_superuser=True)
    gone = {"memberships-0-DELETE": "on"}
    assert admin.post(change(user), form_of(admin.get(change(user)), **gone)).status_code == 302
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser, user.memberships.count()) == (True, True, 0)
    other = make_member(world.company, Role.AUDITOR, is_superuser=True)
    assert admin.get(url("auth_user_password_change", other.pk)).status_code == 403


def test_a_password_is_set_for_ones_own_people_only(world, admin):
    secret = {
        "usable_password": "true",
        "password1": "another-Secret-9",
        "password2": "another-Secret-9",
    }
    user, stranger = world.people["auditor"], world.people["outsider"]
    assert admin.post(url("auth_user_password_change", user.pk), secret).status_code == 302
    assert admin.post(url("auth_user_password_change", stranger.pk), secret).status_code == 404
    user.refresh_from_db()
    stranger.refresh_from_db()
    assert user.check_password("another-Secret-9")
    assert not stranger.check_password("another-Secret-9")


# Roles -----------------------------------------------------------------------------------------


def test_a_role_is_given_changed_and_taken_on_the_person(world, admin, form_of):
    user = world.people["driver"]
    for changes, role, is_staff in (
        ({"memberships-0-role": "dispatcher"}, "dispatcher", True),
        ({"memberships-0-role": "driver"}, "driver", False),
        ({"memberships-0-DELETE": "on"}, None, False),
    ):
        sent = form_of(admin.get(change(user)), **changes)
        assert admin.post(change(user), sent).status_code == 302
        user.refresh_from_db()
        roles = list(user.memberships.values_list("role", flat=True))
        assert (roles, user.is_staff) == ([role] if role else [], is_staff)


def test_an_administrator_of_two_companies_gives_a_role_in_the_second(world, admin):
    second = make_company(name="Second")
    Membership.objects.create(user=world.people["admin"], company=second, role=Role.ADMIN)
    sent = {"company": second.pk, "user": world.people["driver"].pk, "role": "dispatcher"}
    assert admin.post(url("dispatch_membership_add"), sent).status_code == 302
    assert world.people["driver"].memberships.get(company=second).role == "dispatcher"
    assert User.objects.get(pk=world.people["driver"].pk).is_staff
    stranger = {**sent, "user": world.people["outsider"].pk}
    assert admin.post(url("dispatch_membership_add"), stranger).status_code == 200
    assert not world.people["outsider"].memberships.filter(company=second).exists()


def test_the_form_of_the_company_has_a_line_for_one_more(world, admin, form_of):
    page = url("dispatch_company_change", world.company.pk)
    second = make_company(name="Second")
    Membership.objects.create(user=world.people["admin"], company=second, role=Role.ADMIN)
    user = make_member(second, Role.DRIVER)
    shown = form_of(admin.get(page))
    count = int(shown["memberships-TOTAL_FORMS"][0])
    row = {
        "memberships-TOTAL_FORMS": str(count + 1),
        f"memberships-{count}-company": str(world.company.pk),
        f"memberships-{count}-user": str(user.pk),
        f"memberships-{count}-role": "auditor",
    }
    assert admin.post(page, shown | row).status_code == 302
    user.refresh_from_db()
    assert (user.memberships.get(company=world.company).role, user.is_staff) == ("auditor", True)


@pytest.fixture
def last(world):
    """Our administrator, now the only one."""
    Membership.objects.get(user=world.people["no staff"]).delete()
    return world.people["admin"]


@pytest.mark.parametrize(
    "changes",
    [{"is_active": None}, {"memberships-0-role": "driver"}, {"memberships-0-DELETE": "on"}],
)
def test_the_last_administrator_does_not_lock_themselves_out(last, admin, form_of, changes):
    sent = form_of(admin.get(change(last)), **changes)
    assert LAST in admin.post(change(last), sent, follow=True).content.decode()
    last.refresh_from_db()
    assert (last.is_active, last.memberships.get().role) == (True, "admin")


def test_nor_on_the_desk_of_roles_nor_on_the_company(world, last, admin, form_of, send):
    row = role_of(world, "admin")
    assert LAST in send("membership", row, role="driver").content.decode()
    gone = admin.post(url("dispatch_membership_delete", row.pk), {"post": "yes"}, follow=True)
    assert LAST in gone.content.decode()
    page = url("dispatch_company_change", world.company.pk)
    shown = form_of(admin.get(page))
    line = next(k for k, v in shown.items() if k.endswith("-id") and v == [str(row.pk)])
    sent = shown | {line.replace("-id", "-role"): "driver"}
    assert LAST in admin.post(page, sent).content.decode()
    assert role_of(world, "admin").role == "admin"


def test_with_another_administrator_one_may_go(world, admin):
    row = role_of(world, "admin")
    answer = admin.post(url("dispatch_membership_delete", row.pk), {"post": "yes"})
    assert answer.status_code == 302
    assert not User.objects.get(pk=row.user_id).is_staff


# Keys ------------------------------------------------------------------------------------------


def test_a_key_is_made_shown_and_revoked(world, admin):
    user = world.people["dispatcher"]
    assert admin.post(url("authtoken_tokenproxy_add"), {"user": user.pk}).status_code == 302
    token = Token.objects.get(user=user)
    page = admin.get(url("authtoken_tokenproxy_change", user.pk))
    assert token.key in page.content.decode()
    assert admin.get(url("authtoken_tokenproxy_changelist")).status_code == 200
    gone = url("authtoken_tokenproxy_delete", user.pk)
    assert admin.post(gone, {"post": "yes"}).status_code == 302
    assert not Token.objects.exists()


def test_keys_that_open_another_company_are_not_theirs(world, admin, shared):
    boss = make_member(world.company, Role.ADMIN, is_staff=True, is_superuser=True)
    for user in (shared, boss, world.people["outsider"]):
        page = admin.post(url("authtoken_tokenproxy_add"), {"user": user.pk})
        assert page.status_code == 200
        token = Token.objects.create(user=user)
        shown = admin.get(url("authtoken_tokenproxy_changelist")).content.decode()
        assert user.username not in shown
        assert admin.get(url("authtoken_tokenproxy_change", user.pk)).status_code == 302
        gone = url("authtoken_tokenproxy_delete", user.pk)
        admin.post(gone, {"post": "yes"})
        assert Token.objects.filter(key=token.key).exists()
