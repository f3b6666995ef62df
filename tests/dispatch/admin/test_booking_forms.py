"""The desk of bookings: taken, changed and brought back by the same rules as everywhere, refused beside the field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dispatch.enums import BookingStatus
from dispatch.models import Assignment, Booking, Company, Place
from dispatch.usecases.day_clock import local_day
from tests.dispatch.admin.conftest import errors
from tests.factories import (
    DAY,
    at,
    make_assignment,
    make_booking,
    make_outbound,
    make_patient,
    make_return,
    make_shift,
)

pytestmark = pytest.mark.django_db

LATER = timezone.now().date() + timedelta(days=30)


def new_booking(world, **changes):
    patient = make_patient(world.company)
    return {
        "patient": patient.pk,
        "pickup": patient.home_id,
        "dropoff": world.rows["place"].pk,
        "requested_at": f"{LATER}T09:00",
    } | changes


def test_a_confirmed_journey_is_promised_the_usual_window(world, send):
    assert send("booking", None, "dispatcher", **new_booking(world)).status_code == 302
    booking = Booking.objects.latest("pk")
    assert booking.promised_from == at(8, 55, day=LATER)
    assert booking.promised_to == at(9, 15, day=LATER)
    assert (booking.status, booking.company) == (BookingStatus.CONFIRMED, world.company)
    assert (booking.service_on, booking.leg) == (LATER, "single")


def test_an_appointment_is_enough_and_the_way_back_is_booked_along(world, send):
    said = new_booking(
        world, requested_at="", appointment_at=f"{LATER}T10:00", way_back="will_call",
        same_driver_return="on",
    )  # fmt: skip
    assert send("booking", None, "dispatcher", **said).status_code == 302
    there = Booking.objects.get(leg="outbound", service_on=LATER)
    assert there.promised_to is not None
    assert there.promised_to < at(10, day=LATER)
    back = there.return_booking
    assert (back.is_will_call, back.same_driver_as_outbound) == (True, True)
    assert (back.pickup, back.dropoff) == (there.dropoff, there.pickup)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"requested_at": ""}, "requested_at", "Say when to come, or when the appointment is."),
        ({"requested_at": f"{DAY}T09:00"}, "requested_at", "This day is over."),
        ({"escort_seats": "9"}, "escort_seats", "less than or equal to 4"),
        ({"status": "completed"}, "status", "not one of the available choices"),
        ({"patient": ""}, "patient", "required"),
        ({"dropoff": "same"}, "dropoff", "The journey would end where it begins."),
        ({"promised_from": f"{LATER}T09:00"}, "promised_to", "lacks its beginning"),
        ({"appointment_at": f"{LATER}T09:10"}, "promised_to", "ends after the appointment"),
        ({"way_back": "fixed"}, "return_at", "A return has its time"),
        ({"way_back": "fixed", "return_at": f"{LATER}T08:00"}, None, "before the outbound"),
    ],
)
def test_an_impossible_journey_is_refused_beside_its_field(world, send, changes, field, words):
    values = new_booking(world)
    if changes.get("dropoff") == "same":
        changes = {"dropoff": values["pickup"]}
    count = Booking.objects.count()
    page = send("booking", None, **values | changes)
    found = page.context["adminform"].form.errors
    where = field or "return_at"
    assert any(words in error for error in found[where]), found
    assert Booking.objects.count() == count


def test_broken_settings_are_said_on_the_form_with_all_that_was_typed(world, send):
    Company.objects.filter(pk=world.company.pk).update(settings={"speed_kmh": "fast"})
    count = Booking.objects.count()
    page = send("booking", None, "dispatcher", **new_booking(world))
    (told,) = errors(page)
    assert "Speed (km/h): this is no value for it." in told
    assert f'value="{LATER}T09:00"' in page.content.decode()
    assert Booking.objects.count() == count


def test_what_is_odd_is_said_after_saving(world, client_of, form_of):
    client, url = client_of("dispatcher"), reverse("admin:dispatch_booking_add")
    lying = make_patient(world.company, mobility="stretcher")
    values = new_booking(world, patient=lying.pk, pickup=lying.home_id)
    answer = client.post(url, form_of(client.get(url), **values), follow=True)
    said = [str(m) for m in answer.context["messages"]]
    assert any(
        "No vehicle of the company has what this journey needs: 1 stretcher" in m for m in said
    )
    assert Booking.objects.filter(patient=lying).exists()


AUTUMN = "2027-10-31T02:30"  # comes twice
SPRING = "2027-03-28T02:30"  # never comes


def test_the_hour_that_comes_twice_is_asked_for_and_kept(world, client_of, form_of):
    client, url = client_of("dispatcher"), reverse("admin:dispatch_booking_add")
    first = client.post(url, form_of(client.get(url), **new_booking(world, requested_at=AUTUMN)))
    (error,) = first.context["adminform"].form.errors["requested_at"]
    assert "02:30 comes twice on" in error
    assert b'name="requested_at_fold"' in first.content
    for fold, hour in (("0", 0), ("1", 1)):
        answer = client.post(url, form_of(first, requested_at_fold=fold))
        assert answer.status_code == 302, errors(answer)
        booking = Booking.objects.latest("pk")
        assert booking.requested_at == datetime(2027, 10, 31, hour, 30, tzinfo=UTC)
        change = reverse("admin:dispatch_booking_change", args=[booking.pk])
        untouched = client.post(change, form_of(client.get(change)))
        assert untouched.status_code == 302, errors(untouched)
        again = Booking.objects.get(pk=booking.pk)
        assert (again.requested_at, again.version) == (booking.requested_at, 1)


def test_the_hour_that_never_comes_is_refused_in_words(world, send):
    page = send("booking", None, **new_booking(world, requested_at=SPRING))
    (error,) = page.context["adminform"].form.errors["requested_at"]
    assert error.startswith("The clocks never show 02:30 on")
    assert "put forward" in error


def test_a_change_raises_the_version(world, send):
    booking = world.rows["booking"]
    assert send("booking", booking, "dispatcher", notes="Ring twice").status_code == 302
    before = booking.version
    booking.refresh_from_db()
    assert (booking.notes, booking.version) == ("Ring twice", before + 1)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(world, client_of, form_of):
    booking, client = world.rows["booking"], client_of("dispatcher")
    url = reverse("admin:dispatch_booking_change", args=[booking.pk])
    opened = form_of(client.get(url), notes="mine")
    Booking.objects.filter(pk=booking.pk).update(notes="theirs", version=booking.version + 1)
    page = client.post(url, opened)
    assert any("Somebody else changed this meanwhile" in error for error in errors(page))
    assert "mine" in page.content.decode()
    booking.refresh_from_db()
    assert booking.notes == "theirs"


def test_where_a_journey_stands_is_not_typed_in(world, send):
    booking = world.rows["booking"]
    send("booking", booking, status="completed", alighted_at=f"{DAY.isoformat()}T10:00")
    booking.refresh_from_db()
    assert (booking.status, booking.alighted_at) == (BookingStatus.CONFIRMED, None)


def test_a_journey_that_is_over_keeps_everything_but_its_notes(world, send):
    booking = make_booking(
        world.company,
        status="completed",
        boarded_at=at(9),
        alighted_at=at(10),
        arrived_dropoff_at=at(10),
    )
    elsewhere = make_patient(world.company).home_id
    assert send("booking", booking, dropoff=elsewhere, notes="Lost umbrella").status_code == 302
    before = booking.dropoff_id
    booking.refresh_from_db()
    assert (booking.dropoff_id, booking.notes) == (before, "Lost umbrella")


@pytest.fixture
def assigned(world):
    """A journey at 11:00 tomorrow, with a driver: a day that is over takes no changes."""
    day = local_day(world.company, timezone.now()) + timedelta(days=1)
    shift = make_shift(world.company, start=at(7, day=day), end=at(19, day=day))
    booking = make_booking(world.company, pickup_at=at(11, day=day))
    make_assignment(booking, shift)
    return booking


def on_day(day, **changes):
    return {
        "service_on": day.isoformat(),
        "requested_at": f"{day.isoformat()}T11:00",
        "promised_from": f"{day.isoformat()}T10:55",
        "promised_to": f"{day.isoformat()}T11:15",
    } | changes


def test_the_pin_that_goes_with_the_driver_is_told(assigned, client_of, form_of):
    Assignment.objects.filter(booking=assigned).update(is_pinned=True)
    driver = Assignment.objects.get(booking=assigned).driver
    client, day = client_of("dispatcher"), assigned.service_on + timedelta(days=1)
    url = reverse("admin:dispatch_booking_change", args=[assigned.pk])
    answer = client.post(url, form_of(client.get(url), **on_day(day)), follow=True)
    told = " ".join(str(message) for message in answer.context["messages"])
    assert f"The plan of {driver} no longer fits: the driver was taken away" in told
    assert f"It was fixed with {driver}; that is dropped as well." in told


def test_a_journey_moved_to_the_next_day_leaves_its_driver_free(assigned, client_of, form_of):
    client, day = client_of("dispatcher"), assigned.service_on + timedelta(days=1)
    url = reverse("admin:dispatch_booking_change", args=[assigned.pk])
    moved = on_day(day, is_urgent="on")
    answer = client.post(url, form_of(client.get(url), **moved), follow=True)
    told = " ".join(str(message) for message in answer.context["messages"])
    assert "the driver was taken away" in told
    assert "fixed" not in told  # nobody had fixed it
    before = assigned.version
    assigned.refresh_from_db()
    assert not Assignment.objects.filter(booking=assigned).exists()
    assert (assigned.status, assigned.service_on) == (BookingStatus.CONFIRMED, day)
    assert (assigned.promised_from, assigned.promised_to) == (
        at(10, 55, day=day),
        at(11, 15, day=day),
    )
    assert (assigned.is_urgent, assigned.version) == (True, before + 1)


@pytest.mark.parametrize("hour", ["07:00", "18:00"])  # before the old promise, and after it
def test_the_promise_moves_with_the_appointment_and_it_is_said(assigned, client_of, form_of, hour):
    client, day = client_of("dispatcher"), assigned.service_on + timedelta(days=1)
    Booking.objects.filter(pk=assigned.pk).update(appointment_at=at(12, day=assigned.service_on))
    url = reverse("admin:dispatch_booking_change", args=[assigned.pk])
    moved = form_of(client.get(url), appointment_at=f"{day}T{hour}")
    answer = client.post(url, moved, follow=True)
    told = [str(message) for message in answer.context["messages"]]
    assert any("10:55–11:15, it is now" in said and "tell the patient" in said for said in told)
    assigned.refresh_from_db()
    until = assigned.appointment_at - assigned.promised_to
    assert timedelta() < until < timedelta(minutes=30)
    assert (assigned.service_on, assigned.status) == (day, BookingStatus.CONFIRMED)


def test_a_pickup_that_is_to_stay_is_said_to(assigned, send):
    """Ticked, the usual window is that around the pickup asked for, wherever the appointment goes."""
    day = assigned.service_on
    Booking.objects.filter(pk=assigned.pk).update(appointment_at=at(12, day=day))
    changes = {"appointment_at": f"{day}T13:00", "move_promise": "on"}
    assert send("booking", assigned, **changes).status_code == 302
    assigned.refresh_from_db()
    assert assigned.promised_from == at(10, 55, day=day)


def test_without_a_position_the_form_asks_when_to_come(assigned, send):
    Place.objects.filter(pk=assigned.dropoff_id).update(
        lat=None, lon=None, coordinates_quality="unknown"
    )
    day = assigned.service_on
    Booking.objects.filter(pk=assigned.pk).update(appointment_at=at(12, day=day))
    answer = send("booking", assigned, appointment_at=f"{day}T13:00")
    assert any("say when to come" in said for said in errors(answer))


@pytest.mark.parametrize("changes", [{"notes": "x"}, {"is_urgent": "on"}, {"priority": "high"}])
def test_what_no_plan_hangs_on_leaves_the_driver(assigned, send, changes):
    assert send("booking", assigned, **changes).status_code == 302
    before = assigned.version
    assigned.refresh_from_db()
    assert (assigned.status, assigned.version) == (BookingStatus.ASSIGNED, before + 1)
    assert Assignment.objects.filter(booking=assigned).exists()


def opened_and_sent(booking, client_of, form_of, *, meanwhile, **changes):
    """The form is opened, the row changes, then the form is sent."""
    client = client_of("dispatcher")
    url = reverse("admin:dispatch_booking_change", args=[booking.pk])
    form = form_of(client.get(url), **changes)
    Booking.objects.filter(pk=booking.pk).update(**meanwhile, version=booking.version + 1)
    return client.post(url, form)


def test_a_move_is_refused_when_the_driver_set_off_meanwhile(assigned, client_of, form_of):
    day, now = assigned.service_on + timedelta(days=1), timezone.now()
    meanwhile = {"status": BookingStatus.EN_ROUTE, "en_route_at": now}
    page = opened_and_sent(assigned, client_of, form_of, meanwhile=meanwhile, **on_day(day))
    assert any("can no longer be changed" in error for error in errors(page))
    before = assigned.promised_from
    assigned.refresh_from_db()
    assert (assigned.status, assigned.promised_from) == (BookingStatus.EN_ROUTE, before)
    assert Assignment.objects.filter(booking=assigned).exists()


def test_a_move_over_somebody_elses_change_is_refused(assigned, client_of, form_of):
    day = assigned.service_on + timedelta(days=1)
    page = opened_and_sent(
        assigned, client_of, form_of, meanwhile={"notes": "theirs"}, **on_day(day)
    )
    assert any("Somebody else changed this meanwhile" in error for error in errors(page))
    assert f'value="{day.isoformat()}T10:55"' in page.content.decode()
    assert Assignment.objects.filter(booking=assigned).exists()


def test_what_the_use_case_refuses_stands_on_the_form(assigned, send):
    """A day that is over: no field's own rule, but the rule of every edit."""
    day = assigned.service_on - timedelta(days=3)
    page = send("booking", assigned, "dispatcher", **on_day(day))
    assert "This day is over." in errors(page)
    assert f'value="{day.isoformat()}T10:55"' in page.content.decode()
    assert Assignment.objects.filter(booking=assigned).exists()


