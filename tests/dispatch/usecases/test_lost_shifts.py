"""A driver or a vehicle that drops out takes every shift of the absence along: none of them gets a journey more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatch.enums import BookingStatus, Loss
from dispatch.models import Assignment, Company, Shift
from dispatch.usecases.apply_rescue import apply_rescue
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.lost_shifts import BackBeforeError, back_again, lost_shifts
from dispatch.usecases.propose_rescue import propose_rescue
from dispatch.usecases.references import row_id
from dispatch.usecases.stranded_shift import (
    Lost,
    NothingStrandedError,
    StrandedDay,
    stranded_shift,
)
from tests.dispatch.usecases.breakdown_world import NOW, proposed, ride
from tests.factories import (
    DAY,
    at,
    bring,
    make_assignment,
    make_booking,
    make_driver,
    make_shift,
    make_vehicle,
)

NEXT = DAY + timedelta(days=1)

pytestmark = pytest.mark.django_db


def two_shifts(company: Company, what: Loss) -> tuple[Shift, Shift]:
    """From seven to noon and from noon to seven: of one driver in two vehicles, or of one vehicle with two drivers."""
    first = make_shift(company, start=at(7), end=at(12))
    same = {"driver": first.driver} if what is Loss.DRIVER else {"vehicle": first.vehicle}
    return first, make_shift(company, **same, start=at(12), end=at(19))


@pytest.mark.parametrize("what", Loss)
def test_the_second_shift_is_lost_too_and_takes_nobody(company: Company, what: Loss) -> None:
    """Without anybody else the journeys have no way on; with another crew all of them go there."""
    first, second = two_shifts(company, what)
    morning, afternoon = ride(first, 11, 30, 3), ride(second, 14, 0, 3)
    lost = Lost(shift_id=first.pk, what=what)
    alone = propose_rescue(lost=lost, now=NOW)
    assert [row.pk for row in alone.stranded.bookings] == [morning.pk, afternoon.pk]
    assert [line.proposed for line in alone.rescue.lines] == [None, None]
    other = make_shift(company)
    proposal = propose_rescue(lost=lost, now=NOW)
    goals = {row_id(o.shift) for line in proposal.rescue.lines for o in line.options if o.shift}
    assert goals == {other.pk}
    apply_rescue(lost=lost, shown=proposal.shown, ways=proposed(proposal), by=None, now=NOW)
    assert set(Assignment.objects.values_list("shift", flat=True)) == {other.pk}


def test_a_vehicle_that_is_back_at_noon_has_its_afternoon(company: Company) -> None:
    first, second = two_shifts(company, Loss.VEHICLE)
    morning = ride(first, 11, 30, 3)
    ride(second, 14, 0, 3)
    lost = Lost(shift_id=first.pk, what=Loss.VEHICLE, until=at(12))
    stranded = stranded_shift(lost=lost, now=NOW)
    assert [row.pk for row in stranded.bookings] == [morning.pk]
    assert (stranded.shifts, stranded.back_at) == ((first,), at(12))


def test_a_driver_is_absent_for_whole_days(company: Company) -> None:
    """Back at eleven in the morning: the shifts of that day are lost, one of the next day is not."""
    first, second = two_shifts(company, Loss.DRIVER)
    tomorrow = make_shift(company, driver=first.driver, start=at(7, day=NEXT), end=at(12, day=NEXT))
    assert lost_shifts(first, Loss.DRIVER, now=NOW, back_at=at(11)) == [first, second]
    assert lost_shifts(first, Loss.DRIVER, now=NOW, back_at=at(1, day=NEXT)) == [
        first,
        second,
        tomorrow,
    ]
    # What is over is not lost any more; the shift that is asked about always is.
    assert lost_shifts(second, Loss.DRIVER, now=at(13), back_at=at(1, day=NEXT)) == [
        second,
        tomorrow,
    ]


def test_the_vehicle_stands_where_the_shift_on_the_road_was_seen(company: Company) -> None:
    first, second = two_shifts(company, Loss.VEHICLE)
    aboard = ride(first, 9, 0, 2)
    ride(second, 14, 0, 5)
    bring(
        aboard,
        BookingStatus.ON_BOARD,
        en_route_at=at(8, 40),
        arrived_pickup_at=at(8, 55),
        boarded_at=at(9),
    )
    stranded = stranded_shift(lost=Lost(shift_id=second.pk, what=Loss.VEHICLE), now=NOW)
    assert stranded.at == aboard.pickup
    assert stranded.bookings[0] == aboard


def test_until_when(company: Company) -> None:
    shift = make_shift(company, start=at(20), end=at(6, day=NEXT))
    midnight = company.day_bounds(DAY)[1]
    assert back_again(shift, until=None, now=NOW) == at(6, day=NEXT)
    shift = make_shift(company, driver=make_driver(company), vehicle=make_vehicle(company))
    assert back_again(shift, until=None, now=NOW) == midnight
    late = midnight - timedelta(minutes=10)
    assert back_again(shift, until=None, now=late) == late + timedelta(hours=1)
    assert back_again(shift, until=at(12), now=NOW) == at(12)
    with pytest.raises(BackBeforeError):
        back_again(shift, until=NOW, now=NOW)


def test_nothing_left_in_any_of_them_and_no_such_shift(company: Company) -> None:
    first, _second = two_shifts(company, Loss.DRIVER)
    with pytest.raises(NothingStrandedError):
        stranded_shift(lost=Lost(shift_id=first.pk, what=Loss.DRIVER), now=NOW)
    with pytest.raises(NotFoundError):
        stranded_shift(lost=Lost(shift_id=0, what=Loss.DRIVER), now=NOW)


@pytest.mark.parametrize("what", Loss)
def test_journeys_of_the_next_day_have_a_proposal_of_their_own(
    company: Company, what: Loss
) -> None:
    """Away until tomorrow evening: one journey today, two tomorrow, and another crew there on both days."""
    today = make_shift(company)
    same = {"driver": today.driver} if what is Loss.DRIVER else {"vehicle": today.vehicle}
    hours = (at(7) + timedelta(days=1), at(19) + timedelta(days=1))
    tomorrow = make_shift(company, **same, start=hours[0], end=hours[1])
    make_shift(company)
    other = make_shift(company, start=hours[0], end=hours[1])
    first = ride(today, 14, 0, 3)
    rows = []
    for hour in (9, 11):
        pickup = at(hour) + timedelta(days=1)
        row = make_booking(company, pickup_at=pickup, service_on=NEXT)
        make_assignment(row, tomorrow, start=pickup)
        rows.append(row)
    lost = Lost(shift_id=today.pk, what=what, until=hours[1])
    proposal = propose_rescue(lost=lost, now=NOW)
    assert [row.pk for row in proposal.stranded.bookings] == [first.pk]
    assert proposal.stranded.other_days == (
        StrandedDay(day=NEXT, shift_id=tomorrow.pk, journeys=2),
    )
    apply_rescue(lost=lost, shown=proposal.shown, ways=proposed(proposal), by=None, now=NOW)
    assert Assignment.objects.get(booking=first).shift not in {today, tomorrow}
    next_day = Lost(shift_id=tomorrow.pk, what=what, until=hours[1], on=NEXT)
    again = propose_rescue(lost=next_day, now=NOW)
    assert again.stranded.other_days == ()
    apply_rescue(lost=next_day, shown=again.shown, ways=proposed(again), by=None, now=NOW)
    mine = Assignment.objects.filter(booking__in=rows)
    assert set(mine.values_list("shift", flat=True)) == {other.pk}


def test_a_day_without_journeys_has_no_proposal(company: Company) -> None:
    shift = make_shift(company)
    ride(shift, 14, 0, 3)
    with pytest.raises(NothingStrandedError):
        stranded_shift(lost=Lost(shift_id=shift.pk, what=Loss.VEHICLE, on=NEXT), now=NOW)


def test_no_crew_stands_in_today_for_the_journeys_of_another_day(company: Company) -> None:
    """A spare vehicle could have the rest of today's shift: tomorrow's journeys are none of that."""
    today = make_shift(company)
    make_vehicle(company)
    tomorrow = make_shift(
        company,
        vehicle=today.vehicle,
        start=at(7) + timedelta(days=1),
        end=at(19) + timedelta(days=1),
    )
    pickup = at(9) + timedelta(days=1)
    make_assignment(
        make_booking(company, pickup_at=pickup, service_on=NEXT), tomorrow, start=pickup
    )
    ride(today, 14, 0, 3)
    lost = Lost(shift_id=today.pk, what=Loss.VEHICLE, until=at(20) + timedelta(days=1))
    assert propose_rescue(lost=lost, now=NOW).relief is not None
    assert propose_rescue(lost=replace(lost, on=NEXT), now=NOW).relief is None
