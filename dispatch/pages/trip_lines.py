"""One booking as a line of a table: who, when, from where to where, with which needs, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus, Mobility, PlaceKind, Priority
from dispatch.models.labels import label
from dispatch.models.statuses import OPEN, OUTCOMES, UNDER_WAY
from dispatch.pages.timing import Grade, Timing, timing_of
from dispatch.usecases.day_so_far import assignment_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.contrib.messages.storage.base import Message

    from dispatch.models import Assignment, Booking, Patient, Place
    from dispatch.pages.journey import Journey
    from dispatch.pages.road_sheets import RoadSheet


class Reason(NamedTuple):
    """Why nobody drives a trip: as the plan in force has it, or as it was answered when somebody asked."""

    text: str
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TripLine:
    """`look`: planned, moving, done or off; what a block on the time bar looks like.

    `answer`: what the button just pressed beside it said; `journey`: the steps its own driver may record. Words and looks are found once: a page shows them
    on the bar, in the bar's title and in the table.
    """

    booking: Booking
    ride: Assignment | None
    needs: tuple[str, ...]
    marks: tuple[str, ...]
    patient: str
    timing: Timing | None
    pickup: str
    dropoff: str
    status: str
    look: str
    reason: Reason | None = None
    answer: Message | None = None
    journey: Journey | None = None
    sheet: RoadSheet | None = None

    @property
    def window(self) -> str:
        """Times are words here: a template's filter costs ten times as much, on hundreds of lines."""
        begins_at, ends_at = self.booking.promised_from, self.booking.promised_to
        if begins_at is None or ends_at is None:
            return "–"
        return f"{_clock(begins_at)}–{_clock(ends_at)}"

    @property
    def planned_pickup(self) -> str:
        return "" if self.ride is None else _clock(self.ride.planned_pickup_at)

    @property
    def planned_dropoff(self) -> str:
        return "" if self.ride is None else _clock(self.ride.planned_dropoff_at)

    @property
    def appointment(self) -> str:
        """Empty when there is none."""
        moment = self.booking.appointment_at
        return "" if moment is None else _clock(moment)

    @property
    def title(self) -> str:
        """All of the line, for its block on the bar."""
        late = f", {self.timing.text}" if self.is_late and self.timing is not None else ""
        return (
            f"{self.planned_pickup}–{self.planned_dropoff} {self.patient}: "
            f"{self.pickup} → {self.dropoff} ({self.status}{late})"
        )

    @property
    def may_resume(self) -> bool:
        """The patient waits on the road for another vehicle."""
        return self.booking.waits_at is not None

    @property
    def is_late(self) -> bool:
        return self.timing is not None and self.timing.grade is Grade.LATE

    @property
    def doubt(self) -> str:
        """What speaks against a patient on call being ready; empty when nothing does."""
        outbound = self.booking.outbound
        if outbound is None or outbound.status == BookingStatus.COMPLETED:
            return ""
        return _("The outbound journey is not recorded as done: it is “%(status)s”.") % {
            "status": label(BookingStatus(outbound.status))
        }

    @property
    def had_driver(self) -> bool:
        """Of a trip without one. Only what a driver was planned for has changes to count; NULL: unknown."""
        return bool(self.booking.plan_changes)

    @property
    def may_withdraw(self) -> bool:
        """The patient called, and no driver has set off."""
        return self.booking.ready_at is not None and BookingStatus(self.booking.status) in OPEN


def trip_line(  # noqa: PLR0913 - a line, and what each page of it adds
    booking: Booking,
    *,
    now: datetime,
    reason: Reason | None = None,
    answer: Message | None = None,
    journey: Journey | None = None,
    has_namesake: bool = False,
    sheet: RoadSheet | None = None,
) -> TripLine:
    """`has_namesake`: the page shows another patient of this name; references tell the two apart.

    `sheet`: for the page of the journey's own driver.
    """
    ride, status = assignment_of(booking), BookingStatus(booking.status)
    return TripLine(
        booking=booking,
        ride=ride,
        needs=needs_of(booking),
        marks=_marks(booking, ride),
        patient=_patient_text(booking.patient, has_namesake=has_namesake),
        timing=None if ride is None else timing_of(booking, ride, now),
        pickup=place_text(booking.waits_at or booking.pickup),
        dropoff=place_text(booking.dropoff),
        status=label(status) if booking.waits_at is None else _("waits on the road"),
        look=_look(status),
        reason=reason,
        answer=answer,
        journey=journey,
        sheet=sheet,
    )


def namesakes(bookings: Iterable[Booking]) -> frozenset[int]:
    """Those of these patients who share their name, as it is sorted by, with another one of them."""
    named: dict[str, set[int]] = {}
    for booking in bookings:
        named.setdefault(booking.patient.sort_key, set()).add(booking.patient_id)
    return frozenset(pk for patients in named.values() if len(patients) > 1 for pk in patients)


def _clock(moment: datetime) -> str:
    """On the clocks of the company whose page it is."""
    return f"{timezone.localtime(moment):%H:%M}"


def _patient_text(patient: Patient, *, has_namesake: bool) -> str:
    return f"{patient} ({patient.reference})" if has_namesake else str(patient)


def _look(status: BookingStatus) -> str:
    if status in UNDER_WAY:
        return "moving"
    if status is BookingStatus.COMPLETED:
        return "done"
    return "off" if status in OUTCOMES else "planned"


def place_text(place: Place) -> str:
    """The establishment and its service, or the address of a home with its town."""
    if place.kind == PlaceKind.ESTABLISHMENT:
        return str(place)
    parts = (place.address or place.name, place.town)
    return ", ".join(part for part in parts if part)


def needs_of(booking: Booking) -> tuple[str, ...]:
    patient = booking.patient
    mobility = {
        Mobility.WHEELCHAIR_FIXED: _("wheelchair"),
        Mobility.WHEELCHAIR_FOLDABLE: _("folding wheelchair"),
        Mobility.STRETCHER: _("stretcher"),
    }.get(Mobility(patient.mobility), "")
    escorts = _("+%(count)d escort") % {"count": booking.escorts} if booking.escorts else ""
    needed = (
        mobility,
        _("oxygen") if patient.needs_oxygen else "",
        escorts,
        _("stairs") if patient.stairs_help else "",
        _("door to door") if patient.door_to_door else "",
    )
    return tuple(need for need in needed if need)


def _marks(booking: Booking, ride: Assignment | None) -> tuple[str, ...]:
    noted = (
        _("vital") if booking.priority == Priority.VITAL else "",
        _("urgent") if booking.is_urgent else "",
        _("return on call") if booking.is_will_call else "",
        _("pinned") if ride is not None and ride.is_pinned else "",
    )
    return tuple(mark for mark in noted if mark)
