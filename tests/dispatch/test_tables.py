"""CSV files of bookings, drivers and vehicles: what goes in comes out, and what is wrong goes in nowhere."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from dispatch.enums import BookingStatus, Mobility
from dispatch.models import Booking
from dispatch.tables.importing import TABLES
from tests.dispatch.csv_files import NOW, bring, exported, rebuilt, table_of
from tests.factories import (
    DAY,
    at,
    make_assignment,
    make_booking,
    make_company,
    make_establishment,
    make_outbound,
    make_patient,
    make_place,
    make_return,
    make_shift,
    make_vehicle,
)

BOOKING_HEAD = "reference;patient;day;pickup;dropoff;promised_from;promised_to"


# Formulas -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_exported_bookings_come_back_unchanged():
    company = make_company()
    patient = make_patient(company, first_name="Zoé", mobility=Mobility.STRETCHER)
    clinic = make_establishment(None, name="Clinic")
    ward = make_establishment(None, name="Ward", parent=clinic, lat=None)
    outbound = make_outbound(
        company,
        patient=patient,
        dropoff=ward,
        notes="=cmd\r\nsecond line ",
        escort_seats=2,
        appointment_at=at(10),
    )
    make_return(outbound, is_will_call=True)
    make_booking(company, pickup_at=at(23, 55), patient=patient)  # the window ends after midnight
    assigned = make_booking(company, pickup_at=at(11))
    make_assignment(assigned, make_shift(company))
    before = list(Booking.objects.order_by("pk").values())

    report = bring(company, "bookings", exported(company, "bookings"))

    assert (report.problems, report.lines, report.unchanged) == ((), (), 4)
    assert list(Booking.objects.order_by("pk").values()) == before


@pytest.mark.django_db
def test_both_hours_of_an_october_night_survive():
    company = make_company()
    night = date(2026, 10, 25)
    for hour in (at(2, 30, day=night), at(2, 30, day=night).replace(hour=1)):
        make_booking(company, pickup_at=hour, service_on=night)
    text = exported(company, "bookings")
    assert {"02:25+02:00", "02:25+01:00"} == {row["promised_from"] for row in table_of(text)}
    assert bring(company, "bookings", text).unchanged == 2


# Imports -------------------------------------------------------------------------------------------


@pytest.fixture
def company():
    company = make_company(time_zone="Europe/Zurich")
    home = make_place(company, name="Rue A 1")
    make_patient(company, reference="P-ANA", first_name="Ana", last_name="Roux", home=home)
    make_establishment(None, name="Clinic")
    return company


@pytest.mark.django_db
def test_a_new_journey_in_local_times(company):
    report = bring(
        company, "bookings", f"{BOOKING_HEAD}\n;Roux Ana;17.06.2026;Rue A 1;clinic;8:55;09h15\n"
    )
    assert report.problems == ()
    assert (report.is_written, report.created) == (True, 1)
    booking = Booking.objects.get()
    assert booking.patient.reference == "P-ANA"
    assert (booking.promised_from, booking.promised_to) == (at(8, 55), at(9, 15))
    assert (booking.status, booking.version) == (BookingStatus.CONFIRMED, 1)
    assert report.lines[0].name == booking.reference


@pytest.mark.django_db
def test_a_preview_says_the_same_and_writes_nothing(company):
    text = f"{BOOKING_HEAD}\n;P-ANA;2026-06-17;Rue A 1;Clinic;08:55;09:15\n"
    report = bring(company, "bookings", text, is_preview=True)
    assert (report.is_written, report.created, report.problems) == (False, 1, ())
    assert report.lines[0].name == ""  # it gets its reference when it is written
    assert not Booking.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        (";P-NOBODY;2026-06-17;Rue A 1;Clinic;08:55;09:15", "patient", "not known"),
        (";P-ANA;2026-13-31;Rue A 1;Clinic;08:55;09:15", "day", "not a day"),
        (";P-ANA;2026-06-17;Rue A 2;Clinic;08:55;09:15", "pickup", "Is it “Rue A 1”?"),
        (";P-ANA;2026-06-17;#999999;Clinic;08:55;09:15", "pickup", "no place #999999"),
        (";P-ANA;2026-06-17;Rue A 1;Clinic;25:00;09:15", "promised_from", "not a time"),
        (";P-ANA;2026-03-29;Rue A 1;Clinic;02:30;03:15", "promised_from", "never show 02:30"),
        (";P-ANA;2026-10-25;Rue A 1;Clinic;02:30;03:15", "promised_from", "comes twice"),
        (
            ";P-ANA;2026-06-17;Rue A 1;Clinic;2026-06-19 08:55;2026-06-19 09:15",
            "promised_from",
            "another day",
        ),
        (";P-ANA;2026-06-17;Rue A 1;Clinic;09:15;08:55", "promised_to", "ends before it begins"),
        (";P-ANA;2026-06-17;Rue A 1;Rue A 1;08:55;09:15", "dropoff", "end where it begins"),
        (";P-ANA;2026-06-17;Rue A 1;Clinic;;", "requested", "Say when to come"),
        (";P-ANA;2026-02-02;Rue A 1;Clinic;08:55;09:15", "day", "This day is over"),
        (";P-ANA;9999-12-31;Rue A 1;Clinic;08:55;09:15", "day", "outside the years"),
        (";P-ANA;0001-01-01;Rue A 1;Clinic;08:55;09:15", "day", "outside the years"),
        (
            ";P-ANA;2026-06-17;Rue A 1;Clinic;9999-12-31 08:55;09:15",
            "promised_from",
            "outside the years",
        ),
        (";P-ANA;2026-06-17;Rue A 1;Clinic;quarter past;09:15", "promised_from", "is not a time"),
        (";;2026-06-17;Rue A 1;Clinic;08:55;09:15", "patient", "needed"),
    ],
)
def test_a_wrong_cell_is_told_where_and_why_and_nothing_is_written(company, cells, column, words):
    good = ";P-ANA;2026-06-17;Rue A 1;Clinic;06:55;07:15"
    last = ";P-ANA;2026-06-17;Rue A 1;Clinic;11:55;12:15"
    report = bring(company, "bookings", f"{BOOKING_HEAD}\n{good}\n{cells}\n{last}\n")
    assert [(p.line, p.column) for p in report.problems] == [(3, column)]
    assert words in report.problems[0].sentence
    assert not report.is_written
    assert not Booking.objects.exists()


@pytest.mark.django_db
def test_an_hour_is_enough_for_the_usual_promise(company):
    head = "reference;patient;day;pickup;dropoff;requested;appointment"
    text = f"{head}\n;P-ANA;2026-06-17;Rue A 1;Clinic;09:00;\n;P-ANA;2026-06-18;Rue A 1;Clinic;;10:00\n"
    assert bring(company, "bookings", text).problems == ()
    asked, worked_out = Booking.objects.order_by("service_on")
    assert (asked.promised_from, asked.promised_to) == (at(8, 55), at(9, 15))
    assert worked_out.promised_to is not None
    assert worked_out.promised_to < at(10, day=date(2026, 6, 18))


@pytest.mark.django_db
def test_odd_lines_are_told_and_written(company):
    """The company has no vehicle yet, and one patient cannot be fetched twice at once."""
    line = ";P-ANA;2026-06-17;Rue A 1;Clinic;08:55;09:15"
    preview = bring(company, "bookings", f"{BOOKING_HEAD}\n{line}\n", is_preview=True)
    assert [len(each.warnings) for each in preview.lines] == [1]
    assert preview.lines[0].warnings[0].startswith("No vehicle of the company")
    assert [told["line"] for told in preview.to_json()["warnings"]] == [2]
    twice = bring(company, "bookings", f"{BOOKING_HEAD}\n{line}\n{line}\n", is_preview=True)
    (problem,) = twice.problems
    assert (problem.line, "two vehicles" in problem.sentence) == (3, True)
    make_vehicle(company)
    done = bring(company, "bookings", f"{BOOKING_HEAD}\n{line}\n")
    assert (done.is_written, done.lines[0].warnings) == (True, ())


@pytest.mark.django_db
def test_every_wrong_cell_of_a_line_is_told_at_once(company):
    report = bring(company, "bookings", f"{BOOKING_HEAD}\n;P-X;2026-06-17;Nowhere;Clinic;8;09:15\n")
    assert [p.column for p in report.problems] == ["patient", "pickup", "promised_from"]
    assert all(p.expected and p.value for p in report.problems)


@pytest.mark.django_db
def test_lines_that_cannot_be_read_hide_no_error_of_the_others(company):
    """Line 2 has a cell too much; line 4 is the return to it, and blameless; lines 5 and 6 are one row."""
    head = "reference;patient;day;leg;outbound;pickup;dropoff;promised_from;promised_to;escorts"
    way = "Rue A 1;Clinic;08:55;09:15"
    text = "\n".join([
        head,
        f"B-OUT;P-ANA;2026-06-17;outbound;;{way};0;more",
        f";P-X;2026-06-17;single;;{way};-3",
        ";P-ANA;2026-06-17;return;B-OUT;Clinic;Rue A 1;11:00;11:20;0",
        f"B-TWIN;P-ANA;2026-06-18;single;;{way};x",
        f"B-TWIN;P-ANA;2026-06-18;single;;{way};0",
        f"B-FINE;P-ANA;2026-06-19;single;;{way};0",
    ])  # fmt: skip
    report = bring(company, "bookings", text)
    told = [(p.line, p.column) for p in report.problems if p.column != "leg"]
    assert told == [
        (2, ""), (3, "patient"), (3, "escorts"), (5, "escorts"), (6, "reference"),
    ]  # fmt: skip
    said = {(p.line, p.column): p.what for p in report.problems}
    assert said[3, "escorts"] == "“-3” is less than nothing: this must be 0 or more."
    assert said[5, "escorts"] == "“x” is not a whole number."
    assert not Booking.objects.exists()
    assert not report.is_written


@pytest.mark.django_db
def test_how_a_time_is_written_is_told_only_of_one_that_cannot_be_read(company):
    lines = [f";P-ANA;2026-06-17;Rue A 1;Clinic;{window}" for window in ("10:15;09:15", "8;09:15")]
    report = bring(company, "bookings", "\n".join([BOOKING_HEAD, *lines]))
    hints = {p.line: p.expected for p in report.problems if p.column.startswith("promised")}
    assert hints[2] == ""
    assert hints[3].startswith("a local time such as 08:30")


@pytest.mark.django_db
def test_a_name_that_two_places_share_has_to_be_a_number(company):
    twins = [make_place(company, name="Twin") for _each in range(2)]
    report = bring(
        company, "bookings", f"{BOOKING_HEAD}\n;P-ANA;2026-06-17;twin;Clinic;8:00;8:20\n"
    )
    assert all(f"#{twin.pk}" in report.problems[0].what for twin in twins)
    text = f"{BOOKING_HEAD}\n;P-ANA;2026-06-17;#{twins[1].pk};Clinic;8:00;8:20\n"
    assert bring(company, "bookings", text).is_written
    assert Booking.objects.get().pickup == twins[1]


@pytest.mark.django_db
def test_patients_and_places_of_another_company_are_not_known(company):
    stranger = make_patient(make_company(), reference="P-ELSE")
    text = f"{BOOKING_HEAD}\n;P-ELSE;2026-06-17;#{stranger.home_id};Clinic;08:55;09:15\n"
    report = bring(company, "bookings", text)
    assert [p.column for p in report.problems] == ["patient", "pickup"]


@pytest.mark.django_db
def test_a_return_finds_the_outbound_journey_of_an_earlier_line(company):
    head = f"{BOOKING_HEAD};leg;outbound;on_call"
    text = (
        f"{head}\nB-OUT;P-ANA;2026-06-17;Rue A 1;Clinic;08:55;09:15;outbound;;no\n"
        "B-BACK;P-ANA;2026-06-17;Clinic;Rue A 1;;;return;B-OUT;yes\n"
    )
    assert bring(company, "bookings", text).created == 2
    assert Booking.objects.get(reference="B-BACK").outbound.reference == "B-OUT"


@pytest.mark.django_db
def test_the_same_reference_on_two_lines_is_refused(company):
    line = "B-1;P-ANA;2026-06-17;Rue A 1;Clinic;08:55;09:15"
    report = bring(company, "bookings", f"{BOOKING_HEAD}\n{line}\n{line}\n")
    assert [(p.line, p.column) for p in report.problems] == [(3, "reference")]
    assert "line 2" in report.problems[0].what


@pytest.mark.django_db
def test_a_change_raises_the_version_and_shows_both_cells(company):
    booking = make_booking(company)
    report = bring(company, "bookings", f"reference;urgent\n{booking.reference};oui\n")
    assert [(c.column, c.before, c.after) for c in report.lines[0].changes] == [
        ("urgent", "no", "yes")
    ]
    before = booking.version
    booking.refresh_from_db()
    assert (booking.is_urgent, booking.version) == (True, before + 1)


@pytest.mark.django_db
def test_a_file_does_not_touch_a_journey_that_has_a_driver(company):
    booking = make_booking(company)
    make_assignment(booking, make_shift(company))
    report = bring(company, "bookings", f"reference;urgent\n{booking.reference};yes\n")
    assert "has a driver" in report.problems[0].what
    report = bring(company, "bookings", f"reference;status\n{booking.reference};completed\n")
    assert report.problems[0].column == "status"


@pytest.mark.django_db
@pytest.mark.parametrize("is_preview", [True, False])
@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("patient", "P-ANA", "stays as it was booked"),
        ("leg", "single", "stays as it was booked"),
        ("notes", "x" * 2001, "2000"),
        ("promised_to", "08:30", "ends before it begins"),
        ("day", "9999-12-31", "outside the years"),
    ],
)
def test_what_no_edit_may_do_no_file_may_do(company, column, cell, words, is_preview):
    """An outbound journey with its way back; the preview refuses what the writing would."""
    outbound = make_outbound(company)
    make_return(outbound, is_will_call=True)
    before = Booking.objects.values().get(pk=outbound.pk)
    text = f"reference;{column}\n{outbound.reference};{cell}\n"
    if column == "promised_to":
        text = f"reference;day;{column}\n{outbound.reference};{DAY};{cell}\n"
    report = bring(company, "bookings", text, is_preview=is_preview)
    assert [(p.line, p.column) for p in report.problems] == [(2, column)]
    assert words in report.problems[0].what
    assert Booking.objects.values().get(pk=outbound.pk) == before


@pytest.mark.django_db
def test_a_journey_does_not_move_into_a_day_that_is_over(company):
    booking = make_booking(company)
    times = "day;requested;promised_from;promised_to;appointment"
    text = f"reference;{times}\n{booking.reference};2026-02-02;09:00;08:55;09:15;\n"
    report = bring(company, "bookings", text)
    assert [(p.line, p.column) for p in report.problems] == [(2, "day")]
    assert "This day is over" in report.problems[0].what


@pytest.mark.django_db
def test_a_journey_moves_with_its_times_and_a_return_on_call_with_its_day(company):
    outbound = make_outbound(company)
    back = make_return(outbound, is_will_call=True)
    times = "day;requested;promised_from;promised_to"
    text = (
        f"reference;{times}\n{outbound.reference};2026-06-18;09:00;08:55;09:15\n"
        f"{back.reference};2026-06-18;;;\n"
    )
    assert bring(company, "bookings", text).problems == ()
    for booking in (outbound, back):
        booking.refresh_from_db()
        assert booking.service_on == date(2026, 6, 18)


@pytest.mark.django_db
def test_what_follows_from_a_change_is_shown_and_written(company):
    """Who shall call is promised no hour any more: the file's window goes with it."""
    back = make_return(make_outbound(company))
    report = bring(company, "bookings", f"reference;on_call\n{back.reference};yes\n")
    assert [c.column for c in report.lines[0].changes if not c.after] == [
        "requested",
        "promised_from",
        "promised_to",
    ]
    back.refresh_from_db()
    assert (back.is_will_call, back.promised_from) == (True, None)


