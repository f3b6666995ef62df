"""Every event of a day, through the use cases that people and drivers use: it is noticed, a proposal comes, and the
proposal keeps what it must: what is committed, what was promised (or says so), and the number of changes.

It is a morning at eight. Anna fetches somebody at 8:10 (committed: within the freeze time), at ten, eleven and two; Marc at
half past ten. Carla's shift begins at noon, with a journey at one. Dora is on call, and a vehicle stands in the yard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from dispatch.engine.draft import resume
from dispatch.engine.plan import Plan
from dispatch.engine.stability import NOTICED_S
from dispatch.enums import BookingStatus, DispatchMode, DriverKind, Loss, Mobility, RunStatus
from dispatch.models import (
    Assignment,
    Booking,
    Company,
    DispatchRun,
    Driver,
    SeatConfiguration,
    Shift,
    Vehicle,
)
from dispatch.notes import NoteKey
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.apply_rescue import apply_rescue
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.create_booking import NewBooking, create_booking
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.edit_shift import edit_shift
from dispatch.usecases.keep_vehicle import keep_vehicle
from dispatch.usecases.propose_rescue import propose_rescue
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.references import row_id, shift_ref, trip_ref
from dispatch.usecases.report_breakdown import report_breakdown
from dispatch.usecases.run_dispatch import run_dispatch
from dispatch.usecases.shift_content import ShiftContent
from dispatch.usecases.stand_in import hand_over_shift, stand_in, with_crew
from dispatch.usecases.stranded_shift import Lost
from dispatch.usecases.trigger_return import trigger_return
from tests.dispatch.usecases.breakdown_world import proposed
from tests.dispatch.usecases.replan_world import SETTINGS, asked, driver_of, goes, put_in_force
from tests.factories import (
    DAY,
    at,
    make_booking,
    make_company,
    make_driver,
    make_establishment,
    make_outbound,
    make_patient,
    make_place,
    make_return,
    make_shift,
    make_vehicle,
)

S = BookingStatus
NOW = at(8)
BUDGET = 1

pytestmark = pytest.mark.django_db


@dataclass
class Morning:
    """`unavoidable`: journeys that the event itself takes out of their driver's hands."""

    company: Company
    anna: Shift
    marc: Shift
    carla: Shift
    on_call: Driver
    spare: Vehicle
    soon: Booking
    ten: Booking
    two: Booking
    back: Booking
    unavoidable: set[int] = field(default_factory=set)

    def rides_of(self, shift: Shift) -> set[int]:
        rows = Assignment.objects.filter(shift=shift, is_over=False)
        return set(rows.values_list("booking", flat=True))


@pytest.fixture
def morning() -> Morning:
    company = make_company(
        mode=DispatchMode.SEMI_AUTO.value, settings=SETTINGS | {"stability_budget": BUDGET}
    )
    anna, marc = (make_shift(company, driver=make_driver(company)) for _ in range(2))
    carla = make_shift(company, start=at(12), end=at(19))
    outbound = make_outbound(company, pickup_at=at(7, 10))
    rows = {
        anna: [
            outbound,
            *(
                make_booking(company, pickup_at=when)
                for when in (at(8, 10), at(10), at(11), at(14))
            ),
        ],
        marc: [make_booking(company, pickup_at=at(10, 30))],
        carla: [make_booking(company, pickup_at=at(13))],
    }
    back = make_return(outbound, is_will_call=True)
    _fix(rows)
    goes(outbound, S.COMPLETED, at=at(7, 40))
    _outbound, soon, ten, _eleven, two = rows[anna]
    return Morning(
        company=company,
        anna=anna,
        marc=marc,
        carla=carla,
        on_call=make_driver(company, kind=DriverKind.EMERGENCY),
        spare=make_vehicle(company, name="Spare"),
        soon=soon,
        ten=ten,
        two=two,
        back=back,
    )


def _fix(rows: dict[Shift, list[Booking]]) -> None:
    """Who drives what is set for the plan of the dawn, and let go afterwards: a pin is not what holds them."""
    for shift, bookings in rows.items():
        for booking in bookings:
            assign_booking(
                booking_id=booking.pk,
                shift_id=shift.pk,
                by=None,
                now=at(5),
                expected_version=None,
                pin=True,
            )
    put_in_force(next(iter(rows)).company)
    Assignment.objects.update(is_pinned=False, pinned_by=None)


# Each event happens through a use case, and says at what time the day is looked at then.


def new_booking(morning: Morning) -> datetime:
    home = make_place(morning.company)
    patient = make_patient(morning.company, home=home)
    wanted = NewBooking(
        patient_id=patient.pk,
        pickup_id=home.pk,
        dropoff_id=make_establishment().pk,
        requested_at=at(16),
    )
    create_booking(company=morning.company, wanted=wanted, now=NOW)
    return NOW


