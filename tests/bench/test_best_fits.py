"""What it costs to say who could drive a trip and what that would do, at 250 trips and 30 vehicles; it judges nothing.

    python -m pytest -m bench -s tests/bench/test_best_fits.py

Milliseconds of this thread's own CPU: a busy machine does not count. The tables of the day are made before, as they
are for every question after the first; what they cost is told beside.
"""

from __future__ import annotations

import json
import time
from statistics import median

import pytest

from dispatch.engine.best_fits import best_fits
from dispatch.engine.change import taken_off
from dispatch.engine.construct import construct
from dispatch.engine.network import network_of
from dispatch.engine.plan import Plan
from tests.dispatch.engine.builders import large_day

EVERY = 5  # trips asked about: every fifth


@pytest.mark.bench
def test_what_three_best_drivers_cost() -> None:
    day = large_day(trips=250, shifts=30)
    began = time.thread_time()
    network_of(day)
    tables_ms = (time.thread_time() - began) * 1000
    plan = construct(day)
    moved, single = [], []
    for trip in sorted(plan.shift_of)[::EVERY]:
        began = time.thread_time()
        best_fits(day, plan, trip)
        moved.append((time.thread_time() - began) * 1000)
        left = taken_off(day, plan, trip)
        assert isinstance(left, Plan)
        began = time.thread_time()
        found = best_fits(day, left, trip)
        single.append((time.thread_time() - began) * 1000)
        assert found.fits
    figures = {
        "asked": len(single),
        "tables of the day, once": round(tables_ms, 1),
        "single insertion, median": round(median(single), 1),
        "single insertion, p95": round(sorted(single)[len(single) * 95 // 100], 1),
        "move of a planned trip, median": round(median(moved), 1),
        "move of a planned trip, p95": round(sorted(moved)[len(moved) * 95 // 100], 1),
    }
    print(json.dumps({"ms CPU": figures}))
