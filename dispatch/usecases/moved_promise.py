"""Says what a patient had been promised and is promised now: whoever moved it has to tell the patient."""

from __future__ import annotations

from datetime import tzinfo
from typing import NamedTuple

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from dispatch.enums import DoubtKind
from dispatch.models import Booking
from dispatch.usecases.doubts import Doubt
from dispatch.usecases.judge_booking import FIRM
from dispatch.usecases.promise import Agreed, Window


class MovedPromise(NamedTuple):
    """`after` is None when the patient is now to call."""

    before: Window
    after: Window | None

    def sentence(self, tz: tzinfo) -> str:
        """On the company's clocks; with the days when the day changes."""
        if self.after is None:
            said = _("The pickup was promised %s; now the patient calls when ready.")
            return said % _shown(self.before, tz, with_day=False)
        days = {window.begins_at.astimezone(tz).date() for window in (self.before, self.after)}
        before, after = (
            _shown(window, tz, with_day=len(days) > 1) for window in (self.before, self.after)
        )
        said = _("The pickup was promised %(before)s, it is now %(after)s: tell the patient.")
        return said % {"before": before, "after": after}


def moved_promise(booking: Booking, was: Window | None) -> tuple[Doubt, ...]:
    """None when nothing had been promised (a draft is promised to nobody), or when it still is."""
    after = Agreed.of(booking).window
    if was is None or after == was or booking.status not in FIRM:
        return ()
    sentence = MovedPromise(was, after).sentence(booking.company.tz)
    return (Doubt(kind=DoubtKind.PROMISE_MOVED, field="promised_from", sentence=sentence),)


def _shown(window: Window, tz: tzinfo, *, with_day: bool) -> str:
    begins_at, ends_at = (moment.astimezone(tz) for moment in window)
    hours = f"{begins_at:%H:%M}–{ends_at:%H:%M}"
    return f"{date_format(begins_at, 'SHORT_DATE_FORMAT')} {hours}" if with_day else hours
