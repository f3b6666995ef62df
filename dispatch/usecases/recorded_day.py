"""A company's day as it was recorded: its trips, its tours and what each driver on duty did."""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.engine.fairness import compared
from dispatch.engine.recorded import ENDED, recorded_tour
from dispatch.engine.records import DayRecord, TourRecord, TripRecord
from dispatch.enums import BookingStatus, Priority, StatusReason
from dispatch.models import Booking
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.measured_rows import Driven, MeasuredRows, driven_of, work_of
from dispatch.usecases.references import shift_ref, trip_ref


def recorded_day(rows: MeasuredRows) -> DayRecord:
    """What of the day is over: its trips, the tours of those that were driven, and the drivers' loads.

    Loads are compared per eight hours of the whole day's duty, among those whose duty has begun.
    """
    told = [(row, trip_record(row, rows.clock)) for row in rows.over]
    driven = list(driven_of(told))
    on_duty_s = rows.on_duty_s(lambda shift: shift.starts_at <= rows.now)
    work = tuple(work_of(on_duty_s, driven, ENDED))
    return DayRecord(
        day=rows.day.isoformat(),
        trips=tuple(record for _row, record in told),
        tours=tuple(_tours(driven)),
        fairness=compared(work) if work else None,
    )


def trip_record(row: Booking, clock: DayClock) -> TripRecord:
    held, rules = assignment_of(row), clock.company.rules
    way_s = None if held is None else held.direct_s
    longest_s = (row.patient.max_ride_min or rules.default_max_ride_min) * 60
    alighting_s = row.patient.alighting_min * 60
    return TripRecord(
        trip=trip_ref(row.pk),
        status=BookingStatus(row.status),
        reason=StatusReason(row.status_reason) if row.status_reason else None,
        is_assigned=held is not None or row.status == BookingStatus.PARTNER,
        is_on_call=row.is_will_call,
        requested_s=clock.second_if(row.requested_at),
        promised_from_s=clock.second_if(row.promised_from),
        promised_to_s=clock.second_if(row.promised_to),
        planned_s=None if held is None else clock.second(held.planned_pickup_at),
        ready_s=clock.second_if(row.ready_at),
        # Two drivers drove a journey that changed vehicles: nobody's driving is known from its moments.
        en_route_s=None if row.was_handed_on else clock.second_if(row.en_route_at),
        arrived_pickup_s=clock.second_if(row.arrived_pickup_at),
        absent_s=clock.second_if(row.absent_at),
        boarded_s=clock.second_if(row.boarded_at),
        arrived_dropoff_s=clock.second_if(row.arrived_dropoff_at),
        alighted_s=clock.second_if(row.alighted_at),
        appointment_s=clock.second_if(row.appointment_at),
        appointment_early_s=rules.appointment_early_max(Priority(row.priority)) * 60,
        direct_s=None if way_s is None else way_s + alighting_s,
        max_ride_s=max(longest_s, way_s or 0) + alighting_s,
        changes=row.plan_changes,
        late_changes=row.late_plan_changes,
    )


def _tours(driven: list[Driven]) -> Iterator[TourRecord]:
    """One for each shift that carried somebody."""
    for shift in sorted({one.shift_id for one in driven}):
        trips = [one.record for one in driven if one.shift_id == shift]
        ended = [trip for trip in trips if trip.status in ENDED]
        if any(trip.status is BookingStatus.COMPLETED for trip in ended):
            yield recorded_tour(shift_ref(shift), ended)
