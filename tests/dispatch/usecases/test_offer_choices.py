"""Plans between fair and cheap become proposals like any other: kept whole, compared, applied by the usual checks."""

from __future__ import annotations

from datetime import datetime

import pytest

from dispatch.engine.kpi import Kpi
from dispatch.engine.problem import Problem
from dispatch.enums import BookingStatus, DriverKind, RunStatus, RunTrigger
from dispatch.models import Assignment, Company, DispatchRun
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.day_content import DayOverError, NothingToPlanError
from dispatch.usecases.measure_day import kpis_of
from dispatch.usecases.note_sentences import note_sentences
from dispatch.usecases.offer_choices import (
    chosen_of,
    offer_choices,
    offered_choices,
    standing_beside,
)
from dispatch.usecases.run_dispatch import DayBusyError
from tests.factories import (
    DAY,
    at,
    make_booking,
    make_company,
    make_driver,
    make_patient,
    make_place,
    make_run,
    make_shift,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    """One driver lives where all journeys begin and end, another one five kilometres away: sharing has its price."""
    company = make_company(settings={"solver_time_limit_s": 1, "max_trips_per_shift": 20})
    near = make_place(company, lat=46.2, lon=6.15)
    make_shift(company, start_place=near, end_place=near)
    far = make_place(company, lat=46.25, lon=6.15)
    make_shift(company, start_place=far, end_place=far)
    for hour in (9, 11, 13, 15, 17):
        make_booking(company, pickup_at=at(hour))
    return company


def offered(company: Company, *, now: datetime | None = None) -> list[int]:
    return offer_choices(
        company=company,
        day=DAY,
        trigger=RunTrigger.MANUAL,
        by=None,
        clock=lambda: now or at(5),
    )


def test_each_is_a_proposal_of_its_own(company: Company) -> None:
    numbers = offered(company)
    choices = offered_choices(company, DAY, numbers)
    assert [choice.run.pk for choice in choices] == numbers
    assert 2 <= len(choices) <= 3
    assert [run.version for run in DispatchRun.objects.order_by("version")] == [
        choice.run.version for choice in choices
    ]
    assert all(choice.run.status == RunStatus.DONE for choice in choices)
    assert [choice.cost for choice in choices] == sorted(choice.cost for choice in choices)
    gaps = [choice.gap for choice in choices]
    assert gaps == sorted(gaps, reverse=True)
    assert choices[0].price == 0
    assert choices[-1].price == choices[-1].cost - choices[0].cost > 0
    assert {(choice.served, choice.unserved) for choice in choices} == {(5, 0)}
    assert not Assignment.objects.exists()


def test_each_says_what_it_was_planned_with_and_what_fairness_costs_in_it(company: Company) -> None:
    *_between, fair = offered_choices(company, DAY, offered(company))
    problem = Problem.from_json(fair.run.problem)
    assert problem.settings.weights.fairness_per_trip_squared == fair.weight
    assert problem.hash == fair.run.problem_hash
    said = note_sentences(fair.run.notes)[-1]
    assert f"fairness is weighed at {fair.weight} in it (the company: 60)" in said
    price = next(v for v in kpis_of(fair.run.quality) if v.key is Kpi.FAIRNESS_PRICE)
    assert price.value is not None
    assert price.value >= fair.price


def test_no_price_holds_who_is_left_over_or_what_the_plan_alone_makes_dear(
    company: Company,
) -> None:
    """One needs oxygen and nobody has it; one needs the emergency driver, whom strong fairness makes dearer to plan with."""
    make_shift(company, driver=make_driver(company, kind=DriverKind.EMERGENCY, skills=("stairs",)))
    make_booking(company, pickup_at=at(10), patient=make_patient(company, stairs_help=True))
    make_booking(company, patient=make_patient(company, needs_oxygen=True))
    numbers = offered(company)
    usual, *_others = offered_choices(company, DAY, numbers)
    assert (usual.served, usual.unserved) == (6, 1)
    weights = company.rules.weights
    assert weights.emergency < usual.cost < weights.serve_low
    problem = usual.run.problem
    problem["settings"]["weights"]["emergency_shift"] = 200_000
    DispatchRun.objects.filter(pk=usual.run.pk).update(problem=problem)
    assert usual.cost in {choice.cost for choice in offered_choices(company, DAY, numbers)}


def test_the_chosen_one_is_applied_as_any_other_and_waits_no_more(company: Company) -> None:
    numbers = offered(company)
    applied = apply_plan(run_id=numbers[-1], by=None, now=at(5))
    assert applied.written.assigned == 5
    assert {row.status for row in company.bookings.all()} == {BookingStatus.ASSIGNED}
    assert offered_choices(company, DAY, numbers) == []
    assert chosen_of(company, DAY, numbers) == applied.run
    others = list(DispatchRun.objects.filter(pk__in=numbers[:-1]).order_by("version"))
    assert {run.status for run in others} == {RunStatus.SUPERSEDED}
    assert applied.closed == tuple(run.version for run in others)
    said = note_sentences(others[0].notes)[-1]
    assert f"Version {applied.run.version} of the plans between fair and cheap was put" in said


def test_the_plan_they_began_from_is_weighed_as_they_are(company: Company) -> None:
    numbers = offered(company)
    cheapest, *_others = offered_choices(company, DAY, numbers)
    assert standing_beside([cheapest]) is None
    assert standing_beside([]) is None
    apply_plan(run_id=numbers[0], by=None, now=at(5))
    standing = standing_beside(offered_choices(company, DAY, offered(company)))
    assert standing is not None
    assert (standing.served, standing.unserved) == (5, 0)
    assert (standing.gap, standing.gini) == (cheapest.gap, cheapest.gini)
    assert standing.cost == cheapest.cost


def test_other_proposals_of_the_day_wait_on(company: Company) -> None:
    numbers = offered(company)
    lonely = DispatchRun.objects.get(pk=numbers[0])
    lonely.pk, lonely.version = None, 99
    del lonely.based_on["beside"]
    lonely.save()
    assert len(apply_plan(run_id=numbers[0], by=None, now=at(5)).closed) == len(numbers) - 1
    lonely.refresh_from_db()
    assert lonely.status == RunStatus.DONE


def test_a_day_with_one_driver_has_one_plan() -> None:
    company = make_company(settings={"solver_time_limit_s": 1})
    make_shift(company)
    make_booking(company)
    make_booking(company, pickup=make_place(company, lat=None))
    (choice,) = offered_choices(company, DAY, offered(company))
    assert (choice.served, choice.unserved) == (1, 1)
    assert note_sentences(choice.run.notes)[-1].startswith("The only plan between fair and cheap")


def test_runs_of_others_and_of_other_days_are_none_of_them(company: Company) -> None:
    numbers = offered(company)
    assert offered_choices(make_company(), DAY, numbers) == []
    assert offered_choices(company, DAY.replace(day=18), numbers) == []


def test_a_failure_stands_in_the_run(company: Company) -> None:
    with pytest.raises(DayOverError):
        offered(company, now=at(12, day=DAY.replace(day=19)))
    (run,) = DispatchRun.objects.all()
    assert (run.status, run.error["key"]) == (RunStatus.FAILED, "day_over")


def test_a_day_that_is_being_planned_is_not_planned_again(company: Company) -> None:
    make_run(company, status=RunStatus.RUNNING, started_at=at(5), lease_until=at(6))
    with pytest.raises(DayBusyError):
        offered(company)


def test_an_empty_day_has_nothing_to_choose_from(company: Company) -> None:
    with pytest.raises(NothingToPlanError):
        offer_choices(
            company=company,
            day=DAY.replace(day=25),
            trigger=RunTrigger.MANUAL,
            by=None,
            clock=lambda: at(5),
        )
