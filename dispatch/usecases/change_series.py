"""Changes a series and the bookings that follow it: first looked at, then done, or refused when anything moved in between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus, Leg
from dispatch.models import Assignment, Booking, StandingOrder
from dispatch.models.statuses import CANCELLATIONS
from dispatch.usecases.count_changes import lose_driver
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.keep_row import refusals_explained
from dispatch.usecases.merge_leg import NAMES
from dispatch.usecases.series_change import (
    BookingEffect,
    NewJourney,
    SeriesChange,
    StaleSeriesError,
    token_of,
)
from dispatch.usecases.series_difference import HORIZON_DAYS, Difference
from dispatch.usecases.series_edits import EditAll, EditFollowing, EditThis, Expand
from dispatch.usecases.series_rests import End, Pause, Resume
from dispatch.usecases.series_rows import Pair, Series, read_pairs, read_series

Pairs = dict[date, Pair]
SeriesEdit = Expand | EditThis | EditAll | EditFollowing | Pause | Resume | End


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What was read, and what would be done."""

    before: Series
    after: Series
    pairs: Pairs
    today: date
    change: SeriesChange


def preview_series(
    *, order_id: int, edit: SeriesEdit, now: datetime, until: date | None = None
) -> SeriesChange:
    """What the edit would do; writes nothing. Raises what doing it would raise."""
    return _look(order_id, edit, now, until).change


def change_series(
    *,
    order_id: int,
    edit: SeriesEdit,
    now: datetime,
    expected_token: str | None,
    expected_version: str | None = None,
    until: date | None = None,
) -> SeriesChange:
    """What was done; `order_id` is the series that goes on. Bookings are made up to `until` (28 days).

    Raises StaleSeriesError when the token is given and is not that of a preview of this very change, or the
    version is given and is not that of the series, and what the edit raises; nothing is written then.
    """
    look = _look(order_id, edit, now, until)  # may ask the road server: outside the transaction
    if expected_token is not None and expected_token != look.change.token:
        raise _stale()
    if expected_version is not None and expected_version != look.before.version:
        raise _stale()
    with transaction.atomic():
        series = read_series(order_id, lock=True)
        pairs = read_pairs(order_id, look.today, lock=True)
        if _fingerprint(series, pairs) != _fingerprint(look.before, look.pairs):
            raise _stale()
        target = edit.write(look.before, look.after)
        with refusals_explained():
            _write_changed(look.change.effects, now)
            _create(target, look.change.created)
    return replace(look.change, order_id=target.pk)


def _stale() -> StaleSeriesError:
    return StaleSeriesError(_("The series changed meanwhile: please look at it again."))


def _look(order_id: int, edit: SeriesEdit, now: datetime, until: date | None) -> _Look:
    before = read_series(order_id)
    today = local_day(before.order.company, now)
    after = edit.after(before, today)
    difference = Difference(
        before=before,
        after=after,
        scope=edit.scope(before, today),
        now=now,
        until=until or today + timedelta(days=HORIZON_DAYS - 1),
        overwrite_edited=edit.overwrite_edited,
    )
    pairs = read_pairs(order_id, today)
    difference.compare(pairs)
    told = (
        tuple(difference.created),
        tuple(difference.effects),
        tuple(difference.conflicts),
        tuple(difference.notes),
    )
    created, effects, conflicts, notes = told
    change = SeriesChange(
        order_id=order_id,
        created=created,
        effects=effects,
        conflicts=conflicts,
        notes=notes,
        token=token_of(edit, _fingerprint(before, pairs), *told),
    )
    return _Look(before=before, after=after, pairs=pairs, today=today, change=change)


def _fingerprint(series: Series, pairs: Pairs) -> tuple[object, ...]:
    rows = sorted((row.pk, row.version) for pair in pairs.values() for row in pair if row)
    return (*series.fingerprint(), *rows)


def _write_changed(effects: Iterable[BookingEffect], now: datetime) -> None:
    for each in effects:
        values = dict(each.values)
        if each.loses_driver and values.get("status") in CANCELLATIONS:
            Assignment.objects.filter(booking_id=each.booking_id).delete()
        elif each.loses_driver:
            lose_driver([each.booking_id], now)
            confirmed = Booking.objects.filter(pk=each.booking_id, status=BookingStatus.ASSIGNED)
            confirmed.update(status=BookingStatus.CONFIRMED)  # no single step leads on to a draft
        Booking.objects.filter(pk=each.booking_id).update(**values, version=F("version") + 1)


def _create(order: StandingOrder, journeys: Sequence[NewJourney]) -> None:
    """Journeys there first: the returns point at them."""
    back = [each for each in journeys if each.leg.is_return]
    there = {j.series_on: _row(order, j, Leg.SINGLE) for j in journeys if not j.leg.is_return}
    for each in back:
        if each.outbound_id is None:
            there[each.series_on].leg = Leg.OUTBOUND.value
    Booking.objects.bulk_create(there.values())
    held = [each.outbound_id for each in back if each.outbound_id is not None]
    singles = Booking.objects.filter(pk__in=held, leg=Leg.SINGLE)
    singles.update(leg=Leg.OUTBOUND, version=F("version") + 1)
    Booking.objects.bulk_create(
        _row(order, each, Leg.RETURN, each.outbound_id or there[each.series_on].pk) for each in back
    )


def _row(
    order: StandingOrder, journey: NewJourney, kind: Leg, outbound_id: int | None = None
) -> Booking:
    status = BookingStatus.DRAFT if journey.leg.is_draft else BookingStatus.CONFIRMED
    return Booking(
        company_id=order.company_id,
        patient_id=order.patient_id,
        standing_order=order,
        series_on=journey.series_on,
        leg=kind.value,
        outbound_id=outbound_id,
        status=status.value,
        **{name: getattr(journey.leg, name) for name in NAMES},
    )
