"""Handovers that must not be."""

from __future__ import annotations

from typing import Any

from dispatch.models import Booking, Company, Handover, Shift
from tests.dispatch.models.violations.registry import violates
from tests.factories import (
    at,
    make_booking,
    make_company,
    make_driver,
    make_place,
    make_shift,
    make_vehicle,
)


def make_handover(lost: Shift, booking: Booking | None = None, **fields: Any) -> Handover:
    """At nine, of a patient who waits at a place of the company."""
    defaults: dict[str, Any] = {
        "company": lost.company,
        "booking": booking or make_booking(lost.company),
        "shift": lost,
        "driver": lost.driver,
        "vehicle": lost.vehicle,
        "at": at(9),
        "place": make_place(lost.company),
    }
    return Handover.objects.create(**defaults | fields)


@violates("handover_one_wait")
def waits_at_two_places(company: Company) -> None:
    shift, booking = make_shift(company), make_booking(company)
    make_handover(shift, booking)
    make_handover(shift, booking)


@violates("handover_has_a_cause")
def nobody_on_board_and_no_partner(company: Company) -> None:
    make_handover(make_shift(company), place=None)


@violates("handover_resumed_after_wait")
def on_board_again_before_the_breakdown(company: Company) -> None:
    make_handover(make_shift(company), resumed_at=at(8))


@violates("handover_resumed_after_wait")
def on_board_again_in_a_taxi(company: Company) -> None:
    make_handover(make_shift(company), price_c=2_000, resumed_at=at(10))


@violates("handover_booking_same_company")
def journey_of_a_rival(company: Company) -> None:
    make_handover(make_shift(company), make_booking(make_company()))


@violates("handover_shift_same_company")
def shift_of_a_rival(company: Company) -> None:
    make_handover(make_shift(company), shift=make_shift(make_company()))


@violates("handover_driver_same_company")
def driver_of_a_rival(company: Company) -> None:
    make_handover(make_shift(company), driver=make_driver(make_company()))


@violates("handover_vehicle_same_company")
def vehicle_of_a_rival(company: Company) -> None:
    make_handover(make_shift(company), vehicle=make_vehicle(make_company()))


@violates("handover_place_same_company")
def waits_at_a_base_of_a_rival(company: Company) -> None:
    make_handover(make_shift(company), place=make_place(make_company()))


@violates("handover_keeps_company")
def handover_moves_away(company: Company) -> None:
    handover = make_handover(make_shift(company))
    Handover.objects.filter(pk=handover.pk).update(company=make_company())
