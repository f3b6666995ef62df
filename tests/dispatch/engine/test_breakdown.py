"""Who takes over stranded journeys: days on a line of towns that a person can compute, and laws on random ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine import breakdown as engine
from dispatch.engine.breakdown import price, propose, settle
from dispatch.engine.draft import resume
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Load, Pooling, Problem
from dispatch.engine.rescue import (
    Breakdown,
    Choice,
    NoLongerFitsError,
    Option,
    Partner,
    Prices,
    Rescue,
    Stranded,
    Urgency,
)
from dispatch.engine.rules import hard_violations
from dispatch.enums import Means, Rule
from tests.dispatch.engine import builders as day
from tests.dispatch.engine.strategies import begun_problems, law

# A kilometre of our own costs 1.–, an hour 36.– (a centime a second), a crew more 40.–, a minute late 2.–; the first
# minute beside the road weighs 3.–, the one after half an hour 6.–.
PRICES = Prices(
    per_km_c=100, per_hour_c=3_600, new_run_c=4_000, late_per_min_c=200, aboard_per_min_c=300
)
TAXI = Partner(base_c=1_000, per_km_c=300, notice_s=600, places=Load(seats=4))


def broken(problem: Problem, plan: Plan, *trips: str, **rest: Any) -> Breakdown:
    """Of shift `s`, at second 1 000; trips marked with a star are on board."""
    stranded = tuple(
        Stranded(
            trip=name.rstrip("*"),
            promised_to_s=problem.trip_by_id[name.rstrip("*")].pickup.latest_s,
            is_aboard=name.endswith("*"),
        )
        for name in trips
    )
    usual: dict[str, Any] = {"since_s": 1_000, "prices": PRICES, "closed": frozenset({"s"})}
    return Breakdown(problem=problem, plan=plan, stranded=stranded, **{**usual, **rest})


def said(rescue: Rescue) -> list[tuple[str, list[tuple[Means, str]]]]:
    return [(line.trip, [option.key for option in line.options]) for line in rescue.lines]


def test_who_is_on_board_is_fetched_where_the_vehicle_stands_and_waits_for_it() -> None:
    """Shift r drives b from town 6 to town 7 at 1 500 and is through at 1 600; a sits in town 5 and goes to 9."""
    world = day.problem(
        day.trip("a", day.stop(5, 1_000, 1_000), day.stop(9)),
        day.trip("b", day.stop(6, 1_500, 1_500), 7),
        day.shift("s"),
        day.shift("r", start_location=6, start_s=1_000),
    )
    rescue = propose(broken(world, day.plan(world, r="+b -b"), "a*", partner=TAXI))
    (line,) = rescue.lines
    taxi, own = line.options
    # Before b: leaves town 6 at 1 000, is in town 5 at 1 100 and, with a on board, would pass nobody: a rides alone
    # to town 9 (1 500) and is back for b too late. After b: town 7 at 1 600, town 5 at 1 800, town 9 at 2 200.
    assert (line.urgency, own.means, own.shift) == (Urgency.ABOARD, Means.INSERT, "r")
    assert (own.pickup_s, own.dropoff_s, own.wait_s, own.late_s) == (1_800, 2_200, 800, 0)
    # 7 → 0 (700) becomes 7 → 5 → 9 → 0 (1 500): 8 km and 800 s more.
    assert (own.extra_s, own.extra_m, own.cost_c) == (800, 8_000, 1_600)
    # 800 s beside the road: 13⅓ minutes, of which the middle one weighs 3.– × (1 + 400 / 1 800).
    assert own.weight == 1_600 + 4_888
    # The taxi comes after ten minutes, for 10.– and four kilometres at 3.–; ten minutes weigh 35.–: waiting tips the scales.
    assert (taxi.means, taxi.pickup_s, taxi.dropoff_s, taxi.cost_c) == (
        Means.PARTNER,
        1_600,
        2_000,
        2_200,
    )
    assert (taxi.weight, own.weight) == (5_700, 6_488)
    alone = propose(broken(world, day.plan(world, r="+b -b"), "a*"))
    assert day.spell(alone.plan.route_of["r"]) == "+b -b +a -a"


def test_people_beside_the_road_are_not_left_there_for_the_price_of_a_crew() -> None:
    """Shift r passes town 5 after 63 minutes and goes to town 9 anyway: it costs nothing. Shift q is sent out for 40.– and
    nine kilometres and is there after 45. At home a minute weighs 2.–: 126.– against 148.–, and r comes.
    """
    world = day.problem(
        day.trip("a", day.stop(5, 1_000, 1_000), day.stop(9)),
        day.trip("b", day.stop(4, 4_680, 4_680), 5),
        day.shift("s"),
        day.shift("r", start_location=4, end_location=9, start_s=4_600),
        day.shift("q", end_location=9, start_s=3_200),
    )
    plan = day.plan(world, r="+b -b")
    (line,) = propose(broken(world, plan, "a")).lines
    assert [(o.shift, o.late_s, o.weight) for o in line.options] == [
        ("r", 3_780, 12_600),
        ("q", 2_700, 14_800),
    ]
    (line,) = propose(broken(world, plan, "a*")).lines
    # 63 minutes at 3.– and rising, 3 × 63 × (1 + 63 / 60) = 387.45; 45 minutes: 3 × 45 × 1.75 = 236.25 and 58.– of money.
    assert [(o.shift, o.wait_s, o.weight) for o in line.options] == [
        ("q", 2_700, 29_425),
        ("r", 3_780, 38_745),
    ]


def test_who_has_waited_for_half_an_hour_waits_on_at_twice_the_price() -> None:
    """The second vehicle breaks down as well: ten minutes more weigh 65.– and not 35.–."""
    world = day.problem(day.trip("a", day.stop(5, 1_000, 1_000), day.stop(9)), day.shift("s"))
    one = broken(world, Plan(routes=()), "a*", partner=TAXI)
    again = replace(one, stranded=(replace(one.stranded[0], waits_since_s=-800),))
    weights = [propose(each).lines[0].options[0].weight for each in (one, again)]
    assert weights == [2_200 + 3_500, 2_200 + 6_500]


def test_people_on_board_go_first_then_two_hours_then_the_rest() -> None:
    """One vehicle only, and no way for it to carry all: the later, cheaper trips do not take its place."""
    late = 1_000 + 2 * 3_600
    world = day.problem(
        day.trip("later", day.stop(1, late, late + 600), 2),
        day.trip("soon", day.stop(1, late - 1, late + 600), 2),
        day.trip("aboard", day.stop(9, 1_000, 1_000), 0),
        day.shift("s"),
        day.shift("r", start_s=1_000, max_trips=1, end_s=20_000),
    )
    rescue = propose(broken(world, Plan(routes=()), "later", "soon", "aboard*"))
    assert [(line.trip, line.urgency) for line in rescue.lines] == [
        ("aboard", Urgency.ABOARD),
        ("soon", Urgency.SOON),
        ("later", Urgency.LATER),
    ]
    assert said(rescue)[0][1] == [(Means.NEW_RUN, "r")]
    assert [line.reason.reason for line in rescue.lines if line.reason] == [Rule.WORKLOAD_CAP] * 2
    assert rescue.lines[1].proposed is None


def test_a_trip_is_late_by_the_least_that_its_route_allows() -> None:
    """Shift r is free in town 0 at 1 000; in town 5 it cannot be before 1 500, nine minutes after the promise."""
    world = day.problem(
        day.trip("a", day.stop(5, 600, 960), day.stop(6, 600, 1_200)),
        day.shift("s"),
        day.shift("r", start_s=1_000),
    )
    one = broken(world, Plan(routes=()), "a")
    rescue = propose(
        replace(one, stranded=(Stranded(trip="a", promised_to_s=960, appointment_s=1_200),))
    )
    option = rescue.lines[0].options[0]
    assert (option.pickup_s, option.dropoff_s, option.late_s) == (1_500, 1_600, 540)
    assert option.cost_c == 1_200 + 1_200 + 4_000  # twelve kilometres, twenty minutes, a crew more
    # What was stretched is stretched to the second, so that nobody makes it later.
    assert rescue.problem.trip_by_id["a"].pickup.latest_s == 1_500
    assert hard_violations(rescue.problem, rescue.plan) == ()


def test_others_move_inside_their_windows_and_it_is_said() -> None:
    """Shift r fetches b in town 4 at 2 000 (it may be 2 600); a, on the way, goes along the line before it."""
    world = day.problem(
        day.trip("a", day.stop(1, 1_900, 2_000), day.stop(6)),
        day.trip("b", day.stop(4, 2_000, 2_600), 5),
        day.shift("s"),
        day.shift("r", start_s=1_000),
    )
    before = day.plan(world, r="+b -b")
    (line,) = propose(broken(world, before, "a")).lines
    option = line.options[0]
    assert option.means is Means.INSERT
    # a from 1 (1 900 at the earliest) to 6 (2 400), then back to 4: b at 2 600 and not at 2 000.
    assert option.moved == (("b", 600),)


def test_the_trip_that_has_one_way_only_does_not_lose_it_to_one_that_has_two() -> None:
    """Shift r may take one trip more. a could go by s2 as well, for more; b fits r's wheelchair place alone."""
    chair = (Load(seats=1, wheelchairs=1),)
    world = day.problem(
        day.trip("a", day.stop(1, 1_100, 1_300), 2),
        day.trip("b", day.stop(1, 1_100, 1_500), 2, load=Load(wheelchairs=1)),
        day.shift("s"),
        day.shift("r", start_s=1_000, max_trips=1, configurations=chair),
        day.shift("q", start_s=1_000, start_location=2, end_location=2),
    )
    rescue = propose(broken(world, Plan(routes=()), "a", "b"))
    assert {line.trip: line.proposed and line.proposed.shift for line in rescue.lines} == {
        "a": "q",
        "b": "r",
    }
    assert [line.trip for line in rescue.lines] == ["b", "a"]


