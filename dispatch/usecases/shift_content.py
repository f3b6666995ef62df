"""What a person says of a shift, and what no shift may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from dispatch.models import Driver, Place, Shift, ShiftBreak, Vehicle
from dispatch.models.driver import BREAK_OUTSIDE
from dispatch.models.fleet import LONGEST_SHIFT, TOO_LONG
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.keep_row import Children, InvalidRowError, check_row
from dispatch.usecases.own_rows import own_rows


class StaleShiftError(UseCaseError):
    """Somebody else changed the shift since it was read."""


class ShiftInUseError(UseCaseError):
    """Journeys hang on the shift as it is."""


class ShiftCancelledError(UseCaseError):
    """A cancelled shift is not changed any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakContent:
    """A pause that begins between two moments."""

    earliest_at: datetime
    latest_at: datetime
    duration_min: int
    mandatory: bool = True

    @classmethod
    def of(cls, row: ShiftBreak) -> Self:
        return cls(
            earliest_at=row.earliest_at,
            latest_at=row.latest_at,
            duration_min=row.duration_min,
            mandatory=row.mandatory,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftContent:
    """All of a shift that a person decides."""

    driver_id: int
    vehicle_id: int
    starts_at: datetime
    ends_at: datetime
    start_place_id: int | None = None
    end_place_id: int | None = None
    max_trips: int | None = None
    breaks: tuple[BreakContent, ...] = ()

    @classmethod
    def of(cls, shift: Shift, *, breaks: tuple[BreakContent, ...] | None = None) -> Self:
        """What the row says; with these breaks instead of its own."""
        if breaks is None:
            breaks = tuple(BreakContent.of(row) for row in shift.breaks.all())
        return cls(
            driver_id=shift.driver_id,
            vehicle_id=shift.vehicle_id,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            start_place_id=shift.start_place_id,
            end_place_id=shift.end_place_id,
            max_trips=shift.max_trips,
            breaks=breaks,
        )

    def fill(self, shift: Shift) -> None:
        """Write this into the row, which is not saved. Raises InvalidRowError."""
        if self.starts_at >= self.ends_at:
            raise InvalidRowError({"ends_at": [_("A shift ends after it starts.")]})
        if self.ends_at - self.starts_at > LONGEST_SHIFT:
            raise InvalidRowError({"ends_at": [str(TOO_LONG)]})
        found = own_rows(
            shift.company,
            {
                "driver": (Driver, self.driver_id),
                "vehicle": (Vehicle, self.vehicle_id),
                "start_place": (Place, self.start_place_id),
                "end_place": (Place, self.end_place_id),
            },
        )
        for name, row in found.items():
            setattr(shift, name, row)
        shift.period = DateTimeTZRange(self.starts_at, self.ends_at)
        shift.max_trips = self.max_trips

    def stand_in(self, shift: Shift) -> None:
        """Write this with its breaks into a row that is never saved. Raises InvalidRowError."""
        self.fill(shift)
        check_row(shift)
        rows = self._break_rows()
        for position, pause in enumerate(rows):
            pause.pk, pause.shift = -1 - position, shift
            check_row(pause, at=f"breaks.{position}")
        held = shift.breaks.all()
        held._result_cache = rows  # noqa: SLF001 - as prefetch_related leaves it
        vars(shift).setdefault("_prefetched_objects_cache", {})["breaks"] = held

    def pauses(self) -> Children:
        """The breaks as rows, which are not saved. Raises InvalidRowError."""
        return Children(relation="breaks", rows=self._break_rows(), field="breaks")

    def _break_rows(self) -> list[ShiftBreak]:
        for position, pause in enumerate(self.breaks):
            over = pause.latest_at + timedelta(minutes=pause.duration_min)
            if pause.earliest_at < self.starts_at or over > self.ends_at:
                raise InvalidRowError({f"breaks.{position}": [str(BREAK_OUTSIDE)]})
        return [
            ShiftBreak(
                earliest_at=pause.earliest_at,
                latest_at=pause.latest_at,
                duration_min=pause.duration_min,
                mandatory=pause.mandatory,
            )
            for pause in self.breaks
        ]
