from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.engine.change import (
    Carried,
    Change,
    Give,
    Refused,
    Retime,
    Swap,
    TakeOff,
    carry_out,
)
from dispatch.engine.cost import score
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem, Visit
from dispatch.enums import Rule
from tests.dispatch.engine.builders import pause, problem, shift, spell, stop, trip, visits
from tests.dispatch.engine.checker import faults
from tests.dispatch.engine.impact_days import days_in_force, in_force, reread
from tests.dispatch.engine.strategies import law

DAY = problem(trip("a", 2, 5), trip("b", 5, 6), shift(), shift("r"))


def carried(day: Problem, kept: Plan, *changes: Change) -> Carried:
    answer = carry_out(day, kept, changes)
    assert isinstance(answer, Carried), answer
    return answer


def refused(day: Problem, kept: Plan, *changes: Change) -> tuple[str, str, Rule]:
    answer = carry_out(day, kept, changes)
    assert isinstance(answer, Refused), answer
    return answer.trip, answer.shift, answer.refusal.rule


def spelled(plan: Plan) -> dict[str, str]:
    return {route.shift: spell(route) for route in plan.routes if route.visits}


class TestGive:
    def test_a_trip_that_nobody_drives(self):
        after = carried(DAY, in_force(DAY, s="+a -a"), Give(trip="b", shift="s"))
        assert spelled(after.plan) == {"s": "+a -a +b -b"}
        assert after.written == {"s"}
        assert after.plan.unassigned == ()

    def test_a_trip_of_somebody_else(self):
        after = carried(DAY, in_force(DAY, s="+a -a +b -b"), Give(trip="b", shift="r"))
        assert spelled(after.plan) == {"s": "+a -a", "r": "+b -b"}
        assert after.written == {"r"}  # the rides of s stay at the times people know

    def test_a_trip_to_where_it_is(self):
        kept = in_force(DAY, s="+a -a +b -b")
        assert spelled(carried(DAY, kept, Give(trip="b", shift="s")).plan) == spelled(kept)

    def test_what_has_begun_stays(self):
        day = problem(trip("a", 2, 5), shift(committed=visits("+a -a")), shift("r"))
        kept = in_force(day, s="+a -a")
        assert refused(day, kept, Give(trip="a", shift="r")) == ("a", "r", Rule.FREEZE_TIME)

    def test_who_is_too_late_refuses_and_nothing_after_it_is_tried(self):
        day = problem(trip("a", stop(5, 0, 10), 6), trip("b", 1, 2), shift(), shift("r"))
        changes = (Give(trip="b", shift="r"), Give(trip="a", shift="s"), Give(trip="x", shift="s"))
        assert refused(day, in_force(day), *changes) == ("a", "s", Rule.TIME_WINDOW)

    def test_its_break_goes_where_it_costs_least(self):
        """Between a and b nobody is on board either way; optional or not, it is set anew with the trip."""
        lunch = pause("p", 400, 1_500)
        day = problem(trip("a", 2, 5), trip("b", stop(5, 2_000, 3_000), 6), shift(breaks=(lunch,)))
        after = carried(day, in_force(day, s="+b -b"), Give(trip="a", shift="s"))
        assert after.plan == reread(day, after.plan)

    @pytest.mark.parametrize("change", [Give(trip="x", shift="s"), Give(trip="a", shift="x")])
    def test_strangers(self, change):
        with pytest.raises(InvalidPlanError, match="unknown"):
            carry_out(DAY, in_force(DAY), [change])


class TestTakeOff:
    def test_it_waits_for_a_driver(self):
        after = carried(DAY, in_force(DAY, s="+a -a +b -b"), TakeOff(trip="a"))
        assert spelled(after.plan) == {"s": "+b -b"}
        assert [(u.trip, u.reason) for u in after.plan.unassigned] == [("a", Rule.COVERAGE)]
        assert after.written == frozenset()

    def test_from_nobody(self):
        kept = in_force(DAY, s="+a -a")
        assert carried(DAY, kept, TakeOff(trip="b")).plan == kept

    def test_a_trip_that_holds_its_shift_together(self):
        """The break must begin at 500 and b at 800 in town 5: only who drives a is there in time."""
        day = problem(
            trip("a", 5, 5),
            trip("b", stop(5, 800, 800), 5),
            shift(breaks=(pause("p", 500, 500),)),
        )
        kept = in_force(day, s="+a -a +b -b")
        assert refused(day, kept, TakeOff(trip="a")) == ("a", "s", Rule.BREAK)


