"""How days went, and how the days planned should go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dispatch.api.access import READERS
from dispatch.api.base import CompanyView
from dispatch.api.fields import DayField
from dispatch.api.serializers.kpis import KpisSerializer, kpi_rows
from dispatch.models import DispatchRun
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.measure_day import expected_kpis, recorded_kpis

MOST_DAYS = 31


class Days(serializers.Serializer[Any]):
    """The query: `from` and `to`, both included."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": DayField(), "to": DayField()}

    def validate(self, attrs: dict[str, date]) -> dict[str, date]:
        if not timedelta(0) <= attrs["to"] - attrs["from"] < timedelta(days=MOST_DAYS):
            raise serializers.ValidationError(
                {"to": [_("Between 1 and %d days can be asked for at once.") % MOST_DAYS]}
            )
        return attrs


class KpiView(CompanyView):
    roles = {"get": READERS}
    parameters = {"get": frozenset({"from", "to"})}

    @extend_schema(
        operation_id="kpis_retrieve",
        parameters=[
            OpenApiParameter("from", type=date, required=True, description="The first day."),
            OpenApiParameter("to", type=date, required=True, description="The last day."),
        ],
        responses=KpisSerializer,
    )
    def get(self, request: Request) -> Response:
        """The KPI dictionary over some days: of what is over as recorded, of the rest as planned now."""
        now = timezone.now()
        days = Days(data=request.query_params)
        days.is_valid(raise_exception=True)
        first, last = days.validated_data["from"], days.validated_data["to"]
        span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        body = {
            "first_day": first,
            "last_day": last,
            "recorded": kpi_rows(recorded_kpis(company=self.company, days=span, now=now)),
            "predicted": list(self._predicted(span, now)),
        }
        return Response(KpisSerializer(body).data)

    def _predicted(self, span: list[date], now: datetime) -> Iterator[dict[str, Any]]:
        runs = DispatchRun.objects.for_company(self.company).in_force().without_documents()
        found = {run.service_on: run for run in runs.filter(service_on__in=span)}
        for day in span:
            if day < local_day(self.company, now):
                continue
            run = found.get(day)
            values = expected_kpis(company=self.company, day=day, now=now, in_force=run)
            if values:
                yield {"day": day, "run": run and run.pk, "kpis": kpi_rows(values)}
