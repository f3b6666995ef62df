from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.cost import driven_seconds, route_cost
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.fitting import Fit, begun, best_fit, fit_of, rested, route_for, valid_fit
from dispatch.engine.network import network_of
from dispatch.engine.problem import Load, Pooling, Problem, Settings, Shift, Visit
from dispatch.engine.room import Room
from dispatch.engine.schedule import time_route
from dispatch.enums import VisitKind
from tests.dispatch.engine.brute import feasible, insertions, with_breaks
from tests.dispatch.engine.builders import pause, problem, shift, spell, stop, trip, visits
from tests.dispatch.engine.strategies import begun_problems, law, orders, problems

SHARED = Settings(pooling=Pooling.unrestricted(), transition_margin_s=0)
Started = tuple[Problem, dict[str, tuple[Visit, ...]]]


def visits_of(day: Problem, worker: Shift, fit: Fit) -> tuple[Visit, ...]:
    return tuple(network_of(day).visit(worker, node) for node in fit.sequence)


def price(day: Problem, worker: Shift, order: tuple[Visit, ...]) -> int:
    answer = time_route(day, worker, order)
    return route_cost(day, answer)  # type: ignore[arg-type] # feasible orders only


def best(day: Problem, text: str, name: str) -> str:
    """The best route with one trip more, spelled; "" when there is none."""
    network = network_of(day)
    worker = day.shifts[0]
    room = Room(network, 0, network.sequence(worker, visits(text)))
    fit = best_fit(room, network.trip_index[name])
    return "" if fit is None else words(day, worker, fit)


def words(day: Problem, worker: Shift, fit: Fit) -> str:
    answer = time_route(day, worker, visits_of(day, worker, fit))
    return spell(answer)  # type: ignore[arg-type]


class TestBestFit:
    def test_on_the_way(self):
        day = problem(trip("a", 2, 8), trip("b", 3, 5), shift(), settings=SHARED)
        assert best(day, "+a -a", "b") == "+a +b -b -a"

    def test_nobody_shares_without_pooling(self):
        day = problem(trip("a", 2, 8), trip("b", 3, 5), shift())
        assert best(day, "+a -a", "b") in {"+a -a +b -b", "+b -b +a -a"}

    def test_nor_where_there_is_no_seat(self):
        van = shift(configurations=(Load(seats=1),))
        day = problem(trip("a", 2, 8), trip("b", 3, 5), van, settings=SHARED)
        assert best(day, "+a -a", "b") in {"+a -a +b -b", "+b -b +a -a"}

    def test_behind_what_has_begun(self):
        day = problem(trip("a", 8, 9), trip("b", 1, 2), shift(committed=visits("+a")))
        assert best(day, "+a -a", "b") == "+a -a +b -b"

    def test_a_break_moves_when_it_must(self):
        """The rest (300 s, from 0 on) was taken first; b must board at 100, so it comes later."""
        rest = shift(breaks=(pause("rest", 0, 5000),))
        b = trip("b", stop(1, 0, 100), 2)
        day = problem(trip("a", stop(5, 3000, 3000), 6), b, rest)
        assert best(day, "~rest +a -a", "b") in {"+b -b ~rest +a -a", "+b -b +a -a ~rest"}

    def test_an_optional_break_goes_when_it_must(self):
        rest = shift(breaks=(pause("rest", 0, 50, mandatory=False),))
        day = problem(trip("b", stop(1, 0, 100), 2), rest)
        assert best(day, "", "b") == "+b -b"

    def test_a_mandatory_break_keeps_a_trip_out(self):
        day = problem(trip("b", stop(1, 0, 100), 2), shift(breaks=(pause("rest", 0, 50),)))
        assert best(day, "", "b") == ""

    def test_a_full_shift(self):
        day = problem(trip("a", 2, 8), trip("b", 3, 5), shift(max_trips=1))
        assert best(day, "+a -a", "b") == ""

    @law
    @given(begun_problems(max_trips=4, max_breaks=2), st.data())
    def test_it_finds_the_cheapest_way_exactly_when_there_is_one(self, started, data):
        day, routes = started
        worker = data.draw(st.sampled_from(day.shifts))
        order = routes[worker.id]
        planned = {visit.id for route in routes.values() for visit in route}
        free = [asked.id for asked in day.trips if asked.id not in planned]
        if not free:
            return
        name = data.draw(st.sampled_from(free))
        network = network_of(day)
        room = Room(network, network.shift_index[worker.id], network.sequence(worker, order))
        fit = best_fit(room, network.trip_index[name])
        ways = list(insertions(day, worker, order, name))
        assert (fit is None) == (not ways)
        if fit is not None:
            kept = [way for way in ways if tuple(v for v in way if v.id != name) == order]
            choices = kept if kept and order else ways
            assert fit.cost == min(price(day, worker, way) for way in choices)
            assert visits_of(day, worker, fit) in choices


class TestRoom:
    @law
    @given(problems(max_breaks=1), st.data())
    def test_places_name_the_driving_they_add(self, day, data):
        worker = day.shifts[0]
        network = network_of(day)
        order = tuple(v for v in data.draw(orders(day, worker)) if v.id != day.trips[0].id)
        room = Room(network, 0, network.sequence(worker, order))
        places = room.places(0)
        assert places == sorted(places)
        for added, i, j in places:
            assert room.driven + added == driven_seconds(network, 0, room.with_trip(0, i, j))


