"""Why a shift, or one of its journeys, cannot be driven as it stands: one answer for the planner, desks and pages.

Rows come with what `Shift.objects.with_plan_relations` reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from dispatch.engine import problem as engine
from dispatch.enums import Mobility, Rule
from dispatch.models import Assignment, SeatConfiguration, Shift
from dispatch.notes import NoteKey

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Fault = NoteKey | Rule

FAULT_WORDS: Mapping[Fault, _StrPromise] = {
    NoteKey.SHIFT_DRIVER_LEFT: _("driver no longer active"),
    NoteKey.SHIFT_VEHICLE_RETIRED: _("vehicle out of use"),
    NoteKey.SHIFT_DRIVER_ABSENT: _("driver absent"),
    NoteKey.SHIFT_NO_LICENCE: _("no licence for the vehicle"),
    NoteKey.SHIFT_NO_SEATS: _("vehicle without places"),
    NoteKey.SHIFT_VEHICLE_AWAY: _("vehicle unavailable"),
    Rule.CAPACITY: _("not enough places"),
    Rule.SKILLS: _("skill or equipment missing"),
}


def shift_fault(row: Shift, day: date) -> NoteKey | None:
    """Why the shift cannot drive at all on this day."""
    driver, vehicle = row.driver, row.vehicle
    is_away = any(a.first_on <= day <= a.last_on for a in driver.absences.all())
    lacks_licence = bool(set(vehicle.required_licences) - driver.licences_on(day))
    verdicts = (
        (not driver.active, NoteKey.SHIFT_DRIVER_LEFT),
        (not vehicle.active, NoteKey.SHIFT_VEHICLE_RETIRED),
        (is_away, NoteKey.SHIFT_DRIVER_ABSENT),
        (lacks_licence, NoteKey.SHIFT_NO_LICENCE),
        (not vehicle.configurations.all(), NoteKey.SHIFT_NO_SEATS),
    )
    return next((key for is_so, key in verdicts if is_so), None)


def ride_fault(ride: Assignment, shift: Shift, day: date) -> NoteKey | None:
    """Why the shift cannot drive at the time of this journey."""
    fault = shift_fault(shift, day)
    if fault is not None:
        return fault
    return NoteKey.SHIFT_VEHICLE_AWAY if is_vehicle_away(ride, shift) else None


def is_vehicle_away(ride: Assignment, shift: Shift) -> bool:
    """At some moment of the journey."""
    absences = (absence.period for absence in shift.vehicle.unavailabilities.all())
    return any(
        period.lower < ride.period.upper and ride.period.lower < period.upper for period in absences
    )


def journey_fault(ride: Assignment, shift: Shift, day: date) -> Fault | None:
    """The same, and what its patient needs and driver and vehicle cannot offer."""
    fault = ride_fault(ride, shift, day)
    if fault is not None:
        return fault
    patient = ride.booking.patient
    load = load_of(Mobility(patient.mobility), ride.booking.escorts)
    if not any(load.fits(load_offered(row)) for row in shift.vehicle.configurations.all()):
        return Rule.CAPACITY
    lacks_skill = patient.required_skills - shift.driver.skill_codes_on(day)
    lacks_equipment = patient.required_equipment - set(shift.vehicle.equipment)
    return Rule.SKILLS if lacks_skill or lacks_equipment else None


_OWN_PLACES = {
    Mobility.WALKING: engine.Load(seats=1),
    Mobility.WHEELCHAIR_FIXED: engine.Load(wheelchairs=1),
    Mobility.WHEELCHAIR_FOLDABLE: engine.Load(seats=1, folded_chairs=1),
    Mobility.STRETCHER: engine.Load(stretchers=1),
}


def load_of(mobility: Mobility, escorts: int) -> engine.Load:
    """The places a patient takes; who leaves a foldable chair sits on a seat and the chair travels too."""
    return _OWN_PLACES[mobility].plus(engine.Load(seats=escorts))


def load_offered(row: SeatConfiguration) -> engine.Load:
    return engine.Load(
        seats=row.seats,
        wheelchairs=row.wheelchairs,
        stretchers=row.stretchers,
        folded_chairs=row.folded_chairs,
    )
