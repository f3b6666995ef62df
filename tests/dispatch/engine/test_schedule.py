from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.network import network_of
from dispatch.engine.problem import Break, Load, Pooling, Problem, Settings, Shift, Visit
from dispatch.engine.schedule import (
    Broken,
    Refusal,
    board_late,
    lay_out,
    least_starts,
    time_route,
    timing_of,
)
from dispatch.enums import Rule
from tests.dispatch.engine.brute import Times, feasible, least_times, solves
from tests.dispatch.engine.builders import (
    line,
    pause,
    problem,
    route,
    shift,
    starts,
    stop,
    timed,
    trip,
    visits,
)
from tests.dispatch.engine.strategies import law, orders, problems

FAR = 10**9
SHARED = Settings(pooling=Pooling.unrestricted(), transition_margin_s=0)


def refusal(day: Problem, text: str, *, by: str = "s") -> tuple[Rule, str, int]:
    answer = timed(day, text, by=by)
    assert isinstance(answer, Refusal), answer
    return answer.rule, answer.visit, answer.amount


class TestTimesOfOneTrip:
    """Town 2 lies 200 s from the base, town 5 300 s further."""

    def test_it_is_served_as_early_as_the_windows_and_the_roads_allow(self):
        day = problem(trip("a", stop(2, service=50), stop(5, service=30)), shift())
        answer = route(day, "+a -a")
        assert [(v.arrive_s, v.start_s) for v in answer.visits] == [(200, 200), (550, 550)]
        assert (answer.leave_s, answer.return_s) == (0, 550 + 30 + 500)

    def test_the_vehicle_leaves_its_base_just_in_time(self):
        day = problem(trip("a", stop(2, earliest=1000), 5), shift())
        answer = route(day, "+a -a")
        assert (answer.leave_s, starts(answer)) == (800, [1000, 1300])

    def test_patients_wait_at_home_and_not_in_the_vehicle(self):
        day = problem(trip("a", stop(2, 0, 900), stop(5, earliest=1000, service=30)), shift())
        assert starts(route(day, "+a -a")) == [700, 1000]

    def test_boarding_is_never_later_than_its_window(self):
        day = problem(trip("a", stop(2, 0, 600), stop(5, earliest=1000)), shift())
        answer = route(day, "+a -a")
        assert starts(answer) == [600, 1000]
        assert answer.visits[1].arrive_s == 900

    def test_traffic_of_the_hour_left_stretches_the_way(self):
        day = problem(trip("a", stop(2, 3600, 3600), 5), shift(), travel=line(traffic=(1000, 1500)))
        answer = route(day, "+a -a")
        assert answer.leave_s == 3600 - 300  # from the base: the hour of the stop reached
        assert starts(answer) == [3600, 4050]

    def test_a_shift_without_visits_stays_at_its_base(self):
        answer = route(problem(shift(start_s=700)), "")
        assert (answer.visits, answer.leave_s, answer.return_s) == ((), 700, 700)

    def test_a_long_ride_lifts_its_pickup(self):
        """a waits on board for b, whose pickup opens at 2000: a boards 800 s before its drop-off."""
        day = problem(
            trip("a", 2, 5, max_ride_s=800),
            trip("b", stop(3, earliest=2000), 5),
            shift(),
            settings=SHARED,
        )
        answer = route(day, "+a +b -b -a")
        assert starts(answer) == [1900, 2000, 2200, 2200]


class TestMargin:
    SETTINGS = Settings(pooling=Pooling.unrestricted(), transition_margin_s=120)

    def second_start(self, text: str, *, to: int = 5, breaks: tuple[Break, ...] = ()) -> int:
        day = problem(
            trip("a", 1, 3),
            trip("b", to, 6),
            shift(breaks=breaks),
            settings=self.SETTINGS,
        )
        answer = route(day, text)
        return next(v.arrive_s for v in answer.visits if (v.id, v.kind) == ("b", "pickup"))

    def test_it_lies_between_a_dropoff_and_a_pickup_elsewhere(self):
        assert self.second_start("+a -a +b -b") == 300 + 200 + 120

    def test_not_at_the_same_place(self):
        assert self.second_start("+a -a +b -b", to=3) == 300

    def test_not_while_somebody_is_on_board(self):
        assert self.second_start("+a +b -a -b", to=2) == 200

    def test_a_pause_between_does_not_replace_it(self):
        breaks = (pause("lunch", 0, 900),)
        assert self.second_start("+a -a ~lunch +b -b", breaks=breaks) == 300 + 300 + 200 + 120


