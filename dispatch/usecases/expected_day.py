"""What is still to come of a day, as the plan in force has it now: from its rows, not from the run that made it."""

from __future__ import annotations

from dataclasses import replace

from dispatch.engine.fairness import compared
from dispatch.engine.records import DayRecord, TripRecord
from dispatch.enums import BookingStatus
from dispatch.models import Booking
from dispatch.models.statuses import NOT_YET_THERE, OUTCOMES
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.measured_rows import MeasuredRows, driven_of, work_of
from dispatch.usecases.recorded_day import trip_record

DRIVEN = frozenset({BookingStatus.COMPLETED})
MIN_S = 60


def expected_day(rows: MeasuredRows) -> DayRecord:
    """Trips at their planned times, and the loads of those whose duty is not over.

    What was recorded of a trip under way belongs to the record it will have (KPI.md, rule 3). Ways and breaks
    are not in the rows: the tours stay out.
    """
    told = [(row, _expected(row, rows)) for row in rows.to_come]
    on_duty_s = rows.on_duty_s(lambda shift: shift.ends_at > rows.now)
    work = tuple(work_of(on_duty_s, driven_of(told), DRIVEN))
    return DayRecord(
        day=rows.day.isoformat(),
        trips=tuple(record for _row, record in told),
        fairness=compared(work) if work else None,
        is_predicted=True,
    )


def _expected(row: Booking, rows: MeasuredRows) -> TripRecord:
    """A vehicle that should have come already comes now at the earliest."""
    held, clock = assignment_of(row), rows.clock
    known = replace(
        trip_record(row, clock),
        en_route_s=None,
        arrived_pickup_s=None,
        absent_s=None,
        boarded_s=None,
        arrived_dropoff_s=None,
        alighted_s=None,
        late_changes=None,  # nobody knows before the last hour
    )
    if BookingStatus(row.status) in OUTCOMES:
        return known
    if held is None:
        return replace(known, status=BookingStatus.UNMET)
    pickup_s, dropoff_s = (
        clock.second(held.planned_pickup_at),
        clock.second(held.planned_dropoff_at),
    )
    behind_s = clock.second(rows.now) - pickup_s if row.status in NOT_YET_THERE else 0
    slide_s = max(0, behind_s)
    to_come = replace(
        known,
        status=BookingStatus.COMPLETED,
        arrived_pickup_s=pickup_s + slide_s,
        boarded_s=pickup_s + slide_s + row.patient.boarding_min * MIN_S,
        arrived_dropoff_s=dropoff_s + slide_s,
        alighted_s=dropoff_s + slide_s + row.patient.alighting_min * MIN_S,
    )
    if not row.was_handed_on:
        return to_come
    # The pickup was that of the first vehicle; what is planned is where the patient waits for the second.
    return replace(
        to_come,
        arrived_pickup_s=clock.second_if(row.arrived_pickup_at),
        boarded_s=clock.second_if(row.boarded_at),
    )
