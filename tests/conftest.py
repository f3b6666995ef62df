"""Fixtures for every room."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation import deactivate
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.atmr.commands import data_directory

# A busy machine is slow, and that is no failure: laws are judged by what holds, never by the clock.
hypothesis_settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("house")


@pytest.fixture(autouse=True)
def _clean_environment() -> Iterator[None]:
    """A test may change the environment; the next one sees none of it."""
    before = dict(os.environ)
    yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(autouse=True)
def _language_of_the_house() -> Iterator[None]:
    """A page asked for in French leaves its thread speaking French; the next test begins as the house does."""
    yield
    deactivate()


@pytest.fixture
def var() -> Iterator[Path]:
    with data_directory() as path:
        yield path
