from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.network import Network, Rows, boarding, network_of, retimed
from dispatch.engine.problem import Load, Pooling, Settings, Shift, Trip, Visit, middle_s
from dispatch.enums import Rule, VisitKind
from tests.dispatch.engine.builders import line, pause, problem, shift, stop, trip, visits
from tests.dispatch.engine.strategies import law, problems


class TestNumbers:
    DAY = problem(trip("a", 2, 5), trip("b", 3, 4), shift(breaks=(pause("rest", 0, 900),)))

    def test_visits_have_numbers_and_back(self):
        network, worker = network_of(self.DAY), self.DAY.shifts[0]
        order = visits("~rest +b +a -a -b")
        assert network.sequence(worker, order) == [~0, 2, 0, 1, 3]
        assert tuple(network.visit(worker, node) for node in (~0, 2, 0, 1, 3)) == order
        assert boarding([~0, 2, 0, 1, 3]) == [1, 0]

    @pytest.mark.parametrize(
        "visit", [Visit("lunch", VisitKind.BREAK), Visit("z", VisitKind.PICKUP)]
    )
    def test_strangers_have_none(self, visit):
        with pytest.raises(InvalidPlanError, match=visit.id):
            network_of(self.DAY).node(visit, self.DAY.shifts[0])

    def test_tables_are_made_once(self):
        assert network_of(self.DAY) is network_of(self.DAY)


class TestTables:
    @law
    @given(problems())
    def test_legs_are_those_of_the_problem(self, day):
        network = network_of(day)
        ends = [end for asked in day.trips for end in (asked.pickup, asked.dropoff)]
        for a, here in enumerate(ends):
            for s, worker in enumerate(day.shifts):
                assert network.from_base[s][a] == day.leg_s(None, here, worker)
                assert network.to_base[s][a] == day.leg_s(here, None, worker)
            for b, there in enumerate(ends):
                leg = day.leg_s(here, there, day.shifts[0])
                assert network.drive[a][b] == leg
                is_next = a % 2 == 1 and b % 2 == 0 and here.location != there.location
                margin = day.settings.transition_margin_s if is_next else 0
                assert network.empty_drive[a][b] == leg + margin

    def test_ways_are_shared_by_days_of_the_same_stops_alone(self):
        """Other places, another margin or another hour have ways of their own."""
        roads = line(traffic=(1000, 2000))
        day = problem(trip("a", 2, 5), trip("b", 3, 4), travel=roads)
        early = {"earliest_s": 0, "latest_s": 600}
        others = [
            problem(trip("a", 2, 5), trip("b", 4, 4), travel=roads),
            problem(trip("a", 2, 5), trip("b", 3, 4), trip("c", 9, 1), travel=roads),
            replace(day, settings=replace(day.settings, transition_margin_s=7)),
            problem(
                replace(day.trips[0], dropoff=replace(day.trips[0].dropoff, **early)),
                day.trips[1],
                travel=roads,
            ),
            day,
        ]
        before = Network(day)
        assert Network(replace(day, shifts=(shift(),))).drive[1] is before.drive[1]
        for other in others:
            fresh = replace(other, travel=line(traffic=(1000, 2000)))
            for node in range(2 * len(other.trips)):
                assert Network(other).drive[node] == Network(fresh).drive[node]
                assert Network(other).empty_drive[node] == Network(fresh).empty_drive[node]
        assert before.drive[1] == Network(day).drive[1]
        assert Network(others[3]).drive[1] != before.drive[1]

    def test_prices_of_drivers(self):
        """b wishes another driver, a is the driver's own so far; a stranger to the day is nobody's."""
        mine, other = shift("s"), shift("t")
        day = problem(
            trip("a", 2, 5),
            trip("b", 3, 4, preferred_drivers=frozenset({"Dt"})),
            mine,
            other,
            drivers_in_force=(("a", "Ds"), ("gone", "Ds")),
        )
        weights, network = day.settings.weights, network_of(day)
        assert network.not_preferred == [[0, weights.not_preferred_driver], [0, 0]]
        assert network.moved == [[0, 0], [weights.moved_to_other_driver, 0]]

    @law
    @given(problems())
    def test_who_may_share_is_what_the_problem_says(self, day):
        network = network_of(day)
        for i, a in enumerate(day.trips):
            assert network.share_mask[i] >> i & 1
            for j, b in enumerate(day.trips):
                if i != j:
                    assert bool(network.share_mask[i] >> j & 1) == day.may_share(a, b)

    def test_traffic_is_that_of_the_stop_left(self):
        asked = trip("a", stop(2, 3600, 3600), stop(5, 7200, 7200))
        day = problem(asked, shift(), travel=line(traffic=(1000, 1500, 2000)))
        network = network_of(day)
        assert network.drive[0][1] == 450
        assert network.drive[1][0] == 600
        assert (network.from_base[0][0], network.to_base[0][1]) == (300, 1000)
        assert (network.direct, network.ride_limit) == ([450], [1_000_000])

    def test_companions_are_known_from_both_ends(self):
        a, b = trip("a", 2, 5), trip("b", 5, 2, same_driver_as="a")
        day = problem(a, b, trip("c", 1, 2, same_driver_as="gone"), shift())
        network = network_of(day)
        assert network.companions == [(1,), (0,), ()]
        assert network.paired == [0, 1]

    def test_a_vehicle_holds_two_loads_if_one_configuration_does(self):
        van = shift(configurations=(Load(seats=3), Load(seats=1, wheelchairs=1)))
        network = network_of(problem(trip("a", 2, 5), van))
        for _ in range(2):  # asked and remembered
            assert network.has_room(0, Load(seats=1), Load(wheelchairs=1))
            assert not network.has_room(0, Load(seats=2), Load(wheelchairs=1))


