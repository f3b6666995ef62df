from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest
from django.contrib.staticfiles.finders import get_finder
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from atmr.management.commands import prepare
from tests.factories import at, make_booking, make_company, make_run


@pytest.fixture
def said(settings, tmp_path, monkeypatch):
    """Which commands it calls."""
    settings.VAR_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "staticfiles"
    called: list[str] = []

    def call(name, *args, **options):
        called.append(name)
        if name == "seed_demo":
            for company, users in (("small", ["ana", "léo"]), ("large", [])):
                told = {"company": company, "users": users, "password": "known", "bookings": 177}
                options["stdout"].write(json.dumps(told) + "\n")

    monkeypatch.setattr(prepare, "call_command", call)
    return called


@pytest.mark.django_db
def test_static_files_are_collected_only_when_one_changed(said, settings, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_text("a{}")
    settings.STATICFILES_DIRS = [source]
    get_finder.cache_clear()  # type: ignore[attr-defined]
    call_command(prepare.Command())
    assert said == ["migrate", "collectstatic"]
    call_command(prepare.Command())
    assert said == ["migrate", "collectstatic", "migrate"]
    os.utime(source / "a.css", (1, 1))
    call_command(prepare.Command())
    assert said[3:] == ["migrate", "collectstatic"]


def collected(said: list[str]) -> list[str]:
    return [name for name in said if name != "collectstatic"]


@pytest.mark.django_db
def test_the_demo_is_made_and_its_day_planned_where_there_is_no_company(said, settings):
    call_command(prepare.Command(), demo=True)
    assert collected(said) == ["migrate", "seed_demo"]
    path = settings.VAR_DIR / prepare.DEMO_FILE
    assert path.read_text() == (
        "Demo company small: users ana, léo; password: known\n"
        "Demo company large: same users and password.\n"
    )
    assert path.stat().st_mode & 0o077 == 0

    company = make_company()
    call_command(prepare.Command(), demo=True)
    assert collected(said)[2:] == ["migrate", "plan_day"]
    today = timezone.now().astimezone(company.tz).date()
    make_run(company, service_on=today)
    call_command(prepare.Command(), demo=True)
    assert collected(said)[4:] == ["migrate"]


@pytest.mark.django_db
def test_beside_a_quiet_day_the_working_day_it_leads_to_is_planned_once(said, settings):
    company = make_company()
    (settings.VAR_DIR / prepare.DEMO_FILE).write_text("Demo account: somebody")
    today = timezone.now().astimezone(company.tz).date()
    for days in (1, 2, 3):  # one of the next three is the next working day, whatever today is
        make_booking(company, pickup_at=at(9, day=today + timedelta(days=days)))
    call_command(prepare.Command(), demo=True)
    assert collected(said) == ["migrate", "plan_day", "plan_day"]
    for days in range(4):
        make_run(company, service_on=today + timedelta(days=days))
    call_command(prepare.Command(), demo=True)
    assert collected(said)[3:] == ["migrate"]


@pytest.mark.django_db
def test_a_company_of_ones_own_is_left_alone(said):
    make_company()
    call_command(prepare.Command(), demo=True)
    assert collected(said) == ["migrate"]


@pytest.mark.django_db
def test_a_day_that_cannot_be_planned_is_no_reason_not_to_start(
    said, settings, monkeypatch, capsys
):
    make_company()
    (settings.VAR_DIR / prepare.DEMO_FILE).write_text("Demo account: somebody")
    called = getattr(prepare, "call_command")  # noqa: B009 (imported there, not made there)

    def call(name, *args, **options):
        called(name, *args, **options)
        if name == "plan_day":
            raise CommandError("There is nothing to plan.")

    monkeypatch.setattr(prepare, "call_command", call)
    call_command(prepare.Command(), demo=True)
    assert "There is nothing to plan." in capsys.readouterr().err