def test_a_way_that_another_trip_took_is_asked_again_and_those_that_were_late_are_asked_then() -> (
    None
):
    """Three shifts keep both promises; each may take one trip; the fourth is eight minutes late for either."""
    world = day.problem(
        day.trip("a", day.stop(1, 1_100, 1_300), 2),
        day.trip("b", day.stop(1, 1_100, 1_300), 2),
        day.shift("s"),
        *(day.shift(name, start_s=1_000, max_trips=1) for name in ("x", "y", "z")),
        day.shift("far", start_s=1_000, start_location=8, end_location=8),
    )
    first, second = propose(broken(world, Plan(routes=()), "a", "b")).lines
    assert [option.shift for option in first.options] == [
        "x",
        "y",
    ]  # two new runs are enough to see
    assert [option.shift for option in second.options] == ["y", "z"]
    joined = replace(world, shifts=tuple(s for s in world.shifts if s.id != "z"))
    _first, second = propose(broken(joined, Plan(routes=()), "a", "b")).lines
    assert [(option.shift, option.late_s) for option in second.options] == [("y", 0), ("far", 400)]


def test_the_partner_takes_whom_it_has_places_and_training_for() -> None:
    trips = (
        day.trip("walks", day.stop(1, 5_000, 5_600), 3),
        day.trip("rolls", day.stop(1, 5_000, 5_600), 3, load=Load(wheelchairs=1)),
        day.trip("lies", day.stop(1, 5_000, 5_600), 3, load=Load(stretchers=1)),
        day.trip("breathes", day.stop(1, 5_000, 5_600), 3, needs=frozenset({"skill:oxygen"})),
    )
    world = day.problem(*trips, day.shift("s"))
    names = [one.id for one in trips]
    alone = broken(world, Plan(routes=()), *names, partner=TAXI)
    assert dict(said(propose(alone))) == {
        "walks": [(Means.PARTNER, "")],
        "rolls": [],
        "lies": [],
        "breathes": [],
    }
    ramps = replace(TAXI, places=Load(seats=4, wheelchairs=1))
    taken = dict(said(propose(replace(alone, partner=ramps))))
    assert [name for name in names if taken[name]] == ["walks", "rolls"]
    walks = next(line for line in propose(alone).lines if line.trip == "walks").options[0]
    # It comes at the promised hour, for 10.– and two kilometres; our own vehicles do not move.
    assert (walks.pickup_s, walks.dropoff_s, walks.cost_c, walks.extra_m) == (
        5_000,
        5_200,
        1_600,
        0,
    )
    assert walks.weight == walks.cost_c


