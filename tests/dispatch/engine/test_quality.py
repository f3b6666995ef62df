from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from dispatch.engine.intervals import wilson
from dispatch.engine.kpi import Kpi, KpiValue
from dispatch.engine.quality import Population, QualitySettings, kpis
from dispatch.engine.records import (
    DecisionRecord,
    InvalidRecordsError,
    TourRecord,
    TripRecord,
    predicted_day,
)
from dispatch.enums import BookingStatus, StatusReason
from tests.dispatch.engine.builders import plan, problem, shift, stop, trip
from tests.dispatch.engine.kpi_days import (
    DONE,
    MIN,
    MISSED,
    NO_SHOW,
    called,
    came,
    counts,
    day,
    gaps,
    measured,
    record,
)


def only(key: Kpi, *trips: TripRecord) -> KpiValue:
    return measured(day(*trips))[key]


# Pickup on-time rate


def test_pickups_on_time_over_completed_punctual_no_shows_and_missed():
    trips = (
        came(0), came(-5), came(15), came(-5.1), came(15.1),  # 3 of 5
        came(3, NO_SHOW),  # the vehicle was there: on time
        came(20, NO_SHOW),  # it was not: missed
        came(None, MISSED),
        came(None, BookingStatus.CANCELLED), came(None, BookingStatus.UNMET),
    )  # fmt: skip
    value = only(Kpi.PICKUP_ON_TIME, *trips)
    assert counts(value) == (4, 8, 0)
    assert value.value == 0.5
    assert value.interval == wilson(4, 8)


def test_pickups_without_a_time_are_excluded_and_too_many_hide_the_rate():
    four_of_five = only(Kpi.PICKUP_ON_TIME, *[came(0)] * 4, came(None))
    assert (four_of_five.value, counts(four_of_five)) == (1.0, (4, 4, 1))
    hidden = only(Kpi.PICKUP_ON_TIME, *[came(0)] * 63, *[came(None)] * 37)
    assert hidden.value is None
    assert hidden.text() == "not measurable, 63 % of timestamps"


def test_returns_on_call_are_no_scheduled_pickups():
    assert only(Kpi.PICKUP_ON_TIME, replace(came(30), is_on_call=True), came(0)).value == 1.0


# Appointment on-time rate


def arrived(minutes_before: float | None, status: BookingStatus = DONE, **rest) -> TripRecord:
    at = None if minutes_before is None else round(36_000 - minutes_before * MIN)
    return record(status, **{"appointment_s": 36_000, "arrived_dropoff_s": at} | rest)


def test_too_early_and_too_late_are_both_off():
    trips = [arrived(m) for m in (0, 30, 60, 60.1, -0.1)]
    assert counts(only(Kpi.APPOINTMENT_ON_TIME, *trips)) == (3, 5, 0)


def test_dialysis_may_not_be_early_by_more_than_45_minutes():
    early = [arrived(m, appointment_early_s=45 * MIN) for m in (45, 46)]
    assert counts(only(Kpi.APPOINTMENT_ON_TIME, *early)) == (1, 2, 0)


def test_a_missed_appointment_is_off_and_an_absent_patient_is_none():
    trips = [arrived(10), arrived(None, MISSED), arrived(None, NO_SHOW), arrived(None), record()]
    value = only(Kpi.APPOINTMENT_ON_TIME, *trips)
    assert (value.counted, value.excluded) == (2, 1)
    assert (value.numerator, value.value) == (1, None)  # two of three known: 66 %


# Return wait


def test_return_waits_within_an_hour_within_ninety_minutes_and_their_median():
    trips = [called(m) for m in (0, 60, 61, 90, 91)]
    rows = measured(day(*trips, called(None, MISSED), came(0)))
    assert counts(rows[Kpi.RETURN_WAIT]) == (2, 6, 0)
    assert counts(rows[Kpi.RETURN_WAIT_LONG]) == (4, 6, 0)
    assert rows[Kpi.RETURN_WAIT_MEDIAN].value == 61
    assert rows[Kpi.RETURN_WAIT_MEDIAN].counted == 5


