"""How long a person waits for an impact card and for the best drivers, over HTTP, at 250 trips and 30 vehicles; it judges nothing.

    python -m pytest -m bench -s tests/bench/test_http_answers.py

A server process of its own on loopback answers one request after the other. Wall milliseconds, which the promise is
about, and the server's CPU beside them: on a busy machine only the second says anything. The first request is apart:
it works out the travel times of the day, which the process then keeps.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection
from rest_framework.authtoken.models import Token

from atmr.embedded.children import wait_until
from atmr.embedded.home import free_port
from dispatch.models import Booking, Shift
from tests.bench.carrier_day import carrier_day
from tests.factories import make_member

TRIPS, SHIFTS, REQUESTS = 250, 30, 100
Body = dict[str, object] | None
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.mark.bench
@pytest.mark.enable_socket
@pytest.mark.timeout(900)
@pytest.mark.django_db(transaction=True)
def test_how_long_a_person_waits() -> None:
    day = datetime.now(UTC).date() + timedelta(days=2)
    company = carrier_day(trips=TRIPS, shifts=SHIFTS, day=day)
    bookings = list(
        Booking.objects.filter(company=company, status="assigned").values_list("pk", flat=True)
    )
    shifts = list(Shift.objects.filter(company=company).values_list("pk", flat=True))

    def of(k: int) -> int:
        return bookings[k % len(bookings)]

    key = Token.objects.create(user=make_member(company)).key
    with _server() as (address, pid):
        ask = _Asking(f"{address}/api/v1/bookings", key, pid)
        figures = {
            "first request": ask.timed([(f"{of(0)}/best-fits/", None)]),
            "best fits": ask.timed([(f"{of(k)}/best-fits/", None) for k in range(REQUESTS)]),
            "preview": ask.timed(
                [
                    (f"{of(k)}/preview/", {"action": "give", "shift": shifts[k % len(shifts)]})
                    for k in range(REQUESTS)
                ]
            ),
        }
    print(
        json.dumps(
            {"trips with a driver": len(bookings), "shifts": SHIFTS, "ms": figures}, indent=1
        )
    )


@contextmanager
def _server() -> Iterator[tuple[str, int]]:
    """The console's web process on the tests' database, with its number."""
    url = urlsplit(os.environ["DATABASE_URL"])
    database = urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}"))
    port = free_port()
    command = ["-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "atmr.asgi:application"]
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": database},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        assert wait_until(lambda: _answers(f"{address}/readyz"), 120)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


class _Asking:
    def __init__(self, path: str, key: str, pid: int) -> None:
        self.path, self.key, self.pid = path, key, pid

    def ask(self, of: str, body: Body) -> None:
        request = urllib.request.Request(
            f"{self.path}/{of}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert json.load(answer)

    def timed(self, requests: list[tuple[str, Body]]) -> dict[str, float]:
        taken, burnt = [], self._cpu_s()
        for request in requests:
            began = time.perf_counter()
            self.ask(*request)
            taken.append((time.perf_counter() - began) * 1000)
        ranked = sorted(taken)
        return {
            "p50": round(median(ranked), 1),
            "p95": round(ranked[-(-len(ranked) * 95 // 100) - 1], 1),
            "CPU of the server, mean": round((self._cpu_s() - burnt) / len(taken) * 1000, 1),
        }

    def _cpu_s(self) -> float:
        """User and system time of the server process, all its threads together."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
