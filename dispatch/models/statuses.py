"""Which way a booking or a run may go from where it stands, and which reasons each outcome of a booking accepts."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dispatch.enums import BookingStatus as S
from dispatch.enums import RunStatus
from dispatch.enums import StatusReason as R

if TYPE_CHECKING:
    from collections.abc import Mapping

# Ways back (ASSIGNED → CONFIRMED, NO_SHOW → ARRIVED …) are there because people and vehicles change
# their minds; whoever goes back also clears the timestamps that no longer hold. The database keeps these
# steps as well (migration 0014): one more needs a migration.
MOVES: Mapping[S, frozenset[S]] = MappingProxyType({
    S.DRAFT: frozenset({S.CONFIRMED, S.REFUSED, S.CANCELLED}),
    S.CONFIRMED: frozenset({
        S.DRAFT, S.ASSIGNED, S.CANCELLED, S.SAME_DAY_CANCEL, S.LATE_CANCEL, S.REFUSED, S.UNMET,
        S.PARTNER,
    }),
    S.ASSIGNED: frozenset({
        S.CONFIRMED, S.EN_ROUTE, S.MISSED, S.CANCELLED, S.SAME_DAY_CANCEL, S.LATE_CANCEL, S.PARTNER,
    }),
    S.EN_ROUTE: frozenset({S.CONFIRMED, S.ASSIGNED, S.ARRIVED, S.MISSED, S.LATE_CANCEL, S.PARTNER}),
    S.ARRIVED: frozenset({S.EN_ROUTE, S.ON_BOARD, S.NO_SHOW, S.MISSED, S.LATE_CANCEL, S.PARTNER}),
    S.ON_BOARD: frozenset({S.ARRIVED, S.COMPLETED, S.PARTNER}),
    S.COMPLETED: frozenset({S.ON_BOARD}),
    S.NO_SHOW: frozenset({S.ARRIVED, S.MISSED}),
    S.MISSED: frozenset({S.CONFIRMED, S.NO_SHOW}),
    S.CANCELLED: frozenset({S.CONFIRMED, S.DRAFT}),
    S.SAME_DAY_CANCEL: frozenset({S.CONFIRMED, S.DRAFT}),
    S.LATE_CANCEL: frozenset({S.CONFIRMED}),
    S.REFUSED: frozenset({S.DRAFT, S.CONFIRMED}),
    S.UNMET: frozenset({S.CONFIRMED}),
    S.PARTNER: frozenset({S.CONFIRMED}),
})  # fmt: skip

RUN_MOVES: Mapping[RunStatus, frozenset[RunStatus]] = MappingProxyType({
    RunStatus.QUEUED: frozenset({RunStatus.RUNNING, RunStatus.FAILED}),
    RunStatus.RUNNING: frozenset({RunStatus.DONE, RunStatus.FAILED, RunStatus.LOST}),
    RunStatus.LOST: frozenset({RunStatus.RUNNING, RunStatus.FAILED}),
    # An automatic plan that the day has left behind fails; another is put aside, or followed by a later one.
    RunStatus.DONE: frozenset({RunStatus.SUPERSEDED, RunStatus.FAILED}),
    RunStatus.FAILED: frozenset(),
    RunStatus.SUPERSEDED: frozenset(),
})  # fmt: skip

OPEN = frozenset({S.CONFIRMED, S.ASSIGNED})
NOT_YET_THERE = frozenset(
    {S.ASSIGNED, S.EN_ROUTE}
)  # somebody waits for a vehicle that has a driver
UNDER_WAY = frozenset({S.EN_ROUTE, S.ARRIVED, S.ON_BOARD})
CANCELLATIONS = frozenset({S.CANCELLED, S.SAME_DAY_CANCEL, S.LATE_CANCEL})
NOT_SET_OFF = OPEN | {S.DRAFT}
OUTCOMES = CANCELLATIONS | {S.COMPLETED, S.NO_SHOW, S.MISSED, S.REFUSED, S.UNMET, S.PARTNER}
DID_NOT_GO = OUTCOMES - {S.COMPLETED, S.MISSED, S.PARTNER}  # the patient stayed, for all we know

# What a driver may say of an own journey; everything else is for the office.
DRIVER_STEPS = frozenset({S.ASSIGNED, S.EN_ROUTE, S.ARRIVED, S.ON_BOARD, S.COMPLETED, S.NO_SHOW})

_CANCEL_REASONS = frozenset({
    R.PATIENT_UNWELL, R.PATIENT_REQUEST, R.PATIENT_DECEASED, R.HOSPITALISED, R.APPOINTMENT_CANCELLED,
    R.APPOINTMENT_MOVED, R.ESTABLISHMENT_REQUEST, R.OTHER_TRANSPORT, R.DOUBLE_BOOKING, R.ENTRY_ERROR,
    R.SERIES_CHANGED, R.WEATHER, R.OTHER,
})  # fmt: skip

# A status that is not here carries no reason.
REASONS: Mapping[S, frozenset[R]] = MappingProxyType({
    S.NO_SHOW: frozenset({
        R.PATIENT_ABSENT, R.PATIENT_UNWELL, R.PATIENT_DECLINED, R.HOSPITALISED, R.OTHER,
    }),
    S.MISSED: frozenset({
        R.VEHICLE_LATE, R.VEHICLE_BREAKDOWN, R.WEATHER, R.NO_DRIVER, R.NO_VEHICLE, R.OTHER,
    }),
    S.CANCELLED: _CANCEL_REASONS,
    S.SAME_DAY_CANCEL: _CANCEL_REASONS,
    S.LATE_CANCEL: _CANCEL_REASONS,
    S.REFUSED: frozenset({
        R.NO_DRIVER, R.NO_VEHICLE, R.OUTSIDE_AREA, R.OUTSIDE_HOURS, R.NEEDS_NOT_SERVED,
        R.DOUBLE_BOOKING, R.OTHER,
    }),
    S.UNMET: frozenset({R.NO_DRIVER, R.NO_VEHICLE, R.VEHICLE_BREAKDOWN, R.WEATHER, R.OTHER}),
    S.PARTNER: frozenset({R.NO_DRIVER, R.NO_VEHICLE, R.VEHICLE_BREAKDOWN, R.WEATHER, R.OTHER}),
})  # fmt: skip


def can_move(from_status: S, to_status: S) -> bool:
    """Whether a booking may go from one status to the other in one step."""
    return to_status in MOVES[from_status]
