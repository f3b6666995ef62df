"""The day's two clocks: moments (UTC) outside, seconds since the local midnight inside the engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self

from dispatch.models import Company


@dataclass(frozen=True, slots=True)
class DayClock:
    """Seconds count as they pass: a day of a clock change has 23 or 25 hours of them."""

    starts_at: datetime
    ends_at: datetime
    company: Company

    @classmethod
    def of(cls, company: Company, day: date) -> Self:
        starts_at, ends_at = company.day_bounds(day)
        return cls(starts_at, ends_at, company)

    def second(self, moment: datetime) -> int:
        return int((moment - self.starts_at).total_seconds())

    def second_if(self, moment: datetime | None) -> int | None:
        """The second of a moment that may not be known."""
        return None if moment is None else self.second(moment)

    def moment(self, second: int) -> datetime:
        return self.starts_at + timedelta(seconds=second)

    def shown(self, second: int) -> str:
        """What the company's clocks show then."""
        return f"{self.moment(second).astimezone(self.company.tz):%H:%M}"

    @property
    def length_s(self) -> int:
        return self.second(self.ends_at)

    def traffic_permille(self) -> tuple[int, ...]:
        """The company's profile, hour by hour of this very day: the wall clock decides on clock changes."""
        profile = self.company.rules.traffic_permille
        hours = range(self.length_s // 3600)
        walls = (self.moment(hour * 3600).astimezone(self.company.tz).hour for hour in hours)
        return tuple(profile[wall] for wall in walls)


def local_day(company: Company, moment: datetime) -> date:
    """The company's calendar day at this moment."""
    return moment.astimezone(UTC).astimezone(company.tz).date()
