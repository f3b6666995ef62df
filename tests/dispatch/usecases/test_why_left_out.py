"""A shift that takes no part in the day is listed among those who cannot, and says who or what is away until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from dispatch.enums import BookingStatus, Rule
from dispatch.models import Absence, Booking, Company, Shift
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.open_day import NotFeasibleError
from dispatch.usecases.preview_change import preview_change
from dispatch.usecases.rank_drivers import rank_drivers
from dispatch.usecases.wanted_changes import GiveTo
from dispatch.usecases.why_left_out import SENTENCES
from tests.factories import (
    DAY,
    at,
    between,
    bring,
    make_assignment,
    make_booking,
    make_driver,
    make_place,
    make_shift,
    make_vehicle,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shift(company: Company) -> Shift:
    paulo = make_driver(company, last_name="Silva", first_name="Paulo")
    return make_shift(company, driver=paulo, vehicle=make_vehicle(company, name="Van 12"))


@pytest.fixture
def booking(company: Company) -> Booking:
    make_shift(company)
    return make_booking(company)


def absent(shift: Shift) -> None:
    Absence.objects.create(driver=shift.driver, first_on=DAY, last_on=DAY + timedelta(days=2))


def away(shift: Shift, *until: datetime) -> None:
    begins = at(5)
    for ends in until:
        shift.vehicle.unavailabilities.create(period=between(begins, ends))
        begins = ends


def left(shift: Shift) -> None:
    shift.driver.active = False
    shift.driver.save()


def retired(shift: Shift) -> None:
    shift.vehicle.active = False
    shift.vehicle.save()


def unlicensed(shift: Shift) -> None:
    shift.driver.licences.all().delete()


def without_seats(shift: Shift) -> None:
    shift.vehicle.configurations.all().delete()


def without_base(shift: Shift) -> None:
    shift.start_place = make_place(shift.company, lat=None, lon=None)
    shift.save()


def stuck(shift: Shift) -> None:
    """Two strangers are on board at once, in a vehicle with one seat."""
    shift.vehicle.configurations.update(seats=1)
    for minute in (0, 10):
        row = make_booking(shift.company, pickup_at=at(6, minute))
        make_assignment(row, shift, start=at(6, minute), end=at(6, minute + 5))
        bring(row, BookingStatus.ON_BOARD, boarded_at=at(6, minute))


CASES: list[tuple[Callable[[Shift], None], str]] = [
    (absent, "Silva Paulo is absent up to 19 Jun 2026, that day included."),
    (lambda shift: away(shift, at(20)), "Van 12 is out of service until 20:00."),
    (lambda shift: away(shift, at(12), at(21)), "Van 12 is out of service until 21:00."),
    (
        lambda shift: away(shift, at(20) + timedelta(days=1)),
        "Van 12 is out of service until 18 Jun 2026, 20:00.",
    ),
    (left, "Silva Paulo is no longer active."),
    (retired, "Van 12 is no longer in use."),
    (unlicensed, "Silva Paulo has no valid licence for Van 12."),
    (without_seats, "Van 12 has no seat configuration."),
    (without_base, "Nobody knows where Van 12 begins: the base has no coordinates."),
    (
        stuck,
        "What Silva Paulo has begun cannot be timed by the rules: nothing is added to it.",
    ),
]


@pytest.mark.parametrize(("happens", "sentence"), CASES)
def test_who_takes_no_part_says_why(
    shift: Shift, booking: Booking, happens: Callable[[Shift], None], sentence: str
) -> None:
    """In the list of who cannot, where somebody asks what it would do, and where they do it."""
    happens(shift)
    now = at(6, 30)
    ranked = rank_drivers(booking_id=booking.pk, now=now)
    (unable,) = (one for one in ranked.unable if one.shift == shift)
    assert (unable.rule, unable.amount, unable.sentence) == (Rule.SHIFT, 0, sentence)
    assert len(ranked.options) == 1
    with pytest.raises(NotFeasibleError) as refusal:
        assign_booking(
            booking_id=booking.pk, shift_id=shift.pk, by=None, now=now, expected_version=None
        )
    assert (refusal.value.rule, str(refusal.value)) == (Rule.SHIFT, sentence)
    with pytest.raises(NotFeasibleError, match=sentence[:9]):
        preview_change(booking_id=booking.pk, wanted=GiveTo(shift_id=shift.pk), now=now)


def test_a_shift_of_another_day_is_none(booking: Booking, company: Company) -> None:
    begins = at(7) + timedelta(days=3)
    other = make_shift(company, start=begins, end=begins + timedelta(hours=8))
    with pytest.raises(NotFoundError):
        assign_booking(
            booking_id=booking.pk, shift_id=other.pk, by=None, now=at(6), expected_version=None
        )


def test_every_reason_has_a_sentence() -> None:
    assert (
        len(SENTENCES) == len({case for case, _ in CASES}) - 2
    )  # the vehicle is away in three ways
