"""Puts an automatic plan in force by itself, in a company that lets the machine decide."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from dispatch.enums import AssignedBy, DispatchMode, RunStatus, RunTrigger
from dispatch.models import DispatchRun
from dispatch.usecases.apply_plan import Applied, RunNotReadyError, StalePlanError, apply_plan
from dispatch.usecases.write_rides import OverlapError

AUTOMATIC = Q(trigger=RunTrigger.AUTO.value) | Q(
    trigger=RunTrigger.REPLAN.value, is_handed_over=True, requested_by=None
)


def apply_auto_run(*, run_id: int, now: datetime) -> Applied | None:
    """What the run changed; None for every run that is not an automatic plan waiting to be in force.

    A plan that the day has left behind is no proposal either: its run has failed and says so, and the day is
    asked for again (see `autorun`, `replan_today`). A re-plan keeps to its budget; one that could only be put in force
    at times that change more has failed as well.
    """
    mine = DispatchRun.objects.filter(
        AUTOMATIC,
        pk=run_id,
        status=RunStatus.DONE,
        applied_at=None,
        company__mode=DispatchMode.FULLY_AUTO,
    )
    if not mine.exists():
        return None
    try:
        return apply_plan(
            run_id=run_id,
            by=None,
            now=now,
            assigned_by=AssignedBy.AUTO,
            within_budget=mine.filter(trigger=RunTrigger.REPLAN).exists(),
        )
    except RunNotReadyError:
        return None  # a person was faster
    except (StalePlanError, OverlapError) as refusal:
        mine.update(status=RunStatus.FAILED, error=refusal.note.to_json())
        return None
