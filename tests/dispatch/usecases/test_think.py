"""A re-plan tells of the people who wait on the road as of anybody who waits: when they are fetched, and that it changed."""

from __future__ import annotations

import pytest

from dispatch.enums import BookingStatus, RunTrigger
from dispatch.models import Assignment, Booking, Company, DispatchRun, Handover
from dispatch.notes import NoteKey
from dispatch.pages.proposal import proposal_of
from dispatch.pages.timing import timing_of
from dispatch.usecases.request_run import request_run
from dispatch.usecases.ride_changes import Kind
from dispatch.usecases.run_dispatch import run_dispatch
from tests.dispatch.usecases.breakdown_world import NOW, Morning, make_morning, proposed
from tests.factories import DAY, at, make_company

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return make_company(
        mode="semi_auto", settings={"solver_time_limit_s": 1, "replan_time_limit_s": 1}
    )


@pytest.fixture
def morning(company: Company) -> Morning:
    """The first vehicle is lost, and whoever was on board waits for the other one."""
    morning = make_morning(company)
    proposal = morning.proposal()
    morning.apply(proposal, *proposed(proposal))
    assert Handover.objects.get(booking=morning.aboard).is_waiting
    return morning


def replanned(company: Company, minute: int) -> DispatchRun:
    run = request_run(
        company=company, day=DAY, trigger=RunTrigger.REPLAN, by=None, is_handed_over=True
    )
    return run_dispatch(run_id=run.pk, clock=lambda: at(9, minute))


def told(run: DispatchRun) -> list[str]:
    notes = (note for note in run.notes if note["key"] == NoteKey.ROAD_PICKUP_MOVED)
    return [note["figures"]["trip"] for note in notes]


def test_a_second_pickup_that_comes_later_is_told_and_counted(morning: Morning) -> None:
    """The other driver has not set off twenty minutes later."""
    ride = Assignment.objects.get(booking=morning.aboard)
    run = replanned(morning.company, 40)
    assert ride.planned_pickup_at < at(9, 40)
    assert f"b{morning.aboard.pk}" in told(run)
    assert run.status == "done"
    kinds = {c.line.booking.pk: c.kind for c in proposal_of(run, at(9, 40)).changes}
    assert kinds[morning.aboard.pk] is Kind.OTHER_TIME


def test_one_at_about_the_planned_time_is_not(morning: Morning) -> None:
    run = replanned(morning.company, NOW.minute)
    assert told(run) == []


def test_nobody_who_waits_there_is_on_time(morning: Morning) -> None:
    booking = Booking.objects.select_related("assignment").get(pk=morning.aboard.pk)
    assert booking.status == BookingStatus.ON_BOARD
    assert timing_of(booking, booking.assignment, at(9, 40)) is None
