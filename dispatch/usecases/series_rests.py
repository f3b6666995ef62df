"""What a person may do to the days of a series: let it rest, end its rest, end it; each edit writes itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.utils.translation import gettext as _

from dispatch.models import StandingOrder, StandingOrderPause
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.keep_row import check_row, keep_row
from dispatch.usecases.series_change import PastDayError
from dispatch.usecases.series_difference import Scope
from dispatch.usecases.series_edits import checked, refuse_over
from dispatch.usecases.series_rows import Rest, Series

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """The series rests on these days, both included."""

    first_on: date
    last_on: date
    overwrite_edited: bool = False

    def after(self, series: Series, today: date) -> Series:
        if self.last_on < today:
            raise PastDayError(_("These days are over."))
        refuse_over(series, series, today)
        check_row(self._row(series.order))
        return series.with_rests([*series.rests, Rest(self.first_on, self.last_on)])

    def scope(self, series: Series, today: date) -> Scope:
        return Scope(first_on=max(self.first_on, today), last_on=self.last_on)

    def write(self, before: Series, after: Series) -> StandingOrder:
        keep_row(self._row(before.order))
        return before.order

    def _row(self, order: StandingOrder) -> StandingOrderPause:
        return StandingOrderPause(
            standing_order=order, first_on=self.first_on, last_on=self.last_on
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """A pause ends before `from_on`; one that had not begun by then is forgotten."""

    pause_id: int
    from_on: date
    overwrite_edited: bool = False

    def after(self, series: Series, today: date) -> Series:
        rest = self._rest(series)
        if self.from_on < today or rest.last_on < self.from_on:
            raise PastDayError(_("This pause is over by then."))
        others = [each for each in series.rests if each != rest]
        kept = [rest._replace(last_on=self.from_on - ONE_DAY)] if self._shortens(rest) else []
        return series.with_rests([*others, *kept])

    def scope(self, series: Series, today: date) -> Scope:
        return Scope(first_on=self.from_on, last_on=self._rest(series).last_on)

    def write(self, before: Series, after: Series) -> StandingOrder:
        pause = StandingOrderPause.objects.filter(pk=self.pause_id)
        if self._shortens(self._rest(before)):
            pause.update(last_on=self.from_on - ONE_DAY)
        else:
            pause.delete()
        return before.order

    def _shortens(self, rest: Rest) -> bool:
        return rest.first_on < self.from_on

    def _rest(self, series: Series) -> Rest:
        for rest in series.rests:
            if rest.pk == self.pause_id:
                return rest
        raise NotFoundError(_("This pause does not exist."))


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The series has its last day, or (None) stops at once and stays on record."""

    last_on: date | None
    overwrite_edited: bool = False

    def after(self, series: Series, today: date) -> Series:
        if self.last_on is None:
            return series.with_content(replace(series.content, active=False))
        if self.last_on < today:
            raise PastDayError(_("This day is over."))
        return checked(series.with_content(replace(series.content, ends_on=self.last_on)))

    def scope(self, series: Series, today: date) -> Scope:
        return Scope(first_on=today)

    def write(self, before: Series, after: Series) -> StandingOrder:
        keep_row(after.order, changed=("ends_on", "active"))
        return after.order
