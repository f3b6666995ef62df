"""A crew that drops out gets nothing new, keeps what is under way, and lets go of all the rest; nobody leaves in the past."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.engine.draft import resume
from dispatch.engine.plan import Plan
from dispatch.enums import BookingStatus, VisitKind
from dispatch.models import Absence, Assignment, Booking, Company, Shift
from dispatch.notes import Note, NoteKey
from dispatch.usecases.apply_plan import StalePlanError, apply_plan
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.build_problem import BuiltProblem, build_problem
from dispatch.usecases.open_day import NotFeasibleError
from dispatch.usecases.rank_drivers import rank_drivers
from tests.dispatch.usecases.replan_world import planned, put_in_force
from tests.factories import (
    DAY,
    at,
    between,
    bring,
    make_assignment,
    make_booking,
    make_break,
    make_company,
    make_shift,
)

pytestmark = pytest.mark.django_db

NOW = at(9, 10)
H = 3600


def held(shift: Shift, hour: int, minute: int = 0, **row: Any) -> Booking:
    booking = make_booking(shift.company, pickup_at=at(hour, minute))
    make_assignment(booking, shift, start=at(hour, minute), **row)
    Booking.objects.filter(pk=booking.pk).update(status=BookingStatus.ASSIGNED)
    return booking


def boards(booking: Booking, hour: int, minute: int = 0) -> None:
    moment = at(hour, minute)
    bring(booking, BookingStatus.ON_BOARD, arrived_pickup_at=moment, boarded_at=moment)


def built(company: Company, now: datetime = NOW) -> BuiltProblem:
    return build_problem(company=company, day=DAY, now=now)


def is_ill(shift: Shift) -> None:
    Absence.objects.create(driver=shift.driver, first_on=DAY, last_on=DAY)


def has_no_vehicle(shift: Shift) -> None:
    shift.vehicle.unavailabilities.create(period=between(at(9, 5), at(20)))


def drives_no_more(shift: Shift) -> None:
    shift.driver.active = False
    shift.driver.save()


LOSSES = {
    is_ill: NoteKey.SHIFT_DRIVER_ABSENT,
    has_no_vehicle: NoteKey.SHIFT_VEHICLE_AWAY,
    drives_no_more: NoteKey.SHIFT_DRIVER_LEFT,
}


@pytest.mark.parametrize("loss", LOSSES)
class TestACrewThatDropsOut:
    """At ten past nine, with one patient on board, one in twenty-five minutes and one in the afternoon."""

    @pytest.fixture
    def shift(self, company: Company) -> Shift:
        return make_shift(company)

    def test_it_takes_no_part_though_a_ride_is_close(
        self, company: Company, shift: Shift, loss: Callable[[Shift], None]
    ) -> None:
        soon = held(shift, 9, 35)
        loss(shift)
        found = built(company)
        assert found.problem.shifts == ()
        assert found.left_out == {shift.pk: Note.of(LOSSES[loss], shift=f"s{shift.pk}")}
        assert [trip.id for trip in found.problem.trips] == [f"b{soon.pk}"]
        assert found.problem.committed_shift == {}

    def test_what_is_under_way_stays_and_is_told(
        self, company: Company, shift: Shift, loss: Callable[[Shift], None]
    ) -> None:
        aboard, soon, later = held(shift, 9), held(shift, 9, 35), held(shift, 15)
        boards(aboard, 9, 6)
        loss(shift)
        found = built(company)
        assert found.problem.shifts == ()
        assert {trip.id for trip in found.problem.trips} == {f"b{soon.pk}", f"b{later.pk}"}
        assert Note.of(NoteKey.UNDER_WAY_OUTSIDE, trip=f"b{aboard.pk}") in found.notes
        assert Note.of(LOSSES[loss], shift=f"s{shift.pk}") in found.notes

    def test_another_driver_may_have_what_is_close(
        self, company: Company, shift: Shift, loss: Callable[[Shift], None]
    ) -> None:
        soon, other = held(shift, 9, 35), make_shift(company)
        loss(shift)
        ranked = rank_drivers(booking_id=soon.pk, now=NOW)
        assert [option.shift.pk for option in ranked.options] == [other.pk]

    def test_nothing_is_given_to_it(
        self, company: Company, shift: Shift, loss: Callable[[Shift], None]
    ) -> None:
        boards(held(shift, 9), 9, 6)
        new = make_booking(company, pickup_at=at(11))
        loss(shift)
        assert rank_drivers(booking_id=new.pk, now=NOW).options == ()
        with pytest.raises(NotFeasibleError, match=r"absent|out of service|no longer active"):
            assign_booking(
                booking_id=new.pk, shift_id=shift.pk, by=None, now=NOW, expected_version=None
            )

    def test_a_pin_holds_nobody_on_it(
        self, company: Company, shift: Shift, loss: Callable[[Shift], None]
    ) -> None:
        soon = held(shift, 9, 35, is_pinned=True)
        loss(shift)
        found = built(company)
        assert found.problem.trip_by_id[f"b{soon.pk}"].pinned_shift is None
        assert Note.of(NoteKey.PIN_RELEASED, trip=f"b{soon.pk}") in found.notes


class TestAVehicleThatIsAwayForAWhile:
    def test_a_close_ride_while_it_is_away_is_free_and_one_after_stays(
        self, company: Company
    ) -> None:
        shift = make_shift(company)
        during, after = held(shift, 9, 35, is_pinned=True), held(shift, 15)
        shift.vehicle.unavailabilities.create(period=between(at(9, 20), at(11)))
        found = built(company)
        assert found.problem.shifts[0].start_s == 11 * H
        assert found.problem.committed_shift == {}
        windows = {trip.id: trip.pickup.latest_s for trip in found.problem.trips}
        assert windows == {f"b{during.pk}": 9 * H + 50 * 60, f"b{after.pk}": 15 * H + 15 * 60}
        assert found.problem.trip_by_id[f"b{during.pk}"].pinned_shift is None

    def test_a_close_ride_before_it_goes_is_driven(self, company: Company) -> None:
        shift = make_shift(company)
        soon = held(shift, 9, 35)
        shift.vehicle.unavailabilities.create(period=between(at(11), at(12)))
        (found,) = built(company).problem.shifts
        assert {visit.id for visit in found.committed} == {f"b{soon.pk}"}
        assert found.end_s == 11 * H

    def test_a_close_ride_once_it_is_back_waits_for_it(self, company: Company) -> None:
        """It is away at ten past nine and back at twenty past."""
        shift = make_shift(company)
        soon = held(shift, 9, 35)
        shift.vehicle.unavailabilities.create(period=between(at(8), at(9, 20)))
        found = built(company)
        assert found.problem.shifts[0].start_s == 9 * H + 20 * 60
        assert found.problem.committed_shift == {}
        assert f"b{soon.pk}" in found.problem.trip_by_id


class TestWhenItLeaves:
    def test_not_before_now_whatever_is_planned(self, company: Company) -> None:
        shift = make_shift(company)
        held(shift, 9, 35)
        held(shift, 15)
        assert built(company).problem.shifts[0].start_s == 9 * H + 600

    def test_when_its_driver_said_so(self, company: Company) -> None:
        shift = make_shift(company)
        coming = held(shift, 9, 35)
        bring(coming, BookingStatus.EN_ROUTE, en_route_at=at(8, 55))
        (found,) = built(company).problem.shifts
        assert found.start_s == 8 * H + 55 * 60
        assert found.start_location == found.end_location  # from its base

    def test_from_where_it_was_seen_when_its_driver_said_so(self, company: Company) -> None:
        shift = make_shift(company)
        done, coming = held(shift, 8, is_over=True), held(shift, 9, 35)
        bring(done, BookingStatus.COMPLETED, arrived_dropoff_at=at(8, 30), alighted_at=at(8, 35))
        bring(coming, BookingStatus.EN_ROUTE, en_route_at=at(8, 55))
        (found,) = built(company).problem.shifts
        assert found.start_s == 8 * H + 55 * 60
        assert found.start_location != found.end_location

    def test_not_before_the_shift_begins(self, company: Company) -> None:
        shift = make_shift(company)
        held(shift, 9)
        assert built(company, at(5)).problem.shifts[0].start_s == 7 * H

    def test_a_pause_is_not_begun_in_the_past(self, company: Company) -> None:
        shift = make_shift(company)
        make_break(shift, earliest_at=at(8), latest_at=at(10), duration_min=20)
        held(shift, 11)
        (found,) = built(company).problem.shifts
        assert found.breaks[0].earliest_s == 9 * H + 600

    def test_who_should_have_left_keeps_the_ride_and_comes_late(self, company: Company) -> None:
        """Nobody set off by 9:10 for a pickup promised until 8:45: it is driven, from the base and from now on."""
        shift = make_shift(company)
        late = held(shift, 8, 30)
        found = built(company)
        plan = resume(found.problem, found.in_force)
        route = plan.route_of[f"s{shift.pk}"]
        assert plan.shift_of == {f"b{late.pk}": f"s{shift.pk}"}
        assert route.leave_s >= 9 * H + 600
        assert route.visits[0].start_s > route.leave_s  # the way from the base takes its time


BEGUN = (BookingStatus.ASSIGNED, BookingStatus.EN_ROUTE, BookingStatus.ON_BOARD)


def unrecorded(plan: Plan, begun: set[str]) -> Iterator[int]:
    """The seconds at which what nobody has recorded begins."""
    for route in plan.routes:
        if route.visits and not begun & set(route.trip_ids):
            yield route.leave_s
        for visit in route.visits:
            if visit.id not in begun or visit.kind is VisitKind.DROPOFF:
                yield visit.start_s


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    slots=st.sets(st.integers(0, 9), min_size=1, max_size=4),
    first=st.sampled_from(BEGUN),
    now_min=st.integers(0, 420),
)
def test_nothing_that_is_not_recorded_begins_before_now(
    company: Company, slots: set[int], first: BookingStatus, now_min: int
) -> None:
    """Rides every so many times 40 minutes from seven on; the first has perhaps begun, five minutes ago."""
    now = at(7) + timedelta(minutes=now_min)
    with transaction.atomic():
        shift = make_shift(company)
        rides = [held(shift, 7 + slot * 40 // 60, slot * 40 % 60) for slot in sorted(slots)]
        moment = now - timedelta(minutes=5)
        if first is BookingStatus.EN_ROUTE:
            bring(rides[0], first, en_route_at=moment)
        if first is BookingStatus.ON_BOARD:
            bring(rides[0], first, arrived_pickup_at=moment, boarded_at=moment)
        found = built(company, now)
        plan = resume(found.problem, found.in_force)
        begun = set() if first is BookingStatus.ASSIGNED else {f"b{rides[0].pk}"}
        transaction.set_rollback(True)
    now_s = int((now - at(0)).total_seconds())
    assert plan.routes
    assert all(second >= now_s for second in unrecorded(plan, begun))


class TestARunThatIsApplied:
    @pytest.fixture
    def company(self) -> Company:
        return make_company(
            mode="semi_auto",
            settings={"solver_time_limit_s": 1, "replan_time_limit_s": 1, "freeze_min": 30},
        )

    @pytest.fixture
    def shift(self, company: Company) -> Shift:
        return make_shift(company)

    def test_at_once_it_holds(self, company: Company, shift: Shift) -> None:
        """A journey for now, of a driver who has another one later: the way to it takes its time."""
        held(shift, 11)
        put_in_force(company)
        new = make_booking(company, pickup_at=NOW, promised_from=NOW, promised_to=at(10))
        run = planned(company, now=NOW)
        plan = Plan.from_json(run.plan)
        assert plan.route_of[f"s{shift.pk}"].leave_s >= 9 * H + 600
        apply_plan(run_id=run.pk, by=None, now=NOW)
        assert Assignment.objects.get(booking=new).planned_pickup_at > NOW

    def test_a_driver_who_fell_ill_meanwhile_is_given_nothing(
        self, company: Company, shift: Shift
    ) -> None:
        soon = held(shift, 9, 35)
        put_in_force(company)
        new = make_booking(company, pickup_at=at(11))
        run = planned(company, now=NOW)
        is_ill(shift)
        with pytest.raises(StalePlanError) as refusal:
            apply_plan(run_id=run.pk, by=None, now=NOW)
        assert refusal.value.references == tuple(sorted([soon.reference, new.reference]))
        assert not Assignment.objects.filter(booking=new).exists()
        assert set(Plan.from_json(planned(company, now=NOW).plan).shift_of) == set()


def test_the_best_drivers_leave_from_now_on(company: Company) -> None:
    shift = make_shift(company)
    held(shift, 15)
    new = make_booking(company, pickup_at=NOW, promised_from=NOW, promised_to=at(10))
    (option,) = rank_drivers(booking_id=new.pk, now=NOW).options
    (tour,) = option.card.tours
    assert tour.leaves_at is not None
    assert option.card.pickup_at is not None
    assert NOW <= tour.leaves_at < option.card.pickup_at
