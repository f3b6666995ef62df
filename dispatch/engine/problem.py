"""What has to be planned: the trips, shifts and travel times of one day as frozen, validated values.

Times are integer seconds since the day's local midnight, counted as they pass (a day of a clock change is
23 or 25 hours long); distances are integer metres. References (`Trip.id`, `Shift.id`, `Shift.driver` …) are
opaque strings: no name of a person ever enters the engine.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Self

from dispatch.engine.errors import InvalidProblemError
from dispatch.engine.travel import FREE_FLOW_PERMILLE, TravelTimes
from dispatch.enums import Priority, VisitKind

DAY_S = 24 * 3600


class Load(NamedTuple):
    """Places taken in a vehicle (or offered by one configuration of it), by kind of place.

    An escort takes a seat; a patient who leaves a foldable chair takes a seat and a place for the chair.
    """

    seats: int = 0
    wheelchairs: int = 0
    stretchers: int = 0
    folded_chairs: int = 0

    # Written out: these run millions of times in a search.
    def plus(self, other: Load) -> Load:
        return Load(
            self.seats + other.seats,
            self.wheelchairs + other.wheelchairs,
            self.stretchers + other.stretchers,
            self.folded_chairs + other.folded_chairs,
        )

    def minus(self, other: Load) -> Load:
        return Load(
            self.seats - other.seats,
            self.wheelchairs - other.wheelchairs,
            self.stretchers - other.stretchers,
            self.folded_chairs - other.folded_chairs,
        )

    def fits(self, offered: Load) -> bool:
        return (
            self.seats <= offered.seats
            and self.wheelchairs <= offered.wheelchairs
            and self.stretchers <= offered.stretchers
            and self.folded_chairs <= offered.folded_chairs
        )


ONE_SEAT = Load(seats=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One end of a trip: `service_s` (loading or unloading) begins in [earliest_s, latest_s] at `location`.

    `clock_s`: the second whose traffic counts when leaving it, the middle of the window if None. A window
    that is stretched because a vehicle is late keeps its clock, so that no driving time changes with it.
    """

    location: int
    earliest_s: int
    latest_s: int
    service_s: int
    clock_s: int | None = None

    def __post_init__(self) -> None:
        if self.latest_s < self.earliest_s:
            raise InvalidProblemError("A stop's window ends before it starts.")
        if self.service_s < 0 or self.location < 0:
            raise InvalidProblemError("A stop has a negative service time or location.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One passenger journey. `max_ride_s` bounds drop-off start − (pickup start + pickup service).

    `area` names the neighbourhood of the pickup for pooling; None is nobody's neighbour. `needs` are skills
    or equipment the shift must hold. `pinned_shift` binds the trip to a shift (a person decided so). `ready_s`: since when
    the patient stands there and waits for the vehicle; None for those who wait at home for the hour they were told.
    """

    id: str
    pickup: Stop
    dropoff: Stop
    max_ride_s: int
    load: Load = ONE_SEAT
    needs: frozenset[str] = frozenset()
    priority: Priority = Priority.NORMAL
    area: str | None = None
    may_pool: bool = True
    same_driver_as: str | None = None
    preferred_drivers: frozenset[str] = frozenset()
    excluded_drivers: frozenset[str] = frozenset()
    pinned_shift: str | None = None
    ready_s: int | None = None

    def __post_init__(self) -> None:
        if not self.id:
            raise InvalidProblemError("A trip needs a reference.")
        if self.max_ride_s < 0:
            raise InvalidProblemError(f"Trip {self.id}: the longest ride is negative.")
        if min(self.load) < 0 or not any(self.load):
            raise InvalidProblemError(f"Trip {self.id}: it takes no place in any vehicle.")
        if self.same_driver_as == self.id:
            raise InvalidProblemError(f"Trip {self.id}: it asks for its own driver.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A pause of `duration_s` with nobody on board that begins in [earliest_s, latest_s]."""

    id: str
    earliest_s: int
    latest_s: int
    duration_s: int
    mandatory: bool = True

    def __post_init__(self) -> None:
        if self.latest_s < self.earliest_s or self.duration_s <= 0:
            raise InvalidProblemError(f"Break {self.id}: its window or its length is empty.")


class Visit(NamedTuple):
    """One stop of a route by reference: the trip's pickup or drop-off, or a break of the shift."""

    id: str
    kind: VisitKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A driver with a vehicle on duty in [start_s, end_s], leaving `start_location`, ending at `end_location`.

    `configurations`: each way the vehicle's places can be set; the load must fit one of them at all times
    (folding seats are set at stops). `capabilities`: the driver's skills and the vehicle's equipment.
    `max_duration_s` bounds return − departure. `rostered_end_s`: when duty ends by the roster; what a plan may use of
    the shift beyond it, up to `end_s`, is overtime and has a price (None: not known, and no overtime). `recent_trips`, `recent_duty_s`: passenger trips and
    seconds on duty of this driver over the earlier days of the fairness window and the part of today that is
    over, on whatever shift. `committed`: visits already done or too close to change; they stay the beginning
    of the route, in this order.
    """

    id: str
    driver: str
    vehicle: str
    start_location: int
    end_location: int
    start_s: int
    end_s: int
    configurations: tuple[Load, ...]
    capabilities: frozenset[str] = frozenset()
    breaks: tuple[Break, ...] = ()
    max_duration_s: int | None = None
    rostered_end_s: int | None = None
    max_trips: int | None = None
    is_emergency: bool = False
    recent_trips: int = 0
    recent_duty_s: int = 0
    committed: tuple[Visit, ...] = ()

    def __post_init__(self) -> None:
        if not self.id:
            raise InvalidProblemError("A shift needs a reference.")
        if self.end_s <= self.start_s:
            raise InvalidProblemError(f"Shift {self.id}: it ends before it starts.")
        if not self.configurations:
            raise InvalidProblemError(f"Shift {self.id}: its vehicle has no place for anybody.")
        if len({pause.id for pause in self.breaks}) != len(self.breaks):
            raise InvalidProblemError(f"Shift {self.id}: two breaks share a reference.")

    def overtime_s(self, back_s: int) -> int:
        """Seconds after the rostered end at which the vehicle is back."""
        return 0 if self.rostered_end_s is None else max(0, back_s - self.rostered_end_s)

    @property
    def most_overtime_s(self) -> int:
        """How long a plan may use it after its rostered end."""
        return self.overtime_s(self.end_s)

    def can_hold(self, load: Load) -> bool:
        return any(load.fits(offered) for offered in self.configurations)

    def places_missing(self, load: Load) -> int:
        """How many places the empty vehicle lacks for this load, set as suits it best."""
        lacking = (load.minus(offered) for offered in self.configurations)
        return min(sum(max(0, places) for places in kinds) for kinds in lacking)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooling:
    """When two patients may be on board together. Gaps are between the middles of pickup windows."""

    same_area: bool = True
    max_pickup_gap_s: int | None = 600
    max_detour_s: int | None = 900

    @classmethod
    def unrestricted(cls) -> Self:
        return cls(same_area=False, max_pickup_gap_s=None, max_detour_s=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Prices of one plan in one currency: about one driven second. Integers, so that sums are exact.

    `unserved` must dwarf everything a trip can cost; the pipeline never trades a trip for comfort.
    """

    unserved_low: int = 1_000_000
    unserved_normal: int = 2_000_000
    unserved_high: int = 4_000_000
    unserved_vital: int = 8_000_000
    driving_per_s: int = 1
    driving_per_km: int = 0
    excess_ride_per_s: int = 1
    waiting_per_s: int = 0
    patient_wait_per_s: int = 1  # of who is ready and waits for the vehicle
    overtime_per_s: int = 2  # dearer than the road: a shift runs over for what saves twice as much
    emergency_shift: int = 20_000
    used_shift: int = (
        0  # what it costs to send a shift out at all: fewer vehicles before shorter ways
    )
    missed_optional_break: int = 1_800
    not_preferred_driver: int = 300
    not_same_driver: int = 900
    fairness_per_trip_squared: int = 60
    moved_to_other_driver: int = 600

    def __post_init__(self) -> None:
        if any(value < 0 for value in asdict(self).values()):
            raise InvalidProblemError("A weight is negative.")

    def unserved(self, priority: Priority) -> int:
        return {
            Priority.LOW: self.unserved_low,
            Priority.NORMAL: self.unserved_normal,
            Priority.HIGH: self.unserved_high,
            Priority.VITAL: self.unserved_vital,
        }[priority]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The company's rules of the day. `pooling` None: never two patients on board together."""

    pooling: Pooling | None = field(default_factory=Pooling)
    transition_margin_s: int = 120
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        if self.transition_margin_s < 0:
            raise InvalidProblemError("The margin between two trips is negative.")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One day to plan. `drivers_in_force`: (trip, driver) pairs of the plan in force, the measure of stability.

    Raises InvalidProblemError when references do not meet or locations lie outside the travel table.
    """

    trips: tuple[Trip, ...]
    shifts: tuple[Shift, ...]
    travel: TravelTimes
    settings: Settings = field(default_factory=Settings)
    drivers_in_force: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _refuse_duplicates("trips", [trip.id for trip in self.trips])
        _refuse_duplicates("shifts", [shift.id for shift in self.shifts])
        self._refuse_strangers()
        self._refuse_unknown_locations()

    def _refuse_strangers(self) -> None:
        for trip in self.trips:
            if trip.pinned_shift is not None and trip.pinned_shift not in self.shift_by_id:
                raise InvalidProblemError(f"Trip {trip.id} is pinned to an unknown shift.")
        committed_to: dict[Visit, str] = {}
        for shift in self.shifts:
            for visit in shift.committed:
                if visit in committed_to:
                    raise InvalidProblemError(f"Visit {visit.id} is committed twice.")
                committed_to[visit] = shift.id
                self._refuse_foreign_visit(shift, visit)
            _refuse_dropoff_first(shift)

    def _refuse_foreign_visit(self, shift: Shift, visit: Visit) -> None:
        own_breaks = {pause.id for pause in shift.breaks}
        known = own_breaks if visit.kind is VisitKind.BREAK else self.trip_by_id
        if visit.id not in known:
            raise InvalidProblemError(f"Shift {shift.id} is committed to unknown {visit.id}.")

    def _refuse_unknown_locations(self) -> None:
        used = {stop.location for trip in self.trips for stop in (trip.pickup, trip.dropoff)}
        used |= {place for s in self.shifts for place in (s.start_location, s.end_location)}
        if used and not (min(used) >= 0 and max(used) < self.travel.size):
            raise InvalidProblemError("A stop or a base lies outside the travel table.")

    @cached_property
    def trip_by_id(self) -> dict[str, Trip]:
        return {trip.id: trip for trip in self.trips}

    @cached_property
    def shift_by_id(self) -> dict[str, Shift]:
        return {shift.id: shift for shift in self.shifts}

    @cached_property
    def driver_in_force(self) -> dict[str, str]:
        return dict(self.drivers_in_force)

    @cached_property
    def committed_shift(self) -> dict[str, str]:
        """The shift that has already begun (or is about to begin) each of these trips."""
        return {
            visit.id: shift.id
            for shift in self.shifts
            for visit in shift.committed
            if visit.kind is not VisitKind.BREAK
        }

    def leg_s(self, origin: Stop | None, target: Stop | None, shift: Shift) -> int:
        """Driving seconds from one stop to the next; None is the shift's base (start or end).

        Traffic is that of the middle of the window of the stop left (from the base: of the stop reached).
        """
        here = shift.start_location if origin is None else origin.location
        there = shift.end_location if target is None else target.location
        known = origin or target
        free_flow = self.travel.seconds[here][there]
        permille = FREE_FLOW_PERMILLE if known is None else self.travel.traffic_at(middle_s(known))
        return -(
            -free_flow * permille // FREE_FLOW_PERMILLE
        )  # rounded up: a plan is never too tight

    def leg_m(self, origin: Stop | None, target: Stop | None, shift: Shift) -> int:
        """Metres of the same leg."""
        here = shift.start_location if origin is None else origin.location
        there = shift.end_location if target is None else target.location
        return self.travel.metres[here][there]

    def direct_s(self, trip: Trip) -> int:
        """Driving seconds of the trip alone, by the road the ride-time rules measure against."""
        free_flow = self.travel.seconds[trip.pickup.location][trip.dropoff.location]
        permille = self.travel.traffic_at(middle_s(trip.pickup))
        return -(-free_flow * permille // FREE_FLOW_PERMILLE)

    def ride_limit_s(self, trip: Trip) -> int:
        """The longest ride allowed: the patient's, and the direct ride plus the pooling detour if shared.

        A patient's limit shorter than the direct road cannot be kept by anyone; the direct ride is allowed.
        The detour of a trip that has begun is a fact, and no limit any more.
        """
        direct = self.direct_s(trip)
        limit = max(trip.max_ride_s, direct)
        pooling = self.settings.pooling
        has_begun = trip.id in self.committed_shift
        if pooling is None or pooling.max_detour_s is None or has_begun:
            return limit
        return min(limit, direct + pooling.max_detour_s)

    def may_share(self, a: Trip, b: Trip) -> bool:
        """Whether the two patients may be on board at the same moment (loads apart)."""
        pooling = self.settings.pooling
        if pooling is None or not (a.may_pool and b.may_pool):
            return False
        if pooling.same_area and (a.area is None or a.area != b.area):
            return False
        if pooling.max_pickup_gap_s is None:
            return True
        return abs(middle_s(a.pickup) - middle_s(b.pickup)) <= pooling.max_pickup_gap_s

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON: equal problems, equal hash, on any machine."""
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; sets are sorted so that equal problems give equal text."""
        return {
            "trips": [_plain(trip) for trip in self.trips],
            "shifts": [_plain(shift) for shift in self.shifts],
            "travel": self.travel.to_json(),
            "settings": _plain(self.settings),
            "drivers_in_force": [list(pair) for pair in self.drivers_in_force],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(
            trips=tuple(_trip(item) for item in data["trips"]),
            shifts=tuple(_shift(item) for item in data["shifts"]),
            travel=TravelTimes.from_json(data["travel"]),
            settings=_settings(data["settings"]),
            drivers_in_force=tuple((trip, driver) for trip, driver in data["drivers_in_force"]),
        )


def middle_s(stop: Stop) -> int:
    """The second that stands for the stop: its clock, or the middle of its window."""
    return (stop.earliest_s + stop.latest_s) // 2 if stop.clock_s is None else stop.clock_s


def _refuse_duplicates(what: str, references: list[str]) -> None:
    if len(set(references)) != len(references):
        raise InvalidProblemError(f"Two {what} share a reference.")


def _refuse_dropoff_first(shift: Shift) -> None:
    on_board: set[str] = set()
    for visit in shift.committed:
        if visit.kind is VisitKind.PICKUP:
            on_board.add(visit.id)
        elif visit.kind is VisitKind.DROPOFF and visit.id not in on_board:
            raise InvalidProblemError(f"Shift {shift.id}: {visit.id} is dropped off before pickup.")


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, str | int | None):
        return value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}


def _trip(data: dict[str, Any]) -> Trip:
    return Trip(
        **data
        | {
            "pickup": Stop(**data["pickup"]),
            "dropoff": Stop(**data["dropoff"]),
            "load": Load(*data["load"]),
            "needs": frozenset(data["needs"]),
            "priority": Priority(data["priority"]),
            "preferred_drivers": frozenset(data["preferred_drivers"]),
            "excluded_drivers": frozenset(data["excluded_drivers"]),
        }
    )


def _shift(data: dict[str, Any]) -> Shift:
    return Shift(
        **data
        | {
            "configurations": tuple(Load(*item) for item in data["configurations"]),
            "capabilities": frozenset(data["capabilities"]),
            "breaks": tuple(Break(**item) for item in data["breaks"]),
            "committed": tuple(Visit(ref, VisitKind(kind)) for ref, kind in data["committed"]),
        }
    )


def _settings(data: dict[str, Any]) -> Settings:
    pooling = data["pooling"]
    return Settings(
        pooling=None if pooling is None else Pooling(**pooling),
        transition_margin_s=data["transition_margin_s"],
        weights=Weights(**data["weights"]),
    )