def test_the_crew_that_stands_in_is_a_new_run_and_its_second_trip_costs_no_crew_more() -> None:
    world = day.problem(
        day.trip("a", day.stop(1, 1_300, 1_900), 2),
        day.trip("b", day.stop(2, 2_000, 2_600), 3),
        day.shift("s", start_s=1_200, vehicle="spare"),
    )
    one = broken(world, Plan(routes=()), "a", "b", closed=frozenset(), relief="s")
    rescue = propose(one)
    assert [option.means for line in rescue.lines for option in line.options] == [Means.NEW_RUN] * 2
    costs = {line.trip: line.options[0].cost_c for line in rescue.lines}
    assert sum(costs.values()) == 4_000 + 600 + 600  # 0 → 1 → 2 → 3 → 0: six towns, one crew
    assert min(costs.values()) < 4_000


def test_settled_in_the_order_proposed_it_is_the_plan_proposed() -> None:
    world = day.problem(
        day.trip("a", day.stop(1, 1_100, 1_300), 2),
        day.trip("b", day.stop(3, 1_100, 2_300), 4),
        day.trip("c", day.stop(3, 5_000, 5_300), 4),
        day.shift("s"),
        day.shift("r", start_s=1_000),
        day.shift("q", start_s=1_000, start_location=4, end_location=4),
    )
    one = broken(world, Plan(routes=()), "a", "b", "c", partner=TAXI)
    rescue = propose(one)
    again = settle(one, rescue.choices)
    assert (again.plan, again.problem) == (rescue.plan, rescue.problem)
    # Line by line: what is not named stays without a driver.
    (line,) = settle(one, [Choice("b", Means.INSERT, "q")]).lines
    assert (line.trip, line.options[0].shift, line.urgency) == ("b", "q", Urgency.SOON)
    left = settle(one, [Choice("b", Means.PARTNER, "")]).plan
    assert {item.trip for item in left.unassigned} == {"a", "b", "c"}


