"""Days that go wrong can still be planned: late vehicles, nothing recorded, rides that last, shifts that end."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem
from dispatch.enums import BookingStatus, RunStatus, RunTrigger
from dispatch.models import (
    Assignment,
    Booking,
    Company,
    DispatchRun,
    VehicleUnavailability,
)
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from tests.dispatch.engine.checker import faults
from tests.factories import (
    DAY,
    at,
    between,
    make_booking,
    make_break,
    make_company,
    make_place,
    make_shift,
)

pytestmark = pytest.mark.django_db

S = BookingStatus


@pytest.fixture
def company() -> Company:
    return make_company(settings={"solver_time_limit_s": 1})


def planned(company: Company, now: datetime) -> DispatchRun:
    """A run of DAY as it stands, whose plan the independent checker finds no fault with."""
    run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    done = run_dispatch(run_id=run.pk, clock=lambda: now)
    assert done.status == RunStatus.DONE
    problem, plan = Problem.from_json(done.problem), Plan.from_json(done.plan)
    asked = tuple(item for item in plan.unassigned if item.trip in problem.trip_by_id)
    assert faults(problem, Plan(routes=plan.routes, unassigned=asked)) == []
    reasons = [item.trip for item in plan.unassigned]
    assert sorted([*plan.shift_of, *reasons]) == sorted(
        {trip.id for trip in problem.trips} | {*reasons}
    )
    return done


def in_force(company: Company, now: datetime) -> None:
    apply_plan(run_id=planned(company, now).pk, by=None, now=now)


def moved(booking: Booking, to: BookingStatus, moment: datetime) -> None:
    record_progress(booking_id=booking.pk, to=to, at=moment, expected_version=None)


def test_a_day_nobody_records_can_be_planned_at_any_hour(company: Company) -> None:
    for _ in range(2):
        make_break(make_shift(company))
    for k in range(6):
        make_booking(company, pickup_at=at(9) + timedelta(minutes=40 * k))
    in_force(company, at(6))
    for hour in (9, 10, 11, 12, 13, 16):
        planned(company, at(hour, 30))


def test_a_vehicle_that_arrived_far_too_late_keeps_its_day(company: Company) -> None:
    make_break(make_shift(company))
    first, second = make_booking(company, pickup_at=at(9)), make_booking(company, pickup_at=at(10))
    in_force(company, at(6))
    moved(first, S.EN_ROUTE, at(10, 20))
    moved(first, S.ARRIVED, at(10, 50))
    in_force(company, at(10, 50))
    second.refresh_from_db()
    assert second.assignment.planned_pickup_at > at(10, 50)


def test_an_arrival_a_minute_ahead_of_our_clock_is_no_trouble(company: Company) -> None:
    make_shift(company)
    booking = make_booking(company, pickup_at=at(9))
    in_force(company, at(6))
    moved(booking, S.EN_ROUTE, at(9, 20))
    moved(booking, S.ARRIVED, at(9, 31))
    planned(company, at(9, 30))


def test_a_patient_on_board_over_lunch_and_past_the_end_of_the_shift(company: Company) -> None:
    make_break(make_shift(company, end=at(13)), latest_at=at(12, 30))
    booking = make_booking(company, pickup_at=at(11))
    in_force(company, at(6))
    for status, hour, minute in ((S.EN_ROUTE, 11, 0), (S.ARRIVED, 11, 30), (S.ON_BOARD, 12, 58)):
        moved(booking, status, at(hour, minute))
    planned(company, at(13, 30))


def test_a_late_shift_does_not_stop_a_healthy_one(company: Company) -> None:
    late, healthy = make_shift(company), make_shift(company)
    riding = make_booking(company, pickup_at=at(9))
    assign_booking(
        booking_id=riding.pk, shift_id=late.pk, by=None, now=at(6), expected_version=None
    )
    moved(riding, S.EN_ROUTE, at(11))
    urgent = make_booking(company, pickup_at=at(11, 30))
    row = assign_booking(
        booking_id=urgent.pk, shift_id=healthy.pk, by=None, now=at(11), expected_version=None
    )
    assert row.shift == healthy


def test_undoing_an_end_when_the_driver_has_another_journey_is_refused(company: Company) -> None:
    shift = make_shift(company)
    done = make_booking(company, pickup_at=at(9))
    in_force(company, at(6))
    for status, minute in ((S.EN_ROUTE, 0), (S.ARRIVED, 1), (S.ON_BOARD, 2), (S.COMPLETED, 3)):
        moved(done, status, at(9, minute))
    done.assignment.period = done.assignment.period.__class__(at(8, 55), at(10))
    done.assignment.save()
    make_booking(company, pickup_at=at(9, 30))
    in_force(company, at(9, 5))
    with pytest.raises(UseCaseError, match="another journey"):
        moved(done, S.ON_BOARD, at(9, 6))
    assert shift.assignments.filter(is_over=True).count() == 1


STEPS = (S.EN_ROUTE, S.ARRIVED, S.ON_BOARD, S.COMPLETED)


# What a day must have met before it proves anything: each seed below meets all of it.
MET = {"under way", "overdue", "pressed out of order", "pinned and vehicle away"}


def press_buttons(rng: random.Random, now: datetime) -> Iterator[str]:
    """Some drivers press some buttons; one pressed in the wrong order is refused and changes nothing."""
    for booking in Booking.objects.filter(status__in=[S.ASSIGNED, *STEPS[:-1]]):
        for status in STEPS[rng.randrange(5) :]:
            if rng.random() < 0.6:
                continue
            try:
                moved(booking, status, now - timedelta(minutes=rng.randrange(5)))
            except UseCaseError:
                yield "pressed out of order"


def send_away(rng: random.Random, now: datetime) -> Iterator[str]:
    """Now and then a vehicle goes to the garage for an hour or two, its driver keeping a journey all the same."""
    rides = list(Assignment.objects.filter(is_over=False).order_by("pk"))
    if not rides or rng.random() < 0.5:
        return
    ride = rng.choice(rides)
    start = max(now, ride.planned_pickup_at) - timedelta(minutes=rng.randrange(60))
    period = between(start, start + timedelta(minutes=rng.randrange(30, 150)))
    ride.vehicle.unavailabilities.all().delete()
    VehicleUnavailability.objects.create(vehicle=ride.vehicle, period=period)
    if rng.random() < 0.7:
        Assignment.objects.filter(pk=ride.pk).update(is_pinned=True)
        yield "pinned and vehicle away"


def begun_and_missed(now: datetime) -> Iterator[str]:
    if Booking.objects.filter(status__in=STEPS[:-1]):
        yield "under way"
    if Booking.objects.filter(status=S.ASSIGNED, promised_to__lt=now):
        yield "overdue"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 3])
def test_any_day_recorded_late_and_out_of_order_can_be_planned_again(seed: int) -> None:
    """Drivers press buttons when they think of it; every fifty minutes the day is planned and applied anew."""
    # Its rounds end the search, on a busy machine too: the same seed is the same day.
    company = make_company(settings={"solver_time_limit_s": 30})
    rng = random.Random(seed)
    for _ in range(2):
        make_break(make_shift(company))
    homes = [
        make_place(company, kind="home", lat=46.18 + 0.02 * k, lon=6.10 + 0.02 * k, area=f"a{k}")
        for k in range(4)
    ]
    for k in range(6):
        moment = at(8) + timedelta(minutes=rng.randrange(0, 300, 10))
        make_booking(company, pickup_at=moment, pickup=homes[k % 4])
    in_force(company, at(6))
    met: set[str] = set()
    for turn in range(7):
        now = at(8, 30) + timedelta(minutes=50 * turn)
        met.update(press_buttons(rng, now), send_away(rng, now), begun_and_missed(now))
        in_force(company, now)
    assert met == MET
