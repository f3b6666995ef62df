"""The plan of a day as it stands now, from its rows: what was given, moved or withdrawn since a run counts."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from dispatch.admin.plan_pages import LeftOut, Stop, Tour, told_left_out
from dispatch.enums import BookingStatus, VisitKind
from dispatch.models import Assignment, Booking, Company, Shift
from dispatch.models.statuses import OPEN
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.shift_faults import FAULT_WORDS, journey_fault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from dispatch.engine.sentences import Label
    from dispatch.models import DispatchRun, Unassigned


class DayStory:
    """Told in the same words as a run; `in_force` gives the reasons for who still has no driver."""

    def __init__(self, company: Company, day: date, in_force: DispatchRun | None) -> None:
        self.company, self.day, self.in_force = company, day, in_force
        self.clock = DayClock.of(company, day)

    @cached_property
    def rides(self) -> dict[int, list[Assignment]]:
        """shift → its rides, in the order they begin."""
        found: dict[int, list[Assignment]] = {}
        rows = Assignment.objects.filter(company=self.company, booking__service_on=self.day)
        rows = rows.select_related(
            "booking__patient", "booking__pickup__parent", "booking__dropoff__parent"
        )
        for ride in rows.order_by("planned_pickup_at", "booking_id"):
            found.setdefault(ride.shift_id, []).append(ride)
        return found

    @cached_property
    def shifts(self) -> dict[int, Shift]:
        """On duty that day, and whoever else still has a journey of it."""
        rows = Shift.objects.with_plan_relations()
        on_duty = rows.filter(
            pk__in=Shift.objects.on_day(self.company, self.day).planned().values("pk")
        )
        holding = rows.filter(company=self.company, pk__in=self.rides)
        return {row.pk: row for row in (*on_duty, *holding)}

    @cached_property
    def tours(self) -> list[Tour]:
        told = (self._tour(self.shifts[pk], rides) for pk, rides in self.rides.items())
        return sorted(told, key=lambda tour: tour.name)

    @property
    def idle(self) -> list[str]:
        return sorted(str(row.driver) for pk, row in self.shifts.items() if pk not in self.rides)

    def _tour(self, shift: Shift, rides: list[Assignment]) -> Tour:
        stops = [stop for ride in rides for stop in _stops(ride)]
        return Tour(
            name=str(shift.driver),
            vehicle=str(shift.vehicle),
            leaves_at=min(stop.at for stop in stops),
            back_at=max(stop.at for stop in stops),
            trips=len(rides),
            stops=tuple(sorted(stops, key=lambda stop: stop.at)),
            shift_id=shift.pk,
            fault=self._fault(shift, rides),
        )

    def _fault(self, shift: Shift, rides: Iterable[Assignment]) -> str:
        """Why what nobody has begun yet cannot be driven so; empty when it can."""
        coming = (ride for ride in rides if ride.booking.status == BookingStatus.ASSIGNED)
        faults = (journey_fault(ride, shift, self.day) for ride in coming)
        return next((str(FAULT_WORDS[fault]) for fault in faults if fault is not None), "")

    @cached_property
    def left_out(self) -> list[LeftOut]:
        rows = Booking.objects.filter(
            company=self.company,
            status__in=[status.value for status in OPEN],
            promised_from__isnull=False,
            assignment__isnull=True,
        ).on_day(self.day)
        rows = rows.select_related("patient", "pickup__parent", "dropoff__parent")
        kept = self._kept()
        return [
            LeftOut(booking=row, reason="", advice="")
            if row.pk not in kept
            else told_left_out(row, kept[row.pk], self._label, self.clock)
            for row in rows.order_by("promised_from", "pk")
        ]

    def _kept(self) -> dict[int, Unassigned]:
        """booking → why the run in force left it out."""
        run = self.in_force
        return {} if run is None else {row.booking_id: row for row in run.unassigned.all()}

    @cached_property
    def _label(self) -> Label:
        names = {f"s{pk}": str(row.driver) for pk, row in self.shifts.items()}
        bookings = Booking.objects.filter(company=self.company).on_day(self.day)
        names |= {f"b{pk}": name for pk, name in bookings.values_list("pk", "reference")}
        return lambda reference: names.get(reference, reference)


def _stops(ride: Assignment) -> tuple[Stop, Stop]:
    booking = ride.booking
    return (
        _stop(VisitKind.PICKUP, ride.planned_pickup_at, booking, str(booking.pickup)),
        _stop(VisitKind.DROPOFF, ride.planned_dropoff_at, booking, str(booking.dropoff)),
    )


def _stop(kind: VisitKind, at: datetime, booking: Booking, place: str) -> Stop:
    return Stop(at=at, kind=kind.value, booking=booking, place=place)