def test_overtime_is_in_the_price_of_a_way() -> None:
    """From 1 000 to town 2 (1 200), on to town 4 (1 400) and home (1 800): 300 s beyond the rostered end."""
    world = day.problem(
        day.trip("a", day.stop(2, 1_100, 1_300), 4),
        day.shift("s"),
        day.shift("r", start_s=1_000, rostered_end_s=1_500),
    )
    prices = replace(PRICES, overtime_per_hour_c=7_200)
    (line,) = propose(broken(world, Plan(routes=()), "a", prices=prices)).lines
    assert line.proposed is not None
    assert (line.proposed.overtime_s, line.proposed.extra_s) == (300, 800)
    assert line.proposed.cost_c == 800 + 800 + 4_000 + 2 * 300


def test_with_another_way_for_one_the_others_are_priced_anew() -> None:
    """Both ride with r, a crew more for the first; with a taxi for a the crew is b's to pay, and a closed shift is no way."""
    world = day.problem(
        day.trip("a", day.stop(1, 1_100, 1_300), 2),
        day.trip("b", day.stop(3, 1_100, 2_300), 4),
        day.shift("s"),
        day.shift("r", start_s=1_000),
    )
    one = broken(world, Plan(routes=()), "a", "b", partner=TAXI)
    order = ["a", "b"]
    ride = {trip: Choice(trip, Means.NEW_RUN, "r") for trip in order}
    both = price(one, order, ride).lines
    assert [line.options[0].cost_c for line in both] == [4_000 + 400 + 400, 400 + 400]
    beside = price(one, order, ride | {"a": Choice("a", Means.PARTNER, "")}).lines[1]
    assert beside.options[0].cost_c == 4_000 + 800 + 800
    rescue = price(one, order, {"b": Choice("b", Means.INSERT, "s")})
    assert [(line.trip, line.is_left, line.proposed) for line in rescue.lines] == [
        ("a", True, None),
        ("b", True, None),
    ]
    assert all(line.options for line in rescue.lines)
    assert (rescue.cost_c, rescue.choices) == (0, ())


