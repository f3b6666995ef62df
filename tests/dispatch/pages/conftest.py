"""A company with a day to plan, and people with each role in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dispatch.enums import Role
from dispatch.models import Company, User
from dispatch.usecases.day_clock import local_day
from tests.dispatch.pages.days import Day
from tests.factories import make_company, make_member


@pytest.fixture
def company() -> Company:
    return make_company(name="Léman", slug="leman", settings={"solver_time_limit_s": 1})


@pytest.fixture
def today(company: Company) -> Day:
    return Day(company, local_day(company, timezone.now()))


@pytest.fixture
def tomorrow(today: Day) -> Day:
    """A day that can be planned whatever the hour."""
    return Day(today.company, today.on + timedelta(days=1))


SignIn = Callable[..., Client]


@pytest.fixture
def signed_in(company: Company) -> SignIn:
    """A browser in which somebody with this role has signed in."""

    def browser(role: Role = Role.DISPATCHER, user: User | None = None) -> Client:
        client = Client()
        client.force_login(user or make_member(company, role))
        return client

    return browser
