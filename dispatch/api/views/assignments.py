"""Assignments: the plan in force, ride by ride."""

from __future__ import annotations

from dispatch.api.access import EVERYBODY
from dispatch.api.base import CompanyViewSet
from dispatch.api.filters import AssignmentFilter
from dispatch.api.pagination import Keyset, moment, whole_number
from dispatch.api.serializers.assignments import AssignmentSerializer
from dispatch.models import Assignment


class AssignmentViewSet(CompanyViewSet):
    """Who drives what, when. Drivers see their own; changes are made at the booking."""

    queryset = Assignment.objects.select_related("booking", "driver", "vehicle")
    serializer_class = AssignmentSerializer
    filterset_class = AssignmentFilter
    keyset = Keyset(columns=(("planned_pickup_at", moment), ("id", whole_number)))
    driver_path = "driver__user"
    roles = {"list": EVERYBODY, "retrieve": EVERYBODY}
