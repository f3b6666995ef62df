"""What is odd about a booking is said, what cannot be is refused; each on a case one can compute."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from dispatch.enums import BookingStatus, DoubtKind, Mobility
from dispatch.models import Booking, Company, Vehicle
from dispatch.usecases.create_booking import NewBooking, create_booking
from dispatch.usecases.doubts import doubts_about
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.promise import Window, driving_s
from dispatch.usecases.way_back import NewReturn
from tests.factories import (
    DAY,
    at,
    make_booking,
    make_company,
    make_outbound,
    make_patient,
    make_place,
    make_return,
    make_vehicle,
)

pytestmark = pytest.mark.django_db

NOW = at(6)


@pytest.fixture
def company() -> Company:
    company = make_company()
    make_vehicle(company, seats=3, wheelchairs=1)
    return company


def told(booking: Booking) -> list[tuple[DoubtKind, str]]:
    booking = Booking.objects.select_related("company").get(pk=booking.pk)
    return [(doubt.kind, doubt.field) for doubt in doubts_about(booking, now=NOW)]


def sentence(booking: Booking) -> str:
    (doubt,) = doubts_about(booking, now=NOW)
    return doubt.sentence


def test_an_ordinary_journey_raises_none(company: Company) -> None:
    there = make_outbound(company, appointment_at=at(10))
    assert told(there) == []
    assert told(make_return(there)) == []


def test_needs_that_no_vehicle_serves(company: Company) -> None:
    lying = make_patient(company, mobility=Mobility.STRETCHER)
    booking = make_booking(company, patient=lying)
    assert told(booking) == [(DoubtKind.NO_VEHICLE, "patient")]
    assert "1 stretcher" in sentence(booking)
    fitted = make_vehicle(company, stretchers=1, equipment=["ramp", "stretcher"])
    assert told(booking) == []
    Vehicle.objects.filter(pk=fitted.pk).update(active=False)
    assert told(booking) == [(DoubtKind.NO_VEHICLE, "patient")]
    crowd = make_booking(company, escort_seats=4)
    assert told(crowd) == [(DoubtKind.NO_VEHICLE, "patient")]


def test_one_patient_in_two_places(company: Company) -> None:
    first = make_booking(company)
    clash: dict[str, Any] = {"patient": first.patient, "pickup_at": at(9, 15)}
    second = make_booking(company, **clash)
    assert told(second) == [(DoubtKind.TWO_AT_ONCE, "patient")]
    assert first.reference in sentence(second)
    Booking.objects.filter(pk=first.pk).update(
        status=BookingStatus.CANCELLED, status_reason="patient_request"
    )
    assert told(second) == []
    assert told(make_booking(company, patient=first.patient, pickup_at=at(9, 35))) == []


def test_a_window_that_arrives_after_the_appointment(company: Company) -> None:
    """09:00–09:20 and two minutes of boarding: late by the end of the window, or even at its beginning."""
    far = make_place(company, lat=46.25, lon=6.15)
    booking = make_booking(
        company, dropoff=far, promised_from=at(9), promised_to=at(9, 20), appointment_at=at(9, 30)
    )
    ride_s = driving_s(company, booking.pickup, far, at(9, 30))
    assert ride_s is not None
    ride_min = (ride_s + 60 * booking.patient.boarding_min) / 60
    assert 10 < ride_min < 30
    assert told(booking) == [(DoubtKind.LATE_ARRIVAL, "appointment_at")]
    assert sentence(booking).startswith("A pickup at the end of the window arrives")
    booking.appointment_at = at(9, 5)
    assert sentence(booking).startswith("Even a pickup at the beginning of the window")
    booking.appointment_at = at(9, 20) + timedelta(minutes=ride_min)
    assert doubts_about(booking, now=NOW) == ()


def test_a_wide_window_a_far_year_and_a_place_without_position(company: Company) -> None:
    wide = make_booking(company, promised_from=at(8), promised_to=at(10, 1))
    assert told(wide) == [(DoubtKind.WIDE_WINDOW, "promised_to")]
    assert "121 minutes" in sentence(wide)
    year = make_booking(company, pickup_at=at(9, day=date(2027, 6, 19)))
    assert told(year) == [(DoubtKind.FAR_AHEAD, "requested_at")]
    lost = make_booking(company, dropoff=make_place(company, lat=None), appointment_at=at(10))
    assert told(lost) == [(DoubtKind.UNKNOWN_PLACE, "dropoff")]


def test_a_return_before_the_appointment_is_seen_from_both_ends(company: Company) -> None:
    there = make_outbound(company, appointment_at=at(15))
    back = make_return(there, pickup_at=at(14))
    assert told(there) == [(DoubtKind.EARLY_RETURN, "promised_from")]
    assert told(back) == [(DoubtKind.EARLY_RETURN, "promised_from")]


def test_what_is_over_raises_no_doubt(company: Company) -> None:
    lying = make_patient(company, mobility=Mobility.STRETCHER)
    yesterday = make_booking(company, patient=lying, pickup_at=at(9, day=DAY - timedelta(days=1)))
    refused = make_booking(
        company, patient=lying, status=BookingStatus.REFUSED, status_reason="other"
    )
    assert (told(yesterday), told(refused)) == ([], [])


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"promised": Window(at(9), at(8))}, "promised_to", "ends before it begins"),
        ({"promised": Window(at(6), at(18, 1))}, "promised_to", "longer than 12 hours"),
        ({"appointment_at": at(8)}, "appointment_at", "before the pickup"),
        ({"appointment_at": at(9, 10)}, "promised_to", "ends after the appointment"),
        ({"requested_at": at(9, day=DAY - timedelta(days=1))}, "requested_at", "is over"),
        (
            {"way_back": NewReturn(requested_at=at(8))},
            "way_back.promised_from",
            "before the outbound",
        ),
        ({"is_round": True}, "dropoff", "end where it begins"),
    ],
)
def test_contradictions_are_refused_at_their_field(
    company: Company, said: dict[str, Any], field: str, words: str
) -> None:
    patient = make_patient(company)
    is_round = said.pop("is_round", False)
    assert patient.home_id is not None
    plain: dict[str, Any] = {
        "patient_id": patient.pk,
        "pickup_id": patient.home_id,
        "dropoff_id": patient.home_id if is_round else make_place(company).pk,
        "requested_at": at(9),
    }
    with pytest.raises(InvalidRowError) as refusal:
        create_booking(company=company, wanted=NewBooking(**plain | said), now=NOW)
    assert set(refusal.value.errors) == {field}
    assert words in str(refusal.value)
    assert not Booking.objects.exists()
