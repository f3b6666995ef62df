from __future__ import annotations

from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.intervals import bootstrap, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I, method 3 (score)
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_against_published_intervals(successes, trials, low, high):
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_a_perfect_record_is_no_certainty():
    low, high = wilson(10, 10)
    assert low == pytest.approx(0.7225, abs=5e-5)
    assert high == 1.0


@given(st.integers(1, 2_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_mirrors(case):
    successes, trials = case
    low, high = wilson(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    mirrored = wilson(trials - successes, trials)
    assert (1 - high, 1 - low) == pytest.approx(mirrored)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 2)])
def test_what_is_no_share_is_refused(successes, trials):
    with pytest.raises(ValueError, match="Not a share"):
        wilson(successes, trials)


@pytest.mark.parametrize("days", [[], [3.0]])
def test_one_day_says_nothing_about_the_next(days):
    assert bootstrap(days, fmean, Random(1)) is None


def test_equal_days_leave_no_doubt_and_the_seed_decides():
    assert bootstrap([2.0, 2.0, 2.0], fmean, Random(1)) == (2.0, 2.0)
    days = [1.0, 5.0, 2.0, 8.0]
    assert bootstrap(days, fmean, Random(1)) == bootstrap(days, fmean, Random(1))


def test_the_bootstrap_of_many_days_comes_near_the_normal_interval():
    rng = Random(3)
    days = [rng.gauss(10, 2) for _ in range(100)]
    interval = bootstrap(days, fmean, Random(4))
    assert interval is not None
    half = 1.96 * 2 / 100**0.5
    assert interval[0] == pytest.approx(fmean(days) - half, abs=0.1)
    assert interval[1] == pytest.approx(fmean(days) + half, abs=0.1)
