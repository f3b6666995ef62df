"""How a simulated day went, as a carrier would have recorded it: a plan, then every stop a little off plan.

This fills the past of the demo company so that its KPIs have something to count. It is no model of delays:
roads and people vary around the plan, and nobody re-plans. Seconds as in `demand`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random

from dispatch.engine.construct import construct
from dispatch.engine.plan import Route, TimedVisit
from dispatch.engine.problem import Problem, Stop
from dispatch.enums import BookingStatus, Leg, StatusReason, VisitKind
from dispatch.twin.demand import DemandDay, to_problem, trip_id
from dispatch.twin.requests import HOUR_S, MINUTE_S, Request

CANCELLED_SHARE, SAME_DAY_SHARE, LATE_SHARE = 0.03, 0.02, 0.01
NO_SHOW_SHARE = 0.02
WAIT_FOR_ABSENT_S = 5 * MINUTE_S
ROAD_SPREAD = 0.12  # of the logarithm of a drive
INCIDENT_SHARE, INCIDENT_FACTOR = 0.04, 1.9
SERVICE_FACTOR = (0.75, 1.25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """What was planned: duty, times, position in the route; `group`: first trip of those on board together.

    `direct_s`: the drive without a detour.
    """

    duty: int
    position: int
    group: int
    pickup_s: int
    dropoff_s: int
    ends_s: int
    direct_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A request as recorded. Moments beyond the status are None; `ride` None: nobody had been sent."""

    status: BookingStatus
    reason: StatusReason | None = None
    ride: Ride | None = None
    en_route_s: int | None = None
    arrived_pickup_s: int | None = None
    absent_s: int | None = None
    boarded_s: int | None = None
    arrived_dropoff_s: int | None = None
    alighted_s: int | None = None


def make_history(day: DemandDay, *, until_s: int | None = None) -> dict[int, Happened]:
    """request index → what is recorded of it at `until_s` (None: the day is over).

    Requests of which nothing has happened yet are missing, and so are those that the carrier could not have
    planned by then. Deterministic in the day and `until_s`.
    """
    rng = Random(f"history/{day.carrier.name}/{day.seed}/{day.day}")
    cancelled = _cancellations(day, rng)
    problem = to_problem(day, known_by_s=until_s)
    kept = tuple(trip for trip in problem.trips if int(trip.id[1:]) not in cancelled)
    problem = replace(problem, trips=kept)
    plan = construct(problem)
    happened = {
        index: Happened(status=status, reason=reason)
        for index, (status, reason, moment_s) in cancelled.items()
        if until_s is None or moment_s <= until_s
    }
    for item in plan.unassigned:
        request = day.requests[int(item.trip[1:])]
        if until_s is None or request.pickup_s + HOUR_S <= until_s:
            happened[request.index] = _nobody_came()
    absent = {r.index for r in day.requests if _may_be_absent(r) and rng.random() < NO_SHOW_SHARE}
    for route in plan.routes:
        happened.update(_driven(problem, route, absent, rng))
    known = {i: _as_seen(it, until_s) for i, it in happened.items()}
    return {index: seen for index, seen in known.items() if seen is not None}


def _nobody_came() -> Happened:
    return Happened(status=BookingStatus.UNMET, reason=StatusReason.NO_DRIVER)


def _may_be_absent(request: Request) -> bool:
    """Whoever was brought there is there for the return."""
    return not request.is_series and request.leg is Leg.SINGLE


_Cancelled = tuple[BookingStatus, StatusReason, int]


def _cancellations(day: DemandDay, rng: Random) -> dict[int, _Cancelled]:
    """request → status, reason, moment; who cancels the way there needs no way back."""
    found: dict[int, _Cancelled] = {}
    for request in day.requests:
        draw = rng.random()
        if request.is_series or request.leg is Leg.RETURN:
            continue
        if (verdict := _cancellation(request, draw)) is None:
            continue
        found[request.index] = verdict
        if request.partner is not None:
            found[request.partner] = _with_way_back(verdict)
    return found


def _with_way_back(verdict: _Cancelled) -> _Cancelled:
    """What comes late for the way there comes in good time for the way back."""
    status, reason, moment_s = verdict
    if status is BookingStatus.LATE_CANCEL:
        status = BookingStatus.SAME_DAY_CANCEL
    return status, reason, moment_s


def _cancellation(request: Request, draw: float) -> _Cancelled | None:
    if draw < CANCELLED_SHARE and request.known_s < 0:
        moment_s = request.known_s // 2
        return BookingStatus.CANCELLED, StatusReason.APPOINTMENT_CANCELLED, moment_s
    if draw < CANCELLED_SHARE + SAME_DAY_SHARE and request.known_s < 0:
        moment_s = request.pickup_s - 2 * HOUR_S
        return BookingStatus.SAME_DAY_CANCEL, StatusReason.PATIENT_UNWELL, moment_s
    if draw > 1 - LATE_SHARE:
        moment_s = request.pickup_s - 10 * MINUTE_S
        return BookingStatus.LATE_CANCEL, StatusReason.PATIENT_REQUEST, moment_s
    return None


def _driven(
    problem: Problem, route: Route, absent: set[int], rng: Random
) -> Iterator[tuple[int, Happened]]:
    """One route as it went: each stop follows from the one before."""
    rides = _rides(problem, route)
    drive = _Drive(problem=problem, route=route, rng=rng)
    boarding: dict[str, Happened] = {}
    for visit in route.visits:
        if visit.kind is VisitKind.BREAK:
            drive.rest(visit)
            continue
        index = int(visit.id[1:])
        if visit.kind is VisitKind.PICKUP:
            outcome = drive.pick_up(visit, rides[index], is_absent=index in absent)
            boarding[visit.id] = outcome
            if outcome.status is not BookingStatus.COMPLETED:
                yield index, outcome
        elif boarding[visit.id].status is BookingStatus.COMPLETED:
            yield index, drive.drop_off(visit, boarding[visit.id])


