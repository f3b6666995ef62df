"""Times for any order of stops: those of the schedule where it works, else late by the least."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.engine.least_late import HandVisit, late_route, lateness
from dispatch.engine.plan import Route
from dispatch.engine.problem import Pooling, Problem, Settings, Shift, Visit
from dispatch.engine.schedule import time_route
from tests.dispatch.engine.builders import pause, problem, shift, stop, trip, visits
from tests.dispatch.engine.strategies import law, orders, problems

SHARED = Settings(pooling=Pooling.unrestricted(), transition_margin_s=0)
MARGIN = Settings(pooling=None, transition_margin_s=120)


def late(day: Problem, text: str, *times: int | None) -> Route:
    at = times or (None,) * len(visits(text))
    written = tuple(
        HandVisit(visit=visit, at_s=at_s) for visit, at_s in zip(visits(text), at, strict=True)
    )
    return late_route(day, day.shifts[0], written)


def starts(route: Route) -> list[int]:
    return [visit.start_s for visit in route.visits]


class TestOrdersThatWork:
    def test_a_tour_leaves_just_in_time_and_boards_late(self):
        day = problem(trip("a", stop(2, 0, 900), stop(5, earliest=1000, service=30)), shift())
        found = late(day, "+a -a")
        assert (found.leave_s, starts(found), found.return_s) == (500, [700, 1000], 1530)

    def test_a_long_ride_lifts_its_pickup(self):
        day = problem(
            trip("a", 2, 5, max_ride_s=800),
            trip("b", stop(3, earliest=2000), 5),
            shift(),
            settings=SHARED,
        )
        assert starts(late(day, "+a +b -b -a")) == [1900, 2000, 2200, 2200]

    def test_a_long_tour_begins_later(self):
        day = problem(trip("a", 1, stop(2, earliest=1000)), shift(max_duration_s=400))
        found = late(day, "+a -a")
        assert (found.leave_s, found.return_s) == (800, 1200)

    def test_who_has_nothing_to_do_stays_at_the_base(self):
        found = late_route(problem(), shift(start_s=700), ())
        assert found == Route(shift="s", leave_s=700, return_s=700)


class TestOrdersThatDoNot:
    def test_each_window_is_missed_by_the_least(self):
        """a is due at town 5 by 400 and 500 s away; b behind it is late by what a's way back takes."""
        day = problem(trip("a", stop(5, 0, 400), 6), trip("b", stop(2, 0, 900), 3), shift())
        found = late(day, "+a -a +b -b")
        assert starts(found) == [500, 600, 1000, 1100]
        assert lateness(day, day.shifts[0], found) == 100 + 100

    def test_the_end_of_the_shift_counts_as_a_window(self):
        day = problem(trip("a", 1, 5), shift(end_s=900))
        found = late(day, "+a -a")
        assert (found.return_s, lateness(day, day.shifts[0], found)) == (1000, 100)

    def test_a_break_is_late_as_a_stop_is(self):
        day = problem(trip("a", 5, 6), shift(breaks=(pause("lunch", 0, 400),)))
        assert lateness(day, day.shifts[0], late(day, "+a -a ~lunch")) == 200

    def test_a_ride_too_long_by_the_way_alone_is_as_short_as_the_way(self):
        """b opens at 2000: a boards as late as makes its ride the 200 s that the way takes."""
        day = problem(
            trip("a", 2, 4, max_ride_s=100),
            trip("b", stop(3, earliest=2000), 4),
            shift(),
            settings=Settings(pooling=Pooling.unrestricted(), transition_margin_s=0),
        )
        assert starts(late(day, "+a +b -b -a")) == [1900, 2000, 2100, 2100]

    def test_a_ride_is_not_shortened_for_a_window(self):
        """a must board by 1000, so its ride is 1100 s and not the 500 that are allowed."""
        day = problem(
            trip("a", stop(2, 0, 1000), 4, max_ride_s=500),
            trip("b", stop(3, earliest=2000), 4),
            shift(),
            settings=SHARED,
        )
        assert starts(late(day, "+a +b -b -a")) == [1000, 2000, 2100, 2100]

    def test_a_tour_is_not_shortened_for_the_end_of_the_shift(self):
        day = problem(
            trip("a", stop(1, 0, 500), stop(2, earliest=1000)),
            shift(max_duration_s=400, end_s=1200),
        )
        found = late(day, "+a -a")
        assert (found.leave_s, found.return_s) == (400, 1200)

    def test_ends_without_their_other_end_are_timed_as_they_stand(self):
        day = problem(trip("a", 1, 3), trip("b", 5, 6), shift())
        assert starts(late(day, "-a +b")) == [300, 500]


