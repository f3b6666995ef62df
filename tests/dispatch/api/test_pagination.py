"""Cursors: pages neither skip nor repeat a row, ties or not, while others write; a forged one is refused."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.api.pagination import BadCursorError, Cursor, Keyset, day, moment, text, whole_number
from dispatch.models import Booking, Company, Patient, Place
from tests.dispatch.api.caller import Caller
from tests.factories import DAY, at, make_booking, make_establishment, make_patient

KEYS = Keyset(columns=(("service_on", day), ("id", whole_number)))


def forged(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(
    "word",
    [
        "",
        "%%%",
        "é",
        forged(),
        forged(False, "2026-06-17"),
        forged(False, "2026-06-17", 1, 2),
        forged(False, "soon", 1),
        forged(False, 5, 1),
        forged(False, "2026-06-17", -1),
        forged(False, "2026-06-17", 2**63),
        forged(False, "2026-06-17", [1]),
        base64.urlsafe_b64encode(b"[" * 20_000).decode(),
        base64.urlsafe_b64encode(b"5").decode(),
    ],
)
def test_a_forged_cursor_is_refused(word: str) -> None:
    with pytest.raises(BadCursorError):
        Cursor.read(word, KEYS)


def test_values_that_no_cursor_holds() -> None:
    with pytest.raises(ValueError, match="x"):
        text("x\x00")
    with pytest.raises(UnicodeEncodeError):
        text("\ud800")
    with pytest.raises(ValueError, match="2026"):
        moment("2026-06-17T09:00:00")
    with pytest.raises(OverflowError):
        moment("0001-01-01T00:00:00+23:00")
    assert moment("2026-06-17T09:00:00+00:00").hour == 9


@given(st.dates(), st.integers(min_value=0, max_value=2**63 - 1), st.booleans())
def test_a_cursor_is_read_as_it_was_written(on: object, pk: int, is_back: bool) -> None:
    cursor = Cursor((on, pk), is_back)
    assert Cursor.read(cursor.written(), KEYS) == cursor


@pytest.mark.django_db
@pytest.mark.parametrize("limit", ["0", "501", "-1", "x", "²", "9999999999999999999999"])
def test_a_page_has_a_size(office: Caller, limit: str) -> None:
    answer = office.get(f"bookings/?limit={limit}")
    assert (answer.status, answer.problem) == (400, "bad-limit")


@pytest.mark.django_db
def test_a_forged_cursor_is_a_problem(office: Caller) -> None:
    assert office.get("bookings/?cursor=abc").problem == "bad-cursor"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "patients/?cursor=" + forged(False, "\ud800", 1),
        "shifts/?cursor=" + forged(False, "0001-01-01T00:00:00+23:00", 1),
    ],
)
def test_a_forged_value_never_reaches_the_database(office: Caller, path: str) -> None:
    answer = office.get(path)
    assert (answer.status, answer.problem) == (400, "bad-cursor")


@pytest.mark.django_db
def test_an_odd_offset_is_a_moment_like_another(office: Caller) -> None:
    assert (
        office.get(f"shifts/?cursor={forged(False, '2026-06-17T09:00:00+23:00', 1)}").status == 200
    )


@pytest.mark.django_db
def test_an_empty_list_has_no_other_pages(office: Caller) -> None:
    assert office.get("bookings/").body == {"next": None, "previous": None, "results": []}


@pytest.mark.django_db
def test_a_row_added_or_removed_meanwhile_shifts_no_page(office: Caller, company: Company) -> None:
    bookings = [make_booking(company, pickup_at=at(8 + n)) for n in range(4)]
    first = office.get("bookings/?limit=2").body
    bookings[0].delete()
    yesterday = at(9, day=DAY - timedelta(days=1))
    make_booking(company, pickup_at=yesterday)
    second = office.get(first["next"]).body
    assert [row["id"] for row in second["results"]] == [bookings[2].pk, bookings[3].pk]


@pytest.fixture
def patient(company: Company) -> Patient:
    return make_patient(company)


@pytest.fixture
def clinic(db: None) -> Place:
    return make_establishment()


@pytest.mark.django_db
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(days=st.lists(st.integers(0, 2), max_size=7), limit=st.integers(1, 4))
def test_all_pages_together_are_the_list_both_ways(
    office: Caller, patient: Patient, clinic: Place, days: list[int], limit: int
) -> None:
    Booking.objects.all().delete()
    for number in days:
        make_booking(
            patient.company,
            pickup_at=at(9, day=DAY + timedelta(days=number)),
            patient=patient,
            dropoff=clinic,
        )
    everything = list(Booking.objects.order_by("service_on", "id").values_list("pk", flat=True))
    page = office.get(f"bookings/?limit={limit}").body
    forwards = [page]
    while page["next"]:
        page = office.get(page["next"]).body
        forwards.append(page)
    assert [row["id"] for one in forwards for row in one["results"]] == everything
    backwards = [page]
    while page["previous"]:
        page = office.get(page["previous"]).body
        backwards.append(page)
    assert [row["id"] for one in reversed(backwards) for row in one["results"]] == everything
