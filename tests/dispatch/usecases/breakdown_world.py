"""A morning on which a vehicle breaks down: somebody on board, somebody waited for, somebody at eleven, and another driver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dispatch.enums import BookingStatus, Loss
from dispatch.models import Booking, Company, Place, Shift
from dispatch.usecases.apply_rescue import RescueApplied, apply_rescue
from dispatch.usecases.price_rescue import Way, price_rescue, stamp_of
from dispatch.usecases.propose_rescue import RescueProposal, propose_rescue
from dispatch.usecases.references import row_id
from dispatch.usecases.stranded_shift import Lost
from tests.factories import (
    at,
    bring,
    make_assignment,
    make_booking,
    make_driver,
    make_establishment,
    make_patient,
    make_place,
    make_shift,
    make_vehicle,
)

NOW = at(9, 10)
KM = 0.009  # degrees of latitude: a kilometre to the north


def spot(company: Company | None, km: float, **fields: Any) -> Place:
    """So far north of the base; nobody knows where with `lat=None`."""
    where = {"lat": 46.2102 + km * KM, "lon": 6.1424, "name": f"km {km}"}
    return make_place(company, **where | fields)


def ride(shift: Shift, hour: int, minute: int, km: float, **fields: Any) -> Booking:
    """From this kilometre to a clinic at kilometre 10."""
    company = shift.company
    patient = fields.pop("patient", None) or make_patient(company, home=spot(company, km))
    booking = make_booking(
        company,
        pickup_at=at(hour, minute),
        patient=patient,
        dropoff=make_establishment(company, lat=46.2102 + 10 * KM, lon=6.1424),
        **fields,
    )
    make_assignment(booking, shift, start=at(hour, minute))
    return booking


@dataclass
class Morning:
    """`aboard` boarded at nine; the driver is at the door of `waited`; `eleven` is still far away."""

    shift: Shift
    other: Shift
    aboard: Booking
    waited: Booking
    eleven: Booking

    @property
    def company(self) -> Company:
        return self.shift.company

    def lost(self, what: Loss = Loss.VEHICLE, place: Place | None = None) -> Lost:
        return Lost(shift_id=self.shift.pk, what=what, place_id=None if place is None else place.pk)

    def proposal(self, what: Loss = Loss.VEHICLE, now: datetime = NOW) -> RescueProposal:
        return propose_rescue(lost=self.lost(what), now=now)

    def apply(self, proposal: RescueProposal, *ways: Way, **rest: Any) -> RescueApplied:
        """Looked at beside each other before, unless they say as what."""
        usual = {"by": None, "now": NOW}
        return apply_rescue(
            lost=proposal.stranded.lost,
            shown=proposal.shown,
            ways=ways if all(way.stamp for way in ways) else looked_at(proposal, *ways),
            **{**usual, **rest},
        )

    def fresh(self, booking: Booking) -> Booking:
        return Booking.objects.select_related("assignment").get(pk=booking.pk)


def make_morning(company: Company) -> Morning:
    shift = make_shift(company, driver=make_driver(company, last_name="Rey", first_name="Anna"))
    other = make_shift(company, driver=make_driver(company, last_name="Blanc", first_name="Marc"))
    morning = Morning(
        shift,
        other,
        aboard=ride(shift, 9, 0, 2),
        waited=ride(shift, 9, 30, 3),
        eleven=ride(shift, 11, 0, 4),
    )
    bring(
        morning.aboard,
        BookingStatus.ON_BOARD,
        en_route_at=at(8, 40),
        arrived_pickup_at=at(8, 55),
        boarded_at=at(9),
    )
    return morning


def proposed(proposal: RescueProposal) -> list[Way]:
    """What the page has chosen beforehand."""
    return [
        Way(
            booking_id=row_id(line.trip),
            means=line.proposed.means,
            shift_id=row_id(line.proposed.shift) if line.proposed.shift else None,
            stamp=stamp_of(line.proposed),
        )
        for line in proposal.rescue.lines
        if line.proposed is not None
    ]


def looked_at(proposal: RescueProposal, *ways: Way) -> list[Way]:
    """These ways with the stamps that a page shows beside each other; one that does not fit has none."""
    shown = price_rescue(
        lost=proposal.stranded.lost, shown=proposal.shown, ways=ways, now=proposal.shown.as_of
    )
    stamps = {way.booking_id: way.stamp for way in proposed(shown)}
    return [replace(way, stamp=stamps.get(way.booking_id, "")) for way in ways]


def spare(company: Company) -> Any:
    """A vehicle that nobody drives, at the base."""
    return make_vehicle(company, name="Spare")
