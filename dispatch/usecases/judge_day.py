"""Decides what becomes of the bookings of one day of a series when the series changes; reads and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus as S
from dispatch.enums import StatusReason
from dispatch.models import Booking
from dispatch.models.statuses import OPEN, UNDER_WAY
from dispatch.usecases.edit_booking import CHANGEABLE, PLANNED_FOR
from dispatch.usecases.merge_leg import merge_leg
from dispatch.usecases.moved_promise import MovedPromise
from dispatch.usecases.promise import Agreed
from dispatch.usecases.series_change import BookingEffect, Clash, Conflict, Effect
from dispatch.usecases.series_legs import WantedLeg
from dispatch.usecases.series_rows import Pair

TAKEN_OFF = frozenset({S.CANCELLED, S.SAME_DAY_CANCEL})
NEVER_CAME = TAKEN_OFF | {S.REFUSED, S.UNMET}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the old series said of the day, what the new one says, and how firmly it is meant."""

    series_on: date
    was_asked: bool
    is_asked: bool
    base: tuple[WantedLeg, ...]  # the journey there, and the way back if there is one
    goal: tuple[WantedLeg, ...]
    is_worked_out: bool  # the pickup followed from the appointment
    is_one_day: bool  # the change is meant for this very day
    overwrite_edited: bool
    now: datetime
    today: date


