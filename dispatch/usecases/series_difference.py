"""Compares what a series asked for with what it will ask for, day by day; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus, ReturnMode
from dispatch.models import Booking
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.edit_booking import CHANGEABLE
from dispatch.usecases.judge_booking import FIRM, two_vehicles_sentence
from dispatch.usecases.judge_day import Question, has_begun, judge_day
from dispatch.usecases.series_change import BookingEffect, Clash, Conflict, NewJourney
from dispatch.usecases.series_legs import WantedLeg, legs_on
from dispatch.usecases.series_rows import Pair, Series

HORIZON_DAYS = 28  # how far ahead, today included, the journeys of a series are booked


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which days of the series a change is about; with `serve_on` only the first, served on that day."""

    first_on: date
    last_on: date | None = None
    serve_on: date | None = None

    @property
    def is_one_day(self) -> bool:
        return self.serve_on is not None

    def covers(self, day: date) -> bool:
        return self.first_on <= day and (self.last_on is None or day <= self.last_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What becomes of the bookings in `scope` when the series turns from `before` into `after` at `now`."""

    before: Series
    after: Series
    scope: Scope
    now: datetime
    until: date  # days without bookings get theirs up to here, this day included
    overwrite_edited: bool = False
    created: list[NewJourney] = field(default_factory=list)
    effects: list[BookingEffect] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def today(self) -> date:
        return local_day(self.before.order.company, self.now)

    def compare(self, pairs: Mapping[date, Pair]) -> None:
        """Raises InvalidRowError when the hours of the series contradict each other."""
        is_same = self.before.content == self.after.content and not self.scope.is_one_day
        for day in sorted({*filter(self.scope.covers, pairs), *self._days_asked_for()}):
            pair = pairs.get(day, Pair(None, None))
            if pair.there is None:
                self._create(day)
                continue
            was_asked, is_asked = self._asks(self.before, day), self._asks(self.after, day)
            kept = len(self.conflicts)
            if was_asked != is_asked or not is_same:
                self._judge(day, pair, was_asked=was_asked, is_asked=is_asked)
            if is_asked and pair.back is None and len(self.conflicts) == kept:
                self._create_return(day, pair.there)
        self._tell_who_moved_into_a_rest(pairs)

    def _asks(self, series: Series, day: date) -> bool:
        return self.scope.is_one_day or series.asks_on(day)

    def _days_asked_for(self) -> list[date]:
        first, last = max(self.scope.first_on, self.today), self.until
        if self.scope.last_on is not None:
            last = self.scope.last_on if self.scope.is_one_day else min(last, self.scope.last_on)
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [day for day in days if self.after.asks_on(day)]

    def _goal(self, day: date) -> tuple[WantedLeg, ...]:
        return legs_on(self.after.order, self.scope.serve_on or day)

    def _judge(self, day: date, pair: Pair, *, was_asked: bool, is_asked: bool) -> None:
        question = Question(
            series_on=day,
            was_asked=was_asked,
            is_asked=is_asked,
            base=legs_on(self.before.order, day),
            goal=self._goal(day),
            is_worked_out=self.before.order.pickup_time is None,
            is_one_day=self.scope.is_one_day,
            overwrite_edited=self.overwrite_edited,
            now=self.now,
            today=self.today,
        )
        effects, conflicts = judge_day(question, pair)
        self.effects.extend(effects)
        self.conflicts.extend(conflicts)

    def _create(self, day: date) -> None:
        legs = self._goal(day)
        begins = legs[0].begins_at
        if begins is not None and begins <= self.now:
            self.notes.append(_("%(day)s: the hour has passed, nothing is booked.") % {"day": day})
            return
        if any(self._is_taken(day, leg) for leg in legs):
            return
        for leg in legs:
            self._add(day, leg)

    def _is_taken(self, day: date, leg: WantedLeg) -> bool:
        """Whether the patient is promised another journey then; it is told."""
        if leg.is_draft or leg.promised_from is None or leg.promised_to is None:
            return False
        order = self.after.order
        others = Booking.objects.filter(
            company_id=order.company_id,
            patient_id=order.patient_id,
            status__in=[status.value for status in FIRM],
            promised_from__lt=leg.promised_to,
            promised_to__gt=leg.promised_from,
        ).exclude(standing_order=order.pk)
        found = list(others.order_by("promised_from", "pk").values_list("reference", flat=True))
        if found:
            said = _("%(day)s: nothing is booked. %(why)s")
            self.notes.append(said % {"day": day, "why": two_vehicles_sentence(found)})
        return bool(found)

    def _create_return(self, day: date, there: Booking) -> None:
        """The way back that a journey of the series has not yet, unless the day has begun."""
        if self.after.order.return_mode == ReturnMode.NONE or there.status not in CHANGEABLE:
            return
        if has_begun(Pair(there, None), now=self.now, today=self.today):
            return
        leg = self._goal(day)[1]
        written = next((each.values for each in self.effects if each.booking_id == there.pk), ())
        for name, value in written:
            setattr(there, name, value)  # as it will be; the row is not saved
        begins, back = there.promised_from, leg.promised_from
        if begins is not None and back is not None and back <= begins:
            self.conflicts.append(_without_return(day, there))
            return
        is_draft = there.status == BookingStatus.DRAFT
        if not is_draft and self._is_taken(day, leg):
            return
        self._add(day, replace(leg, is_draft=is_draft), outbound_id=there.pk)

    def _add(self, day: date, leg: WantedLeg, outbound_id: int | None = None) -> None:
        if leg.notes:
            self.notes.append(f"{day}: {leg.notes}")
        self.created.append(NewJourney(series_on=day, leg=leg, outbound_id=outbound_id))

    def _tell_who_moved_into_a_rest(self, pairs: Mapping[date, Pair]) -> None:
        """A journey of another day that a person moved to where the series is now to rest: it stays."""
        for day, pair in pairs.items():
            for row in filter(None, pair):
                if row.status not in CHANGEABLE or self.after.is_resting(day):
                    continue
                rests = self.after.is_resting(row.service_on)
                if rests and not self.before.is_resting(row.service_on):
                    self.conflicts.append(_inside_rest(day, row))


def _without_return(day: date, there: Booking) -> Conflict:
    said = _("%(reference)s on %(day)s gets no return: it would begin before the outbound journey.")
    return Conflict(
        clash=Clash.IMPOSSIBLE,
        booking_id=there.pk,
        reference=there.reference,
        series_on=day,
        follows=False,
        sentence=said % {"reference": there.reference, "day": there.service_on},
    )


def _inside_rest(day: date, row: Booking) -> Conflict:
    said = _("%(reference)s was moved to %(day)s by hand, inside the pause: it stays as it is.")
    return Conflict(
        clash=Clash.OTHER_DAY,
        booking_id=row.pk,
        reference=row.reference,
        series_on=day,
        follows=False,
        sentence=said % {"reference": row.reference, "day": row.service_on},
    )
