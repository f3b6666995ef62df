from __future__ import annotations

import os
import re

import pytest

from atmr import environment
from atmr.environment import BadValue
from tests.atmr.commands import environment as clean
from tests.atmr.commands import manage

GOOD_KEY = "kZ8mQ2vX7nB4rT9wL1yP6sD3fG5hJ0aCqEuIoWxNzMbVtRlKpYdS"
PROD = {
    "ATMR_ENV": "prod",
    "ATMR_SECRET_KEY": GOOD_KEY,
    "ATMR_ALLOWED_HOSTS": "console.example.ch",
    "DATABASE_URL": "postgresql://u:p@db.example.ch/atmr",
    "REDIS_URL": "redis://:p@redis.example.ch:6379/0",
}


def test_a_name_that_is_not_declared_cannot_be_read():
    with pytest.raises(LookupError):
        environment.text("ATMR_SURPRISE")


@pytest.mark.parametrize(
    ("word", "meaning"), [("1", True), ("Yes", True), ("off", False), ("0", False), ("", True)]
)
def test_flag(monkeypatch, word, meaning):
    monkeypatch.setenv("ATMR_DEBUG", word)
    assert environment.flag("ATMR_DEBUG", default=True) is meaning


def test_flag_refuses_other_words(monkeypatch):
    monkeypatch.setenv("ATMR_DEBUG", "ture")
    with pytest.raises(BadValue, match="ATMR_DEBUG is 'ture'; it must be 1 or 0"):
        environment.flag("ATMR_DEBUG", default=False)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [("eighty", "must be a whole number"), ("0", "between 1 and 65535"), ("70000", "between")],
)
def test_integer_refuses(monkeypatch, word, sentence):
    monkeypatch.setenv("ATMR_PORT", word)
    with pytest.raises(BadValue, match=sentence):
        environment.integer("ATMR_PORT", 8000, low=1, high=65535)


def test_integer_default_when_unset(monkeypatch):
    monkeypatch.delenv("ATMR_PORT", raising=False)
    assert environment.integer("ATMR_PORT", 8000, low=1, high=65535) == 8000


@pytest.mark.parametrize(
    "url",
    ["mysql://u:secret@h/d", "u:secret@h/d", "postgresql://", "postgresql://u:secret@h:notaport/d"],
)
def test_url_refuses_without_repeating_the_password(monkeypatch, url):
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(BadValue) as refusal:
        environment.database_url()
    assert "DATABASE_URL" in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_words_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("ATMR_ALLOWED_HOSTS", "a.example, b.example,")
    assert environment.words("ATMR_ALLOWED_HOSTS") == ["a.example", "b.example"]


def test_a_typing_mistake_is_named_with_a_guess(monkeypatch):
    monkeypatch.setenv("ATMR_SECRETKEY", "x")
    with pytest.raises(BadValue, match=r"ATMR_SECRETKEY is not a setting.*ATMR_SECRET_KEY\?"):
        environment.refuse_typos()


def test_the_running_service_is_found_by_its_file_but_never_in_production(monkeypatch, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "postgres.url").write_text("postgresql://a@127.0.0.1:5/b\n")
    monkeypatch.setenv("ATMR_VAR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("ATMR_ENV", "dev")
    assert environment.database_url() == "postgresql://a@127.0.0.1:5/b"
    monkeypatch.setenv("ATMR_ENV", "prod")
    assert environment.database_url() == ""


def test_the_environment_is_read_in_one_file():
    reads = re.compile(r"os\.environ(?!\.setdefault\(\"DJANGO_SETTINGS_MODULE\")|os\.getenv")
    rooms = ("atmr", "dispatch", "audit", "rl", "mlops")
    files = [path for room in rooms for path in (environment.BASE_DIR / room).rglob("*.py")]
    assert len(files) > 20
    found = [str(path) for path in files if reads.search(path.read_text(encoding="utf-8"))]
    assert found == [str(environment.BASE_DIR / "atmr" / "environment.py")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"ATMR_ENV": "prdo"},
            "ATMR_ENV is 'prdo'; it must be one of dev, test, prod. Did you mean prod?",
        ),
        (
            {"ATMR_PROT": "80"},
            "ATMR_PROT is not a setting of this program. Did you mean ATMR_PORT?",
        ),
        ({"ATMR_LOG_LEVEL": "LOUD"}, "ATMR_LOG_LEVEL is 'LOUD'"),
        ({"OSRM_URL": "osrm:5000"}, "OSRM_URL must begin with http:// or https://"),
        (
            {**PROD, "ATMR_SECRET_KEY": ""},
            "ATMR_SECRET_KEY is not set: production has no default key",
        ),
        ({**PROD, "ATMR_SECRET_KEY": "short"}, "ATMR_SECRET_KEY is too short or too simple"),
        ({**PROD, "DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({**PROD, "REDIS_URL": ""}, "REDIS_URL is not set"),
        ({**PROD, "ATMR_ALLOWED_HOSTS": ""}, "ATMR_ALLOWED_HOSTS is not set"),
    ],
)
def test_a_bad_setting_is_one_sentence(tmp_path, changes, sentence):
    done = manage("check", env=clean(tmp_path, **changes))
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_database_that_is_away_is_one_sentence(tmp_path):
    away = clean(
        tmp_path, DATABASE_URL="postgres://x:y@127.0.0.1:9/z", REDIS_URL="redis://127.0.0.1:9/0"
    )
    done = manage("plan_day", env=away)
    assert done.returncode == 1
    assert done.stderr.startswith("The database cannot be used: ")
    assert "Traceback" not in done.stderr


def test_production_passes_the_deployment_check(tmp_path):
    done = manage("check", "--deploy", "--fail-level", "WARNING", env=clean(tmp_path, **PROD))
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_children_get_the_urls_and_all_else():
    env = environment.for_children({"DATABASE_URL": "postgresql://x/y"})
    assert env["DATABASE_URL"] == "postgresql://x/y"
    assert env["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize("path", ["README.md", "docker/compose.yaml", "docker/Dockerfile"])
def test_what_is_written_of_the_environment_is_what_is_read(path):
    words = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", (environment.BASE_DIR / path).read_text()))
    told = {word for word in words if word.endswith(("_KEY", "_HOSTS", "_URL", "_ENV", "_VAR"))}
    assert told
    assert told <= environment.KNOWN
