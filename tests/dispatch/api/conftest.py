"""A company with a dispatcher who calls, on a morning of the day that the factories speak of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.utils import timezone

from dispatch.models import Company
from tests.dispatch.api.caller import Caller, member
from tests.factories import at, make_company


@pytest.fixture(autouse=True)
def _morning(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is six in the morning: every view asks the same clock."""
    monkeypatch.setattr(timezone, "now", lambda: at(6))


@pytest.fixture(autouse=True)
def _no_requests_counted() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def company(db: None) -> Company:
    return make_company(settings={"solver_time_limit_s": 1})


@pytest.fixture
def office(company: Company) -> Caller:
    return member(company)
