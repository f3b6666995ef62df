from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.engine.construct import construct
from dispatch.engine.cost import score
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.explain import (
    fill_reasons,
    unassigned_reason,
    unassigned_sentence,
    why_not,
    why_not_each,
    why_this_driver,
)
from dispatch.engine.insertion import try_insertion
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Load, Pooling, Problem, Weights
from dispatch.engine.schedule import Refusal
from dispatch.engine.sentences import FIXED, UNASSIGNED
from dispatch.enums import Rule
from tests.dispatch.engine.builders import (
    FREE,
    PLAIN,
    large_day,
    pause,
    plan,
    problem,
    route,
    shift,
    stop,
    trip,
    visits,
)

DRIVEN = replace(FREE, driving_per_s=1)
FAR = shift("r", start_location=9, end_location=9)
EMPTY = Plan(routes=())


def priced(*parts, weights: Weights = DRIVEN, **rest) -> Problem:
    return problem(*parts, settings=replace(PLAIN, weights=weights), **rest)


def keys(reasons) -> list[tuple[str, int]]:
    return [(reason.key, reason.amount) for reason in reasons]


# Why this driver


def test_the_nearer_driver_is_the_better_choice():
    # From town 0: 100 + 200 + 300; from town 9: 800 + 200 + 600.
    day = priced(trip("a", 1, 3), shift(), FAR)
    reasons = why_this_driver(day, plan(day, s="+a -a"), "a")
    assert keys(reasons) == [("cheapest", 1_000), ("driving", 1_000)]
    assert [reason.sentence() for reason in reasons] == [
        "s is the best choice: with r the plan would cost 1000 points more.",
        "With s, 17 min less driving than with r.",
    ]
    assert reasons[1].sentence("fr", label=str.upper) == (
        "Avec S, 17 min de route de moins qu’avec R."
    )


def test_a_choice_made_against_the_price_is_not_called_the_best():
    day = priced(trip("a", 1, 3), shift(), FAR)
    reasons = why_this_driver(day, plan(day, r="+a -a"), "a")
    assert keys(reasons) == [("dearer", 1_000), ("driving", 1_000)]
    assert reasons[0].sentence() == "r costs 1000 points more than s would."
    assert reasons[1].sentence() == "With s, 17 min less driving than with r."


def test_two_equal_shifts_are_equally_good():
    day = priced(trip("a", 1, 3), shift("s"), shift("r"))
    assert keys(why_this_driver(day, plan(day, s="+a -a"), "a")) == [("as_good", 0)]


def test_what_speaks_for_each_side_is_said_the_weightiest_first():
    weights = replace(DRIVEN, not_preferred_driver=1_500, emergency_shift=5_000)
    day = priced(
        trip("a", 1, 3, preferred_drivers=frozenset({"Dr"})),
        shift(is_emergency=True),
        FAR,
        weights=weights,
    )
    reasons = why_this_driver(day, plan(day, r="+a -a"), "a")
    assert keys(reasons) == [
        ("cheapest", 5_500),
        ("emergency", 5_000),
        ("preferred", 1_500),
        ("driving", 1_000),
    ]
    assert reasons[1].sentence() == "s is an emergency driver, called last."
    assert reasons[3].sentence() == "With s, 17 min less driving than with r."


def test_a_linked_trip_a_lighter_load_and_the_plan_in_force_speak_too():
    weights = replace(
        FREE, not_same_driver=900, fairness_per_trip_squared=36, moved_to_other_driver=600
    )
    day = priced(
        trip("out", 1, 3),
        trip("back", 3, 1, same_driver_as="out"),
        shift("s", recent_trips=3),
        shift("r"),
        weights=weights,
        drivers_in_force=(("back", "Ds"),),
    )
    going = plan(day, s="+out -out +back -back")
    reasons = why_this_driver(day, going, "back")
    # s with both trips 36 × (5² − 3²) × 28 800 s / 10 000 s = 1658; s with one 725 and r with one 103.
    assert dict(keys(reasons)) == {
        "cheapest": 900 + 600 - 830,
        "same_driver": 900,
        "stability": 600,
        "fairness": 830,
    }
    by_key = {reason.key: reason.sentence() for reason in reasons}
    assert by_key["fairness"] == "r has had less work lately than s."


