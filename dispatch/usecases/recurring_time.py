"""What an hour that comes back by itself means on the two nights when the clocks change.

Nobody is there to be asked, as `wall_time` would: RFC 5545 (3.3.5) says how calendars read such an hour, and
a note says so to people.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.translation import gettext as _

from dispatch.models import Company
from dispatch.usecases.wall_time import AmbiguousTimeError, NoSuchTimeError, moment_of


def recurring_moment(company: Company, wall: datetime) -> tuple[datetime, str]:
    """The moment, in UTC, of a wall time without a zone, and a note where the clocks change.

    A time that the clocks skip is read with the offset before the gap (02:30 becomes 03:30: the patient
    sleeps as long as ever); of one that comes twice the first is meant: early is better than late.
    """
    try:
        return moment_of(company, wall), ""
    except NoSuchTimeError:
        moment = wall.replace(tzinfo=company.tz, fold=0).astimezone(UTC)
        shown = moment.astimezone(company.tz)
        note = _("The clocks are put forward this night: %(asked)s becomes %(shown)s.")
        return moment, note % {"asked": f"{wall:%H:%M}", "shown": f"{shown:%H:%M}"}
    except AmbiguousTimeError as twice:
        moment = twice.moments[0]
        offset = moment.astimezone(company.tz).isoformat()[-6:]
        note = _("The clocks are put back this night: %(time)s is the first one (%(offset)s).")
        return moment, note % {"time": f"{wall:%H:%M}", "offset": offset}
