"""Two plans differ where a journey has another driver or another minute; seconds are told apart from that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.engine.plan import Plan, Route, TimedVisit, Unassigned
from dispatch.enums import Rule, VisitKind
from dispatch.models import Booking, Company, Shift
from dispatch.usecases.compare_plans import Moved, Ride, compare_plans
from dispatch.usecases.day_clock import DayClock
from tests.factories import DAY, at, make_booking, make_company, make_driver, make_shift

ADA = Ride(shift_id=1, driver_id=1, driver="Ada", pickup_at=at(9))


def moved(after: Ride | None) -> Moved:
    return Moved(booking_id=1, reference="B1", before=ADA, after=after)


def ride(**changes: object) -> Ride:
    values = {"shift_id": 1, "driver_id": 1, "driver": "Ada", "pickup_at": at(9)}
    return Ride(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("after", "is_noticeable"),
    [
        (ride(), False),
        (ride(pickup_at=at(9) + timedelta(seconds=25)), False),
        (ride(pickup_at=at(9) + timedelta(seconds=35)), True),
        (ride(shift_id=2), False),  # the same driver's other shift
        (ride(driver_id=2), True),  # somebody else of the same name
        (None, True),
    ],
)
def test_a_move_of_some_seconds_is_none(after: Ride | None, is_noticeable: bool) -> None:
    assert moved(after).is_noticeable is is_noticeable


def test_shifts_that_are_gone_were_driven_by_different_people() -> None:
    gone = [ride(shift_id=n, driver_id=None) for n in (1, 2)]
    pair = Moved(booking_id=1, reference=None, before=gone[0], after=gone[1])
    assert pair.has_other_driver


def plan(shift: Shift, starts: dict[int, int], left: tuple[int, ...] = ()) -> Plan:
    """These bookings one after another, each driven for ten minutes."""
    visits = [
        TimedVisit(id=f"b{pk}", kind=kind, arrive_s=start_s + wait_s, start_s=start_s + wait_s)
        for pk, start_s in starts.items()
        for kind, wait_s in ((VisitKind.PICKUP, 0), (VisitKind.DROPOFF, 600))
    ]
    return Plan(
        routes=(Route(shift=f"s{shift.pk}", visits=tuple(visits)),),
        unassigned=tuple(Unassigned(trip=f"b{pk}", reason=Rule.SKILLS) for pk in left),
    )


@pytest.mark.django_db
class TestRows:
    @pytest.fixture
    def company(self) -> Company:
        return make_company()

    def compared(self, company: Company, before: Plan, after: Plan) -> list[Moved]:
        return compare_plans(before, after, clock=DayClock.of(company, DAY))

    def test_who_and_when_in_the_order_of_the_day(self, company: Company) -> None:
        ada, bea = (
            make_shift(company, driver=make_driver(company, first_name=name, last_name="Rossier"))
            for name in ("Ada", "Bea")
        )
        late, lost, found, same = (make_booking(company).pk for _each in range(4))
        before = plan(ada, {late: 36000, lost: 39600, same: 50400}, left=(found,))
        after = plan(ada, {late: 36300, same: 50400}, left=(lost,))
        other = plan(bea, {found: 32400})
        after = Plan(routes=(*after.routes, *other.routes), unassigned=after.unassigned)
        moves = self.compared(company, before, after)
        assert [move.booking_id for move in moves] == [found, late, lost]
        served, slid, unserved = moves
        assert (served.is_newly_served, served.minutes) == (True, None)
        assert served.after is not None
        assert (served.after.driver, served.after.pickup_at) == (str(bea.driver), at(9))
        assert (slid.minutes, slid.has_other_driver, slid.is_newly_served) == (5, False, False)
        assert unserved.is_newly_unserved

    def test_what_was_deleted_since_says_so(self, company: Company) -> None:
        shift, booking = make_shift(company), make_booking(company)
        before = plan(shift, {booking.pk: 36000})
        Booking.objects.all().delete()
        Shift.objects.all().delete()
        (move,) = self.compared(company, before, Plan(routes=()))
        assert move.reference is None
        assert move.before is not None
        assert (move.before.driver, move.before.driver_id) == ("a shift that is gone", None)
