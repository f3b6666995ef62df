"""What a person may do to a series; each edit says which series results, which days it is about, and writes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from dispatch.models import Booking, StandingOrder, StandingOrderPause
from dispatch.models.statuses import UNDER_WAY
from dispatch.usecases.edit_booking import CHANGEABLE
from dispatch.usecases.keep_row import InvalidRowError, check_row, keep_row
from dispatch.usecases.series_change import NoSuchDayError, PastDayError
from dispatch.usecases.series_difference import Scope
from dispatch.usecases.series_rows import Series, SeriesContent

ONE_DAY = timedelta(days=1)
COLUMNS = (
    "pickup", "dropoff", "weekdays", "interval_weeks", "ends_on", "pickup_time", "appointment_time", "return_mode",
    "return_time", "same_driver_return", "priority", "pooling_allowed", "active",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Expand:
    """Nothing changes; the days to come get their bookings."""

    overwrite_edited: bool = False

    def after(self, series: Series, today: date) -> Series:
        return series

    def scope(self, series: Series, today: date) -> Scope:
        return Scope(first_on=today)

    def write(self, before: Series, after: Series) -> StandingOrder:
        return before.order


@dataclass(frozen=True, slots=True, kw_only=True)
class EditThis:
    """One day of the series gets other times or places, or is served on another day; the series stays."""

    series_on: date
    content: SeriesContent
    serve_on: date | None = None
    overwrite_edited: bool = True  # it is this very booking that is meant

    def after(self, series: Series, today: date) -> Series:
        served = self.serve_on or self.series_on
        if min(self.series_on, served) < today:
            raise PastDayError(_("This day is over."))
        statuses = set(
            series.order.bookings.filter(series_on=self.series_on).values_list("status", flat=True)
        )
        is_there = bool(statuses & (CHANGEABLE | UNDER_WAY))
        if not is_there and (statuses or not series.asks_on(self.series_on)):
            raise NoSuchDayError(_("The series has no open journey on this day."))
        for name in ("weekdays", "interval_weeks", "ends_on", "active"):
            if getattr(self.content, name) != getattr(series.content, name):
                raise InvalidRowError({name: [_("This belongs to the whole series.")]})
        return checked(series.with_content(self.content))

    def scope(self, series: Series, today: date) -> Scope:
        served = self.serve_on or self.series_on
        return Scope(first_on=self.series_on, last_on=self.series_on, serve_on=served)

    def write(self, before: Series, after: Series) -> StandingOrder:
        return before.order


@dataclass(frozen=True, slots=True, kw_only=True)
class EditAll:
    """The series changes from today on."""

    content: SeriesContent
    overwrite_edited: bool = False

    def after(self, series: Series, today: date) -> Series:
        changed = series.with_content(self.content)
        refuse_over(series, changed, today)
        return checked(changed)

    def scope(self, series: Series, today: date) -> Scope:
        return Scope(first_on=today)

    def write(self, before: Series, after: Series) -> StandingOrder:
        keep_row(after.order, changed=COLUMNS)
        return after.order


@dataclass(frozen=True, slots=True, kw_only=True)
class EditFollowing:
    """The series ends the day before `from_on`, and another one begins with the new content.

    From its first day on, or before it, there is nothing to end: the whole series changes.
    """

    from_on: date
    content: SeriesContent
    overwrite_edited: bool = False

    def after(self, series: Series, today: date) -> Series:
        if self.from_on < today:
            raise PastDayError(_("This day is over."))
        if series.order.ends_on is not None and self.from_on > series.order.ends_on:
            raise NoSuchDayError(_("The series has ended by then."))
        changed = series.with_content(self.content)
        refuse_over(series, changed, today)
        if self._splits(series):
            is_new = self.content.interval_weeks != series.content.interval_weeks
            changed.order.starts_on = self._first_day(changed, is_new_rhythm=is_new)
        return checked(changed)

    def scope(self, series: Series, today: date) -> Scope:
        return Scope(first_on=max(self.from_on, today))

    def write(self, before: Series, after: Series) -> StandingOrder:
        if not self._splits(before):
            keep_row(after.order, changed=COLUMNS)
            return after.order
        following = after.order
        following.pk, following._state.adding = None, True
        keep_row(following)
        StandingOrder.objects.filter(pk=before.order.pk).update(ends_on=self.from_on - ONE_DAY)
        self._split_rests(before, following)
        later = Booking.objects.filter(standing_order=before.order.pk, series_on__gte=self.from_on)
        later.update(standing_order=following)
        return following

    def _splits(self, series: Series) -> bool:
        return self.from_on > series.order.starts_on and self.content != series.content

    def _first_day(self, changed: Series, *, is_new_rhythm: bool) -> date:
        """Every other week stays every other week; a new rhythm begins with the first of its weekdays."""
        order = changed.order
        days = [self.from_on + timedelta(days=n) for n in range(7 * order.interval_weeks)]
        if is_new_rhythm:
            found = (day for day in days if day.weekday() in order.weekdays)
        else:
            found = (day for day in days if order.falls_on(day))
        return next(found, self.from_on)

    def _split_rests(self, before: Series, following: StandingOrder) -> None:
        for rest in before.rests:
            if rest.last_on < self.from_on:
                continue
            pause = StandingOrderPause.objects.filter(pk=rest.pk)
            if rest.first_on >= self.from_on:
                pause.update(standing_order=following)
                continue
            pause.update(last_on=self.from_on - ONE_DAY)
            StandingOrderPause.objects.create(
                standing_order=following, first_on=self.from_on, last_on=rest.last_on
            )


def refuse_over(before: Series, after: Series, today: date) -> None:
    """What has ended changes only by going on: with a later last day, or active again."""
    if before.is_over(today) and after.is_over(today):
        raise PastDayError(
            _("The series has ended: it changes only with a later last day, or active again.")
        )


def checked(series: Series) -> Series:
    """Raises InvalidRowError with the sentence of each field that cannot be so."""
    check_row(series.order)
    return series
