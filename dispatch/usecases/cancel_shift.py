"""Takes a shift off the plan; it stays on record."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from dispatch.enums import ShiftStatus
from dispatch.models import Shift
from dispatch.usecases.day_changed import tell_of_change
from dispatch.usecases.edit_shift import locked_shift, refuse_in_use


@transaction.atomic
def cancel_shift(*, shift_id: int, expected_version: int | None) -> Shift:
    """The cancelled shift; cancelling it again changes nothing.

    Raises NotFoundError, StaleShiftError or ShiftInUseError; nothing is written then.
    """
    shift = locked_shift(shift_id, expected_version)
    refuse_in_use(shift.assignments.filter(is_over=False))
    cancelled = Shift.objects.filter(pk=shift.pk).exclude(status=ShiftStatus.CANCELLED)
    cancelled.update(status=ShiftStatus.CANCELLED, version=F("version") + 1)
    tell_of_change(company_id=shift.company_id, day=None)
    written: Shift = Shift.objects.select_related("company").get(pk=shift.pk)
    return written