def test_a_return_on_call_moves_to_another_day_without_a_promise(world, send):
    booking = Booking.objects.get(company=world.company, is_will_call=True)
    day = timezone.localdate() + timedelta(days=1)
    assert send("booking", booking, "dispatcher", service_on=day.isoformat()).status_code == 302
    before = booking.version
    booking.refresh_from_db()
    assert (booking.service_on, booking.version) == (day, before + 1)


def test_only_drafts_are_deleted(world, client_of):
    client = client_of("admin")
    draft = make_booking(world.company, status="draft")
    for booking, code in ((world.rows["booking"], 403), (draft, 302)):
        url = reverse("admin:dispatch_booking_delete", args=[booking.pk])
        assert client.post(url, {"post": "yes"}).status_code == code
    assert not Booking.objects.filter(pk=draft.pk).exists()


def test_confirming_and_cancelling_are_actions(world, client_of):
    client, url = client_of("dispatcher"), reverse("admin:dispatch_booking_changelist")
    draft = make_booking(world.company, status="draft")
    assigned = world.rows["assignment"].booking

    def act(action, *bookings, **more):
        chosen = {"action": action, "_selected_action": [b.pk for b in bookings]}
        return client.post(url, chosen | more, follow=True)

    act("confirm", draft)
    draft.refresh_from_db()
    assert draft.status == BookingStatus.CONFIRMED
    asked = act("cancel", draft, assigned)
    assert b"2 journeys will be cancelled" in asked.content
    assert not Booking.objects.exclude(status_reason="").exists()
    act("cancel", draft, assigned, reason="patient_request")
    # Long after the day: whoever calls off now is late.
    cancelled = Booking.objects.filter(
        status=BookingStatus.LATE_CANCEL, status_reason="patient_request"
    )
    assert {b.pk for b in cancelled} == {draft.pk, assigned.pk}
    assert not Assignment.objects.filter(booking=assigned).exists()


