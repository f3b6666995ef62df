"""What cannot be deleted says why and what to do instead, and is still there afterwards."""

from __future__ import annotations

import pytest
from django.urls import reverse

from dispatch.enums import BookingStatus
from dispatch.models import Assignment
from tests.factories import (
    at,
    make_assignment,
    make_booking,
    make_outbound,
    make_return,
    make_shift,
)

pytestmark = pytest.mark.django_db


def deletion(row):
    return reverse(f"admin:dispatch_{row._meta.model_name}_delete", args=[row.pk])


@pytest.mark.parametrize(
    ("desk", "words"),
    [
        ("shift", "1 journey still to be driven is on it ("),
        ("driver", "1 shift names this driver and stays in the books. Untick “active” instead"),
        ("vehicle", "1 shift names this vehicle and stays in the books. Untick “active” instead"),
        ("patient", "journeys (2) and series (0) name this patient"),
        ("place", "in use by bookings: 2; patients: 1. Change or delete that first."),
        ("skill", "in use by skills of drivers: 1. Change or delete that first."),
    ],
)
def test_what_holds_a_row_is_said_with_the_way_out(world, client_of, desk, words):
    row, client = world.rows[desk], client_of("admin")
    for answer in (client.get(deletion(row)), client.post(deletion(row), {"post": "yes"})):
        said = answer.content.decode()
        assert words in said
        assert "permission" not in said
        assert 'name="post"' not in said
    assert type(row).objects.filter(pk=row.pk).exists()


def test_a_shift_names_a_few_of_its_journeys_and_counts_the_rest(world, client_of):
    shift = make_shift(world.company)
    made = [make_booking(world.company, pickup_at=at(8 + hour)) for hour in range(7)]
    for booking in made:
        make_assignment(booking, shift)
    said = client_of("dispatcher").get(deletion(shift)).content.decode()
    named = ", ".join(booking.reference for booking in made[:5])
    assert f"7 journeys still to be driven are on it ({named} + 2)." in said


def test_a_shift_that_is_over_stays_in_the_books(world, client_of):
    Assignment.objects.update(is_over=True)
    said = client_of("dispatcher").get(deletion(world.rows["shift"])).content.decode()
    assert "its journeys are over, and it stays in the books" in said


def test_a_series_with_journeys_is_ended_instead(world, client_of):
    order = world.rows["standingorder"]
    make_booking(
        world.company, patient=order.patient, standing_order=order, series_on=order.starts_on
    )
    said = client_of("dispatcher").get(deletion(order)).content.decode()
    assert "1 journey was booked from it and stays in the books. End the series instead" in said


def test_a_draft_with_a_way_back_waits_for_that(world, client_of):
    draft = make_outbound(world.company, status=BookingStatus.DRAFT)
    back = make_return(draft, status=BookingStatus.DRAFT)
    said = client_of("dispatcher").get(deletion(draft)).content.decode()
    assert f"it has a way back ({back.reference}). Delete that first." in said


def test_of_several_at_once_each_says_why(world, client_of):
    free, held = make_shift(world.company), world.rows["shift"]
    url = reverse("admin:dispatch_shift_changelist")
    chosen = {"action": "delete_selected", "_selected_action": [free.pk, held.pk], "post": "yes"}
    said = client_of("dispatcher").post(url, chosen).content.decode()
    assert "Nothing was deleted." in said
    assert f"{held}: 1 journey still to be driven" in said
    assert type(free).objects.filter(pk__in=[free.pk, held.pk]).count() == 2


def test_what_nothing_holds_goes_as_before(world, client_of):
    free = make_shift(world.company)
    client = client_of("dispatcher")
    assert "Are you sure" in client.get(deletion(free)).content.decode()
    assert client.post(deletion(free), {"post": "yes"}).status_code == 302
    assert not type(free).objects.filter(pk=free.pk).exists()
