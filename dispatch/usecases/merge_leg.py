"""Brings one booking from what the series was to what it becomes, and sees where a person has been in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dispatch.enums import BookingStatus
from dispatch.models import Booking
from dispatch.models.statuses import OPEN
from dispatch.usecases.promise import window_around
from dispatch.usecases.series_legs import WantedLeg

# These change together or not at all.
TIMES = ("is_will_call", "service_on", "requested_at", "promised_from", "promised_to")
NAMES = (
    "pickup_id", "dropoff_id", "appointment_at", "same_driver_as_outbound", "priority", "pooling_allowed",
    "notes", *TIMES,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """`values`: what the booking gets. `is_edited`: it differs from both the old series and the new one there."""

    values: dict[str, Any]
    is_edited: bool


def merge_leg(
    row: Booking,
    base: WantedLeg | None,
    goal: WantedLeg,
    *,
    is_worked_out: bool,
    is_whole: bool = False,
) -> Merge:
    """A three-way merge: only what the series changes is written, so what a person changed elsewhere stays.

    Without a `base`, or when the `is_whole` goal is meant for this very booking, everything becomes as in the
    goal. `is_worked_out`: the pickup followed from the appointment, and is worked out anew, whatever it was.
    """
    takes_all = is_whole or base is None
    changed = {name for name in NAMES if takes_all or _at(base, name) != _at(goal, name)}
    if changed & set(TIMES):
        changed |= set(TIMES)
    if base is not None and row.notes != base.notes:
        changed.discard("notes")  # somebody wrote to the driver
    is_edited = False
    if base is not None and not is_whole:
        is_edited = _is_edited(row, base, goal, changed, is_worked_out=is_worked_out)
    values = {name: _at(goal, name) for name in changed if _at(row, name) != _at(goal, name)}
    return Merge(values=values | _status(row, base, goal, takes_all=takes_all), is_edited=is_edited)


def _is_edited(
    row: Booking, base: WantedLeg, goal: WantedLeg, changed: set[str], *, is_worked_out: bool
) -> bool:
    """Whether a person was where the series now writes."""
    others = changed - {*TIMES, "notes"}
    if any(_at(row, name) not in {_at(base, name), _at(goal, name)} for name in others):
        return True
    are_times_written = bool(changed & set(TIMES)) and any(
        _at(row, name) != _at(goal, name) for name in TIMES
    )
    return are_times_written and _has_other_times(row, base, is_worked_out=is_worked_out)


def _at(where: Booking | WantedLeg | None, name: str) -> Any:
    return getattr(where, name)


def _has_other_times(row: Booking, base: WantedLeg, *, is_worked_out: bool) -> bool:
    if row.service_on != base.service_on:
        return True
    if row.requested_at is None or base.requested_at is None:
        return row.requested_at != base.requested_at
    promised = row.promised_from, row.promised_to
    usual = {
        tuple(window_around(row.company, row.requested_at)),
        (base.promised_from, base.promised_to),
    }
    return promised not in usual or (not is_worked_out and row.requested_at != base.requested_at)


def _status(
    row: Booking, base: WantedLeg | None, goal: WantedLeg, *, takes_all: bool
) -> dict[str, Any]:
    """A promise that cannot be made any more leaves a draft; one that can be made at last confirms it."""
    was_draft = base is not None and base.is_draft
    if row.status == BookingStatus.DRAFT and was_draft and not goal.is_draft:
        return {"status": BookingStatus.CONFIRMED.value}
    if row.status in OPEN and goal.is_draft and (takes_all or not was_draft):
        return {"status": BookingStatus.DRAFT.value}
    return {}
