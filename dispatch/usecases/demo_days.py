"""Writes the days of a demo company: who is away, who is on duty, what was asked for and how it went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from dispatch.enums import AssignedBy, BookingStatus, Leg, StatusReason
from dispatch.models import Absence, Assignment, Booking, Company, Place, Shift, ShiftBreak
from dispatch.models.statuses import CANCELLATIONS, OUTCOMES
from dispatch.twin.demand import DemandDay, Duty
from dispatch.twin.history import Happened, Ride, make_history
from dispatch.twin.requests import End, Request
from dispatch.usecases.demo_people import BATCH, DemoRows

_MOMENTS = ("en_route", "arrived_pickup", "absent", "boarded", "arrived_dropoff", "alighted")


class WallClock:
    """Seconds of a simulated day (wall clock, may be negative) as moments, and back."""

    def __init__(self, company: Company, day: date) -> None:
        self._midnight, self._zone = datetime.combine(day, time.min), company.tz

    def moment(self, second: int) -> datetime:
        wall = self._midnight + timedelta(seconds=second)
        return wall.replace(tzinfo=self._zone).astimezone(UTC)

    def second(self, moment: datetime) -> int:
        wall = moment.astimezone(self._zone).replace(tzinfo=None)
        return int((wall - self._midnight).total_seconds())


def write_days(rows: DemoRows, days: list[DemandDay], now: datetime) -> int:
    """Absences, shifts, bookings and what is recorded of them up to `now`; returns how many bookings."""
    _write_absences(rows, days)
    shifts = _write_shifts(rows, days)
    written = 0
    for day in days:
        written += _Day(rows, day, shifts[day.day], now).write()
    return written


def _write_absences(rows: DemoRows, days: list[DemandDay]) -> None:
    Absence.objects.bulk_create(
        Absence(
            driver=rows.drivers[absence.driver],
            first_on=day.day,
            last_on=day.day,
            reason=absence.reason,
        )
        for day in days
        for absence in day.absences
    )


def _write_shifts(rows: DemoRows, days: list[DemandDay]) -> dict[date, list[Shift]]:
    """day → its shifts in the order of its duties."""
    pairs = [(day, duty) for day in days for duty in day.duties]
    made = Shift.objects.bulk_create(_shift(rows, day, duty) for day, duty in pairs)
    ShiftBreak.objects.bulk_create(
        pause
        for (day, duty), shift in zip(pairs, made, strict=True)
        for pause in _pauses(WallClock(rows.company, day.day), duty, shift)
    )
    shifts: dict[date, list[Shift]] = {day.day: [] for day in days}
    for (day, _duty), shift in zip(pairs, made, strict=True):
        shifts[day.day].append(shift)
    return shifts


def _shift(rows: DemoRows, day: DemandDay, duty: Duty) -> Shift:
    clock = WallClock(rows.company, day.day)
    start, end = duty.slot.start_min * 60, duty.slot.end_min * 60
    return Shift(
        company=rows.company,
        driver=rows.drivers[duty.driver],
        vehicle=rows.vehicles[duty.vehicle],
        period=DateTimeTZRange(clock.moment(start), clock.moment(end)),
    )


def _pauses(clock: WallClock, duty: Duty, shift: Shift) -> Iterator[ShiftBreak]:
    for pause in duty.slot.pauses:
        yield ShiftBreak(
            shift=shift,
            earliest_at=clock.moment(pause.earliest_min * 60),
            latest_at=clock.moment(pause.latest_min * 60),
            duration_min=pause.duration_min,
            mandatory=pause.mandatory,
        )


class _Day:
    """The bookings of one day."""

    def __init__(self, rows: DemoRows, day: DemandDay, shifts: list[Shift], now: datetime) -> None:
        self._rows, self._day, self._shifts, self._now = rows, day, shifts, now
        self._clock = WallClock(rows.company, day.day)
        self._now_s = self._clock.second(now)
        self._happened = self._history()

    def _history(self) -> dict[int, Happened]:
        """Nothing of a day to come, everything of a day gone, and today what has happened so far."""
        if self._now_s < 0:
            return {}
        return make_history(self._day, until_s=self._now_s)

    def write(self) -> int:
        """How many bookings were written; returns last, because they point at the journey out."""
        wanted = [r for r in self._day.requests if not r.is_urgent or r.known_s <= self._now_s]
        first = {r.index: self._booking(r, None) for r in wanted if r.leg is not Leg.RETURN}
        Booking.objects.bulk_create(first.values(), batch_size=BATCH)
        back = {
            r.index: self._booking(r, first[r.partner])
            for r in wanted
            if r.leg is Leg.RETURN and r.partner is not None
        }
        Booking.objects.bulk_create(back.values(), batch_size=BATCH)
        made = first | back
        Assignment.objects.bulk_create(self._assignments(made), batch_size=BATCH)
        return len(made) + self._write_skipped(made)

    def _booking(self, request: Request, outbound: Booking | None) -> Booking:
        patient = self._day.patients[request.patient]
        order = self._rows.orders[request.patient] if request.is_series else None
        row = Booking(
            company=self._rows.company,
            reference=f"B-{self._day.day:%y%m%d}-{request.index + 1:03d}",
            patient=self._rows.patients[request.patient],
            standing_order=order,
            series_on=None if order is None else self._day.day,
            leg=request.leg,
            outbound=outbound,
            pickup=self._place(request, request.pickup),
            dropoff=self._place(request, request.dropoff),
            service_on=self._day.day,
            is_will_call=request.is_will_call,
            is_urgent=request.is_urgent,
            priority=request.priority,
            pooling_allowed=not patient.load.stretchers,
            same_driver_as_outbound=patient.wants_same_driver and outbound is not None,
            status=BookingStatus.CONFIRMED,
            created_at=min(self._clock.moment(request.known_s), self._now),
        )
        if request.appointment_s is not None:
            row.appointment_at = self._clock.moment(request.appointment_s)
        self._record(row, self._happened.get(request.index))
        self._promise(row, request)
        return row

    def _place(self, request: Request, end: End) -> Place:
        if end.establishment is None:
            home = self._rows.patients[request.patient].home
            if home is None:
                raise AssertionError("Every patient of the demo has a home.")
            return home
        public = self._rows.public
        return public.get((end.establishment, request.service), public[end.establishment, ""])

    def _promise(self, row: Booking, request: Request) -> None:
        """Windows as the console makes them; a return on call has none before the call."""
        rules = self._rows.company.rules
        at_s = request.pickup_s
        before, after = rules.pickup_window_before_min, rules.pickup_window_after_min
        if request.is_will_call:
            if at_s > self._now_s or row.status in CANCELLATIONS:
                return
            row.ready_at = self._clock.moment(at_s)
            before, after = 0, rules.return_wait_target_min
        elif request.is_urgent:
            before, after = 0, rules.urgent_return_window_min
        row.requested_at = self._clock.moment(at_s)
        row.promised_from = self._clock.moment(at_s - 60 * before)
        row.promised_to = self._clock.moment(at_s + 60 * after)

    def _record(self, row: Booking, happened: Happened | None) -> None:
        """Status, reason and moments; what a ride has not reached yet stays open."""
        if happened is None:
            return
        row.status = happened.status
        row.status_reason = "" if happened.reason is None else happened.reason.value
        for name in _MOMENTS:
            second = getattr(happened, f"{name}_s")
            if second is not None:
                setattr(row, f"{name}_at", self._clock.moment(second))

    def _assignments(self, made: dict[int, Booking]) -> Iterator[Assignment]:
        rides = {i: it.ride for i, it in self._happened.items() if it.ride is not None}
        for index, ride in rides.items():
            yield self._assignment(made[index], ride, made)

    def _assignment(self, booking: Booking, ride: Ride, made: dict[int, Booking]) -> Assignment:
        shift = self._shifts[ride.duty]
        moment = self._clock.moment
        return Assignment(
            company=self._rows.company,
            booking=booking,
            shift=shift,
            driver=shift.driver,
            vehicle=shift.vehicle,
            period=DateTimeTZRange(moment(ride.pickup_s), moment(ride.ends_s)),
            planned_pickup_at=moment(ride.pickup_s),
            planned_dropoff_at=moment(ride.dropoff_s),
            noted_pickup_at=moment(ride.pickup_s),
            direct_s=ride.direct_s,
            ride_group=made[ride.group].pk,
            position=ride.position,
            is_over=booking.status in OUTCOMES,
            assigned_by=AssignedBy.ENGINE,
        )

    def _write_skipped(self, made: dict[int, Booking]) -> int:
        """Days of a series on which the patient was in hospital: cancelled, and kept as such."""
        present = {booking.patient_id for booking in made.values() if booking.standing_order_id}
        patients = self._rows.patients
        skipped = [
            index
            for index, order in self._rows.orders.items()
            if self._day.day.weekday() in order.weekdays and patients[index].pk not in present
        ]
        out = [self._skipped(index, Leg.OUTBOUND, None) for index in skipped]
        Booking.objects.bulk_create(out)
        back = [
            self._skipped(index, Leg.RETURN, booking)
            for index, booking in zip(skipped, out, strict=True)
        ]
        Booking.objects.bulk_create(back)
        return len(out) + len(back)

    def _skipped(self, index: int, leg: Leg, outbound: Booking | None) -> Booking:
        order = self._rows.orders[index]
        ends = (order.pickup, order.dropoff)
        pickup, dropoff = ends if outbound is None else reversed(ends)
        return Booking(
            company=self._rows.company,
            reference=f"B-{self._day.day:%y%m%d}-S{index + 1:02d}{leg.value[0].upper()}",
            patient=self._rows.patients[index],
            standing_order=order,
            series_on=self._day.day,
            leg=leg,
            outbound=outbound,
            pickup=pickup,
            dropoff=dropoff,
            service_on=self._day.day,
            priority=order.priority,
            status=BookingStatus.CANCELLED,
            status_reason=StatusReason.HOSPITALISED,
            created_at=min(self._clock.moment(-7 * 86_400), self._now),
        )


def days_around(day: date, reach: int) -> Iterable[date]:
    """The day, `reach` days before it and as many after it."""
    return (day + timedelta(days=n) for n in range(-reach, reach + 1))
