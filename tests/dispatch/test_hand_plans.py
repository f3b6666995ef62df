"""Plans in files: lines of CSV and JSON say the same, and what cannot be read says which line."""

from __future__ import annotations

import json

import pytest

from dispatch.engine.handmade import HandPlan, HandRoute, HandTrips
from dispatch.engine.least_late import HandVisit
from dispatch.engine.problem import Visit
from dispatch.enums import VisitKind
from dispatch.models import Booking, Company, Shift
from dispatch.tables.hand_plans import read_hand_plan
from dispatch.tables.reading import UnreadableFileError
from dispatch.usecases.references import break_ref, shift_ref, trip_ref
from tests.factories import DAY, make_booking, make_break, make_company, make_driver, make_shift

pytestmark = pytest.mark.django_db

PICKUP, DROPOFF, BREAK = VisitKind.PICKUP, VisitKind.DROPOFF, VisitKind.BREAK


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def shift(company: Company) -> Shift:
    driver = make_driver(company, first_name="Ada", last_name="Rossi")
    return make_shift(company, driver=driver)


def read(company: Company, content: str) -> HandPlan:
    return read_hand_plan(content.encode(), company=company, day=DAY)


def refused(company: Company, content: str) -> list[str]:
    with pytest.raises(UnreadableFileError) as refusal:
        read(company, content)
    return [problem.sentence for problem in refusal.value.problems]


def stops(*written: tuple[str, VisitKind, int | None]) -> tuple[HandVisit, ...]:
    return tuple(HandVisit(visit=Visit(name, kind), at_s=at_s) for name, kind, at_s in written)


def test_lines_without_kinds_and_times_have_no_order(company: Company, shift: Shift) -> None:
    one, two = make_booking(company), make_booking(company)
    found = read(
        company, f"shift,booking\n{shift.pk},{one.reference.lower()}\nrossi ada,{two.pk}\n"
    )
    trips = (trip_ref(one.pk), trip_ref(two.pk))
    assert found == HandPlan(routes=(HandTrips(shift=shift_ref(shift.pk), trips=trips),))


def test_lines_with_kinds_and_times_are_stops_in_their_order(
    company: Company, shift: Shift
) -> None:
    pauses = [make_break(shift), make_break(shift)]
    one, two, left = (make_booking(company) for _ in range(3))
    found = read(
        company,
        "shift;booking;kind;at\n"
        f"{shift.pk};{one.reference};pickup;07:45\n"
        f"{shift.pk};;break;\n"
        f"{shift.pk};2;break;\n"
        f"{shift.pk};{one.reference};dropoff;2026-06-17T08:10:00+02:00\n"
        f"{shift.pk};{two.reference};;09:00\n"
        f";{left.reference};left;\n",
    )
    quarter_to_eight = 7 * 3600 + 45 * 60
    assert found == HandPlan(
        routes=(
            HandRoute(
                shift=shift_ref(shift.pk),
                visits=stops(
                    (trip_ref(one.pk), PICKUP, quarter_to_eight),
                    (break_ref(pauses[0].pk), BREAK, None),
                    (break_ref(pauses[1].pk), BREAK, None),
                    (trip_ref(one.pk), DROPOFF, quarter_to_eight + 1_500),
                    (trip_ref(two.pk), PICKUP, 9 * 3600),
                    (trip_ref(two.pk), DROPOFF, None),
                ),
            ),
        ),
        left=(trip_ref(left.pk),),
    )


def test_json_says_the_same(company: Company, shift: Shift) -> None:
    pause, one, two = make_break(shift), make_booking(company), make_booking(company)
    visits = [
        {"kind": "pickup", "booking": one.pk, "at": "07:45"},
        {"kind": "break"},
        {"kind": "dropoff", "booking": one.reference},
    ]
    routes = [{"shift": shift.pk, "visits": visits}, {"shift": "Rossi Ada", "bookings": [two.pk]}]
    found = read(company, json.dumps({"routes": routes, "left": ["B-X"]}))
    assert found == HandPlan(
        routes=(
            HandRoute(
                shift=shift_ref(shift.pk),
                visits=stops(
                    (trip_ref(one.pk), PICKUP, 27_900),
                    (break_ref(pause.pk), BREAK, None),
                    (trip_ref(one.pk), DROPOFF, None),
                ),
            ),
            HandTrips(shift=shift_ref(shift.pk), trips=(trip_ref(two.pk),)),
        ),
        left=("B-X",),
    )


def test_what_the_day_does_not_know_keeps_its_word(company: Company, shift: Shift) -> None:
    other = make_company()
    foreign = make_booking(other)
    make_shift(company, driver=make_driver(company, first_name="Ada", last_name="Rossi"))
    found = read(
        company,
        f"shift,booking,kind\n{shift.pk},{foreign.reference},\nRossi Ada,,break\n{shift.pk},9,break\n",
    )
    assert found.routes == (
        HandRoute(
            shift=shift_ref(shift.pk),
            visits=stops(
                (foreign.reference, PICKUP, None),
                (foreign.reference, DROPOFF, None),
                ("9", BREAK, None),
            ),
        ),
        HandRoute(shift="Rossi Ada", visits=stops(("1", BREAK, None))),  # two drivers of one name
    )
    assert Booking.objects.filter(company=company).count() == 0


def test_lines_that_cannot_be_read_are_named(company: Company) -> None:
    said = refused(
        company,
        "shift,booking,kind,at\n1,2,lunch,\n1,2,,soon\n1,2,,25:00\n1,2\n1,2,,2026-03-29T02:30\n",
    )
    assert len(said) == 5
    assert any("no kind of stop" in line for line in said)
    assert sum("no time" in line for line in said) == 2
    assert any("The clocks never show 02:30" in line for line in said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "Invalid JSON"),
        ('{"routes": [{"shift": 1, "vists": []}]}', "Extra inputs"),
        ('{"routes": [{"shift": 1, "visits": [{"kind": "pickup", "at": "soon"}]}]}', "isoformat"),
        ("booking\n1\n", "missing"),
    ],
)
def test_a_document_that_is_no_plan_says_why(company: Company, content: str, said: str) -> None:
    assert any(said in line for line in refused(company, content))
