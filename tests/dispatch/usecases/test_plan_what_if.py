"""The day as it is and as it might be, planned alike and set side by side; nothing of it is written."""

from __future__ import annotations

import time
from typing import Any

import pytest

from dispatch.engine.kpi import Kpi
from dispatch.enums import BookingStatus, Mobility
from dispatch.models import Assignment, Booking, Company, DispatchRun, Shift
from dispatch.usecases.day_change import DayChange, Hours
from dispatch.usecases.day_content import DayOverError
from dispatch.usecases.plan_what_if import UnanswerableChangeError, WhatIf, plan_what_if
from tests.factories import (
    DAY,
    at,
    bring,
    make_assignment,
    make_booking,
    make_company,
    make_establishment,
    make_patient,
    make_shift,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return make_company(settings={"solver_time_limit_s": 1})


@pytest.fixture
def shifts(company: Company) -> list[Shift]:
    """Two cars, and two journeys at the same hour: each of the cars can drive one."""
    made = [make_shift(company) for _ in range(2)]
    for _ in range(2):
        in_a_wheelchair(company)
    return made


def in_a_wheelchair(company: Company, hour: int = 9) -> Booking:
    """To a clinic half an hour away; a car has one place for a wheelchair."""
    patient = make_patient(company, mobility=Mobility.WHEELCHAIR_FIXED)
    far = make_establishment(lat=46.32, lon=6.2)
    return make_booking(company, pickup_at=at(hour), patient=patient, dropoff=far)


def asked(company: Company, *, hour: int = 5, **change: Any) -> WhatIf:
    return plan_what_if(
        company=company,
        day=DAY,
        change=DayChange(**change),
        now=at(hour),
        clock=time.monotonic,
        seconds=0.3,
    )


def share(found: WhatIf, key: Kpi) -> list[float | None]:
    sides = (found.as_is, found.as_if)
    return [next(v.value for v in side.kpis if v.key is key) for side in sides]


def test_no_change_is_the_day_itself_and_nothing_is_written(
    company: Company, shifts: list[Shift]
) -> None:
    found = asked(company)
    assert found.change.is_nothing
    assert found.as_if is found.as_is
    assert found.moves == ()
    assert not DispatchRun.objects.exists()
    assert not Assignment.objects.exists()


def test_a_day_without_a_plan_is_planned_once_for_both(
    company: Company, shifts: list[Shift]
) -> None:
    found = asked(company, without_vehicles=(shifts[0].vehicle_id,))
    for side in (found.as_is, found.as_if):
        assert side.result.stages[0].name == "construct on the plan in force"
    assert found.seconds == 0.6


def test_where_everybody_has_a_driver_both_go_on_from_there(
    company: Company, shifts: list[Shift]
) -> None:
    for booking, shift in zip(Booking.objects.order_by("pk"), shifts, strict=True):
        make_assignment(booking, shift, end=at(10))
    found = asked(company, without_vehicles=(shifts[0].vehicle_id,))
    assert found.seconds == 0.3
    assert (found.as_is.served, found.as_if.served) == (2, 1)
    assert found.moves != ()


def test_the_same_weights_are_no_change(company: Company, shifts: list[Shift]) -> None:
    found = asked(company, weights={"fairness": 60})
    assert not found.change.is_nothing
    assert found.as_if is found.as_is


def test_one_vehicle_less_leaves_a_patient_waiting(company: Company, shifts: list[Shift]) -> None:
    found = asked(company, without_vehicles=(shifts[0].vehicle_id,))
    assert (found.as_is.served, found.as_is.unserved) == (2, 0)
    assert (found.as_if.served, found.as_if.unserved) == (1, 1)
    assert found.as_if.cost - found.as_is.cost > 1_000_000
    assert share(found, Kpi.ASSIGNMENT_RATE) == [1.0, 0.5]
    assert [move.is_newly_unserved for move in found.moves if move.after is None] == [True]


def test_one_more_shift_takes_what_the_day_cannot(company: Company) -> None:
    shift = make_shift(company)
    for _ in range(2):
        in_a_wheelchair(company)
    hours = Hours(shift=shift.pk, starts_at=at(8), ends_at=at(12))
    found = asked(company, extra_shifts=(hours,))
    assert (found.as_is.served, found.as_if.served) == (1, 2)
    drivers = {move.after.driver for move in found.moves if move.after is not None}
    assert "one shift more" in drivers
    assert found.as_if.problem.shifts[-1].start_s == 8 * 3600


def test_a_shift_that_goes_home_early_and_journeys_more_and_less(
    company: Company, shifts: list[Shift]
) -> None:
    early = Hours(shift=shifts[0].pk, starts_at=at(7), ends_at=at(8))
    assert asked(company, other_hours=(early,)).as_if.served == 1
    first = Booking.objects.order_by("pk")[0]
    withdrawn = asked(company, without_bookings=(first.pk,))
    assert (withdrawn.as_if.served, withdrawn.as_if.unserved) == (1, 0)
    more = asked(company, extra_bookings=(first.pk,))
    assert (more.as_if.served, more.as_if.unserved) == (2, 1)
    assert share(more, Kpi.ASSIGNMENT_RATE) == [1.0, pytest.approx(2 / 3)]


def test_drivers_who_should_be_home_sooner_work_over(company: Company, shifts: list[Shift]) -> None:
    company.settings = {"max_overtime_min": 240}
    company.save()
    early = tuple(Hours(shift=one.pk, starts_at=at(7), ends_at=at(8)) for one in shifts)
    found = asked(company, other_hours=early)
    assert found.as_if.served == found.as_is.served
    before, after = share(found, Kpi.OVERTIME)
    assert before == 0
    assert after is not None
    assert after > 60  # the first patient is fetched at nine


def test_loads_are_compared_by_the_hours_that_the_day_would_have(
    company: Company, shifts: list[Shift]
) -> None:
    """One trip each in 12 h is 2/3 per eight hours; of a driver who works four of them it is two."""
    short = Hours(shift=shifts[0].pk, starts_at=at(7), ends_at=at(11))
    gaps = share(asked(company, other_hours=(short,)), Kpi.FAIRNESS_GAP)
    assert gaps == [pytest.approx(0), pytest.approx(2 - 2 / 3, abs=1e-4)]


def test_other_weights_are_planned_with_and_priced_by_the_usual_ones(
    company: Company, shifts: list[Shift]
) -> None:
    found = asked(company, weights={"driving": 0, "kilometre": 7, "waiting": 1})
    weights = found.as_if.problem.settings.weights
    assert (weights.driving_per_s, weights.driving_per_km, weights.waiting_per_s) == (0, 7, 1)
    assert found.as_if.cost >= 0
    assert found.as_is.problem.settings.weights.driving_per_s == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"without_vehicles": (999_999,)}, "#999999 is not part of what is planned"),
        ({"weights": {"fairness": 9_999}}, "these weights so: fairness"),
        ({"weights": {"beauty": 1}}, "these weights so: beauty"),
    ],
)
def test_what_cannot_be_is_refused(
    company: Company, shifts: list[Shift], change: dict[str, Any], said: str
) -> None:
    with pytest.raises(UnanswerableChangeError, match=said):
        asked(company, **change)