def test_minutes_on_board_are_told_as_minutes_whatever_they_cost():
    weights = replace(FREE, excess_ride_per_s=3)
    day = priced(
        trip("a", 1, 5),
        trip("b", stop(2, 200, 200), 3),
        shift("s"),
        shift("r"),
        weights=weights,
    )
    shared = replace(day, settings=replace(day.settings, pooling=Pooling.unrestricted()))
    served = route(shared, "+a +b -b -a")
    lingering = replace(
        served,
        visits=(
            *served.visits[:3],
            replace(served.visits[3], start_s=served.visits[3].start_s + 120),
        ),
    )
    reasons = why_this_driver(shared, Plan(routes=(lingering,)), "a")
    assert keys(reasons) == [("dearer", 360), ("excess_ride", 120)]
    assert reasons[1].sentence() == "With r, patients are on board 2 min less than with s."


def test_the_only_shift_that_can_is_told_with_the_nearest_that_cannot():
    day = problem(
        trip("a", 1, 3, needs=frozenset({"oxygen"})),
        shift("s", capabilities=frozenset({"oxygen"})),
        shift("r"),
        shift("q", capabilities=frozenset({"oxygen"}), end_s=590),
    )
    reasons = why_this_driver(day, plan(day, s="+a -a"), "a")
    assert keys(reasons) == [("only", 0), (Rule.SHIFT, 10)]
    assert reasons[0].sentence() == "Nobody but s can take this trip."
    assert reasons[1].sentence() == (
        "q is on duty until 00:09 at the latest, 1 min too early for this trip."
    )


def test_a_company_of_one_shift_has_nobody_to_compare():
    day = problem(trip("a", 1, 3), shift())
    assert keys(why_this_driver(day, plan(day, s="+a -a"), "a")) == [("only", 0)]


def test_facts_and_peoples_decisions_come_before_prices():
    begun = priced(trip("a", 1, 3), shift(committed=visits("+a")), FAR)
    assert keys(why_this_driver(begun, plan(begun, s="+a -a"), "a")) == [("begun", 0)]
    fixed = priced(trip("a", 1, 3, pinned_shift="s"), shift(), FAR)
    assert keys(why_this_driver(fixed, plan(fixed, s="+a -a"), "a")) == [("pinned", 0)]


def test_a_trip_without_driver_has_none_to_explain():
    with pytest.raises(InvalidPlanError, match="no driver"):
        why_this_driver(problem(trip("a", 1, 3), shift()), EMPTY, "a")


def woven() -> tuple[Problem, Plan]:
    """The break must begin at 500 and b at 800 in town 5: only who drives a is there in time."""
    day = problem(
        trip("a", 5, 5),
        trip("b", stop(5, 800, 800), 5),
        shift(breaks=(pause("p", 500, 500),)),
        FAR,
    )
    return day, plan(day, s="+a -a ~p +b -b")


def test_a_trip_that_holds_its_shift_together():
    day, going = woven()
    assert keys(why_this_driver(day, going, "a")) == [("woven", 0)]
    answer = why_not(day, going, "a", "r")
    assert (answer.added_cost, keys(answer.reasons)) == (None, [("woven", 0)])
    assert answer.refusal is not None


# Why not


def test_a_refusal_names_its_rule_and_what_is_lacking():
    day = problem(trip("a", 1, 3, needs=frozenset({"oxygen", "ramp"})), shift())
    answer = why_not(day, EMPTY, "a", "s")
    assert answer.refusal is not None
    assert (answer.refusal.rule, answer.added_cost) == (Rule.SKILLS, None)
    assert answer.reasons[0].sentence() == "s lacks what this trip needs: oxygen, ramp."
    assert answer.reasons[0].sentence("fr") == (
        "s n’a pas ce que demande cette course : oxygène, rampe."
    )


def test_a_refusal_for_time_counts_the_minutes():
    day = problem(trip("a", stop(9, 0, 600), 8), shift())
    answer = why_not(day, EMPTY, "a", "s")
    assert keys(answer.reasons) == [(Rule.TIME_WINDOW, 300)]
    assert "5 min" in answer.reasons[0].sentence("fr")


def test_an_unassigned_trip_that_fits_costs_what_it_adds():
    day = priced(trip("a", 1, 3), shift())
    answer = why_not(day, EMPTY, "a", "s")
    assert (answer.refusal, answer.added_cost) == (None, 600)
    assert answer.reasons[0].sentence() == "s can take this trip: 10 min more driving."