def test_cancelling_the_way_there_names_the_way_back(world, client_of):
    there = make_outbound(world.company)
    back = make_return(there)
    url = reverse("admin:dispatch_booking_changelist")
    data = {"action": "cancel", "_selected_action": [there.pk], "reason": "other"}
    page = client_of("dispatcher").post(url, data, follow=True)
    (told,) = [str(m) for m in page.context["messages"] if back.reference in str(m)]
    assert reverse("admin:dispatch_booking_change", args=[back.pk]) in told
    back.refresh_from_db()
    assert back.status == BookingStatus.CONFIRMED
    more = make_outbound(world.company)
    data["_selected_action"] = [more.pk, make_return(more).pk]
    page = client_of("dispatcher").post(url, data, follow=True)
    assert not any("Its return" in str(m) for m in page.context["messages"])


def test_an_action_that_cannot_be_says_which_and_why(world, client_of):
    confirmed = world.rows["booking"]
    data = {"action": "confirm", "_selected_action": [confirmed.pk]}
    page = client_of("admin").post(reverse("admin:dispatch_booking_changelist"), data, follow=True)
    said = [str(message) for message in page.context["messages"]]
    assert any(confirmed.reference in line and "cannot become" in line for line in said)


def test_an_auditor_has_no_actions_that_write(world, client_of):
    page = client_of("auditor").get(reverse("admin:dispatch_booking_changelist"))
    assert b'value="cancel"' not in page.content
    data = {"action": "cancel", "_selected_action": [world.rows["booking"].pk], "reason": "other"}
    client_of("auditor").post(reverse("admin:dispatch_booking_changelist"), data)
    world.rows["booking"].refresh_from_db()
    assert world.rows["booking"].status == BookingStatus.CONFIRMED


