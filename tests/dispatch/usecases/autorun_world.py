"""The evening before DAY, a company whose hour has come, and what it asked workers for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dispatch.enums import RunTrigger
from dispatch.models import Company, DispatchRun
from tests.factories import DAY, at, make_company, make_run, make_shift

EVE = DAY - timedelta(days=1)
DUE = at(18, 1, day=EVE)
SETTINGS = {"autorun_enabled": True, "autorun_at": "18:00", "solver_time_limit_s": 1}


def company_on_duty() -> Company:
    """With somebody on duty on DAY, so that there is a plan to ask for."""
    return on_duty(make_company(settings=SETTINGS))


def on_duty(company: Company) -> Company:
    make_shift(company)
    return company


def asked(company: Company, *, ago: timedelta, now: datetime = DUE, **fields: Any) -> DispatchRun:
    """An automatic run of DAY that was asked for so long before `now`."""
    return make_run(
        company,
        **{"trigger": RunTrigger.AUTO, "is_handed_over": True, "created_at": now - ago} | fields,
    )
