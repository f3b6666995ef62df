"""Reads a day around bookings whose place in the plan in force is in question; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from django.utils.translation import gettext as _

from dispatch.engine.draft import resume
from dispatch.engine.fitting import route_for, valid_fit
from dispatch.engine.impact import Promise, Told
from dispatch.engine.network import network_of
from dispatch.engine.plan import Plan, Route, TimedVisit, Unassigned
from dispatch.engine.problem import Problem, Visit
from dispatch.engine.tour import Ride
from dispatch.enums import Rule, VisitKind
from dispatch.models import Assignment, Booking
from dispatch.models.statuses import NOT_YET_THERE, OPEN
from dispatch.usecases.another_time import PromiseAt, judge_promise
from dispatch.usecases.build_problem import BuiltProblem, build_problem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_rows import MIN_S
from dispatch.usecases.day_so_far import assignment_of, shift_so_far
from dispatch.usecases.day_trips import promise_of
from dispatch.usecases.errors import NotFoundError, StaleBookingError, UseCaseError
from dispatch.usecases.references import row_id, shift_ref, trip_ref
from dispatch.usecases.why_left_out import why_left_out
from dispatch.usecases.wording import unassigned_sentences


class NotAssignableError(UseCaseError):
    """The booking is not open: under way, over, or a return whose patient is not ready."""


class NotFeasibleError(UseCaseError):
    """A hard rule stands in the way; `rule` says which, `amount` by how much (seconds or trips)."""

    def __init__(self, message: str, *, rule: Rule, amount: int = 0) -> None:
        super().__init__(message)
        self.rule, self.amount = rule, amount


class NobodyFitsError(NotFeasibleError):
    """No shift of the day can take the booking; `item` says why, and what would help."""

    def __init__(self, item: Unassigned, clock: DayClock) -> None:
        super().__init__(unassigned_sentences(item, clock), rule=item.reason, amount=item.amount)
        self.item = item


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDay:
    """The day with its plan in force, in which the booking may move: no pin and no freeze time holds it.

    `plan`: the booking stands where it is; the routes are timed for now. `told`: the times people know.
    `promises`: bookings that are to be promised another time; one without a driver is read as if it were.
    `before`: the bookings that may move, as they are.
    """

    booking: Booking
    built: BuiltProblem
    plan: Plan
    told: Told
    now: datetime
    promises: Mapping[int, PromiseAt] = field(default_factory=dict)
    before: Mapping[int, Booking] = field(default_factory=dict)

    @property
    def problem(self) -> Problem:
        return self.built.problem

    @property
    def trip_id(self) -> str:
        return trip_ref(self.booking.pk)

    @property
    def clock(self) -> DayClock:
        return DayClock.of(self.booking.company, self.booking.service_on)

    def able_shift(self, shift_id: int) -> str:
        """The reference of a shift that takes part in the day.

        Raises NotFoundError, or NotFeasibleError with the reason of one that does not.
        """
        reference = shift_ref(shift_id)
        if reference in self.problem.shift_by_id:
            return reference
        if shift_id in self.built.left_out:
            raise NotFeasibleError(self.left_out[shift_id], rule=Rule.SHIFT)
        raise NotFoundError(_("This shift does not exist on that day."))

    @property
    def left_out(self) -> dict[int, str]:
        """Shift → why it takes no part in the day."""
        rows, day = {row.pk: row for row in self.built.shifts}, self.booking.service_on
        notes = self.built.left_out.items()
        return {pk: why_left_out(rows[pk], note.key, day) for pk, note in notes}


def open_day(
    *,
    booking_id: int,
    now: datetime,
    expected_version: int | None,
    beside: frozenset[int] = frozenset(),
    promises: Mapping[int, PromiseAt] = MappingProxyType({}),
) -> OpenDay:
    """The day around a booking that is to be placed; `beside`: bookings of that day that may move as well.

    `promises`: for bookings among these, another promise. Raises InvalidRowError for one that cannot be made.
    May ask the road server: not to be called in a transaction. Raises NotFoundError, StaleBookingError,
    NotAssignableError, or NobodyFitsError for a booking that cannot be planned at all.
    """
    booking = _open_booking(booking_id)
    if expected_version is not None and booking.version != expected_version:
        raise StaleBookingError(_("This booking was changed by somebody else."))
    freed = {booking.pk: booking} | {pk: _open_booking(pk) for pk in sorted(beside)}
    for other in freed.values():
        if (other.company_id, other.service_on) != (booking.company_id, booking.service_on):
            raise NotFoundError(_("This booking does not exist."))
    for pk, wanted in promises.items():
        judge_promise(freed[pk], wanted, now)
    built = build_problem(
        company=booking.company,
        day=booking.service_on,
        now=now,
        freed=frozenset(freed),
        promises={pk: wanted.window for pk, wanted in promises.items()},
    )
    for item in built.unplannable:
        if row_id(item.trip) in freed:
            raise NobodyFitsError(item, DayClock.of(booking.company, booking.service_on))
    read = _Reading(booking, built, frozenset(freed), now)
    return OpenDay(
        booking=booking,
        built=built,
        plan=read.plan(),
        told=read.told(),
        now=now,
        promises=promises,
        before=freed,
    )


def _open_booking(booking_id: int) -> Booking:
    booking = Booking.objects.select_related("company", "outbound").filter(pk=booking_id).first()
    if booking is None:
        raise NotFoundError(_("This booking does not exist."))
    if booking.status not in OPEN or booking.promised_from is None:
        raise NotAssignableError(_("This booking is not waiting for a driver."))
    return booking


class _Reading:
    """The plan in force as the engine has it, from the rows of one day."""

    def __init__(
        self, booking: Booking, built: BuiltProblem, freed: frozenset[int], now: datetime
    ) -> None:
        self.built, self.freed = built, freed
        self.clock = DayClock.of(booking.company, booking.service_on)
        self.now_s = self.clock.second(now)
        self.freeze_s = booking.company.rules.freeze_min * MIN_S
        self.held = {
            trip_ref(row.pk): ride
            for row in built.bookings
            if (ride := assignment_of(row)) is not None
        }

    def plan(self) -> Plan:
        """The order of the rows, timed anew; the tours of those who may move hold them where they are."""
        rest = resume(self.built.problem, self.built.in_force)
        routes = dict(rest.route_of)
        for shift_id in {shift_ref(ride.shift_id) for ride in self._freed_rides()}:
            if shift_id in routes:
                routes[shift_id] = self._whole(routes[shift_id])
        driven = {trip for route in routes.values() for trip in route.trip_ids}
        left = tuple(item for item in rest.unassigned if item.trip not in driven)
        return Plan(routes=tuple(routes.values()), unassigned=left)

    def told(self) -> Told:
        rides = {trip: self._ride(ride) for trip, ride in self.held.items()}
        return Told(
            rides=rides,
            promises={trip_ref(row.pk): self._promise(row) for row in self.built.bookings},
        )

    def _freed_rides(self) -> Iterator[Assignment]:
        for trip, ride in self.held.items():
            if row_id(trip) in self.freed:
                yield ride

    def _whole(self, rest: Route) -> Route:
        """The tour with those who may move in their place in it; `rest`: the tour without them."""
        problem, order = self.built.problem, self._order(rest.shift)
        network = network_of(problem)
        s = network.shift_index[rest.shift]
        sequence = network.sequence(problem.shifts[s], order)
        fit = valid_fit(network, s, sequence)
        return self._as_told(rest, order) if fit is None else route_for(network, s, fit.sequence)

    def _order(self, shift_id: str) -> tuple[Visit, ...]:
        rows = [row for row in self.built.bookings if self._is_with(row, shift_id)]
        so_far = shift_so_far(rows, clock=self.clock, now_s=self.now_s, freeze_s=self.freeze_s)
        return tuple(visit for visit in so_far.order if visit.id in self.built.problem.trip_by_id)

    def _is_with(self, row: Booking, shift_id: str) -> bool:
        ride = self.held.get(trip_ref(row.pk))
        return ride is not None and shift_ref(ride.shift_id) == shift_id

    def _as_told(self, rest: Route, order: tuple[Visit, ...]) -> Route:
        """A tour that no schedule keeps any more (late, or frozen around who may move): at the times people know,
        with the breaks that the rest of it takes.
        """
        timed = [(self._second(visit), visit.id, visit.kind) for visit in order]
        pauses = (visit for visit in rest.visits if visit.kind is VisitKind.BREAK)
        timed += [(visit.start_s, visit.id, visit.kind) for visit in pauses]
        timed.sort(key=lambda one: one[0])  # stable: equal times keep their order
        visits = tuple(
            TimedVisit(id=name, kind=kind, arrive_s=start_s, start_s=start_s)
            for start_s, name, kind in timed
        )
        leave_s, back_s = self._ends(rest.shift, order)
        return replace(rest, visits=visits, leave_s=leave_s, return_s=back_s)

    def _ends(self, shift_id: str, order: tuple[Visit, ...]) -> tuple[int, int]:
        network = network_of(self.built.problem)
        s = network.shift_index[shift_id]
        shift = network.problem.shifts[s]
        first, last = network.node(order[0], shift), network.node(order[-1], shift)
        leave_s = self._second(order[0]) - network.from_base[s][first]
        back_s = self._second(order[-1]) + network.service[last] + network.to_base[s][last]
        return leave_s, back_s

    def _second(self, visit: Visit) -> int:
        ride = self._ride(self.held[visit.id])
        return ride.pickup_s if visit.kind is VisitKind.PICKUP else ride.dropoff_s

    def _ride(self, row: Assignment) -> Ride:
        waits = row.booking.status in NOT_YET_THERE
        noticed_at = row.noted_pickup_at or row.planned_pickup_at
        return Ride(
            self.clock.second(row.planned_pickup_at),
            self.clock.second(row.planned_dropoff_at),
            self.clock.second(noticed_at) if waits else None,
        )

    def _promise(self, row: Booking) -> Promise:
        begins, ends = promise_of(row)
        return Promise(
            self.clock.second(begins),
            self.clock.second(ends),
            self.clock.second_if(row.appointment_at),
        )
