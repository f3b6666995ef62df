"""A plan that waited is put in force: nobody who was told a time is brought forward into the freeze time as it is then.

One vehicle. A patient 3 km away was told 9:30 and may be fetched from 8:50 on; somebody else, 7 km away, wants to leave at
9:20. The re-plan of 8:08 fetches the first one sooner. The freeze time is half an hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from dispatch.enums import DispatchMode, RunStatus, RunTrigger
from dispatch.models import Assignment, Booking, Company, DispatchRun, Shift
from dispatch.usecases.apply_auto_run import apply_auto_run
from dispatch.usecases.apply_plan import StalePlanError, apply_plan, refusal_now
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from tests.dispatch.usecases.breakdown_world import KM, spot
from tests.dispatch.usecases.replan_world import SETTINGS, planned
from tests.factories import (
    DAY,
    at,
    make_assignment,
    make_booking,
    make_company,
    make_establishment,
    make_patient,
    make_shift,
)

pytestmark = pytest.mark.django_db

EARLY, LATE = at(8, 8), at(8, 40)


@pytest.fixture
def told() -> Booking:
    """9:30."""
    company = make_company(settings=SETTINGS | {"stability_budget": 3, "freeze_min": 30})
    shift = make_shift(company)
    booking = _ride(company, km=(3, 5), promised=(at(8, 50), at(9, 50)))
    make_assignment(booking, shift, start=at(9, 30), end=at(9, 45))
    return booking


def _ride(company: Company, *, km: tuple[int, int], promised: tuple[datetime, datetime]) -> Booking:
    return make_booking(
        company,
        promised_from=promised[0],
        promised_to=promised[1],
        pickup_at=promised[0],
        pooling_allowed=False,
        patient=make_patient(company, home=spot(company, km[0])),
        dropoff=make_establishment(company, lat=46.2102 + km[1] * KM, lon=6.1424),
    )


def brought_forward(told: Booking, mode: DispatchMode = DispatchMode.SEMI_AUTO) -> DispatchRun:
    """The proposal of 8:08, to fetch at about 8:50 who was told 9:30."""
    Company.objects.filter(pk=told.company_id).update(mode=mode.value)
    told.company.refresh_from_db()
    _ride(told.company, km=(7, 22), promised=(at(9, 20), at(9, 25)))
    return planned(told.company, now=EARLY)


def pickup(booking: Booking) -> datetime:
    return Assignment.objects.get(booking=booking).planned_pickup_at


def test_in_time_it_is_put_in_force(told: Booking) -> None:
    run = brought_forward(told)
    apply_plan(run_id=run.pk, by=None, now=EARLY)
    assert at(8, 50) <= pickup(told) < at(9)


def test_a_person_is_told_who_would_be_hurried_and_when(told: Booking) -> None:
    run = brought_forward(told)
    refusal = refusal_now(run_id=run.pk, now=LATE)
    assert refusal is not None
    assert refusal.references == (told.reference,)
    assert f"{told.reference}: told 09:30" in str(refusal)
    assert "within the freeze time" in str(refusal)
    with pytest.raises(StalePlanError):
        apply_plan(run_id=run.pk, by=None, now=LATE)
    assert pickup(told) == at(9, 30)


def test_a_machine_does_not_either(told: Booking) -> None:
    run = brought_forward(told, DispatchMode.FULLY_AUTO)
    assert apply_auto_run(run_id=run.pk, now=LATE) is None
    run.refresh_from_db()
    assert (run.status, run.error["key"]) == (RunStatus.FAILED, "journeys_unfit_now")
    assert pickup(told) == at(9, 30)


def test_what_is_inside_the_freeze_time_already_stays_there(told: Booking) -> None:
    """Told 9:05, and at 8:40 the vehicle is bound to come: at the time that was told, not a quarter of an hour before."""
    run = brought_forward(told)
    Assignment.objects.filter(booking=told).update(
        planned_pickup_at=at(9, 5),
        noted_pickup_at=at(9, 5),
        planned_dropoff_at=at(9, 15),
        period=DateTimeTZRange(at(9, 5), at(9, 20)),
    )
    refusal = refusal_now(run_id=run.pk, now=LATE)
    assert refusal is not None
    assert f"{told.reference}: told 09:05" in str(refusal)


def test_seconds_that_nobody_notices_pass(told: Booking) -> None:
    run = brought_forward(told)
    apply_plan(run_id=run.pk, by=None, now=EARLY)
    soon = pickup(told)
    DispatchRun.objects.filter(pk=run.pk).update(applied_at=None)
    versions = {str(pk): version for pk, version in Booking.objects.values_list("pk", "version")}
    run.refresh_from_db()
    run.based_on["bookings"] = versions
    run.save(update_fields=["based_on"])
    later = soon + timedelta(minutes=4)
    Assignment.objects.filter(booking=told).update(planned_pickup_at=later, noted_pickup_at=later)
    assert refusal_now(run_id=run.pk, now=at(8, 30)) is None


def test_where_it_can_wait_it_is_timed_anew(told: Booking) -> None:
    """An evening plan for the same patient alone: applied in the day, it fetches no sooner than was told or than in
    half an hour.
    """
    Assignment.objects.all().delete()
    Booking.objects.update(status="confirmed", promised_to=at(9))
    run = request_run(company=told.company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    run_dispatch(run_id=run.pk, clock=lambda: at(5))
    make_assignment(told, Shift.objects.get(), start=at(9, 30), end=at(9, 45))
    Booking.objects.update(promised_to=at(9, 50))
    versions = {str(pk): version for pk, version in Booking.objects.values_list("pk", "version")}
    run.refresh_from_db()
    run.based_on["bookings"] = versions
    run.save(update_fields=["based_on"])
    apply_plan(run_id=run.pk, by=None, now=LATE)
    assert pickup(told) >= at(9, 10)


def test_who_is_promised_sooner_since_is_fetched_then(told: Booking) -> None:
    """The row still says 9:30; the promise is 8:50 to 9:05 by now."""
    Booking.objects.update(promised_to=at(9, 5))
    run = request_run(company=told.company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    run_dispatch(run_id=run.pk, clock=lambda: at(8, 8))
    assert refusal_now(run_id=run.pk, now=at(8, 10)) is None
