"""Shifts: who drives what vehicle when."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dispatch.api.access import EVERYBODY, OFFICE
from dispatch.api.base import CompanyViewSet
from dispatch.api.filters import ShiftFilter
from dispatch.api.pagination import Keyset, moment, whole_number
from dispatch.api.serializers.fleet import ShiftInput, ShiftSerializer
from dispatch.api.versions import expected_version
from dispatch.models import Shift
from dispatch.usecases.cancel_shift import cancel_shift
from dispatch.usecases.create_shift import create_shift
from dispatch.usecases.edit_shift import edit_shift


class ShiftViewSet(CompanyViewSet):
    """Drivers on duty. Drivers see their own."""

    queryset = (
        Shift.objects.select_related("driver", "vehicle")
        .prefetch_related("breaks")
        .annotate(begins_at=F("period__startswith"))
    )
    serializer_class = ShiftSerializer
    filterset_class = ShiftFilter
    keyset = Keyset(columns=(("begins_at", moment), ("id", whole_number)))
    driver_path = "driver__user"
    roles = {
        "list": EVERYBODY,
        "retrieve": EVERYBODY,
        "create": OFFICE,
        "partial_update": OFFICE,
        "destroy": OFFICE,
    }
    versioned = frozenset({"partial_update", "destroy"})

    @extend_schema(request=ShiftInput, responses={201: ShiftSerializer})
    def create(self, request: Request) -> Response:
        shift = create_shift(company=self.company, content=self.read(ShiftInput).wanted())
        return self.shown(shift.pk, status=201)

    @extend_schema(request=ShiftInput, responses=ShiftSerializer)
    def partial_update(self, request: Request, **_kwargs: object) -> Response:
        shift, version = self.chosen()
        body = self.read(ShiftInput, is_change=True)
        edit_shift(
            shift_id=shift.pk,
            content=body.content(shift),
            now=timezone.now(),
            expected_version=version,
        )
        return self.shown(shift.pk)

    @extend_schema(responses={200: ShiftSerializer})
    def destroy(self, request: Request, **_kwargs: object) -> Response:
        """Take the shift off the plan: it stays on record, cancelled."""
        shift, version = self.chosen()
        cancel_shift(shift_id=shift.pk, expected_version=version)
        return self.shown(shift.pk)

    def chosen(self) -> tuple[Shift, int]:
        """The shift of the address, in the version the caller saw."""
        shift: Shift = self.get_object()
        return shift, expected_version(self.request, shift.version)
