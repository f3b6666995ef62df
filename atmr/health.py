"""Says whether this web process lives, and whether what it stands on answers."""

from __future__ import annotations

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse


class Probes:
    """Answers /healthz and /readyz before anything looks at the host name or asks for TLS: a probe comes from
    inside, by an address that no ALLOWED_HOSTS names."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        probe = {"/healthz": _alive, "/readyz": _ready}.get(request.path)
        return self._get_response(request) if probe is None else probe()


def _alive() -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def _ready() -> JsonResponse:
    """200 when the database and the broker answer, 503 with the one that does not."""
    states = {"database": _database_answers(), "broker": _broker_answers()}
    return JsonResponse(states, status=200 if all(states.values()) else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _broker_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as client:
            client.ping()
    except redis.RedisError:
        return False
    return True
