"""Plans between fair and cheap: which are kept, which are beaten, and what each costs."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from itertools import permutations

from hypothesis import given

from dispatch.engine.cost import score
from dispatch.engine.fairness import fairness
from dispatch.engine.fairness_price import without_fairness
from dispatch.engine.pareto import MOST_TRIES, STRONG, USUAL, Choices, fair_choices
from dispatch.engine.pipeline import Result, make_plan
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Problem, Weights
from dispatch.engine.rules import hard_violations
from dispatch.enums import Priority, Rule
from tests.dispatch.engine.builders import PLAIN, plan, problem, shift, trip
from tests.dispatch.engine.strategies import law, problems


def day(weight: int = USUAL, *, trips: int = 4, far: int = 5) -> Problem:
    """One driver lives where all trips begin, the other some towns away; both work a full shift."""
    return problem(
        *(trip(f"t{k}", 1, 2) for k in range(trips)),
        shift("near", start_location=1, end_location=1, end_s=28_800),
        shift("far", start_location=far, end_location=far, end_s=28_800),
        settings=replace(PLAIN, weights=Weights(fairness_per_trip_squared=weight)),
    )


def planned(problem: Problem, start: Plan | None) -> Result:
    return make_plan(
        problem,
        start=start,
        time_limit_s=1,
        rng=random.Random(1),
        clock=time.monotonic,
        max_iterations=30,
    )


def result(world: Problem, made: Plan) -> Result:
    return Result(plan=made, score=score(world, made), violations=(), stages=())


def figures(found: Choices) -> list[tuple[int, float, int]]:
    return [(choice.cost, choice.gap, choice.price) for choice in found.choices]


class TestThreePlans:
    def test_a_person_can_compute_them(self):
        """Each trip is 100 there and 100 back: near alone 800. Far drives 400 to the door and 300 home from the
        last town: one trip of its own is 400 + 100 + 300, so 600 more than near's; the second one 200 as near's.
        """
        found = fair_choices(day(), plan=planned)
        assert figures(found) == [(800, 4.0, 0), (1_400, 0.0, 600)]
        assert not found.is_whole

    def test_three_are_found_where_the_day_has_them(self):
        """Far's road home runs back over the way: with one driver far, one farther, each share has its price."""
        world = problem(
            *(trip(f"t{k}", 1, 2) for k in range(6)),
            shift("near", start_location=1, end_location=1, end_s=28_800),
            shift("far", start_location=4, end_location=4, end_s=28_800),
            shift("farther", start_location=9, end_location=9, end_s=28_800),
        )
        found = fair_choices(world, plan=planned)
        assert found.is_whole
        assert (found.choices[0].gap, found.choices[-1].gap) == (6, 0)

    def test_each_is_planned_with_its_weight_and_kept_with_it(self):
        found = fair_choices(day(), plan=planned)
        for choice in found.choices:
            assert choice.problem.settings.weights.fairness_per_trip_squared == choice.weight
            assert choice.result.score == score(choice.problem, choice.result.plan)

    def test_no_emergency_driver_is_called_to_even_out_loads(self):
        """At 500 the four trips of near cost 8 000, two each 4 000: more than the 1 000 for calling the other one."""
        world = problem(
            *(trip(f"t{k}", 1, 2) for k in range(4)),
            shift("near", start_location=1, end_location=1, end_s=28_800),
            shift("help", start_location=1, end_location=1, end_s=28_800, is_emergency=True),
            settings=replace(PLAIN, weights=Weights(emergency_shift=1_000)),
        )
        found = fair_choices(world, plan=planned)
        assert figures(found) == [(800, 0.0, 0)]
        seen: list[int] = []

        def told(asked: Problem, _start: Plan | None) -> Result:
            seen.append(asked.settings.weights.emergency_shift)
            return result(asked, plan(world, near="+t0 -t0"))

        fair_choices(world, plan=told)
        assert seen[:3] == [1_000, 1_000, 1_000 * STRONG // USUAL]


class TestWhichAreTried:
    def asked(self, weight: int, *, even_from: int) -> tuple[int, ...]:
        """All trips go to near below a weight, and half of them to far from it on."""
        world = day(weight)
        uneven = plan(world, near="+t0 -t0 +t1 -t1 +t2 -t2 +t3 -t3")
        even = plan(world, near="+t0 -t0 +t1 -t1", far="+t2 -t2 +t3 -t3")

        def made(asked: Problem, _start: Plan | None) -> Result:
            is_even = asked.settings.weights.fairness_per_trip_squared >= even_from
            return result(asked, even if is_even else uneven)

        return fair_choices(world, plan=made).tried

    def test_nothing_the_companys_and_a_strong_one_first(self):
        assert self.asked(60, even_from=1_000) == (0, 60, STRONG)  # all alike: nothing lies between

    def test_a_company_without_fairness_or_with_all_of_it_is_asked_about_the_usual_one(self):
        assert self.asked(0, even_from=1_000) == (0, USUAL, STRONG)
        assert self.asked(STRONG, even_from=1_000) == (0, USUAL, STRONG)

    def test_then_between_those_whose_plans_differ(self):
        assert self.asked(60, even_from=300) == (0, 60, STRONG, 173, 294, 383)
        assert self.asked(60, even_from=10) == (0, 60, STRONG, 15, 3, 6)
        assert len(self.asked(60, even_from=300)) == MOST_TRIES

    def test_no_weight_twice(self):
        assert self.asked(1, even_from=1) == (0, 1, STRONG)

    def test_plans_alike_are_one(self):
        world = day()
        same = plan(world, near="+t0 -t0 +t1 -t1 +t2 -t2 +t3 -t3")
        found = fair_choices(world, plan=lambda d, _start: result(d, same))
        assert [choice.weight for choice in found.choices] == [0]

    def test_each_starts_from_the_best_plan_so_far_by_its_own_prices(self):
        """Weight 0 is given the uneven plan; the usual weight makes the even one, and the strong one begins there."""
        world = day(far=2)
        uneven = plan(world, near="+t0 -t0 +t1 -t1 +t2 -t2 +t3 -t3")
        even = plan(world, near="+t0 -t0 +t1 -t1", far="+t2 -t2 +t3 -t3")
        drafts: list[Plan | None] = []

        def told(asked: Problem, start: Plan | None) -> Result:
            drafts.append(start)
            weight = asked.settings.weights.fairness_per_trip_squared
            return result(asked, even if weight else uneven)

        fair_choices(world, plan=told, start=even)
        assert drafts[:3] == [even, uneven, even]

    def test_a_weight_whose_plan_serves_less_is_asked_once_more_from_the_one_that_serves_most(self):
        """Of four trips the first plan leaves one over, the usual weight none, the strong one two, and never less."""
        world = day()
        uneven, even = _plan(world, 0, 0), _plan(world, 1, 2)
        plans = iter([_plan(world, 0, 1), uneven, even, uneven, even])
        drafts: list[Plan | None] = []

        def told(asked: Problem, start: Plan | None) -> Result:
            drafts.append(start)
            return result(asked, next(plans))

        found = fair_choices(world, plan=told)
        assert found.tried == (0, USUAL, STRONG, 0, STRONG)
        assert drafts[2:] == [uneven, uneven, uneven]
        assert figures(found) == [(800, 4.0, 0)]


class TestWhichAreKept:
    def kept(self, *points: tuple[int, int]) -> list[tuple[int, float]]:
        """(trips of the far driver, trips left out) of one plan after the other, in any order of discovery."""
        world = day(trips=6)
        made = iter([_plan(world, far, left) for far, left in points])
        last = _plan(world, *points[-1])
        found = fair_choices(world, plan=lambda d, _start: result(d, next(made, last)))
        return [(choice.cost, choice.gap) for choice in found.choices]

    def test_one_that_is_beaten_is_dropped(self):
        """Near drives 6, then 5, 4, 3: each way 1 200 for six; far's first trip 600 more. Left out: two millions."""
        assert self.kept((0, 0), (1, 1), (3, 0)) == [(1_200, 6.0), (1_800, 0.0)]

    def test_one_that_leaves_more_over_is_no_trade(self):
        """Two and two, and two left over: as even as it gets, and cheaper on the road. Nobody may buy that."""
        assert self.kept((0, 0), (0, 0), (2, 2)) == [(1_200, 6.0)]
        assert self.kept((0, 1), (0, 0), (2, 2), (0, 0), (3, 0)) == [(1_200, 6.0), (1_800, 0.0)]

    def test_who_is_left_over_counts_by_priority(self):
        """One vital trip left over weighs more than three usual ones."""
        world = day(trips=6)
        vital = replace(world.trips[5], priority=Priority.VITAL)
        world = replace(world, trips=(*world.trips[:5], vital))
        usual = _plan(replace(world, trips=(vital, *world.trips[:5])), 0, 3)
        made = iter([_plan(world, 2, 1), usual])
        found = fair_choices(world, plan=lambda d, _start: result(d, next(made, usual)))
        (kept,) = found.choices
        assert [item.trip for item in kept.result.plan.unassigned] == ["t2", "t3", "t4"]
        assert (kept.cost, kept.price) == (600, 0)

    def test_the_order_of_discovery_does_not_matter(self):
        for order in permutations([(0, 0), (1, 0), (3, 0)]):
            assert self.kept(*order) == [(1_200, 6.0), (1_800, 0.0)]

    def test_where_one_driver_keeps_the_gap_the_loads_of_the_others_decide(self):
        """Busy had nine trips before, idle has none: nine apart in both plans, which cost the same."""
        world = problem(
            *(trip(f"t{k}", 1, 2) for k in range(4)),
            *(
                shift(name, start_location=1, end_location=1, end_s=28_800, recent_trips=before)
                for name, before in (("near", 0), ("mid", 0), ("busy", 9))
            ),
            shift("idle", start_location=1, end_location=1, start_s=28_799, end_s=57_599),
        )
        uneven = plan(world, near="+t0 -t0 +t1 -t1 +t2 -t2 +t3 -t3")
        even = plan(world, near="+t0 -t0 +t1 -t1", mid="+t2 -t2 +t3 -t3")
        made = iter([uneven, even])
        found = fair_choices(world, plan=lambda d, _start: result(d, next(made, even)))
        (kept,) = found.choices  # as cheap and more even: it beats the other
        assert (kept.cost, kept.gap) == (800, 9)
        assert kept.result.plan == even

    @law
    @given(problems(max_trips=4))
    def test_none_beats_another_and_all_keep_the_rules(self, world):
        found = fair_choices(world, plan=planned)
        assert 1 <= len(found.choices) <= 3
        for one, other in permutations(found.choices, 2):
            evenness = [(choice.gap, choice.gini) for choice in (one, other)]
            assert not (one.cost <= other.cost and evenness[0] <= evenness[1])
        for choice in found.choices:
            made = choice.result.plan
            assert hard_violations(world, made) == ()
            priced = score(without_fairness(world), made)
            assert choice.cost == priced.total - priced.unserved
            assert priced.unserved == score(world, found.choices[0].result.plan).unserved
            assert choice.gap == fairness(world, made).gap
            assert choice.price == choice.cost - found.choices[0].cost


def _plan(world: Problem, far: int, left: int) -> Plan:
    names = [one.id for one in world.trips]
    theirs, mine = names[:far], names[far : len(names) - left]
    routes = {
        "near": " ".join(f"+{name} -{name}" for name in mine),
        "far": " ".join(f"+{name} -{name}" for name in theirs),
    }
    gone = names[len(names) - left :]
    return replace(
        plan(world, **{by: text for by, text in routes.items() if text}),
        unassigned=tuple(Unassigned(trip=name, reason=Rule.COVERAGE) for name in gone),
    )
