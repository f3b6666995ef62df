"""Planning runs: asked for, read, compared, put in force."""

from __future__ import annotations

from typing import Any, cast

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from dispatch.api.access import OFFICE, READERS
from dispatch.api.base import CompanyViewSet
from dispatch.api.filters import RunFilter
from dispatch.api.pagination import Keyset, day, whole_number
from dispatch.api.run_documents import (
    moves_between,
    moves_in_force,
    routes_of,
    stretched_of,
    unassigned_of,
)
from dispatch.api.serializers.kpis import kpi_rows
from dispatch.api.serializers.runs import (
    AppliedSerializer,
    DiffSerializer,
    RunDetailSerializer,
    RunInput,
    RunSerializer,
)
from dispatch.api.throttling import PlanningThrottle
from dispatch.enums import RunTrigger
from dispatch.models import DispatchRun
from dispatch.models.run import DispatchRunQuerySet
from dispatch.tasks import deliver
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.measure_day import kpi_from_json
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch

FLAGS = {"true": True, "1": True, "false": False, "0": False}

WAIT = OpenApiParameter(
    "wait",
    type=bool,
    description="Plan before answering (201), within the company's time for planning; else queue it (202).",
)
AGAINST = OpenApiParameter(
    "against", type=int, description="A run of the same day; without it, the run in force."
)


class RunViewSet(CompanyViewSet):
    """Plannings of days. A run proposes; nothing in force changes before it is applied."""

    queryset = DispatchRun.objects.select_related("company", "requested_by", "applied_by")
    serializer_class = RunSerializer
    filterset_class = RunFilter
    keyset = Keyset(
        columns=(("service_on", day), ("version", whole_number), ("id", whole_number)),
        newest_first=True,
    )
    roles = {
        "list": READERS,
        "retrieve": READERS,
        "create": OFFICE,
        "apply": OFFICE,
        "diff": READERS,
    }
    parameters = {"create": frozenset({"wait"}), "diff": frozenset({"against"})}
    throttle_scope = "planning"

    def get_throttles(self) -> list[BaseThrottle]:
        return [PlanningThrottle()] if self.action == "create" else []

    def get_queryset(self) -> DispatchRunQuerySet:
        rows = cast("DispatchRunQuerySet", super().get_queryset())
        needs_plan = self.action in {"retrieve", "create", "diff"}
        return rows.defer("problem", "start") if needs_plan else rows.without_documents()

    @extend_schema(responses=RunDetailSerializer)
    def retrieve(self, request: Request, **_kwargs: object) -> Response:
        return Response(self._detail(self.get_object()))

    @extend_schema(
        parameters=[WAIT],
        request=RunInput,
        responses={201: RunDetailSerializer, 202: RunSerializer},
    )
    def create(self, request: Request) -> Response:
        """Plan a day; the plan is a preview until the run is applied."""
        body = self.read(RunInput).validated_data
        waits = _flag(request.query_params.get("wait", "false"))
        run = request_run(
            company=self.company,
            day=body["day"],
            trigger=RunTrigger.API,
            by=self.user,
            is_handed_over=not waits,
        )
        if waits:
            run_dispatch(run_id=run.pk, clock=timezone.now)
        else:
            deliver(run.pk)
        found = self.get_queryset().get(pk=run.pk)
        data = self._detail(found) if waits else self.get_serializer(found).data
        address = self.reverse_action("detail", kwargs={"id": run.pk})
        return Response(data, status=201 if waits else 202, headers={"Location": address})

    @extend_schema(request=None, responses=AppliedSerializer)
    @action(methods=["post"], detail=True)
    def apply(self, request: Request, **_kwargs: object) -> Response:
        """Put the run in force: all of it, or nothing when the day has changed since it was planned."""
        run = self.get_object()
        applied = apply_plan(run_id=run.pk, by=self.user, now=timezone.now())
        row = self.get_queryset().get(pk=run.pk)
        return Response(AppliedSerializer({"run": row, "written": applied.written}).data)

    @extend_schema(parameters=[AGAINST], responses=DiffSerializer)
    @action(methods=["get"], detail=True)
    def diff(self, request: Request, **_kwargs: object) -> Response:
        """What this run changes: against the rides as they stand now, or `against` another run as it was planned."""
        run: DispatchRun = self.get_object()
        word = self.request.query_params.get("against")
        if word is None:
            before, moves = self._in_force(run), moves_in_force(run)
        else:
            before = self._against(run, word)
            moves = moves_between(before, run)
        body = {"run": run.pk, "against": None if before is None else before.pk, "moves": moves}
        return Response(DiffSerializer(body, context=self.get_serializer_context()).data)

    def _in_force(self, run: DispatchRun) -> DispatchRun | None:
        same_day = self.get_queryset().filter(service_on=run.service_on)
        return same_day.in_force().exclude(pk=run.pk).first()

    def _against(self, run: DispatchRun, word: str) -> DispatchRun:
        if not (word.isascii() and word.isdigit() and len(word) <= 18):
            raise ValidationError({"against": [_("This is not the number of a run.")]})
        same_day = self.get_queryset().filter(service_on=run.service_on)
        found: DispatchRun | None = same_day.filter(pk=int(word)).first()
        if found is None:
            raise NotFound(_("There is no such run of this day."))
        return found

    def _detail(self, run: DispatchRun) -> dict[str, Any]:
        run.routes = routes_of(run)  # type: ignore[attr-defined]
        run.unassigned_rows = unassigned_of(run)  # type: ignore[attr-defined]
        run.stretched_rows = stretched_of(run)  # type: ignore[attr-defined]
        values = [kpi_from_json(item) for item in run.quality.get("kpis", ())]
        run.kpis = kpi_rows(values)  # type: ignore[attr-defined]
        body: dict[str, Any] = RunDetailSerializer(run, context=self.get_serializer_context()).data
        return body


def _flag(word: str) -> bool:
    if word not in FLAGS:
        raise ValidationError({"wait": [_("Say true or false.")]})
    return FLAGS[word]
