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
    why_this_driver,
)
from dispatch.engine.insertion import try_insertion
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Load, Pooling, Problem, Weights
from dispatch.engine.schedule import Refusal
from dispatch.engine.sentences import UNASSIGNED
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
        "Shift s is the best choice, 1000 points before shift r.",
        "Shift s: 17 min less driving than with shift r.",
    ]
    assert reasons[1].sentence("fr", label=str.upper) == (
        "Service S : 17 min de route de moins qu’avec le service R."
    )


def test_a_choice_made_against_the_price_is_not_called_the_best():
    day = priced(trip("a", 1, 3), shift(), FAR)
    reasons = why_this_driver(day, plan(day, r="+a -a"), "a")
    assert keys(reasons) == [("dearer", 1_000), ("driving", 1_000)]
    assert reasons[0].sentence() == "Shift r costs 1000 points more than shift s would."
    assert reasons[1].sentence() == "Shift s: 17 min less driving than with shift r."


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
    assert reasons[1].sentence() == "Shift s is an emergency shift, used last."
    assert reasons[3].sentence() == "Shift s: 17 min less driving than with shift r."


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
    assert by_key["fairness"] == (
        "The driver of shift r has had less work over the window than that of shift s."
    )


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
    assert reasons[1].sentence() == "Shift r: patients are on board 2 min less than with shift s."


def test_the_only_shift_that_can_is_told_with_the_nearest_that_cannot():
    day = problem(
        trip("a", 1, 3, needs=frozenset({"oxygen"})),
        shift("s", capabilities=frozenset({"oxygen"})),
        shift("r"),
        shift("q", capabilities=frozenset({"oxygen"}), end_s=590),
    )
    reasons = why_this_driver(day, plan(day, s="+a -a"), "a")
    assert keys(reasons) == [("only", 0), (Rule.SHIFT, 10)]
    assert reasons[0].sentence() == "No shift but s can take trip a."
    assert reasons[1].sentence() == (
        "With trip a, shift q would work 1 min beyond its hours of duty."
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
    assert answer.reasons[0].sentence() == "Shift s lacks what trip a needs: oxygen, ramp."
    assert answer.reasons[0].sentence("fr") == (
        "Il manque au service s ce que demande la course a : oxygène, rampe."
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
    assert answer.reasons[0].sentence() == "Shift s can take trip a: 10 min more driving."


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


# Why nobody


def left(day: Problem, going: Plan = EMPTY) -> Unassigned:
    return unassigned_reason(day, going, "a")


def test_skills_nobody_has():
    day = problem(trip("a", 1, 3, needs=frozenset({"oxygen"})), shift("s"), shift("r"))
    assert (left(day).reason, left(day).advice) == (Rule.SKILLS, "able:oxygen")


def test_the_rule_nearest_to_success_is_named_with_its_smallest_shortfall():
    day = problem(
        trip("a", stop(9, 0, 600), 8, needs=frozenset({"oxygen"})),
        shift("s"),  # lacks the skill
        shift("r", capabilities=frozenset({"oxygen"})),  # 300 s late
        shift("q", capabilities=frozenset({"oxygen"}), start_location=2),  # 100 s late
    )
    item = left(day)
    assert (item.reason, item.amount, item.advice) == (Rule.TIME_WINDOW, 100, "later:5")
    assert unassigned_sentence(item) == (
        "Nobody can keep the times: the nearest shift lacks 2 min."
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
    lacking = replace(day, shifts=(day.shifts[0], shift("q", capabilities=frozenset())))
    assert left(lacking).reason is Rule.CAPACITY


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


@pytest.mark.parametrize("reason", sorted(UNASSIGNED))
def test_every_reason_speaks(reason):
    item = Unassigned(trip="a", reason=reason, amount=61)
    assert "{" not in unassigned_sentence(item) + unassigned_sentence(item, "fr")


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