def cancellation(morning: Morning) -> datetime:
    record_progress(
        booking_id=morning.two.pk,
        to=S.SAME_DAY_CANCEL,
        at=NOW,
        reason="patient_request",
        expected_version=None,
    )
    return NOW


def no_show(morning: Morning) -> datetime:
    goes(morning.soon, S.NO_SHOW, at=at(8, 20))
    return at(8, 20)


def call(morning: Morning) -> datetime:
    trigger_return(booking_id=morning.back.pk, ready_at=NOW, expected_version=None)
    return NOW


def delay(morning: Morning) -> datetime:
    """The vehicle is on its way to a patient whom it should have fetched six minutes ago."""
    morning.unavoidable = {morning.soon.pk}
    due = _planned(morning.soon) + timedelta(minutes=6)
    goes(morning.soon, S.EN_ROUTE, at=due)
    return due


def silence(morning: Morning) -> datetime:
    """Nobody records that the patient of 8:10 was fetched: a quarter of an hour later it is said."""
    morning.unavoidable = {morning.soon.pk}
    return _planned(morning.soon) + timedelta(minutes=15)


def driver_ill_before_the_shift(morning: Morning) -> datetime:
    morning.unavoidable = morning.rides_of(morning.carla)
    report_breakdown(lost=Lost(shift_id=morning.carla.pk, what=Loss.DRIVER), now=NOW)
    return NOW


def driver_ill_during_the_shift(morning: Morning) -> datetime:
    morning.unavoidable = morning.rides_of(morning.anna)
    report_breakdown(lost=Lost(shift_id=morning.anna.pk, what=Loss.DRIVER), now=NOW)
    return NOW


def vehicle_broken_down_and_its_rescue_in_force(morning: Morning) -> datetime:
    """With a patient on board: the rescue gives everybody a way on, and the rest of the day is looked at."""
    moment = at(8, 25)
    goes(morning.soon, S.ON_BOARD, at=moment)
    lost = Lost(shift_id=morning.anna.pk, what=Loss.VEHICLE)
    proposal = propose_rescue(lost=lost, now=moment)
    assert all(line.proposed is not None for line in proposal.rescue.lines)
    apply_rescue(lost=lost, shown=proposal.shown, ways=proposed(proposal), by=None, now=moment)
    return moment


def vehicle_swapped(morning: Morning) -> datetime:
    content = with_crew(ShiftContent.of(morning.marc), morning.marc.driver_id, morning.spare.pk)
    edit_shift(shift_id=morning.marc.pk, content=content, now=NOW, expected_version=None)
    return NOW


def crew_that_stands_in(morning: Morning) -> datetime:
    lost = Lost(shift_id=morning.carla.pk, what=Loss.DRIVER)
    crew = stand_in(propose_rescue(lost=lost, now=NOW).stranded, now=NOW)
    assert crew is not None
    assert (crew.driver, crew.refusal) == (morning.on_call, "")
    hand_over_shift(
        lost=lost,
        driver_id=crew.driver.pk,
        vehicle_id=crew.vehicle.pk,
        now=NOW,
        expected_version=None,
    )
    return NOW


