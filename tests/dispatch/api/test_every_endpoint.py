"""Each endpoint of the URL conf × each role × own company, another one, nobody: a new endpoint fails until it is said who may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from dispatch.api.urls import urlpatterns
from dispatch.enums import Role
from dispatch.models import Company
from tests.dispatch.api.caller import Answer, Caller, member
from tests.factories import (
    at,
    make_assignment,
    make_booking,
    make_company,
    make_driver,
    make_establishment,
    make_member,
    make_outbound,
    make_patient,
    make_place,
    make_return,
    make_run,
    make_shift,
    make_standing_order,
    make_vehicle,
)

pytestmark = pytest.mark.django_db

PUBLIC = {("GET", "schema"), ("GET", "docs")}  # say what the API is, and nothing of anybody
OFFICE = frozenset({Role.ADMIN, Role.DISPATCHER})
READERS = OFFICE | {Role.AUDITOR}
EVERYBODY = frozenset(Role)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Who may, and what they get; `body` names rows of the scene by words in braces."""

    roles: frozenset[Role]
    status: int = 200
    row: str = ""  # the row of the scene in the address
    body: dict[str, Any] = field(default_factory=dict)
    query: str = ""


JOURNEY = {"patient": "{patient}", "pickup": "{home}", "dropoff": "{clinic}"}
NINE, TEN = "2026-06-18T09:00:00", "2026-06-18T10:00:00"
WEEKLY = {"weekdays": [0], "starts_on": "2030-01-07", "pickup_time": "09:00"}
REST = {"first_on": "2030-01-01", "last_on": "2030-01-31"}
ON_DUTY = {"driver": "{idle}", "vehicle": "{van}", "starts_at": NINE, "ends_at": TEN}
FAR_DAY = {"day": "2030-01-01"}
NAMED = {"first_name": "Zoé", "last_name": "Exemple"}

