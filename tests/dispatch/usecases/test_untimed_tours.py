"""A tour with a journey that cannot be timed: nothing is offered into it that could not be written."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from dispatch.enums import CoordinatesQuality, Mobility, Rule
from dispatch.models import Assignment, Booking, Patient, Place, Shift, VehicleUnavailability
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.change_as_shown import change_as_shown
from dispatch.usecases.dispatch_now import dispatch_now
from dispatch.usecases.open_day import NobodyFitsError, NotFeasibleError
from dispatch.usecases.preview_change import preview_changes
from dispatch.usecases.rank_drivers import rank_drivers
from dispatch.usecases.wanted_changes import GiveTo, TakeAway, WantedChange
from tests.factories import at, make_booking, make_company, make_patient, make_shift

pytestmark = pytest.mark.django_db

NOW = at(6)


class Morning(NamedTuple):
    """`held`: at nine with `shift`; `asked`: at two, with nobody."""

    shift: Shift
    held: Booking
    asked: Booking


@pytest.fixture
def morning() -> Morning:
    company = make_company(settings={"solver_time_limit_s": 1})
    shift = make_shift(company)
    held, asked = make_booking(company, pickup_at=at(9)), make_booking(company, pickup_at=at(14))
    assign_booking(booking_id=held.pk, shift_id=shift.pk, by=None, now=NOW, expected_version=None)
    return Morning(shift, held, asked)


def forget_the_way_to(booking: Booking) -> None:
    unknown = CoordinatesQuality.UNKNOWN
    Place.objects.filter(pk=booking.pickup_id).update(
        lat=None, lon=None, coordinates_quality=unknown
    )


def refused(morning: Morning) -> NotFeasibleError:
    """By the preview and by the assignment, in the same words."""
    wanted = WantedChange(morning.asked.pk, GiveTo(shift_id=morning.shift.pk))
    with pytest.raises(NotFeasibleError) as shown:
        preview_changes(asked=[wanted], now=NOW)
    with pytest.raises(NotFeasibleError) as done:
        assign_booking(
            booking_id=morning.asked.pk,
            shift_id=morning.shift.pk,
            by=None,
            now=NOW,
            expected_version=None,
        )
    assert str(shown.value) == str(done.value)
    assert morning.held.reference in str(done.value)
    return done.value


def test_a_place_that_nobody_can_find_any_more(morning: Morning) -> None:
    forget_the_way_to(morning.held)
    assert refused(morning).rule is Rule.UNKNOWN_COORDINATES
    ranked = rank_drivers(booking_id=morning.asked.pk, now=NOW)
    assert (ranked.options, ranked.more) == ((), 0)
    (unable,) = ranked.unable
    assert (unable.shift, unable.rule) == (morning.shift, Rule.UNKNOWN_COORDINATES)
    assert morning.held.reference in unable.sentence


def test_the_next_driver_is_taken(morning: Morning) -> None:
    forget_the_way_to(morning.held)
    other = make_shift(morning.shift.company)
    ranked = rank_drivers(booking_id=morning.asked.pk, now=NOW)
    assert ([option.shift for option in ranked.options], ranked.more) == ([other], 0)
    row = dispatch_now(booking_id=morning.asked.pk, by=None, now=NOW, expected_version=None)
    assert row.shift == other


def test_with_nobody_else_the_reason_is_said(morning: Morning) -> None:
    forget_the_way_to(morning.held)
    with pytest.raises(NotFeasibleError, match=morning.held.reference):
        dispatch_now(booking_id=morning.asked.pk, by=None, now=NOW, expected_version=None)


def test_a_rule_that_forbids_it_anyway_is_the_reason(morning: Morning) -> None:
    forget_the_way_to(morning.held)
    patient = make_patient(morning.shift.company, mobility=Mobility.STRETCHER.value)
    asked = make_booking(morning.shift.company, pickup_at=at(14), patient=patient)
    with pytest.raises(NobodyFitsError) as refusal:
        dispatch_now(booking_id=asked.pk, by=None, now=NOW, expected_version=None)
    assert refusal.value.rule is Rule.SKILLS


def test_a_journey_during_which_the_vehicle_is_away(morning: Morning) -> None:
    VehicleUnavailability.objects.create(
        vehicle=morning.shift.vehicle, period=DateTimeTZRange(at(8), at(11))
    )
    assert refused(morning).rule is Rule.COVERAGE
    assert rank_drivers(booking_id=morning.asked.pk, now=NOW).options == ()


def test_a_patient_who_lies_by_now(morning: Morning) -> None:
    Patient.objects.filter(pk=morning.held.patient_id).update(mobility=Mobility.STRETCHER.value)
    assert refused(morning).rule is Rule.COVERAGE
    assert rank_drivers(booking_id=morning.asked.pk, now=NOW).options == ()


def test_its_other_journeys_may_still_leave_it(morning: Morning) -> None:
    """They are shown with the driver they have, and lose or change him."""
    third = make_booking(morning.shift.company, pickup_at=at(16))
    assign_booking(
        booking_id=third.pk, shift_id=morning.shift.pk, by=None, now=NOW, expected_version=None
    )
    forget_the_way_to(morning.held)
    other = make_shift(morning.shift.company)
    away = [WantedChange(third.pk, TakeAway())]
    assert len(preview_changes(asked=away, now=NOW).token) > 0
    over = [WantedChange(third.pk, GiveTo(shift_id=other.pk))]
    found = preview_changes(asked=over, now=NOW)
    done = change_as_shown(asked=over, shown=found.token, by=None, now=NOW)
    assert {move.from_shift for move in done.impact.moves} == {f"s{morning.shift.pk}"}
    assert Assignment.objects.get(booking=third).shift == other
    assert rank_drivers(booking_id=third.pk, now=NOW + timedelta(minutes=1)).options == ()