def test_a_patient_on_board_before_the_call_was_noted_did_not_wait():
    assert only(Kpi.RETURN_WAIT_MEDIAN, called(-3)).value == 0


def test_the_company_says_what_a_short_wait_is():
    half_an_hour = QualitySettings(return_wait_s=30 * MIN)
    rows = measured(day(called(30), called(45), called(46)), settings=half_an_hour)
    assert counts(rows[Kpi.RETURN_WAIT]) == (1, 3, 0)
    assert counts(rows[Kpi.RETURN_WAIT_LONG]) == (2, 3, 0)


def test_waits_need_both_their_times():
    value = only(Kpi.RETURN_WAIT, called(1), called(None), called(5, ready_s=None))
    assert (value.value, value.excluded) == (None, 2)


# Mean delay


def test_delay_counts_from_the_end_of_the_window_and_earliness_gives_nothing_back():
    value = only(Kpi.MEAN_DELAY, came(-30), came(15), came(21), came(18, NO_SHOW))
    assert value.value == (0 + 0 + 6 + 3) / 4
    assert value.is_on_target


def test_a_vehicle_that_never_came_has_no_delay_but_one_that_came_too_late_has():
    value = only(Kpi.MEAN_DELAY, came(0), came(None, MISSED), came(45, MISSED))
    assert (value.value, value.counted, value.excluded) == (15, 2, 0)


def test_delay_without_times_is_not_measured():
    value = only(Kpi.MEAN_DELAY, came(0), came(None), record(arrived_pickup_s=5))
    assert (value.value, value.excluded) == (None, 2)


# Ride time


def rode(minutes: float | None, **rest) -> TripRecord:
    alighted = None if minutes is None else round(minutes * MIN)
    usual = {"boarded_s": 0, "alighted_s": alighted, "direct_s": 20 * MIN, "max_ride_s": 40 * MIN}
    return record(**usual | rest)


def test_rides_their_limits_and_their_excess():
    rows = measured(day(*(rode(m) for m in (20, 35, 36, 40, 41)), came(0, MISSED)))
    assert rows[Kpi.RIDE_TIME].value == pytest.approx((20 + 35 + 36 + 40 + 41) / 5)
    assert counts(rows[Kpi.RIDE_COMPLIANCE]) == (4, 5, 0)
    assert counts(rows[Kpi.EXCESS_RIDE]) == (2, 5, 0)
    assert rows[Kpi.RIDE_COMPLIANCE].is_on_target is False


def test_rides_without_a_limit_a_direct_time_or_an_end_are_excluded():
    rows = measured(day(rode(30, max_ride_s=None), rode(30, direct_s=None), rode(None)))
    assert [rows[k].excluded for k in (Kpi.RIDE_TIME, Kpi.RIDE_COMPLIANCE, Kpi.EXCESS_RIDE)] == [
        1,
        2,
        2,
    ]


# Assignment rate and no-shows


def test_assigned_over_what_was_asked_less_refusals_and_cancellations():
    asked = [record(), record(MISSED), record(BookingStatus.CONFIRMED, is_assigned=False)]
    asked += [record(BookingStatus.UNMET, is_assigned=False)]
    not_asked = [
        record(status, is_assigned=False)
        for status in (
            BookingStatus.CANCELLED,
            BookingStatus.SAME_DAY_CANCEL,
            BookingStatus.LATE_CANCEL,
            BookingStatus.DRAFT,
        )
    ]
    assert counts(only(Kpi.ASSIGNMENT_RATE, *asked, *not_asked)) == (2, 4, 0)


@pytest.mark.parametrize(
    ("reason", "asked"),
    [
        (StatusReason.NO_DRIVER, 2),
        (StatusReason.NO_VEHICLE, 2),
        (StatusReason.OTHER, 2),
        (None, 2),
        (StatusReason.OUTSIDE_AREA, 1),
        (StatusReason.NEEDS_NOT_SERVED, 1),
    ],
)
def test_only_a_refusal_by_rule_was_not_asked(reason, asked):
    refused = record(BookingStatus.REFUSED, is_assigned=False, reason=reason)
    assert counts(only(Kpi.ASSIGNMENT_RATE, record(), refused)) == (1, asked, 0)


