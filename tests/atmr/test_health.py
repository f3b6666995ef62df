from __future__ import annotations

import pytest
from django.db import OperationalError


def test_alive_needs_nothing(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.django_db
def test_ready_when_database_and_broker_answer(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": True, "broker": True})


@pytest.mark.django_db
def test_not_ready_without_a_broker(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"database": True, "broker": False})


@pytest.mark.django_db
def test_not_ready_without_a_database(client, monkeypatch):
    def refuse(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr("atmr.health.connection", type("Gone", (), {"cursor": refuse})())
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"database": False, "broker": True})
