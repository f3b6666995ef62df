from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.engine.budget import InForce, Promise
from dispatch.engine.network import network_of
from dispatch.engine.notice import LEAST_CHANGE, as_promised, going_on, unnoticed
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem, Settings, Stop, Weights
from tests.dispatch.engine.builders import PLAIN, line, plan, problem, shift, stop, trip, visits

FREE_CHANGES = replace(PLAIN, weights=Weights(moved_to_other_driver=0))


def day_of(*, told_s: int = 500, frozen_until_s: int = 0, settings: Settings = PLAIN) -> InForce:
    """a is picked up at 500 by s and was told `told_s`; its window is open from 100 to 3 000; b has nobody."""
    of = problem(
        trip("a", stop(1, 500, 3_000), stop(2, 0, 9_000)),
        trip("b", 3, 4),
        shift(),
        shift("r"),
        settings=settings,
        drivers_in_force=(("a", "Ds"),),
    )
    held = plan(of, s="+a -a")
    trips = (replace(of.trips[0], pickup=stop(1, 100, 3_000)), *of.trips[1:])
    return InForce(
        problem=replace(of, trips=trips),
        plan=held,
        told_s={"a": told_s},
        frozen_until_s=frozen_until_s,
    )


def window(of: Problem, name: str = "a") -> tuple[int, int]:
    found: Stop = of.trip_by_id[name].pickup
    return found.earliest_s, found.latest_s


class TestGoingOn:
    """b was told 1 000, behind somebody who has cancelled; the vehicle could be there at 100."""

    b = trip("b", stop(1, 100, 3_000), 2)
    orders = {"s": visits("+b -b")}

    @pytest.mark.parametrize(("frozen", "start"), [(0, 701), (900, 900), (2_000, 1_000)])
    def test_nobody_is_met_sooner_than_was_told(self, frozen, start):
        of = problem(self.b, shift(), settings=PLAIN)
        made = going_on(of, self.orders, told_s={"b": 1_000}, frozen_until_s=frozen)
        assert made.pickup_start_s == {"b": start}

    def test_but_where_the_order_cannot_wait(self):
        """c, behind b, has to be met by 500."""
        of = problem(self.b, trip("c", stop(3, 0, 500), 4), shift(), settings=PLAIN)
        order = {"s": visits("+b -b +c -c")}
        made = going_on(of, order, told_s={"b": 1_000}, frozen_until_s=0)
        assert made.pickup_start_s == {"b": 100, "c": 300}

    def test_nor_what_has_begun(self):
        of = problem(self.b, shift(committed=visits("+b -b")), settings=PLAIN)
        made = going_on(of, self.orders, told_s={"b": 1_000}, frozen_until_s=900)
        assert made.pickup_start_s == {"b": 100}


class TestUnnoticed:
    def test_within_five_minutes_of_what_was_told(self):
        day = day_of(told_s=600)
        assert window(unnoticed(day, day.plan)) == (301, 899)

    def test_traffic_stays_that_of_the_hour_it_was_meant_for(self):
        day = day_of()
        assert unnoticed(day, day.plan).trip_by_id["a"].pickup.clock_s == 1_550

    def test_who_nobody_drives_yet_may_be_driven_at_any_time(self):
        day = day_of()
        assert window(unnoticed(day, day.plan), "b") == window(day.problem, "b")

    @pytest.mark.parametrize(("told", "near"), [(1_000, (201, 1_299)), (150, (100, 799))])
    def test_whose_pickup_has_slid_already_slides_no_further(self, told, near):
        day = day_of(told_s=told)
        assert day.unavoidable == {"a"}
        assert window(unnoticed(day, day.plan)) == near

    def test_who_comes_at_another_time_by_choice_may_come_at_any(self):
        day = day_of(told_s=600)
        moved = plan(problem(trip("a", stop(1, 900, 3_000), stop(2, 0, 9_000)), shift()), s="+a -a")
        assert window(unnoticed(day, moved)) == (100, 3_000)

    def test_not_brought_forward_into_the_freeze_time(self):
        day = day_of(told_s=600, frozen_until_s=450)
        assert window(unnoticed(day, day.plan)) == (450, 899)
        later = day_of(told_s=600, frozen_until_s=700)
        assert window(unnoticed(later, later.plan)) == (500, 899)

    def test_what_is_committed_begins_when_it_did(self):
        day = day_of(told_s=600, frozen_until_s=2_000)
        begun = replace(day.problem, shifts=(shift(committed=visits("+a")), shift("r")))
        day = replace(day, problem=begun, promised={"a": Promise(800, 2_000)})
        made = unnoticed(day, day.plan).trip_by_id["a"]
        assert made.pickup == replace(stop(1, 500, 500), clock_s=1_550)
        assert (made.dropoff.earliest_s, made.dropoff.latest_s) == (0, 2_000)
        begun = replace(day.problem, shifts=(shift(committed=visits("+a -a")), shift("r")))
        made = unnoticed(replace(day, problem=begun), day.plan).trip_by_id["a"]
        assert (made.dropoff.earliest_s, made.dropoff.latest_s) == (600, 600)

    def test_pinned_to_who_drives_now(self):
        day = day_of()
        made = unnoticed(day, day.plan, is_pinned=True)
        assert made.trip_by_id["a"].pinned_shift == "s"
        assert made.trip_by_id["b"].pinned_shift is None
        r, a = network_of(made).shift_index["r"], network_of(made).trip_index["a"]
        assert network_of(made).refused[r][a] == "pinned"
        slid = day_of(told_s=1_000)
        assert unnoticed(slid, slid.plan, is_pinned=True).trip_by_id["a"].pinned_shift == "s"

    def test_another_driver_costs_more(self):
        day = day_of()
        assert network_of(unnoticed(day, day.plan, dearer=4)).moved == [[0, 0], [2_400, 0]]

    def test_and_never_nothing(self):
        day = day_of(settings=FREE_CHANGES)
        assert network_of(unnoticed(day, day.plan)).moved == [[0, 0], [LEAST_CHANGE, 0]]


