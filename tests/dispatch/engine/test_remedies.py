from __future__ import annotations

import pytest

from dispatch.engine.explain import unassigned_reason
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Load, Problem
from dispatch.engine.remedies import ADVICE, advice_sentence
from dispatch.enums import Rule
from tests.dispatch.engine.builders import pause, plan, problem, shift, stop, trip, visits

EMPTY = Plan(routes=())


def advice(day: Problem, going: Plan = EMPTY) -> str:
    return unassigned_reason(day, going, "a").advice


def needing(text: str):
    return {"needs": frozenset(text.split())}


@pytest.mark.parametrize(
    ("late_s", "expected"),
    [(1, "later:1"), (60, "later:1"), (61, "later:2"), (300, "later:5"), (901, "later:16"),
     (1_801, "later:31"), (3_541, "later:60"), (3_600, "later:60")],
)  # fmt: skip
def test_the_smallest_delay_that_works_is_advised_to_the_minute(late_s, expected):
    # The pickup is 5 000 s away at the earliest; its window ends late_s before that.
    day = problem(trip("a", stop(1, 0, 5_000 - late_s), 2), shift(start_s=4_900))
    assert advice(day) == expected


def test_more_than_an_hour_late_is_no_matter_of_minutes():
    day = problem(trip("a", stop(1, 0, 1_399), 2), shift(start_s=4_900))
    # The pickup is ready at 0: away from the base at −100, at town 2 by 100, home by 300.
    assert advice(day) == "at_that_hour:/-120/300"


def test_an_appointment_is_kept_by_an_earlier_pickup():
    # 200 s of way, but the window leaves only 100 s between pickup and appointment: 2 min more are needed.
    day = problem(trip("a", stop(1, 1_000, 1_100), stop(3, 0, 1_100)), shift())
    assert advice(day) == "earlier:2"


def test_an_arrival_alone_moves_where_the_driver_comes_late():
    # At town 1 at 5 000 at the earliest, in the window; 200 s on it is 5 200, 100 s after the appointment.
    day = problem(trip("a", stop(1, 0, 5_000), stop(3, 0, 5_100)), shift(start_s=4_900))
    assert advice(day) == "arrival_later:2"


def test_of_two_moves_the_smaller_one_is_advised():
    # b leaves town 1 at 1 000 and the vehicle is back there at 1 800, 15 min late for a. Before b, a from 850 on
    # brings it back at 1 050, 50 s late: a minute earlier is enough.
    day = problem(
        trip("a", stop(1, 850, 900), 2),
        trip("b", stop(1, 1_000, 1_000), stop(5, 0, 1_400)),
        shift(),
    )
    assert advice(day, plan(day, s="+b -b")) == "earlier:1"


def test_an_arrival_that_must_move_moves_both_ends():
    day = problem(trip("a", stop(1, 0, 4_900), stop(3, 0, 5_100)), shift(start_s=4_900))
    assert advice(day) == "all_later:2"


def test_a_driver_who_leaves_early_wants_both_ends_earlier():
    # On duty until 1 100; ready at 900 in town 1, in town 2 at 1 000, home at 1 200: 100 s too late.
    day = problem(trip("a", stop(1, 900, 950), stop(2, 1_000, 1_100)), shift(end_s=1_100))
    assert advice(day) == "all_earlier:2"


def test_times_are_moved_beside_the_route_as_it_stands():
    day = problem(
        trip("a", stop(1, 100, 300), 2),
        trip("b", stop(1, 100, 100), stop(5, 500, 500)),
        shift(),
    )
    going = plan(day, s="+b -b")
    item = unassigned_reason(day, going, "a")
    # Before b it would make b 200 s late, and b's times stay; after b the vehicle is back at town 1 at
    # 900, 600 s late: that is what the trip must give way by.
    assert (item.reason, item.amount, item.advice) == (Rule.TIME_WINDOW, 600, "later:10")


