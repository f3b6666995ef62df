"""What a clock on the wall means in a company's zone; the hour that comes twice is asked about, never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo

from django.utils.translation import gettext as _

from dispatch.models import Company
from dispatch.usecases.errors import UseCaseError

# What forms, tables and the API take: a year typed wrong is no day of a carrier, and clocks know no year 0.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)


class NoSuchTimeError(UseCaseError):
    """The clocks skip this time, in the night of spring."""


class AmbiguousTimeError(UseCaseError):
    """This time comes twice, in the night of autumn; `moments` are the two, summer time first."""

    def __init__(self, message: str, moments: tuple[datetime, datetime]) -> None:
        super().__init__(message)
        self.moments = moments


def is_in_reach(day: date) -> bool:
    """Whether anything may be said of this day (of a moment: ask for the day that is shown with it)."""
    return FIRST_DAY <= day <= LAST_DAY


def moment_of(company: Company, wall: datetime) -> datetime:
    """The moment, in UTC, at which the company's clocks show `wall` (which has no zone)."""
    real = moments_at(company.tz, wall)
    if not real:
        raise NoSuchTimeError(
            _("The clocks never show %(time)s on %(day)s: they are put forward then.")
            % {"time": f"{wall:%H:%M}", "day": wall.date()}
        )
    if len(real) > 1:
        first, second = real
        summer, winter = (moment.astimezone(company.tz).isoformat()[-6:] for moment in real)
        raise AmbiguousTimeError(
            _(
                "%(time)s comes twice on %(day)s: is it summer time (%(time)s%(summer)s)"
                " or winter time (%(time)s%(winter)s)?"
            )
            % {
                "time": f"{wall:%H:%M}",
                "day": wall.date(),
                "summer": summer,
                "winter": winter,
            },
            (first, second),
        )
    return real[0]


def moments_at(zone: tzinfo, wall: datetime) -> tuple[datetime, ...]:
    """The moments, in UTC, at which clocks of the zone show `wall`: one, none or two, the earlier first."""
    folds = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    real = (m for m in sorted(folds) if m.astimezone(zone).replace(tzinfo=None) == wall)
    return tuple(real)