class TestSwap:
    def test_each_finds_the_place_the_other_left(self):
        """Both at 1000: neither shift could hold the two, and still they change places."""
        a, b = trip("a", stop(2, 1_000, 1_000), 5), trip("b", stop(5, 1_000, 1_000), 6)
        day = problem(a, b, shift(), shift("r"))
        after = carried(day, in_force(day, s="+a -a", r="+b -b"), Swap(trip="a", other="b"))
        assert spelled(after.plan) == {"s": "+b -b", "r": "+a -a"}
        assert after.written == {"s", "r"}

    def test_one_that_cannot_come_back(self):
        day = problem(
            trip("a", 2, 5, excluded_drivers=frozenset({"Dr"})), DAY.trips[1], shift(), shift("r")
        )
        kept = in_force(day, s="+a -a", r="+b -b")
        assert refused(day, kept, Swap(trip="b", other="a")) == ("a", "r", Rule.EXCLUDED_DRIVER)
        assert refused(day, kept, Swap(trip="a", other="b")) == ("a", "r", Rule.EXCLUDED_DRIVER)

    def test_one_that_has_begun(self):
        day = problem(trip("a", 2, 5), trip("b", 5, 6), shift(committed=visits("+a")), shift("r"))
        kept = in_force(day, s="+a -a", r="+b -b")
        assert refused(day, kept, Swap(trip="a", other="b")) == ("a", "s", Rule.FREEZE_TIME)

    def test_nobody_to_swap_with(self):
        with pytest.raises(InvalidPlanError, match="change places"):
            carry_out(DAY, in_force(DAY, s="+a -a"), [Swap(trip="a", other="b")])


class TestRetime:
    LATER = trip("a", stop(2, 3_000, 3_600), 5)

    def test_its_driver_comes_then(self):
        after = carried(DAY, in_force(DAY, s="+a -a"), Retime(trip=self.LATER))
        assert after.plan.pickup_start_s["a"] == 3_000
        assert after.written == {"s"}
        assert after.promised_anew == {"a"}
        assert after.problem.trip_by_id["a"] == self.LATER
        assert after.problem.trip_by_id["b"] == DAY.trip_by_id["b"]

    def test_of_a_trip_without_driver_it_is_only_promised(self):
        after = carried(DAY, in_force(DAY), Retime(trip=self.LATER))
        assert (after.plan.shift_of, after.written) == ({}, frozenset())
        assert after.promised_anew == {"a"}

    def test_its_driver_may_be_elsewhere_then(self):
        day = problem(trip("a", 2, 5), trip("b", stop(9, 3_100, 3_200), 9), shift())
        kept = in_force(day, s="+a -a +b -b")
        moved = Retime(trip=trip("a", stop(2, 3_000, 3_050), 1))
        assert refused(day, kept, moved) == ("a", "s", Rule.TIME_WINDOW)

    def test_what_has_begun_keeps_its_time(self):
        day = problem(trip("a", 2, 5), shift(committed=visits("+a -a")))
        moved = Retime(trip=self.LATER)
        assert refused(day, in_force(day, s="+a -a"), moved) == ("a", "s", Rule.FREEZE_TIME)

    def test_a_day_of_two_prices(self):
        """The tables of the changed problem are those of a problem made so from the beginning."""
        after = carried(DAY, in_force(DAY, s="+a -a"), Retime(trip=self.LATER))
        fresh = replace(DAY, trips=(self.LATER, DAY.trip_by_id["b"]))
        assert score(after.problem, after.plan) == score(fresh, after.plan)


def changes_of(data: st.DataObject, day: Problem, kept: Plan) -> list[Change]:
    trips, shifts = (
        st.sampled_from(sorted(day.trip_by_id)),
        st.sampled_from(sorted(day.shift_by_id)),
    )
    kinds: list[st.SearchStrategy[Change]] = [
        st.builds(Give, trip=trips, shift=shifts),
        st.builds(TakeOff, trip=trips),
    ]
    return data.draw(st.lists(st.one_of(kinds), min_size=1, max_size=3))


@law
@given(days_in_force(), st.data())
def test_no_rule_breaks_no_trip_is_lost_and_the_rides_tell_the_plan(started, data):
    day, kept = started
    answer = carry_out(day, kept, changes_of(data, day, kept))
    assume(isinstance(answer, Carried))
    assert isinstance(answer, Carried)
    assert faults(day, answer.plan) == []
    assert reread(day, answer.plan).diff(answer.plan) == ()
    assert score(day, reread(day, answer.plan)) == score(day, answer.plan)