@pytest.mark.django_db
@pytest.mark.parametrize("is_preview", [True, False])
def test_a_promise_follows_its_appointment_and_the_line_says_so(company, is_preview):
    """To the next day as well: the day follows like the window. A window in the file stays as given."""
    booking = make_booking(company, appointment_at=at(9, 45))
    text = f"reference;appointment\n{booking.reference};2026-06-18 07:00\n"
    report = bring(company, "bookings", text, is_preview=is_preview)
    assert report.problems == ()
    (line,) = report.lines
    assert {"day", "requested", "promised_from", "promised_to", "appointment"} == {
        change.column for change in line.changes
    }
    assert "08:55–09:15" in line.warnings[0]
    booking.refresh_from_db()
    if is_preview:
        assert booking.service_on == DAY
        return
    assert booking.service_on == date(2026, 6, 18)
    assert booking.promised_to is not None
    assert booking.promised_to < at(7, day=booking.service_on)
    text = (
        "reference;appointment;promised_from;promised_to\n"
        f"{booking.reference};2026-06-18 09:00;2026-06-18 07:30;2026-06-18 07:50\n"
    )
    assert bring(company, "bookings", text).problems == ()
    booking.refresh_from_db()
    assert booking.promised_from == at(7, 30, day=date(2026, 6, 18))


