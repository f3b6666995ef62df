"""Whatever goes wrong is application/problem+json with a type that programs can tell apart."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import OperationalError as NoDatabase
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError, ResponseError
from rest_framework.throttling import ScopedRateThrottle

from dispatch.api import problems
from dispatch.api.parsing import LARGEST_BODY
from dispatch.enums import Role
from dispatch.models import Company
from dispatch.models.company import InvalidSettingsError
from dispatch.usecases.errors import UseCaseError
from tests.dispatch.api.caller import ROOT, Caller
from tests.factories import DAY, make_booking, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_cache(settings: Any) -> None:
    """A Redis at an address where nobody listens."""
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1/0"}}


@pytest.mark.parametrize(
    "path", ["nothing/", "bookings", "bookings/0/", "bookings/x/", "bookings/1/fly/"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_addresses_that_lead_nowhere(office: Caller, path: str, method: str) -> None:
    answer = office(method, path)
    assert (answer.status, answer.problem) == (404, "not-found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_methods_that_are_not_served(office: Caller, method: str) -> None:
    answer = office(method, "bookings/")
    assert (answer.status, answer.problem) == (405, "method-not-allowed")
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe", b"[" * 100_000, b'{"day": NaN}', b'{"day": ' + b"9" * 5000 + b"}"],
    ids=["cut", "not utf-8", "deep", "not a number", "endless number"],
)
def test_bodies_that_cannot_be_read(office: Caller, body: bytes) -> None:
    response = office.client.post(
        f"{ROOT}runs/", data=body, content_type="application/json", headers=office.headers
    )
    problem = response.json()
    assert (response.status_code, problem["type"]) == (400, "urn:atmr:problem:parse-error")


def test_what_several_fields_lack_is_said_once(office: Caller) -> None:
    answer = office.post("patients/", {})
    assert answer.fields == dict.fromkeys(("first_name", "last_name"), "This field is required.")
    assert answer.body["detail"] == "This field is required."


@pytest.mark.parametrize(
    ("path", "unknown", "known"),
    [
        ("patients/?zz=1&search=a", "zz", "company, cursor, limit, reference, search"),
        ("bookings/?service_on=x", "service_on", "company, cursor, day, day_from, day_to"),
        ("bookings/1/?day=2026-06-17", "day", "Known parameters: company."),
        (f"kpis/?from={DAY}&to={DAY}&day={DAY}", "day", "company, from, to"),
        ("runs/?wait=true", "wait", "company, cursor, day, limit, status, trigger"),
    ],
)
def test_a_misspelt_parameter_is_refused_with_those_that_are_known(
    office: Caller, path: str, unknown: str, known: str
) -> None:
    answer = office.get(path)
    assert (answer.status, set(answer.fields)) == (400, {unknown})
    assert known in answer.fields[unknown]


def test_the_format_that_is_written_may_be_asked_for(office: Caller) -> None:
    assert office.get("bookings/?format=json").status == 200


def test_a_body_is_an_object(office: Caller) -> None:
    assert office.post("runs/", [1, 2]).problem == "invalid"


def test_a_body_is_not_endless(office: Caller) -> None:
    answer = office.post("bookings/", {"notes": "x" * LARGEST_BODY})
    assert (answer.status, answer.problem) == (413, "too-large")


def test_a_format_that_is_not_read(office: Caller) -> None:
    response = office.client.post(
        f"{ROOT}bookings/", data="<a/>", content_type="text/xml", headers=office.headers
    )
    assert (response.status_code, response.json()["type"]) == (
        415,
        "urn:atmr:problem:unsupported-media-type",
    )


def test_a_format_that_is_not_written(office: Caller) -> None:
    office.headers["Accept"] = "text/csv"
    assert office.get("bookings/").problem == "not-acceptable"


def test_too_many_plannings_are_told_when_to_come_back(
    office: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"planning": "1/min"})
    monkeypatch.setattr(ScopedRateThrottle, "timer", staticmethod(lambda: 1_000_000.0))
    office.post("runs/", {})
    answer = office.post("runs/", {})
    assert (answer.status, answer.problem) == (429, "throttled")
    assert answer.headers["Retry-After"] == "60"
    assert office.get("runs/").status == 200


def test_members_for_programs_stand_beside_the_sentence(office: Caller, company: Company) -> None:
    booking = make_booking(company)
    answer = office.post(f"bookings/{booking.pk}/dispatch-now/", match=1)
    assert (answer.status, answer.problem) == (409, "nobody-fits")
    assert answer.body["rule"] == "shift"
    assert answer.body["amount"] == 0


def test_refusals_of_django_are_problems_too() -> None:
    answer = problems.explain(PermissionDenied("internal words"), {})
    assert answer is not None
    body = json.loads(answer.content)
    assert (answer.status_code, body["type"]) == (403, "urn:atmr:problem:permission-denied")
    assert "internal" not in body["detail"]


def test_a_broker_that_is_away_is_said() -> None:
    answer = problems.explain(OperationalError("redis://secret@host"), {})
    assert answer is not None
    body = json.loads(answer.content)
    assert (answer.status_code, body["type"]) == (503, "urn:atmr:problem:no-worker")
    assert "secret" not in body["detail"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"{ROOT}bookings/", "application/problem+json"),
        ("/", "text/html"),
        ("/admin/", "text/html"),
    ],
)
def test_a_database_that_is_away_is_said(company: Company, path: str, kind: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(make_member(company, Role.ADMIN))
    with connection.cursor() as cursor, suppress(NoDatabase):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    try:
        response = client.get(path)
    finally:
        connection.close()  # the next one is a new one
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.headers["Content-Type"].split(";")[0] == kind
    assert "The database does not answer right now" in response.content.decode()
    assert client.get(path, follow=True).status_code == 200


def test_a_plan_is_made_while_the_cache_that_counts_them_is_away(
    office: Caller, no_cache: None, caplog: pytest.LogCaptureFixture
) -> None:
    answer = office.post("runs/", {})
    assert answer.status == 400  # the body is looked at: the throttle has let it pass
    assert "Plannings are not counted: the cache is away" in caplog.text


@pytest.mark.parametrize("path", [f"{ROOT}bookings/", "/days/"])
def test_a_cache_that_is_away_is_said(rf: RequestFactory, no_cache: None, path: str) -> None:
    answer, response = None, None
    try:
        cache.get("anything")
    except RedisError as error:
        answer = problems.explain(error, {})
        response = problems.server_error(rf.get(path))
    assert answer is not None
    assert response is not None
    assert json.loads(answer.content)["type"] == "urn:atmr:problem:no-cache"
    for given in (answer, response):
        assert (given.status_code, given.headers["Retry-After"]) == (503, "5")
    assert "cannot be reached right now" in response.content.decode()
    assert "127.0.0.1" not in response.content.decode()


def test_a_command_that_the_cache_refuses_is_no_absence() -> None:
    assert problems.explain(ResponseError("WRONGTYPE"), {}) is None


@pytest.mark.parametrize("path", [f"{ROOT}bookings/", "/days/"])
def test_a_database_that_goes_away_outside_a_view_is_said_too(
    rf: RequestFactory, path: str
) -> None:
    try:
        raise NoDatabase("connection to 10.0.0.1 failed")
    except NoDatabase:
        response = problems.server_error(rf.get(path))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "10.0.0.1" not in response.content.decode()


def test_a_deadlock_is_no_absence_of_the_database() -> None:
    error = NoDatabase("deadlock detected")
    error.__cause__ = psycopg.errors.DeadlockDetected()
    assert problems.explain(error, {}) is None


def test_every_refusal_of_a_use_case_has_a_word_of_its_own() -> None:
    def subclasses(kind: type) -> list[type]:
        return [kind, *(each for sub in kind.__subclasses__() for each in subclasses(sub))]

    kinds = subclasses(UseCaseError)
    words = {problems._code(kind) for kind in kinds}
    assert len(words) == len(kinds)
    assert all(word.replace("-", "").isalpha() for word in words)


class TestBrokenSettings:
    """They were written past the form."""

    @pytest.fixture(autouse=True)
    def broken(self, company: Company) -> None:
        Company.objects.filter(pk=company.pk).update(
            name="Léman", settings={"solver_time_limit_s": -5}
        )

    def test_programs_get_a_problem_with_the_field(self, office: Caller) -> None:
        answer = office.get(f"kpis/?from={DAY}&to={DAY}")
        assert (answer.status, answer.problem) == (503, "invalid-settings")
        assert answer.fields == {"solver_time_limit_s": "at least 1 is needed."}

    @pytest.mark.parametrize("is_staff", [True, False])
    def test_people_get_a_page_and_the_office_the_way_to_the_form(
        self, rf: RequestFactory, company: Company, is_staff: bool
    ) -> None:
        request = rf.get("/days/")
        request.user = make_member(company, is_staff=is_staff)
        company.refresh_from_db()
        response = HttpResponse()
        try:
            _ = company.rules
        except InvalidSettingsError:
            response = problems.server_error(request)
        page = response.content.decode()
        assert response.status_code == 503
        assert "Léman cannot be used. Time for planning (s): at least 1 is needed." in page
        form = reverse("admin:dispatch_company_change", args=[company.pk])
        assert (form in page) == is_staff

    def test_a_day_with_journeys_is_such_a_page(self, company: Company) -> None:
        make_booking(company)
        client = Client(raise_request_exception=False)
        client.force_login(make_member(company, Role.ADMIN))
        response = client.get("/", follow=True)
        assert response.status_code == 503
        assert "Léman cannot be used" in response.content.decode()


def test_what_nobody_foresaw_goes_up() -> None:
    assert problems.explain(ZeroDivisionError(), {}) is None


def test_a_crash_is_a_problem_for_programs_and_a_page_for_people(rf: RequestFactory) -> None:
    def answered(path: str) -> tuple[int, str]:
        request: HttpRequest = rf.get(path)
        response = problems.server_error(request)
        return response.status_code, response.headers["Content-Type"].split(";")[0]

    assert answered("/api/v1/bookings/") == (500, "application/problem+json")
    assert answered("/days/") == (500, "text/html")


def test_a_crash_in_a_view_reaches_the_caller_as_a_problem(
    office: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(**_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("dispatch.api.views.kpis.recorded_kpis", crash)
    client = Client(raise_request_exception=False)
    response = client.get(f"{ROOT}kpis/?from={DAY}&to={DAY}", headers=office.headers)
    assert response.status_code == 500
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "ZeroDivision" not in response.content.decode()
