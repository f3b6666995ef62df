"""What the KPIs are counted from: a day's trips, tours and decisions as plain values, recorded or predicted.

Seconds are counted from the day's local midnight as they pass. A day is recorded (what happened) or
predicted (what a plan says will happen), never a mixture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dispatch.engine.errors import EngineError
from dispatch.engine.fairness import Fairness, day_fairness
from dispatch.engine.legs import duty, end_s, legs
from dispatch.engine.plan import Plan, Route, TimedVisit
from dispatch.engine.problem import Problem, Shift, Trip
from dispatch.engine.stability import is_change
from dispatch.enums import BookingStatus, StatusReason, VisitKind

NO_SHOW_WAIT_S = 300  # KPI.md: the vehicle waited five minutes
BY_RULE = frozenset({  # refusals of what no driver and no vehicle more would have served
    StatusReason.OUTSIDE_AREA,
    StatusReason.OUTSIDE_HOURS,
    StatusReason.NEEDS_NOT_SERVED,
    StatusReason.DOUBLE_BOOKING,
})  # fmt: skip
APPOINTMENT_EARLY_S = 3_600  # KPI.md: 60 min, or 45 for dialysis and oncology


class InvalidRecordsError(EngineError):
    """Records that cannot be measured: a window that ends before it starts, recorded mixed with predicted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TripRecord:
    """One trip of a day and its time points (seconds of the day; None: not known).

    `promised_from_s`, `promised_to_s`: the window confirmed to the patient. `planned_s`: the driver's time.
    `ready_s`: when a return on call was declared ready. `direct_s` and `max_ride_s` run on the clock of
    `alighted_s − boarded_s`, unloading included. `absent_s`: when the driver left without the patient.
    `changes`, `late_changes`: changes of driver or time after the promise (see `stability`), and those of
    them in the last 60 min before pickup.
    """

    trip: str
    status: BookingStatus
    is_assigned: bool
    reason: StatusReason | None = None
    is_on_call: bool = False
    requested_s: int | None = None
    promised_from_s: int | None = None
    promised_to_s: int | None = None
    planned_s: int | None = None
    ready_s: int | None = None
    en_route_s: int | None = None
    arrived_pickup_s: int | None = None
    absent_s: int | None = None
    boarded_s: int | None = None
    arrived_dropoff_s: int | None = None
    alighted_s: int | None = None
    appointment_s: int | None = None
    appointment_early_s: int = APPOINTMENT_EARLY_S
    direct_s: int | None = None
    max_ride_s: int | None = None
    changes: int | None = None
    late_changes: int | None = None

    def __post_init__(self) -> None:
        begin, end = self.promised_from_s, self.promised_to_s
        if begin is not None and end is not None and end < begin:
            raise InvalidRecordsError(
                f"Trip {self.trip}: the promised window ends before it starts."
            )

    @property
    def ride_s(self) -> int | None:
        """Seconds on board; None when unknown, or when the clocks say it ended before it began."""
        if self.boarded_s is None or self.alighted_s is None or self.alighted_s < self.boarded_s:
            return None
        return self.alighted_s - self.boarded_s

    @property
    def is_pickup_on_time(self) -> bool | None:
        """Whether the vehicle came inside the promised window; None when a time is missing."""
        begin, end, arrived = self.promised_from_s, self.promised_to_s, self.arrived_pickup_s
        if begin is None or end is None or arrived is None:
            return None
        return begin <= arrived <= end

    @property
    def waited_s(self) -> int | None:
        """How long the vehicle waited for an absent patient, from the promise on; None when not known."""
        since, arrived = self.promised_from_s, self.arrived_pickup_s
        if since is None or arrived is None or self.absent_s is None:
            return None
        return self.absent_s - max(since, arrived)

    @property
    def is_absence_proven(self) -> bool | None:
        """Whether the vehicle was there in the window and waited its five minutes; None when a time is missing."""
        end, arrived = self.promised_to_s, self.arrived_pickup_s
        if end is not None and arrived is not None and arrived > end:
            return False
        return None if self.waited_s is None or end is None else self.waited_s >= NO_SHOW_WAIT_S

    @property
    def outcome(self) -> BookingStatus:
        """The status as KPI.md counts it.

        An absence noted by a late or hasty vehicle is the carrier's miss; a refusal for any other reason than
        a rule (no driver, no vehicle, none told) is unmet demand.
        """
        if self.status is BookingStatus.REFUSED and self.reason not in BY_RULE:
            return BookingStatus.UNMET
        is_absence = self.status is BookingStatus.NO_SHOW
        if is_absence and self.is_absence_proven is False:
            return BookingStatus.MISSED
        return self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class TourRecord:
    """One shift's tour: times in seconds of the day, way in metres; None: not known.

    `overtime_s`: how long after the rostered end the vehicle is back.
    Revenue time runs from the first pickup to the last drop-off, less breaks and driving with nobody on board.
    """

    shift: str
    passenger_trips: int
    first_pickup_s: int | None = None
    last_dropoff_s: int | None = None
    pauses_s: int | None = None
    empty_driving_s: int | None = None
    metres: int | None = None
    empty_metres: int | None = None
    overtime_s: int | None = None

    @property
    def revenue_s(self) -> int | None:
        begin, end = self.first_pickup_s, self.last_dropoff_s
        if begin is None or end is None or self.pauses_s is None or self.empty_driving_s is None:
            return None
        return end - begin - self.pauses_s - self.empty_driving_s


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """One suggestion and what became of it.

    `is_automatic`: applied with no person's touch. `is_accepted`: a person's answer (None: none was asked or
    given); `is_edited`: changed before it was accepted. `decided_in_s`: seconds from shown to answered.
    `regret`: what an override cost against the suggestion, replayed (currency of `Weights`).
    """

    complexity: str
    is_automatic: bool = False
    is_accepted: bool | None = None
    is_edited: bool = False
    is_undone: bool = False
    decided_in_s: int | None = None
    regret: int | None = None

    @property
    def is_applied(self) -> bool:
        return self.is_automatic or self.is_accepted is True


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRecord:
    """One local day of one company; `day` is its ISO date.

    `fairness_price`: the extra cost paid for fairness (currency of `Weights`); None when it was not asked, or,
    `is_price_open`, when the search for it was cut short. `alerts` and `dispatcher_s`
    (seconds of dispatchers on duty, summed) are None when nobody counted.
    """

    day: str
    trips: tuple[TripRecord, ...]
    tours: tuple[TourRecord, ...] = ()
    decisions: tuple[DecisionRecord, ...] = ()
    fairness: Fairness | None = None
    fairness_price: int | None = None
    is_price_open: bool = False
    alerts: int | None = None
    dispatcher_s: int | None = None
    is_predicted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What was agreed about a trip outside the problem; a window of None: the problem's pickup window.

    `changes` after the promise so far; `noted_pickup_s`: the pickup in force that further ones count from.
    """

    window: tuple[int, int] | None = None
    appointment_s: int | None = None
    appointment_early_s: int = APPOINTMENT_EARLY_S
    ready_s: int | None = None
    requested_s: int | None = None
    is_on_call: bool = False
    changes: int | None = 0
    noted_pickup_s: int | None = None


@dataclass(frozen=True, slots=True)
class _Ride:
    """A planned trip's visits and driver."""

    pickup: TimedVisit
    dropoff: TimedVisit
    driver: str