def test_one_driver_has_nobody_to_be_compared_with():
    alone = replace(gaps(3), loads=gaps(3).loads[:1])
    rows = measured(day(record(), fairness=alone))
    assert rows[Kpi.FAIRNESS_GAP].is_empty
    assert rows[Kpi.FAIRNESS_GAP].is_on_target is None


def test_a_price_whose_search_was_cut_short_is_not_measurable():
    price = measured(day(is_price_open=True))[Kpi.FAIRNESS_PRICE]
    assert price.text().startswith("not measurable: the search was still improving")


def test_no_shows_are_those_a_punctual_vehicle_found():
    value = only(
        Kpi.NO_SHOW, came(0), came(0), came(1, NO_SHOW), came(30, NO_SHOW), came(None, MISSED)
    )
    assert counts(value) == (1, 5, 0)


def test_an_absence_nobody_can_prove_is_excluded():
    value = only(Kpi.NO_SHOW, *[came(0)] * 4, came(None, NO_SHOW))
    assert counts(value) == (0, 4, 1)


# Tours


def tour(
    trips: int, hours: float, *, metres: int | None = 100_000, empty: int | None = 40_000
) -> TourRecord:
    """`hours` of revenue time, with 600 s of pauses and 300 s of empty driving in between."""
    return TourRecord(
        shift="s",
        passenger_trips=trips,
        first_pickup_s=0,
        last_dropoff_s=round(hours * 3_600) + 900,
        pauses_s=600,
        empty_driving_s=300,
        metres=metres,
        empty_metres=empty,
    )


def test_trips_per_revenue_hour_and_empty_kilometres():
    rows = measured(day(tours=(tour(6, 4), tour(2, 1, metres=50_000, empty=35_000))))
    assert rows[Kpi.PRODUCTIVITY].value == 8 / 5
    assert rows[Kpi.EMPTY_KM].value == 0.5
    assert counts(rows[Kpi.EMPTY_KM]) == (75_000, 150_000, 0)


def test_tours_nobody_measured_hide_the_kilometres_only():
    rows = measured(day(tours=(tour(6, 4), tour(2, 1, metres=None))))
    assert (rows[Kpi.EMPTY_KM].value, rows[Kpi.EMPTY_KM].excluded) == (None, 1)
    assert rows[Kpi.PRODUCTIVITY].value == 8 / 5
    unknown = measured(day(tours=(tour(1, 1, empty=None), replace(tour(1, 1), pauses_s=None))))
    assert unknown[Kpi.EMPTY_KM].excluded == unknown[Kpi.PRODUCTIVITY].excluded == 1
    assert unknown[Kpi.PRODUCTIVITY].text() == "not measurable, 50 % of timestamps"


def test_what_nobody_records_is_said_in_words():
    bare = TourRecord(shift="s", passenger_trips=4, first_pickup_s=0, last_dropoff_s=9_000)
    rows = measured(day(tours=(replace(bare, empty_driving_s=600),)))
    assert rows[Kpi.PRODUCTIVITY].text() == "not measurable: nobody records when breaks are taken"
    assert rows[Kpi.PRODUCTIVITY].is_lacking
    assert not rows[Kpi.RETURN_WAIT].is_lacking  # nothing happened that could have been recorded
    assert rows[Kpi.EMPTY_KM].text("fr") == "non mesurable : personne ne relève les kilomètres"


def test_overtime_is_that_of_all_tours_of_a_day():
    """10 and 35 minutes on the first day, none on the second: 22.5 a day."""
    late = [replace(tour(1, 1), overtime_s=seconds) for seconds in (600, 0, 2_100)]
    quiet = day(tours=(replace(tour(1, 1), overtime_s=0),), name="2026-03-03")
    row = measured(day(tours=tuple(late)), quiet)[Kpi.OVERTIME]
    assert (row.value, row.counted, row.text()) == (22.5, 4, "22.5 min")