class _Drive:
    """Where one vehicle is and at what second, while its day is played."""

    def __init__(self, *, problem: Problem, route: Route, rng: Random) -> None:
        self._problem, self._rng = problem, rng
        self._shift = problem.shift_by_id[route.shift]
        self._pauses = {pause.id: pause.duration_s for pause in self._shift.breaks}
        self._at: Stop | None = None  # None: the base
        self._free_s = route.leave_s

    def rest(self, visit: TimedVisit) -> None:
        self._free_s = max(self._free_s, visit.start_s) + self._pauses[visit.id]

    def pick_up(self, visit: TimedVisit, ride: Ride, *, is_absent: bool) -> Happened:
        """Boarding, or an absence found at the door: late vehicles make a missed trip of it."""
        trip = self._problem.trip_by_id[visit.id]
        left_s, arrived_s = self._go(trip.pickup, arrive_s=visit.start_s)
        # Who is early waits round the corner: at the door is a driver once the window is open.
        arrived_s = max(arrived_s, trip.pickup.earliest_s)
        outcome = Happened(
            status=BookingStatus.COMPLETED,
            ride=ride,
            en_route_s=left_s,
            arrived_pickup_s=arrived_s,
        )
        if not is_absent:
            self._free_s = arrived_s + self._served(trip.pickup)
            return replace(outcome, boarded_s=self._free_s)
        self._free_s = arrived_s + WAIT_FOR_ABSENT_S
        outcome = replace(outcome, absent_s=self._free_s)
        if arrived_s <= trip.pickup.latest_s:
            reason = StatusReason.PATIENT_ABSENT
            return replace(outcome, status=BookingStatus.NO_SHOW, reason=reason)
        return replace(outcome, status=BookingStatus.MISSED, reason=StatusReason.VEHICLE_LATE)

    def drop_off(self, visit: TimedVisit, boarded: Happened) -> Happened:
        stop = self._problem.trip_by_id[visit.id].dropoff
        _left_s, arrived_s = self._go(stop, arrive_s=visit.arrive_s)
        self._free_s = arrived_s + self._served(stop)
        return replace(boarded, arrived_dropoff_s=arrived_s, alighted_s=self._free_s)

    def _go(self, target: Stop, *, arrive_s: int) -> tuple[int, int]:
        """(left, arrived): the driver leaves to be there at `arrive_s`, or as soon as free."""
        leg_s = self._problem.leg_s(self._at, target, self._shift)
        left_s = max(self._free_s, arrive_s - leg_s)
        factor = self._rng.lognormvariate(0.0, ROAD_SPREAD)
        if self._rng.random() < INCIDENT_SHARE:
            factor *= INCIDENT_FACTOR
        self._at = target
        return left_s, left_s + round(leg_s * factor)

    def _served(self, stop: Stop) -> int:
        return round(stop.service_s * self._rng.uniform(*SERVICE_FACTOR))


def _rides(problem: Problem, route: Route) -> dict[int, Ride]:
    """The plan of each trip; from an empty vehicle to an empty vehicle is one group."""
    duty = int(route.shift[1:])
    ends = {v.id: v.start_s for v in route.visits if v.kind is VisitKind.DROPOFF}
    on_board: set[str] = set()
    group = position = 0
    rides: dict[int, Ride] = {}
    for visit in route.visits:
        if visit.kind is VisitKind.DROPOFF:
            on_board.discard(visit.id)
        if visit.kind is not VisitKind.PICKUP:
            continue
        index = int(visit.id[1:])
        group = group if on_board else index
        on_board.add(visit.id)
        rides[index] = Ride(
            duty=duty,
            position=position,
            group=group,
            pickup_s=visit.start_s,
            dropoff_s=ends[visit.id],
            ends_s=ends[visit.id] + problem.trip_by_id[trip_id(index)].dropoff.service_s,
            direct_s=problem.direct_s(problem.trip_by_id[trip_id(index)]),
        )
        position += 1
    return rides


_STEPS: Mapping[str, BookingStatus] = {
    "en_route_s": BookingStatus.EN_ROUTE,
    "arrived_pickup_s": BookingStatus.ARRIVED,
    "boarded_s": BookingStatus.ON_BOARD,
    "arrived_dropoff_s": BookingStatus.ON_BOARD,
    "alighted_s": BookingStatus.COMPLETED,
}


def _as_seen(whole: Happened, until_s: int | None) -> Happened | None:
    """What is known of it at that second; None when the vehicle has not even left."""
    if until_s is None or whole.ride is None:
        return whole
    moments = {name: getattr(whole, name) for name in _STEPS}
    reached = {n: s for n, s in moments.items() if s is not None and s <= until_s}
    if not reached:
        return None
    is_over = len(reached) == sum(second is not None for second in moments.values())
    if is_over and (whole.alighted_s is not None or _left_alone(whole, until_s)):
        return whole
    unseen = {name: None for name in (*_STEPS, "absent_s") if name not in reached}
    return replace(whole, status=_STEPS[list(reached)[-1]], reason=None, **unseen)


def _left_alone(whole: Happened, until_s: int) -> bool:
    """An absence is known after the wait at the door."""
    return whole.absent_s is not None and whole.absent_s <= until_s
