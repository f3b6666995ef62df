"""Rows most use cases start from; a test file that needs other ones makes its own under the same name."""

from __future__ import annotations

import pytest

from dispatch.models import Company, Shift, StandingOrder
from tests.dispatch.usecases.series_world import booked_order
from tests.factories import make_company, make_shift


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def shift(company: Company) -> Shift:
    return make_shift(company)


@pytest.fixture
def order(company: Company) -> StandingOrder:
    return booked_order(company)