def test_what_does_not_fit_as_chosen_is_named_and_nothing_is_settled() -> None:
    world = day.problem(
        day.trip("a", day.stop(1, 1_100, 1_300), 2),
        day.trip("b", day.stop(1, 1_100, 1_300), 2, needs=frozenset({"skill:oxygen"})),
        day.shift("s"),
        day.shift("r", start_s=1_000),
    )
    one = broken(world, Plan(routes=()), "a", "b")
    chosen = [
        Choice("a", Means.INSERT, "r"),
        Choice("b", Means.INSERT, "r"),
        Choice("a2", Means.PARTNER, ""),
        Choice("b", Means.INSERT, "s"),
        Choice("b", Means.INSERT, "nobody"),
        Choice("b", Means.PARTNER, ""),
    ]
    with pytest.raises(NoLongerFitsError) as error:
        settle(one, chosen)
    assert error.value.trips == ("b", "a2", "b", "b", "b")


def test_a_plan_that_breaks_a_rule_never_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    world = day.problem(day.trip("a", 1, 2), day.shift("s"), day.shift("r", start_s=1_000))
    one = broken(world, Plan(routes=()), "a")
    rescue = propose(one)
    found = hard_violations(rescue.problem, Plan(routes=rescue.plan.routes[:1]))
    monkeypatch.setattr(engine, "hard_violations", lambda _problem, _plan: found)
    with pytest.raises(InvalidPlanError):
        propose(one)


@st.composite
def breakdowns(draw: st.DrawFn) -> Breakdown:
    """The first shift of a day drops out with all it still has to do; others have begun or not."""
    problem, orders = draw(begun_problems())
    lost = problem.shifts[0].id
    held = {visit.id for visit in orders[lost]}
    committed = {trip.id for trip in problem.trips if trip.id in problem.committed_shift}
    shifts = (replace(problem.shifts[0], committed=()), *problem.shifts[1:])
    trips = tuple(replace(t, pinned_shift=None) if t.id in held else t for t in problem.trips)
    today = replace(problem, shifts=shifts, trips=trips)
    plan = resume(today, {shift: order for shift, order in orders.items() if shift != lost})
    return Breakdown(
        problem=today,
        plan=plan,
        stranded=tuple(
            Stranded(
                trip=trip.id,
                promised_to_s=trip.pickup.latest_s,
                is_aboard=trip.id in committed and draw(st.booleans()),
            )
            for trip in trips
            if trip.id in held
        ),
        since_s=draw(st.integers(0, 2_000)),
        prices=PRICES,
        partner=draw(st.sampled_from((None, TAXI))),
        closed=frozenset({lost}),
    )


@law
@given(breakdowns())
def test_no_trip_is_lost_or_doubled_and_nothing_committed_moves(one: Breakdown) -> None:
    rescue = propose(one)
    assert sorted(line.trip for line in rescue.lines) == sorted(s.trip for s in one.stranded)
    planned = rescue.plan.shift_of
    left = {item.trip for item in rescue.plan.unassigned}
    assert planned.keys() | left == set(one.problem.trip_by_id)
    assert not planned.keys() & left
    for line in rescue.lines:
        proposed = line.proposed
        assert (line.reason is None) == (proposed is not None)
        assert planned.get(line.trip) == (proposed.shift or None if proposed else None)
    for shift in one.problem.shifts:
        before, after = (plan.route_of[shift.id] for plan in (one.plan, rescue.plan))
        assert [v.visit for v in after.visits][: len(shift.committed)] == list(shift.committed)
        # Whoever had a driver keeps that driver.
        assert set(before.trip_ids) <= set(after.trip_ids)
    assert hard_violations(rescue.problem, rescue.plan) == ()
    again = settle(one, rescue.choices)
    assert (again.plan, again.problem) == (rescue.plan, rescue.problem)