def test_overtime_that_nobody_knows_says_why():
    recorded = measured(day(tours=(tour(1, 1),)))[Kpi.OVERTIME]
    assert recorded.text() == "not measurable: nobody records when drivers are back"
    world = problem(trip("a", 1, 3), shift())
    of_the_plan = measured(predicted_day(world, plan(world, s="+a -a"), day="2026-03-02"))
    assert "by the roster" in of_the_plan[Kpi.OVERTIME].text()
    assert measured(day(came(0)))[Kpi.OVERTIME].is_empty


def test_an_early_vehicle_that_waits_its_time_in_the_window_is_there():
    early = replace(came(-20, NO_SHOW), absent_s=36_000)
    rows = measured(day(early, came(0)))
    assert counts(rows[Kpi.PICKUP_ON_TIME]) == (2, 2, 0)
    assert counts(rows[Kpi.NO_SHOW]) == (1, 2, 0)


# Drivers, alarms, changes


def test_gaps_between_drivers_and_what_fairness_costs():
    rows = measured(
        day(fairness=gaps(1), fairness_price=300),
        day(name="2026-03-03", fairness=gaps(2), fairness_price=100),
        day(name="2026-03-04"),
    )
    assert rows[Kpi.FAIRNESS_GAP].value == 1.5
    assert rows[Kpi.FAIRNESS_GAP].interval == (1, 2)
    assert rows[Kpi.FAIRNESS_DRIVING_GAP].value == 30
    assert rows[Kpi.FAIRNESS_HEAVY_GAP].value == 2
    assert rows[Kpi.FAIRNESS_GINI].value == pytest.approx(0.1)
    assert rows[Kpi.FAIRNESS_PRICE].value == 200
    assert counts(rows[Kpi.FAIRNESS_GAP]) == (3, 2, 0)
    assert rows[Kpi.FAIRNESS_GAP].counted == 20  # trips


def test_gaps_need_the_ends_of_the_trips_and_gaps_of_driving_their_times():
    rows = measured(day(fairness=gaps(1, trips=8, untold=2, untimed=1)))
    assert counts(rows[Kpi.FAIRNESS_GAP]) == (1, 1, 2)
    assert rows[Kpi.FAIRNESS_DRIVING_GAP].value is None
    assert rows[Kpi.FAIRNESS_DRIVING_GAP].text() == "not measurable, 70 % of timestamps"
    open_day = measured(day(fairness=gaps(1, trips=7, untold=3)))
    text = open_day[Kpi.FAIRNESS_HEAVY_GAP].text("fr")
    assert text == "non mesurable, la fin de 70 % des courses est notée"


def test_a_day_too_little_is_known_of_does_not_move_the_mean_of_the_others():
    rows = measured(
        day(fairness=gaps(1, trips=40)),
        day(name="2026-03-03", fairness=gaps(9, trips=1, untold=4)),
    )
    assert counts(rows[Kpi.FAIRNESS_GAP]) == (1, 1, 5)
    assert rows[Kpi.FAIRNESS_GAP].coverage == 41 / 45
    assert rows[Kpi.FAIRNESS_GAP].interval is None


def test_a_day_without_trips_compares_nobody():
    assert measured(day(fairness=gaps(3, trips=0)))[Kpi.FAIRNESS_GAP].is_empty


def test_changes_after_the_promise_per_trip():
    rows = measured(
        day(
            record(changes=2, late_changes=1),
            record(changes=0, late_changes=0),
            record(BookingStatus.UNMET, is_assigned=False, changes=1, late_changes=0),
            record(BookingStatus.CANCELLED, changes=5),
        )
    )
    assert rows[Kpi.STABILITY].value == 1
    assert rows[Kpi.LATE_STABILITY].value == pytest.approx(1 / 3)


def test_changes_nobody_counted_are_not_none():
    rows = measured(day(record(changes=0, late_changes=0), record()))
    for key in (Kpi.STABILITY, Kpi.LATE_STABILITY):
        assert rows[key].text() == "not measurable, changes were counted for 50 % of the trips"


def test_alerts_per_dispatcher_and_ten_minutes():
    rows = measured(
        day(alerts=30, dispatcher_s=2 * 8 * 3_600),  # 96 times ten minutes
        day(name="2026-03-03", alerts=18, dispatcher_s=0),
        day(name="2026-03-04", alerts=18),
    )
    assert rows[Kpi.ALARM_RATE].value == 30 / 96
    assert rows[Kpi.ALARM_RATE].is_on_target