CASES: dict[tuple[str, str], Case] = {
    ("GET", "me"): Case(roles=EVERYBODY),
    ("GET", "kpis"): Case(roles=READERS, query="?from=2026-06-17&to=2026-06-17"),
    ("GET", "assignments-list"): Case(roles=EVERYBODY),
    ("GET", "assignments-detail"): Case(roles=EVERYBODY, row="assignment"),
    ("GET", "bookings-list"): Case(roles=EVERYBODY),
    ("POST", "bookings-list"): Case(
        roles=OFFICE, status=201, body=JOURNEY | {"requested_at": NINE}
    ),
    ("GET", "bookings-detail"): Case(roles=EVERYBODY, row="booking"),
    ("PATCH", "bookings-detail"): Case(roles=OFFICE, row="booking", body={"notes": "x"}),
    ("POST", "bookings-assign"): Case(roles=OFFICE, row="booking", body={"shift": "{shift}"}),
    ("POST", "bookings-unassign"): Case(roles=OFFICE, row="booking"),
    ("POST", "bookings-progress"): Case(
        roles=OFFICE | {Role.DRIVER}, row="booking", body={"to": "en_route"}
    ),
    ("POST", "bookings-ready"): Case(roles=OFFICE, row="back", body={"came_another_way": True}),
    # Nobody waits on the road: that it is refused shows who was let through.
    ("POST", "bookings-resumed"): Case(roles=OFFICE | {Role.DRIVER}, status=409, row="booking"),
    # Nobody has called: that it is refused shows who was let through.
    ("POST", "bookings-not-ready"): Case(roles=OFFICE, status=409, row="back"),
    ("POST", "bookings-dispatch-now"): Case(roles=OFFICE, row="booking"),
    ("POST", "bookings-book-return"): Case(
        roles=OFFICE, status=201, row="booking", body={"is_on_call": True}
    ),
    ("GET", "bookings-explanation"): Case(roles=READERS, row="booking"),
    ("GET", "bookings-best-fits"): Case(roles=READERS, row="booking"),
    ("POST", "bookings-preview"): Case(
        roles=READERS, row="booking", body={"action": "give", "shift": "{shift}"}
    ),
    # A token of nothing that was shown: that it is refused shows who was let through.
    ("POST", "bookings-change"): Case(
        roles=OFFICE, status=412, row="booking", body={"action": "take_off", "token": "x"}
    ),
    ("GET", "drivers-list"): Case(roles=READERS),
    ("POST", "drivers-list"): Case(roles=OFFICE, status=201, body=NAMED),
    ("GET", "drivers-detail"): Case(roles=READERS, row="idle"),
    ("PATCH", "drivers-detail"): Case(roles=OFFICE, row="idle", body={"active": False}),
    ("GET", "vehicles-list"): Case(roles=READERS),
    ("POST", "vehicles-list"): Case(
        roles=OFFICE, status=201, body={"name": "Van", "plate": "GE 1234567"}
    ),
    ("GET", "vehicles-detail"): Case(roles=READERS, row="van"),
    ("PATCH", "vehicles-detail"): Case(roles=OFFICE, row="van", body={"active": False}),
    ("GET", "patients-list"): Case(roles=READERS),
    ("POST", "patients-list"): Case(roles=OFFICE, status=201, body=NAMED),
    ("GET", "patients-detail"): Case(roles=READERS, row="patient"),
    ("PATCH", "patients-detail"): Case(roles=OFFICE, row="patient", body={"phone": "1"}),
    ("GET", "places-list"): Case(roles=READERS),
    ("POST", "places-list"): Case(roles=OFFICE, status=201, body={"name": "Chez Zoé"}),
    ("GET", "places-detail"): Case(roles=READERS, row="home"),
    ("PATCH", "places-detail"): Case(roles=OFFICE, row="home", body={"phone": "1"}),
    ("GET", "series-list"): Case(roles=READERS),
    ("POST", "series-list"): Case(roles=OFFICE, status=201, body=JOURNEY | WEEKLY),
    ("GET", "series-detail"): Case(roles=READERS, row="series"),
    ("POST", "series-preview"): Case(roles=OFFICE, row="series", body={"end": {}}),
    ("POST", "series-edit"): Case(roles=OFFICE, row="series", body={"scope": "all"}),
    ("POST", "series-pause"): Case(roles=OFFICE, row="series", body=REST),
    # The series has no pause of this number: that it is not found shows who was let through.
    ("POST", "series-resume"): Case(
        roles=OFFICE, status=404, row="series", body={"pause": 1, "from_on": "2030-01-02"}
    ),
    ("POST", "series-end"): Case(roles=OFFICE, row="series"),
    ("GET", "shifts-list"): Case(roles=EVERYBODY),
    ("POST", "shifts-list"): Case(roles=OFFICE, status=201, body=ON_DUTY),
    ("GET", "shifts-detail"): Case(roles=EVERYBODY, row="shift"),
    ("PATCH", "shifts-detail"): Case(roles=OFFICE, row="shift", body={"max_trips": 9}),
    # The driver's own shift has a journey, and stays: that it is refused shows who was let through.
    ("DELETE", "shifts-detail"): Case(roles=OFFICE, status=409, row="shift"),
    # The company has nothing on that day: that it is refused shows who was let through.
    ("POST", "plans-judge"): Case(roles=OFFICE, status=409, body=FAR_DAY | {"routes": []}),
    ("POST", "plans-what-if"): Case(roles=OFFICE, status=409, body=FAR_DAY),
    ("POST", "plans-choices"): Case(roles=OFFICE, status=409, body=FAR_DAY),
    ("POST", "plans-changes"): Case(
        roles=OFFICE,
        status=412,
        body={"changes": [{"id": "{booking}", "action": "take_off"}], "token": "x"},
    ),
    ("POST", "plans-changes-preview"): Case(
        roles=READERS, body={"changes": [{"id": "{booking}", "action": "take_off"}]}
    ),
    ("GET", "shifts-rescue"): Case(roles=OFFICE, row="shift"),
    ("POST", "shifts-breakdown"): Case(roles=OFFICE, row="shift", body={"lost": "vehicle"}),
    # A proposal of long ago: that it is refused shows who was let through.
    ("POST", "shifts-apply-rescue"): Case(
        roles=OFFICE,
        status=409,
        row="shift",
        body={
            "lost": "vehicle",
            "as_of": NINE,
            "seen": "x",
            "ways": [{"booking": "{booking}", "means": "partner", "stamp": "x"}],
        },
    ),
    ("POST", "shifts-price-rescue"): Case(
        roles=OFFICE,
        status=409,
        row="shift",
        body={
            "lost": "vehicle",
            "as_of": NINE,
            "seen": "x",
            "ways": [{"booking": "{booking}", "means": "partner"}],
        },
    ),
    ("POST", "shifts-hand-over"): Case(
        roles=OFFICE,
        row="shift",
        body={"lost": "driver", "driver": "{idle}", "vehicle": "{van}"},
    ),
    ("GET", "runs-list"): Case(roles=READERS),
    ("POST", "runs-list"): Case(
        roles=OFFICE, status=409, body={"day": "2030-01-01"}, query="?wait=true"
    ),
    ("GET", "runs-detail"): Case(roles=READERS, row="run"),
    ("POST", "runs-apply"): Case(roles=OFFICE, status=409, row="run"),
    ("GET", "runs-diff"): Case(roles=READERS, row="run"),
}


