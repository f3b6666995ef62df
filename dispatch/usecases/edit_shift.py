"""Changes a shift as long as the journeys that hang on it still fit; another crew takes them over as a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dispatch.enums import AssignedBy, ShiftStatus
from dispatch.models import Assignment, Booking, Shift
from dispatch.usecases.day_changed import tell_of_change
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.judge_crew import Takeover, judge_crew, judge_tour
from dispatch.usecases.keep_row import check_row, keep_row
from dispatch.usecases.shift_content import (
    ShiftCancelledError,
    ShiftContent,
    ShiftInUseError,
    StaleShiftError,
)
from dispatch.usecases.write_rides import write_rides

COLUMNS = ("driver", "vehicle", "period", "start_place", "end_place", "max_trips")


def edit_shift(
    *, shift_id: int, content: ShiftContent, now: datetime, expected_version: int | None
) -> Shift:
    """The shift with this content. Hours that journeys need stay; another driver or vehicle takes them over.

    Other breaks move the times of the journeys; where they do not fit in, or fewer journeys are allowed, the
    change is refused.

    Raises NotFoundError, StaleShiftError, ShiftCancelledError, ShiftInUseError, UnfitCrewError, OverlapError
    or InvalidRowError; nothing is written then.
    """
    shift = _read(shift_id, expected_version)
    takeover = _takeover(shift, content, now)  # may ask the road server: outside the transaction
    with transaction.atomic():
        return _write(locked_shift(shift_id, shift.version), content, takeover, now)


def _read(shift_id: int, expected_version: int | None) -> Shift:
    shift = Shift.objects.with_plan_relations().filter(pk=shift_id).first()
    return _as_expected(shift, expected_version)


def locked_shift(shift_id: int, expected_version: int | None) -> Shift:
    rows = Shift.objects.select_related("company").select_for_update(of=("self",))
    return _as_expected(rows.filter(pk=shift_id).first(), expected_version)


def _as_expected(shift: Shift | None, expected_version: int | None) -> Shift:
    if shift is None:
        raise NotFoundError(_("This shift does not exist."))
    if expected_version is not None and shift.version != expected_version:
        raise StaleShiftError(_("This shift was changed by somebody else."))
    return shift


def _takeover(shift: Shift, content: ShiftContent, now: datetime) -> Takeover | None:
    """What becomes of the journeys with another crew, other breaks or fewer journeys; None when all is well."""
    before = ShiftContent.of(shift)
    if (
        shift.status == ShiftStatus.CANCELLED
        or not shift.assignments.filter(is_over=False).exists()
    ):
        return None
    other_crew = replace(before, driver_id=content.driver_id, vehicle_id=content.vehicle_id)
    if other_crew == before:
        return _same_crew(shift, before, content, now)
    if other_crew != content:
        raise ShiftInUseError(
            _(
                "Journeys hang on this shift: change its driver or vehicle first, and its hours, places and "
                "breaks in a second step."
            )
        )
    content.fill(shift)
    check_row(shift)
    return judge_crew(successor=shift, now=now)


def _same_crew(
    shift: Shift, before: ShiftContent, after: ShiftContent, now: datetime
) -> Takeover | None:
    is_judged = (before.breaks, before.max_trips) != (after.breaks, after.max_trips)
    if not is_judged or shift.ends_at <= now:
        return None
    after.stand_in(shift)
    return judge_tour(successor=shift, now=now, moves=before.breaks != after.breaks)


def _write(shift: Shift, content: ShiftContent, takeover: Takeover | None, now: datetime) -> Shift:
    if shift.status == ShiftStatus.CANCELLED:
        raise ShiftCancelledError(_("This shift is cancelled."))
    before = ShiftContent.of(shift)
    if content == before:
        return shift
    pauses = content.pauses()
    content.fill(shift)
    _refuse_what_journeys_need(shift, before, content, takeover)
    keep_row(shift, changed=COLUMNS, children=[pauses])
    Shift.objects.filter(pk=shift.pk).update(version=F("version") + 1)
    if takeover is not None:
        _hand_over(shift, takeover, now)
    tell_of_change(company_id=shift.company_id, day=None)
    written: Shift = Shift.objects.select_related("company").get(pk=shift.pk)
    return written


def refuse_in_use(journeys: QuerySet[Assignment]) -> None:
    """Raises ShiftInUseError when there are any."""
    count = journeys.count()
    if count:
        raise ShiftInUseError(
            ngettext(
                "%(count)d journey of this shift needs it as it is: give it to another driver first.",
                "%(count)d journeys of this shift need it as it is: give them to other drivers first.",
                count,
            )
            % {"count": count}
        )


def _refuse_what_journeys_need(
    shift: Shift, before: ShiftContent, after: ShiftContent, takeover: Takeover | None
) -> None:
    journeys = shift.assignments.filter(is_over=False)
    if (before.driver_id, before.vehicle_id) != (after.driver_id, after.vehicle_id):
        taken = () if takeover is None else takeover.versions
        journeys = journeys.exclude(booking_id__in=taken)  # given to the shift meanwhile
    else:
        # Only those that lay inside the old hours and not inside the new ones object.
        old, new = (DateTimeTZRange(c.starts_at, c.ends_at) for c in (before, after))
        inside = journeys.filter(period__contained_by=old)
        journeys = inside.exclude(period__contained_by=new)
    refuse_in_use(journeys)


def _hand_over(shift: Shift, takeover: Takeover, now: datetime) -> None:
    """The rows as they were judged, for bookings that are still as they were read."""
    locked = Booking.objects.filter(pk__in=takeover.versions).select_for_update(of=("self",))
    versions = dict(locked.order_by("pk").values_list("pk", "version"))
    held = shift.assignments.filter(is_over=False).select_for_update(of=("self",)).order_by("pk")
    rows = {row.booking_id: row for row in held}
    if versions != takeover.versions or set(rows) != set(takeover.versions):
        raise StaleShiftError(_("The journeys of this shift changed meanwhile: please try again."))
    write_rides(
        company_id=shift.company_id,
        held={pk: row for pk, row in rows.items() if pk in takeover.rows},
        wanted=takeover.rows,
        assigned_by=AssignedBy.PERSON,
        run=None,
        now=now,
    )
