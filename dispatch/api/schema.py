"""What the OpenAPI document says beyond the shape of bodies: problems, the company, versions, vocabularies."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, build_array_type
from drf_spectacular.utils import Direction, OpenApiParameter

from dispatch.api.access import HEADER, PARAMETER
from dispatch.api.base import CompanyView
from dispatch.api.fields import WordField
from dispatch.api.problems import MEDIA_TYPE, PREFIX

STRING = {"type": "string"}
PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457); title and detail are in the caller's language.",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "description": f"{PREFIX} and one word for the kind of problem"},
        "title": STRING,
        "status": {"type": "integer"},
        "detail": STRING,
        "errors": build_array_type({
            "type": "object",
            "required": ["field", "detail", "code"],
            "properties": {
                "field": {
                    "type": "string",
                    "description": "Path in the body, such as breaks.0.latest_at; empty for the whole.",
                },
                "detail": STRING,
                "code": STRING,
            },
        }),
    },
    "additionalProperties": True,
}  # fmt: skip
CONTRADICTIONS = {
    "400": ("Refused", "A value is refused, or the company is not clear."),
    "401": ("NotSignedIn", "Nobody is signed in."),
    "403": ("NotAllowed", "The caller's role does not allow it."),
    "404": ("NotFound", "It does not exist, or belongs to another company."),
    "409": ("Conflict", "Not possible as things stand."),
    "412": ("Stale", "It was changed since the caller saw it."),
    "428": ("VersionMissing", "The header If-Match is missing."),
    "default": ("OtherProblem", "Any other problem."),
}
COMPANY = (
    OpenApiParameter(
        HEADER,
        location=OpenApiParameter.HEADER,
        description="Short name of the company; may be left out by who has a role in one only.",
    ),
    OpenApiParameter(
        PARAMETER,
        location=OpenApiParameter.QUERY,
        description=f"The same as {HEADER}, where headers cannot be set.",
    ),
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    required=True,
    description="The ETag of what the caller saw, or * for whatever it is.",
)
IF_MATCH_OR_NOT = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    description="The ETag of what the caller saw; without it the last writer wins.",
)
ETAG = OpenApiParameter(
    "ETag",
    location=OpenApiParameter.HEADER,
    response=[200, 201],
    description="The version of what is answered, for If-Match.",
)
ROW = OpenApiParameter("id", int, OpenApiParameter.PATH, description="The number of the row.")


class Schema(AutoSchema):
    """Each operation of a company says how it may fail, and which headers it wants."""

    def get_override_parameters(self) -> list[Any]:
        if not isinstance(self.view, CompanyView):
            inherited: list[Any] = super().get_override_parameters()
            return inherited
        found = [*COMPANY]
        if "{id}" in self.path:
            found.append(ROW)
        if self._is_versioned_write:
            found.append(IF_MATCH)
        if self._is_among("version_is_optional"):
            found.append(IF_MATCH_OR_NOT)
        if self._has_versions and not self._is_list_view():
            found.append(ETAG)
        return found

    @property
    def _has_versions(self) -> bool:
        return any(getattr(self.view, name, ()) for name in ("versioned", "version_is_optional"))

    @property
    def _is_versioned_write(self) -> bool:
        return self._is_among("versioned")

    def _is_among(self, name: str) -> bool:
        return getattr(self.view, "action", "") in getattr(self.view, name, ())

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction)
        self._register_problem()
        for status in self._contradictions():
            name, _description = CONTRADICTIONS[status]
            responses[status] = {"$ref": f"#/components/responses/{name}"}
        return responses

    def _register_problem(self) -> None:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name="Problem", type=ResolvedComponent.SCHEMA, object="Problem", schema=PROBLEM
        )
        self.registry.register_on_missing(component)

    def _contradictions(self) -> list[str]:
        found = ["default"]
        if isinstance(self.view, CompanyView):
            found += ["400", "401", "403", "404"]
            found += [] if self.method == "GET" else ["409"]
            found += ["412", "428"] if self._is_versioned_write else []
            found += ["412"] if self._is_among("version_is_optional") else []
        return sorted(found)


class WordExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """One component for each vocabulary, named as in the code."""

    target_class = WordField

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> Any:
        vocabulary = self.target.vocabulary
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name=vocabulary.__name__,
            type=ResolvedComponent.SCHEMA,
            object=vocabulary,
            schema={"type": "string", "enum": [word.value for word in vocabulary]},
        )
        auto_schema.registry.register_on_missing(component)
        if self.target.allow_blank:
            return {"oneOf": [component.ref, {"type": "string", "enum": [""]}]}
        return component.ref


def complete(
    result: dict[str, Any], generator: object, request: object, public: object
) -> dict[str, Any]:
    """Post-processing: what is said once for all operations, and bodies that refuse unknown fields."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    result["components"]["responses"] = {
        name: {"description": description, "content": content}
        for name, description in CONTRADICTIONS.values()
    }
    for name, component in result["components"]["schemas"].items():
        if name.endswith("Input"):  # StrictSerializer
            component["additionalProperties"] = False
    without_marks: dict[str, Any] = _without_marks(result)
    return without_marks


def _without_marks(part: Any) -> Any:
    """drf-spectacular marks choices for a naming step that vocabularies do not need."""
    if isinstance(part, dict):
        return {k: _without_marks(v) for k, v in part.items() if k != "x-spec-enum-id"}
    if isinstance(part, list):
        return [_without_marks(each) for each in part]
    return part