class TestBreaks:
    def test_before_the_first_stop_the_duty_begins_with_it(self):
        day = problem(trip("a", 2, 5), shift(breaks=(pause("rest", 500, 900),)))
        answer = route(day, "~rest +a -a")
        assert answer.leave_s == 500
        assert [(v.arrive_s, v.start_s) for v in answer.visits] == [
            (500, 500),
            (1000, 1000),
            (1300, 1300),
        ]

    def test_it_is_taken_where_the_vehicle_stands(self):
        day = problem(trip("a", 2, 5), shift(breaks=(pause("rest", 0, 900, lasts=60),)))
        answer = route(day, "+a -a ~rest")
        assert [v.start_s for v in answer.visits] == [200, 500, 500]
        assert answer.return_s == 560 + 500

    def test_a_mandatory_one_may_not_be_missing(self):
        day = problem(trip("a", 2, 5), shift(breaks=(pause("rest", 0, 900),)))
        assert refusal(day, "+a -a") == (Rule.BREAK, "rest", 0)

    def test_an_optional_one_may(self):
        day = problem(trip("a", 2, 5), shift(breaks=(pause("rest", 0, 900, mandatory=False),)))
        assert starts(timed(day, "+a -a")) == [200, 500]

    def test_who_drives_nobody_needs_none(self):
        assert starts(timed(problem(shift(breaks=(pause("rest", 0, 900),))), "")) == []

    def test_nobody_rests_with_a_patient_on_board(self):
        day = problem(trip("a", 2, 5), shift(breaks=(pause("rest", 0, 900),)))
        assert refusal(day, "+a ~rest -a") == (Rule.BREAK, "rest", 0)

    def test_it_begins_in_its_window(self):
        day = problem(trip("a", 2, 5), shift(breaks=(pause("rest", 0, 450),)))
        assert refusal(day, "+a -a ~rest") == (Rule.BREAK, "rest", 50)


