from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.cost import (
    Score,
    driven_metres,
    driven_seconds,
    route_cost,
    route_score,
    score,
    score_with,
)
from dispatch.engine.network import network_of
from dispatch.engine.plan import Plan, Route, TimedVisit, Unassigned
from dispatch.engine.problem import Pooling, Problem, Settings, Stop, Weights
from dispatch.engine.schedule import time_route
from dispatch.enums import Priority, Rule, VisitKind
from tests.dispatch.engine.builders import FREE, pause, plan, problem, route, shift, stop, trip
from tests.dispatch.engine.strategies import begun_problems, law


def priced(**weights: int) -> Settings:
    """Everything is free but what is named."""
    return Settings(
        pooling=Pooling.unrestricted(), transition_margin_s=0, weights=replace(FREE, **weights)
    )


def parts(answer: Score) -> dict[str, int]:
    """The parts that are not 0."""
    return {f.name: getattr(answer, f.name) for f in fields(answer) if getattr(answer, f.name)}


class TestOfARoute:
    def score_of(self, text: str, *, settings: Settings, **rest: Any) -> dict[str, int]:
        day = problem(trip("a", 2, 5), trip("b", 3, 4), shift(**rest), settings=settings)
        return parts(route_score(day, route(day, text)))

    def test_driving_by_the_second(self):
        assert self.score_of("+a -a", settings=priced(driving_per_s=3)) == {"driving": 3000}

    def test_driving_by_the_kilometre(self):
        assert self.score_of("+a -a", settings=priced(driving_per_km=7)) == {"driving": 70}

    def test_both(self):
        both = priced(driving_per_s=3, driving_per_km=7)
        assert self.score_of("+a -a", settings=both) == {"driving": 3070}

    def test_time_on_board_beyond_the_direct_way(self):
        """a rides from 2 to 5 over 3, back to … b gets out in 4 first: no way round; the reverse costs b."""
        settings = priced(excess_ride_per_s=2)
        assert self.score_of("+a +b -b -a", settings=settings) == {}
        assert self.score_of("+a +b -a -b", settings=settings) == {"excess_ride": 2 * 200}

    def test_waiting_where_the_vehicle_stands(self):
        late = trip("c", stop(6, earliest=1000), 7)
        day = problem(trip("a", 2, 5), late, shift(), settings=priced(waiting_per_s=5))
        answer = route(day, "+a -a +c -c")
        assert parts(route_score(day, answer)) == {"waiting": 5 * (1000 - 600)}

    def test_who_is_ready_waits_and_is_not_made_to_wait_for_the_idle_time_behind(self):
        """Ready at 150, fetched in town 2 at 200 and not at 600, which would do for the drop-off at 900."""
        day = problem(
            trip("a", 2, stop(5, 900), ready_s=150),
            trip("b", 2, stop(5, 900)),
            shift(),
            settings=priced(patient_wait_per_s=3),
        )
        assert parts(route_score(day, route(day, "+a -a"))) == {"patient_wait": 3 * 50}
        assert route(day, "+a -a").visits[0].start_s == 200
        assert parts(route_score(day, route(day, "+b -b"))) == {}
        assert route(day, "+b -b").visits[0].start_s == 600

    def test_overtime_is_what_lies_between_the_rostered_end_and_being_back(self):
        """200 s to town 2, 300 to town 5, 500 home: back at 1000; a break there makes it 1300."""
        settings = priced(overtime_per_s=3)
        assert self.score_of("+a -a", settings=settings, rostered_end_s=800) == {"overtime": 600}
        assert self.score_of("+a -a", settings=settings, rostered_end_s=1_000) == {}
        assert self.score_of("+a -a", settings=settings) == {}
        rests = {"breaks": (pause("tea", 0, 9000),), "rostered_end_s": 800}
        assert self.score_of("+a -a ~tea", settings=settings, **rests) == {"overtime": 1_500}

    def test_a_driver_sent_out_after_the_rostered_end_works_over_from_that_end_on(self):
        settings = priced(overtime_per_s=1)
        late = {"start_s": 2_000, "rostered_end_s": 1_500}
        assert self.score_of("+a -a", settings=settings, **late) == {"overtime": 1_500}

    def test_an_optional_break_left_out(self):
        settings = priced(missed_optional_break=9)
        free = (pause("rest", 0, 9000, mandatory=False), pause("tea", 0, 9000, mandatory=False))
        assert self.score_of("+a -a", settings=settings, breaks=free) == {"optional_breaks": 18}
        assert self.score_of("+a -a ~tea", settings=settings, breaks=free) == {"optional_breaks": 9}

    def test_a_shift_sent_out_and_an_emergency_one(self):
        settings = priced(used_shift=11, emergency_shift=13)
        assert self.score_of("+a -a", settings=settings) == {"used_shifts": 11}
        assert self.score_of("+a -a", settings=settings, is_emergency=True) == {
            "used_shifts": 11,
            "emergency": 13,
        }

    def test_fairness_grows_with_the_square_of_the_trips_per_eight_hours(self):
        """3 trips before, 2 today: 5² − 3² = 16; a shift of four hours counts twice."""
        settings = priced(fairness_per_trip_squared=10)
        found = self.score_of("+a -a +b -b", settings=settings, recent_trips=3, end_s=28_800)
        assert found == {"fairness": 160}
        found = self.score_of("+a -a +b -b", settings=settings, recent_trips=3, end_s=14_400)
        assert found == {"fairness": 320}

    def test_a_route_without_trips_costs_nothing(self):
        settings = replace(priced(), weights=Weights())
        rest = (pause("rest", 0, 9000, mandatory=False),)
        assert self.score_of("~rest", settings=settings, breaks=rest) == {}
        assert self.score_of("", settings=settings, breaks=rest) == {}

    def test_wishes_for_a_driver(self):
        settings = priced(not_preferred_driver=17)
        wished = trip("a", 2, 5, preferred_drivers=frozenset({"Dr", "Dt"}))
        day = problem(wished, shift(), shift("r"), settings=settings)
        assert parts(route_score(day, route(day, "+a -a"))) == {"preferred": 17}
        assert parts(route_score(day, route(day, "+a -a", by="r"))) == {}

    def test_another_driver_than_the_plan_in_force(self):
        day = problem(
            trip("a", 2, 5),
            trip("b", 3, 4),
            shift(),
            shift("r"),
            settings=priced(moved_to_other_driver=19),
            drivers_in_force=(("a", "Dr"),),
        )
        assert parts(route_score(day, route(day, "+a -a +b -b"))) == {"stability": 19}
        assert parts(route_score(day, route(day, "+a -a +b -b", by="r"))) == {}