@law
@given(days_in_force(), st.data())
def test_there_and_back_is_never_dearer(started, data):
    day, kept = started
    assume(kept.shift_of)
    name = data.draw(st.sampled_from(sorted(kept.shift_of)))
    other = data.draw(st.sampled_from(sorted(day.shift_by_id)))
    changes = [Give(trip=name, shift=other), Give(trip=name, shift=kept.shift_of[name])]
    answer = carry_out(day, kept, changes)
    assume(isinstance(answer, Carried))
    assert isinstance(answer, Carried)
    assert score(day, answer.plan).total <= score(day, kept).total


def way_and_way_back(data: st.DataObject, day: Problem, kept: Plan) -> list[Change]:
    """A change of a driven trip, and its opposite."""
    driven = st.sampled_from(sorted(kept.shift_of))
    name, other = data.draw(driven), data.draw(driven)
    home, shift = kept.shift_of[name], data.draw(st.sampled_from(sorted(day.shift_by_id)))
    known = day.trip_by_id[name]
    later = replace(known, pickup=stop(known.pickup.location, 0, 40_000))
    come_back = Give(trip=name, shift=home)
    ways: list[list[Change]] = [
        [Give(trip=name, shift=shift), come_back],
        [TakeOff(trip=name), come_back],
        [Swap(trip=name, other=other), Swap(trip=name, other=other)],
        [Retime(trip=later), Retime(trip=known)],
    ]
    return data.draw(st.sampled_from(ways))


@law
@given(days_in_force(), st.data())
def test_a_way_back_is_never_dearer_and_leads_to_the_same_again(started, data):
    """Who comes back does so at the best place; from there on the way and the way back change nothing."""
    day, kept = started
    assume(kept.shift_of)
    changes = way_and_way_back(data, day, kept)
    back = carry_out(day, kept, changes)
    assume(isinstance(back, Carried))
    assert isinstance(back, Carried)
    assert score(day, back.plan).total <= score(day, kept).total
    again = carried(day, back.plan, *changes)
    assert score(day, again.plan) == score(day, back.plan)
    assert again.plan.diff(back.plan) == ()


@st.composite
def ways_there_and_back(
    draw: st.DrawFn,
) -> tuple[Problem, Plan, list[Change], list[Change]]:
    """A day, its plan, a change of somebody who is driven, and the change that leads back."""
    day, kept = draw(days_in_force())
    held = kept.shift_of
    assume(held)
    name = draw(st.sampled_from(sorted(held)))
    back: list[Change] = [Give(trip=name, shift=held[name])]
    ways: list[tuple[list[Change], list[Change]]] = [([TakeOff(trip=name)], back)]
    ways += [([Give(trip=name, shift=other)], back) for other in sorted(day.shift_by_id)]
    for other in sorted(held):
        if held[other] != held[name]:
            swap: list[Change] = [Swap(trip=name, other=other)]
            ways.append((swap, swap))
    trip_now = day.trip_by_id[name]
    pickup = replace(trip_now.pickup, latest_s=trip_now.pickup.latest_s + 900)
    ways.append(([Retime(trip=replace(trip_now, pickup=pickup))], [Retime(trip=trip_now)]))
    return day, kept, *draw(st.sampled_from(ways))


def orders_of(plan: Plan) -> dict[str, list[Visit]]:
    return {route.shift: [timed.visit for timed in route.visits] for route in plan.routes}


@law
@given(ways_there_and_back())
def test_a_move_and_its_reverse_give_the_same_price(way):
    """Routes that come back to the same order cost the same to the point; where who comes back finds a cheaper
    place than the one they had, the plan is cheaper than it was, and never dearer.
    """
    day, kept, there, back = way
    moved = carry_out(day, kept, there)
    assume(isinstance(moved, Carried))
    assert isinstance(moved, Carried)
    undone = carry_out(moved.problem, moved.plan, back)
    assume(isinstance(undone, Carried))
    assert isinstance(undone, Carried)
    before, after = score(day, kept), score(day, undone.plan)
    assert after.total <= before.total
    if orders_of(undone.plan) == orders_of(kept):
        assert after == before
        assert undone.plan.diff(kept) == ()