def test_one_more_trip_for_a_full_shift():
    day = problem(
        trip("a", 1, 2),
        trip("b", 1, 2),
        shift("s", max_trips=1),
        shift("r", max_trips=0, end_s=200),
    )
    assert advice(day, plan(day, s="+b -b")) == "cap:s"
    # Neither is the cap alone to blame when the hours would not do.
    short = problem(trip("a", 1, 2), shift("r", max_trips=0, end_s=200))
    assert advice(short).startswith("at_that_hour:/")


def test_a_pinned_trip_may_be_freed():
    day = problem(
        trip("a", 1, 2, **needing("oxygen"), pinned_shift="s"),
        shift("s"),
        shift("q"),
        shift("r", capabilities=frozenset({"oxygen"})),
    )
    item = unassigned_reason(day, EMPTY, "a")
    assert (item.reason, item.advice) == (Rule.SKILLS, "unpin:r")


def test_a_pinned_trip_that_nobody_else_can_take_either_is_told_what_would_help_once_it_is_free():
    day = problem(trip("a", 1, 2, **needing("oxygen"), pinned_shift="s"), shift("s"), shift("r"))
    assert advice(day) == "freed_able:oxygen/0/420"
    item = unassigned_reason(day, EMPTY, "a")
    assert advice_sentence(item) == (
        "Release it from its driver first. "
        "One more shift with what it needs (oxygen), on duty from 00:00 to 00:07, can take it."
    )
    assert advice_sentence(item, "fr").startswith("La libérer d’abord de son chauffeur. Un ")


def test_a_pinned_trip_may_go_to_another_at_another_time():
    # r is at town 9 by 700, 100 s late; s is not on duty before the evening.
    day = problem(
        trip("a", stop(9, 0, 600), 8, pinned_shift="s"),
        shift("s", start_s=8_000),
        shift("r", start_location=2),
    )
    assert advice(day) == "freed_later:2"


def test_what_nobody_could_do_is_not_the_pins_fault():
    day = problem(trip("a", stop(0, 5_000, 5_000), stop(9, 0, 1_200), pinned_shift="s"), shift())
    assert advice(day) == "check_times"


def test_one_more_shift_of_the_same_kind():
    # Each trip holds the vehicle from 100 to 4 100, over an hour.
    day = problem(*(trip(name, stop(1, 100, 100), stop(1, 4_100, 4_100)) for name in "ab"), shift())
    assert advice(day, plan(day, s="+b -b")) == "one_more_shift:s"


def test_another_driver_where_the_only_one_is_excluded():
    day = problem(trip("a", 1, 2, excluded_drivers=frozenset({"Ds"})), shift())
    assert advice(day) == "other_driver:s"


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        (Load(wheelchairs=1), "room:wheelchair"),
        (Load(stretchers=1, seats=1), "room:seat,stretcher"),
        (Load(seats=1, folded_chairs=1), "room:seat,folded_chair"),
    ],
)
def test_a_vehicle_with_the_places_and_the_minutes_it_is_needed(load, expected):
    # At town 1 at 3 000, so away from the base at 2 900; at town 2 by 3 100, home by 3 300: whole minutes.
    day = problem(trip("a", stop(1, 3_000, 3_050), 2, load=load), shift())
    assert advice(day) == f"{expected}/2880/3300"


def test_a_place_is_not_what_is_missing_where_the_vehicle_has_it():
    # The break must begin before the trip and lasts the day, on an empty vehicle too.
    day = problem(
        trip("a", stop(1, 1_000, 1_000), stop(2, 1_100, 1_100)),
        shift(breaks=(pause("p", 0, 150, lasts=9_000),)),
    )
    assert advice(day) == "at_that_hour:/900/1320"


def test_a_shift_with_the_skills_named_by_what_the_likeliest_lacks():
    day = problem(
        trip("a", 1, 2, **needing("oxygen ramp stairs")),
        shift("r"),
        shift("s", capabilities=frozenset({"ramp"})),
    )
    assert advice(day) == "able:oxygen,stairs/0/420"


def test_skills_and_places_are_told_together():
    day = problem(trip("a", 1, 2, **needing("ramp"), load=Load(wheelchairs=1)), shift())
    assert advice(day) == "able:ramp,wheelchair/0/420"