def test_the_return_has_a_page_of_its_own(world, client_of, form_of):
    day = local_day(world.company, timezone.now()) + timedelta(days=1)
    there, client = make_booking(world.company, pickup_at=at(9, day=day)), client_of("dispatcher")
    change = reverse("admin:dispatch_booking_change", args=[there.pk])
    assert client.get(change).context["why_url"].endswith("/why/")
    url = client.get(change).context["return_url"]
    page = client.get(url)
    early = client.post(url, form_of(page, requested_at=f"{day}T08:00"))
    assert "before the outbound" in str(early.context["form"].errors["promised_from"])
    half = client.post(url, form_of(page, promised_from=f"{day}T12:00"))
    assert "lacks its beginning" in str(half.context["form"].errors["promised_to"])
    assert client.post(url, form_of(page, requested_at=f"{day}T12:00")).status_code == 302
    back = Booking.objects.get(outbound=there)
    assert (back.promised_from, back.pickup) == (at(11, 55, day=day), there.dropoff)
    assert "return_url" not in client.get(change).context
    again = client.post(url, form_of(page, is_on_call="on"))
    assert "This journey has its return already." in again.context["form"].non_field_errors()


def test_the_page_of_a_return_is_for_those_who_may_write(world, client_of):
    there = make_booking(world.company)
    url = reverse("admin:dispatch_booking_return", args=[there.pk])
    assert client_of("auditor").get(url).status_code == 403
    assert client_of("outsider").get(url).status_code == 404


def test_seconds_of_a_moment_survive_a_form_that_does_not_show_them(world, send):
    booking = make_booking(world.company, requested_at=at(9) + timedelta(seconds=17))
    assert send("booking", booking, notes="x").status_code == 302
    booking.refresh_from_db()
    assert booking.requested_at == at(9) + timedelta(seconds=17)