class TestRefusals:
    def test_a_window_is_missed_by_so_many_seconds(self):
        day = problem(trip("a", stop(2, 0, 150), 5), shift())
        assert refusal(day, "+a -a") == (Rule.TIME_WINDOW, "a", 50)

    def test_a_later_window_too(self):
        day = problem(trip("a", 2, stop(5, 0, 460)), shift())
        assert refusal(day, "+a -a") == (Rule.TIME_WINDOW, "a", 40)

    def test_a_ride_longer_than_allowed_by_so_many_seconds(self):
        """Town 2 to town 3 over town 5: 500 s instead of 100 s."""
        day = problem(trip("a", 2, 3, max_ride_s=460), trip("b", 2, 5), shift(), settings=SHARED)
        assert refusal(day, "+a +b -b -a") == (Rule.MAX_RIDE_TIME, "a", 40)

    def test_the_detour_that_sharing_allows_is_the_tighter_limit(self):
        pooled = Settings(pooling=replace(Pooling.unrestricted(), max_detour_s=300))
        day = problem(trip("a", 2, 3, max_ride_s=460), trip("b", 2, 5), shift(), settings=pooled)
        assert refusal(day, "+a +b -b -a") == (Rule.POOLING, "a", 500 - 400)

    def test_a_ride_that_cannot_begin_later(self):
        """a must board by 200 and be at most 300 s on board, but its clinic opens at 1000."""
        day = problem(trip("a", stop(2, 0, 200), stop(5, earliest=1000), max_ride_s=300), shift())
        assert refusal(day, "+a -a") == (Rule.MAX_RIDE_TIME, "a", 500)

    def test_back_too_late(self):
        day = problem(trip("a", 2, 5), shift(end_s=900))
        assert refusal(day, "+a -a") == (Rule.SHIFT, "s", 100)

    def test_stops_and_driving_alone_last_too_long(self):
        day = problem(trip("a", stop(2, service=20), 5), shift(max_duration_s=1000))
        assert refusal(day, "+a -a") == (Rule.DURATION, "s", 20)

    def test_waiting_makes_it_too_long(self):
        """The pickup closes at 300 and the drop-off opens at 1000: gone from 100 to 1500."""
        day = problem(
            trip("a", stop(2, 0, 300), stop(5, earliest=1000)), shift(max_duration_s=1350)
        )
        assert refusal(day, "+a -a") == (Rule.DURATION, "s", 50)

    def test_leaving_later_keeps_the_longest_duty(self):
        day = problem(
            trip("a", stop(2, 0, 300), stop(5, earliest=1000)), shift(max_duration_s=1400)
        )
        answer = route(day, "+a -a")
        assert (answer.leave_s, answer.return_s) == (100, 1500)

    def test_one_seat_too_few(self):
        day = problem(
            trip("a", 2, 5),
            trip("b", 3, 5),
            shift(configurations=(Load(seats=1),)),
            settings=SHARED,
        )
        assert refusal(day, "+a +b -a -b") == (Rule.CAPACITY, "b", 0)
        assert starts(timed(day, "+a -a +b -b")) == [200, 500, 700, 900]

    def test_a_place_of_another_kind(self):
        day = problem(trip("a", 2, 5, load=Load(wheelchairs=1)), shift())
        assert refusal(day, "+a -a") == (Rule.CAPACITY, "a", 0)

    def test_two_configurations_do_not_add_up(self):
        van = (Load(seats=2), Load(wheelchairs=2))
        chair = trip("a", 2, 5, load=Load(wheelchairs=1))
        day = problem(chair, trip("b", 3, 5), shift(configurations=van), settings=SHARED)
        assert refusal(day, "+a +b -a -b") == (Rule.CAPACITY, "b", 0)

    def test_skills(self):
        sick = trip("a", 2, 5, needs=frozenset({"oxygen"}))
        assert refusal(problem(sick, shift()), "+a -a") == (Rule.SKILLS, "a", 0)
        able = shift(capabilities=frozenset({"oxygen", "stairs"}))
        assert starts(timed(problem(sick, able), "+a -a")) == [200, 500]

    def test_an_excluded_driver(self):
        day = problem(trip("a", 2, 5, excluded_drivers=frozenset({"Ds"})), shift())
        assert refusal(day, "+a -a") == (Rule.EXCLUDED_DRIVER, "a", 0)

    def test_pinned_elsewhere(self):
        day = problem(trip("a", 2, 5, pinned_shift="r"), shift(), shift("r"))
        assert refusal(day, "+a -a") == (Rule.PINNED, "a", 0)
        assert starts(timed(day, "+a -a", by="r")) == [200, 500]

    def test_begun_elsewhere(self):
        day = problem(trip("a", 2, 5), shift(), shift("r", committed=visits("+a")))
        assert refusal(day, "+a -a") == (Rule.FREEZE_TIME, "a", 0)
        assert starts(timed(day, "+a -a", by="r")) == [200, 500]

    def test_what_has_begun_comes_first(self):
        day = problem(trip("a", 2, 5), trip("b", 2, 5), shift(committed=visits("+a")))
        assert refusal(day, "+b -b +a -a") == (Rule.FREEZE_TIME, "s", 0)

    def test_what_has_begun_is_a_fact_whoever_drives(self):
        rude = trip("a", 2, 5, excluded_drivers=frozenset({"Ds"}), needs=frozenset({"oxygen"}))
        assert starts(timed(problem(rude, shift(committed=visits("+a"))), "+a -a")) == [200, 500]

    def test_not_together(self):
        day = problem(trip("a", 2, 5), trip("b", 2, 5), shift())
        assert refusal(day, "+a +b -a -b") == (Rule.POOLING, "b", 0)

    def test_too_many_trips(self):
        names = ("a", "b", "c")
        day = problem(*(trip(name, 2, 5) for name in names), shift(max_trips=1))
        assert refusal(day, "+a -a +b -b +c -c") == (Rule.WORKLOAD_CAP, "s", 2)

    @pytest.mark.parametrize("text", ["-a +a", "+a", "-a", "+a -a +a -a", "+a +a -a -a"])
    def test_a_passenger_boards_once_and_then_alights_once(self, text):
        assert refusal(problem(trip("a", 2, 5), shift()), text) == (Rule.SEQUENCE, "a", 0)

    def test_strangers(self):
        day = problem(trip("a", 2, 5), shift())
        with pytest.raises(InvalidPlanError, match="no break lunch"):
            timed(day, "~lunch")
        with pytest.raises(InvalidPlanError, match="unknown trip: z"):
            timed(day, "+z -z")


