"""What a person wrote becomes routes: orders that were not given, breaks that were not, and what is odd."""

from __future__ import annotations

from dispatch.engine.handmade import HandPlan, HandRoute, HandTrips, Odd, Oddity, Written, written
from dispatch.engine.least_late import HandVisit
from dispatch.engine.problem import Pooling, Problem, Settings
from tests.dispatch.engine.builders import pause, problem, shift, spell, stop, trip, visits

SHARED = Settings(pooling=Pooling.unrestricted(), transition_margin_s=0)


def stops(text: str, *, by: str = "s") -> HandRoute:
    return HandRoute(shift=by, visits=tuple(HandVisit(visit=visit) for visit in visits(text)))


def whom(*trips: str, by: str = "s") -> HandTrips:
    return HandTrips(shift=by, trips=trips)


def read(day: Problem, *parts: HandRoute | HandTrips, left: tuple[str, ...] = ()) -> Written:
    return written(day, HandPlan(routes=parts, left=left))


def spelled(found: Written) -> list[str]:
    return [spell(route) for route in found.routes]


class TestAnOrderThatIsNotGiven:
    def test_is_the_planners_where_one_works(self):
        """a and b wait at one door at one time: together, as the insertion finds it."""
        day = problem(
            trip("b", stop(1, 100, 200), stop(5, 0, 700)),
            trip("a", stop(1, 100, 150), stop(5, 0, 700)),
            shift(),
            settings=SHARED,
        )
        assert spelled(read(day, whom("b", "a"))) == ["+b +a -b -a"]

    def test_is_that_of_the_hours_where_none_does(self):
        """Three at once in a vehicle that takes them one by one: a fits, the rest follows by the hour."""
        at_once = [trip(name, stop(1, 100, 200 + k), 5) for k, name in enumerate("abc")]
        day = problem(trip("z", stop(1, 3000, 3300), 2), *at_once, shift())
        assert spelled(read(day, whom("z", "c", "b", "a"))) == ["+a -a +b -b +c -c +z -z"]

    def test_keeps_what_the_shift_has_begun_first(self):
        day = problem(trip("a", 5, 6), trip("b", 1, 2), shift(committed=visits("+a")))
        assert spelled(read(day, whom("b", "a"))) == ["+a -a +b -b"]
        assert spelled(read(day, whom("b"))) == ["+b -b"]

    def test_is_found_even_where_what_has_begun_cannot_be_kept(self):
        day = problem(trip("a", stop(5, 0, 100), 6), trip("b", 1, 2), shift(committed=visits("+a")))
        assert spelled(read(day, whom("b", "a"))) == ["+a -a +b -b"]

    def test_may_come_in_two_parts(self):
        day = problem(trip("a", 1, 2), trip("b", 3, 4), shift())
        assert spelled(read(day, stops("+b -b"), whom("a"))) == ["+b -b +a -a"]


