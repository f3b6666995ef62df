"""What of a day may be planned by hand: what is under way stays the beginning of its tour, whatever else is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.engine.handmade import HandRoute, HandTrips
from dispatch.enums import BookingStatus, VisitKind
from dispatch.models import Booking, Company, Shift
from dispatch.usecases.day_content import DayOverError
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.tours_by_hand import Place, ToursByHand, tours_by_hand
from tests.factories import DAY, at, make_assignment, make_booking, make_shift

pytestmark = pytest.mark.django_db


@pytest.fixture
def aboard(company: Company, shift: Shift) -> Booking:
    booking = make_booking(company, pickup_at=at(9))
    make_assignment(booking, shift)
    steps = (BookingStatus.EN_ROUTE, BookingStatus.ARRIVED, BookingStatus.ON_BOARD)
    for minute, step in enumerate(steps, start=50):
        record_progress(booking_id=booking.pk, to=step, at=at(8, minute), expected_version=None)
    return booking


def tours(company: Company) -> ToursByHand:
    return tours_by_hand(company=company, day=DAY, now=at(9))


def test_only_what_has_not_begun_may_move(company: Company, shift: Shift, aboard: Booking) -> None:
    later = make_booking(company, pickup_at=at(14))
    make_assignment(later, shift, start=at(14, 5))
    asked = make_booking(company, pickup_at=at(13))
    found = tours(company)
    assert aboard.pk not in found.in_force
    assert [row.pk for row in found.bookings] == [asked.pk, later.pk]
    assert found.in_force == {
        asked.pk: Place(shift_id=None, at=at(13)),
        later.pk: Place(shift_id=shift.pk, at=at(14, 5)),
    }


def test_who_is_on_board_is_driven_first(company: Company, shift: Shift, aboard: Booking) -> None:
    one, two = (make_booking(company, pickup_at=at(hour)) for hour in (14, 15))
    found = tours(company)
    places = {pk: replace(place, shift_id=shift.pk) for pk, place in found.in_force.items()}
    (unordered,) = found.hand_plan(places).routes
    assert isinstance(unordered, HandTrips)
    assert unordered.trips == (f"b{aboard.pk}", f"b{one.pk}", f"b{two.pk}")
    places[two.pk] = Place(shift_id=shift.pk, at=at(10), is_typed=True)
    (ordered,) = found.hand_plan(places).routes
    assert isinstance(ordered, HandRoute)
    assert [tuple(hand.visit) for hand in ordered.visits] == [
        (f"b{pk}", kind)
        for pk in (aboard.pk, two.pk, one.pk)
        for kind in (VisitKind.PICKUP, VisitKind.DROPOFF)
    ]


def test_tours_that_are_left_alone_stay_and_nobody_is_left_out_knowingly(
    company: Company, shift: Shift
) -> None:
    booking, lost = make_booking(company), make_booking(company, pickup_at=at(16))
    make_assignment(booking, shift)
    make_shift(company)
    found = tours(company)
    hand = found.hand_plan(found.in_force)
    assert all(isinstance(route, HandRoute) for route in hand.routes)
    assert [len(route.visits) for route in hand.routes if isinstance(route, HandRoute)] == [2, 0]
    assert hand.left == (f"b{lost.pk}",)


def test_a_day_that_is_over_is_not_planned(company: Company, shift: Shift) -> None:
    assert shift.pk
    with pytest.raises(DayOverError):
        tours_by_hand(company=company, day=DAY, now=at(9, day=DAY.replace(day=18)))