class TestLimitsThatPull:
    """With windows of 10^9 seconds a schedule that crept up second by second would never end."""

    @pytest.mark.timeout(5)
    def test_two_rides_over_cross(self):
        """a (limit 1000) waits for b's pickup, b (limit 1000) for a's drop-off: 10^8 apart."""
        a = trip("a", stop(2, 0, FAR), stop(5, 10**8, FAR), max_ride_s=1000)
        b = trip("b", stop(3, 0, FAR), stop(5, 2 * 10**8, FAR), max_ride_s=1000)
        day = problem(a, b, shift(end_s=FAR), settings=SHARED)
        answer = starts(route(day, "+a +b -a -b"))
        assert answer == [199_998_900, 199_999_000, 199_999_200, 200_000_000]

    @pytest.mark.timeout(5)
    def test_duty_too_short_for_the_way_however_late_it_begins(self):
        day = problem(
            trip("a", stop(2, 0, FAR), stop(5, 0, FAR)), shift(end_s=FAR, max_duration_s=999)
        )
        assert refusal(day, "+a -a") == (Rule.DURATION, "s", 1)

    @pytest.mark.timeout(5)
    def test_duty_against_a_wait_that_no_lift_can_shorten(self):
        a = trip("a", stop(2, 0, 10**6), stop(5, 0, FAR))
        b = trip("b", stop(2, 10**8, FAR), stop(5, 0, FAR))
        day = problem(a, b, shift(end_s=FAR, max_duration_s=10**6))
        rule, where, _ = refusal(day, "+a -a +b -b")
        assert (rule, where) == (Rule.DURATION, "s")

    @pytest.mark.timeout(5)
    def test_a_ride_whose_lift_pushes_another_over_its_window(self):
        """a, on board until 1 000 200 because of b, boards from 999 200 on; c boards at the same place after it."""
        a = trip("a", stop(2, 0, FAR), stop(5, 0, FAR), max_ride_s=1000)
        b = trip("b", stop(3, 10**6, FAR), stop(4, 0, FAR))
        c = trip("c", stop(2, 0, 900_000), stop(5, 0, FAR), max_ride_s=FAR)
        day = problem(a, b, c, shift(end_s=FAR), settings=SHARED)
        assert refusal(day, "+a +c +b -b -a -c") == (Rule.TIME_WINDOW, "c", 99_200)

    @pytest.mark.timeout(5)
    def test_a_ride_that_another_ones_lift_makes_too_long(self):
        a = trip("a", stop(2, 0, FAR), stop(5, 0, FAR), max_ride_s=1000)
        b = trip("b", stop(3, 10**6, FAR), stop(4, 0, FAR))
        c = trip("c", stop(2, 0, 900_000), stop(5, 0, FAR), max_ride_s=2000)
        day = problem(a, b, c, shift(end_s=FAR), settings=SHARED)
        assert refusal(day, "+a +c +b -b -a -c") == (Rule.MAX_RIDE_TIME, "c", 98_200)


def order_of(problem: Problem, data: st.DataObject) -> tuple[Shift, tuple[Visit, ...]]:
    worker = data.draw(st.sampled_from(problem.shifts))
    return worker, data.draw(orders(problem, worker))


class TestLaws:
    @law
    @given(problems(), st.data())
    def test_a_schedule_is_found_exactly_when_bellman_and_ford_find_one(self, day, data):
        worker, order = order_of(day, data)
        network = network_of(day)
        s = network.shift_index[worker.id]
        sequence = network.sequence(worker, order)
        layout = lay_out(network, s, sequence)
        least = least_starts(network, s, layout, sequence)
        truth = least_times(day, worker, order)
        assert isinstance(least, Broken) == (truth is None)
        if not isinstance(least, Broken) and truth is not None:
            assert least == truth.starts

    @law
    @given(problems(max_trips=3), st.data())
    def test_its_times_keep_every_constraint(self, day, data):
        worker, order = order_of(day, data)
        network = network_of(day)
        s = network.shift_index[worker.id]
        timing = timing_of(network, s, network.sequence(worker, order))
        if not isinstance(timing, Broken):
            assert solves(day, worker, order, Times(timing.starts, timing.leave, timing.back))
            assert timing.waiting == sum(timing.starts) - sum(timing.arrivals) >= 0

    @law
    @given(problems(), st.data())
    def test_a_route_is_refused_exactly_when_brute_force_refuses_it(self, day, data):
        worker, order = order_of(day, data)
        answer = time_route(day, worker, order)
        assert isinstance(answer, Refusal) != feasible(day, worker, order)

    @law
    @given(problems(), st.data())
    def test_boarding_late_moves_only_pickups_and_lengthens_no_ride(self, day, data):
        worker, order = order_of(day, data)
        network = network_of(day)
        s = network.shift_index[worker.id]
        sequence = network.sequence(worker, order)
        layout = lay_out(network, s, sequence)
        least = least_starts(network, s, layout, sequence)
        if isinstance(least, Broken):
            return
        late = list(least)
        board_late(network, sequence, layout, late)
        for node, before, after in zip(sequence, least, late, strict=True):
            is_pickup = node >= 0 and not node & 1
            slides = is_pickup and day.trips[node >> 1].ready_s is None
            assert after >= before if slides else after == before
        for pickup, dropoff, _ in layout.rides:
            assert late[dropoff] - late[pickup] <= least[dropoff] - least[pickup]

    @law
    @given(problems(), st.data())
    def test_a_refusal_for_time_says_how_much_is_missing(self, day, data):
        worker, order = order_of(day, data)
        answer = time_route(day, worker, order)
        timely = {Rule.TIME_WINDOW, Rule.SHIFT, Rule.DURATION, Rule.MAX_RIDE_TIME}
        if isinstance(answer, Refusal) and answer.rule in timely:
            assert answer.amount > 0
