"""The committed OpenAPI document is the one the code gives, without a warning; answers keep to it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from django.conf import settings
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema

COMMITTED = settings.BASE_DIR / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


def test_the_committed_document_is_up_to_date(document: dict[str, Any]) -> None:
    written = OpenApiYamlRenderer().render(document, renderer_context={})
    assert written == COMMITTED.read_bytes(), "Write it anew: make schema"


def test_it_is_valid_and_nothing_had_to_be_guessed(document: dict[str, Any]) -> None:
    validate_schema(document)
    assert not GENERATOR_STATS


def test_every_body_that_is_read_refuses_unknown_fields(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for path in document["paths"].values():
        for operation in path.values():
            body = operation.get("requestBody")
            if body is not None:
                reference = body["content"]["application/json"]["schema"]["$ref"]
                component = schemas[reference.rpartition("/")[2]]
                assert component["additionalProperties"] is False, reference


def test_every_versioned_write_asks_for_the_version(document: dict[str, Any]) -> None:
    def headers(path: str, method: str) -> set[str]:
        return {p["name"] for p in document["paths"][path][method].get("parameters", ())}

    for name in ("assign", "unassign", "progress", "ready", "not-ready", "dispatch-now", "return"):
        assert "If-Match" in headers(f"/api/v1/bookings/{{id}}/{name}/", "post")
    assert "If-Match" in headers("/api/v1/shifts/{id}/", "delete")
    for name in ("drivers", "vehicles", "patients", "places"):
        path = f"/api/v1/{name}/{{id}}/"
        assert "If-Match" in headers(path, "patch")
        responses = document["paths"][path]["patch"]["responses"]
        assert "ETag" in responses["200"]["headers"]
        assert "412" in responses
        assert "428" not in responses
    assert "If-Match" not in headers("/api/v1/bookings/", "post")


def test_it_is_read_as_it_was_written(document: dict[str, Any]) -> None:
    assert yaml.safe_load(COMMITTED.read_text())["info"]["title"] == document["info"]["title"]
