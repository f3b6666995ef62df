"""The trips of a day's problem: windows, needs, and how far each has come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from dispatch.engine import problem as engine
from dispatch.enums import BookingStatus, Mobility, Priority, Rule
from dispatch.models import Booking, CompanySettings
from dispatch.models.statuses import UNDER_WAY
from dispatch.notes import Note, NoteKey
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_rows import MIN_S, DayRows, prefixed
from dispatch.usecases.day_so_far import NOTHING_YET, assignment_of
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.references import driver_ref, shift_ref, trip_ref
from dispatch.usecases.shift_faults import load_of


class DayTrips:
    def __init__(self, of: DayRows) -> None:
        self.of = of

    def trip(self, booking: Booking, kept: set[str]) -> engine.Trip | None:
        """The booking as a trip; None when it cannot be planned, with its reason kept."""
        row = self.of.held(booking)
        reference = trip_ref(booking.pk)
        pickup, dropoff = self.of.locate(booking.pickup), self.of.locate(booking.dropoff)
        if pickup is None or dropoff is None:
            self.of.leave_out(reference, Rule.UNKNOWN_COORDINATES, "locate")
            return None
        is_committed = reference in self.of.committed
        # Who has a driver may be late and is planned all the same, also while being placed anew.
        is_free = assignment_of(booking) is None and not self.of.is_stranded(booking)
        if not is_committed and is_free and self._is_over(booking):
            self.of.leave_out(reference, Rule.TIME_WINDOW, "check_times")
            return None
        patient, rules = booking.patient, self.of.rules
        clock, now_s = self.of.clock, self.of.now_s
        pinned = shift_ref(row.shift_id) if row is not None and row.is_pinned else None
        if pinned is not None and (pinned not in kept or booking.pk in self.of.dropped):
            self.of.said.append(Note.of(NoteKey.PIN_RELEASED, trip=reference))
            pinned = None
        trip = engine.Trip(
            id=reference,
            pickup=pickup_stop(booking, pickup, clock=clock, now_s=now_s),
            dropoff=dropoff_stop(booking, dropoff, clock=clock, now_s=now_s, rules=rules),
            max_ride_s=(patient.max_ride_min or rules.default_max_ride_min) * MIN_S,
            load=load_of(Mobility(patient.mobility), booking.escorts),
            needs=prefixed("skill", patient.required_skills)
            | prefixed("equipment", patient.required_equipment),
            priority=Priority(booking.priority),
            area=booking.pickup.area or None,
            may_pool=booking.pooling_allowed,
            same_driver_as=_same_driver_as(booking),
            preferred_drivers=frozenset(map(driver_ref, patient.preferred_driver_ids)),
            excluded_drivers=frozenset(map(driver_ref, patient.excluded_driver_ids)),
            pinned_shift=pinned,
            ready_s=None if booking.ready_at is None else clock.second(booking.ready_at),
        )
        waits_at = self.of.locate(self.of.waits_at(booking))
        if waits_at is not None:
            return self._from_the_road(booking, trip, waits_at)
        is_begun = booking.status in UNDER_WAY and row is not None
        return self._as_begun(booking, trip) if is_begun else trip

    def _is_over(self, booking: Booking) -> bool:
        return self.of.clock.second(promise_of(booking)[1]) < self.of.now_s

    def _from_the_road(self, booking: Booking, trip: engine.Trip, here: int) -> engine.Trip:
        """Fetched where the first vehicle broke down, as soon as another one is there; however long it takes then."""
        pickup = engine.Stop(
            location=here,
            earliest_s=self.of.now_s,
            latest_s=self.of.now_s,
            service_s=booking.patient.boarding_min * MIN_S,
        )
        return replace(trip, pickup=pickup, max_ride_s=engine.DAY_S, ready_s=self.of.now_s)

    def _as_begun(self, booking: Booking, trip: engine.Trip) -> engine.Trip:
        """A trip under way: who is on board takes no more boarding, from wherever the vehicle is now."""
        row = self.of.held(booking)
        so_far = self.of.so_far.get(row.shift_id, NOTHING_YET) if row is not None else NOTHING_YET
        free = so_far.free_from_s if so_far.free_from_s is not None else self.of.now_s
        if booking.status == BookingStatus.ON_BOARD:
            here = self.of.locate(so_far.at)
            location = trip.pickup.location if here is None else here
            pickup = engine.Stop(location=location, earliest_s=free, latest_s=free, service_s=0)
            return replace(trip, pickup=pickup, max_ride_s=engine.DAY_S)
        if booking.status == BookingStatus.ARRIVED:
            latest = max(trip.pickup.latest_s, free)
            return replace(trip, pickup=replace(trip.pickup, earliest_s=free, latest_s=latest))
        return trip

    def drivers_in_force(self, trips: set[str]) -> tuple[tuple[str, str], ...]:
        rows = ((trip_ref(b.pk), self.of.held(b)) for b in self.of.bookings)
        return tuple(
            (reference, driver_ref(row.driver_id))
            for reference, row in rows
            if row is not None and reference in trips
        )


def pickup_stop(booking: Booking, location: int, *, clock: DayClock, now_s: int) -> engine.Stop:
    earliest, latest = (clock.second(moment) for moment in promise_of(booking))
    # What has not happened yet cannot happen in the past.
    earliest = max(earliest, now_s)
    return engine.Stop(
        location=location,
        earliest_s=earliest,
        latest_s=max(latest, earliest),
        service_s=booking.patient.boarding_min * MIN_S,
    )


def dropoff_stop(
    booking: Booking, location: int, *, clock: DayClock, now_s: int, rules: CompanySettings
) -> engine.Stop:
    earliest, latest = (clock.second(moment) for moment in promise_of(booking))
    service = booking.patient.alighting_min * MIN_S
    if booking.appointment_at is None:  # bounded by the longest ride: see fit_windows
        latest = engine.DAY_S * 2
    else:
        latest = clock.second(booking.appointment_at)
        early = rules.appointment_early_max(Priority(booking.priority)) * MIN_S
        earliest = max(earliest, latest - early)
    earliest = max(earliest, now_s)
    return engine.Stop(
        location=location,
        earliest_s=earliest,
        latest_s=max(latest, earliest),
        service_s=service,
    )


def promise_of(booking: Booking) -> tuple[datetime, datetime]:
    if booking.promised_from is None or booking.promised_to is None:
        raise UseCaseError(_("Booking %s has no promised window.") % booking.reference)
    return booking.promised_from, booking.promised_to


def _same_driver_as(booking: Booking) -> str | None:
    if booking.same_driver_as_outbound and booking.outbound_id is not None:
        return trip_ref(booking.outbound_id)
    return None