class Verdict(NamedTuple):
    effects: tuple[BookingEffect, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    row: Booking
    effect: Effect
    values: dict[str, Any]
    clash: Clash | None = None

    def after(self, name: str) -> Any:
        return self.values.get(name, getattr(self.row, name))

    @property
    def loses_driver(self) -> bool:
        is_off = self.effect is Effect.CANCELLED or self.values.get("status") == S.DRAFT
        return self.row.status == S.ASSIGNED and (is_off or not PLANNED_FOR.isdisjoint(self.values))


def judge_day(question: Question, pair: Pair) -> Verdict:
    """The day's bookings change together or stay together; those that have begun stay."""
    rows = [(index, row) for index, row in enumerate(pair) if row is not None]
    steps = [step for index, row in rows if (step := _step(question, row, index))]
    real = [step for step in steps if step.effect is not Effect.FOLLOWS]
    if has_begun(pair, now=question.now, today=question.today):
        return _kept(question, real, Clash.BEGUN, _("it has begun, or its hour has come"))
    clashing = [step for step in real if step.clash]
    if clashing and not question.overwrite_edited:
        return Verdict((), tuple(_conflict(question, step, follows=False) for step in clashing))
    problem = _problem(question, pair, steps)
    if problem:
        return _kept(question, real, Clash.IMPOSSIBLE, problem)
    told = [_conflict(question, step, follows=True) for step in clashing]
    told += [
        _told(question, step.row, Clash.LOSES_DRIVER, _("it waits for a driver again"))
        for step in real
        if step.loses_driver
    ]
    return Verdict(tuple(_effect(question, step) for step in steps), tuple(told))


def has_begun(pair: Pair, *, now: datetime, today: date) -> bool:
    """Whether one of the two is over or under way, or its hour has come: then nothing changes any more."""
    return any(_has_begun(row, now, today) for row in pair if row is not None)


def _has_begun(row: Booking, now: datetime, today: date) -> bool:
    if row.status not in CHANGEABLE | NEVER_CAME or row.service_on < today:
        return True
    return row.ready_at is not None or (row.promised_from is not None and row.promised_from <= now)


# What becomes of one booking ---------------------------------------------------------------------


def _step(question: Question, row: Booking, index: int) -> _Step | None:
    base, goal = (
        legs[index] if index < len(legs) else None for legs in (question.base, question.goal)
    )
    is_added = row.standing_order_id is None  # by hand: it depends on the day, and on nothing else
    was_asked = question.was_asked and (is_added or base is not None)
    is_asked = question.is_asked and (is_added or goal is not None)
    merged, is_edited = (
        ({}, False) if is_added or goal is None else _merged(question, row, base, goal)
    )
    if row.status in CHANGEABLE | UNDER_WAY:  # what is under way would follow, and is told to stay
        if was_asked and not is_asked:
            return _taken_off(question, row, base)
        if is_asked and merged:
            return _Step(
                row=row,
                effect=Effect.MOVED,
                values=merged,
                clash=Clash.EDITED if is_edited else None,
            )
    elif row.status in TAKEN_OFF and row.status_reason == StatusReason.SERIES_CHANGED:
        if is_asked and not was_asked:
            kept = {} if is_edited else merged
            return _brought_back(row, kept, is_draft=bool(goal and goal.is_draft))
        if merged and not is_edited:
            return _Step(row=row, effect=Effect.FOLLOWS, values=merged)
    return None


def _merged(
    question: Question, row: Booking, base: WantedLeg | None, goal: WantedLeg
) -> tuple[dict[str, Any], bool]:
    merge = merge_leg(
        row,
        base,
        goal,
        is_worked_out=question.is_worked_out and not goal.is_return,
        is_whole=question.is_one_day,
    )
    return merge.values, merge.is_edited


def _taken_off(question: Question, row: Booking, base: WantedLeg | None) -> _Step:
    is_late = row.service_on == question.today and row.status != S.DRAFT
    status = S.SAME_DAY_CANCEL if is_late else S.CANCELLED
    moved_away = base is not None and row.service_on != base.service_on
    return _Step(
        row=row,
        effect=Effect.CANCELLED,
        values={"status": status.value, "status_reason": StatusReason.SERIES_CHANGED.value},
        clash=Clash.OTHER_DAY if moved_away else None,
    )


def _brought_back(row: Booking, merged: dict[str, Any], *, is_draft: bool) -> _Step:
    promised = merged.get("promised_from", row.promised_from)
    on_call = merged.get("is_will_call", row.is_will_call)
    is_firm = not is_draft and (on_call or promised is not None)
    status = S.CONFIRMED if is_firm else S.DRAFT
    values = merged | {"status": status.value, "status_reason": ""}
    return _Step(row=row, effect=Effect.RESTORED, values=values)


# Whether it can be, and what is said of it -------------------------------------------------------


def _problem(question: Question, pair: Pair, steps: Iterable[_Step]) -> str:
    """What would be impossible about the hours that change; empty when nothing is."""
    timed = {
        s.row.pk: s for s in steps if not {"promised_from", "appointment_at"}.isdisjoint(s.values)
    }
    if not timed:
        return ""
    for step in timed.values():
        promised, appointment = step.after("promised_from"), step.after("appointment_at")
        if "promised_from" in step.values and promised and promised <= question.now:
            return _("its new hour has passed")
        if promised and appointment and appointment <= promised:
            return _("its appointment would be before the pickup")
    there, back = (
        None
        if row is None
        else timed[row.pk].after("promised_from")
        if row.pk in timed
        else row.promised_from
        for row in pair
    )
    if there is not None and back is not None and back <= there:
        return _("its return would begin before the outbound journey")
    return ""


def _kept(question: Question, steps: Iterable[_Step], clash: Clash, why: str) -> Verdict:
    told = (_told(question, step.row, clash, why, follows=False) for step in steps)
    return Verdict((), tuple(told))


def _conflict(question: Question, step: _Step, *, follows: bool) -> Conflict:
    moved_away = step.clash is Clash.OTHER_DAY
    why = _("it was moved to another day by hand") if moved_away else _("it was changed by hand")
    return _told(question, step.row, step.clash or Clash.EDITED, why, follows=follows)


def _told(
    question: Question, row: Booking, clash: Clash, why: str, *, follows: bool = True
) -> Conflict:
    said = _("%(reference)s on %(day)s: %(why)s.") if follows else _(
        "%(reference)s on %(day)s stays as it is: %(why)s."
    )  # fmt: skip
    return Conflict(
        clash=clash,
        booking_id=row.pk,
        reference=row.reference,
        series_on=question.series_on,
        follows=follows,
        sentence=said % {"reference": row.reference, "day": row.service_on, "why": why},
    )


def _effect(question: Question, step: _Step) -> BookingEffect:
    values = dict(step.values)
    if step.effect is Effect.MOVED and step.loses_driver:
        values.setdefault("status", S.CONFIRMED.value)
    return BookingEffect(
        effect=step.effect,
        series_on=question.series_on,
        is_return=step.row.outbound_id is not None,
        booking_id=step.row.pk,
        reference=step.row.reference,
        values=tuple(sorted(values.items())),
        loses_driver=step.loses_driver,
        promise=_moved_promise(step),
    )


def _moved_promise(step: _Step) -> MovedPromise | None:
    """Cancelled journeys and drafts are promised to nobody."""
    before = Agreed.of(step.row).window
    times = {name: step.after(name) for name in Agreed._fields}
    after = Agreed(**times).window
    is_told = step.effect is Effect.MOVED and step.row.status in OPEN and before != after
    return MovedPromise(before, after) if is_told and before is not None else None
