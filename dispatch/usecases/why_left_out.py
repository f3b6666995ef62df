"""Says why a shift takes no part in a day: who is absent, or what is away, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from dispatch.models import Shift
from dispatch.notes import NoteKey

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SENTENCES: Mapping[NoteKey, _StrPromise] = {
    NoteKey.SHIFT_DRIVER_LEFT: _("%(driver)s is no longer active."),
    NoteKey.SHIFT_VEHICLE_RETIRED: _("%(vehicle)s is no longer in use."),
    NoteKey.SHIFT_DRIVER_ABSENT: _("%(driver)s is absent up to %(until)s, that day included."),
    NoteKey.SHIFT_VEHICLE_AWAY: _("%(vehicle)s is out of service until %(until)s."),
    NoteKey.SHIFT_NO_LICENCE: _("%(driver)s has no valid licence for %(vehicle)s."),
    NoteKey.SHIFT_NO_SEATS: _("%(vehicle)s has no seat configuration."),
    NoteKey.SHIFT_NO_BASE: _("Nobody knows where %(vehicle)s begins: the base has no coordinates."),
    NoteKey.SHIFT_STUCK: _(
        "What %(driver)s has begun cannot be timed by the rules: nothing is added to it."
    ),
}


def why_left_out(row: Shift, why: NoteKey, day: date) -> str:
    """One sentence; `row` as `with_plan_relations` reads it, `why` of `BuiltProblem.left_out`."""
    until = {NoteKey.SHIFT_DRIVER_ABSENT: _absent_until, NoteKey.SHIFT_VEHICLE_AWAY: _away_until}
    return str(SENTENCES[why]) % {
        "driver": row.driver,
        "vehicle": row.vehicle.name,
        "until": until[why](row, day) if why in until else "",
    }


def _absent_until(row: Shift, day: date) -> str:
    absences = row.driver.absences.all()
    return date_format(max(a.last_on for a in absences if a.first_on <= day <= a.last_on))


def _away_until(row: Shift, day: date) -> str:
    """The end of the absence that begins first, and of those that follow it at once."""
    periods = [absence.period for absence in row.vehicle.unavailabilities.all()]
    mine = sorted((p.lower, p.upper) for p in periods if p.upper > row.starts_at)
    back_at = mine[0][1]
    for gone_at, again_at in mine[1:]:
        if gone_at <= back_at:
            back_at = again_at
    local = back_at.astimezone(row.company.tz)
    return f"{local:%H:%M}" if local.date() == day else f"{date_format(local)}, {local:%H:%M}"
