"""What the proposal of a breakdown costs from the rows to the priced ways, at 250 trips and 30 vehicles.

    python -m pytest -m bench -s tests/bench/test_breakdown.py

Seconds of this thread's own CPU (a busy machine does not count; PostgreSQL's part is in the clock's seconds, told beside).
It is ten past nine of a day whose plan is in force; five shifts with patients on board lose their vehicle, one after the
other, and the proposal of the last one is put in force.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import pytest

from dispatch.enums import BookingStatus, Loss, RunTrigger
from dispatch.models import Assignment, Booking, Company, Shift
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.apply_rescue import apply_rescue
from dispatch.usecases.propose_rescue import RescueProposal, propose_rescue
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from dispatch.usecases.stranded_shift import Lost
from tests.dispatch.usecases.breakdown_world import proposed
from tests.factories import (
    DAY,
    at,
    bring,
    make_booking,
    make_company,
    make_establishment,
    make_patient,
    make_place,
    make_shift,
)

TRIPS, SHIFTS, BROKEN = 250, 30, 5
DAWN, NOW = at(5), at(9, 10)
LONGEST_S = 5.0

Answer = TypeVar("Answer")


def town(rng: random.Random) -> dict[str, Any]:
    """Somewhere within ten kilometres of the base."""
    return {"lat": 46.21 + rng.uniform(-0.07, 0.07), "lon": 6.14 + rng.uniform(-0.09, 0.09)}


def day_in_force() -> Company:
    rng = random.Random(1)
    rules = {"solver_time_limit_s": 4, "rescue": {"partner_enabled": True}}
    company = make_company(settings=rules)
    clinics = [make_establishment(None, **town(rng)) for _ in range(12)]
    for _ in range(SHIFTS):
        make_shift(company)
    for _ in range(TRIPS):
        home = make_place(company, **town(rng))
        make_booking(
            company,
            pickup_at=at(7 + rng.randrange(11), 5 * rng.randrange(12)),
            patient=make_patient(company, home=home),
            dropoff=rng.choice(clinics),
        )
    run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    run_dispatch(run_id=run.pk, clock=lambda: DAWN)
    apply_plan(run_id=run.pk, by=None, now=DAWN)
    return company


def until_now(company: Company) -> None:
    """Everything went as planned."""
    for ride in Assignment.objects.filter(company=company).select_related("booking"):
        if ride.period.upper <= NOW:
            moments = {"boarded_at": ride.planned_pickup_at, "alighted_at": ride.period.upper}
            bring(ride.booking, BookingStatus.COMPLETED, **moments)
            Assignment.objects.filter(pk=ride.pk).update(is_over=True)
        elif ride.planned_pickup_at <= NOW:
            bring(ride.booking, BookingStatus.ON_BOARD, boarded_at=ride.planned_pickup_at)


def timed(work: Callable[[], Answer]) -> tuple[Answer, float, float]:
    cpu, clock = time.thread_time(), time.monotonic()
    answer = work()
    return answer, time.thread_time() - cpu, time.monotonic() - clock


@pytest.mark.bench
@pytest.mark.django_db
def test_what_the_proposal_of_a_breakdown_costs() -> None:
    company = day_in_force()
    until_now(company)
    aboard = Booking.objects.filter(company=company, status=BookingStatus.ON_BOARD)
    lost = Shift.objects.filter(assignments__booking__in=aboard).distinct().order_by("pk")[:BROKEN]
    assert len(lost) == BROKEN
    cpu, clock, trips = [], [], []
    proposal: RescueProposal | None = None
    for shift in lost:
        what = Lost(shift_id=shift.pk, what=Loss.VEHICLE)
        proposal, own_s, whole_s = timed(partial(propose_rescue, lost=what, now=NOW))
        cpu.append(own_s)
        clock.append(whole_s)
        trips.append(len(proposal.rescue.lines))
    assert proposal is not None
    applied, applied_cpu, applied_s = timed(
        lambda: apply_rescue(
            lost=proposal.stranded.lost,
            shown=proposal.shown,
            ways=proposed(proposal),
            by=None,
            now=NOW,
        )
    )
    figures = {
        "stranded trips": trips,
        "proposal, CPU s": [round(value, 2) for value in cpu],
        "proposal, clock s": [round(value, 2) for value in clock],
        "put in force, CPU s": round(applied_cpu, 2),
        "put in force, clock s": round(applied_s, 2),
        "moved": applied.moved,
        "to the partner": applied.partner,
    }
    print(json.dumps(figures))
    assert max(cpu) < LONGEST_S