# Autonomy


def test_what_machine_and_people_made_of_suggestions():
    decisions = (
        DecisionRecord(complexity="simple", is_automatic=True),
        DecisionRecord(complexity="simple", is_automatic=True, is_undone=True),
        DecisionRecord(complexity="simple", is_accepted=True, decided_in_s=4),
        DecisionRecord(complexity="simple", is_accepted=True, is_edited=True, decided_in_s=10),
        DecisionRecord(complexity="hard", is_accepted=False, decided_in_s=30, regret=120),
        DecisionRecord(complexity="hard"),  # nobody answered
    )
    rows = kpis([day(decisions=decisions)], rng=Random(1))
    by = {(row.key, row.group): row for row in rows}
    assert counts(by[Kpi.AUTONOMY, ""]) == (2, 4, 0)
    assert counts(by[Kpi.ACCEPTANCE, "simple"]) == (2, 2, 0)
    assert counts(by[Kpi.EDITED, "simple"]) == (1, 2, 0)
    assert counts(by[Kpi.ACCEPTANCE, "hard"]) == (0, 1, 0)
    assert by[Kpi.EDITED, "hard"].is_empty
    assert counts(by[Kpi.UNDO, ""]) == (1, 4, 0)
    assert by[Kpi.DECISION_TIME, ""].value == 10
    assert by[Kpi.REGRET, ""].value == 120


# The rules of the dictionary


def test_recorded_and_predicted_days_are_never_mixed():
    with pytest.raises(InvalidRecordsError, match="together"):
        kpis([day(), day(name="2026-03-03", is_predicted=True)], rng=Random(1))
    with pytest.raises(InvalidRecordsError, match="twice"):
        kpis([day(), day()], rng=Random(1))


def test_returns_on_call_are_counted_apart():
    mixed = day(
        came(0),
        record(BookingStatus.UNMET, is_assigned=False),
        called(10),
        tours=(tour(3, 1),),
    )
    rates = {
        population: measured(mixed, population=population)[Kpi.ASSIGNMENT_RATE]
        for population in Population
    }
    assert counts(rates[Population.ALL]) == (2, 3, 0)
    assert counts(rates[Population.SCHEDULED]) == (1, 2, 0)
    assert counts(rates[Population.ON_CALL]) == (1, 1, 0)
    on_call = measured(mixed, population=Population.ON_CALL)
    assert on_call[Kpi.PICKUP_ON_TIME].is_empty
    assert on_call[Kpi.PRODUCTIVITY].value == 3  # tours are shared


def test_the_same_days_and_seed_give_the_same_intervals():
    days = [day(came(20 + k), name=f"2026-03-{k:02}") for k in range(1, 9)]
    one, two = measured(*days, seed=5), measured(*days, seed=5)
    assert one == two
    delay = one[Kpi.MEAN_DELAY]
    assert delay.interval is not None
    assert delay.value is not None
    assert delay.interval[0] <= delay.value <= delay.interval[1]


def test_a_plans_day_is_predicted_in_every_row():
    late = shift(rostered_end_s=480)  # back at 600
    world = problem(trip("a", stop(1, 0, 900), 3), trip("b", 3, 1), trip("c", 1, 2), late)
    seen = predicted_day(world, plan(world, s="+a -a +b -b"), day="2026-03-02")
    rows = measured(seen)
    assert all(row.is_predicted for row in rows.values())
    assert rows[Kpi.PICKUP_ON_TIME].name() == "pickup on-time rate (predicted)"
    assert counts(rows[Kpi.ASSIGNMENT_RATE]) == (2, 3, 0)
    assert rows[Kpi.PICKUP_ON_TIME].value == rows[Kpi.RIDE_COMPLIANCE].value == 1
    assert rows[Kpi.MEAN_DELAY].value == 0
    assert rows[Kpi.EMPTY_KM].value == pytest.approx(1 / 3)  # 100 + 100 of 600
    assert rows[Kpi.OVERTIME].text() == "2.0 min"
    assert rows[Kpi.LATE_STABILITY].text() == "not known before the last hour"
