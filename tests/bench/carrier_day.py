"""Rows of a large carrier's day with its plan in force: what people ask about while they dispatch."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction

from dispatch.engine.construct import construct
from dispatch.enums import AssignedBy, Mobility, PlaceKind
from dispatch.models import Company, Patient, Place
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.ride_rows import ride_rows
from dispatch.usecases.write_rides import write_rides
from tests.factories import (
    at,
    make_booking,
    make_break,
    make_company,
    make_establishment,
    make_outbound,
    make_patient,
    make_place,
    make_return,
    make_shift,
)

TOWN = (46.15, 46.25), (6.05, 6.20)  # degrees: some 11 km each way
CLINICS, HOURS = 20, (7, 16)


def carrier_day(*, trips: int, shifts: int, day: date, seed: int = 1) -> Company:
    """As many journeys, to clinics and half of them back, and shifts with a break; all that fit have a driver."""
    rng = random.Random(seed)
    company = make_company()
    for _shift in range(shifts):
        shift = make_shift(company, start=at(6, 30, day=day), end=at(18, 30, day=day))
        make_break(shift, earliest_at=at(11, day=day), latest_at=at(13, 30, day=day))
    clinics = [make_establishment(**_spot(rng)) for _ in range(CLINICS)]
    while company.bookings.count() < trips - 1:
        _there_and_back(company, rng.choice(clinics), rng, day)
    if company.bookings.count() < trips:
        make_booking(
            company, patient=_patient(company, rng), dropoff=clinics[0], pickup_at=at(9, day=day)
        )
    _put_in_force(company, day)
    return company


def _there_and_back(company: Company, clinic: Place, rng: random.Random, day: date) -> None:
    fetched_at = at(HOURS[0], day=day) + timedelta(
        minutes=rng.randrange(0, 60 * (HOURS[1] - HOURS[0]), 5)
    )
    outbound = make_outbound(
        company, patient=_patient(company, rng), dropoff=clinic, pickup_at=fetched_at
    )
    make_return(outbound, pickup_at=fetched_at + timedelta(minutes=rng.randrange(60, 150, 5)))


def _patient(company: Company, rng: random.Random) -> Patient:
    home = make_place(company, kind=PlaceKind.HOME, **_spot(rng))
    chair = Mobility.WHEELCHAIR_FIXED if rng.random() < 0.25 else Mobility.WALKING
    return make_patient(company, home=home, mobility=chair)


def _spot(rng: random.Random) -> dict[str, Any]:
    (south, north), (west, east) = TOWN
    return {"lat": round(rng.uniform(south, north), 5), "lon": round(rng.uniform(west, east), 5)}


def _put_in_force(company: Company, day: date) -> None:
    now = datetime.now(UTC)
    problem = build_problem(company=company, day=day, now=now).problem
    rows = ride_rows(problem, construct(problem), DayClock.of(company, day))
    with transaction.atomic():
        write_rides(
            company_id=company.pk,
            held={},
            wanted={row.booking_id: row for row in rows},
            assigned_by=AssignedBy.PERSON,
            run=None,
            now=now,
        )