class TestTimesOfAPerson:
    DAY = problem(trip("a", 1, 3), trip("b", 5, 6), shift(), settings=MARGIN)

    def test_they_are_kept_and_the_rest_follows(self):
        found = late(self.DAY, "+a -a +b -b", 600, None, None, None)
        assert (found.leave_s, starts(found)) == (500, [600, 800, 1120, 1220])

    def test_a_vehicle_early_waits(self):
        found = late(self.DAY, "+a -a", 100, 700)
        assert [(v.arrive_s, v.start_s) for v in found.visits] == [(100, 100), (300, 700)]

    def test_a_time_that_cannot_be_kept_stands_and_its_arrival_with_it(self):
        found = late(self.DAY, "+a -a", 100, 200)
        assert [(v.arrive_s, v.start_s) for v in found.visits] == [(100, 100), (200, 200)]

    def test_pickups_given_do_not_slide(self):
        day = problem(trip("a", 1, stop(3, earliest=900)), shift())
        assert starts(late(day, "+a -a", 100, None)) == [100, 900]
        assert starts(late(day, "+a -a", None, 950)) == [750, 950]


def _hand(order: tuple[Visit, ...]) -> tuple[HandVisit, ...]:
    return tuple(HandVisit(visit=visit) for visit in order)


def _earliest(day: Problem, crew: Shift, order: tuple[Visit, ...]) -> list[int]:
    """Each stop as soon as windows from below and ways allow: a walk of its own."""
    found: list[int] = []
    previous, at, aboard = None, crew.start_s, 0
    for visit in order:
        if visit.kind == "break":
            rest = next(one for one in crew.breaks if one.id == visit.id)
            found.append(max(at, rest.earliest_s))
            at = found[-1] + rest.duration_s
            continue
        end = day.trip_by_id[visit.id]
        here = end.pickup if visit.kind == "pickup" else end.dropoff
        way = day.leg_s(None if previous is None else previous[0], here, crew)
        is_change = previous is not None and previous[1] == "dropoff" and visit.kind == "pickup"
        if is_change and not aboard and previous[0].location != here.location:
            way += day.settings.transition_margin_s
        found.append(max(at + way, here.earliest_s))
        at, previous = found[-1] + here.service_s, (here, visit.kind)
        aboard += 1 if visit.kind == "pickup" else -1
    return found


class TestLaws:
    @law
    @given(problems(max_trips=4), st.data())
    def test_an_order_that_works_has_the_times_of_the_schedule(self, day, data):
        crew = data.draw(st.sampled_from(day.shifts))
        order = data.draw(orders(day, crew))
        answer = time_route(day, crew, order)
        assume(isinstance(answer, Route))
        assert late_route(day, crew, _hand(order)) == answer

    @law
    @given(problems(max_trips=4), st.data())
    def test_no_window_is_missed_by_more_than_the_earliest_walk_misses_it(self, day, data):
        crew = data.draw(st.sampled_from(day.shifts))
        order = data.draw(orders(day, crew))
        assume(order)
        route = late_route(day, crew, _hand(order))
        assert lateness(day, crew, route) == _lateness(day, crew, order)
        assert route.leave_s >= crew.start_s
        for earliest, timed in zip(_earliest(day, crew, order), route.visits, strict=True):
            assert timed.start_s >= max(earliest, timed.arrive_s)


def _lateness(day: Problem, crew: Shift, order: tuple[Visit, ...]) -> int:
    """By times pinned to the earliest walk: nothing can then be moved."""
    at = _earliest(day, crew, order)
    pinned = tuple(HandVisit(visit=v, at_s=s) for v, s in zip(order, at, strict=True))
    return lateness(day, crew, late_route(day, crew, pinned))
