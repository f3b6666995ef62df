"""Each fault of stored settings has the title that the form shows, and a sentence."""

from __future__ import annotations

import pytest
from django.utils import translation

from dispatch.models import CompanySettings
from dispatch.models.settings_faults import read_settings


def test_valid_settings_are_the_rules() -> None:
    found = read_settings({"freeze_min": 45})
    assert isinstance(found, CompanySettings)
    assert found.freeze_min == 45


@pytest.mark.parametrize(
    ("stored", "name", "told"),
    [
        ({"freeze_min": -1}, "freeze_min", "Freeze time (min): at least 0 is needed."),
        ({"freeze_min": 999}, "freeze_min", "Freeze time (min): at most 240 is allowed."),
        (
            {"freeze_min": None},
            "freeze_min",
            "Freeze time (min): this is no value for it.",
        ),
        ({"freeze": 30}, "freeze", "freeze: there is no such setting."),
        (
            {"weights": {"fairness": -1}},
            "weights.fairness",
            "Weights · Fairness: at least 0 is needed.",
        ),
        ({"weights": 5}, "weights", "Weights: this is no value for it."),
        ({"weights": {"x": 5}}, "weights.x", "Weights · x: there is no such setting."),
        (
            {"quality_weights": {"fairness": 6}},
            "quality_weights",
            "Quality score: The shares of the quality score make 101 percent together, not 100.",
        ),
        (
            {"traffic_permille": [1000] * 23},
            "traffic_permille",
            "Traffic by hour (permille): 24 values are needed.",
        ),
        (
            {"traffic_permille": [1000] * 25},
            "traffic_permille",
            "Traffic by hour (permille): 24 values are needed.",
        ),
        (
            {"traffic_permille": [1000] * 23 + [0]},
            "traffic_permille.23",
            "Traffic by hour (permille) · 23: at least 500 is needed.",
        ),
        (
            {"pickup_window_before_min": 0, "pickup_window_after_min": 0},
            "settings",
            "Settings: The pickup window has no length.",
        ),
        ([], "settings", "Settings: this is no value for it."),
        (None, "settings", "Settings: this is no value for it."),
    ],
)
def test_a_fault_says_which_setting_and_why(stored: object, name: str, told: str) -> None:
    found = read_settings(stored)
    assert isinstance(found, tuple)
    assert [(fault.name, str(fault)) for fault in found] == [(name, told)]


def test_a_fault_is_told_in_the_readers_language() -> None:
    with translation.override("fr"):
        found = read_settings({"solver_time_limit_s": 500})
        assert isinstance(found, tuple)
        assert str(found[0]) == "Temps de planification (s) : il faut au plus 120."
