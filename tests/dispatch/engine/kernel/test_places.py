"""The best place of a trip in a route, against the engine's exact insertion."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.engine.fitting import best_fit, fit_of
from dispatch.engine.kernel.places import look_up, put
from dispatch.engine.kernel.tables import FAR
from dispatch.engine.network import network_of
from dispatch.engine.problem import Problem, Weights
from dispatch.engine.room import Room
from dispatch.engine.travel import FREE_FLOW_PERMILLE
from tests.dispatch.engine.builders import PLAIN, plan, problem, shift, spell, stop, trip
from tests.dispatch.engine.kernel.arrays import search_from, search_on, sequences_of
from tests.dispatch.engine.strategies import law, orders, problems


def priced_by_driving(day: Problem) -> Problem:
    """Kilometres are rounded leg by leg in the kernel; idle seconds make its order a guess."""
    weights = replace(day.settings.weights, driving_per_km=0, waiting_per_s=0)
    return replace(day, settings=replace(day.settings, weights=weights))


class TestOnTheLine:
    def asked(self, trip_at: int, bound: int = FAR) -> int:
        day = problem(trip("a", 1, 5), trip("b", trip_at, trip_at + 1), shift(), settings=PLAIN)
        search = search_on(day, plan(day, s="+a -a"))
        parts = search.plan, search.known, search.offers
        return look_up(search.day, *parts, 1, 0, bound, search.work)

    def test_on_the_way_costs_nothing_but_its_load(self):
        """Not together: before or behind. From 5 to 6 and home is 200 s more; fairness 60 × (4 − 1) × 8 h / 24 h."""
        alone = self.asked(5)
        assert alone == 200 + self.fair()

    def fair(self) -> int:
        day = problem(trip("a", 1, 5), trip("b", 5, 6), shift(), settings=PLAIN)
        return int(search_on(day, plan(day, s="+a -a")).day.fair[0, 2]) - int(
            search_on(day, plan(day, s="+a -a")).day.fair[0, 1]
        )

    def test_nothing_below_the_bound(self):
        price = self.asked(5)
        assert self.asked(5, bound=price) == FAR
        assert self.asked(5, bound=price + 1) == price


def test_where_detours_are_free_the_way_alone_counts():
    settings = replace(PLAIN, weights=Weights(excess_ride_per_s=0, fairness_per_trip_squared=0))
    day = problem(trip("a", 1, 5), trip("b", 5, 6), shift(), settings=settings)
    search = search_on(day, plan(day, s="+a -a"))
    parts = search.plan, search.known, search.offers
    assert look_up(search.day, *parts, 1, 0, FAR, search.work) == 200
    assert put(search.day, search.plan, 0, 1, 2, 2, search.work)
    assert search.plan.price[0] == 1_200


def test_what_was_found_is_remembered_until_the_route_changes():
    day = problem(trip("a", 1, 5), trip("b", 5, 6), trip("c", 8, 9), shift(), settings=PLAIN)
    search = search_on(day, plan(day, s="+a -a"))
    arrays, plan_, known = search.day, search.plan, search.known
    first = look_up(arrays, plan_, known, search.offers, 1, 0, FAR, search.work)
    known.price[1, 0] = 7  # a lie shows that nothing is asked twice
    assert look_up(arrays, plan_, known, search.offers, 1, 0, FAR, search.work) == 7
    look_up(arrays, plan_, known, search.offers, 2, 0, FAR, search.work)
    assert put(arrays, plan_, 0, 2, known.i[2, 0], known.j[2, 0], search.work)
    assert look_up(arrays, plan_, known, search.offers, 1, 0, FAR, search.work) != 7
    assert first > 7


def test_a_bound_that_nothing_met_is_remembered_as_one():
    day = problem(trip("a", 1, 5), trip("b", 5, 6), shift(), settings=PLAIN)
    search = search_on(day, plan(day, s="+a -a"))
    parts = search.day, search.plan, search.known, search.offers, 1, 0
    assert look_up(*parts, 10, search.work) == FAR
    assert look_up(*parts, 9, search.work) == FAR
    assert 10 < look_up(*parts, FAR, search.work) < FAR


def test_what_was_too_dear_is_remembered_by_what_it_would_have_cost():
    """Of the cheapest place it is known what the pickup alone would have added; the next look begins there."""
    day = problem(trip("a", 1, 5), trip("b", 5, 6), shift(), settings=PLAIN)
    search = search_on(day, plan(day, s="+a -a"))
    parts = search.day, search.plan, search.known, search.offers, 1, 0
    assert look_up(*parts, 500, search.work) == FAR
    assert 500 < search.known.price[1, 0] <= look_up(*parts, FAR, search.work)


def test_where_there_is_no_place_at_all_it_is_not_asked_again():
    day = problem(trip("a", 1, 5), trip("b", stop(8, 0, 100), 9), shift(), settings=PLAIN)
    search = search_on(day, plan(day, s="+a -a"))
    parts = search.day, search.plan, search.known, search.offers, 1, 0
    assert look_up(*parts, 5_000, search.work) == FAR
    assert search.known.price[1, 0] == FAR


def test_the_trip_is_put_where_it_was_found():
    day = problem(trip("a", 1, 5), trip("b", 5, 6), shift(), settings=PLAIN)
    search = search_on(day, plan(day, s="+a -a"))
    arrays, plan_, known = search.day, search.plan, search.known
    look_up(arrays, plan_, known, search.offers, 1, 0, FAR, search.work)
    assert put(arrays, plan_, 0, 1, known.i[1, 0], known.j[1, 0], search.work)
    assert plan_.seq[0, : plan_.size[0]].tolist() == [0, 1, 2, 3]
    assert spell(plan(day, s="+a -a +b -b").routes[0]) == "+a -a +b -b"


def test_a_trip_is_not_put_where_it_comes_too_late():
    day = problem(trip("a", 1, 5), trip("b", stop(5, 0, 300), 6), shift(), settings=PLAIN)
    search = search_on(day, plan(day, s="+a -a"))
    assert not put(search.day, search.plan, 0, 1, 2, 2, search.work)
    assert search.plan.shift_of.tolist() == [0, -1]


def test_who_comes_back_late_costs_the_overtime():
    """a takes 1000 s out and home, b 200 more behind it; that is after 1100 by the roster."""
    weights = Weights(excess_ride_per_s=0, overtime_per_s=7, fairness_per_trip_squared=0)
    settings = replace(PLAIN, weights=weights)
    day = problem(trip("a", 1, 5), trip("b", 5, 6), shift(rostered_end_s=1_100), settings=settings)
    search = search_on(day, plan(day, s="+a -a"))
    parts = search.plan, search.known, search.offers
    assert look_up(search.day, *parts, 1, 0, FAR, search.work) == 200 + 7 * 100
    assert put(search.day, search.plan, 0, 1, 2, 2, search.work)
    assert search.plan.price[0] == 1_200 + 700


def test_who_is_ready_waits_for_those_who_are_put_before() -> None:
    """a is ready at 100, at which moment the vehicle can be there; b before a makes it 300 (100 out, 100 back)."""
    weights = Weights(excess_ride_per_s=0, patient_wait_per_s=5, fairness_per_trip_squared=0)
    day = problem(
        trip("a", stop(1, 100), 3, ready_s=100),
        trip("b", stop(1, 0, 100), 2),
        shift(),
        settings=replace(PLAIN, weights=weights),
    )
    search = search_on(day, plan(day, s="+a -a"))
    assert search.plan.price[0] == 600
    parts = search.plan, search.known, search.offers
    assert look_up(search.day, *parts, 1, 0, FAR, search.work) == 200 + 5 * 200


def test_no_price_of_overtime_where_nobody_can_work_over():
    day = problem(trip("a", 1, 5), shift(), shift("r", rostered_end_s=10_000), settings=PLAIN)
    assert search_on(day, plan(day)).day.overtime == 0
    later = problem(trip("a", 1, 5), shift(rostered_end_s=9_999), settings=PLAIN)
    assert search_on(later, plan(later)).day.overtime == Weights().overtime_per_s


def without_quicker_ways_round(day: Problem) -> Problem:
    """Ways as short as over any other place, at all hours alike, with no margin: a stop more never saves time."""
    seconds = [list(row) for row in day.travel.seconds]
    for over, here, there in product(range(day.travel.size), repeat=3):
        seconds[here][there] = min(seconds[here][there], seconds[here][over] + seconds[over][there])
    travel = replace(
        day.travel, seconds=tuple(map(tuple, seconds)), traffic_permille=(FREE_FLOW_PERMILLE,)
    )
    return replace(day, travel=travel, settings=replace(day.settings, transition_margin_s=0))


def without_prices_of_late_hours(day: Problem) -> Problem:
    weights = replace(day.settings.weights, overtime_per_s=0, patient_wait_per_s=0)
    return replace(day, settings=replace(day.settings, weights=weights))


@law
@given(st.data())
def test_no_place_is_cheaper_than_the_one_found(data):
    """In shifts without breaks; with them the engine also sets breaks anew, which the kernel leaves to its rounds.

    Where a way round is the quicker one, a trip more can save overtime and patients' waiting, and the kernel may pass such a place over.
    """
    made_right = data.draw(
        st.sampled_from((without_prices_of_late_hours, without_quicker_ways_round))
    )
    day = made_right(priced_by_driving(data.draw(problems(max_shifts=1, max_breaks=0))))
    network = network_of(day)
    sequence = network.sequence(day.shifts[0], data.draw(orders(day, day.shifts[0])))
    known_trips = {node >> 1 for node in sequence}
    left = [i for i in range(len(day.trips)) if i not in known_trips]
    before = fit_of(network, 0, sequence)
    room = Room(network, 0, sequence)
    assume(left and before is not None and _is_right(day, sequence))
    assert before is not None
    asked = data.draw(st.sampled_from(left))
    best = best_fit(room, asked)
    search = search_from(day, [sequence])
    if not search.day.fit[asked, 0] or len(known_trips) >= search.day.most[0]:
        assert best is None
        return
    price = look_up(
        search.day, search.plan, search.known, search.offers, asked, 0, FAR, search.work
    )
    if best is None:
        assert price == FAR
        return
    assert price == best.cost - before.cost
    i, j = search.known.i[asked, 0], search.known.j[asked, 0]
    assert put(search.day, search.plan, 0, asked, i, j, search.work)
    made = search.plan.seq[0, : search.plan.size[0]].tolist()
    fit = fit_of(network, 0, made)
    assert fit is not None
    assert fit.cost == best.cost


def _is_right(day: Problem, sequence: list[int]) -> bool:
    from dispatch.engine.schedule import load_refusal, order_refusal

    network = network_of(day)
    return not (order_refusal(network, 0, sequence) or load_refusal(network, 0, sequence))


def test_sequences_come_back_as_they_went_in():
    day = problem(trip("a", 1, 5), trip("b", 5, 6), shift(), settings=PLAIN)
    search = search_on(day, plan(day, s="+a -a +b -b"))
    assert sequences_of(day, search) == [[0, 1, 2, 3]]
