"""The rules of a company as a form: titles, bounds and defaults of the schema, errors beside the field."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.html import escape
from pydantic import BaseModel

from dispatch.admin.settings_form import (
    checked_settings,
    initial_settings,
    name_of,
    settings_fields,
)
from dispatch.models import Company, CompanySettings

pytestmark = pytest.mark.django_db


class CompanyPage:
    """Opens the company's form as its administrator and sends it back with changes."""

    def __init__(self, client, url, form_of) -> None:
        self.client, self.url, self.form_of = client, url, form_of

    def page(self):
        return self.client.get(self.url)

    def __call__(self, **changes):
        return self.client.post(self.url, self.form_of(self.page(), **changes))


@pytest.fixture
def desk(world, client_of, form_of):
    url = reverse("admin:dispatch_company_change", args=[world.company.pk])
    return CompanyPage(client_of("admin"), url, form_of)


def test_untouched_it_stores_nothing_but_follows_the_defaults(world, desk):
    assert desk().status_code == 302
    world.company.refresh_from_db()
    assert world.company.settings == {}
    assert world.company.rules == CompanySettings()


@pytest.mark.parametrize(
    ("language", "limit", "autorun"),
    [
        ("en", "Time for planning (s)", "Hour of the automatic plan"),
        ("fr", "Temps de planification (s)", "Heure du plan automatique"),
    ],
)
def test_who_may_only_read_reads_titles_and_values(world, client_of, language, limit, autorun):
    world.company.settings = {"solver_time_limit_s": 37, "autorun_at": "17:45"}
    world.company.save()
    url = reverse("admin:dispatch_company_change", args=[world.company.pk])
    answer = client_of("dispatcher").get(url, headers={"accept-language": language})
    text = answer.content.decode()
    assert "Rules " not in text
    assert '<input type="number"' not in text
    for said in (limit, autorun, ">37<", ">17:45<"):
        assert said in text


def test_what_is_changed_is_stored_and_nothing_else(world, desk):
    changes = {
        "rules__freeze_min": "45",
        "rules__pooling_enabled": None,
        "rules__weights__fairness": "70",
        "rules__autorun_at": "17:30",
        "rules__detour_factor": "1.5",
        "rules__traffic_permille_7": "1900",
    }
    assert desk(**changes).status_code == 302
    world.company.refresh_from_db()
    stored = world.company.settings
    assert set(stored) == {
        "freeze_min", "pooling_enabled", "weights", "autorun_at", "detour_factor", "traffic_permille",
    }  # fmt: skip
    rules = world.company.rules
    assert (rules.freeze_min, rules.pooling_enabled, rules.weights.fairness) == (45, False, 70)
    assert (rules.autorun_at.isoformat(), rules.detour_factor) == ("17:30:00", 1.5)
    assert rules.traffic_permille[7] == 1900
    assert rules.weights.serve_vital == CompanySettings().weights.serve_vital


def test_what_was_stored_is_shown_and_can_go_back_to_the_default(world, desk):
    world.company.settings = {"freeze_min": 45, "weights": {"fairness": 70}}
    world.company.save()
    shown = desk.page().content.decode()
    assert 'name="rules__freeze_min" value="45"' in shown
    usual = CompanySettings()
    desk(
        rules__freeze_min=str(usual.freeze_min),
        rules__weights__fairness=str(usual.weights.fairness),
    )
    world.company.refresh_from_db()
    assert world.company.settings == {}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"rules__freeze_min": "-1"}, "rules__freeze_min", "greater than or equal to 0"),
        ({"rules__freeze_min": "999"}, "rules__freeze_min", "less than or equal to 240"),
        ({"rules__freeze_min": ""}, "rules__freeze_min", "required"),
        ({"rules__autorun_at": "late"}, "rules__autorun_at", "valid time"),
        ({"rules__speed_kmh": "fast"}, "rules__speed_kmh", "number"),
        ({"rules__weights__serve_low": "0"}, "rules__weights__serve_low", "or equal to 1000000"),
        ({"rules__weights__driving": "6"}, "rules__weights__driving", "less than or equal to 5"),
        ({"time_zone": "localtime"}, "time_zone", "is not a time zone"),
        ({"rules__traffic_permille_7": "10"}, "rules__traffic_permille", "7 h: "),
        (
            {"rules__quality_weights__fairness": "10"},
            "rules__quality_weights__pickup_on_time",
            "make 105 percent together",
        ),
    ],
)
def test_a_wrong_value_is_told_beside_its_field(world, desk, changes, field, words):
    page = desk(**changes)
    assert page.status_code == 200
    assert words in str(page.context["adminform"].form.errors[field])
    world.company.refresh_from_db()
    assert world.company.settings == {}


