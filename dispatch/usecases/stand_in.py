"""Gives a shift that has not begun yet another crew: its driver in a spare vehicle, or a driver on call in its vehicle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from dispatch.models import Driver, Shift, Vehicle
from dispatch.usecases.edit_shift import edit_shift
from dispatch.usecases.errors import NotFoundError, UseCaseError
from dispatch.usecases.judge_crew import UnfitCrewError, judge_crew
from dispatch.usecases.lost_shifts import back_again
from dispatch.usecases.relief_crew import other_crew
from dispatch.usecases.report_breakdown import report_loss
from dispatch.usecases.shift_content import ShiftContent
from dispatch.usecases.stranded_shift import Lost, StrandedShift


class ShiftBegunError(UseCaseError):
    """Journeys of this shift may be under way: each of them has to find its own way on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A crew for the whole of the shift. `refusal`: the journeys that do not fit it; empty: all keep their tour."""

    driver: Driver
    vehicle: Vehicle
    refusal: str


def stand_in(stranded: StrandedShift, *, now: datetime) -> StandIn | None:
    """None for a shift that has begun, and when there is nobody. May ask the road server."""
    if stranded.shift.starts_at < now:
        return None
    crew = other_crew(stranded, now)
    if crew is None:
        return None
    driver, vehicle = crew
    successor = Shift.objects.with_plan_relations().get(pk=stranded.shift.pk)
    with_crew(ShiftContent.of(successor), driver.pk, vehicle.pk).fill(successor)
    try:
        judge_crew(successor=successor, now=now)
    except UnfitCrewError as refusal:
        return StandIn(driver=driver, vehicle=vehicle, refusal=str(refusal))
    return StandIn(driver=driver, vehicle=vehicle, refusal="")


def with_crew(content: ShiftContent, driver_id: int, vehicle_id: int) -> ShiftContent:
    return replace(content, driver_id=driver_id, vehicle_id=vehicle_id)


def hand_over_shift(
    *,
    lost: Lost,
    driver_id: int,
    vehicle_id: int,
    now: datetime,
    expected_version: int | None,
) -> Shift:
    """The whole shift with this crew; that the driver or the vehicle it had is away is written down along with it.

    Raises NotFoundError, ShiftBegunError, whatever `edit_shift` refuses, and BackBeforeError; nothing is written then.
    """
    before = Shift.objects.with_plan_relations().filter(pk=lost.shift_id).first()
    if before is None:
        raise NotFoundError(_("This shift does not exist."))
    if before.starts_at < now:
        raise ShiftBegunError(_("This shift has begun: choose a way on for each of its journeys."))
    back_at = back_again(before, until=lost.until, now=now)
    written = edit_shift(
        shift_id=before.pk,
        content=with_crew(ShiftContent.of(before), driver_id, vehicle_id),
        now=now,
        expected_version=expected_version,
    )
    report_loss(before, lost.what, now=now, back_at=back_at)
    return written