def test_a_move_is_compared_with_the_plan_as_it_stands():
    day = priced(trip("a", 1, 3), shift(), FAR)
    going = plan(day, s="+a -a")
    answer = why_not(day, going, "a", "r")
    assert (answer.refusal, answer.added_cost) == (None, 1_000)
    assert keys(answer.reasons) == [("cheapest", 1_000), ("driving", 1_000)]
    back = why_not(day, plan(day, r="+a -a"), "a", "s")
    assert (back.added_cost, keys(back.reasons)[0]) == (-1_000, ("dearer", 1_000))


def test_a_trip_that_is_there_already_stays():
    day = priced(trip("a", 1, 3), shift())
    answer = why_not(day, plan(day, s="+a -a"), "a", "s")
    assert (answer.refusal, answer.added_cost, keys(answer.reasons)) == (None, 0, [("there", 0)])


def test_a_trip_that_has_begun_does_not_change_vehicles():
    day = priced(trip("a", 1, 3), shift(committed=visits("+a")), FAR)
    answer = why_not(day, plan(day, s="+a -a"), "a", "r")
    assert keys(answer.reasons) == [(Rule.FREEZE_TIME, 0)]


@pytest.mark.parametrize(("trip_id", "shift_id"), [("ghost", "s"), ("a", "ghost")])
def test_strangers_are_refused(trip_id, shift_id):
    with pytest.raises(InvalidPlanError, match="unknown"):
        why_not(problem(trip("a", 1, 3), shift()), EMPTY, trip_id, shift_id)


def said(day: Problem, going: Plan = EMPTY, shift_id: str = "s", trip_id: str = "a") -> str:
    (reason,) = why_not(day, going, trip_id, shift_id).reasons
    return reason.sentence(label=str.upper)


def test_a_shift_that_has_not_begun_yet_says_from_when():
    # At a (town 1) by 600; on duty from 7200, there 100 s later.
    assert said(problem(trip("a", stop(1, 0, 600), 3), shift(start_s=7_200))) == (
        "S is on duty from 02:00 at the earliest, 112 min too late for this trip."
    )


def test_the_clock_of_the_caller_tells_the_hour():
    day = problem(trip("a", 1, 3), shift(end_s=590))
    (reason,) = why_not(day, EMPTY, "a", "s").reasons
    assert "until 590 at" in reason.sentence(clock=str)
    assert "jusqu’à 590 au" in reason.sentence("fr", clock=str)


def test_a_vehicle_that_never_has_the_place_is_told_apart_from_one_that_is_full():
    chair = Load(wheelchairs=1)
    day = problem(trip("a", 1, 3, load=chair), shift())
    assert said(day) == "S drives a vehicle without the places that this trip needs."
    crowded = problem(
        trip("a", stop(2, 200, 200), stop(9, 4_900, 4_900), load=chair),
        trip("b", stop(1, 100, 100), stop(9, 5_000, 5_000), load=chair),
        shift(configurations=(chair,)),
    )
    assert said(crowded, plan(crowded, s="+b -b")) == (
        "S has no place free in the vehicle for this trip at that time."
    )


def test_another_trip_that_would_suffer_is_named():
    day = problem(trip("a", stop(8, 700, 900), 9), trip("b", stop(1, 900, 1_000), 2), shift())
    # With a first: at 8 by 800, at 9 by 900, at 1 by 1700.
    assert said(day, plan(day, s="+b -b")) == "With this trip, S would be 12 min late for trip B."
    assert said(problem(trip("a", stop(9, 0, 600), 8), shift())) == (
        "S would be 5 min too late for this trip."
    )


def test_the_points_of_a_move_add_up_to_what_it_costs():
    dear = {"not_preferred_driver": 1_500, "emergency_shift": 5_000, "overtime_per_s": 5}
    weights = replace(DRIVEN, used_shift=70, **dear)
    day = priced(
        trip("a", 1, 3, preferred_drivers=frozenset({"Dr"})),
        trip("b", 1, 3),
        shift(is_emergency=True, rostered_end_s=480),  # s would be back at 600
        FAR,
        weights=weights,
    )
    answer = why_not(day, plan(day, r="+a -a +b -b"), "a", "s")
    assert answer.added_cost == sum(reason.points for reason in answer.reasons)
    points = {reason.key: reason.points for reason in answer.reasons}
    assert (points["emergency"], points["preferred"], points["used_shifts"]) == (5_000, 1_500, 70)
    (over,) = (reason for reason in answer.reasons if reason.key == "overtime")
    assert (over.points, over.sentence()) == (5 * 120, "With r, 2 min less overtime than with s.")