class TestRefused:
    def verdict(self, **rest: Any) -> Rule | None:
        day = problem(trip("a", 2, 5, **rest), shift(), shift("r"))
        return network_of(day).refused[0][0]

    def test_nothing_speaks_against_it(self):
        assert self.verdict(preferred_drivers=frozenset({"Dr"})) is None

    def test_the_first_rule_that_does(self):
        assert self.verdict(pinned_shift="r") is Rule.PINNED
        assert self.verdict(excluded_drivers=frozenset({"Ds"})) is Rule.EXCLUDED_DRIVER
        assert self.verdict(needs=frozenset({"stairs"})) is Rule.SKILLS
        assert self.verdict(load=Load(folded_chairs=1)) is Rule.CAPACITY
        assert self.verdict(pinned_shift="r", needs=frozenset({"stairs"})) is Rule.PINNED

    def test_what_has_begun_is_a_fact(self):
        day = problem(trip("a", 2, 5, pinned_shift="r"), shift(committed=visits("+a")), shift("r"))
        assert network_of(day).refused == [[None], [Rule.FREEZE_TIME]]

    def test_without_pooling_everyone_rides_alone(self):
        day = problem(trip("a", 2, 5), trip("b", 2, 5), shift())
        assert network_of(day).share_mask == [0b01, 0b10]
        pooled = problem(*day.trips, *day.shifts, settings=Settings(pooling=Pooling.unrestricted()))
        assert network_of(pooled).share_mask == [0b11, 0b11]


class TestAnotherTrip:
    TABLES = (
        "stops", "earliest", "latest", "service", "permille", "drive", "empty_drive", "ride_limit",
        "direct", "from_base", "to_base", "share_mask", "refused",
    )  # fmt: skip

    @law
    @given(problems(), st.data())
    def test_its_tables_are_those_of_a_day_made_anew(self, day, data):
        """Whatever its times and its pin become; and the tables it came from stay as they were."""
        network, fresh = network_of(day), Network(day)
        i = data.draw(st.integers(0, len(day.trips) - 1))
        by_s = data.draw(st.sampled_from((-3_600, 0, 300, 7_200)))
        asked = day.trips[i]
        ends = {
            name: replace(end, earliest_s=end.earliest_s + by_s, latest_s=end.latest_s + by_s)
            for name, end in (("pickup", asked.pickup), ("dropoff", asked.dropoff))
        }
        changed = replace(asked, pinned_shift=None, **ends)
        trips = (*day.trips[:i], changed, *day.trips[i + 1 :])
        anew, cheap = Network(replace(day, trips=trips)), network.with_trip(i, changed)
        for table in self.TABLES:
            assert rows(cheap, table) == rows(anew, table), table
            assert rows(network, table) == rows(fresh, table), table
        kept = network_of(retimed(day, changed))
        assert kept.problem == anew.problem
        assert all(rows(kept, table) == rows(anew, table) for table in self.TABLES)


class TestUnhurried:
    FAR_S = 500_000

    @law
    @given(problems(), st.data())
    def test_its_tables_are_those_of_a_day_with_no_end_of_windows(self, day, data):
        """For the trips and the shifts that are named; the tables it came from stay as they were."""
        day = replace(day, trips=tuple(clocked(trip) for trip in day.trips))
        network, fresh = network_of(day), Network(day)
        trips = data.draw(st.sets(st.sampled_from([trip.id for trip in day.trips])))
        shifts = data.draw(st.sets(st.sampled_from([shift.id for shift in day.shifts])))
        open_ended = replace(
            day,
            trips=tuple(self._open_ended(t) if t.id in trips else t for t in day.trips),
            shifts=tuple(self._going_on(s) if s.id in shifts else s for s in day.shifts),
        )
        anew, cheap = Network(open_ended), network.unhurried(trips, shifts, until_s=self.FAR_S)
        for table in TestAnotherTrip.TABLES[1:]:  # stops say what was promised
            assert rows(cheap, table) == rows(anew, table), table
            assert rows(network, table) == rows(fresh, table), table
        assert cheap.problem.shifts == open_ended.shifts

    def _open_ended(self, trip: Trip) -> Trip:
        pickup, dropoff = (replace(end, latest_s=self.FAR_S) for end in (trip.pickup, trip.dropoff))
        return replace(trip, pickup=pickup, dropoff=dropoff, max_ride_s=self.FAR_S)

    def _going_on(self, shift: Shift) -> Shift:
        return replace(shift, end_s=shift.end_s + self.FAR_S, breaks=())


def clocked(trip: Trip) -> Trip:
    """With the hour of its stops written down."""
    pickup, dropoff = (replace(end, clock_s=middle_s(end)) for end in (trip.pickup, trip.dropoff))
    return replace(trip, pickup=pickup, dropoff=dropoff)


def rows(network: Network, table: str) -> Any:
    """The whole table, those included that are made row by row."""
    found = getattr(network, table)
    return [found[node] for node in range(len(network.stops))] if isinstance(found, Rows) else found
