"""Series of journeys: read, taken, changed with their journeys, paused, resumed and ended."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from dispatch.api.access import OFFICE, READERS
from dispatch.api.base import CompanyViewSet
from dispatch.api.filters import SeriesFilter
from dispatch.api.pagination import Keyset, day, whole_number
from dispatch.api.serializers.series import (
    SeriesChangeSerializer,
    SeriesEditInput,
    SeriesEndInput,
    SeriesInput,
    SeriesPauseInput,
    SeriesPreviewInput,
    SeriesResumeInput,
    SeriesSerializer,
    edit_of,
)
from dispatch.api.versions import etag, expected_version
from dispatch.models import StandingOrder
from dispatch.usecases.change_series import change_series, preview_series
from dispatch.usecases.create_series import create_series
from dispatch.usecases.series_rows import series_of

PREVIEW = "X-Preview"
TOKEN = OpenApiParameter(
    PREVIEW,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The token of a preview: done only if it is still what was previewed.",
)


class SeriesViewSet(CompanyViewSet):
    """Standing orders. A series changes together with its open journeys; what has begun stays."""

    queryset = StandingOrder.objects.select_related(
        "company", "patient", "pickup__parent", "dropoff__parent"
    ).prefetch_related("pauses")
    serializer_class = SeriesSerializer
    filterset_class = SeriesFilter
    keyset = Keyset(columns=(("starts_on", day), ("id", whole_number)))
    roles = {
        "list": READERS,
        "retrieve": READERS,
        "create": OFFICE,
        "preview": OFFICE,
        "edit": OFFICE,
        "pause": OFFICE,
        "resume": OFFICE,
        "end": OFFICE,
    }
    versioned = frozenset({"edit", "pause", "resume", "end"})

    def version_of(self, row: Any) -> str:
        return series_of(row).version

    @extend_schema(request=SeriesInput, responses={201: SeriesSerializer})
    def create(self, request: Request) -> Response:
        """Take a series and book its journeys of the next 28 days."""
        body = self.read(SeriesInput)
        made = create_series(company=self.company, wanted=body.wanted(), now=timezone.now())
        return self.shown(made.order_id, status=201)

    @extend_schema(request=SeriesPreviewInput, responses=SeriesChangeSerializer)
    @action(methods=["post"], detail=True)
    def preview(self, request: Request, **_kwargs: object) -> Response:
        """What a change would do; nothing is written."""
        order: StandingOrder = self.get_object()
        ((kind, said),) = self.read(SeriesPreviewInput).validated_data.items()
        edit = edit_of(kind, said, order)
        change = preview_series(order_id=order.pk, edit=edit, now=timezone.now())
        response = Response(SeriesChangeSerializer(change, context={"company": self.company}).data)
        response["ETag"] = etag(self.version_of(order))
        return response

    @extend_schema(request=SeriesEditInput, responses=SeriesChangeSerializer, parameters=[TOKEN])
    @action(methods=["post"], detail=True)
    def edit(self, request: Request, **_kwargs: object) -> Response:
        """Change one day of the series, that day and the following ones, or all from today on."""
        return self._changed("edit", SeriesEditInput)

    @extend_schema(request=SeriesPauseInput, responses=SeriesChangeSerializer, parameters=[TOKEN])
    @action(methods=["post"], detail=True)
    def pause(self, request: Request, **_kwargs: object) -> Response:
        """Let the series rest: its open journeys of these days are cancelled."""
        return self._changed("pause", SeriesPauseInput)

    @extend_schema(request=SeriesResumeInput, responses=SeriesChangeSerializer, parameters=[TOKEN])
    @action(methods=["post"], detail=True)
    def resume(self, request: Request, **_kwargs: object) -> Response:
        """End a pause: what it had cancelled comes back."""
        return self._changed("resume", SeriesResumeInput)

    @extend_schema(request=SeriesEndInput, responses=SeriesChangeSerializer, parameters=[TOKEN])
    @action(methods=["post"], detail=True)
    def end(self, request: Request, **_kwargs: object) -> Response:
        """End the series after a last day, or at once."""
        return self._changed("end", SeriesEndInput)

    def _changed(self, kind: str, body: type[Any]) -> Response:
        """Done, with the version of the series that goes on."""
        order: StandingOrder = self.get_object()
        version = expected_version(self.request, self.version_of(order))
        edit = edit_of(kind, self.read(body).validated_data, order)
        change = change_series(
            order_id=order.pk,
            edit=edit,
            now=timezone.now(),
            expected_token=self.request.headers.get(PREVIEW),
            expected_version=version,
        )
        response = Response(SeriesChangeSerializer(change, context={"company": self.company}).data)
        response["ETag"] = etag(self.version_of(self.get_queryset().get(pk=change.order_id)))
        return response