class TestLost:
    """Nobody drives a any more, who was told 600; its window is open from 100 to 3 000."""

    day = replace(day_of(told_s=600, frozen_until_s=450), plan=Plan(routes=()))

    def test_at_about_the_time_that_was_told(self):
        assert self.day.lost == {"a"}
        assert window(unnoticed(self.day, self.day.plan)) == (450, 899)

    def test_or_at_any_that_is_not_frozen(self):
        assert window(unnoticed(self.day, self.day.plan, holds_lost=False)) == (450, 3_000)

    @pytest.mark.parametrize("told", [3_400, -300])
    def test_at_any_where_nothing_is_open_then(self, told):
        day = replace(self.day, told_s={"a": told}, frozen_until_s=0)
        assert window(unnoticed(day, day.plan)) == (100, 3_000)

    def test_at_any_where_nothing_was_told(self):
        day = replace(self.day, told_s={})
        assert window(unnoticed(day, day.plan)) == (100, 3_000)

    def test_with_any_driver(self):
        found = day_of().plan
        made = unnoticed(self.day, found, is_pinned=True).trip_by_id["a"]
        assert made.pinned_shift is None
        assert (made.pickup.earliest_s, made.pickup.latest_s) == (450, 899)


class TestPromises:
    def test_one_that_is_kept_stays_kept(self):
        day = replace(day_of(), promised={"a": Promise(800, 2_000)})
        made = as_promised(day, day.plan).trip_by_id["a"]
        assert (made.pickup.latest_s, made.dropoff.latest_s) == (800, 2_000)

    def test_one_that_is_broken_is_broken_by_no_more(self):
        day = replace(day_of(), promised={"a": Promise(400, 550)})
        made = as_promised(day, day.plan).trip_by_id["a"]
        assert (made.pickup.latest_s, made.dropoff.latest_s) == (500, 600)

    def test_unless_it_is_to_be_kept_again(self):
        day = replace(day_of(), promised={"a": Promise(400, 550)})
        made = as_promised(day, day.plan, in_time="a").trip_by_id["a"]
        assert (made.pickup.latest_s, made.dropoff.latest_s) == (400, 550)

    def test_not_at_the_price_of_the_freeze_time(self):
        """Promised until 400 and met at 500: it would be in time before 450, where nothing moves any more."""
        day = replace(day_of(frozen_until_s=450), promised={"a": Promise(400, 550)})
        assert window(as_promised(day, day.plan, in_time="a")) == (450, 450)

    def test_what_is_over_cannot_be_kept(self):
        """Nothing happens in the past: the window is a moment then."""
        day = replace(day_of(), promised={"a": Promise(50, 550)})
        assert window(as_promised(day, day.plan, in_time="a")) == (100, 100)


def test_the_tables_are_those_of_a_problem_read_anew():
    day = day_of(told_s=600)
    day = replace(day, problem=replace(day.problem, travel=line(traffic=(1000, 1500))))
    made = unnoticed(day, day.plan, dearer=2, is_pinned=True)
    shared, anew = network_of(made), network_of(replace(made))
    assert shared is not anew
    lazy = {"drive", "empty_drive"}
    names = vars(anew).keys() - lazy - {"problem", "_room", "_shared"}
    assert {name: vars(shared)[name] for name in names} == {n: vars(anew)[n] for n in names}
    for table in lazy:
        for node in range(4):
            assert getattr(shared, table)[node] == getattr(anew, table)[node]