def test_what_is_another_companys_is_not_named(company: Company, shifts: list[Shift]) -> None:
    theirs = make_shift(make_company())
    with pytest.raises(UnanswerableChangeError, match=f"^#{theirs.pk} is not part"):
        asked(company, without_shifts=(theirs.pk,))


def test_hours_that_are_none_are_refused(company: Company, shifts: list[Shift]) -> None:
    backwards = Hours(shift=shifts[0].pk, starts_at=at(9), ends_at=at(8))
    with pytest.raises(UnanswerableChangeError, match="end before they begin"):
        asked(company, other_hours=(backwards,))


def test_what_has_begun_is_named_and_stays(company: Company, shifts: list[Shift]) -> None:
    booking = Booking.objects.order_by("pk")[0]
    make_assignment(booking, shifts[0])
    bring(booking, BookingStatus.EN_ROUTE, en_route_at=at(8, 50))
    with pytest.raises(UnanswerableChangeError, match=f"{shifts[0].driver} has begun"):
        asked(company, hour=9, without_shifts=(shifts[0].pk,))


def test_on_a_day_that_runs_nothing_new_begins_before_now(
    company: Company, shifts: list[Shift]
) -> None:
    for booking in Booking.objects.all():
        booking.delete()
    in_a_wheelchair(company, 15)
    early = Hours(shift=shifts[0].pk, starts_at=at(6), ends_at=at(16))
    found = asked(company, hour=10, other_hours=(early,), extra_shifts=(early,))
    begins = [shift.start_s for shift in found.as_if.problem.shifts]
    assert begins == [10 * 3600] * 3


def test_a_day_that_is_over_is_not_thought_about(company: Company, shifts: list[Shift]) -> None:
    with pytest.raises(DayOverError):
        plan_what_if(
            company=company,
            day=DAY,
            change=DayChange(),
            now=at(12, day=DAY.replace(day=19)),
            clock=time.monotonic,
        )
