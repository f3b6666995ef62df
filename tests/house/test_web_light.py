"""The web process carries no learning, no solver and no data frames."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from atmr.environment import BASE_DIR

HEAVY = ("torch", "ortools", "sklearn", "pandas", "optuna", "scipy", "numba")


@pytest.mark.slow
@pytest.mark.parametrize("module", ["atmr.asgi", "atmr.urls"])
def test_the_web_process_is_light(module):
    program = f"""
import json, sys
import django
django.setup()
import {module}
import atmr.urls
from django.urls import get_resolver
get_resolver().url_patterns
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=BASE_DIR, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []
