from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from dispatch.engine.intervals import wilson
from dispatch.engine.kpi import KPIS, Kpi, KpiValue, Target, Unit, mean, middle, rate, ratio


def share(verdicts: Sequence[bool | None], *, is_predicted: bool = False) -> KpiValue:
    return rate(Kpi.PICKUP_ON_TIME, verdicts, is_predicted=is_predicted)


def test_a_share_stands_with_its_counts_and_its_interval():
    value = share([True] * 9 + [False] + [None] * 2)
    assert value.value == 0.9
    assert (value.numerator, value.denominator, value.excluded) == (9, 10, 2)
    assert value.interval == wilson(9, 10)
    assert value.is_measurable
    assert value.coverage == pytest.approx(10 / 12)


@pytest.mark.parametrize(
    ("known", "missing", "shown"),
    [(8, 2, True), (79, 21, False), (80, 20, True), (0, 3, False), (1, 0, True)],
)
def test_nothing_is_shown_below_eighty_percent_of_the_timestamps(known, missing, shown):
    value = share([True] * known + [None] * missing)
    assert value.is_measurable is shown
    assert (value.value is not None) is shown
    assert (value.interval is not None) is shown
    assert value.excluded == missing


def test_nothing_to_count_is_neither_good_nor_missing():
    value = share([])
    assert value.is_empty
    assert not value.is_measurable
    assert (value.value, value.interval, value.is_on_target) == (None, None, None)
    assert (value.text(), value.text("fr")) == ("nothing to count", "rien à compter")


@pytest.mark.parametrize(
    ("value", "en", "fr"),
    [
        (share([True] * 77 + [False] * 3), "96.2 %", "96,2 %"),
        (share([True] * 63 + [None] * 37), "not measurable, 63 % of timestamps", "non mesurable, 63 % des horodatages"),
        (share([True] * 799 + [None] * 201), "not measurable, 79 % of timestamps", "non mesurable, 79 % des horodatages"),
        (mean(Kpi.MEAN_DELAY, [[1.0, 2.5]], rng=Random(1), is_predicted=False), "1.8 min", "1,8 min"),
        (mean(Kpi.FAIRNESS_GINI, [[0.126]], rng=Random(1), is_predicted=False), "0.13", "0,13"),
        (mean(Kpi.FAIRNESS_GAP, [[2.0]], rng=Random(1), is_predicted=False), "2.0 trips", "2,0 courses"),
        (mean(Kpi.FAIRNESS_DRIVING_GAP, [[255.6]], rng=Random(1), is_predicted=False), "256 min", "256 min"),
        (mean(Kpi.QUALITY_SCORE, [[94.12]], rng=Random(1), is_predicted=False), "94.1", "94,1"),
    ],
)  # fmt: skip
def test_values_in_words(value, en, fr):
    assert value.text() == en
    assert value.text("fr") == fr


def test_a_predicted_number_says_so_in_its_name():
    value = share([True], is_predicted=True)
    assert value.name() == "pickup on-time rate (predicted)"
    assert value.name("fr") == "ponctualité prise en charge (prévu)"
    assert replace(value, is_predicted=False).name("fr") == "ponctualité prise en charge"


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (Target(0.95), 0.95, True),
        (Target(0.95), 0.9499, False),
        (Target(3, is_least=False), 3, True),
        (Target(3, is_least=False), 3.01, False),
    ],
)
def test_a_target_is_met_at_its_bound(target, value, met):
    assert target.is_met_by(value) is met


def test_on_target_needs_a_target_and_a_value():
    assert share([True]).is_on_target is True
    assert share([False]).is_on_target is False
    assert rate(Kpi.NO_SHOW, [True], is_predicted=False).is_on_target is None


def test_a_mean_over_days_weighs_cases_not_days():
    value = mean(Kpi.MEAN_DELAY, [[0.0, 0.0, 0.0], [4.0, None]], rng=Random(1), is_predicted=False)
    assert value.value == 1.0
    assert (value.numerator, value.denominator, value.counted, value.excluded) == (4, 4, 4, 1)
    assert value.interval == (0.0, 4.0)  # two days: either may be drawn twice


def test_one_day_alone_gives_no_interval():
    assert mean(Kpi.MEAN_DELAY, [[1.0], []], rng=Random(1), is_predicted=False).interval is None


def test_a_ratio_divides_sums():
    value = ratio(
        Kpi.PRODUCTIVITY,
        [[(4.0, 2.0), (2.0, 1.0)], [(1.0, 4.0)]],
        rng=Random(1),
        is_predicted=False,
    )
    assert value.value == 1.0
    assert (value.numerator, value.denominator, value.counted) == (7, 7, 3)


def test_a_ratio_over_nothing_is_empty():
    value = ratio(Kpi.PRODUCTIVITY, [[(0.0, 0.0)]], rng=Random(1), is_predicted=False)
    assert value.is_empty
    assert value.value is None


def test_a_median_over_days():
    value = middle(
        Kpi.RETURN_WAIT_MEDIAN,
        [[10.0, 90.0, 20.0], [30.0], [None]],
        rng=Random(1),
        is_predicted=False,
    )
    assert value.value == 25.0
    assert (value.counted, value.excluded) == (4, 1)
    assert value.interval is not None
    low, high = value.interval
    assert 20.0 <= low <= 25.0 <= high <= 30.0


def test_no_case_has_no_median():
    value = middle(Kpi.RETURN_WAIT_MEDIAN, [[], []], rng=Random(1), is_predicted=False)
    assert (value.value, value.interval, value.is_empty) == (None, None, True)


def test_every_row_is_defined_and_targets_stand_as_in_the_dictionary():
    assert set(KPIS) == set(Kpi)
    bounds = {key: row.target.bound for key, row in KPIS.items() if row.target is not None}
    assert bounds == {
        Kpi.QUALITY_SCORE: 92,
        Kpi.PICKUP_ON_TIME: 0.95,
        Kpi.APPOINTMENT_ON_TIME: 0.95,
        Kpi.RETURN_WAIT: 0.85,
        Kpi.RETURN_WAIT_LONG: 0.95,
        Kpi.MEAN_DELAY: 3,
        Kpi.RIDE_COMPLIANCE: 1,
        Kpi.EXCESS_RIDE: 0.95,
        Kpi.ASSIGNMENT_RATE: 0.99,
        Kpi.FAIRNESS_GAP: 1,
        Kpi.ALARM_RATE: 1,
    }
    assert all(isinstance(row.unit, Unit) for row in KPIS.values())