def test_every_other_shift_answers_as_if_asked_alone():
    day = priced(trip("a", 1, 3), trip("b", 3, 1), shift(), FAR, shift("q", max_trips=0))
    going = plan(day, s="+a -a")
    each = why_not_each(day, going, "a")
    assert each == {name: why_not(day, going, "a", name) for name in ("r", "q")}
    assert set(why_not_each(day, going, "b")) == {"s", "r", "q"}
    with pytest.raises(InvalidPlanError, match="unknown"):
        why_not_each(day, going, "ghost")


# Why nobody


def left(day: Problem, going: Plan = EMPTY) -> Unassigned:
    return unassigned_reason(day, going, "a")


def test_skills_nobody_has():
    day = problem(trip("a", 1, 3, needs=frozenset({"oxygen"})), shift("s"), shift("r"))
    assert (left(day).reason, left(day).advice) == (Rule.SKILLS, "able:oxygen/0/600")


def test_the_rule_nearest_to_success_is_named_with_its_smallest_shortfall():
    day = problem(
        trip("a", stop(9, 0, 600), 8, needs=frozenset({"oxygen"})),
        shift("s"),  # lacks the skill
        shift("r", capabilities=frozenset({"oxygen"})),  # 300 s late
        shift("q", capabilities=frozenset({"oxygen"}), start_location=2),  # 100 s late
    )
    item = left(day)
    assert (item.reason, item.amount, item.shift, item.advice) == (
        Rule.TIME_WINDOW,
        120,
        "q",
        "later:2",
    )
    assert unassigned_sentence(item, label=str.upper) == (
        "Nobody can keep the times. With Q, windows 2 min wider at both ends would do."
    )
    assert unassigned_sentence(item, "fr") == (
        "Personne ne peut tenir les heures. "
        "Avec q, des plages plus larges de 2 min de chaque côté suffiraient."
    )


def test_an_excluded_driver_who_could_not_carry_the_patient_is_not_the_obstacle():
    unable = trip("a", 1, 3, needs=frozenset({"oxygen"}), excluded_drivers=frozenset({"Ds"}))
    assert left(problem(unable, shift())).reason is Rule.SKILLS
    seated = trip("a", 1, 3, load=Load(stretchers=1), excluded_drivers=frozenset({"Ds"}))
    assert left(problem(seated, shift())).reason is Rule.CAPACITY
    able = trip("a", 1, 3, excluded_drivers=frozenset({"Ds"}))
    assert left(problem(able, shift())).reason is Rule.EXCLUDED_DRIVER


def test_a_vehicle_with_no_place_free_is_nearer_than_one_that_never_has_any():
    day = problem(
        trip("a", 1, 3, load=Load(wheelchairs=1)),
        shift("s"),
        shift("r", configurations=(Load(wheelchairs=1),), max_trips=0),
    )
    assert left(day).reason is Rule.WORKLOAD_CAP


def test_a_full_vehicle_is_told_apart_from_vehicles_that_are_always_too_small():
    chair = Load(wheelchairs=1)
    wanted = trip("a", stop(2, 200, 200), stop(9, 4_900, 4_900), load=chair)
    ridden = trip("b", stop(1, 100, 100), stop(9, 5_000, 5_000), load=chair)
    full = problem(wanted, ridden, shift(configurations=(chair,)))
    item = left(full, plan(full, s="+b -b"))
    assert (item.reason, item.amount, item.shift) == (Rule.CAPACITY, 0, "s")
    assert unassigned_sentence(item) == (
        "No suitable vehicle has a place free when the trip needs it."
    )
    small = problem(wanted, shift("s"), shift("r", configurations=(Load(seats=2),)))
    item = left(small)
    assert (item.reason, item.amount, item.shift) == (Rule.CAPACITY, 1, "r")
    assert unassigned_sentence(item) == (
        "No vehicle on duty that day has the places this trip needs, not even empty."
    )
    assert unassigned_sentence(item, "fr").endswith("même vide.")


def test_with_no_shift_nobody_is_on_duty():
    item = left(problem(trip("a", 1, 3)))
    assert (item.reason, item.amount, item.advice) == (Rule.SHIFT, 0, "")
    assert unassigned_sentence(item) == "No shift is on duty."
    assert unassigned_sentence(item, "fr") == "Aucun service n’est en fonction."


def test_a_trip_that_fits_after_all_says_where():
    item = left(priced(trip("a", 1, 3), FAR, shift()))
    assert (item.reason, item.advice) == (Rule.COVERAGE, "fits:s")


