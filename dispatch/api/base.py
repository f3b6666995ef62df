"""What the resources share: one company, roles that fail closed, and versions that writers must know."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django_filters import FilterSet
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from dispatch.api.access import PARAMETER, membership_of
from dispatch.api.pagination import PAGE_PARAMETERS, Keyset, KeysetPagination
from dispatch.api.parsing import BoundedJSONParser
from dispatch.api.versions import etag
from dispatch.enums import Role
from dispatch.models import Booking, Company, Membership, Shift, User

ROW_NUMBER = r"[1-9][0-9]{0,17}"

Roles = Mapping[str, frozenset[Role]]


class CompanyView(APIView):
    """Speaks for one company; an action that `roles` does not name is for nobody."""

    roles: ClassVar[Roles] = {}
    parameters: ClassVar[Mapping[str, frozenset[str]]] = {}  # what an action reads of the address
    parser_classes = [BoundedJSONParser]
    # No OPTIONS: DRF's answer would show write forms to readers; the schema says it all.
    http_method_names = ["get", "head", "post", "patch", "delete"]

    @cached_property
    def membership(self) -> Membership:
        return membership_of(self.request)

    @property
    def company(self) -> Company:
        return self.membership.company

    @property
    def role(self) -> Role:
        return Role(self.membership.role)

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        self.request = request
        role, action = self.role, self.action_name
        if action is not None and role not in self.roles.get(action, frozenset()):
            raise PermissionDenied(_("Your role in this company does not allow this."))
        if action is not None:
            _refuse_unknown(request, self.known_parameters(action))

    def known_parameters(self, action: str) -> frozenset[str]:
        return self.parameters.get(action, frozenset()) | {PARAMETER}

    @property
    def action_name(self) -> str | None:
        """None for a method that is not served: it is answered with 405, not 403."""
        method = (self.request.method or "").lower()
        return method if hasattr(self, method) else None

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Cache-Control"] = "private, no-store"  # people's journeys
        return answer

    def read(self, kind: type[serializers.Serializer[Any]], *, is_change: bool = False) -> Any:
        """The body, understood; of a change every field may be left out. Raises ValidationError.

        Not DRF's `partial`, which would let the parts of a body's lists be incomplete too.
        """
        body = kind(data=self.request.data, context={"company": self.company})
        if is_change:
            for field in body.fields.values():
                field.required, field.default = False, serializers.empty
        body.is_valid(raise_exception=True)
        return body


class CompanyViewSet(CompanyView, GenericViewSet[Any]):
    """Lists and rows of one company; a row of another is not found."""

    keyset: ClassVar[Keyset]
    filterset_class: ClassVar[type[FilterSet]]
    pagination_class = KeysetPagination
    lookup_url_kwarg = "id"
    lookup_value_regex = ROW_NUMBER
    driver_path: ClassVar[str] = (
        ""  # from a row to the user who drives; empty where drivers have no access
    )

    @property
    def action_name(self) -> str | None:
        # DRF calls OPTIONS "metadata", served or not; it is not.
        return None if self.action == "metadata" else cast("str | None", self.action)

    def known_parameters(self, action: str) -> frozenset[str]:
        known = super().known_parameters(action)
        if action != "list":
            return known
        return known | PAGE_PARAMETERS | frozenset(self.filterset_class.base_filters)

    def get_queryset(self) -> QuerySet[Any]:
        everything: Any = super().get_queryset()
        rows: QuerySet[Any] = everything.for_company(self.company)
        if self.role is Role.DRIVER:
            return rows.filter(**{self.driver_path: self.user})
        return rows

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context["company"] = self.company
        return context

    def shown(self, pk: int, *, status: int = 200, **more: object) -> Response:
        """The row as it is now; with its ETag where it has versions. `more` is what its serializer has to know."""
        row = get_object_or_404(self.get_queryset(), pk=pk)  # a driver may just have lost it
        kind, context = self.get_serializer_class(), self.get_serializer_context()
        body = kind(row, context=context | more)
        response = Response(body.data, status=status)
        if status == 201:
            response["Location"] = self.request.build_absolute_uri(
                self.reverse_action("detail", kwargs={"id": pk})
            )
        return self._versioned(response, row)

    def retrieve(self, request: Request, **_kwargs: object) -> Response:
        row = self.get_object()
        return self._versioned(Response(self.get_serializer(row).data), row)

    def version_of(self, row: Any) -> int | str | None:
        """What others may change meanwhile has a version; a run's is its number, not its state."""
        return row.version if isinstance(row, Booking | Shift) else None

    def _versioned(self, response: Response, row: Any) -> Response:
        version = self.version_of(row)
        if version is not None:
            response["ETag"] = etag(version)
        return response

    def list(self, request: Request) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)


def _refuse_unknown(request: Request, known: frozenset[str]) -> None:
    """A misspelt filter would answer with everything; as in bodies it is refused, with the names that are known."""
    of_rest_framework = {api_settings.URL_FORMAT_OVERRIDE}
    unknown = request.query_params.keys() - known - of_rest_framework
    if unknown:
        names = ", ".join(sorted(known))
        sentence = _("This parameter is not known here. Known parameters: %(names)s.")
        refused = {name: [sentence % {"names": names}] for name in sorted(unknown)}
        raise serializers.ValidationError(refused, code="unknown")
