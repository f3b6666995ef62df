from __future__ import annotations

import string

import pytest

from dispatch.engine import explain, kpi, remedies, sentences
from dispatch.engine.sentences import Figures, Sentence, minutes, wall_clock, word

TABLES = [
    sentences.VIOLATIONS,
    sentences.REFUSALS,
    sentences.OWN_REFUSALS,
    sentences.UNASSIGNED,
    sentences.SKILLS,
    explain.REASONS,
    explain.ADVANTAGES,
    remedies.ADVICE,
    {key: definition.name for key, definition in kpi.KPIS.items()},
]


@pytest.mark.parametrize(("seconds", "whole"), [(0, 0), (1, 1), (60, 1), (61, 2), (3_600, 60)])
def test_minutes_are_rounded_up(seconds, whole):
    assert minutes(seconds) == whole


@pytest.mark.parametrize(
    ("second", "shown"), [(0, "00:00"), (57_659, "16:00"), (86_400 + 3_660, "01:01")]
)
def test_seconds_are_told_as_the_wall_clock_shows_them(second, shown):
    assert wall_clock(second) == shown


def test_a_companys_own_skill_is_said_as_it_is():
    assert word("oxygen", "fr") == "oxygène"
    assert word("bariatric", "fr") == "bariatric"
    assert word("skill:oxygen", "fr") == "oxygène"
    assert word("equipment:bariatric", "fr") == "bariatric"


def test_what_is_lacking_is_told_once_though_driver_and_vehicle_both_lack_it():
    figures = Figures(skills=("skill:stretcher", "equipment:stretcher", "oxygen"))
    assert Sentence("{skills}", "{skills}").spoken("en", figures) == "stretcher, oxygen"


def test_a_language_nobody_taught_the_engine_is_refused():
    with pytest.raises(ValueError, match="not 'de'"):
        Sentence("yes", "oui").spoken("de", Figures())  # type: ignore[arg-type]


@pytest.mark.parametrize("table", TABLES)
def test_both_languages_tell_the_same_figures(table):
    for key, sentence in table.items():
        fields = [
            sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)
            for text in sentence
        ]
        assert set(fields[0]) == set(fields[1]), key
        assert all(text.strip() for text in sentence), key
