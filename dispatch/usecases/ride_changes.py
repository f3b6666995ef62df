"""What happens to each trip when a plan replaces the rides in force: one comparison for the proposal and for Apply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

from dispatch.enums import BookingStatus
from dispatch.models import Assignment
from dispatch.models.statuses import UNDER_WAY

NOTICEABLE = timedelta(minutes=1)


class Kind(StrEnum):
    """What happens to one trip, what hurts first; two plans that differ by seconds are the same to people."""

    TAKEN_AWAY = "taken_away"
    OTHER_DRIVER = "other_driver"
    NEW = "new"
    OTHER_TIME = "other_time"
    UNCHANGED = "unchanged"


class PlannedRide(NamedTuple):
    """Where a plan has a trip."""

    shift_id: int
    pickup_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How many trips get a driver, lose theirs, change driver, change time, or stay as they are."""

    assigned: int
    unassigned: int
    other_driver: int
    other_time: int
    unchanged: int

    @classmethod
    def counted(cls, kinds: Iterable[Kind]) -> Self:
        of = Counter(kinds)
        return cls(
            assigned=of[Kind.NEW],
            unassigned=of[Kind.TAKEN_AWAY],
            other_driver=of[Kind.OTHER_DRIVER],
            other_time=of[Kind.OTHER_TIME],
            unchanged=of[Kind.UNCHANGED],
        )

    @property
    def changed(self) -> int:
        """With another driver or time."""
        return self.other_driver + self.other_time


def kind_of(
    status: BookingStatus,
    ride: Assignment | None,
    wanted: PlannedRide | None,
    *,
    waits: bool = False,
) -> Kind:
    """`ride`: in force now; `wanted`: what the plan says, None where it leaves the trip without a driver.

    `waits`: on the road, for a second vehicle, whose pickup is still to come.
    """
    if wanted is None:
        is_held = ride is not None and status is BookingStatus.ASSIGNED
        return Kind.TAKEN_AWAY if is_held else Kind.UNCHANGED
    if ride is None:
        return Kind.NEW
    if ride.shift_id != wanted.shift_id:
        return Kind.OTHER_DRIVER
    is_moved = abs(ride.planned_pickup_at - wanted.pickup_at) >= NOTICEABLE
    is_to_come = waits or status not in UNDER_WAY
    return Kind.OTHER_TIME if is_moved and is_to_come else Kind.UNCHANGED


def changes_of(
    statuses: Mapping[int, BookingStatus],
    held: Mapping[int, Assignment],
    wanted: Mapping[int, PlannedRide],
    decided: Iterable[int],
    waiting: frozenset[int] = frozenset(),
) -> Changes:
    """By booking; `waiting`: those on the road. Who has a trip that the plan did not decide keeps it; one nobody has in either is none."""
    planned = frozenset(decided)
    return Changes.counted(
        kind_of(statuses[pk], held.get(pk), wanted.get(pk), waits=pk in waiting)
        if pk in planned
        else Kind.UNCHANGED
        for pk in held.keys() | wanted.keys()
    )
