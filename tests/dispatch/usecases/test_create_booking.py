"""A booking is taken: what is promised follows from the company's rules, and nonsense is refused by name."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from dispatch.enums import BookingStatus, Leg
from dispatch.models import Booking, Company, Patient, Place
from dispatch.usecases.book_return import NoReturnError, book_return
from dispatch.usecases.create_booking import NewBooking, create_booking
from dispatch.usecases.errors import NotFoundError, StaleBookingError
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.promise import Window, pickup_for
from dispatch.usecases.wall_time import AmbiguousTimeError, NoSuchTimeError, moment_of
from dispatch.usecases.way_back import NewReturn
from tests.factories import (
    DAY,
    at,
    make_booking,
    make_company,
    make_establishment,
    make_outbound,
    make_patient,
    make_place,
    make_return,
)

pytestmark = pytest.mark.django_db

NOW = at(6)


@pytest.fixture
def patient(company: Company) -> Patient:
    """At home 10.0 km (0.09 degrees of latitude) south of the clinic."""
    return make_patient(company, home=make_place(company, lat=46.20))


@pytest.fixture
def clinic() -> Place:
    return make_establishment(lat=46.29)


def taken(patient: Patient, clinic: Place, **fields: Any) -> Booking:
    assert patient.home_id is not None
    wanted = NewBooking(
        **{"patient_id": patient.pk, "pickup_id": patient.home_id, "dropoff_id": clinic.pk} | fields
    )
    created = create_booking(company=patient.company, wanted=wanted, now=NOW)
    return Booking.objects.get(pk=created.pk)


def refused(patient: Patient, clinic: Place, **fields: Any) -> set[str]:
    with pytest.raises(InvalidRowError) as refusal:
        taken(patient, clinic, **fields)
    assert str(refusal.value)
    assert not Booking.objects.exists()
    return set(refusal.value.errors)


def test_the_window_lies_around_the_pickup_asked_for(patient: Patient, clinic: Place) -> None:
    booking = taken(patient, clinic, requested_at=at(9))
    assert (booking.promised_from, booking.promised_to) == (at(8, 55), at(9, 15))
    assert (booking.status, booking.leg) == (BookingStatus.CONFIRMED, Leg.SINGLE)
    assert booking.service_on == DAY


def test_a_company_has_its_own_window(patient: Patient, clinic: Place) -> None:
    patient.company.settings = {"pickup_window_before_min": 0, "pickup_window_after_min": 30}
    booking = taken(patient, clinic, requested_at=at(9))
    assert (booking.promised_from, booking.promised_to) == (at(9), at(9, 30))


def test_a_window_that_was_agreed_is_kept(patient: Patient, clinic: Place) -> None:
    booking = taken(patient, clinic, promised=Window(at(9), at(10)))
    assert (booking.requested_at, booking.promised_from, booking.promised_to) == (
        at(9),
        at(9),
        at(10),
    )


def test_the_pickup_follows_from_the_appointment(patient: Patient, clinic: Place) -> None:
    """10 008 m × 1.35 at 32 km/h is 1520 s; the traffic of nine o'clock makes it 1976 s, 32 min 56 s.

    With the window after the pickup (15), boarding (3) and the margin (2) the latest pickup for ten o'clock
    is 09:07:04; nobody is promised seven minutes past.
    """
    booking = taken(patient, clinic, appointment_at=at(10))
    assert booking.requested_at == at(9, 5)
    assert booking.promised_to == at(9, 20)


def test_without_a_time_or_a_position_nothing_is_guessed(company: Company, clinic: Place) -> None:
    lost = make_patient(company, home=make_place(company, lat=None))
    assert refused(lost, clinic, appointment_at=at(10)) == {"requested_at"}
    found = make_patient(company)
    assert refused(found, clinic) == {"requested_at"}
    assert taken(lost, clinic, requested_at=at(9)).coordinates_known is False


def test_the_way_to_an_unknown_place_has_no_pickup(patient: Patient) -> None:
    nowhere = make_place(patient.company, lat=None)
    home = patient.home
    assert home is not None
    found = pickup_for(
        company=patient.company,
        patient=patient,
        pickup=home,
        dropoff=nowhere,
        appointment_at=at(10),
    )
    assert found is None


def test_the_day_is_the_local_one(patient: Patient, clinic: Place) -> None:
    """Half past midnight in Geneva is still the day before in UTC."""
    booking = taken(patient, clinic, requested_at=at(0, 30, day=DAY + timedelta(days=1)))
    assert booking.service_on == DAY + timedelta(days=1)


def test_a_draft_is_promised_to_nobody_yet(patient: Patient, clinic: Place) -> None:
    booking = taken(patient, clinic, requested_at=at(9), is_draft=True)
    assert booking.status == BookingStatus.DRAFT
    back = book_return(
        outbound_id=booking.pk,
        wanted=NewReturn(is_on_call=True),
        now=NOW,
        expected_version=1,
    )
    assert back.status == BookingStatus.DRAFT


def test_nonsense_is_refused_with_its_field(patient: Patient, clinic: Place) -> None:
    yesterday = at(9, day=DAY - timedelta(days=1))
    assert refused(patient, clinic, requested_at=yesterday) == {"requested_at"}
    assert refused(patient, clinic, requested_at=at(9), dropoff_id=patient.home_id) == {"dropoff"}
    before = refused(patient, clinic, requested_at=at(9), appointment_at=at(8))
    assert before == {"appointment_at"}
    tomorrow = at(9, day=DAY + timedelta(days=1))
    late = refused(patient, clinic, requested_at=at(9), appointment_at=tomorrow)
    assert late == {"appointment_at"}
    assert refused(patient, clinic, requested_at=at(9), escort_seats=9) == {"escort_seats"}
    assert refused(patient, clinic, promised=Window(at(10), at(9))) == {"promised_to"}


def test_rows_of_others_do_not_exist(patient: Patient, clinic: Place) -> None:
    other = make_company()
    stranger, house = make_patient(other), make_place(other)
    found = refused(patient, clinic, requested_at=at(9), patient_id=stranger.pk, pickup_id=house.pk)
    assert found == {"patient", "pickup"}


def test_today_can_be_written_down_late(patient: Patient, clinic: Place) -> None:
    assert taken(patient, clinic, requested_at=at(5)).service_on == DAY


class TestTheWayBack:
    def test_at_a_time(self, patient: Patient, clinic: Place) -> None:
        back = NewReturn(requested_at=at(11), same_driver=True, notes="Ward 3")
        there = taken(patient, clinic, requested_at=at(9), escort_seats=1, way_back=back)
        booked = there.return_booking
        assert (booked.leg, booked.pickup_id, booked.dropoff_id) == (
            Leg.RETURN,
            clinic.pk,
            patient.home_id,
        )
        assert (booked.promised_from, booked.promised_to) == (at(10, 55), at(11, 15))
        assert (booked.escort_seats, booked.same_driver_as_outbound) == (1, True)
        assert there.leg == Leg.OUTBOUND

    def test_on_call(self, patient: Patient, clinic: Place) -> None:
        there = taken(patient, clinic, requested_at=at(9), way_back=NewReturn(is_on_call=True))
        back = there.return_booking
        assert (back.is_will_call, back.promised_from, back.service_on) == (True, None, DAY)

    def test_in_a_window_that_was_agreed(self, patient: Patient, clinic: Place) -> None:
        wanted = NewReturn(promised=Window(at(11), at(12)))
        back = taken(patient, clinic, requested_at=at(9), way_back=wanted).return_booking
        assert (back.requested_at, back.promised_to) == (at(11), at(12))

    @pytest.mark.parametrize(
        "wanted",
        [
            NewReturn(),
            NewReturn(is_on_call=True, requested_at=at(11)),
            NewReturn(is_on_call=True, promised=Window(at(11), at(12))),
        ],
    )
    def test_has_a_time_or_is_on_call(
        self, patient: Patient, clinic: Place, wanted: NewReturn
    ) -> None:
        assert refused(patient, clinic, requested_at=at(9), way_back=wanted) == {
            "way_back.requested_at"
        }

    def test_never_begins_before_the_way_there(self, patient: Patient, clinic: Place) -> None:
        wanted = NewReturn(requested_at=at(9))
        found = refused(patient, clinic, requested_at=at(9), way_back=wanted)
        assert found == {"way_back.promised_from"}

    def test_is_booked_afterwards(self, company: Company) -> None:
        there = make_booking(company)
        back = book_return(
            outbound_id=there.pk,
            wanted=NewReturn(requested_at=at(11)),
            now=NOW,
            expected_version=1,
        )
        there.refresh_from_db()
        assert (back.outbound_id, there.leg, there.version) == (there.pk, Leg.OUTBOUND, 2)

    def test_is_booked_once_and_for_a_journey_that_takes_place(self, company: Company) -> None:
        def book(booking: Booking, version: int | None = None) -> None:
            wanted = NewReturn(requested_at=at(18))
            book_return(outbound_id=booking.pk, wanted=wanted, now=NOW, expected_version=version)

        there = make_outbound(company)
        back = make_return(there)
        for booking in (there, back):
            with pytest.raises(NoReturnError):
                book(booking)
        Booking.objects.filter(pk=there.pk).update(
            status=BookingStatus.CANCELLED, status_reason="weather"
        )
        with pytest.raises(NoReturnError):
            book(there)
        with pytest.raises(StaleBookingError):
            book(make_booking(company), 7)
        there.pk = 0
        with pytest.raises(NotFoundError):
            book(there)


class TestWallTime:
    def test_an_ordinary_hour(self, company: Company) -> None:
        wall = datetime.fromisoformat("2026-06-17T07:00:00")
        assert moment_of(company, wall) == at(7)

    def test_the_hour_that_comes_twice_is_asked_about(self, company: Company) -> None:
        wall = datetime.fromisoformat("2026-10-25T02:30:00")
        with pytest.raises(AmbiguousTimeError) as question:
            moment_of(company, wall)
        summer, winter = question.value.moments
        assert winter - summer == timedelta(hours=1)
        assert "02:30+02:00" in str(question.value)
        assert "02:30+01:00" in str(question.value)

    def test_the_hour_that_is_skipped_is_refused(self, company: Company) -> None:
        with pytest.raises(NoSuchTimeError):
            moment_of(company, datetime.fromisoformat("2027-03-28T02:00:00"))

    @pytest.mark.parametrize("clock", ["01:59:59", "03:00:00"])
    def test_the_hours_beside_are_ordinary(self, company: Company, clock: str) -> None:
        for day in (date(2026, 10, 25), date(2027, 3, 28)):
            wall = datetime.fromisoformat(f"{day}T{clock}")
            local = moment_of(company, wall).astimezone(company.tz)
            assert local.replace(tzinfo=None) == wall
