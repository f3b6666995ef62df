"""Whatever is sent, as whoever: never a 5xx, and every answer is one that the document describes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dispatch.enums import Role
from dispatch.models import (
    Assignment,
    Booking,
    Company,
    DispatchRun,
    Driver,
    Patient,
    Place,
    Shift,
    StandingOrder,
    Vehicle,
)
from tests.dispatch.api.caller import Caller, member
from tests.factories import (
    at,
    make_assignment,
    make_booking,
    make_driver,
    make_member,
    make_outbound,
    make_return,
    make_run,
    make_shift,
    make_standing_order,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
MODELS: dict[str, Any] = {
    "assignments": Assignment,
    "bookings": Booking,
    "drivers": Driver,
    "patients": Patient,
    "places": Place,
    "runs": DispatchRun,
    "series": StandingOrder,
    "shifts": Shift,
    "vehicles": Vehicle,
}
LINKS = {
    "base": "places",
    "driver": "drivers",
    "dropoff": "places",
    "end_place": "places",
    "home": "places",
    "parent": "places",
    "patient": "patients",
    "pickup": "places",
    "shift": "shifts",
    "start_place": "places",
    "vehicle": "vehicles",
}
ROUNDS = 2  # for each operation and role


@pytest.fixture
def callers(company: Company) -> dict[Role, Caller]:
    user = make_member(company, Role.DRIVER)
    shift = make_shift(company, driver=make_driver(company, user=user))
    make_assignment(make_booking(company, pickup_at=at(9)), shift)
    make_return(make_outbound(company), is_will_call=True)
    make_run(company)
    make_standing_order(company)
    others = {role: member(company, role) for role in Role if role is not Role.DRIVER}
    return others | {Role.DRIVER: Caller(user)}


@pytest.fixture(autouse=True)
def _open_connection() -> Iterator[None]:
    """A request ends with its connection closed; here all share the one whose transaction is undone."""
    both = (signals.request_started, signals.request_finished)
    for signal in both:
        signal.disconnect(close_old_connections)
    yield
    for signal in both:
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_nothing_breaks_it(callers: dict[Role, Caller], role: Role) -> None:
    document: Any = SchemaGenerator().get_schema(request=None, public=True)
    schema = schemathesis.openapi.from_dict(document)
    schema.app = get_wsgi_application()
    for found in schema.get_all_operations():
        operation = found.ok()
        _try(operation, callers[role])


def _try(operation: Any, caller: Caller) -> None:
    resource = operation.path.removeprefix("/api/v1/").partition("/")[0]

    @settings(
        max_examples=ROUNDS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), match=st.sampled_from(['"1"', '"2"', "*"]), data=st.data())
    def attempt(case: Any, match: str, data: st.DataObject) -> None:
        if "id" in case.path_parameters:
            case.path_parameters["id"] = data.draw(_row_of(resource))
        if isinstance(case.body, dict):
            linked = [name for name in case.body if name in LINKS and data.draw(st.booleans())]
            case.body |= {name: data.draw(_row_of(LINKS[name])) for name in linked}
        case.query.pop("company", None)  # anything but the caller's own is a 404 and nothing more
        case.headers.pop("X-Company", None)
        headers = caller.headers | {"If-Match": match}
        case.call_and_validate(headers=headers, checks=CHECKS)

    attempt()


def _row_of(resource: str) -> st.SearchStrategy[int]:
    """A row that is there, most of the time."""
    rows = list(MODELS[resource].objects.order_by("pk").values_list("pk", flat=True)[:20])
    return st.sampled_from([*rows, *rows, *rows, 999_999])
