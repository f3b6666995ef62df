"""An impact in words: what a dispatcher reads before deciding."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from dispatch.engine.cost import Score
from dispatch.engine.impact import Breach, Impact, LongerRide, Pledge, Span
from dispatch.enums import Rule
from dispatch.models import Company
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.impact_card import impact_card, preview_card, price_parts
from dispatch.usecases.preview_change import Preview, preview_change
from dispatch.usecases.references import trip_ref
from dispatch.usecases.wanted_changes import GiveTo, TakeAway
from tests.factories import at, make_booking, make_shift

pytestmark = pytest.mark.django_db


def given(company: Company, *, end: datetime | None = None) -> tuple[Preview, Impact]:
    shift, booking = make_shift(company, end=end or at(19)), make_booking(company)
    wanted = GiveTo(shift_id=shift.pk)
    preview = preview_change(booking_id=booking.pk, wanted=wanted, now=at(6))
    assert isinstance(preview.answer, Impact)
    return preview, preview.answer


def test_who_comes_when_and_what_it_takes(company: Company) -> None:
    preview, impact = given(company)
    card = impact_card(preview.day, impact)
    assert card.token == preview.token
    assert card.pickup_at is not None
    assert card.dropoff_at is not None
    assert at(8, 55) <= card.pickup_at < card.dropoff_at
    (move,) = card.moves
    assert (move.from_shift, move.from_at, move.to_at) == (None, None, card.pickup_at)
    assert (move.minutes, move.is_told, card.others) == (0, False, ())
    (tour,) = card.tours
    assert (tour.leaves_before, tour.back_before, tour.overtime_min) == (None, None, 0)
    assert tour.leaves_at is not None
    assert tour.leaves_at < card.pickup_at
    assert card.added_km == tour.added_km > 0
    assert card.added_empty_km <= card.added_km
    assert [part.key for part in card.price] == ["driving", "fairness"]
    assert sum(part.points for part in card.price) == card.points
    assert card.overtime == ()


def test_who_would_work_over_is_said_and_priced(company: Company) -> None:
    """The shift ends by its roster before the patient is fetched; each second after that costs two."""
    company.settings = {"max_overtime_min": 240}
    company.save()
    preview, impact = given(company, end=at(8, 50))
    card = impact_card(preview.day, impact)
    (tour,) = card.overtime
    (change,) = impact.tours
    assert change.after.overtime_s == (change.after.back_s - 9 * 3600 + 600) > 0
    assert tour.overtime_min == -(-change.after.overtime_s // 60)
    (part,) = (part for part in card.price if part.key == "overtime")
    assert (part.name, part.points) == ("overtime", 2 * change.after.overtime_s)


def test_a_driver_taken_away(company: Company) -> None:
    shift, booking = make_shift(company), make_booking(company)
    assign_booking(
        booking_id=booking.pk, shift_id=shift.pk, by=None, now=at(6), expected_version=None
    )
    preview = preview_change(booking_id=booking.pk, wanted=TakeAway(), now=at(6))
    card = preview_card(preview.day, preview.answer).impact
    assert card is not None
    assert (card.pickup_at, card.dropoff_at) == (None, None)
    assert [(m.from_shift, m.to_shift) for m in card.moves] == [(shift, None)]
    assert card.drivers == (shift,)


def test_promises_that_break_and_longer_rides_are_said(company: Company) -> None:
    preview, impact = given(company)
    trip = trip_ref(preview.day.booking.pk)
    reference = preview.day.booking.reference
    worse = replace(
        impact,
        breaches=(
            Breach(trip, Pledge.PICKUP, Span(0, 61)),
            Breach(trip, Pledge.APPOINTMENT, Span(60, 300)),
        ),
        longer_rides=(LongerRide(trip, Span(600, 900)),),
    )
    card = impact_card(preview.day, worse)
    assert card.breaches == (
        f"{reference} would be fetched 2 min outside its promised window.",
        f"{reference} would miss its appointment by 5 min. Now it is 1 min.",
    )
    assert card.longer_rides == (f"{reference} would be on board 5 min longer.",)


def test_an_impossible_change_says_why_and_what_would_help(company: Company) -> None:
    shift, booking = make_shift(company, end=at(9)), make_booking(company)
    wanted = GiveTo(shift_id=shift.pk)
    preview = preview_change(booking_id=booking.pk, wanted=wanted, now=at(6))
    card = preview_card(preview.day, preview.answer)
    assert card.impact is None
    assert card.refusal is not None
    assert card.refusal.rule is Rule.SHIFT
    assert card.refusal.sentence.startswith(f"{shift.driver} ")
    assert card.refusal.advice


def test_only_what_changes_has_its_price() -> None:
    parts = list(price_parts(Score(driving=5, unserved=9, waiting=1), Score(driving=7, waiting=1)))
    assert [(part.key, part.name, part.points) for part in parts] == [("driving", "driving", 2)]
