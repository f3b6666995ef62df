"""Fixtures for every room."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _clean_environment() -> Iterator[None]:
    """A test may change the environment; the next one sees none of it."""
    before = dict(os.environ)
    yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def var() -> Iterator[Path]:
    """A data directory that PostgreSQL can enter, which pytest's own are not when we are root."""
    path = Path(tempfile.mkdtemp(prefix="atmr-var-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)
