from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.best_fits import Difference, best_fits
from dispatch.engine.change import Give
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.impact import Impact, Impossible, impact
from dispatch.enums import Rule
from tests.dispatch.engine.builders import problem, shift, stop, trip, visits
from tests.dispatch.engine.impact_days import days_in_force, in_force
from tests.dispatch.engine.strategies import law

EIGHT_H = 28_800
DAY = problem(
    trip("a", 4, 5),
    trip("b", 5, 4),
    shift("far", end_s=EIGHT_H),
    shift("near", start_location=4, end_location=4, end_s=EIGHT_H),
    shift("late", start_s=20_000, end_s=EIGHT_H),
    shift("full", max_trips=0),
)


def test_the_cheapest_come_first_with_what_tells_them_apart():
    """near: 100 s out and 100 home, 60 points of fairness; far: 400 + 100 + 500; late as far, from 20 000 on."""
    found = best_fits(DAY, in_force(DAY), "a")
    assert [fit.shift for fit in found.fits] == ["near", "far", "late"]
    assert [fit.impact.points for fit in found.fits] == [260, 1_060, 1_000 + 60 * 28_800 // 8_800]
    best, second, _ = found.fits
    assert second.against(best) == Difference(
        points=800, metres=8_000, driving_s=800, moved_s=0, people=0, gap=0
    )


def test_no_more_than_asked_for():
    assert [fit.shift for fit in best_fits(DAY, in_force(DAY), "a", n=1).fits] == ["near"]


def test_who_cannot_says_why():
    refusals = best_fits(DAY, in_force(DAY), "a").refusals
    assert {shift: one.rule for shift, one in refusals.items()} == {"full": Rule.WORKLOAD_CAP}


def test_its_own_driver_is_one_of_them():
    kept = in_force(DAY, near="+a -a")
    own = best_fits(DAY, kept, "a").fits[0]
    assert (own.shift, own.impact.points, own.impact.moves) == ("near", 0, ())


def test_what_has_begun_goes_to_nobody_else():
    day = problem(trip("a", 4, 5), shift(committed=visits("+a -a")), shift("r"))
    found = best_fits(day, in_force(day, s="+a -a"), "a")
    assert found.fits == ()
    assert {shift: one.rule for shift, one in found.refusals.items()} == {"r": Rule.FREEZE_TIME}


def test_nobody_can():
    day = problem(trip("a", stop(5, 0, 10), 6), shift())
    found = best_fits(day, in_force(day), "a")
    assert (found.fits, found.refusals["s"].rule) == ((), Rule.TIME_WINDOW)


def test_a_stranger():
    with pytest.raises(InvalidPlanError, match="unknown"):
        best_fits(DAY, in_force(DAY), "x")


@law
@given(days_in_force(), st.data())
def test_each_says_what_giving_it_there_says(started, data):
    day, kept = started
    name = data.draw(st.sampled_from(sorted(day.trip_by_id)))
    found = best_fits(day, kept, name)
    assert [fit.impact.points for fit in found.fits] == sorted(
        fit.impact.points for fit in found.fits
    )
    for fit in found.fits:
        assert fit.impact == impact(day, kept, [Give(trip=name, shift=fit.shift)])
    for shift_id, refusal in found.refusals.items():
        answer = impact(day, kept, [Give(trip=name, shift=shift_id)])
        assert isinstance(answer, Impossible)
        assert answer.refusal == refusal
    if len(found.fits) < 3 and found.fits:
        others = {fit.shift for fit in found.fits} | found.refusals.keys()
        assert others == day.shift_by_id.keys()
    assert all(isinstance(fit.impact, Impact) for fit in found.fits)
