"""Puts drivers on duty as their ordinary week says; asked twice, nobody is on duty twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from dispatch.models import Company, Shift, WeeklyShift
from dispatch.usecases.create_shift import create_shift
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.recurring_time import recurring_moment
from dispatch.usecases.shift_content import BreakContent, ShiftContent

HORIZON_DAYS = 28
LONGEST_DAYS = 366
ONE_DAY = timedelta(days=1)


class SenselessSpanError(UseCaseError):
    """The days are over, in the wrong order, or too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A shift of the ordinary week that does not take place, and why."""

    driver: str
    day: date
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledOut:
    """`kept`: shifts of these days that were there already, also those that a person cancelled."""

    created: tuple[Shift, ...]
    kept: int
    skipped: tuple[Skipped, ...]


def roll_out_shifts(*, company: Company, first_on: date, last_on: date, now: datetime) -> RolledOut:
    """The shifts made of the weekly ones, each by itself; both days are included.

    A driver who has any shift then, even a cancelled one, is left alone: a person has decided. Absences,
    vehicles that are away or taken and missing licences skip a shift and say so. Raises SenselessSpanError.
    """
    _refuse_senseless(company, first_on, last_on, now)
    created: list[Shift] = []
    skipped: list[Skipped] = []
    kept = 0
    for weekly, day in _wanted(company, first_on, last_on):
        starts_at, ends_at = _period(company, weekly, day)
        if _has_shift(weekly, starts_at, ends_at):
            kept += 1
            continue
        try:
            created.append(_create(company, weekly, starts_at, ends_at))
        except UseCaseError as error:
            skipped.append(Skipped(driver=str(weekly.driver), day=day, sentence=str(error)))
    return RolledOut(created=tuple(created), kept=kept, skipped=tuple(skipped))


def roll_out_all(*, now: datetime) -> dict[str, RolledOut]:
    """The next 28 days, today included, of every company, by its short name."""
    found: dict[str, RolledOut] = {}
    for company in Company.objects.all():
        today = local_day(company, now)
        last_on = today + timedelta(days=HORIZON_DAYS - 1)
        found[company.slug] = roll_out_shifts(
            company=company, first_on=today, last_on=last_on, now=now
        )
    return found


def _refuse_senseless(company: Company, first_on: date, last_on: date, now: datetime) -> None:
    if last_on < first_on:
        raise SenselessSpanError(_("The last day is before the first one."))
    if first_on < local_day(company, now):
        raise SenselessSpanError(_("These days are over."))
    if (last_on - first_on).days >= LONGEST_DAYS:
        raise SenselessSpanError(_("At most a year at a time."))


def _wanted(company: Company, first_on: date, last_on: date) -> Iterator[tuple[WeeklyShift, date]]:
    """Day by day, in an order that does not change: of two drivers who want one vehicle, the same one gets it."""
    rows = WeeklyShift.objects.filter(driver__company=company, driver__active=True)
    week = list(rows.select_related("driver", "vehicle").order_by("start", "driver", "pk"))
    for n in range((last_on - first_on).days + 1):
        day = first_on + timedelta(days=n)
        yield from ((weekly, day) for weekly in week if weekly.weekday == day.weekday())


def _period(company: Company, weekly: WeeklyShift, day: date) -> tuple[datetime, datetime]:
    ends_on = day if weekly.end > weekly.start else day + ONE_DAY
    starts_at, _note = recurring_moment(company, datetime.combine(day, weekly.start))
    ends_at, _note = recurring_moment(company, datetime.combine(ends_on, weekly.end))
    return starts_at, ends_at


def _has_shift(weekly: WeeklyShift, starts_at: datetime, ends_at: datetime) -> bool:
    period = DateTimeTZRange(starts_at, ends_at)
    return Shift.objects.filter(driver=weekly.driver, period__overlap=period).exists()


@transaction.atomic
def _create(company: Company, weekly: WeeklyShift, starts_at: datetime, ends_at: datetime) -> Shift:
    vehicle = weekly.vehicle
    if vehicle is None:
        raise InvalidRowError({"vehicle": [_("The driver has no usual vehicle on this weekday.")]})
    if not vehicle.active:
        raise InvalidRowError({"vehicle": [_("The usual vehicle is out of use.")]})
    content = ShiftContent(
        driver_id=weekly.driver_id,
        vehicle_id=vehicle.pk,
        starts_at=starts_at,
        ends_at=ends_at,
        breaks=_breaks(company, weekly, starts_at, ends_at),
    )
    return create_shift(company=company, content=content)


def _breaks(
    company: Company, weekly: WeeklyShift, starts_at: datetime, ends_at: datetime
) -> tuple[BreakContent, ...]:
    """The break at the hours that clocks show; in a night that lacks an hour, moved inside the shift.

    How long its window lasts is elapsed time: the clocks neither empty it nor make it longer.
    """
    earliest, latest, minutes = weekly.break_earliest, weekly.break_latest, weekly.break_min
    if earliest is None or latest is None or minutes is None:
        return ()
    lasts = _between(earliest, latest)
    shown = _after(company, starts_at, earliest)
    latest_at = min(shown + lasts, ends_at - timedelta(minutes=minutes))
    earliest_at = max(starts_at, min(shown, latest_at - lasts))
    pause = BreakContent(
        earliest_at=earliest_at,
        latest_at=max(earliest_at, latest_at),
        duration_min=minutes,
        mandatory=weekly.break_mandatory,
    )
    return (pause,)


def _between(earlier: time, later: time) -> timedelta:
    """From one hour to the other as on a day without a change of clocks, over midnight too."""
    apart = datetime.combine(date.min, later) - datetime.combine(date.min, earlier)
    return apart % ONE_DAY


def _after(company: Company, earlier: datetime, wall: time) -> datetime:
    """The first moment from `earlier` on at which the clocks show this time: a night has two days."""
    day = local_day(company, earlier)
    same_day, _note = recurring_moment(company, datetime.combine(day, wall))
    if same_day >= earlier:
        return same_day
    next_day, _note = recurring_moment(company, datetime.combine(day + ONE_DAY, wall))
    return next_day