def predicted_day(
    problem: Problem, plan: Plan, *, day: str, promises: Mapping[str, Promise] | None = None
) -> DayRecord:
    """The day as the plan says it will go; `promises` by trip reference.

    A vehicle early for a pickup waits out of sight: it comes to the door at the planned second. Changes
    in the last hour cannot be known beforehand and stay unknown.
    """
    rides = _rides(problem, plan)
    known = promises or {}
    return DayRecord(
        day=day,
        trips=tuple(
            _predicted(problem, trip, rides.get(trip.id), known.get(trip.id, Promise()))
            for trip in problem.trips
        ),
        tours=tuple(
            tour(problem, shift, route) for shift, route in duty(problem, plan) if route.trip_ids
        ),
        fairness=day_fairness(problem, plan),
        is_predicted=True,
    )


def tour(problem: Problem, shift: Shift, route: Route) -> TourRecord:
    """The tour of a route that carries somebody, as planned."""
    pickups = [v.start_s for v in route.visits if v.kind is VisitKind.PICKUP]
    dropoffs = [end_s(problem, shift, v) for v in route.visits if v.kind is VisitKind.DROPOFF]
    begin, end = min(pickups), max(dropoffs)
    ways = legs(problem, shift, route)
    pauses = [v for v in route.visits if v.kind is VisitKind.BREAK and begin <= v.start_s < end]
    empty = [leg for leg in ways if not leg.riders]
    return TourRecord(
        shift=shift.id,
        passenger_trips=len(pickups),
        first_pickup_s=begin,
        last_dropoff_s=end,
        pauses_s=sum(end_s(problem, shift, pause) - pause.start_s for pause in pauses),
        empty_driving_s=sum(leg.driving_s for leg in empty if begin <= leg.leaving_s < end),
        metres=sum(leg.metres for leg in ways),
        empty_metres=sum(leg.metres for leg in empty),
        overtime_s=None if shift.rostered_end_s is None else shift.overtime_s(route.return_s),
    )


