from __future__ import annotations

import os

import pytest
from django.core.management import call_command

from atmr.management.commands import prepare


@pytest.fixture
def said(settings, tmp_path, monkeypatch):
    """Which commands it calls."""
    settings.VAR_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "staticfiles"
    called: list[str] = []

    def call(name, *args, **options):
        called.append(name)
        if name == "seed_demo":
            options["stdout"].write("Demo account: somebody\n")

    monkeypatch.setattr(prepare, "call_command", call)
    return called


@pytest.mark.django_db
def test_static_files_are_collected_only_when_one_changed(said, settings, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_text("a{}")
    settings.STATICFILES_DIRS = [source]
    _forget_finders()
    call_command(prepare.Command())
    assert said == ["migrate", "collectstatic"]
    call_command(prepare.Command())
    assert said == ["migrate", "collectstatic", "migrate"]
    os.utime(source / "a.css", (1, 1))
    call_command(prepare.Command())
    assert said[3:] == ["migrate", "collectstatic"]


def _forget_finders():
    from django.contrib.staticfiles.finders import get_finder

    get_finder.cache_clear()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ({"seed_demo", "plan_day"}, ["migrate", "seed_demo", "plan_day"]),
        ({"seed_demo"}, ["migrate", "seed_demo"]),
        (set(), ["migrate"]),
    ],
)
def test_the_demo_company_is_made_where_there_is_none(
    said, monkeypatch, settings, commands, expected
):
    monkeypatch.setattr(prepare, "_has_no_company", lambda: True)
    monkeypatch.setattr(prepare, "get_commands", lambda: commands)
    call_command(prepare.Command(), demo=True)
    assert [name for name in said if name != "collectstatic"] == expected
    if "seed_demo" in commands:
        path = settings.VAR_DIR / prepare.DEMO_FILE
        assert path.read_text() == "Demo account: somebody\n"
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_an_existing_company_is_left_alone(said, monkeypatch):
    monkeypatch.setattr(prepare, "_has_no_company", lambda: False)
    call_command(prepare.Command(), demo=True)
    assert "seed_demo" not in said
