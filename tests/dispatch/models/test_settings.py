"""Company settings: bounds, defaults that agree with the engine, sentences for a form."""

from __future__ import annotations

from typing import cast

import pytest
from annotated_types import Le
from django.core.exceptions import ValidationError

from atmr.settings import base
from dispatch.engine import problem
from dispatch.enums import Priority
from dispatch.models import Company, CompanySettings
from dispatch.models.company import InvalidSettingsError, validate_settings, validate_time_zone
from dispatch.models.settings import LONGEST_PLANNING_S
from dispatch.usecases.run_dispatch import LEASE_MARGIN

SPELLING = {
    "serve_low": "unserved_low",
    "serve_normal": "unserved_normal",
    "serve_high": "unserved_high",
    "serve_vital": "unserved_vital",
    "driving": "driving_per_s",
    "kilometre": "driving_per_km",
    "ride": "excess_ride_per_s",
    "waiting": "waiting_per_s",
    "patient_wait": "patient_wait_per_s",
    "overtime": "overtime_per_s",
    "fairness": "fairness_per_trip_squared",
    "emergency": "emergency_shift",
    "optional_break": "missed_optional_break",
    "same_driver": "not_same_driver",
    "preferred": "not_preferred_driver",
    "stability": "moved_to_other_driver",
}


def test_defaults_are_those_of_the_engine() -> None:
    rules, engine = CompanySettings(), problem.Settings()
    for ours, theirs in SPELLING.items():
        assert getattr(rules.weights, ours) == getattr(engine.weights, theirs), ours
    assert set(SPELLING) == set(type(rules.weights).model_fields)
    assert rules.transition_margin_min * 60 == engine.transition_margin_s
    assert engine.pooling is not None
    assert rules.pooling_pickup_gap_min * 60 == engine.pooling.max_pickup_gap_s
    assert rules.pooling_max_detour_min * 60 == engine.pooling.max_detour_s


@pytest.mark.parametrize("priority", Priority)
def test_each_priority_has_its_price(priority: Priority) -> None:
    assert CompanySettings().weights.serve(priority) == problem.Weights().unserved(priority)


def test_an_empty_document_is_the_defaults_and_a_stored_value_wins() -> None:
    assert Company(settings={}).rules == CompanySettings()
    company = Company(settings={"freeze_min": 45, "weights": {"fairness": 0}})
    assert company.rules.freeze_min == 45
    assert company.rules.weights.fairness == 0
    assert company.rules.weights.driving == CompanySettings().weights.driving


def test_settings_survive_the_json_they_are_stored_as() -> None:
    rules = CompanySettings.model_validate({"autorun_at": "17:30", "autorun_enabled": True})
    assert CompanySettings.model_validate(rules.model_dump(mode="json")) == rules


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"freeze_min": -1}, "freeze_min"),
        ({"freeze": 30}, "freeze"),
        ({"weights": {"driving": "fast"}}, "weights.driving"),
        ({"weights": {"driving": -1}}, "weights.driving"),
        ({"quality_weights": {"fairness": 6}}, "101"),
        ({"traffic_permille": [1000] * 23}, "traffic_permille"),
        ({"traffic_permille": [1000] * 23 + [0]}, "traffic_permille.23"),
        ({"autorun_at": "25:00"}, "autorun_at"),
        ({"solver_time_limit_s": 121}, "solver_time_limit_s"),
        ({"detour_factor": 0.9}, "detour_factor"),
        ({"pickup_window_before_min": 0, "pickup_window_after_min": 0}, "settings"),
    ],
)
def test_a_bad_document_is_refused_and_says_where(document: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        validate_settings(document)


def test_stored_settings_that_are_not_valid_name_the_company_and_the_field() -> None:
    company = Company(name="Léman", settings={"solver_time_limit_s": -5, "freeze": 1})
    with pytest.raises(InvalidSettingsError) as refusal:
        _ = company.rules
    assert str(refusal.value) == (
        "The settings of Léman cannot be used. Time for planning (s): at least 1 is needed."
        " freeze: there is no such setting."
        " An administrator can mend them on the form of the company."
    )
    assert [fault.name for fault in refusal.value.faults] == ["solver_time_limit_s", "freeze"]


def test_the_longest_planning_ends_before_its_worker_is_told_to() -> None:
    lease_s = LONGEST_PLANNING_S + LEASE_MARGIN.total_seconds()
    assert lease_s < base.CELERY_TASK_SOFT_TIME_LIMIT < base.CELERY_TASK_TIME_LIMIT


def test_vital_trips_may_not_come_as_early() -> None:
    rules = CompanySettings()
    assert rules.appointment_early_max(Priority.VITAL) == 45
    assert rules.appointment_early_max(Priority.NORMAL) == 60


def test_each_setting_can_be_shown_in_a_form() -> None:
    rules = CompanySettings()
    for model in (type(rules), type(rules.weights), type(rules.quality_weights)):
        for name, field in model.model_fields.items():
            assert field.title, name
            assert field.description, name


def test_the_time_zone_exists() -> None:
    validate_time_zone("Europe/Zurich")
    with pytest.raises(ValidationError, match="Geneva"):
        validate_time_zone("Europe/Geneva")


@pytest.mark.parametrize("name", ["localtime", "Factory"])
def test_a_machine_s_own_clock_is_no_time_zone(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        validate_time_zone(name)


def test_no_trip_can_cost_what_leaving_it_out_costs() -> None:
    """The dearest trip that the bounds allow: driven for eighteen hours and a thousand kilometres, on board for eight
    hours, with as many of waiting, four of overtime and of a patient's waiting, the hundredth.
    """
    most = {
        name: next(cast("int", rule.le) for rule in field.metadata if isinstance(rule, Le))
        for name, field in type(CompanySettings().weights).model_fields.items()
    }
    times = {
        "driving": 18 * 3600,
        "kilometre": 1_000,
        "ride": 8 * 3600,
        "waiting": 8 * 3600,
        "overtime": 4 * 3600,
        "patient_wait": 4 * 3600,
        "fairness": 100**2 - 99**2,
    }
    comfort = set(most) - {"serve_low", "serve_normal", "serve_high", "serve_vital"}
    dearest = sum(most[name] * times.get(name, 1) for name in comfort)
    for name in set(most) - comfort:
        validate_settings({"weights": {name: dearest + 100_000}})
        with pytest.raises(ValidationError, match=f"weights.{name}"):
            validate_settings({"weights": {name: dearest}})