@pytest.mark.django_db
def test_a_promise_that_cannot_follow_is_told_at_its_cell(company):
    lost = make_booking(company, dropoff=make_place(company, lat=None), appointment_at=at(9, 45))
    report = bring(
        company, "bookings", f"reference;appointment\n{lost.reference};2026-06-17 10:00\n"
    )
    (problem,) = report.problems
    assert problem.column == "requested"
    assert "say when to come" in problem.what


@pytest.mark.django_db(transaction=True)
def test_what_the_database_checks_last_is_checked_line_by_line():
    """A link into another company, unseen by every other check: its line says so, and no commit fails."""
    company, other = make_company(), make_company()
    foreign = make_booking(other)
    foreign.patient.company_id = company.pk  # what was read is out of date
    foreign.pickup.company_id = company.pk
    table = TABLES["bookings"](company)
    table.now = NOW
    row = Booking(company=company, patient=foreign.patient, pickup=foreign.pickup)
    row.dropoff, row.service_on, row.status = foreign.dropoff, DAY, "draft"
    with transaction.atomic(), pytest.raises(ValidationError, match="to something that belongs to"):
        table.save_instance(row, is_create=True, row={})
    assert not Booking.objects.filter(company=company).exists()


@pytest.mark.django_db
def test_only_the_bookings_of_a_day_are_exported():
    company = make_company()
    today = make_booking(company)
    make_booking(company, pickup_at=at(9, day=date(2026, 6, 18)))
    assert [row["reference"] for row in table_of(exported(company, "bookings", day=DAY))] == [
        today.reference
    ]


@pytest.mark.django_db
def test_doubts_are_read_once_for_a_file_and_an_unchanged_line_costs_nothing(
    django_assert_max_num_queries,
):
    company = make_company()
    for _each in range(30):
        make_booking(company)
    text = exported(company, "bookings")
    with django_assert_max_num_queries(80):  # a savepoint a line, and a handful for the file
        assert bring(company, "bookings", text).unchanged == 30
    changed = rebuilt(table_of(text), urgent="yes")
    a_line = 13  # read, locked and written by itself
    with django_assert_max_num_queries(30 * a_line + 30):
        assert bring(company, "bookings", changed).updated == 30
