"""The rows: what is stored, and which states the database refuses."""

from __future__ import annotations

from dispatch.models.booking import Booking
from dispatch.models.company import Company, Membership, User
from dispatch.models.driver import (
    Absence,
    Driver,
    DriverLicence,
    DriverSkill,
    Skill,
    WeeklyShift,
)
from dispatch.models.fleet import (
    SeatConfiguration,
    Shift,
    ShiftBreak,
    Vehicle,
    VehicleUnavailability,
)
from dispatch.models.handover import Handover
from dispatch.models.people import DriverWish, Patient
from dispatch.models.place import Place
from dispatch.models.run import Assignment, DispatchRun, Unassigned
from dispatch.models.settings import CompanySettings
from dispatch.models.standing import StandingOrder, StandingOrderPause

__all__ = [
    "Absence",
    "Assignment",
    "Booking",
    "Company",
    "CompanySettings",
    "DispatchRun",
    "Driver",
    "DriverLicence",
    "DriverSkill",
    "DriverWish",
    "Handover",
    "Membership",
    "Patient",
    "Place",
    "SeatConfiguration",
    "Shift",
    "ShiftBreak",
    "Skill",
    "StandingOrder",
    "StandingOrderPause",
    "Unassigned",
    "User",
    "Vehicle",
    "VehicleUnavailability",
    "WeeklyShift",
]