def test_a_rule_between_fields_is_told_above_them(desk):
    page = desk(rules__pickup_window_before_min="0", rules__pickup_window_after_min="0")
    assert "The pickup window has no length." in str(
        page.context["adminform"].form.non_field_errors()
    )


def test_every_rule_of_the_schema_has_a_field_with_title_and_explanation(desk):
    fields = settings_fields()
    assert len(fields) == sum(
        len(type(value).model_fields) if isinstance(value, BaseModel) else 1
        for _name, value in CompanySettings()
    )
    assert all(str(field.label) and str(field.help_text).strip() for field in fields.values())
    shown = desk.page().content.decode()
    for name, field in fields.items():
        assert f'name="{name}' in shown
        assert str(escape(field.label)) in shown


def test_what_the_form_shows_is_what_the_schema_accepts():
    values = initial_settings({})
    assert checked_settings(values) == ({}, {})
    assert values[name_of(("weights", "driving"))] == CompanySettings().weights.driving


def test_no_json_is_ever_shown(desk):
    page = desk.page().content.decode()
    assert 'name="settings"' not in page


def test_the_short_name_is_not_an_administrators_to_change(desk, form_of):
    assert "slug" not in form_of(desk.page())


def test_an_administrator_changes_the_role_of_a_colleague(world, desk, form_of):
    shown = form_of(desk.page())
    row = world.company.memberships.get(user=world.people["auditor"])
    prefix = next(
        name.removesuffix("-id")
        for name, value in shown.items()
        if name.endswith("-id") and value == [str(row.pk)]
    )
    assert desk(**{f"{prefix}-role": "dispatcher"}).status_code == 302
    row.refresh_from_db()
    assert row.role == "dispatcher"


def test_a_time_zone_that_does_not_exist(desk):
    page = desk(time_zone="Europe/Carouge")
    assert "is not a time zone" in str(page.context["adminform"].form.errors["time_zone"])


def test_clocks_that_people_were_promised_by_stay(desk):
    page = desk(time_zone="America/Montreal")
    assert "journeys are open" in str(page.context["adminform"].form.errors["time_zone"])


def _break_settings(company, stored):
    Company.objects.filter(pk=company.pk).update(settings=stored)


@pytest.mark.parametrize(
    "stored",
    [
        {"solver_time_limit_s": -5, "freeze_min": 45},
        {"weights": 5, "freeze_min": 45},
        {"traffic_permille": [1000] * 23 + [0], "freeze_min": 45},
        {"freeze": 1, "freeze_min": 45},
    ],
)
def test_broken_settings_are_mended_by_saving_the_form(world, desk, stored):
    _break_settings(world.company, stored)
    page = desk.page()
    (told,) = page.context["messages"]
    assert "saves this form" in str(told)
    assert 'name="rules__solver_time_limit_s" value="8"' in page.content.decode()
    assert desk().status_code == 302
    world.company.refresh_from_db()
    assert world.company.settings == {"freeze_min": 45}


@pytest.mark.parametrize("stored", [[], "none", {"quality_weights": {"fairness": 6}}])
def test_settings_broken_as_a_whole_still_open_the_form(world, desk, stored):
    _break_settings(world.company, stored)
    assert "saves this form" in str(next(iter(desk.page().context["messages"])))


def test_valid_settings_need_no_word(desk):
    assert not list(desk.page().context["messages"])


def test_who_may_only_read_is_told_of_broken_settings(world, client_of):
    _break_settings(world.company, {"solver_time_limit_s": -5})
    url = reverse("admin:dispatch_company_change", args=[world.company.pk])
    text = client_of("dispatcher").get(url).content.decode()
    assert "Time for planning (s): at least 1 is needed." in text
    assert ">8<" in text


def test_an_action_leads_to_the_plan_of_the_day(world, client_of):
    url = reverse("admin:dispatch_company_changelist")
    data = {"action": "plan_tomorrow", "_selected_action": [world.company.pk]}
    answer = client_of("dispatcher").post(url, data)
    assert answer.status_code == 302
    assert f"/company/{world.company.pk}/day/" in answer.url
