"""A company's day as it was recorded: its trips, its tours and what each driver on duty did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from dispatch.engine.fairness import DriverWork, compared, is_heavy
from dispatch.engine.recorded import ENDED, driven_s, is_timed, recorded_tour
from dispatch.engine.records import DayRecord, TourRecord, TripRecord
from dispatch.enums import BookingStatus, DriverKind, Mobility, Priority
from dispatch.models import Absence, Booking, Company, Shift
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.day_trips import load_of
from dispatch.usecases.fairness_window import recent_duty_s, recent_trips
from dispatch.usecases.references import driver_ref, shift_ref, trip_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class _Driven:
    """A trip that has or had a driver."""

    record: TripRecord
    driver_id: int
    shift_id: int
    is_heavy: bool


def recorded_day(company: Company, day: date) -> DayRecord:
    """Bookings that left the draft, the tours of those that were driven, and the drivers' loads."""
    clock = DayClock.of(company, day)
    rows = Booking.objects.filter(company=company).on_day(day).order_by("pk")
    rows = rows.select_related("patient", "assignment")
    told = [(row, _trip(row, clock)) for row in rows if row.status != BookingStatus.DRAFT]
    driven = list(_driven(told))
    work = tuple(_work(clock, day, driven))
    return DayRecord(
        day=day.isoformat(),
        trips=tuple(record for _row, record in told),
        tours=tuple(_tours(driven)),
        fairness=compared(work) if work else None,
    )


def _trip(row: Booking, clock: DayClock) -> TripRecord:
    held, rules = assignment_of(row), clock.company.rules
    way_s = None if held is None else held.direct_s
    longest_s = (row.patient.max_ride_min or rules.default_max_ride_min) * 60
    alighting_s = row.patient.alighting_min * 60
    return TripRecord(
        trip=trip_ref(row.pk),
        status=BookingStatus(row.status),
        is_assigned=held is not None,
        is_on_call=row.is_will_call,
        requested_s=clock.second_if(row.requested_at),
        promised_from_s=clock.second_if(row.promised_from),
        promised_to_s=clock.second_if(row.promised_to),
        planned_s=None if held is None else clock.second(held.planned_pickup_at),
        ready_s=clock.second_if(row.ready_at),
        en_route_s=clock.second_if(row.en_route_at),
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


def _driven(told: Iterable[tuple[Booking, TripRecord]]) -> Iterator[_Driven]:
    for row, record in told:
        held = assignment_of(row)
        if held is not None:
            load = load_of(Mobility(row.patient.mobility), row.escorts)
            yield _Driven(
                record=record,
                driver_id=held.driver_id,
                shift_id=held.shift_id,
                is_heavy=is_heavy(load),
            )


def _tours(driven: list[_Driven]) -> Iterator[TourRecord]:
    """One for each shift that carried somebody."""
    for shift in sorted({one.shift_id for one in driven}):
        trips = [one.record for one in driven if one.shift_id == shift]
        ended = [trip for trip in trips if trip.status in ENDED]
        if any(trip.status is BookingStatus.COMPLETED for trip in ended):
            yield recorded_tour(shift_ref(shift), ended)


def _work(clock: DayClock, day: date, driven: list[_Driven]) -> Iterator[DriverWork]:
    """Each regular driver who was on duty and not away; hours are those of the shifts inside the day."""
    company = clock.company
    trips, duty = recent_trips(company, day), recent_duty_s(company, day)
    for driver, seconds in sorted(_on_duty_s(clock, day).items()):
        own = [one for one in driven if one.driver_id == driver]
        ended = [one for one in own if one.record.status in ENDED]
        records = [one.record for one in ended]
        yield DriverWork(
            driver=driver_ref(driver),
            on_duty_s=seconds,
            recent_duty_s=duty[driver],
            recent_trips=trips[driver],
            trips=len(ended),
            driving_s=driven_s(records),
            heavy_trips=sum(one.is_heavy for one in ended),
            untold_trips=len(own) - len(ended),
            untimed_trips=sum(not is_timed(record) for record in records),
        )


def _on_duty_s(clock: DayClock, day: date) -> dict[int, int]:
    """driver → seconds; emergency drivers, used last by rule, are not compared, and who is away is not there."""
    shifts = Shift.objects.on_day(clock.company, day).planned()
    away = Absence.objects.filter(first_on__lte=day, last_on__gte=day).values("driver")
    regular = shifts.exclude(driver__kind=DriverKind.EMERGENCY.value).exclude(driver__in=away)
    found: dict[int, int] = {}
    for row in regular:
        begins, ends = max(row.starts_at, clock.starts_at), min(row.ends_at, clock.ends_at)
        seconds = int((ends - begins).total_seconds())
        found[row.driver_id] = found.get(row.driver_id, 0) + seconds
    return found
