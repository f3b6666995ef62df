"""What a journey's page says of those who had it before: who, until when, where the patient waited, what it may cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from dispatch.models import Handover
from dispatch.pages.trip_lines import place_text

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from dispatch.models import Booking

CENTIMES = 100


def handover_lines(booking: Booking) -> tuple[str, ...]:
    """One sentence each, the oldest first."""
    rows = Handover.objects.filter(booking=booking)
    tz = booking.company.tz
    return tuple(
        _line(row, tz) for row in rows.select_related("driver", "vehicle", "place__parent")
    )


def _line(row: Handover, tz: tzinfo) -> str:
    had = _("%(driver)s, %(vehicle)s, had it until %(at)s.") % {
        "driver": row.driver,
        "vehicle": row.vehicle.name,
        "at": _hour(row.at, tz),
    }
    return " ".join(part for part in (had, _waited(row, tz), _partner(row)) if part)


def _waited(row: Handover, tz: tzinfo) -> str:
    if row.place is None:
        return ""
    place = place_text(row.place)
    if row.resumed_at is not None:
        said = _("The patient waited at %(place)s and was on board again at %(at)s.")
        return said % {"place": place, "at": _hour(row.resumed_at, tz)}
    if row.price_c is not None:
        return _("The patient was to be fetched at %(place)s.") % {"place": place}
    return _("The patient waits at %(place)s.") % {"place": place}


def _partner(row: Handover) -> str:
    if row.price_c is None:
        return ""
    return _("A taxi partner went on: about CHF %(price).2f.") % {"price": row.price_c / CENTIMES}


def _hour(moment: datetime, tz: tzinfo) -> str:
    return f"{moment.astimezone(tz):%H:%M}"