def test_a_trip_at_night_needs_a_shift_at_night():
    day = problem(trip("a", stop(1, 50_000, 50_600), 2), shift(breaks=(pause("p", 4_000, 5_000),)))
    item = unassigned_reason(day, EMPTY, "a")
    # Away from the base at 49 900 to be at town 1 at 50 000; home by 50 300.
    assert (item.reason, item.advice) == (Rule.SHIFT, "at_that_hour:/49860/50340")


def test_what_not_even_an_empty_vehicle_can_do_is_a_mistake_in_the_booking():
    # Ready at 5 000, but due 900 s away at 1 200.
    day = problem(trip("a", stop(0, 5_000, 5_000), stop(9, 0, 1_200)), shift())
    assert advice(day) == "check_times"


def test_a_shift_with_committed_visits_and_no_route_yet_still_owes_them():
    day = problem(
        trip("a", stop(1, 100, 300), 2),
        trip("b", stop(1, 100, 100), stop(5, 500, 500)),
        shift(committed=visits("+b -b")),
    )
    assert advice(day) == "later:10"


@pytest.mark.parametrize(
    ("text", "en", "fr"),
    [
        ("", "", ""),
        (
            "later:10",
            "With a pickup up to 10 min later it can be planned.",
            "Avec une prise en charge jusqu’à 10 min plus tard, elle peut être planifiée.",
        ),
        (
            "able:oxygen,wheelchair/29400/33300",
            "One more shift with what it needs (oxygen, wheelchair), on duty from 08:10 to 09:15, can take it.",
            "Un service de plus avec ce qu’il lui faut (oxygène, fauteuil roulant), de 08:10 à 09:15, peut la prendre.",
        ),
        ("fits:S", "<S> can take it.", "<S> peut la prendre."),
        (
            "check_times",
            "Not even an empty vehicle could do it: check its times and places.",
            "Même un véhicule vide ne pourrait pas : vérifier ses heures et ses lieux.",
        ),
        ("locate", "Place the address on the map.", "Situer l’adresse sur la carte."),
    ],
)
def test_advice_in_words(text, en, fr):
    item = Unassigned(trip="a", reason=Rule.SHIFT, advice=text)

    def label(reference: str) -> str:
        return f"<{reference}>"

    assert advice_sentence(item, label=label) == en
    assert advice_sentence(item, "fr", label=label) == fr


@pytest.mark.parametrize("key", sorted(ADVICE))
def test_every_advice_speaks(key):
    detail = "ramp/0/60" if key in {"room", "able", "at_that_hour"} else "5"
    item = Unassigned(trip="a", reason=Rule.SHIFT, advice=f"{key}:{detail}")
    assert "{" not in advice_sentence(item) + advice_sentence(item, "fr")
    assert not advice_sentence(item).startswith("Advice of an earlier version")


def test_the_clock_of_the_caller_tells_the_hours():
    item = Unassigned(trip="a", reason=Rule.SHIFT, advice="at_that_hour:/60/120")
    assert (
        advice_sentence(item, clock=str) == "A suitable shift on duty from 60 to 120 can take it."
    )


@pytest.mark.parametrize(
    "text", ["teleport", "teleport:5", "later:soon", "later", "room:ramp", "at_that_hour"]
)
def test_advice_of_another_version_is_said_to_be_so(text):
    item = Unassigned(trip="a", reason=Rule.SHIFT, advice=text)
    assert advice_sentence(item).startswith("Advice of an earlier version")
    assert advice_sentence(item, "fr").startswith("Conseil d’une version antérieure")


def test_a_pin_is_lifted_beside_the_routes_as_they_stand():
    """Shift s cannot be there in time, t carries b at that very moment, u is free."""
    day = problem(
        trip("a", stop(9, 1_000, 1_000), 8, pinned_shift="s"),
        trip("b", stop(1, 1_000, 1_000), 9),
        shift("s", start_s=500),
        shift("t"),
        shift("u"),
    )
    assert advice(day, plan(day, t="+b -b")) == "unpin:u"
