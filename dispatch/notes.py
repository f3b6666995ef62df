"""What a run has to say about itself: a key of a closed vocabulary and its figures, spoken only when shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

Figure = int | str


class NoteKey(StrEnum):
    """One sentence each, in each language; figures are named after the key."""

    # Travel times.
    NO_ROAD_SERVER = "no_road_server"
    ROADS_ESTIMATED = "roads_estimated"  # gaps, pairs
    ROAD_PLACES_OFF_MAP = "road_places_off_map"  # count
    ROAD_PAIRS_UNLINKED = "road_pairs_unlinked"  # count
    STRAIGHT_LINES = "straight_lines"
    # Why the road server gave nothing usable.
    ROAD_TIME_SPENT = "road_time_spent"
    ROAD_RESTING = "road_resting"  # seconds
    ROAD_SLOW = "road_slow"
    ROAD_ADDRESS = "road_address"
    ROAD_UNREACHABLE = "road_unreachable"
    ROAD_UNREADABLE = "road_unreadable"
    ROAD_TOO_LARGE = "road_too_large"
    ROAD_STATUS = "road_status"  # status
    ROAD_NOT_JSON = "road_not_json"
    ROAD_NOT_OSRM = "road_not_osrm"
    ROAD_REFUSED = "road_refused"  # code
    ROAD_TABLE_INCOMPLETE = "road_table_incomplete"
    ROAD_NO_NUMBER = "road_no_number"
    ROAD_IMPOSSIBLE = "road_impossible"
    ROAD_NO_SNAP = "road_no_snap"
    ROAD_NO_LINE = "road_no_line"
    # Shifts that a run leaves out or leaves alone; each has its shift.
    SHIFT_DRIVER_LEFT = "shift_driver_left"
    SHIFT_VEHICLE_RETIRED = "shift_vehicle_retired"
    SHIFT_DRIVER_ABSENT = "shift_driver_absent"
    SHIFT_VEHICLE_AWAY = "shift_vehicle_away"
    SHIFT_NO_LICENCE = "shift_no_licence"
    SHIFT_NO_SEATS = "shift_no_seats"
    SHIFT_NO_BASE = "shift_no_base"
    SHIFT_CUT = "shift_cut"  # start, end: hours of the clock
    SHIFT_STUCK = "shift_stuck"
    UNDER_WAY_OUTSIDE = "under_way_outside"  # trip
    # Shifts of which nothing is recorded although a pickup was due; each has its shift.
    SHIFT_SILENT = "shift_silent"  # due, since: hours of the clock
    SHIFT_UNHEARD = "shift_unheard"  # due
    PIN_RELEASED = "pin_released"  # trip
    PATIENT_TWICE = "patient_twice"  # trip, other
    FAIRNESS_WEIGHED = "fairness_weighed"  # count, weight, usual
    CHOICE_CLOSED = "choice_closed"  # version
    # What a re-plan changes of the plan in force.
    REPLAN_CHANGES = "replan_changes"  # count, budget
    REPLAN_KEEPS = "replan_keeps"
    REPLAN_UNAVOIDABLE = "replan_unavoidable"  # count
    REPLAN_HELD_BACK = "replan_held_back"  # count, served
    PROMISE_BROKEN = "promise_broken"  # trip, minutes
    ROAD_PICKUP_MOVED = "road_pickup_moved"  # trip; at, before: hours of the clock
    NOTHING_BETTER = "nothing_better"
    TIMES_PASSED = "times_passed"
    # Promised windows that the plan in force cannot keep.
    WINDOW_STRETCHED = "window_stretched"  # trip, minutes
    WINDOW_LATE = "window_late"  # trip, minutes, late
    # Why a run failed.
    DAY_BUSY = "day_busy"
    DAY_EMPTY = "day_empty"
    DAY_OVER = "day_over"
    SETTINGS_NOT_VALID = "settings_not_valid"  # fields
    PLANNER_REFUSED = "planner_refused"  # detail; of older versions
    DAY_CONTRADICTORY = "day_contradictory"
    PLAN_UNFIT = "plan_unfit"  # count
    INTERRUPTED = "interrupted"
    BOOKINGS_CHANGED = "bookings_changed"  # count
    SHIFTS_CHANGED = "shifts_changed"
    JOURNEYS_UNFIT_NOW = "journeys_unfit_now"  # count
    JOURNEYS_COLLIDE = "journeys_collide"
    BROKE_OFF = "broke_off"  # kind


@dataclass(frozen=True, slots=True)
class Note:
    """`figures`: numbers, and words that are no names of people: a shift is a reference like `s7`, a
    trip one like `b12`."""

    key: NoteKey
    figures: tuple[tuple[str, Figure], ...] = ()

    @classmethod
    def of(cls, key: NoteKey, **figures: Figure) -> Self:
        return cls(key, tuple(figures.items()))

    def __str__(self) -> str:
        """For logs."""
        return " ".join([self.key.value, *(f"{name}={value}" for name, value in self.figures)])

    def to_json(self) -> dict[str, Any]:
        return {"key": self.key.value, "figures": dict(self.figures)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Raises ValueError for a key that this version does not know."""
        return cls.of(NoteKey(document["key"]), **document["figures"])
