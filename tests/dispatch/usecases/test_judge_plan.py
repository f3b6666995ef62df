"""A plan that a person made is judged by the day as it is, in words with names, and nothing is written."""

from __future__ import annotations

import pytest
from django.utils import translation

from dispatch.engine.handmade import HandPlan, HandRoute, HandTrips
from dispatch.engine.kpi import Kpi
from dispatch.engine.least_late import HandVisit
from dispatch.engine.problem import Visit
from dispatch.enums import Rule, VisitKind
from dispatch.models import Assignment, Company, Shift
from dispatch.usecases.day_content import DayOverError, NothingToPlanError
from dispatch.usecases.judge_plan import JudgedPlan, judge_plan
from dispatch.usecases.references import break_ref, shift_ref, trip_ref
from tests.factories import (
    DAY,
    at,
    make_booking,
    make_break,
    make_company,
    make_driver,
    make_place,
    make_shift,
)

pytestmark = pytest.mark.django_db


def judged(company: Company, *routes: HandRoute | HandTrips) -> JudgedPlan:
    return judge_plan(company=company, day=DAY, hand=HandPlan(routes=routes), now=at(5))


def test_a_plan_that_keeps_the_rules_is_valid_and_measured(company: Company) -> None:
    shift, booking = make_shift(company), make_booking(company)
    lost = make_booking(company, pickup=make_place(company, lat=None))
    found = judged(company, HandTrips(shift=shift_ref(shift.pk), trips=(trip_ref(booking.pk),)))
    assert found.judgement.is_valid
    assert (found.violations, found.oddities) == ((), ())
    assert list(found.judgement.plan.shift_of) == [trip_ref(booking.pk)]
    assert lost.pk  # it cannot be planned, and counts as asked for all the same
    rate = next(value for value in found.kpis if value.key is Kpi.ASSIGNMENT_RATE)
    assert (rate.numerator, rate.denominator) == (1, 2)
    assert all(value.key is not Kpi.FAIRNESS_PRICE for value in found.kpis)
    assert not Assignment.objects.exists()


def test_breaches_are_told_with_names_and_in_the_readers_language(company: Company) -> None:
    """The driver comes at noon to a patient promised 09:00: almost three hours late, less what the window gives."""
    driver = make_driver(company, first_name="Ada", last_name="Rossi")
    shift = make_shift(company, driver=driver)
    booking = make_booking(company, pickup_at=at(9))
    ends = [Visit(trip_ref(booking.pk), kind) for kind in (VisitKind.PICKUP, VisitKind.DROPOFF)]
    noon = int((at(12) - at(0)).total_seconds())
    route = HandRoute(
        shift=shift_ref(shift.pk),
        visits=(HandVisit(visit=ends[0], at_s=noon), HandVisit(visit=ends[1])),
    )
    found = judged(company, route)
    late = next((v, said) for v, said in found.violations if v.rule is Rule.TIME_WINDOW)
    assert late[0].amount == 2 * 3600 + 45 * 60
    assert late[1] == (
        f"The pickup of trip {booking.reference} (shift Rossi Ada) is 165 min later than its time window."
    )
    with translation.override("fr"):
        assert (
            judged(company, route)
            .violations[0][1]
            .startswith(f"La prise en charge de la course {booking.reference}")
        )


def test_a_break_goes_by_its_hours_and_strangers_by_their_word(
    company: Company, shift: Shift
) -> None:
    pause = make_break(shift)
    booking = make_booking(company)
    visits = tuple(
        HandVisit(visit=visit, at_s=at_s)
        for visit, at_s in (
            (Visit(break_ref(pause.pk), VisitKind.BREAK), 8 * 3600),
            (Visit(trip_ref(booking.pk), VisitKind.PICKUP), None),
            (Visit("B-NONE", VisitKind.PICKUP), None),
        )
    )
    found = judged(company, HandRoute(shift=shift_ref(shift.pk), visits=visits))
    said = [said for _one, said in found.violations]
    assert f"Shift {shift.driver} does not get its break 11:30–13:00 as it should." in said
    assert [said for _odd, said in found.oddities] == [
        "There is no trip B-NONE to plan on this day."
    ]


def test_a_day_that_is_over_or_empty_is_not_judged() -> None:
    company = make_company()
    make_shift(company)
    with pytest.raises(DayOverError):
        judge_plan(
            company=company,
            day=DAY,
            hand=HandPlan(routes=()),
            now=at(12, day=DAY.replace(day=19)),
        )
    with pytest.raises(NothingToPlanError):
        judge_plan(company=company, day=DAY.replace(day=20), hand=HandPlan(routes=()), now=at(5))


def test_what_is_another_companys_is_not_named(company: Company) -> None:
    other = make_company()
    theirs, driver = make_booking(other), make_shift(other)
    make_shift(company)
    route = HandTrips(shift=shift_ref(driver.pk), trips=(trip_ref(theirs.pk),))
    mine = HandPlan(routes=(route,), left=(trip_ref(theirs.pk),))
    found = judge_plan(company=company, day=DAY, hand=mine, now=at(5))
    said = " ".join(said for _odd, said in found.oddities)
    assert f"s{driver.pk}" in said
    assert f"b{theirs.pk}" in said
