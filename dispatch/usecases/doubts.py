"""Says what is odd about a booking that was taken all the same: a person decides whether it is meant.

What no booking may be is refused in judge_booking; here is what a slip of the finger often looks like.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from dispatch.engine.problem import Load
from dispatch.engine.sentences import minutes
from dispatch.enums import BookingStatus, DoubtKind, Leg, Mobility
from dispatch.models import Booking, Company, Vehicle
from dispatch.models.statuses import OPEN, UNDER_WAY
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.promise import driving_s
from dispatch.usecases.shift_faults import load_of, load_offered
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands around a booking: its return, the patient's other journeys, what the fleet can carry."""

    fleet: tuple[Offer, ...]
    others: tuple[Booking, ...]  # those whose promise is near, in the order of their promises
    back: Booking | None


def doubts_about(booking: Booking, *, now: datetime) -> tuple[Doubt, ...]:
    """In the order of the form; none about what is over."""
    return doubts_about_each([booking], now=now).get(booking.pk, ())


def doubts_about_each(
    bookings: Sequence[Booking], *, now: datetime
) -> Mapping[int, tuple[Doubt, ...]]:
    """Of many bookings of one company, read a day at once: number → doubts, only of those that have some."""
    asked = sorted((row for row in bookings if _is_to_come(row, now)), key=_day)
    if not asked:
        return {}
    fleet = fleet_of(asked[0].company)
    found = {}
    for _its_day, of_day in groupby(asked, key=_day):
        for booking, around in _surrounded(list(of_day), fleet):
            found[booking.pk] = tuple(_doubts(booking, around, now))
    return {pk: doubts for pk, doubts in found.items() if doubts}


def _surrounded(
    bookings: Sequence[Booking], fleet: tuple[Offer, ...]
) -> Iterator[tuple[Booking, Around]]:
    near, returns = _near(bookings), _returns_of(bookings)
    for booking in bookings:
        others = tuple(row for row in near[booking.patient_id] if row.pk != booking.pk)
        yield booking, Around(fleet=fleet, others=others, back=returns.get(booking.pk))


def _day(booking: Booking) -> date:
    return booking.service_on


def _is_to_come(booking: Booking, now: datetime) -> bool:
    return booking.status in STANDING and booking.service_on >= local_day(booking.company, now)


def _doubts(booking: Booking, around: Around, now: datetime) -> Iterator[Doubt]:
    yield from _far_ahead(booking, now)
    yield from _no_vehicle(booking, around.fleet)
    yield from _unknown_place(booking)
    yield from _wide_window(booking)
    yield from _late_arrival(booking)
    yield from _early_return(booking, around.back)
    yield from _two_at_once(booking, around.others)
    yield from _still_on_the_way(booking, around.others)


def _near(bookings: Sequence[Booking]) -> Mapping[int, Sequence[Booking]]:
    """Patient → their standing journeys promised from hours before the first of these to hours after the last."""
    promises = [(b.promised_from, b.promised_to) for b in bookings]
    near: dict[int, list[Booking]] = defaultdict(list)
    begins = [moment for moment, _end in promises if moment is not None]
    ends = [moment for _begin, moment in promises if moment is not None]
    if not begins or not ends:
        return near
    rows = Booking.objects.filter(
        company_id=bookings[0].company_id,
        patient_id__in={b.patient_id for b in bookings},
        status__in=[status.value for status in STANDING],
        promised_to__gt=min(begins) - LONGEST_RIDE,
        promised_from__lt=max(ends) + LONGEST_RIDE,
    ).select_related("company", "patient", "pickup", "dropoff")
    for row in rows.order_by("promised_from", "pk"):
        near[row.patient_id].append(row)
    return near


def _returns_of(bookings: Sequence[Booking]) -> Mapping[int, Booking]:
    there = [booking.pk for booking in bookings if booking.leg == Leg.OUTBOUND]
    rows = Booking.objects.filter(outbound_id__in=there) if there else ()
    return {row.outbound_id: row for row in rows if row.outbound_id is not None}


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


def _early_return(booking: Booking, its_return: Booking | None) -> Iterator[Doubt]:
    there, back = (booking, its_return) if booking.outbound is None else (booking.outbound, booking)
    appointment, begins_at = there.appointment_at, None if back is None else back.promised_from
    if appointment is not None and begins_at is not None and begins_at <= appointment:
        said = _("The return begins before the appointment.")
        yield Doubt(kind=DoubtKind.EARLY_RETURN, field="promised_from", sentence=said)


def _two_at_once(booking: Booking, others: Sequence[Booking]) -> Iterator[Doubt]:
    begins, ends = booking.promised_from, booking.promised_to
    if begins is None or ends is None:
        return
    references = [
        row.reference
        for row in others
        if row.promised_from and row.promised_to
        if row.promised_from < ends and row.promised_to > begins
    ]
    if references:
        said = _("This patient is promised a pickup at the same time: %s.") % ", ".join(references)
        yield Doubt(kind=DoubtKind.TWO_AT_ONCE, field="patient", sentence=said)


def _still_on_the_way(booking: Booking, others: Sequence[Booking]) -> Iterator[Doubt]:
    """A journey that cannot be over before the patient's next one has to begin."""
    for first, following in _neighbours(booking, others):
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


def _neighbours(booking: Booking, others: Sequence[Booking]) -> Iterator[tuple[Booking, Booking]]:
    """The patient's journeys promised within hours before or after this one, each pair in order."""
    begins, ends = booking.promised_from, booking.promised_to
    if begins is None or ends is None:
        return
    for row in others:
        if row.promised_to and begins - LONGEST_RIDE < row.promised_to <= begins:
            yield row, booking
        if row.promised_from and ends <= row.promised_from < ends + LONGEST_RIDE:
            yield booking, row