class TestOfAPlan:
    def test_unserved_by_priority(self):
        day = problem(
            *(trip(p.value, 2, 5, priority=p) for p in Priority),
            shift(),
            settings=priced(
                unserved_low=1, unserved_normal=10, unserved_high=100, unserved_vital=1000
            ),
        )
        left = tuple(Unassigned(trip=p.value, reason=Rule.COVERAGE) for p in Priority)
        assert parts(score(day, Plan(routes=(), unassigned=left))) == {"unserved": 1111}

    def test_a_couple_with_two_drivers_costs_once(self):
        a, b = trip("a", 2, 5), trip("b", 5, 2, same_driver_as="a")
        day = problem(a, b, shift(), shift("r"), settings=priced(not_same_driver=23))
        assert parts(score(day, plan(day, s="+a -a", r="+b -b"))) == {"same_driver": 23}
        assert parts(score(day, plan(day, s="+a -a +b -b"))) == {}
        assert parts(score(day, plan(day, s="+a -a"))) == {}

    def test_two_shifts_of_one_driver_are_the_same_driver(self):
        a, b = trip("a", 2, 5), trip("b", 5, 2, same_driver_as="a")
        day = problem(
            a, b, shift(driver="X"), shift("r", driver="X"), settings=priced(not_same_driver=23)
        )
        assert parts(score(day, plan(day, s="+a -a", r="+b -b"))) == {}

    def test_scores_of_routes_add_up(self):
        day = problem(trip("a", 2, 5), shift(), shift("r"), settings=priced(unserved_normal=7))
        routes = (Score(driving=3, waiting=4), Score(driving=10, stability=100))
        left = Plan(routes=(), unassigned=(Unassigned(trip="a", reason=Rule.COVERAGE),))
        found = score_with(day, left, routes)
        assert found == Score(unserved=7, driving=13, waiting=4, stability=100)
        assert found.total == 124

    @law
    @given(begun_problems(max_trips=3))
    def test_a_plan_costs_its_routes_and_what_it_leaves(self, started):
        day, routes = started
        answers = [time_route(day, day.shift_by_id[name], order) for name, order in routes.items()]
        kept = tuple(answer for answer in answers if isinstance(answer, Route))
        total = score(day, Plan(routes=kept))
        assert total.total - total.same_driver == sum(route_cost(day, answer) for answer in kept)


class TestDriven:
    def test_breaks_do_not_drive(self):
        day = problem(trip("a", 2, 5), shift(end_location=4, breaks=(pause("rest", 0, 900),)))
        network = network_of(day)
        assert driven_seconds(network, 0, [0, 1, ~0]) == 200 + 300 + 100
        assert driven_metres(network, 0, [~0, 0, 1]) == 6_000

    def test_nobody_drives_to_no_stop(self):
        network = network_of(problem(shift(breaks=(pause("rest", 0, 900),), end_location=3)))
        assert driven_seconds(network, 0, [~0]) == driven_metres(network, 0, []) == 0

    @law
    @given(begun_problems(max_trips=3), st.data())
    def test_they_are_the_legs_of_the_problem(self, started, data):
        day, routes = started
        name = data.draw(st.sampled_from(sorted(routes)))
        worker = day.shift_by_id[name]
        answer = time_route(day, worker, routes[name])
        assert isinstance(answer, Route)
        network = network_of(day)
        sequence = network.sequence(worker, routes[name])
        s = network.shift_index[name]
        seconds, metres = by_legs(day, answer)
        assert driven_seconds(network, s, sequence) == seconds
        assert driven_metres(network, s, sequence) == metres


def by_legs(day: Problem, answer: Route) -> tuple[int, int]:
    def end(visit: TimedVisit) -> Stop:
        asked = day.trip_by_id[visit.id]
        return asked.pickup if visit.kind is VisitKind.PICKUP else asked.dropoff

    worker = day.shift_by_id[answer.shift]
    ends = [end(visit) for visit in answer.visits if visit.kind is not VisitKind.BREAK]
    if not ends:
        return 0, 0
    way = list(zip([None, *ends], [*ends, None], strict=True))
    seconds = sum(day.leg_s(here, there, worker) for here, there in way)
    return seconds, sum(day.leg_m(here, there, worker) for here, there in way)
