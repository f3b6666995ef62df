"""The words people read for the closed vocabularies of `dispatch.enums`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dispatch import enums

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

    from django.utils.functional import _StrPromise

# By class first: members of different vocabularies are equal when their values are ("manual").
LABELS: Mapping[type[StrEnum], Mapping[StrEnum, _StrPromise]] = {
    enums.Priority: {
        enums.Priority.LOW: _("low"),
        enums.Priority.NORMAL: _("normal"),
        enums.Priority.HIGH: _("high"),
        enums.Priority.VITAL: _("vital"),
    },
    enums.DispatchMode: {
        enums.DispatchMode.MANUAL: _("manual"),
        enums.DispatchMode.SEMI_AUTO: _("semi-automatic"),
        enums.DispatchMode.FULLY_AUTO: _("fully automatic"),
    },
    enums.Role: {
        enums.Role.ADMIN: _("administrator"),
        enums.Role.DISPATCHER: _("dispatcher"),
        enums.Role.DRIVER: _("driver"),
        enums.Role.AUDITOR: _("auditor"),
    },
    enums.PlaceKind: {
        enums.PlaceKind.ESTABLISHMENT: _("establishment"),
        enums.PlaceKind.HOME: _("home"),
        enums.PlaceKind.BASE: _("base"),
        enums.PlaceKind.OTHER: _("other"),
    },
    enums.CoordinatesQuality: {
        enums.CoordinatesQuality.EXACT: _("exact"),
        enums.CoordinatesQuality.STREET: _("street"),
        enums.CoordinatesQuality.CENTROID: _("centre of the area"),
        enums.CoordinatesQuality.UNKNOWN: _("unknown"),
    },
    enums.Mobility: {
        enums.Mobility.WALKING: _("walking"),
        enums.Mobility.WHEELCHAIR_FIXED: _("wheelchair (fixed)"),
        enums.Mobility.WHEELCHAIR_FOLDABLE: _("wheelchair (foldable)"),
        enums.Mobility.STRETCHER: _("stretcher"),
    },
    enums.Stance: {
        enums.Stance.PREFERRED: _("preferred"),
        enums.Stance.EXCLUDED: _("excluded"),
    },
    enums.DriverKind: {
        enums.DriverKind.REGULAR: _("regular"),
        enums.DriverKind.EMERGENCY: _("emergency"),
    },
    enums.LicenceKind: {
        enums.LicenceKind.B: _("B (car)"),
        enums.LicenceKind.D1: _("D1 (minibus)"),
        enums.LicenceKind.D: _("D (bus)"),
        enums.LicenceKind.BPT: _("professional transport of persons"),
    },
    enums.AbsenceReason: {
        enums.AbsenceReason.HOLIDAY: _("holiday"),
        enums.AbsenceReason.ILLNESS: _("illness"),
        enums.AbsenceReason.TRAINING: _("training"),
        enums.AbsenceReason.OTHER: _("other"),
    },
    enums.Equipment: {
        enums.Equipment.RAMP: _("ramp"),
        enums.Equipment.LIFT: _("lift"),
        enums.Equipment.OXYGEN: _("oxygen"),
        enums.Equipment.STAIRCLIMBER: _("stair climber"),
        enums.Equipment.STRETCHER: _("stretcher"),
    },
    enums.UnavailabilityReason: {
        enums.UnavailabilityReason.SERVICE: _("service"),
        enums.UnavailabilityReason.BREAKDOWN: _("breakdown"),
        enums.UnavailabilityReason.ACCIDENT: _("accident"),
        enums.UnavailabilityReason.OTHER: _("other"),
    },
    enums.ShiftStatus: {
        enums.ShiftStatus.PLANNED: pgettext_lazy("shift", "planned"),
        enums.ShiftStatus.CANCELLED: pgettext_lazy("shift", "cancelled"),
    },
    enums.ReturnMode: {
        enums.ReturnMode.NONE: _("no return"),
        enums.ReturnMode.FIXED: _("at a fixed time"),
        enums.ReturnMode.WILL_CALL: _("on call"),
    },
    enums.Leg: {
        enums.Leg.OUTBOUND: _("outbound"),
        enums.Leg.RETURN: _("return"),
        enums.Leg.SINGLE: _("single"),
    },
    enums.BookingStatus: {
        enums.BookingStatus.DRAFT: _("draft"),
        enums.BookingStatus.CONFIRMED: _("confirmed"),
        enums.BookingStatus.ASSIGNED: _("assigned"),
        enums.BookingStatus.EN_ROUTE: _("on the way"),
        enums.BookingStatus.ARRIVED: _("at the pickup"),
        enums.BookingStatus.ON_BOARD: _("on board"),
        enums.BookingStatus.COMPLETED: _("completed"),
        enums.BookingStatus.NO_SHOW: _("patient absent"),
        enums.BookingStatus.MISSED: _("missed by us"),
        enums.BookingStatus.CANCELLED: _("cancelled"),
        enums.BookingStatus.SAME_DAY_CANCEL: _("cancelled on the day"),
        enums.BookingStatus.LATE_CANCEL: _("cancelled late"),
        enums.BookingStatus.REFUSED: _("refused"),
        enums.BookingStatus.UNMET: _("not served"),
        enums.BookingStatus.PARTNER: _("with a taxi partner"),
    },
    enums.Loss: {
        enums.Loss.VEHICLE: _("the vehicle broke down"),
        enums.Loss.DRIVER: _("the driver cannot go on"),
    },
    enums.Means: {
        enums.Means.INSERT: _("into another tour"),
        enums.Means.NEW_RUN: _("new run"),
        enums.Means.PARTNER: _("taxi partner"),
    },
    enums.StatusReason: {
        enums.StatusReason.PATIENT_ABSENT: _("patient absent"),
        enums.StatusReason.PATIENT_UNWELL: _("patient unwell"),
        enums.StatusReason.PATIENT_DECLINED: _("patient declined at the door"),
        enums.StatusReason.PATIENT_REQUEST: _("patient's request"),
        enums.StatusReason.PATIENT_DECEASED: _("patient deceased"),
        enums.StatusReason.HOSPITALISED: _("patient kept in hospital"),
        enums.StatusReason.APPOINTMENT_CANCELLED: _("appointment cancelled"),
        enums.StatusReason.APPOINTMENT_MOVED: _("appointment moved"),
        enums.StatusReason.ESTABLISHMENT_REQUEST: _("establishment's request"),
        enums.StatusReason.OTHER_TRANSPORT: _("other transport found"),
        enums.StatusReason.DOUBLE_BOOKING: _("booked twice"),
        enums.StatusReason.ENTRY_ERROR: _("entry error"),
        enums.StatusReason.SERIES_CHANGED: _("series changed"),
        enums.StatusReason.VEHICLE_LATE: _("vehicle late"),
        enums.StatusReason.VEHICLE_BREAKDOWN: _("vehicle breakdown"),
        enums.StatusReason.WEATHER: _("weather"),
        enums.StatusReason.NO_DRIVER: _("no driver"),
        enums.StatusReason.NO_VEHICLE: _("no vehicle"),
        enums.StatusReason.OUTSIDE_AREA: _("outside the area served"),
        enums.StatusReason.OUTSIDE_HOURS: _("outside the hours served"),
        enums.StatusReason.NEEDS_NOT_SERVED: _("needs that the company cannot serve"),
        enums.StatusReason.OTHER: _("other"),
    },
    enums.RunStatus: {
        enums.RunStatus.QUEUED: _("queued"),
        enums.RunStatus.RUNNING: _("running"),
        enums.RunStatus.DONE: pgettext_lazy("planning run", "done"),
        enums.RunStatus.FAILED: _("failed"),
        enums.RunStatus.LOST: pgettext_lazy("planning run", "lost"),
        enums.RunStatus.SUPERSEDED: _("superseded"),
    },
    enums.RunTrigger: {
        enums.RunTrigger.MANUAL: _("by hand"),
        enums.RunTrigger.AUTO: _("automatic"),
        enums.RunTrigger.API: _("API"),
        enums.RunTrigger.REPLAN: _("replanning"),
    },
    enums.AssignedBy: {
        enums.AssignedBy.PERSON: _("a person"),
        enums.AssignedBy.ENGINE: _("the engine, applied by a person"),
        enums.AssignedBy.AUTO: _("the engine, on its own"),
    },
    enums.Rule: {
        enums.Rule.CAPACITY: _("capacity"),
        enums.Rule.SKILLS: _("skills"),
        enums.Rule.SHIFT: _("shift"),
        enums.Rule.DURATION: _("duration"),
        enums.Rule.BREAK: _("break"),
        enums.Rule.TIME_WINDOW: _("time window"),
        enums.Rule.MAX_RIDE_TIME: _("maximum ride time"),
        enums.Rule.EXCLUDED_DRIVER: _("excluded driver"),
        enums.Rule.TRANSITION_MARGIN: _("margin between trips"),
        enums.Rule.POOLING: _("pooling"),
        enums.Rule.WORKLOAD_CAP: _("workload cap"),
        enums.Rule.PINNED: _("pinned assignment"),
        enums.Rule.FREEZE_TIME: _("freeze time"),
        enums.Rule.SEQUENCE: _("sequence"),
        enums.Rule.COVERAGE: _("coverage"),
        enums.Rule.UNKNOWN_COORDINATES: _("unknown coordinates"),
        enums.Rule.SAME_DRIVER: _("same driver"),
        enums.Rule.PREFERRED_DRIVER: _("preferred driver"),
        enums.Rule.FAIRNESS: _("fairness"),
        enums.Rule.EMERGENCY_LAST: _("emergency drivers last"),
        enums.Rule.OPTIONAL_BREAK: _("optional break"),
        enums.Rule.STABILITY: _("stability"),
    },
}


def choices(vocabulary: type[StrEnum]) -> list[tuple[str, _StrPromise]]:
    """The (value, label) pairs of a vocabulary, in its order, for a field or a form."""
    labels = LABELS[vocabulary]
    return [(member.value, labels[member]) for member in vocabulary]


def label(member: StrEnum) -> str:
    """The words for one member, in the active language."""
    return str(LABELS[type(member)][member])
