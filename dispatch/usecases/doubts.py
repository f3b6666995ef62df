"""Says what is odd about a booking that was taken all the same: a person decides whether it is meant.

What no booking may be is refused in judge_booking; here is what a slip of the finger often looks like.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from dispatch.engine.problem import Load
from dispatch.engine.sentences import minutes
from dispatch.enums import BookingStatus, DoubtKind, Mobility
from dispatch.models import Booking, Company, Vehicle
from dispatch.models.statuses import OPEN, UNDER_WAY
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.day_trips import load_of
from dispatch.usecases.promise import driving_s
from dispatch.usecases.shift_faults import load_offered
from dispatch.usecases.wording import places_in_words

USUAL_WINDOW = timedelta(hours=2)
USUAL_LEAD = timedelta(days=366)
LONGEST_RIDE = timedelta(hours=4)
STANDING = OPEN | UNDER_WAY | {BookingStatus.DRAFT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One odd thing, the field it shows in, and a sentence for the person who typed it."""

    kind: DoubtKind
    field: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one vehicle could carry."""

    loads: tuple[Load, ...]
    equipment: frozenset[str]

    def serves(self, load: Load, equipment: frozenset[str]) -> bool:
        return equipment <= self.equipment and any(load.fits(offered) for offered in self.loads)


def fleet_of(company: Company) -> tuple[Offer, ...]:
    """Of every vehicle in use."""
    vehicles = Vehicle.objects.filter(company=company, active=True)
    return tuple(
        Offer(
            loads=tuple(load_offered(row) for row in vehicle.configurations.all()),
            equipment=frozenset(vehicle.equipment),
        )
        for vehicle in vehicles.prefetch_related("configurations")
    )


def doubts_about(
    booking: Booking, *, now: datetime, fleet: tuple[Offer, ...] | None = None
) -> tuple[Doubt, ...]:
    """In the order of the form; none about what is over. `fleet` spares reading it for each of many bookings."""
    if booking.status not in STANDING or booking.service_on < local_day(booking.company, now):
        return ()
    fleet = fleet_of(booking.company) if fleet is None else fleet
    return (
        *_far_ahead(booking, now),
        *_no_vehicle(booking, fleet),
        *_unknown_place(booking),
        *_wide_window(booking),
        *_late_arrival(booking),
        *_early_return(booking),
        *_two_at_once(booking),
        *_still_on_the_way(booking),
    )


def _far_ahead(booking: Booking, now: datetime) -> Iterator[Doubt]:
    if booking.service_on > local_day(booking.company, now) + USUAL_LEAD:
        said = _("This is more than a year ahead: %s.") % date_format(booking.service_on)
        yield Doubt(kind=DoubtKind.FAR_AHEAD, field="requested_at", sentence=said)


def _no_vehicle(booking: Booking, fleet: tuple[Offer, ...]) -> Iterator[Doubt]:
    patient = booking.patient
    load = load_of(Mobility(patient.mobility), booking.escorts)
    if any(offer.serves(load, patient.required_equipment) for offer in fleet):
        return
    said = _("No vehicle of the company has what this journey needs: %s.") % places_in_words(load)
    yield Doubt(kind=DoubtKind.NO_VEHICLE, field="patient", sentence=said)


def _unknown_place(booking: Booking) -> Iterator[Doubt]:
    for field in ("pickup", "dropoff"):
        place = getattr(booking, field)
        if place.position is None:
            said = _(
                "The position of this place is unknown: the journey is not planned before it is."
            )
            yield Doubt(kind=DoubtKind.UNKNOWN_PLACE, field=field, sentence=said)


def _wide_window(booking: Booking) -> Iterator[Doubt]:
    if booking.promised_from is None or booking.promised_to is None:
        return
    width = booking.promised_to - booking.promised_from
    if width > USUAL_WINDOW:
        said = _("The patient is promised a pickup within %d minutes.") % (
            width.total_seconds() // 60
        )
        yield Doubt(kind=DoubtKind.WIDE_WINDOW, field="promised_to", sentence=said)


def _late_arrival(booking: Booking) -> Iterator[Doubt]:
    appointment = booking.appointment_at
    if appointment is None or booking.promised_from is None or booking.promised_to is None:
        return
    driving = driving_s(booking.company, booking.pickup, booking.dropoff, appointment)
    if driving is None:
        return
    ride = timedelta(minutes=booking.patient.boarding_min, seconds=driving)
    late = booking.promised_to + ride - appointment
    said = _("A pickup at the end of the window arrives %d min after the appointment.")
    if (at_best := booking.promised_from + ride - appointment) > timedelta():
        late = at_best
        said = _(
            "Even a pickup at the beginning of the window arrives %d min after the appointment."
        )
    if late > timedelta():
        sentence = said % minutes(int(late.total_seconds()))
        yield Doubt(kind=DoubtKind.LATE_ARRIVAL, field="appointment_at", sentence=sentence)


def _early_return(booking: Booking) -> Iterator[Doubt]:
    back: Booking | None = getattr(booking, "return_booking", None)
    there, back = (booking, back) if booking.outbound is None else (booking.outbound, booking)
    appointment, begins_at = there.appointment_at, None if back is None else back.promised_from
    if appointment is not None and begins_at is not None and begins_at <= appointment:
        said = _("The return begins before the appointment.")
        yield Doubt(kind=DoubtKind.EARLY_RETURN, field="promised_from", sentence=said)


def _two_at_once(booking: Booking) -> Iterator[Doubt]:
    if booking.promised_from is None or booking.promised_to is None:
        return
    others = Booking.objects.filter(
        company_id=booking.company_id,
        patient_id=booking.patient_id,
        status__in=[status.value for status in STANDING],
        promised_from__lt=booking.promised_to,
        promised_to__gt=booking.promised_from,
    ).exclude(pk=booking.pk)
    references = list(others.order_by("promised_from", "pk").values_list("reference", flat=True))
    if references:
        said = _("This patient is promised a pickup at the same time: %s.") % ", ".join(references)
        yield Doubt(kind=DoubtKind.TWO_AT_ONCE, field="patient", sentence=said)


def _still_on_the_way(booking: Booking) -> Iterator[Doubt]:
    """A journey that cannot be over before the patient's next one has to begin."""
    for first, following in _neighbours(booking):
        if first.promised_from is None or following.promised_to is None:
            continue
        driving = driving_s(first.company, first.pickup, first.dropoff, first.promised_from)
        if driving is None:
            continue
        aboard = first.patient.boarding_min + first.patient.alighting_min
        over_at = first.promised_from + timedelta(minutes=aboard, seconds=driving)
        if over_at > following.promised_to:
            other = following if first is booking else first
            said = _("Of this journey and %s, one cannot be over before the other has to begin.")
            yield Doubt(
                kind=DoubtKind.TWO_AT_ONCE, field="patient", sentence=said % other.reference
            )


def _neighbours(booking: Booking) -> Iterator[tuple[Booking, Booking]]:
    """The patient's journeys promised within hours before or after this one, each pair in order."""
    begins, ends = booking.promised_from, booking.promised_to
    if begins is None or ends is None:
        return
    near = Booking.objects.filter(
        company_id=booking.company_id,
        patient_id=booking.patient_id,
        status__in=[status.value for status in STANDING],
    ).exclude(pk=booking.pk)
    near = near.select_related("company", "patient", "pickup", "dropoff")
    earlier = near.filter(promised_to__lte=begins, promised_to__gt=begins - LONGEST_RIDE)
    later = near.filter(promised_from__gte=ends, promised_from__lt=ends + LONGEST_RIDE)
    yield from ((row, booking) for row in earlier)
    yield from ((booking, row) for row in later)
