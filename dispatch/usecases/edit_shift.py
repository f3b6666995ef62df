"""Changes a shift as long as the journeys that hang on it still fit."""

from __future__ import annotations

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dispatch.enums import ShiftStatus
from dispatch.models import Assignment, Shift
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.keep_row import keep_row
from dispatch.usecases.shift_content import (
    ShiftCancelledError,
    ShiftContent,
    ShiftInUseError,
    StaleShiftError,
)

COLUMNS = ("driver", "vehicle", "period", "start_place", "end_place", "max_trips")


@transaction.atomic
def edit_shift(*, shift_id: int, content: ShiftContent, expected_version: int | None) -> Shift:
    """The shift with this content. Its driver, its vehicle and hours that journeys need stay while they do.

    Raises NotFoundError, StaleShiftError, ShiftCancelledError, ShiftInUseError or InvalidRowError; nothing is
    written then.
    """
    shift = locked_shift(shift_id, expected_version)
    if shift.status == ShiftStatus.CANCELLED:
        raise ShiftCancelledError(_("This shift is cancelled."))
    before = ShiftContent.of(shift)
    if content == before:
        return shift
    pauses = content.pauses()
    content.fill(shift)
    _refuse_what_journeys_need(shift, before, content)
    keep_row(shift, changed=COLUMNS, children=[pauses])
    Shift.objects.filter(pk=shift.pk).update(version=F("version") + 1)
    written: Shift = Shift.objects.select_related("company").get(pk=shift.pk)
    return written


def locked_shift(shift_id: int, expected_version: int | None) -> Shift:
    rows = Shift.objects.select_related("company").select_for_update(of=("self",))
    shift: Shift | None = rows.filter(pk=shift_id).first()
    if shift is None:
        raise NotFoundError(_("This shift does not exist."))
    if expected_version is not None and shift.version != expected_version:
        raise StaleShiftError(_("This shift was changed by somebody else."))
    return shift


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


def _refuse_what_journeys_need(shift: Shift, before: ShiftContent, after: ShiftContent) -> None:
    journeys = shift.assignments.filter(is_over=False)
    same_crew = (before.driver_id, before.vehicle_id) == (after.driver_id, after.vehicle_id)
    if same_crew:  # only those that lay inside the old hours and not inside the new ones object
        old, new = (DateTimeTZRange(c.starts_at, c.ends_at) for c in (before, after))
        inside = journeys.filter(period__contained_by=old)
        journeys = inside.exclude(period__contained_by=new)
    refuse_in_use(journeys)
