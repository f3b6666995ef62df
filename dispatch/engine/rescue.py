"""What a breakdown asks and what answers it: stranded trips, prices, and the ways on of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from dispatch.engine.errors import EngineError
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Load, Problem, Trip
from dispatch.enums import Means

MIN_S = 60
ABOARD_DOUBLES_S = 1800


class NoLongerFitsError(EngineError):
    """These trips cannot go the ways that were chosen for them; nothing is settled."""

    def __init__(self, trips: tuple[str, ...]) -> None:
        super().__init__(f"These trips no longer fit as chosen: {', '.join(trips)}.")
        self.trips = trips


class Urgency(IntEnum):
    ABOARD = 0
    SOON = 1
    LATER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranded:
    """A trip that lost its vehicle. `promised_to_s`: the end of the window the patient was told.

    `waits_since_s`: when who is on board began to wait beside the road, where that was before this breakdown.
    """

    trip: str
    promised_to_s: int
    appointment_s: int | None = None
    is_aboard: bool = False
    waits_since_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A taxi company that may be called: `notice_s` until it comes, centimes a ride and a kilometre."""

    base_c: int
    per_km_c: int
    notice_s: int
    places: Load
    capabilities: frozenset[str] = frozenset()

    def can_take(self, trip: Trip) -> bool:
        return trip.load.fits(self.places) and trip.needs <= self.capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Own driving in centimes, an hour of overtime what it costs beside the driving; `late_per_min_c` weighs a patient's minute against them, and is paid by nobody.

    `new_run_c`: what it costs to send a crew out that was not out yet. `aboard_per_min_c`: the first minute in or
    beside a broken vehicle. Each further one weighs more, twice as much after `ABOARD_DOUBLES_S`: nobody can sit
    down elsewhere, and one long wait is worse than two that are half as long (fairness among those who wait).
    """

    per_km_c: int
    per_hour_c: int
    new_run_c: int
    late_per_min_c: int
    aboard_per_min_c: int
    overtime_per_hour_c: int = 0

    def late_c(self, late_s: int) -> int:
        """What so many seconds behind a promise weigh."""
        return late_s * self.late_per_min_c // MIN_S

    def aboard_c(self, wait_s: int) -> int:
        """What so many seconds on the road weigh: the integral of a price that rises with the time."""
        risen_s = 2 * ABOARD_DOUBLES_S + wait_s
        return wait_s * self.aboard_per_min_c * risen_s // (2 * ABOARD_DOUBLES_S * MIN_S)


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """The day at `since_s`, the stranded trips free in it and those on board picked up where they stand.

    `plan`: the routes in force of everybody else. `closed`: shifts that take nobody (the broken one).
    `relief`: the shift that stands in for the broken one with another crew, if there is such a crew.
    """

    problem: Problem
    plan: Plan
    stranded: tuple[Stranded, ...]
    since_s: int
    prices: Prices
    partner: Partner | None = None
    closed: frozenset[str] = frozenset()
    relief: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way on for one trip. `shift` is empty for the partner; times are seconds of the day.

    `late_s`: behind the promised window or the appointment, whichever is worse. `wait_s`: of people on board,
    until somebody comes. `extra_s`, `extra_m`: more driving of our own; `overtime_s`: later at the base beyond the
    rostered end. `cost_c`: money; `weight`: money and
    lateness, what ways are compared by; of two that weigh the same the one that the planner prices lower
    (`added_cost`, in the currency of `Weights`) comes first. `moved`: other trips whose pickup changes, with
    by how much.
    """

    means: Means
    shift: str
    pickup_s: int
    dropoff_s: int
    late_s: int
    wait_s: int
    extra_s: int
    extra_m: int
    cost_c: int
    weight: int
    added_cost: int = 0
    overtime_s: int = 0
    moved: tuple[tuple[str, int], ...] = ()

    @property
    def key(self) -> tuple[Means, str]:
        return self.means, self.shift

    @property
    def rank(self) -> tuple[int, int, str]:
        """The smallest is the best; no two ways of one trip have the same."""
        return self.weight, self.added_cost, self.shift


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One stranded trip: its ways on, the proposed one first; without any, why and what would help.

    `is_left`: a person takes none of them.
    """

    trip: str
    urgency: Urgency
    options: tuple[Option, ...]
    reason: Unassigned | None = None
    is_left: bool = False

    @property
    def proposed(self) -> Option | None:
        return self.options[0] if self.options and not self.is_left else None


class Choice(NamedTuple):
    """A way on that a person chose, or left as proposed."""

    trip: str
    means: Means
    shift: str


@dataclass(frozen=True, kw_only=True)
class Rescue:
    """The lines in the order they were decided, and the day with the first way of each, checked by every rule.

    `problem` has the windows as they were stretched for who comes late; trips that go to the partner, or
    that nobody takes, are unassigned in `plan`.
    """

    lines: tuple[Line, ...]
    problem: Problem
    plan: Plan

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What is proposed, in the order in which it fits together."""
        first = ((line.trip, line.proposed) for line in self.lines)
        return tuple(Choice(trip, *option.key) for trip, option in first if option is not None)

    @property
    def cost_c(self) -> int:
        """What all that is taken costs together."""
        return sum(line.proposed.cost_c for line in self.lines if line.proposed is not None)
