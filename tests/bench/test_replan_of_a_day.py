"""What a re-plan costs from the rows on, at 250 trips and 30 vehicles: reading the day, then the re-plan itself.

    python -m pytest -m bench -s tests/bench/test_replan_of_a_day.py

Seconds of this thread's own CPU; PostgreSQL's part is in the clock's seconds, told beside. It is ten past nine of the
day of `test_breakdown`, and somebody has called.
"""

from __future__ import annotations

import json
import random
import time
from functools import partial

import pytest

from dispatch.engine.replan import replan
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.in_force import in_force
from tests.bench.test_breakdown import NOW, day_in_force, timed, until_now
from tests.factories import DAY, at, make_booking

LONGEST_S = 2.0


@pytest.mark.bench
@pytest.mark.django_db
def test_what_a_replan_costs_from_the_rows_on() -> None:
    company = day_in_force()
    until_now(company)
    make_booking(company, pickup_at=at(15))
    rules = company.rules
    read = partial(build_problem, company=company, day=DAY, now=NOW)
    built, read_cpu, read_s = timed(read)
    known = partial(in_force, built, clock=DayClock.of(company, DAY), rules=rules, now=NOW)
    day, known_cpu, known_s = timed(known)
    made, own_s, whole_s = timed(
        lambda: replan(
            day,
            time_limit_s=float(rules.replan_time_limit_s),
            rng=random.Random(1),
            clock=time.thread_time,
        )
    )
    figures = {
        "reading the day, CPU s": round(read_cpu, 2),
        "what is known of it, CPU s": round(known_cpu, 2),
        "re-plan, CPU s": round(own_s, 2),
        "clock s of each": [round(value, 2) for value in (read_s, known_s, whole_s)],
        "left": len(made.result.plan.unassigned),
    }
    print(json.dumps(figures))
    assert read_cpu + known_cpu + own_s < LONGEST_S
