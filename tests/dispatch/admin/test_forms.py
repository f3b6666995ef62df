"""Forms that write: refusals in words, other people's changes respected, what hangs together kept together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from dispatch.enums import BookingStatus
from dispatch.models import Assignment, Driver, Shift, Vehicle
from tests.dispatch.admin.conftest import errors, make_world
from tests.factories import (
    DAY,
    at,
    make_assignment,
    make_booking,
    make_driver,
    make_patient,
    make_shift,
    make_vehicle,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "desk",
    [
        "booking",
        "company",
        "driver",
        "skill",
        "absence",
        "vehicle",
        "shift",
        "patient",
        "place",
        "standingorder",
    ],
)
def test_a_form_sent_back_untouched_changes_nothing(world, send, desk):
    row = world.rows[desk]
    before = type(row).objects.filter(pk=row.pk).values().get()
    answer = send(desk, row)
    assert answer.status_code == 302, errors(answer)
    assert type(row).objects.filter(pk=row.pk).values().get() == before


# Fleet --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("equipment", "is_taken"), [(["ramp"], True), (["oxygen"], False)])
def test_a_new_vehicle_with_wheelchair_places_needs_a_way_in(world, send, equipment, is_taken):
    page = send(
        "vehicle", None, name="New", plate="GE 777", equipment=equipment, required_licences=["B"],
        **{"configurations-0-seats": "2", "configurations-0-wheelchairs": "1"},
    )  # fmt: skip
    assert Vehicle.objects.filter(plate="GE 777").exists() is is_taken
    if not is_taken:
        assert any("ramp or lift" in error for error in errors(page))


def test_the_ramp_stays_while_wheelchairs_roll_in(world, send):
    van = make_vehicle(world.company, wheelchairs=1)
    page = send("vehicle", van, equipment=["oxygen"])
    assert any("ramp or lift" in error for error in errors(page))
    both = {"equipment": ["oxygen"], "configurations-0-wheelchairs": "0"}
    assert send("vehicle", van, **both).status_code == 302


def test_a_plate_that_is_taken(world, send):
    taken = world.rows["vehicle"].plate
    rows = {"configurations-0-seats": "2"}
    page = send("vehicle", None, name="Twin", plate=taken, required_licences=["B"], **rows)
    said = page.context["adminform"].form.errors
    assert said == {"plate": ["Vehicle: there is one with the same plate already."]}


def test_two_new_lines_that_exclude_each_other_are_refused_in_words(world, send):
    """The form cannot see it line by line; the database does, and what was typed is still there."""
    driver = make_driver(world.company)
    lines = {"absences-TOTAL_FORMS": "2"}
    for number in (0, 1):
        lines |= {
            f"absences-{number}-first_on": "2026-08-01",
            f"absences-{number}-last_on": "2026-08-10",
            f"absences-{number}-reason": "holiday",
            f"absences-{number}-driver": str(driver.pk),
        }
    page = send("driver", driver, **lines)
    assert any("already absent" in error for error in errors(page))
    assert page.content.decode().count('value="2026-08-10"') == 2
    assert not driver.absences.exists()


def test_a_shift_over_another_one(world, send):
    shift = world.rows["shift"]
    found = errors(send(
        "shift", None, "dispatcher", driver=shift.driver_id, vehicle=make_vehicle(world.company).pk,
        period_0="2026-06-17T18:00", period_1="2026-06-17T23:00",
    ))  # fmt: skip
    assert "The driver already has a shift then." in found


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (("2026-06-17T23:00", "2026-06-17T18:00"), "ends before it starts"),
        (("2026-06-17T18:00", ""), "ends"),
        (("", ""), "required"),
        (("2026-03-29T02:30", "2026-03-29T08:00"), "never show 02:30"),
        (("2026-06-17T08:00", "2026-06-27T12:00"), "longer than 24 hours"),
        (("0001-01-01T00:00", "2026-06-17T08:00"), "outside the years"),
        (("2026-06-17T08:00", "9999-12-31T23:59"), "outside the years"),
    ],
)
def test_a_shift_that_does_not_last(world, send, period, words):
    found = errors(send(
        "shift", None, driver=make_driver(world.company).pk, vehicle=make_vehicle(world.company).pk,
        period_0=period[0], period_1=period[1],
    ))  # fmt: skip
    assert any(words in error for error in found), found


def test_a_shift_with_journeys_is_neither_cancelled_nor_cut_short(world, send):
    shift = world.rows["shift"]
    shift.breaks.all().delete()
    for changes in ({"status": "cancelled"}, {"period_1": "2026-06-17T11:00"}):
        found = errors(send("shift", shift, **changes))
        assert any("1 journey of this shift needs it as it is" in error for error in found), found


def test_a_new_shift_has_its_breaks_and_a_wrong_one_leaves_nothing(world, send):
    count = Shift.objects.count()
    values = {
        "driver": make_driver(world.company).pk, "vehicle": make_vehicle(world.company).pk,
        "period_0": "2026-06-17T08:00", "period_1": "2026-06-17T12:00", "breaks-TOTAL_FORMS": "1",
        "breaks-0-latest_at": "2026-06-17T10:30", "breaks-0-duration_min": "15",
        "breaks-0-mandatory": "on",
    }  # fmt: skip
    outside = send("shift", None, **values, **{"breaks-0-earliest_at": "2026-06-17T07:00"})
    assert "The break would lie outside the shift." in errors(outside)
    assert Shift.objects.count() == count
    inside = send("shift", None, **values, **{"breaks-0-earliest_at": "2026-06-17T10:00"})
    assert inside.status_code == 302
    shift = Shift.objects.latest("pk")
    assert (shift.company, shift.breaks.get().duration_min) == (world.company, 15)


def test_a_cancelled_shift_is_only_looked_at(world, send, client_of):
    shift = make_shift(world.company)
    assert send("shift", shift, "dispatcher", status="cancelled").status_code == 302
    shift.refresh_from_db()
    assert (shift.status, shift.version) == ("cancelled", 2)
    url = reverse("admin:dispatch_shift_change", args=[shift.pk])
    assert client_of("dispatcher").post(url, {}).status_code == 403


def test_another_vehicle_under_a_shift_takes_its_journeys_over(world, send):
    shift, other = world.rows["shift"], make_vehicle(world.company)
    assert send("shift", shift, "dispatcher", vehicle=other.pk).status_code == 302
    assignment = Assignment.objects.get(pk=world.rows["assignment"].pk)
    before = shift.version
    shift.refresh_from_db()
    assert (assignment.vehicle, shift.vehicle, shift.version) == (other, other, before + 1)


def test_a_vehicle_that_does_not_suit_the_journeys_is_refused_by_their_references(world, send):
    fixed = make_patient(world.company, mobility="wheelchair_fixed")
    booking = make_booking(world.company, patient=fixed, pickup_at=at(14))
    make_assignment(booking, world.rows["shift"])
    car = make_vehicle(world.company, name="Car", wheelchairs=0)
    page = send("shift", world.rows["shift"], "dispatcher", vehicle=car.pk)
    said = f"Journey {booking.reference} takes 1 wheelchair: Car has no room for that then."
    assert said in errors(page)
    assert Shift.objects.get(pk=world.rows["shift"].pk).vehicle != car


def test_a_break_is_a_part_of_its_shift(world, send):
    shift = world.rows["shift"]
    assert send("shift", shift, **{"breaks-0-duration_min": "45"}).status_code == 302
    before = shift.version
    assert (shift.breaks.get().duration_min, Shift.objects.get(pk=shift.pk).version) == (
        45,
        before + 1,
    )


def test_a_driver_with_journeys_is_not_deleted(world, client_of):
    url = reverse("admin:dispatch_driver_delete", args=[world.rows["driver"].pk])
    page = client_of("admin").post(url, {"post": "yes"})
    assert page.status_code == 200
    assert Driver.objects.filter(pk=world.rows["driver"].pk).exists()


def test_an_absent_driver_gets_no_shift(world, send):
    driver = make_driver(world.company)
    driver.absences.create(first_on=DAY, last_on=DAY)
    found = errors(send(
        "shift", None, driver=driver.pk, vehicle=make_vehicle(world.company).pk,
        period_0="2026-06-17T08:00", period_1="2026-06-17T12:00",
    ))  # fmt: skip
    assert "The driver is absent on this day." in found


@pytest.mark.parametrize(
    ("row", "words"),
    [("vehicle", "The vehicle is out of use."), ("driver", "The driver is no longer active.")],
)
def test_who_and_what_no_longer_works_gets_no_shift(world, send, row, words):
    driver, vehicle = make_driver(world.company), make_vehicle(world.company)
    driver.active, vehicle.active = row != "driver", row != "vehicle"
    driver.save()
    vehicle.save()
    found = errors(send(
        "shift", None, driver=driver.pk, vehicle=vehicle.pk,
        period_0="2026-06-17T08:00", period_1="2026-06-17T12:00",
    ))  # fmt: skip
    assert words in found


def test_a_shift_is_cancelled_because_its_driver_is_absent(world, send):
    shift = make_shift(world.company)
    shift.driver.absences.create(first_on=DAY, last_on=DAY)
    answer = send("shift", shift, "dispatcher", status="cancelled")
    assert answer.status_code == 302, errors(answer)
    shift.refresh_from_db()
    assert shift.status == "cancelled"


def test_a_superuser_mixing_companies_is_refused(world, send):
    other = make_world()
    found = errors(send(
        "shift", None, "superuser", company=world.company.pk, driver=make_driver(other.company).pk,
        vehicle=make_vehicle(world.company).pk, period_0="2026-06-17T08:00", period_1="2026-06-17T12:00",
    ))  # fmt: skip
    assert any("another company" in error for error in found)


def test_a_period_asks_for_its_twofold_hour_too(world, client_of, form_of):
    client, url = client_of("dispatcher"), reverse("admin:dispatch_shift_add")
    said = {
        "driver": make_driver(world.company).pk, "vehicle": make_vehicle(world.company).pk,
        "period_0": "2027-10-31T02:30", "period_1": "2027-10-31T08:00",
    }  # fmt: skip
    page = client.post(url, form_of(client.get(url), **said))
    assert any("comes twice" in error for error in errors(page))
    answer = client.post(url, form_of(page, period_0_fold="1"))
    assert answer.status_code == 302, errors(answer)
    assert Shift.objects.latest("pk").starts_at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


# Days far away ------------------------------------------------------------------------------------


@pytest.mark.parametrize("desk", ["shift", "booking", "dispatchrun"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_list_of_a_day_far_away_is_answered(world, client_of, desk, day):
    answer = client_of("dispatcher").get(
        reverse(f"admin:dispatch_{desk}_changelist"), {"from": day, "to": day}
    )
    assert answer.status_code == 302
    assert answer.url.endswith("?e=1")  # the desk's own word for a filter that makes no sense


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_an_absence_far_away_is_refused_at_its_field(world, send, day):
    page = send("absence", None, driver=make_driver(world.company).pk, first_on=day, last_on=day)
    assert "outside the years" in str(page.context["adminform"].form.errors["first_on"])


def test_an_absence_names_the_journeys_it_leaves_behind(world, send):
    """The desk takes the absence, and says what it means for the plan in force."""
    soon = timezone.now() + timedelta(days=1)
    shift = make_shift(world.company, start=soon, end=soon + timedelta(hours=8))
    booking = make_booking(world.company, pickup_at=soon, status=BookingStatus.ASSIGNED)
    make_assignment(booking, shift, start=soon, end=soon + timedelta(minutes=30))
    day = booking.service_on.isoformat()
    answer = send("absence", None, driver=shift.driver_id, first_on=day, last_on=day)
    assert answer.status_code == 302, errors(answer)
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert any("driver absent" in line and booking.reference in line for line in said), said