def endpoints() -> Iterator[tuple[str, str]]:
    """(method, name) of all that the URL conf serves; the address for everything else has no methods."""
    for pattern in urlpatterns:
        view: Any = pattern.callback
        if hasattr(view, "actions"):
            methods = set(view.actions)
        elif hasattr(view, "view_class"):
            methods = {
                name for name in view.view_class.http_method_names if hasattr(view.view_class, name)
            }
        else:
            assert pattern.name == "unknown"
            continue
        for method in methods - {"head", "options"}:
            yield method.upper(), str(pattern.name)


@dataclass
class Scene:
    """A company with one row of each kind; the driver's journey is the driver's own."""

    company: Company
    callers: dict[Role, Caller]
    rows: dict[str, Any]

    def call(self, caller: Caller, method: str, name: str, *, row: Any = None) -> Answer:
        case = CASES[method, name]
        resource, _, action = name.partition("-")
        found = self.rows[case.row] if case.row and row is None else row
        parts = [resource, *([str(found.pk)] if case.row else []), *([_PATHS.get(action, action)])]
        path = "/".join(part for part in parts if part) + "/" + case.query
        match = getattr(found, "version", "*")
        body = self._filled(case.body) if method in {"POST", "PATCH"} else None
        return caller(method, path, body, match=match)

    def _filled(self, value: Any) -> Any:
        """The same with the rows' numbers in place of their words, however deep they lie."""
        if isinstance(value, dict):
            return {name: self._filled(part) for name, part in value.items()}
        if isinstance(value, list):
            return [self._filled(part) for part in value]
        is_word = isinstance(value, str) and value[:1] == "{"
        return self.rows[value[1:-1]].pk if is_word else value


_PATHS = {
    "list": "",
    "detail": "",
    "book-return": "return",
    "changes-preview": "changes/preview",
}


@pytest.fixture
def scene(company: Company) -> Scene:
    user = make_member(company, Role.DRIVER)
    shift = make_shift(company, driver=make_driver(company, user=user))
    patient = make_patient(company)
    booking = make_booking(company, patient=patient, pickup_at=at(9))
    assignment = make_assignment(booking, shift)
    rows = {
        "assignment": assignment,
        "back": make_return(make_outbound(company), is_will_call=True),
        "booking": booking,
        "clinic": make_establishment(),
        "home": make_place(company),
        "idle": make_driver(company),
        "patient": patient,
        "run": make_run(company),
        "series": make_standing_order(company, patient=patient),
        "shift": shift,
        "van": make_vehicle(company),
    }
    callers = {role: member(company, role) for role in Role if role is not Role.DRIVER}
    return Scene(company, callers | {Role.DRIVER: Caller(user)}, rows)


def test_every_endpoint_has_its_case() -> None:
    assert set(endpoints()) == set(CASES) | PUBLIC


@pytest.mark.parametrize(("method", "name"), sorted(CASES), ids=str)
class TestEachEndpoint:
    @pytest.mark.parametrize("role", list(Role))
    def test_of_the_own_company(self, scene: Scene, method: str, name: str, role: Role) -> None:
        case = CASES[method, name]
        answer = scene.call(scene.callers[role], method, name)
        assert answer.status == (case.status if role in case.roles else 403), answer
        if answer.status >= 400:
            assert answer.problem

    def test_for_strangers(self, scene: Scene, method: str, name: str) -> None:
        answer = scene.call(Caller(), method, name)
        assert (answer.status, answer.problem) == (401, "not-authenticated")

    @pytest.mark.parametrize("role", list(Role))
    def test_of_another_company(self, scene: Scene, method: str, name: str, role: Role) -> None:
        case = CASES[method, name]
        foreigner = member(make_company(), role)
        answer = scene.call(foreigner, method, name)
        if role not in case.roles:
            assert answer.status == 403
        elif case.row:
            assert (answer.status, answer.problem) == (404, "not-found")
        elif "results" in answer.body:
            own = {row.pk for key, row in scene.rows.items() if key != "clinic"}
            assert not own & {row["id"] for row in answer.body["results"]}
        else:  # their own company; rows of ours do not exist there
            names_rows = "'{" in str(list(case.body.values()))
            assert answer.status == (400 if names_rows else case.status), answer

    def test_of_a_company_that_is_named_without_a_role_there(
        self, scene: Scene, method: str, name: str
    ) -> None:
        foreigner = member(make_company(), Role.ADMIN, {"X-Company": scene.company.slug})
        answer = scene.call(foreigner, method, name)
        if name != "me":  # which is about the caller and no company
            assert (answer.status, answer.problem) == (404, "not-found")


def test_the_schema_and_its_pages_are_public() -> None:
    assert Caller().get("schema/").status == 200
    page = Caller().get("docs/")
    assert page.status == 200
    assert b"//cdn" not in page.body
    assert b"drf_spectacular_sidecar" in page.body
    script = Caller().get("docs/?script=")
    assert (script.status, script.headers["Content-Type"]) == (200, "application/javascript")
