"""Puts the chosen ways of a breakdown's proposal in force: one short transaction that does all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F
from django.utils.translation import gettext as _

from dispatch.engine.breakdown import settle
from dispatch.engine.rescue import NoLongerFitsError, Option, Rescue
from dispatch.enums import AssignedBy, BookingStatus, Loss, Means, StatusReason
from dispatch.models import Assignment, Booking, Handover, Shift, ShiftBreak, User
from dispatch.usecases.count_changes import lose_driver
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.keep_row import refusals_explained
from dispatch.usecases.lost_shifts import back_again
from dispatch.usecases.price_rescue import (
    StaleRescueError,
    Way,
    proposal_as_shown,
    refuse_repriced,
)
from dispatch.usecases.propose_rescue import RescueProposal, Shown
from dispatch.usecases.record_progress import KNOWN_MOMENTS, MOMENTS
from dispatch.usecases.references import row_id
from dispatch.usecases.relief_crew import NOT_SAVED, breaks_left
from dispatch.usecases.report_breakdown import report_loss
from dispatch.usecases.ride_rows import RideRow, route_rows
from dispatch.usecases.stranded_shift import Lost, StrandedShift
from dispatch.usecases.write_rides import write_rides

COMING = (BookingStatus.ARRIVED, BookingStatus.EN_ROUTE)
WHY = {Loss.VEHICLE: StatusReason.VEHICLE_BREAKDOWN, Loss.DRIVER: StatusReason.NO_DRIVER}


class UnfitRescueError(UseCaseError):
    """These journeys cannot go the ways that were chosen; `references` says which."""

    def __init__(self, references: tuple[str, ...]) -> None:
        said = _("These journeys no longer fit where you put them: %(journeys)s.")
        super().__init__(said % {"journeys": ", ".join(references)})
        self.references = references


@dataclass(frozen=True, slots=True, kw_only=True)
class RescueApplied:
    """How many journeys went on how; the shift that stands in for the lost one, if there is one.

    `stranded`: what was left behind before, with the other days that still wait. `prices_c`: journey → what its way costs beside the others as they were chosen; together they are the whole price.
    """

    moved: int
    partner: int
    relief: Shift | None
    stranded: StrandedShift
    prices_c: Mapping[int, int]

    @property
    def cost_c(self) -> int:
        return sum(self.prices_c.values())


def apply_rescue(
    *,
    lost: Lost,
    shown: Shown,
    ways: Iterable[Way],
    by: User | None,
    now: datetime,
) -> RescueApplied:
    """What was proposed as `shown`, for these journeys; the others stay on the shift that cannot drive.

    The breakdown is reported along with it. The proposal is made once more for its own moment: with the same
    fingerprint it is the same, to the second. Raises StaleRescueError, RepricedError where a way is another one beside
    what was chosen than it was when it was looked at, UnfitRescueError, OverlapError, and whatever `propose_rescue`
    refuses; nothing is written then.
    """
    proposal = proposal_as_shown(lost=lost, shown=shown, now=now)
    chosen = list(ways)
    rescue = _settled(proposal, chosen)
    refuse_repriced(rescue, chosen)
    with transaction.atomic():
        applied = _Writer(proposal, rescue, by, now).write()
        _report(proposal, now)
        return applied


def _report(proposal: RescueProposal, now: datetime) -> None:
    """As long as the proposal has reckoned with it: the shift may end earlier by now."""
    shift = proposal.stranded.shift
    back_at = back_again(shift, until=proposal.stranded.back_at, now=now)
    report_loss(shift, proposal.stranded.lost.what, now=now, back_at=back_at)


def _settled(proposal: RescueProposal, ways: list[Way]) -> Rescue:
    """In the order in which the proposal fitted together."""
    order = {line.trip: k for k, line in enumerate(proposal.rescue.lines)}
    chosen = sorted((way.choice for way in ways), key=lambda one: order.get(one.trip, len(order)))
    doubled = [one.trip for k, one in enumerate(chosen) if one.trip in {c.trip for c in chosen[:k]}]
    try:
        if doubled:
            raise NoLongerFitsError(tuple(doubled))
        return settle(proposal.breakdown, chosen)
    except NoLongerFitsError as error:
        ids = [row_id(trip) for trip in error.trips]
        known = Booking.objects.filter(company=proposal.stranded.shift.company, pk__in=ids)
        raise UnfitRescueError(
            tuple(known.order_by("pk").values_list("reference", flat=True))
        ) from error


class _Writer:
    def __init__(
        self, proposal: RescueProposal, rescue: Rescue, by: User | None, now: datetime
    ) -> None:
        self.proposal, self.rescue, self.by, self.now = proposal, rescue, by, now
        self.lost_shift = proposal.stranded.shift
        self.ways: dict[int, Option] = {
            row_id(line.trip): option
            for line in rescue.lines
            if (option := line.proposed) is not None
        }
        self.to_partner = {pk for pk, way in self.ways.items() if way.means is Means.PARTNER}
        self.rows = self._wanted()

    def _wanted(self) -> dict[int, RideRow]:
        """The rows of every tour that takes somebody in."""
        into = {way.shift for way in self.ways.values() if way.shift}
        routes = (route for route in self.rescue.plan.routes if route.shift in into)
        rows = (
            row
            for route in routes
            for row in route_rows(self.rescue.problem, route, self.proposal.clock)
        )
        return {row.booking_id: row for row in rows}

    def write(self) -> RescueApplied:
        bookings = self._locked()
        self._lock_shifts()
        held = self._held()
        relief = self._relief()
        if relief is not None:
            self.rows = {
                pk: replace(row, shift_id=relief.pk) if row.shift_id == NOT_SAVED else row
                for pk, row in self.rows.items()
            }
        moved = [pk for pk in self.ways if pk not in self.to_partner]
        handovers = list(self._handovers(bookings, held))  # of who has them now
        self._call_back(pk for pk in moved if bookings[pk].status in COMING)
        self._give_away()
        write_rides(
            company_id=self.lost_shift.company_id,
            held={pk: row for pk, row in held.items() if pk in self.rows},
            wanted=self.rows,
            assigned_by=AssignedBy.PERSON if self.by is not None else AssignedBy.AUTO,
            run=None,
            now=self.now,
        )
        Handover.objects.bulk_create(handovers)
        return RescueApplied(
            moved=len(moved),
            partner=len(self.to_partner),
            relief=relief,
            stranded=self.proposal.stranded,
            prices_c={pk: way.cost_c for pk, way in self.ways.items()},
        )

    def _locked(self) -> dict[int, Booking]:
        """Everything this was based on must still be as it was read."""
        wanted = self.rows.keys() | self.ways.keys()
        rows = Booking.objects.filter(pk__in=wanted).select_for_update(of=("self",))
        found = {row.pk: row for row in rows.order_by("pk").prefetch_related("handovers")}
        read = self.proposal.built.booking_versions
        if {pk: row.version for pk, row in found.items()} != {pk: read.get(pk) for pk in wanted}:
            self._refuse()
        return found

    def _lock_shifts(self) -> None:
        touched = {row.shift_id for row in self.rows.values()} - {NOT_SAVED}
        read = {pk: self.proposal.built.shift_versions[pk] for pk in touched}
        read |= {row.pk: row.version for row in self.proposal.stranded.shifts}
        rows = Shift.objects.planned().filter(pk__in=read).select_for_update(of=("self",))
        if dict(rows.order_by("pk").values_list("pk", "version")) != read:
            self._refuse()
        strangers = Assignment.objects.filter(shift__in=touched, is_over=False).exclude(
            booking__in=self.rows
        )
        if strangers.filter(booking__service_on=self.proposal.stranded.day).exists():
            self._refuse()

    def _refuse(self) -> None:
        raise StaleRescueError(_("The day changed meanwhile: here is a new proposal."))

    def _held(self) -> dict[int, Assignment]:
        wanted = self.rows.keys() | self.ways.keys()
        rows = Assignment.objects.filter(booking__in=wanted).select_for_update(of=("self",))
        return {row.booking_id: row for row in rows.order_by("pk")}

    def _relief(self) -> Shift | None:
        """The lost shift ends now; the crew that stands in has the rest of it, with the breaks not taken yet."""
        planned = self.proposal.relief
        if planned is None or all(row.shift_id != NOT_SAVED for row in self.rows.values()):
            return None
        lost, ends_at = self.lost_shift, self.proposal.shown.as_of
        left = breaks_left(lost, planned.starts_at)
        over = [
            row.pk
            for row in lost.breaks.all()
            if row.latest_at + timedelta(minutes=row.duration_min) > ends_at
        ]
        ShiftBreak.objects.filter(pk__in=over).delete()
        Shift.objects.filter(pk=lost.pk).update(
            period=DateTimeTZRange(lost.starts_at, ends_at), version=F("version") + 1
        )
        with refusals_explained():
            relief = Shift.objects.create(
                company=lost.company,
                driver=planned.driver,
                vehicle=planned.vehicle,
                period=planned.period,
                start_place=planned.start_place,
                end_place=planned.end_place,
                max_trips=planned.max_trips,
            )
        ShiftBreak.objects.bulk_create(
            ShiftBreak(
                shift=relief,
                earliest_at=pause.earliest_at,
                latest_at=pause.latest_at,
                duration_min=pause.duration_min,
                mandatory=pause.mandatory,
            )
            for pause in left
        )
        return relief

    def _handovers(
        self, bookings: dict[int, Booking], held: dict[int, Assignment]
    ) -> Iterable[Handover]:
        """Of who was on board, and of who goes on with the partner; who waits on the road already has one."""
        for pk, way in self.ways.items():
            booking, row = bookings[pk], held[pk]
            is_aboard = booking.status == BookingStatus.ON_BOARD
            is_partner = way.means is Means.PARTNER
            if not is_partner and (not is_aboard or booking.waits_at is not None):
                continue
            yield Handover(
                company_id=booking.company_id,
                booking=booking,
                shift_id=row.shift_id,
                driver_id=row.driver_id,
                vehicle_id=row.vehicle_id,
                at=self.now,
                place=(booking.waits_at or self.proposal.stranded.at) if is_aboard else None,
                price_c=way.cost_c if is_partner else None,
                by=self.by,
            )

    def _call_back(self, bookings: Iterable[int]) -> None:
        """A driver who was on the way comes no more: step by step, as the database wants it."""
        ids = list(bookings)
        forgotten = dict.fromkeys(MOMENTS[KNOWN_MOMENTS[BookingStatus.ASSIGNED] :])
        mine = Booking.objects.filter(pk__in=ids)
        mine.filter(status=BookingStatus.ARRIVED).update(
            status=BookingStatus.EN_ROUTE.value, arrived_pickup_at=None, en_route_at=self.now
        )
        mine.filter(status=BookingStatus.EN_ROUTE).update(
            status=BookingStatus.ASSIGNED.value, version=F("version") + 1, **forgotten
        )

    def _give_away(self) -> None:
        """Who was on board had their pickup: for the others another driver is a change after the promise."""
        boarded = Booking.objects.filter(pk__in=self.to_partner, status=BookingStatus.ON_BOARD)
        Assignment.objects.filter(booking__in=boarded).delete()
        lose_driver(self.to_partner, self.now)
        Booking.objects.filter(pk__in=self.to_partner).update(
            status=BookingStatus.PARTNER.value,
            status_reason=WHY[self.proposal.stranded.lost.what].value,
            version=F("version") + 1,
        )
