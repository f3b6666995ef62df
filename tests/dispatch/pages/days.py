"""Days of a company for the tests of its pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dispatch.models import Booking, Company, Shift
from tests.factories import at, make_booking, make_outbound, make_return, make_shift


@dataclass(frozen=True, slots=True)
class Day:
    company: Company
    on: date

    def at(self, hour: int, minute: int = 0) -> datetime:
        return at(hour, minute, day=self.on)

    def shift(self, start: int = 7, end: int = 19, **fields: Any) -> Shift:
        return make_shift(self.company, start=self.at(start), end=self.at(end), **fields)

    def booking(self, hour: int = 9, minute: int = 0, **fields: Any) -> Booking:
        return make_booking(self.company, pickup_at=self.at(hour, minute), **fields)

    def on_call(self, **fields: Any) -> Booking:
        outbound = make_outbound(self.company, pickup_at=self.at(8))
        return make_return(outbound, is_will_call=True, **fields)

    @property
    def url(self) -> str:
        return f"/days/{self.on.isoformat()}/"
