"""The sentences of a journey that another vehicle or a taxi partner went on with."""

from __future__ import annotations

import pytest

from dispatch.models import Booking, Company, Shift
from dispatch.pages.handover_lines import handover_lines
from tests.dispatch.models.violations.handover import make_handover
from tests.factories import at, make_booking, make_driver, make_place, make_shift, make_vehicle

pytestmark = pytest.mark.django_db


@pytest.fixture
def lost(company: Company) -> Shift:
    return make_shift(
        company,
        driver=make_driver(company, last_name="Rey", first_name="Anna"),
        vehicle=make_vehicle(company, name="Van A"),
    )


@pytest.fixture
def booking(company: Company) -> Booking:
    return make_booking(company)


def test_a_journey_that_stayed_with_its_driver_says_nothing(booking: Booking) -> None:
    assert handover_lines(booking) == ()


def test_from_the_road_to_another_vehicle_and_then_to_a_taxi(lost: Shift, booking: Booking) -> None:
    spot = make_place(lost.company, address="Rue du Lac 1", town="Genève")
    make_handover(lost, booking, at=at(9), place=spot, resumed_at=at(9, 40))
    make_handover(lost, booking, at=at(9, 50), place=spot, price_c=2_250)
    first, second = handover_lines(booking)
    assert first == (
        "Rey Anna, Van A, had it until 09:00. "
        "The patient waited at Rue du Lac 1, Genève and was on board again at 09:40."
    )
    assert second == (
        "Rey Anna, Van A, had it until 09:50. The patient was to be fetched at Rue du Lac 1, Genève. "
        "A taxi partner went on: about CHF 22.50."
    )


def test_who_waits_and_who_was_never_on_board(lost: Shift, booking: Booking) -> None:
    spot = make_place(lost.company, address="Rue du Lac 1", town="Genève")
    make_handover(lost, booking, at=at(9), place=spot)
    make_handover(lost, booking, at=at(9, 10), place=None, price_c=900)
    waits, partner = handover_lines(booking)
    assert waits.endswith("The patient waits at Rue du Lac 1, Genève.")
    assert partner == "Rey Anna, Van A, had it until 09:10. A taxi partner went on: about CHF 9.00."