def test_two_people_on_board_share_a_tour_that_neither_would_take_alone() -> None:
    """Shift q has one seat and stands near: a alone goes with it, b then with r, 0 → 5 → 9 → 0, and a seat stays empty.

    q: twelve kilometres, twenty minutes, a crew: 64.–, and 200 s beside the road. r: 18.– + 18.– + 40.– = 76.–, and
    500 s. Both with r cost 76.– for the first and nothing for the second.
    """
    world = day.problem(
        day.trip("a", day.stop(5, 1_000, 1_000), day.stop(9)),
        day.trip("b", day.stop(5, 1_000, 1_000), day.stop(9)),
        day.shift("s"),
        day.shift("r", start_s=1_000),
        day.shift(
            "q",
            start_location=3,
            end_location=3,
            start_s=1_000,
            configurations=(Load(seats=1),),
            max_trips=1,
        ),
        settings=replace(day.PLAIN, pooling=Pooling(same_area=False)),
    )
    one = broken(world, Plan(routes=()), "a*", "b*")
    rescue = propose(one)
    assert [line.proposed and line.proposed.shift for line in rescue.lines] == ["r", "r"]
    assert [line.proposed and line.proposed.cost_c for line in rescue.lines] == [7_600, 0]
    # What else there was is shown beside it, priced as it would be then.
    assert [[o.shift for o in line.options] for line in rescue.lines] == [["r", "q"], ["r", "q"]]
    again = settle(one, rescue.choices)
    assert (again.plan, again.problem) == (rescue.plan, rescue.problem)


def test_who_had_no_way_alone_has_one_where_others_make_room() -> None:
    """r may take two trips, q one: who is on board took the seat in r that b, in need of oxygen, has nowhere else."""
    oxygen = frozenset({"skill:oxygen"})
    world = day.problem(
        day.trip("a", day.stop(5, 1_000, 1_000), day.stop(9)),
        day.trip("b", day.stop(5, 1_000, 1_000), day.stop(9), needs=oxygen),
        day.trip("c", day.stop(5, 1_000, 1_000), day.stop(9)),
        day.shift("s"),
        day.shift("r", start_s=1_000, max_trips=2, capabilities=oxygen),
    )
    rescue = propose(broken(world, Plan(routes=()), "a*", "b*", "c*"))
    served = {line.trip for line in rescue.lines if line.proposed}
    assert "b" in served
    assert len(served) == 2
    assert sorted(line.trip for line in rescue.lines) == ["a", "b", "c"]


@law
@given(breakdowns())
def test_the_proposal_weighs_no_more_than_everybody_in_one_tour(one: Breakdown) -> None:
    rescue = propose(one)
    weights = [line.proposed.weight for line in rescue.lines if line.proposed]
    for shift in one.problem.shifts:
        everybody = [Choice(line.trip, Means.INSERT, shift.id) for line in rescue.lines]
        try:
            tour = settle(one, everybody)
        except NoLongerFitsError:
            continue
        assert len(weights) == len(everybody)
        assert sum(weights) <= sum(line.options[0].weight for line in tour.lines)


@law
@given(breakdowns(), st.data())
def test_what_is_shown_of_a_way_is_what_choosing_it_does(
    one: Breakdown, data: st.DataObject
) -> None:
    """Whichever way is chosen for one: the lines above it stay, it is as it was shown, and settled all are as priced."""
    rescue = propose(one)
    order = [line.trip for line in rescue.lines]
    chosen = {choice.trip: choice for choice in rescue.choices}
    choosable = [k for k, line in enumerate(rescue.lines) if line.options]
    if not choosable:
        return
    k = data.draw(st.sampled_from(choosable))
    option = data.draw(st.sampled_from(rescue.lines[k].options))
    again = price(one, order, chosen | {order[k]: Choice(order[k], *option.key)})
    before = [line.proposed for line in rescue.lines[:k]]
    shown = [_without_order(found) for found in (*before, option)]
    assert [_without_order(line.proposed) for line in again.lines[: k + 1]] == shown
    settled = settle(one, again.choices)
    assert (settled.plan, settled.cost_c) == (again.plan, again.cost_c)
    assert [line.proposed for line in settled.lines] == [
        line.proposed for line in again.lines if line.proposed is not None
    ]


def _without_order(option: Option | None) -> Option | None:
    """The planner's own price only parts equals, and nobody is shown it."""
    return None if option is None else replace(option, added_cost=0)
