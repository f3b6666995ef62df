"""A KPI is never a bare number: its parts, its n, its interval and whether it is predicted stand beside it."""

from __future__ import annotations

from random import Random

from django.utils import translation

from dispatch.engine.kpi import Kpi, KpiValue, mean, rate, ratio
from dispatch.pages.kpi_lines import kpi_lines, strip_of
from dispatch.usecases.measure_day import kpi_json, kpis_of


def on_time(*verdicts: bool | None, is_predicted: bool = False) -> KpiValue:
    return rate(Kpi.PICKUP_ON_TIME, verdicts, is_predicted=is_predicted)


def test_a_share_shows_its_fraction_its_n_and_its_interval() -> None:
    (line,) = kpi_lines([on_time(*[True] * 37, *[False] * 5)])
    assert (line.name, line.value) == ("pickup on-time rate", "88.1 %")
    assert line.parts.replace("\u00a0", " ") == "37 / 42 · n = 42"
    assert line.interval == "95 %: 75.0–94.8 %"  # Wilson, 37 of 42
    assert (line.target, line.verdict, line.is_predicted) == ("≥ 95 %", "missed", False)


def test_a_figure_stands_beside_the_one_it_would_replace() -> None:
    before = on_time(True, True, False, False, is_predicted=True)
    after = on_time(True, True, True, False, is_predicted=True)
    for (line,) in (kpi_lines([after], [before]), strip_of([after], [before])):
        assert (line.value, line.before) == ("75.0 %", "50.0 %")
    nothing = on_time()
    assert [line.before for line in strip_of([after], [nothing])] == [""]


def test_the_same_in_french() -> None:
    with translation.override("fr"):
        (line,) = kpi_lines([on_time(*[True] * 37, *[False] * 5)])
    assert (line.name, line.value) == ("ponctualité prise en charge", "88,1 %")
    assert line.interval.replace("\u00a0", " ") == "95 % : 75,0–94,8 %"


def test_what_lacks_its_times_is_no_number() -> None:
    (line,) = kpi_lines([on_time(*[True] * 6, *[None] * 4)])
    assert (line.value, line.is_shown) == ("not measurable, 60 % of timestamps", False)
    assert (line.verdict, line.interval) == ("", "")
    assert line.parts.replace("\u00a0", " ") == "n = 6 · 4 without data"


def test_a_day_of_a_kind_that_did_not_happen_is_no_line_but_stays_in_the_strip() -> None:
    nothing = on_time()
    assert kpi_lines([nothing]) == []
    (line,) = strip_of([nothing])
    assert (line.value, line.parts) == ("nothing to count", "")


def test_empty_kilometres_are_counted_in_metres_and_shown_in_kilometres() -> None:
    value = ratio(Kpi.EMPTY_KM, [[(1_500.0, 6_000.0)]], rng=Random(1), is_predicted=True)
    (line,) = kpi_lines([value])
    assert line.value == "25.0 %"
    assert line.parts.replace("\u00a0", " ") == "1.5 / 6 km · n = 1"


def test_the_score_of_one_day_has_no_fraction() -> None:
    value = mean(Kpi.QUALITY_SCORE, [[93.5]], rng=Random(1), is_predicted=False)
    (line,) = kpi_lines([value])
    assert (line.value, line.parts.replace("\u00a0", " ")) == ("93.5", "n = 1")
    assert (line.target, line.verdict) == ("≥ 92", "met")


def test_the_strip_keeps_its_order_whatever_the_dictionary_does() -> None:
    values = [
        mean(Kpi.MEAN_DELAY, [[1.0]], rng=Random(1), is_predicted=False),
        on_time(True),
        mean(Kpi.RIDE_TIME, [[20.0]], rng=Random(1), is_predicted=False),
    ]
    assert [line.key for line in strip_of(values)] == ["pickup_on_time", "mean_delay"]


def test_what_a_run_keeps_is_what_was_measured() -> None:
    values = (on_time(True, False, is_predicted=True), on_time())
    assert kpis_of({"kpis": [kpi_json(value) for value in values]}) == values
    assert kpis_of({}) == ()