def test_a_pinned_trip_is_judged_on_its_own_shift():
    day = problem(
        trip("a", stop(9, 0, 600), 8, pinned_shift="s"), shift("s"), shift("r", start_location=9)
    )
    item = left(day)
    assert (item.reason, item.amount, item.advice) == (Rule.TIME_WINDOW, 300, "unpin:r")
    assert (item.shift, item.is_pinned) == ("s", True)
    assert unassigned_sentence(item, label=str.upper) == (
        "It is fixed with S, who cannot keep the times. "
        "With S, windows 5 min wider at both ends would do."
    )


def test_a_pinned_trip_is_told_nothing_of_the_others():
    # r, where it could be with 1 min more, was not asked: the pin is a person's word.
    day = problem(
        trip("a", stop(9, 0, 600), 8, pinned_shift="s"),
        shift("s", start_s=8_000),
        shift("r", start_location=2, start_s=-40),
    )
    item = left(day)
    assert (item.reason, item.amount, item.shift) == (Rule.SHIFT, 0, "s")
    assert unassigned_sentence(item) == (
        "It is fixed with s, who is not on duty at the right time for long enough."
    )


def test_a_pinned_trip_in_a_vehicle_that_is_always_too_small():
    day = problem(trip("a", 1, 3, load=Load(seats=6), pinned_shift="s"), shift())
    item = left(day)
    assert (item.reason, item.amount, item.shift) == (Rule.CAPACITY, 2, "s")
    assert unassigned_sentence(item, "fr") == (
        "Elle est fixée avec s, dont le véhicule n’a pas les places qu’il lui faut, même vide."
    )


def test_a_number_of_an_earlier_version_is_not_told():
    item = Unassigned(trip="a", reason=Rule.SHIFT, amount=540)
    assert unassigned_sentence(item) == (
        "No suitable shift is on duty at the right time for long enough."
    )


@pytest.mark.parametrize("reason", sorted(UNASSIGNED))
@pytest.mark.parametrize(("amount", "shift_id"), [(0, ""), (60, ""), (0, "s"), (60, "s")])
def test_every_reason_speaks(reason, amount, shift_id):
    item = Unassigned(trip="a", reason=reason, amount=amount, shift=shift_id)
    assert "{" not in unassigned_sentence(item) + unassigned_sentence(item, "fr")


@pytest.mark.parametrize("reason", sorted(FIXED))
@pytest.mark.parametrize("amount", [0, 60])
def test_every_reason_of_a_pinned_trip_names_its_shift(reason, amount):
    item = Unassigned(trip="a", reason=reason, amount=amount, shift="s", is_pinned=True)
    assert "fixed with S" in unassigned_sentence(item, label=str.upper)
    assert "fixée avec S" in unassigned_sentence(item, "fr", label=str.upper)


def test_reasons_are_filled_for_every_trip_nobody_drives():
    day = problem(
        trip("a", 1, 3),
        trip("b", 1, 3, needs=frozenset({"oxygen"})),
        trip("c", 1, 3, load=Load(stretchers=1)),
        shift(breaks=(pause("p", 0, 9_000),)),
    )
    going = replace(
        plan(day, s="+a -a ~p"), unassigned=(Unassigned(trip="b", reason=Rule.COVERAGE),)
    )
    filled = fill_reasons(day, going)
    assert filled.routes == going.routes
    assert [(u.trip, u.reason) for u in filled.unassigned] == [
        ("b", Rule.SKILLS),
        ("c", Rule.CAPACITY),
    ]


@pytest.mark.slow
def test_on_a_crowded_day_every_reason_is_true_and_every_choice_can_be_explained():
    day = large_day(seed=3, trips=60, shifts=4)
    going = fill_reasons(day, construct(day))
    assert going.unassigned  # four shifts cannot carry sixty patients
    for item in going.unassigned:
        answers = [try_insertion(day, going, item.trip, s.id) for s in day.shifts]
        rules = {answer.rule for answer in answers if isinstance(answer, Refusal)}
        assert len(answers) == sum(isinstance(answer, Refusal) for answer in answers)
        assert item.reason in rules
    for planned in list(going.shift_of)[:10]:
        assert why_this_driver(day, going, planned)
        for other in day.shifts:
            answer = why_not(day, going, planned, other.id)
            assert (answer.refusal is None) == (answer.added_cost is not None)
    assert score(day, going).total > 0
