"""Who may ask, for which company, and in which language they are told no."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from dispatch.enums import Role
from dispatch.models import Company, Membership
from tests.dispatch.api.caller import ROOT, Caller, member
from tests.factories import make_booking, make_company, make_user

pytestmark = pytest.mark.django_db


def test_strangers_are_told_how_to_sign_in() -> None:
    answer = Caller().get("bookings/")
    assert (answer.status, answer.problem) == (401, "not-authenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_wrong_token_is_no_token() -> None:
    answer = Caller(None, Authorization="Bearer 0000").get("bookings/")
    assert (answer.status, answer.problem) == (401, "authentication-failed")


def test_who_left_is_a_stranger(office: Caller) -> None:
    assert office.user is not None
    office.user.is_active = False
    office.user.save()
    assert office.get("bookings/").status == 401


def test_who_has_no_role_anywhere_is_told_so() -> None:
    answer = Caller(make_user(is_superuser=True)).get("bookings/")
    assert (answer.status, answer.problem) == (403, "permission-denied")


def test_who_has_roles_in_two_companies_says_which(office: Caller, company: Company) -> None:
    assert office.user is not None
    other = make_company()
    make_booking(other, reference="theirs")
    Membership.objects.create(user=office.user, company=other, role=Role.AUDITOR)
    unclear = office.get("bookings/")
    assert (unclear.status, unclear.problem) == (400, "no-company-chosen")
    assert sorted(unclear.body["companies"]) == sorted([company.slug, other.slug])
    by_parameter = office.get(f"bookings/?company={other.slug}")
    office.headers["X-Company"] = other.slug
    by_header = office.get("bookings/")
    assert by_header.body == by_parameter.body
    assert [row["reference"] for row in by_header.body["results"]] == ["theirs"]
    # An auditor there, a dispatcher here.
    assert office.post("bookings/", {}).status == 403
    contradiction = office.get(f"bookings/?company={company.slug}")
    assert (contradiction.status, contradiction.problem) == (400, "no-company-chosen")


@pytest.mark.parametrize("slug", ["nobody", "%00", "'; drop table", ""])
def test_a_company_without_a_role_does_not_exist(office: Caller, slug: str) -> None:
    foreign = make_company()
    for word in (slug, foreign.slug):
        answer = office.get(f"bookings/?company={word}")
        assert (answer.status, answer.problem) == (404, "not-found")


def test_the_caller_is_told_who_they_are(office: Caller, company: Company) -> None:
    body = office.get("me/").body
    assert office.user is not None
    assert body == {
        "username": office.user.username,
        "memberships": [
            {
                "company": company.slug,
                "company_name": company.name,
                "time_zone": "Europe/Zurich",
                "role": "dispatcher",
            }
        ],
    }


def test_a_session_reads_freely_and_writes_with_a_csrf_token(office: Caller) -> None:
    assert office.user is not None
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(office.user)
    assert client.get(f"{ROOT}bookings/").status_code == 200
    refused = client.post(f"{ROOT}bookings/", {}, format="json")
    assert refused.status_code == 403
    assert refused.headers["Content-Type"] == "application/problem+json"
    client.get("/admin/login/")  # any page with a form sets the cookie
    client.cookies["csrftoken"] = "a" * 32
    accepted = client.post(f"{ROOT}bookings/", {}, format="json", headers={"X-CSRFToken": "a" * 32})
    assert accepted.status_code == 400  # read, and refused for what it lacks


def test_refusals_speak_the_language_of_the_caller(company: Company) -> None:
    french = member(company, headers={"Accept-Language": "fr-CH, en;q=0.5"})
    answer = french.post("bookings/", {"patient": 1})
    assert answer.headers["Content-Language"] == "fr"
    assert answer.fields["pickup"] == "Ce champ est obligatoire."


def test_answers_are_kept_by_nobody(office: Caller) -> None:
    assert office.get("bookings/").headers["Cache-Control"] == "private, no-store"


def test_tokens_are_not_logged(
    office: Caller, company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    office.get("bookings/")
    office.get("bookings/99999/")
    key = office.headers["Authorization"].removeprefix("Bearer ")
    assert "bookings" in caplog.text
    assert key not in caplog.text
