"""A refused row leaves the rule it broke in PostgreSQL's log, and none of its values."""

from __future__ import annotations

import os
import re
from pathlib import Path

import psycopg
import pytest
from django.db import IntegrityError, transaction

from atmr.embedded import servers
from atmr.embedded.running import Service
from atmr.environment import BASE_DIR
from tests.factories import make_company, make_patient

NAME = "Zzmarkername"


@pytest.mark.slow
def test_values_and_literals_of_a_refused_statement_are_not_written(var: Path) -> None:
    service = Service(var, "DATABASE_URL")
    assert service.claim("the test")
    try:
        with psycopg.connect(service.start(), autocommit=True) as connection:
            connection.execute("CREATE TABLE person (name text, born int CHECK (born > 1800))")
            with pytest.raises(psycopg.errors.CheckViolation, match=NAME):
                connection.execute(f"INSERT INTO person VALUES ('{NAME}', 1)")
            with pytest.raises(psycopg.errors.CheckViolation, match=NAME):
                connection.execute("INSERT INTO person VALUES (%s, 1)", [NAME])
    finally:
        service.stop()
    written = (var / "log" / "postgres.log").read_text(encoding="utf-8")
    assert written.count('violates check constraint "person_born_check"') == 2
    assert NAME not in written


@pytest.mark.django_db
def test_the_name_of_a_patient_who_is_refused_is_not_written() -> None:
    log = Path(os.environ.get("ATMR_VAR", ""), "log", "postgres.log")
    if not log.is_file():
        pytest.skip("DATABASE_URL names a server whose log is not ours to read.")
    patient = make_patient(make_company(), last_name=NAME)
    with pytest.raises(IntegrityError, match=NAME), transaction.atomic():
        type(patient).objects.filter(pk=patient.pk).update(max_ride_min=0)
    written = log.read_text(encoding="utf-8")
    assert 'new row for relation "dispatch_patient" violates check constraint' in written
    assert NAME not in written


def test_the_server_of_production_is_told_the_same() -> None:
    compose = (BASE_DIR / "docker" / "compose.yaml").read_text(encoding="utf-8")
    command = re.search(r"postgres -c [^\n]+\n[^\n]+", compose)
    assert command is not None
    assert [f"-c {setting}" in command[0] for setting in servers.DISCREET] == [True] * len(
        servers.DISCREET
    )
