"""Puts a proposal aside: the run stays for the record, and nobody can apply it any more."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from dispatch.enums import RunStatus
from dispatch.models import DispatchRun
from dispatch.usecases.apply_plan import RunNotReadyError
from dispatch.usecases.errors import NotFoundError


@transaction.atomic
def discard_run(*, run_id: int) -> DispatchRun:
    """The run, superseded. Raises NotFoundError, or RunNotReadyError when it is in force or not finished."""
    mine = DispatchRun.objects.filter(pk=run_id)
    waiting = mine.filter(status=RunStatus.DONE, applied_at=None)
    if not waiting.update(status=RunStatus.SUPERSEDED):
        if not mine.exists():
            raise NotFoundError(_("This planning run does not exist."))
        raise RunNotReadyError(_("This run is not a proposal that waits for an answer."))
    return DispatchRun.objects.select_related("company").get(pk=run_id)