class TestFitOf:
    def test_breaks_alone_are_no_round(self):
        day = problem(shift(breaks=(pause("rest", 0, 900),)))
        assert fit_of(network_of(day), 0, [~0]) == Fit([], 0)

    def test_a_break_that_was_taken_stays(self):
        rest = (pause("rest", 0, 900),)
        day = problem(shift(breaks=rest, committed=visits("~rest")))
        assert fit_of(network_of(day), 0, [~0]) == Fit([~0], 0)

    def test_one_that_cannot_have_been_taken_is_refused(self):
        rest = (pause("rest", 0, 900),)
        day = problem(shift(start_s=901, breaks=rest, committed=visits("~rest")))
        assert fit_of(network_of(day), 0, [~0]) is None

    def test_what_cannot_be_timed_has_no_price(self):
        day = problem(trip("a", stop(5, 0, 100), 6), shift())
        assert fit_of(network_of(day), 0, [0, 1]) is None


class TestRouteFor:
    def test_a_sequence_gets_its_times(self):
        day = problem(trip("a", 2, 5), shift())
        assert route_for(network_of(day), 0, [0, 1]) == time_route(
            day, day.shifts[0], visits("+a -a")
        )

    def test_what_cannot_be_timed_is_no_route(self):
        day = problem(trip("a", stop(5, 0, 100), 6), shift())
        with pytest.raises(InvalidPlanError, match="shift s breaks a rule: time_window"):
            route_for(network_of(day), 0, [0, 1])


class TestRested:
    def test_a_missing_break_is_set(self):
        day = problem(trip("a", 2, 5), shift(breaks=(pause("rest", 400, 900),)))
        fit = rested(network_of(day), 0, [0, 1])
        assert fit is not None
        assert words(day, day.shifts[0], fit) in {"~rest +a -a", "+a -a ~rest"}

    def test_no_room_for_a_mandatory_one(self):
        day = problem(trip("a", stop(2, 0, 250), 5), shift(breaks=(pause("rest", 100, 250),)))
        assert rested(network_of(day), 0, [0, 1]) is None

    def test_no_room_for_an_optional_one(self):
        off = (pause("rest", 100, 250, mandatory=False),)
        day = problem(trip("a", stop(2, 0, 250), 5), shift(breaks=off))
        fit = rested(network_of(day), 0, [0, 1])
        assert fit is not None
        assert words(day, day.shifts[0], fit) == "+a -a"

    def test_an_order_that_no_clock_allows(self):
        day = problem(trip("a", stop(5, 0, 100), 6), shift(breaks=(pause("rest", 0, 900),)))
        assert rested(network_of(day), 0, [0, 1, ~0]) is None

    @law
    @given(begun_problems(max_trips=3, max_breaks=2), st.data())
    def test_it_finds_the_cheapest_rest_exactly_when_there_is_one(self, started, data):
        day, routes = started
        worker = data.draw(st.sampled_from(day.shifts))
        network = network_of(day)
        s, done = network.shift_index[worker.id], len(worker.committed)
        order = routes[worker.id]
        bare = order[:done] + tuple(v for v in order[done:] if v.kind is not VisitKind.BREAK)
        if not any(visit.kind is VisitKind.PICKUP for visit in bare):
            return
        ways = [way for way in with_breaks(worker, bare) if feasible(day, worker, way)]
        fit = valid_fit(network, s, network.sequence(worker, bare))
        if len(bare) < len(order) or any(p.mandatory for p in worker.breaks):
            assert ways
        assert (fit is None) == (not ways)
        if fit is not None:
            is_whole = len(set(bare)) == len(bare) and all(
                Visit(pause.id, VisitKind.BREAK) in bare for pause in worker.breaks
            )
            cheapest = (
                price(day, worker, bare)
                if is_whole
                else min(price(day, worker, way) for way in ways)
            )
            assert fit.cost == cheapest


class TestValidFit:
    def test_other_rules_than_time_are_asked_too(self):
        day = problem(trip("a", 2, 5), trip("b", 2, 5), shift())
        network = network_of(day)
        assert valid_fit(network, 0, [0, 2, 1, 3]) is None
        assert valid_fit(network, 0, [0, 1, 2]) is None
        assert valid_fit(network, 0, [0, 1, 2, 3]) is not None


class TestBegun:
    def owed(self, day: Problem) -> str | None:
        sequence = begun(network_of(day), 0)
        if sequence is None:
            return None
        return words(day, day.shifts[0], Fit(sequence, 0))

    def test_nothing(self):
        assert begun(network_of(problem(shift(breaks=(pause("rest", 0, 900),)))), 0) == []

    def test_who_is_on_board_is_brought_home_the_shortest_way(self):
        """From town 2: first to 4, then to 8; windows would have it the other way round."""
        a = trip("a", 2, stop(8, 0, 5000))
        b = trip("b", 2, stop(4, 0, 6000))
        day = problem(a, b, shift(committed=visits("+a +b")), settings=SHARED)
        assert self.owed(day) == "+a +b -b -a"

    def test_many_on_board_are_brought_home_by_their_windows(self):
        names = "abcdef"
        asked = [trip(n, 2, stop(4, 0, 5000 - k)) for k, n in enumerate(names)]
        van = shift(configurations=(Load(seats=6),), committed=visits("+a +b +c +d +e +f"))
        assert self.owed(problem(*asked, van, settings=SHARED)) == (
            "+a +b +c +d +e +f -f -e -d -c -b -a"
        )

    def test_the_rest_comes_behind(self):
        rest = (pause("rest", 0, 900),)
        day = problem(trip("a", 2, 5), shift(committed=visits("+a"), breaks=rest))
        assert self.owed(day) == "+a -a ~rest"

    def test_a_promise_that_cannot_be_kept(self):
        day = problem(trip("a", 2, stop(5, 0, 100)), shift(committed=visits("+a")))
        assert self.owed(day) is None