class TestBreaks:
    def test_of_trips_that_fit_are_the_planners(self):
        day = problem(trip("a", 1, 2), shift(breaks=(pause("lunch", 0, 5000),)))
        assert sorted(spelled(read(day, whom("a")))[0].split()) == ["+a", "-a", "~lunch"]

    def test_that_are_not_written_come_where_they_make_nobody_later(self):
        day = problem(
            trip("a", stop(1, 100, 100), 2),
            trip("b", stop(3, 2000, 2000), 4),
            shift(breaks=(pause("lunch", 300, 5000),)),
        )
        assert spelled(read(day, stops("+a -a +b -b"))) == ["+a -a ~lunch +b -b"]

    def test_that_would_make_somebody_later_stay_out(self):
        day = problem(
            trip("a", stop(1, 100, 100), stop(2, 200, 200)),
            shift(end_s=400, breaks=(pause("lunch", 0, 5000),)),
        )
        assert spelled(read(day, stops("+a -a"))) == ["+a -a"]

    def test_are_not_added_to_times_of_a_person(self):
        day = problem(trip("a", 1, 2), shift(breaks=(pause("lunch", 0, 5000),)))
        timed = HandRoute(
            shift="s",
            visits=tuple(HandVisit(visit=visit, at_s=900) for visit in visits("+a -a")),
        )
        assert spelled(read(day, timed)) == ["+a -a"]

    def test_that_are_written_stay_where_they_are(self):
        day = problem(trip("a", 1, 2), shift(breaks=(pause("lunch", 0, 5000),)))
        assert spelled(read(day, stops("+a ~lunch -a"))) == ["+a ~lunch -a"]

    def test_a_break_that_makes_the_tour_too_long_is_left_out(self):
        """400 s out and home and 300 of tea; 300 more of lunch would be 1000 of the 800 allowed."""
        breaks = (pause("tea", 0, 5000), pause("lunch", 0, 5000, mandatory=False))
        day = problem(trip("a", 1, 2), shift(max_duration_s=800, breaks=breaks))
        assert spelled(read(day, stops("+a -a ~tea"))) == ["+a -a ~tea"]

    def test_never_come_while_somebody_is_never_set_down_or_before_what_has_begun(self):
        lunch = (pause("lunch", 0, 5000),)
        day = problem(trip("a", 1, 2), shift(breaks=lunch, committed=visits("+a")))
        assert spelled(read(day, stops("+a"))) == ["+a"]
        assert spelled(read(day, stops("+a -a"))) == ["+a -a ~lunch"]

    def test_of_a_shift_that_drives_nobody_are_nobodys_business(self):
        day = problem(trip("a", 1, 2), shift(breaks=(pause("lunch", 0, 5000),)))
        assert spelled(read(day, stops("-a"))) == ["-a"]


class TestWhatIsOdd:
    DAY = problem(
        trip("a", 1, 2), trip("b", 3, 4), shift(), shift("r", breaks=(pause("r1", 0, 9),))
    )

    def test_what_the_day_does_not_know_is_left_aside_and_named(self):
        found = read(
            self.DAY, stops("+x -a"), whom("y", "b", by="r"), stops("~tea", by="r"), whom(by="q")
        )
        assert spelled(found) == ["-a", "~r1 +b -b"]
        assert found.oddities == (
            Oddity(kind=Odd.UNKNOWN_TRIP, trip="x"),
            Oddity(kind=Odd.UNKNOWN_TRIP, trip="y"),
            Oddity(kind=Odd.UNKNOWN_BREAK, shift="r", other="tea"),
            Oddity(kind=Odd.UNKNOWN_SHIFT, shift="q"),
        )

    def test_what_stands_twice_is_done_once(self):
        found = read(self.DAY, stops("+a -a +a"), whom("a", "b", by="r"), stops("~r1 ~r1", by="r"))
        assert spelled(found) == ["+a -a", "+b -b ~r1"]
        assert found.oddities == (
            Oddity(kind=Odd.TWICE, shift="s", other="a"),
            Oddity(kind=Odd.TWICE, shift="r", other="a"),
            Oddity(kind=Odd.TWICE, shift="r", other="r1"),
        )

    def test_half_a_trip_is_not_driven_again_as_a_whole(self):
        found = read(self.DAY, stops("-a"), whom("a", by="r"))
        assert spelled(found) == ["-a", ""]
        assert found.oddities == (Oddity(kind=Odd.TWICE, shift="r", other="a"),)

    def test_who_is_left_knowingly_is_no_stranger_and_not_driven(self):
        found = read(self.DAY, whom("a"), left=("b", "a", "b", "x"))
        assert found.left == ("b",)
        assert found.oddities == (
            Oddity(kind=Odd.LEFT_AND_DRIVEN, trip="a", shift="s"),
            Oddity(kind=Odd.UNKNOWN_TRIP, trip="x"),
        )

    def test_each_has_its_sentence_in_both_languages(self):
        names = {"s": "Ana"}.get
        odd = Oddity(kind=Odd.TWICE, shift="s", other="b7")
        said = odd.sentence("en", label=lambda name: names(name) or name)
        assert said == "b7 stands in the plan twice: what is written for shift Ana is left aside."
        for kind in Odd:
            assert Oddity(kind=kind).sentence("fr") != Oddity(kind=kind).sentence()
