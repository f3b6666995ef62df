"""The quality score of a day: its terms, their weights, and what becomes of those nobody can measure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.engine.kpi import Kpi
from dispatch.engine.quality import QualitySettings, QualityWeights
from dispatch.engine.records import DayRecord, InvalidRecordsError
from dispatch.enums import BookingStatus
from tests.dispatch.engine.kpi_days import MISSED, called, came, day, gaps, measured, record


def perfect(name: str = "2026-03-02") -> DayRecord:
    return day(
        replace(came(0), appointment_s=40_000, arrived_dropoff_s=39_000, boarded_s=36_100,
                alighted_s=39_000, direct_s=2_900, max_ride_s=3_600),
        called(10, alighted_s=38_000, direct_s=1_400, max_ride_s=3_600),
        name=name,
        fairness=gaps(0),
    )  # fmt: skip


def test_a_day_on_which_all_went_well_scores_a_hundred():
    value = measured(perfect())[Kpi.QUALITY_SCORE]
    assert value.value == pytest.approx(100)
    assert value.is_on_target


def test_each_term_takes_its_weight():
    late = replace(came(16), appointment_s=40_000, arrived_dropoff_s=40_001, boarded_s=36_100,
                   alighted_s=40_001, direct_s=2_900, max_ride_s=3_600)  # fmt: skip
    terms = {
        "rides nobody timed": (day(came(16), perfect().trips[0], perfect().trips[1], fairness=gaps(0)), None),
        "gap of two": (replace(perfect(), fairness=gaps(2)), 97.5),
        "gap of nine": (replace(perfect(), fairness=gaps(9)), 95),
        "wait": (day(perfect().trips[0], replace(perfect().trips[1], ready_s=30_000), fairness=gaps(0)), 85),
        "unmet": (
            day(*perfect().trips, record(BookingStatus.UNMET, is_assigned=False), fairness=gaps(0)),
            95,
        ),
        "pickup, appointment and half of the rides": (
            day(late, perfect().trips[1], fairness=gaps(0)), 100 - 35 - 20 - 5,
        ),
    }  # fmt: skip
    for name, (record_of_day, score) in terms.items():
        value = measured(record_of_day)[Kpi.QUALITY_SCORE].value
        assert value == (None if score is None else pytest.approx(score)), name


def test_a_term_with_no_trips_gives_its_weight_to_the_others():
    # Pickup 1/2 (weight 35), assignment 1 (weight 15): everything else has no trips.
    first = replace(came(0), boarded_s=1, alighted_s=1, direct_s=0, max_ride_s=9)
    value = measured(day(first, came(30, MISSED)))[Kpi.QUALITY_SCORE]
    # The ride (weight 10) was kept.
    assert value.value == pytest.approx(100 * (35 * 0.5 + 15 + 10) / 60)


def test_a_term_that_cannot_be_measured_leaves_the_day_without_a_score():
    value = measured(day(*[came(0)] * 3, came(None)))[Kpi.QUALITY_SCORE]
    assert value.value is None
    assert value.coverage == 0  # of the rides nothing is known at all
    assert value.text() == "not measurable: “ride times kept” has 0 % of its timestamps"


def test_a_term_without_a_source_never_gives_its_weight_away():
    unknown = replace(perfect(), fairness=gaps(0, trips=1, untold=1))
    value = measured(unknown)[Kpi.QUALITY_SCORE]
    assert (value.value, value.term, value.coverage) == (None, Kpi.FAIRNESS_GAP, 0.5)
    nobody = replace(perfect(), fairness=gaps(9, trips=0))
    assert measured(nobody)[Kpi.QUALITY_SCORE].value == pytest.approx(100)


def test_a_weight_of_zero_needs_no_timestamps():
    weights = QualityWeights(
        pickup_on_time=50,
        appointment_on_time=0,
        return_wait=0,
        ride_time=0,
        assignment_rate=50,
        fairness=0,
    )
    settings = QualitySettings(weights=weights)
    value = measured(day(came(0), came(30)), settings=settings)[Kpi.QUALITY_SCORE]
    assert value.value == pytest.approx(75)


@pytest.mark.parametrize("shares", [{"fairness": 6}, {"fairness": -1, "ride_time": 16}])
def test_shares_make_a_hundred(shares):
    with pytest.raises(InvalidRecordsError, match="100 percent"):
        QualityWeights(**shares)


def test_the_score_of_several_days_is_their_mean_with_an_interval():
    worse = replace(perfect("2026-03-03"), fairness=gaps(4))
    value = measured(perfect(), worse, day(name="2026-03-04"))[Kpi.QUALITY_SCORE]
    assert value.value == pytest.approx(97.5)
    assert value.counted == 2  # the empty day has no score and misses none
    assert value.interval == pytest.approx((95, 100))


def test_no_days_and_empty_days_count_nothing():
    for rows in (measured(), measured(day())):
        assert all(row.is_empty and row.value is None for row in rows.values())
        assert set(rows) >= set(Kpi) - {Kpi.ACCEPTANCE, Kpi.EDITED}
