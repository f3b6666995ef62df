"""Starts PostgreSQL and Valkey for the test session, before Django reads its settings.

Loaded early with `-p` (see pyproject.toml). The first process starts them and names them in its
environment; the workers of pytest-xdist inherit it and make databases of their own.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from atmr.embedded.running import Service

os.environ["ATMR_ENV"] = "test"
os.environ["DJANGO_SETTINGS_MODULE"] = "atmr.settings"


class _Session:
    """What this process started, and the directory it lies in."""

    def __init__(self) -> None:
        self.services: list[Service] = []
        self.var: Path | None = None

    def start(self) -> None:
        # Imported here and not above: by now coverage has begun to look.
        from atmr import environment
        from atmr.embedded.running import Service

        missing = [name for name in environment.SERVICES if not os.environ.get(name)]
        if not missing:
            return
        self.var = Path(tempfile.mkdtemp(prefix="atmr-test-"))
        self.var.chmod(0o755)  # PostgreSQL runs as another user when we are root
        os.environ["ATMR_VAR"] = str(self.var)
        for name in missing:
            service = Service(self.var, name, durable=False)
            service.claim("the tests")
            self.services.append(service)
            os.environ[name] = service.start()

    def stop(self) -> None:
        for service in reversed(self.services):
            service.stop()
        if self.var is not None:
            shutil.rmtree(self.var, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    from atmr.embedded.children import PlainError

    session = _Session()
    early_config.add_cleanup(session.stop)
    try:
        session.start()
    except PlainError as trouble:
        raise pytest.UsageError(str(trouble)) from trouble