EVENTS: tuple[Callable[[Morning], datetime], ...] = (
    new_booking,
    cancellation,
    no_show,
    call,
    delay,
    silence,
    driver_ill_before_the_shift,
    driver_ill_during_the_shift,
    vehicle_broken_down_and_its_rescue_in_force,
    vehicle_swapped,
    crew_that_stands_in,
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_an_event_leads_to_a_proposal_that_keeps_what_it_must(
    morning: Morning, event: Callable[[Morning], datetime]
) -> None:
    assert asked(morning.company, now=NOW) is None
    now = event(morning)
    built = build_problem(company=morning.company, day=DAY, now=now)
    before = _rides(morning.company)
    run = asked(morning.company, now=now)
    assert run is not None
    run = run_dispatch(run_id=run.pk, clock=lambda: now)
    plan = Plan.from_json(run.plan)
    for shift in built.problem.shifts:
        visits = [visit.visit for visit in plan.route_of[shift.id].visits]
        assert visits[: len(shift.committed)] == list(shift.committed)
    assert _late(morning.company, plan) <= _told_late(run)
    assert len(_changed(plan, before, morning.company) - morning.unavoidable) <= BUDGET
    if run.status == RunStatus.DONE:
        apply_plan(run_id=run.pk, by=None, now=now)
        # Everybody whom the event left without a driver has one again.
        assert all(driver_of(Booking(pk=pk)) for pk in morning.unavoidable)
    assert asked(morning.company, now=now) is None


class TestVehicleThatTakesNotAll:
    """Anna drives at ten, somebody in a wheelchair at noon, and at two; another van with a ramp stands by with Marc.

    The garage gives her another vehicle under the same number: without the place for a wheelchair.
    """

    @pytest.fixture
    def company(self) -> Company:
        return make_company(
            mode=DispatchMode.SEMI_AUTO.value, settings=SETTINGS | {"stability_budget": 0}
        )

    @pytest.fixture
    def anna(self, company: Company) -> Shift:
        return make_shift(company)

    @pytest.fixture
    def chair(self, company: Company) -> Booking:
        patient = make_patient(company, mobility=Mobility.WHEELCHAIR_FIXED.value)
        return make_booking(company, pickup_at=at(12), patient=patient)

    @pytest.fixture
    def others(self, company: Company, anna: Shift, chair: Booking) -> list[Booking]:
        rows = [make_booking(company, pickup_at=when) for when in (at(10), at(14))]
        _fix({anna: [*rows, chair]})
        make_shift(company)
        run = asked(company, now=NOW)  # for there is a shift more
        assert run is not None
        run_dispatch(run_id=run.pk, clock=lambda: NOW)
        return rows

    def swap(self, anna: Shift) -> None:
        keep_vehicle(vehicle=anna.vehicle, configurations=[SeatConfiguration(seats=3)])

    def test_only_who_has_no_place_any_more_is_lost_and_the_others_keep_their_driver(
        self, company: Company, anna: Shift, chair: Booking, others: list[Booking]
    ) -> None:
        before = _rides(company)
        self.swap(anna)
        run = asked(company, now=NOW)
        assert run is not None
        run = run_dispatch(run_id=run.pk, clock=lambda: NOW)
        figures = {note["key"]: note["figures"] for note in run.notes}
        assert figures[NoteKey.REPLAN_UNAVOIDABLE] == {"count": 1}
        assert NoteKey.REPLAN_KEEPS in figures
        assert _changed(Plan.from_json(run.plan), before, company) == {chair.pk}
        apply_plan(run_id=run.pk, by=None, now=NOW)
        assert [driver_of(row) for row in others] == [anna, anna]
        assert driver_of(chair) not in {None, anna}

    def test_the_others_keep_their_driver_where_they_are_late_as_well(
        self, company: Company, anna: Shift, chair: Booking, others: list[Booking]
    ) -> None:
        """At half past ten nothing is recorded of the journey of ten: its window reaches to when Anna can be there."""
        self.swap(anna)
        late = at(10, 30)
        built = build_problem(company=company, day=DAY, now=late)
        plan = resume(built.problem, built.in_force)
        assert [item.trip for item in plan.unassigned] == [trip_ref(chair.pk)]
        assert {plan.shift_of[trip_ref(row.pk)] for row in others} == {shift_ref(anna.pk)}


def _planned(booking: Booking) -> datetime:
    return Assignment.objects.get(booking=booking).planned_pickup_at


def _rides(company: Company) -> dict[int, tuple[int, datetime]]:
    rows = Assignment.objects.filter(company=company, is_over=False)
    found = rows.values_list("booking", "shift", "planned_pickup_at")
    return {booking: (shift, pickup) for booking, shift, pickup in found}


def _changed(plan: Plan, before: dict[int, tuple[int, datetime]], company: Company) -> set[int]:
    """Who gets another driver, or a pickup that people notice."""
    clock = DayClock.of(company, DAY)
    changed = set()
    for pk, (shift, pickup) in before.items():
        trip = trip_ref(pk)
        if trip not in plan.shift_of:
            continue
        by = clock.moment(plan.pickup_start_s[trip]) - pickup
        if plan.shift_of[trip] != shift_ref(shift) or abs(by.total_seconds()) >= NOTICED_S:
            changed.add(pk)
    return changed


def _late(company: Company, plan: Plan) -> set[int]:
    """Whose pickup comes a minute or more behind the promise; who is on board has had theirs."""
    clock = DayClock.of(company, DAY)
    rows = Booking.objects.filter(pk__in=[row_id(trip) for trip in plan.shift_of])
    return {
        row.pk
        for row in rows.exclude(status=S.ON_BOARD)
        if row.promised_to is not None
        and plan.pickup_start_s[trip_ref(row.pk)] - clock.second(row.promised_to) >= 60
    }


def _told_late(run: DispatchRun) -> set[int]:
    told = (note for note in run.notes if note["key"] == NoteKey.PROMISE_BROKEN)
    return {row_id(note["figures"]["trip"]) for note in told}
