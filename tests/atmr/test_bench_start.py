"""How long a start takes on this machine; it prints and judges nothing."""

from __future__ import annotations

import json
import time

import pytest

from atmr.embedded.home import free_port
from atmr.embedded.running import Service
from tests.atmr.commands import environment, manage


@pytest.mark.bench
def test_how_long_a_start_takes(var):
    seconds = {}
    for turn in ("first", "second"):
        for variable in ("DATABASE_URL", "REDIS_URL"):
            service = Service(var, variable)
            assert service.claim("the bench")
            begun = time.perf_counter()
            service.start()
            seconds[f"{service.name}, {turn} start"] = round(time.perf_counter() - begun, 2)
            service.stop()
    for turn in ("first", "second"):
        begun = time.perf_counter()
        done = manage("up", "--once", "--no-demo", "--port", str(free_port()), env=environment(var))
        assert done.returncode == 0, done.stderr
        seconds[f"console up and down, {turn} start"] = round(time.perf_counter() - begun, 2)
    print(json.dumps(seconds, indent=1))
