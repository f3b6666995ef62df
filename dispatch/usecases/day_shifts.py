"""The shifts of a day's problem: who can drive when, from where, and what has begun."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dispatch.engine import problem as engine
from dispatch.enums import DriverKind
from dispatch.models import Shift
from dispatch.notes import Note, NoteKey
from dispatch.usecases.day_rows import MIN_S, DayRows, prefixed
from dispatch.usecases.day_so_far import NOTHING_YET, ShiftSoFar
from dispatch.usecases.next_door import ALONE, NextDoor
from dispatch.usecases.references import break_ref, driver_ref, shift_ref, vehicle_ref
from dispatch.usecases.shift_faults import load_offered
from dispatch.usecases.vehicle_hours import first_part, longest_part


class DayShifts:
    def __init__(self, of: DayRows) -> None:
        self.of = of

    def shift(
        self,
        row: Shift,
        neighbours: dict[int, NextDoor],
    ) -> engine.Shift | None:
        """The shift as the engine sees it; None when it cannot drive, with a note that says why."""
        so_far = self.of.so_far.get(row.pk, NOTHING_YET)
        fault = self.of.faults[row.pk]
        beside = neighbours.get(row.pk, ALONE)
        base = self.of.locate(so_far.at or beside.at or row.starts_where)
        end = self.of.locate(beside.to or row.ends_where)
        if fault is not None or base is None or end is None:
            self._leave_shift_out(row, fault or NoteKey.SHIFT_NO_BASE)
            return None
        hours = self._hours(row, so_far, beside)
        drives = self._drives(row, so_far, hours)
        if drives is None:
            self._leave_shift_out(row, NoteKey.SHIFT_VEHICLE_AWAY)
            return None
        if drives != hours:
            so_far = self._cut(row, so_far, hours, drives)
        start_s, end_s = drives
        rides = (row.max_trips or self.of.rules.max_trips_per_shift) - beside.trips
        return engine.Shift(
            id=shift_ref(row.pk),
            driver=driver_ref(row.driver_id),
            vehicle=vehicle_ref(row.vehicle_id),
            start_location=base,
            end_location=end,
            start_s=start_s,
            end_s=end_s,
            rostered_end_s=self.of.clock.second(row.ends_at),
            configurations=_configurations(row),
            capabilities=prefixed("skill", row.driver.skill_codes_on(self.of.day))
            | prefixed("equipment", frozenset(row.vehicle.equipment)),
            breaks=self._breaks(row, start_s, end_s),
            max_trips=max(rides - so_far.trips_done, len(so_far.committed_visits) // 2),
            is_emergency=row.driver.kind == DriverKind.EMERGENCY,
            committed=so_far.committed_visits,
        )

    def _leave_shift_out(self, row: Shift, why: NoteKey) -> None:
        self.of.left_out[row.pk] = Note.of(why, shift=shift_ref(row.pk))

    def _drives(
        self, row: Shift, so_far: ShiftSoFar, hours: tuple[int, int]
    ) -> tuple[int, int] | None:
        """The part of the hours with the vehicle there: the first one where that is promised, or has begun."""
        away = self._away(row)
        if so_far.committed:
            first = first_part(hours, away, now_s=self.of.now_s)
            if first is not None or so_far.is_under_way:
                return first
        return longest_part(hours, away, now_s=self.of.now_s)

    def _away(self, row: Shift) -> list[tuple[int, int]]:
        periods = (absence.period for absence in row.vehicle.unavailabilities.all())
        return [(self.of.clock.second(p.lower), self.of.clock.second(p.upper)) for p in periods]

    def _cut(
        self, row: Shift, so_far: ShiftSoFar, hours: tuple[int, int], drives: tuple[int, int]
    ) -> ShiftSoFar:
        """A vehicle that starts later holds nothing of the plan in force: nobody waits until it is back."""
        start_s, end_s = drives[0], min(drives[1], self.of.clock.second(row.ends_at))
        if start_s > hours[0] or end_s < min(hours[1], self.of.clock.second(row.ends_at)):
            self.of.said.append(
                Note.of(
                    NoteKey.SHIFT_CUT,
                    shift=shift_ref(row.pk),
                    start=self.of.clock.shown(start_s),
                    end=self.of.clock.shown(end_s),
                )
            )
        if start_s > hours[0] and row.pk in self.of.so_far:
            self.of.so_far[row.pk] = replace(so_far, order=())
        return self.of.so_far.get(row.pk, so_far)

    def _hours(
        self,
        row: Shift,
        so_far: ShiftSoFar,
        beside: NextDoor,
    ) -> tuple[int, int]:
        """From when to when this day may use the shift; one past midnight shares it with its neighbour."""
        start = max(row.starts_at, self.of.clock.starts_at, beside.until or row.starts_at)
        end = row.ends_at + timedelta(minutes=self.of.rules.max_overtime_min)
        end = end if beside.since is None else min(end, beside.since)
        start_s, end_s = self.of.clock.second(start), self.of.clock.second(end)
        # Nobody has left before now without having said so.
        recorded_s = so_far.free_from_s
        start_s = max(start_s, self.of.now_s) if recorded_s is None else recorded_s
        return start_s, max(end_s, start_s + 1)

    def _breaks(self, row: Shift, start_s: int, end_s: int) -> tuple[engine.Break, ...]:
        """Breaks still to take: those whose time is over, or falls to the neighbour day, are not."""
        begins_s = max(start_s, self.of.now_s)
        found = (
            engine.Break(
                id=break_ref(pause.pk),
                earliest_s=max(self.of.clock.second(pause.earliest_at), begins_s),
                latest_s=self.of.clock.second(pause.latest_at),
                duration_s=pause.duration_min * MIN_S,
                mandatory=pause.mandatory,
            )
            for pause in row.breaks.all()
            if self.of.clock.second(pause.latest_at) >= begins_s
            and self.of.clock.second(pause.earliest_at) + pause.duration_min * MIN_S <= end_s
        )
        return tuple(found)


def _configurations(row: Shift) -> tuple[engine.Load, ...]:
    return tuple(load_offered(c) for c in row.vehicle.configurations.all())
