"""What the page of one day shows: each driver's trips in order, who has no driver and why, and who waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dispatch.enums import BookingStatus, RunStatus, ShiftStatus
from dispatch.models import Booking, DispatchRun, Shift
from dispatch.models.statuses import OPEN
from dispatch.pages.answers import NOTHING_SAID, Said
from dispatch.pages.driver_rows import DriverRow, driver_row, moments_of
from dispatch.pages.journey import journey_of
from dispatch.pages.kpi_lines import KpiGroup, kpi_lines, strip_of
from dispatch.pages.road_sheets import road_sheet
from dispatch.pages.seats import Seat
from dispatch.pages.timebar import Axis
from dispatch.pages.trip_lines import Reason, TripLine, namesakes, trip_line
from dispatch.usecases.busier_working_day import WorkingDay, busier_working_day
from dispatch.usecases.day_clock import DayClock, local_day
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.measure_day import Measured, measured_day
from dispatch.usecases.note_sentences import error_sentence, note_sentences
from dispatch.usecases.silent_shifts import silent_shifts
from dispatch.usecases.wall_time import FIRST_DAY, LAST_DAY
from dispatch.usecases.wording import row_sentences

if TYPE_CHECKING:
    from dispatch.engine.kpi import KpiValue
    from dispatch.engine.sentences import Label

ONE_DAY = timedelta(days=1)
MOST_LISTED = 12
FAULTS_NEED = (  # what says that a shift cannot drive: a query each, whatever the day
    "vehicle__configurations",
    "vehicle__unavailabilities",
    "driver__licences",
    "driver__absences",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBoard:
    """`proposal`: the newest run that is done, newer than what is in force and not put aside.

    It waits for its answer also while a later run is made, or after one has failed.
    """

    day: date
    today: date
    now: datetime
    axis: Axis
    rows: tuple[DriverRow, ...]
    unassigned: tuple[TripLine, ...]
    on_call: tuple[TripLine, ...]
    not_driven: tuple[TripLine, ...]
    drafts: int
    in_force: DispatchRun | None
    latest: DispatchRun | None
    proposal: DispatchRun | None
    recorded: KpiGroup
    predicted: KpiGroup
    notes: tuple[str, ...]
    busier: WorkingDay | None

    @property
    def before(self) -> date | None:
        return self.day - ONE_DAY if self.day > FIRST_DAY else None

    @property
    def after(self) -> date | None:
        return self.day + ONE_DAY if self.day < LAST_DAY else None

    @property
    def now_x(self) -> float | None:
        """Where the line of now stands; None when now is not on the axis."""
        return self.axis.at(self.now) if self.axis.holds(self.now) else None

    def shows(self, booking_id: int) -> bool:
        groups = (self.unassigned, self.on_call, self.not_driven, *(row.lines for row in self.rows))
        return any(line.booking.pk == booking_id for group in groups for line in group)

    @property
    def is_over(self) -> bool:
        return self.day < self.today

    @property
    def may_be_planned(self) -> bool:
        """There is something to plan, and still time to."""
        return not self.is_over and bool(self.unassigned or self.driven)

    @property
    def is_long(self) -> bool:
        """So many wait that listing them all would hide the rest of the page."""
        is_answered = any(line.answer for line in self.unassigned)
        return len(self.unassigned) > MOST_LISTED and not is_answered and self.in_force is None

    @property
    def driven(self) -> int:
        return sum(len(row.lines) for row in self.rows)

    @property
    def late(self) -> int:
        return sum(row.late for row in self.rows)

    @property
    def stranded(self) -> int:
        return sum(row.stranded for row in self.rows)

    @property
    def trips(self) -> int:
        """What the day has to serve or has served."""
        return self.driven + len(self.unassigned) + len(self.on_call)

    @property
    def nobody_waits(self) -> str:
        """Why the list of those without a driver is empty, for whatever else the day holds."""
        if self.stranded:
            said = ngettext(
                "%d trip needs another driver.", "%d trips need another driver.", self.stranded
            )
            return said % self.stranded
        if self.trips + len(self.not_driven) + self.drafts == 0:
            return _("No trip is booked for this day.")
        if self.driven == 0 or self.on_call or self.not_driven:
            return _("No trip waits for a driver.")
        return _("Every trip had a driver.") if self.is_over else _("Every trip has a driver.")

    @property
    def running(self) -> DispatchRun | None:
        return self._latest_if(RunStatus.RUNNING)

    @property
    def queued(self) -> DispatchRun | None:
        return self._latest_if(RunStatus.QUEUED)

    @property
    def failed(self) -> DispatchRun | None:
        return self._latest_if(RunStatus.FAILED) or self._latest_if(RunStatus.LOST)

    @property
    def failure(self) -> str:
        """Why the newest run failed, in words; of one whose worker is gone that it is lost."""
        run = self.failed
        return "" if run is None else error_sentence(run.error) or str(run.get_status_display())

    def _latest_if(self, status: RunStatus) -> DispatchRun | None:
        return self.latest if self.latest is not None and self.latest.status == status else None


def day_board(seat: Seat, day: date, now: datetime, said: Said = NOTHING_SAID) -> DayBoard:
    """Everything of the page in a number of queries that does not grow with the day."""
    bookings = _bookings(seat, day)
    shifts = _shifts(seat, day, bookings)
    bounds = seat.company.day_bounds(day)
    rides = [ride for booking in bookings if (ride := assignment_of(booking)) is not None]
    axis = Axis.around(moments_of(shifts, rides), day=bounds)
    runs = _runs(seat, day) if seat.sees_everything else _Runs()
    in_force = runs.in_force
    today = local_day(seat.company, now)
    measured = _measured(seat, day, now, in_force)
    reasons = _reasons(in_force, bookings, shifts, said, DayClock.of(seat.company, day))
    twins = namesakes(bookings)
    is_watched = day == today and seat.sees_everything
    silent = silent_shifts(seat.company, bookings, now=now) if is_watched else {}
    groups = _grouped(
        trip_line(
            b,
            now=now,
            reason=reasons.get(b.pk),
            answer=said.told.get(b.pk),
            journey=None if seat.sees_everything else journey_of(b, seat, now=now),
            has_namesake=b.patient_id in twins,
            sheet=None if seat.sees_everything else road_sheet(b, is_day_over=day < today),
        )
        for b in bookings
    )
    return DayBoard(
        day=day,
        today=today,
        now=now,
        axis=axis,
        rows=tuple(
            driver_row(
                shift,
                groups.by_shift.get(shift.pk, []),
                axis,
                day=day,
                is_over=day < today,
                silence=silent.get(shift.pk),
            )
            for shift in shifts
        ),
        unassigned=tuple(groups.unassigned),
        on_call=tuple(groups.on_call),
        not_driven=tuple(groups.not_driven),
        drafts=groups.drafts,
        in_force=in_force,
        latest=runs.latest,
        proposal=runs.proposal,
        recorded=_group(measured.recorded),
        predicted=_group(measured.predicted),
        notes=() if in_force is None else tuple(note_sentences(in_force.notes)),
        busier=_busier(seat, day, today),
    )


def _busier(seat: Seat, day: date, today: date) -> WorkingDay | None:
    """Who opens the console on a quiet day is shown where the work is."""
    if day != today or not seat.sees_everything:
        return None
    return busier_working_day(seat.company, day)


@dataclass(slots=True)
class _Groups:
    by_shift: dict[int, list[TripLine]]
    unassigned: list[TripLine]
    on_call: list[TripLine]
    not_driven: list[TripLine]
    drafts: int = 0


def _grouped(lines: Iterable[TripLine]) -> _Groups:
    groups = _Groups({}, [], [], [])
    for line in lines:
        status = BookingStatus(line.booking.status)
        if line.ride is not None:
            groups.by_shift.setdefault(line.ride.shift_id, []).append(line)
        elif status is BookingStatus.DRAFT:
            groups.drafts += 1
        elif status not in OPEN:
            groups.not_driven.append(line)
        elif line.booking.promised_from is None:
            groups.on_call.append(line)
        else:
            groups.unassigned.append(line)
    for driven in groups.by_shift.values():
        driven.sort(key=_planned_order)
    return groups


def _planned_order(line: TripLine) -> tuple[datetime, int]:
    assert line.ride is not None
    return line.ride.planned_pickup_at, line.booking.pk


def _bookings(seat: Seat, day: date) -> list[Booking]:
    """A driver sees their own journeys, the office all of the company."""
    rows = Booking.objects.filter(company=seat.company).on_day(day)
    if not seat.sees_everything:
        rows = rows.filter(assignment__driver__user=seat.user)
    return list(
        rows.select_related(
            "patient", "pickup__parent", "dropoff__parent", "assignment", "outbound"
        )
        .prefetch_related("handovers__place__parent")
        .order_by("promised_from", "pk")
    )


def _shifts(seat: Seat, day: date, bookings: Iterable[Booking]) -> list[Shift]:
    """Those on duty that day, and any other one that has a journey of it (a cancelled shift, say)."""
    used = {ride.shift_id for b in bookings if (ride := assignment_of(b)) is not None}
    start, end = seat.company.day_bounds(day)
    is_on_duty = Q(period__overlap=(start, end)) & ~Q(status=ShiftStatus.CANCELLED.value)
    rows = Shift.objects.filter(is_on_duty | Q(pk__in=used), company=seat.company)
    if not seat.sees_everything:
        rows = rows.filter(driver__user=seat.user)
    found = rows.select_related("driver", "vehicle").prefetch_related("breaks", *FAULTS_NEED)
    return list(found.order_by("period", "driver__sort_key", "pk"))


class _Runs(NamedTuple):
    """The run in force, the newest one that nobody put aside, and the one that waits for an answer."""

    in_force: DispatchRun | None = None
    latest: DispatchRun | None = None
    proposal: DispatchRun | None = None


def _runs(seat: Seat, day: date) -> _Runs:
    """Of one query: applying a run supersedes the one before it, and what is put aside is superseded too."""
    rows = DispatchRun.objects.filter(company=seat.company).on_day(day).without_documents()
    rows = rows.exclude(status=RunStatus.SUPERSEDED).order_by("-version")
    runs = list(rows.select_related("applied_by", "requested_by"))
    done = [run for run in runs if run.status == RunStatus.DONE]
    in_force = next((run for run in done if run.applied_at is not None), None)
    newer = [run for run in done if in_force is None or run.version > in_force.version]
    return _Runs(
        in_force=in_force,
        latest=next(iter(runs), None),
        proposal=next((run for run in newer if run.applied_at is None), None),
    )


def _measured(seat: Seat, day: date, now: datetime, in_force: DispatchRun | None) -> Measured:
    """What is recorded of what is over; of the rest what the plan in force predicts as it stands."""
    if not seat.sees_everything:
        return Measured(recorded=(), predicted=())
    return measured_day(company=seat.company, day=day, now=now, in_force=in_force)


def _group(values: tuple[KpiValue, ...]) -> KpiGroup:
    return KpiGroup(strip=tuple(strip_of(values)), kpis=tuple(kpi_lines(values)))


def _reasons(
    in_force: DispatchRun | None,
    bookings: Iterable[Booking],
    shifts: Iterable[Shift],
    said: Said,
    clock: DayClock,
) -> dict[int, Reason]:
    """booking → why it has no driver and what would help: the run in force's word, or a newer answer."""
    names = {f"s{shift.pk}": str(shift.driver) for shift in shifts}
    names |= {f"b{booking.pk}": booking.reference for booking in bookings}

    def label(reference: str) -> str:
        return names.get(reference, reference)

    reasons = {} if in_force is None else reasons_of(in_force, clock, label)
    since = None if in_force is None else in_force.applied_at
    for booking in bookings:
        refused = said.refused.get(booking.pk)
        if refused is not None and refused.holds_for(booking, since=since):
            reasons[booking.pk] = Reason(refused.sentences(clock, label), refused.at)
    return reasons


def reasons_of(run: DispatchRun, clock: DayClock, label: Label) -> dict[int, Reason]:
    return {
        row.booking_id: Reason(row_sentences(row, clock, label)) for row in run.unassigned.all()
    }
