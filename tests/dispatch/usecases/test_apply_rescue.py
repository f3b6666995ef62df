"""A breakdown with people on board: what is proposed is what is written, all of it or nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from dispatch.engine.rescue import Urgency
from dispatch.enums import BookingStatus, DriverKind, Loss, Means, Rule, StatusReason
from dispatch.models import (
    Absence,
    Assignment,
    Booking,
    Company,
    Handover,
    Shift,
    VehicleUnavailability,
)
from dispatch.usecases.apply_rescue import UnfitRescueError, _Writer
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.errors import NotFoundError, StaleBookingError
from dispatch.usecases.measure_day import measured_day
from dispatch.usecases.price_rescue import StaleRescueError, Way
from dispatch.usecases.propose_rescue import propose_rescue
from dispatch.usecases.record_progress import IllegalMoveError, record_progress
from dispatch.usecases.references import shift_ref, trip_ref
from dispatch.usecases.report_breakdown import report_breakdown
from dispatch.usecases.resume_ride import NotWaitingError, resume_ride
from dispatch.usecases.stranded_shift import Lost, NothingStrandedError, NowhereError
from tests.dispatch.usecases.breakdown_world import (
    NOW,
    Morning,
    make_morning,
    proposed,
    ride,
    spare,
    spot,
)
from tests.factories import (
    DAY,
    at,
    between,
    bring,
    make_break,
    make_company,
    make_driver,
    make_member,
    make_patient,
    make_shift,
)

pytestmark = pytest.mark.django_db

TAXI = {"rescue": {"partner_enabled": True}}


def send_home(shift: Shift) -> None:
    """Driver and vehicle are not there any more."""
    shift.delete()
    shift.driver.delete()
    shift.vehicle.delete()


@pytest.fixture
def morning(company: Company) -> Morning:
    return make_morning(company)


def test_people_on_board_first_then_two_hours_and_where_the_vehicle_stands(
    morning: Morning,
) -> None:
    proposal = morning.proposal()
    lines = proposal.rescue.lines
    assert [(line.trip, line.urgency) for line in lines] == [
        (trip_ref(morning.aboard.pk), Urgency.ABOARD),
        (trip_ref(morning.waited.pk), Urgency.SOON),
        (trip_ref(morning.eleven.pk), Urgency.SOON),
    ]
    assert proposal.stranded.at == morning.aboard.pickup  # seen there last
    assert {option.shift for line in lines for option in line.options} == {
        shift_ref(morning.other.pk)
    }
    places = proposal.stranded.places
    assert places[:2] == (morning.aboard.pickup, morning.company.base)


def test_all_lines_applied_are_the_proposal_to_the_second(morning: Morning) -> None:
    proposal = morning.proposal()
    applied = morning.apply(
        proposal,
        *proposed(proposal),
        by=make_member(morning.company),
        now=NOW + timedelta(minutes=2),
    )
    assert (applied.moved, applied.partner, applied.relief) == (3, 0, None)
    prices = {int(line.trip[1:]): line.options[0].cost_c for line in proposal.rescue.lines}
    assert applied.prices_c == prices
    assert applied.cost_c == sum(prices.values())
    clock = proposal.clock
    for line in proposal.rescue.lines:
        row = Assignment.objects.get(booking=int(line.trip[1:]))
        assert line.proposed is not None
        assert (row.shift_id, row.driver_id) == (morning.other.pk, morning.other.driver_id)
        assert row.planned_pickup_at == clock.moment(line.proposed.pickup_s)
        assert row.planned_dropoff_at == clock.moment(line.proposed.dropoff_s)
    away = VehicleUnavailability.objects.get()
    assert (away.vehicle_id, away.reason) == (morning.shift.vehicle_id, "breakdown")
    assert away.period == between(NOW + timedelta(minutes=2), morning.company.day_bounds(DAY)[1])


def test_who_was_on_board_waits_where_the_vehicle_stands_and_what_was_driven_stays(
    morning: Morning,
) -> None:
    proposal = morning.proposal()
    morning.apply(proposal, *proposed(proposal))
    aboard = morning.fresh(morning.aboard)
    assert (aboard.status, aboard.boarded_at) == (BookingStatus.ON_BOARD, at(9))
    assert aboard.waits_at == morning.aboard.pickup
    handover = Handover.objects.get()
    assert (handover.shift_id, handover.driver_id, handover.vehicle_id) == (
        morning.shift.pk,
        morning.shift.driver_id,
        morning.shift.vehicle_id,
    )
    assert (handover.at, handover.price_c, handover.is_waiting) == (NOW, None, True)
    # The day as the planner reads it: the other driver is bound to fetch the patient, and nobody is on board yet.
    built = build_problem(company=morning.company, day=DAY, now=at(9, 12))
    ref = shift_ref(morning.other.pk)
    committed = built.problem.shift_by_id[ref].committed
    assert trip_ref(aboard.pk) in {visit.id for visit in committed}
    assert built.problem.trip_by_id[trip_ref(aboard.pk)].pickup.service_s > 0


def test_on_board_again_the_journey_goes_on_and_ends_with_its_first_moments(
    morning: Morning,
) -> None:
    proposal = morning.proposal()
    morning.apply(proposal, *proposed(proposal))
    aboard = morning.fresh(morning.aboard)
    for to in (BookingStatus.COMPLETED, BookingStatus.ARRIVED):
        with pytest.raises(IllegalMoveError):
            record_progress(booking_id=aboard.pk, to=to, at=at(9, 40), expected_version=None)
    with pytest.raises(NotWaitingError):  # before the breakdown
        resume_ride(booking_id=aboard.pk, at=at(9, 5), expected_version=aboard.version)
    resumed = resume_ride(booking_id=aboard.pk, at=at(9, 30), expected_version=aboard.version)
    assert (resumed.waits_at, resumed.version) == (None, aboard.version + 1)
    with pytest.raises(NotWaitingError):
        resume_ride(booking_id=aboard.pk, at=at(9, 31), expected_version=resumed.version)
    # Seen there: the other vehicle has the patient from where the first one stood.
    built = build_problem(company=morning.company, day=DAY, now=at(9, 32))
    first = built.problem.trip_by_id[trip_ref(aboard.pk)].pickup
    assert (first.earliest_s, first.service_s) == (proposal.clock.second(at(9, 30)), 0)
    with pytest.raises(IllegalMoveError):
        record_progress(
            booking_id=aboard.pk, to=BookingStatus.ARRIVED, at=at(9, 40), expected_version=None
        )
    done = record_progress(
        booking_id=aboard.pk,
        to=BookingStatus.COMPLETED,
        at=at(9, 50),
        arrived_dropoff_at=at(9, 48),
        expected_version=None,
    )
    assert (done.boarded_at, done.alighted_at) == (at(9), at(9, 50))


def test_on_board_again_is_told_of_a_journey_as_it_was_seen(morning: Morning) -> None:
    with pytest.raises(NotFoundError):
        resume_ride(booking_id=0, at=NOW, expected_version=None)
    with pytest.raises(StaleBookingError):
        resume_ride(booking_id=morning.aboard.pk, at=NOW, expected_version=99)


def test_a_handover_is_called_by_its_journey_and_waits_at_a_place_that_is_known(
    morning: Morning,
) -> None:
    proposal = morning.proposal()
    morning.apply(proposal, *proposed(proposal))
    handover = Handover.objects.get()
    assert str(handover) == f"{morning.aboard}: {morning.shift.driver}"
    handover.clean()
    handover.place = spot(morning.company, 1, lat=None)
    with pytest.raises(ValidationError):
        handover.clean()


def test_a_patient_whose_driver_was_on_the_way_waits_at_the_door_for_another(
    morning: Morning,
) -> None:
    for hour, status, moments in (
        (10, BookingStatus.EN_ROUTE, {"en_route_at": at(9, 5)}),
        (12, BookingStatus.ARRIVED, {"en_route_at": at(9, 5), "arrived_pickup_at": at(9, 8)}),
    ):
        with_driver = ride(morning.shift, hour, 0, 3)
        bring(with_driver, status, **moments)
    proposal = morning.proposal()
    morning.apply(proposal, *proposed(proposal))
    rows = Booking.objects.filter(assignment__shift=morning.other).exclude(pk=morning.aboard.pk)
    assert set(rows.values_list("status", flat=True)) == {BookingStatus.ASSIGNED}
    assert set(rows.values_list("en_route_at", "arrived_pickup_at")) == {(None, None)}
    assert rows.count() == 4
    assert Handover.objects.count() == 1  # nobody else was on board


def test_a_minute_beside_the_road_weighs_what_the_company_says(morning: Morning) -> None:
    """The second vehicle breaks down too: who waits on the road has done so since the first one did."""
    rules = {"rescue": {"late_per_min": 1.2, "aboard_times": 4}}
    Company.objects.filter(pk=morning.company.pk).update(settings=rules)
    proposal = morning.proposal()
    prices = proposal.breakdown.prices
    assert (prices.late_per_min_c, prices.aboard_per_min_c) == (120, 480)
    morning.apply(proposal, *proposed(proposal))
    lost = Lost(shift_id=morning.other.pk, what=Loss.VEHICLE)
    again = propose_rescue(lost=lost, now=at(9, 15)).breakdown.stranded
    since = {one.trip: one.waits_since_s for one in again}
    assert since[trip_ref(morning.aboard.pk)] == (9 * 60 + 10) * 60
    assert since[trip_ref(morning.eleven.pk)] is None


def test_line_by_line_what_is_not_chosen_stays_where_it_was(morning: Morning) -> None:
    proposal = morning.proposal()
    ways = [way for way in proposed(proposal) if way.booking_id == morning.aboard.pk]
    assert morning.apply(proposal, *ways).moved == 1
    assert morning.fresh(morning.waited).assignment.shift == morning.shift
    # The rest is proposed again.
    again = morning.proposal()
    assert {line.trip for line in again.rescue.lines} == {
        trip_ref(morning.waited.pk),
        trip_ref(morning.eleven.pk),
    }


def test_the_taxi_partner_has_whom_it_can_take_and_counts_as_served_by_nobody_of_ours(
    morning: Morning,
) -> None:
    Company.objects.filter(pk=morning.company.pk).update(settings=TAXI)
    proposal = morning.proposal()
    taxi = [Way(booking_id=row.pk, means=Means.PARTNER) for row in (morning.aboard, morning.waited)]
    assert morning.apply(proposal, *taxi).partner == 2
    aboard, waited = morning.fresh(morning.aboard), morning.fresh(morning.waited)
    assert {aboard.status, waited.status} == {BookingStatus.PARTNER}
    assert waited.status_reason == StatusReason.VEHICLE_BREAKDOWN
    assert (aboard.boarded_at, waited.boarded_at) == (at(9), None)
    assert not Assignment.objects.filter(booking__in=[aboard, waited]).exists()
    # Another driver is a change after the promise for who still waits, none for who was on board.
    assert (aboard.plan_changes, waited.plan_changes) == (0, 1)
    prices = dict(Handover.objects.values_list("booking", "price_c"))
    options = {line.trip: line.options for line in proposal.rescue.lines}
    for booking, price in prices.items():
        (asked,) = (o for o in options[trip_ref(booking)] if o.means is Means.PARTNER)
        assert price == asked.cost_c
    record = measured_day(company=morning.company, day=DAY, now=NOW, in_force=None).recorded
    found = {value.key.value: value for value in record}
    assert (found["assignment_rate"].numerator, found["assignment_rate"].denominator) == (2, 2)
    assert found["pickup_on_time"].counted == 0


def test_a_journey_comes_back_from_the_partner_unless_its_patient_had_been_on_board(
    morning: Morning,
) -> None:
    Company.objects.filter(pk=morning.company.pk).update(settings=TAXI)
    proposal = morning.proposal()
    taxi = [Way(booking_id=row.pk, means=Means.PARTNER) for row in (morning.aboard, morning.waited)]
    morning.apply(proposal, *taxi)
    back = record_progress(
        booking_id=morning.waited.pk, to=BookingStatus.CONFIRMED, at=NOW, expected_version=None
    )
    assert (back.status, back.status_reason) == (BookingStatus.CONFIRMED, "")
    for booking, to in (
        (morning.aboard, BookingStatus.CONFIRMED),
        (morning.eleven, BookingStatus.PARTNER),
    ):
        with pytest.raises(IllegalMoveError):
            record_progress(booking_id=booking.pk, to=to, at=NOW, expected_version=None)


def test_a_spare_vehicle_goes_on_with_the_same_driver_as_a_shift_of_its_own(
    morning: Morning,
) -> None:
    send_home(morning.other)
    vehicle = spare(morning.company)
    make_break(morning.shift)
    make_break(morning.shift, earliest_at=at(8, 50), latest_at=at(9), duration_min=30)
    proposal = morning.proposal()
    options = [line.proposed for line in proposal.rescue.lines]
    assert [(o and o.means, o and o.shift) for o in options] == [(Means.NEW_RUN, "s0")] * 3
    relief = morning.apply(proposal, *proposed(proposal)).relief
    assert relief is not None
    assert (relief.driver, relief.vehicle) == (morning.shift.driver, vehicle)
    # Two kilometres back to the base, a quarter of an hour to change over.
    assert at(9, 28) <= relief.starts_at <= at(9, 34)
    assert relief.ends_at == at(19)
    morning.shift.refresh_from_db()
    assert morning.shift.period == between(at(7), NOW)
    assert [pause.earliest_at for pause in relief.breaks.all()] == [at(11, 30)]
    assert not morning.shift.breaks.exists()
    assert Assignment.objects.filter(shift=relief, vehicle=vehicle).count() == 3


def test_a_driver_on_call_goes_on_with_the_vehicle_of_a_driver_who_is_ill(
    morning: Morning,
) -> None:
    send_home(morning.other)
    on_call = make_driver(morning.company, kind=DriverKind.EMERGENCY)
    proposal = morning.proposal(Loss.DRIVER)
    relief = morning.apply(proposal, *proposed(proposal)).relief
    assert relief is not None
    assert (relief.driver, relief.vehicle) == (on_call, morning.shift.vehicle)
    assert relief.start_place == morning.aboard.pickup
    absence = Absence.objects.get()
    assert (absence.driver, absence.first_on, absence.last_on) == (morning.shift.driver, DAY, DAY)


def test_nobody_stands_in_before_the_shift_has_begun_or_when_it_is_nearly_over(
    morning: Morning,
) -> None:
    spare(morning.company)
    assert morning.proposal(now=at(6)).relief is None
    assert morning.proposal(now=at(18, 50)).relief is None
    assert morning.proposal().relief is not None


def test_a_vehicle_that_takes_none_of_the_patients_or_is_nowhere_is_no_help(
    morning: Morning,
) -> None:
    vehicle = spare(morning.company)
    vehicle.configurations.update(seats=0, wheelchairs=1)
    assert morning.proposal().relief is None
    vehicle.configurations.update(seats=1)
    vehicle.base = spot(morning.company, 1, lat=None)
    vehicle.save()
    assert morning.proposal().relief is None


def test_what_changed_meanwhile_is_looked_at_again_and_nothing_is_written(
    morning: Morning,
) -> None:
    proposal = morning.proposal()
    ways = proposed(proposal)
    late, early = NOW + timedelta(minutes=5, seconds=1), NOW - timedelta(seconds=1)
    for moment in (late, early):
        with pytest.raises(StaleRescueError, match="minutes old"):
            morning.apply(proposal, *ways, now=moment)
    record_progress(
        booking_id=morning.aboard.pk,
        to=BookingStatus.COMPLETED,
        at=NOW,
        expected_version=None,
    )
    with pytest.raises(StaleRescueError, match="changed"):
        morning.apply(proposal, *ways)
    assert not VehicleUnavailability.objects.exists()
    assert set(Assignment.objects.values_list("shift", flat=True)) == {morning.shift.pk}


@pytest.mark.parametrize("what", ["booking", "shift", "stranger"])
def test_a_change_between_judging_and_writing_is_refused(morning: Morning, what: str) -> None:
    proposal = morning.proposal()
    writer = _Writer(proposal, proposal.rescue, None, NOW)
    if what == "booking":
        Booking.objects.filter(pk=morning.aboard.pk).update(version=99)
    elif what == "shift":
        Shift.objects.filter(pk=morning.other.pk).update(version=99)
    else:
        ride(morning.other, 15, 0, 1)
    with pytest.raises(StaleRescueError):
        writer.write()


def test_what_does_not_fit_where_somebody_put_it_is_named(morning: Morning) -> None:
    proposal = morning.proposal()
    shift = morning.other.pk
    unfit = Way(booking_id=morning.aboard.pk, means=Means.PARTNER)  # there is no partner
    twice = [Way(booking_id=morning.eleven.pk, means=Means.INSERT, shift_id=shift)] * 2
    with pytest.raises(UnfitRescueError, match=morning.aboard.reference) as error:
        morning.apply(proposal, unfit)
    assert error.value.references == (morning.aboard.reference,)
    with pytest.raises(UnfitRescueError, match=morning.eleven.reference):
        morning.apply(proposal, *twice)
    assert not VehicleUnavailability.objects.exists()


def test_a_second_breakdown_before_the_patient_was_fetched_leaves_them_where_they_wait(
    morning: Morning,
) -> None:
    third = make_shift(morning.company)
    proposal = morning.proposal()
    way = Way(booking_id=morning.aboard.pk, means=Means.NEW_RUN, shift_id=morning.other.pk)
    morning.apply(proposal, way)
    again = propose_rescue(lost=Lost(shift_id=morning.other.pk, what=Loss.VEHICLE), now=at(9, 15))
    morning.apply(again, *proposed(again), now=at(9, 15))
    aboard = morning.fresh(morning.aboard)
    assert aboard.assignment.shift in {third, morning.shift}
    assert (aboard.waits_at, Handover.objects.count()) == (morning.aboard.pickup, 1)


def test_a_second_driver_who_drops_out_on_the_way_to_who_waits_beside_the_road(
    morning: Morning,
) -> None:
    """Marc was sent for the patient on the road and falls ill: they go first in the new proposal, a third driver comes."""
    third = make_shift(morning.company)
    proposal = morning.proposal()
    way = Way(booking_id=morning.aboard.pk, means=Means.NEW_RUN, shift_id=morning.other.pk)
    morning.apply(proposal, way)
    later = ride(morning.other, 9, 50, 5)
    ill_at = at(9, 20)
    lost = Lost(shift_id=morning.other.pk, what=Loss.DRIVER)
    report_breakdown(lost=lost, now=ill_at)
    again = propose_rescue(lost=lost, now=ill_at)
    assert [line.trip for line in again.rescue.lines] == [
        trip_ref(morning.aboard.pk),
        trip_ref(later.pk),
    ]
    assert again.rescue.lines[0].urgency is Urgency.ABOARD
    waits = next(o for o in again.breakdown.stranded if o.trip == trip_ref(morning.aboard.pk))
    assert waits.waits_since_s == again.clock.second(NOW)
    morning.apply(again, *proposed(again), now=ill_at)
    aboard = morning.fresh(morning.aboard)
    assert (aboard.assignment.shift, aboard.waits_at) == (third, morning.aboard.pickup)
    assert morning.fresh(later).assignment.shift == third
    assert Handover.objects.get().shift == morning.shift  # Marc never had them
    came = aboard.assignment.planned_pickup_at
    resume_ride(booking_id=aboard.pk, at=came, expected_version=aboard.version)
    record_progress(
        booking_id=aboard.pk,
        to=BookingStatus.COMPLETED,
        at=came + timedelta(minutes=20),
        expected_version=None,
    )
    done = morning.fresh(morning.aboard)
    assert (done.status, done.assignment.driver) == (BookingStatus.COMPLETED, third.driver)


def test_a_dispatcher_says_where_the_vehicle_stands(morning: Morning) -> None:
    stop = morning.waited.pickup
    proposal = propose_rescue(lost=morning.lost(place=stop), now=NOW)
    morning.apply(proposal, *proposed(proposal))
    assert Handover.objects.get().place == stop
    with pytest.raises(NothingStrandedError):
        propose_rescue(lost=morning.lost(), now=NOW)


def test_it_cannot_stand_where_it_never_was(morning: Morning) -> None:
    with pytest.raises(NotFoundError):
        propose_rescue(lost=morning.lost(place=spot(None, 7)), now=NOW)


def test_a_journey_to_an_unknown_place_is_told_and_not_planned(morning: Morning) -> None:
    patient = make_patient(morning.company, home=spot(morning.company, 1, lat=None))
    lost = ride(morning.shift, 13, 0, 1, patient=patient)
    proposal = morning.proposal()
    (item,) = proposal.left_out
    assert (item.trip, item.reason) == (trip_ref(lost.pk), Rule.UNKNOWN_COORDINATES)


def test_there_is_nothing_to_rescue_without_shift_journey_or_place(company: Company) -> None:
    with pytest.raises(NotFoundError):
        propose_rescue(lost=Lost(shift_id=0, what=Loss.VEHICLE), now=NOW)
    idle = make_shift(company)
    with pytest.raises(NothingStrandedError):
        propose_rescue(lost=Lost(shift_id=idle.pk, what=Loss.VEHICLE), now=NOW)
    nowhere = make_company(base=None)
    shift = make_shift(nowhere)
    unknown = spot(nowhere, 1, lat=None)
    patient = make_patient(nowhere, home=unknown)
    booking = ride(shift, 9, 0, 1, patient=patient)
    Booking.objects.filter(pk=booking.pk).update(dropoff=spot(nowhere, 2, lat=None))
    with pytest.raises(NowhereError):
        propose_rescue(lost=Lost(shift_id=shift.pk, what=Loss.VEHICLE), now=NOW)