def _rides(problem: Problem, plan: Plan) -> dict[str, _Ride]:
    rides: dict[str, _Ride] = {}
    for shift, route in duty(problem, plan):
        at = {visit.visit: visit for visit in route.visits}
        for visit in route.visits:
            if visit.kind is VisitKind.DROPOFF:
                pickup = at[visit.visit._replace(kind=VisitKind.PICKUP)]
                rides[visit.id] = _Ride(pickup, visit, shift.driver)
    return rides


def _predicted(problem: Problem, trip: Trip, ride: _Ride | None, promise: Promise) -> TripRecord:
    window = promise.window or (trip.pickup.earliest_s, trip.pickup.latest_s)
    common = TripRecord(
        trip=trip.id,
        status=BookingStatus.UNMET,
        is_assigned=False,
        is_on_call=promise.is_on_call,
        requested_s=promise.requested_s,
        promised_from_s=window[0],
        promised_to_s=window[1],
        ready_s=promise.ready_s,
        appointment_s=promise.appointment_s,
        appointment_early_s=promise.appointment_early_s,
        direct_s=problem.direct_s(trip) + trip.dropoff.service_s,
        max_ride_s=max(trip.max_ride_s, problem.direct_s(trip)) + trip.dropoff.service_s,
        changes=_plus(promise.changes, is_changed=trip.id in problem.driver_in_force),
    )
    if ride is None:
        return common
    return replace(
        common,
        status=BookingStatus.COMPLETED,
        is_assigned=True,
        planned_s=ride.pickup.start_s,
        arrived_pickup_s=ride.pickup.start_s,
        boarded_s=ride.pickup.start_s + trip.pickup.service_s,
        arrived_dropoff_s=ride.dropoff.arrive_s,
        alighted_s=ride.dropoff.start_s + trip.dropoff.service_s,
        changes=_plus(promise.changes, is_changed=_is_changed(problem, ride, promise)),
    )


def _is_changed(problem: Problem, ride: _Ride, promise: Promise) -> bool:
    driver, start_s = ride.driver, ride.pickup.start_s
    noted_s = start_s if promise.noted_pickup_s is None else promise.noted_pickup_s
    same_driver = problem.driver_in_force.get(ride.pickup.id, driver) == driver
    return is_change(same_driver=same_driver, slide_s=start_s - noted_s)


def _plus(changes: int | None, *, is_changed: bool) -> int | None:
    return None if changes is None else changes + is_changed
